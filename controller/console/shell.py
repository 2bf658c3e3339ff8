"""A session on a terminal: lines, what they do, and what is shown; it outlives every error.

Each line asks again whether the account still stands, so that one that was locked or lost its role
elsewhere does nothing more here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from controller import configfiles
from controller.console.accounts import Account
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Armed, Context, Person, Screen
from controller.console.editor import Editor
from controller.console.execute import execute
from controller.console.grammar import LINE_MAX, Command, Grammar, Offer
from controller.console.history import KeptHistory
from controller.console.keys import DAMAGED
from controller.console.link import LaneLink
from controller.console.login import Door
from controller.console.messages import State
from controller.console.phrases import phrase
from controller.console.seat import Seat
from controller.console.sheet import Sheet
from controller.console.terminal import Mode, Terminal
from controller.console.welcome import Welcome

STATE_S = 1.0
PASTED_LINES_MAX = 500
log = logging.getLogger("steelyard.console")


class StateWatch:
    """The lane's state for the prompt, asked for on a thread so that no key waits for it."""

    def __init__(self, folder: Path) -> None:
        self.state: State | None = None
        self._link = LaneLink(folder)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="state", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                self.state = self._link.state()
            except (OSError, ValueError):
                self.state = None
            self._over.wait(STATE_S)
        self._link.close()


