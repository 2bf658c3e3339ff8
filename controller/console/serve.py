"""The console's transports: the machine's own terminal, a serial line, a socket for scripts."""

from __future__ import annotations

import locale
import logging
import logging.handlers
import os
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from controller.console import office
from controller.console.context import Screen
from controller.console.grammar import Grammar
from controller.console.login import Door
from controller.console.script import ScriptPort
from controller.console.serial_line import LineError, open_line, wait_key
from controller.console.setupcode import GOOD_S
from controller.console.shell import Shell
from controller.console.terminal import Terminal

AGAIN_S = 1.0
LOG_BYTES_MAX = 256 * 1024
Language = Literal["en", "zh"]
log = logging.getLogger("steelyard.console")


def grammar() -> Grammar:
    """All commands there are."""
    from controller.console.table import COMMANDS  # noqa: PLC0415 - it imports every command

    return Grammar(COMMANDS)


def set_up(folder: Path) -> str:
    """A code that makes an administrator, in words for whoever owns the lane's folder."""
    door = Door(folder, "setup", owner=True)
    code = door.setup.issue()
    door.note("?", "setup", "code issued")
    return (
        f"{code}\nGood once, for {GOOD_S // 60} minutes: log in on any line of the console as "
        "'setup' with this code, then choose a name and a password."
    )


def local(folder: Path, *, ascii_only: bool = False, language: Language | None = None) -> str:
    """A session on the terminal that this was started from; says why it ended.

    Raises ValueError where there is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ValueError("no terminal here: console -c 'COMMAND', or --serial, or --listen")
    fd_in, fd_out = sys.stdin.fileno(), sys.stdout.fileno()
    door = Door(folder, _tty_name(fd_in), owner=True)
    screen = local_screen(ascii_only=ascii_only, language=language)
    sys.stdout.flush()
    before = termios.tcgetattr(fd_in)
    tty.setraw(fd_in)
    terminal = Terminal(fd_in, fd_out, on_break=_break_main)
    terminal.unicode = screen.unicode
    terminal.measure = lambda: _size(fd_out)
    try:
        with _logged(door.folder), _ended_by_signals(terminal.end):
            return Shell(door, terminal, grammar(), folder, screen).run()
    finally:
        terminal.close()
        with suppress(termios.error):
            termios.tcsetattr(fd_in, termios.TCSADRAIN, before)


def serial(
    folder: Path,
    path: Path,
    baud: int,
    *,
    carrier: bool = False,
    ascii_only: bool = False,
    language: Language | None = None,
) -> None:
    """Sessions on a serial line, one after another, until SIGTERM or Ctrl-C."""
    door = Door(folder, path.name)
    line = SerialConsole(
        door, path, baud, grammar(), folder, carrier=carrier, ascii_only=ascii_only
    )
    line.language = language or "en"
    line.on_break = _break_main
    with _logged(door.folder), _ended_by_signals(line.end), suppress(KeyboardInterrupt):
        line.run()


def scripts(folder: Path, path: Path) -> None:
    """The socket for scripts, until SIGTERM or Ctrl-C."""
    door = Door(folder, "script")
    port = ScriptPort(folder, path, grammar())
    with _logged(door.folder), _ended_by_signals(lambda _: port.close()):
        try:
            port.serve()
        except KeyboardInterrupt:
            port.close()


class SerialConsole:
    """Waits for the line, then for a key, then lets one person in; and so on until ``end``."""

    def __init__(
        self,
        door: Door,
        path: Path,
        baud: int,
        commands: Grammar,
        folder: Path,
        *,
        carrier: bool = False,
        ascii_only: bool = False,
        again_s: float = AGAIN_S,
    ) -> None:
        self.language: Language = "en"
        self.on_break: Callable[[], None] | None = None
        self.told = ""
        self._door = door
        self._path = path
        self._baud = baud
        self._commands = commands
        self._folder = folder
        self._carrier = carrier
        self._ascii_only = ascii_only
        self._again_s = again_s
        self._over = threading.Event()
        self._terminal: Terminal | None = None

    def end(self, why: str) -> None:
        """Log out whoever is there and serve the line no more."""
        self._over.set()
        if self._terminal is not None:
            self._terminal.end(why)

    def run(self) -> None:
        """Serve the line until ``end``; one that is not there is looked for again and again."""
        while not self._over.is_set():
            try:
                fd = open_line(self._path, self._baud, carrier=self._carrier)
            except LineError as error:
                self._tell(str(error))
                self._over.wait(self._again_s)
                continue
            self._tell("")
            try:
                self._sessions(fd)
            finally:
                os.close(fd)
            # A line that hangs up at once, as one without a cable may, is not opened in a hurry.
            self._over.wait(self._again_s)

    def _sessions(self, fd: int) -> None:
        """People one after another, until the line is gone."""
        while not self._over.is_set():
            typed = wait_key(fd, self._again_s)
            if typed is None:
                return
            if typed and self._session(fd) == "hang-up":
                return

    def _session(self, fd: int) -> str:
        screen = Screen(unicode=not self._ascii_only, language=self.language)
        terminal = self._terminal = Terminal(fd, fd, on_break=self.on_break)
        terminal.unicode = screen.unicode
        try:
            return Shell(self._door, terminal, self._commands, self._folder, screen).run()
        except KeyboardInterrupt:
            return terminal.ended
        except Exception as error:
            # The next person gets a log-in; what happened is in the console's log.
            log.exception("on %s", self._path)
            self._tell(str(error))
            return terminal.ended
        finally:
            self._terminal = None
            terminal.close()

    def _tell(self, what: str) -> None:
        """A trouble goes to whoever started this once, not once a second."""
        if what and what != self.told:
            print(f"error: {what}", file=sys.stderr, flush=True)
        self.told = what


def local_screen(*, ascii_only: bool, language: Language | None) -> Screen:
    """What the environment says that this terminal can show."""
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    speaks = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    shows = not ascii_only and "UTF" in locale.nl_langinfo(locale.CODESET).upper()
    wanted: Language = language or ("zh" if speaks.startswith("zh") else "en")
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") not in (
        "dumb",
        "vt100",
    )
    return Screen(colour=colour, unicode=shows, language=wanted if shows else "en")


def _size(fd: int) -> tuple[int, int]:
    try:
        found = os.get_terminal_size(fd)
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24


def _tty_name(fd: int) -> str:
    try:
        return os.ttyname(fd).removeprefix("/dev/")
    except OSError:
        return "terminal"


def _break_main() -> None:
    """What the main thread does ends with a KeyboardInterrupt, wherever it waits."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextmanager
def _ended_by_signals(end: Callable[[str], None]) -> Iterator[None]:
    """A terminal that goes and a service that is stopped log out whoever is there."""

    def ended(number: int, _: object) -> None:
        end("hang-up" if number == signal.SIGHUP else "stopped")

    before = {one: signal.signal(one, ended) for one in (signal.SIGHUP, signal.SIGTERM)}
    # A shell that starts this in the background has it ignored, and no command could be broken off.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """What goes wrong in the console goes to its own file, never to the person's screen."""
    path = folder / "console.log"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        made = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES_MAX, backupCount=1)
    except OSError as error:
        raise office.OfficeError(f"{path}: cannot be written: {error.strerror}") from error
    made.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    before = os.umask(0o077)
    loggers = [log, logging.getLogger("asyncio")]
    for one in loggers:
        one.addHandler(made)
        one.propagate = False
    try:
        yield
    finally:
        os.umask(before)
        for one in loggers:
            one.removeHandler(made)
            one.propagate = True
        made.close()