class Shell:
    """What a person meets at a terminal, from the log-in to the log-out."""

    def __init__(
        self,
        door: Door,
        terminal: Terminal,
        grammar: Grammar,
        folder: Path,
        screen: Screen,
        *,
        link: LaneLink | None = None,
        armed: Armed | None = None,
    ) -> None:
        self._door = door
        self._terminal = terminal
        self._grammar = grammar
        self._folder = folder
        self._screen = screen
        self._link = link if link is not None else LaneLink(folder)
        self._armed = armed if armed is not None else Armed()
        self._sheet = Sheet(terminal, screen)
        self._editor = Editor(terminal, screen)
        self._welcome = Welcome(door, terminal, self._editor, self._sheet)

    def run(self) -> str:
        """One log-in and its session; says why it ended."""
        account = self._welcome.login()
        if account is None:
            return self._terminal.ended or "nobody logged in"
        seat = Seat(self._door, self._terminal, self._welcome, self._screen)
        ctx = Context(
            account=Person(account.name, account.level),
            link=self._link,
            folder=self._folder,
            talk=_Talk(self._editor, self._sheet, self._terminal),
            screen=self._screen,
            armed=self._armed,
            kept={"seat": seat},
            pause=self._terminal.pause,
        )
        self._terminal.idle_s = float(self._door.accounts.people().idle_s)
        watch = StateWatch(self._folder)
        why = "failed"
        try:
            why = self._session(ctx, account, seat, watch)
        finally:
            watch.close()
            self._armed.disarm()
            seat.close()
            self._link.close()
            self._door.leave(account.name, why)
        self._sheet.say(phrase("bye", self._screen.language, why=why))
        return why

    def _session(self, ctx: Context, account: Account, seat: Seat, watch: StateWatch) -> str:
        history = KeptHistory(self._door.folder, account.name)
        self._say("hello")
        while not seat.leaving:
            if self._door.warning:
                self._sheet.say(self._door.warning)
                self._door.warning = ""
            try:
                line = self._editor.command(
                    lambda: _prompt(ctx, watch.state),
                    offers=lambda text: self._offers(text, ctx),
                    help_at=lambda text: self._help(text, ctx),
                    history=history,
                    say=self._sheet.say,
                )
                self._lines(line, ctx, seat)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return self._terminal.ended or "logout"
        return seat.leaving

    def _lines(self, typed: str, ctx: Context, seat: Seat) -> None:
        """The lines of one Enter, in order, until one is not done."""
        lines = [line for line in typed.split("\n") if line.strip()]
        if len(lines) > PASTED_LINES_MAX:
            self._say("too_long")
            return
        for number, line in enumerate(lines):
            if seat.leaving or self._terminal.ended:
                return
            if len(lines) > 1:
                self._sheet.say(f"> {line}")
            if not self._line(line, ctx, seat):
                if number + 1 < len(lines):
                    self._say("not_done")
                return

    def _line(self, line: str, ctx: Context, seat: Seat) -> bool:
        """Do one line; whether it was done."""
        if DAMAGED in line or len(line) > LINE_MAX:
            self._say("damaged" if DAMAGED in line else "too_long")
            return False
        try:
            standing = self._door.accounts.standing(ctx.account.name)
            if standing is None:
                seat.leaving = "locked"
                self._say("gone")
                return False
            ctx.account = Person(standing.name, standing.level)
            self._do(line, ctx)
        except (KeyboardInterrupt, EOFError):
            # What was asked of the lane may still be answered; that answer is nobody's.
            ctx.link.close()
            self._say("stopped")
            return False
        except (CommandError, ValueError, OSError) as error:
            if self._denied(line, ctx):
                self._door.note(ctx.account.name, "denied", line)
            self._sheet.error(str(error))
            return False
        except Exception as error:
            log.exception("in %r", line)
            where = str(self._door.folder / "console.log")
            self._say("fault", what=type(error).__name__, where=where)
            return False
        return True

    def _denied(self, line: str, ctx: Context) -> bool:
        try:
            return self._grammar.parse(line, ctx)[0].role > ctx.account.role
        except (CommandError, ValueError, OSError):
            return False

    def _do(self, line: str, ctx: Context) -> None:
        self._editor.measure()
        with self._terminal.doing(Mode.RUN):
            command, said = execute(self._grammar, line, ctx)
        if isinstance(said, Answer):
            if command.live_s is None:
                self._sheet.page(said.text)
            else:
                self._stream(command, self._again(line, ctx, said, command.live_s))
        else:
            self._stream(command, said)

    def _again(self, line: str, ctx: Context, first: Answer, every_s: float) -> Iterator[Answer]:
        """A picture of the lane, asked for again and again."""
        yield first
        while True:
            self._terminal.pause(every_s)
            said = execute(self._grammar, line, ctx)[1]
            if isinstance(said, Answer):
                yield said

    def _stream(self, command: Command, answers: Iterator[Answer]) -> None:
        """Answers as they come, until any key."""
        self._say("any_key")
        with self._terminal.doing(Mode.STREAM):
            try:
                for answer in answers:
                    if command.live_s is not None:
                        self._sheet.redraw(answer.text)
                    else:
                        for line in answer.text:
                            self._sheet.say(line)
                    self._terminal.pause(0)
            except KeyboardInterrupt:
                if self._terminal.ended:
                    raise
            finally:
                self._sheet.end_redraw()
                close: Callable[[], None] | None = getattr(answers, "close", None)
                if close is not None:
                    close()

    def _offers(self, text: str, ctx: Context) -> Sequence[Offer]:
        try:
            return self._grammar.complete(text, ctx)
        except (CommandError, ValueError, OSError):
            return ()
        except Exception:
            log.exception("completing %r", text)
            return ()

    def _help(self, text: str, ctx: Context) -> Sequence[str]:
        try:
            return self._grammar.help_at(text, ctx)
        except (CommandError, ValueError, OSError) as error:
            return (f"% {error}",)
        except Exception as error:
            log.exception("helping with %r", text)
            where = str(self._door.folder / "console.log")
            language = self._screen.language
            return (phrase("fault", language, what=type(error).__name__, where=where),)

    def _say(self, key: str, **values: object) -> None:
        self._sheet.say(phrase(key, self._screen.language, **values))


class _Talk:
    """A dialogue of a command with the person at the terminal."""

    def __init__(self, editor: Editor, sheet: Sheet, terminal: Terminal) -> None:
        self._editor = editor
        self._sheet = sheet
        self._terminal = terminal

    def tell(self, line: str) -> None:
        self._sheet.say(line)

    def ask(self, prompt: str) -> str:
        with self._terminal.doing(Mode.EDIT):
            try:
                return self._editor.ask(prompt)
            except (KeyboardInterrupt, EOFError) as error:
                raise CommandError("given up; nothing more was done") from error


def _prompt(ctx: Context, state: State | None) -> str:
    """Which lane, how it is, who asks: ``SIM001/1 IDLE maintainer>``; * is a changed candidate."""
    lane = "lane AWAY"
    if state is not None:
        lane = f"{printable(state.about.site, 40)}/{state.about.lane} {state.phase.name}"
    armed = f" ARMED {int(ctx.armed.left_s)}s" if ctx.armed.left_s > 0 else ""
    star = "*" if (ctx.folder / configfiles.FOLDER / configfiles.CANDIDATE).exists() else ""
    return f"{lane} {ctx.account.role.name.lower()}{armed}{star}> "
