"""The socket for scripts: log in, then commands and their answers, one JSON object a line.

    {"login": "NAME", "password": "..."}              {"ok": true, "role": "maintainer"}
    {"command": "show scale", "id": 7}                {"id": 7, "answer": {...}, "text": [...]}
                                                      {"id": 7, "done": true}  or  "error": "..."

A stream (``monitor``) ends after ``seconds`` or, where none are said, ``STREAM_S_MAX``.  The socket
belongs to the controller's user alone (0600), and each peer logs in besides: roles and waits hold
here too.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.commanding import SECONDS_MAX, NoTalk, answers
from controller.console.context import Context, Person
from controller.console.grammar import Grammar
from controller.console.link import LaneLink
from controller.console.login import Door, RefusedError
from controller.console.terminal import Stopped
from hal.listening import Listener

LINE_BYTES_MAX = 8_192
PEERS_MAX = 4
ANSWERS_MAX = 100_000
LOGIN_S = 30.0
STREAM_S_MAX = 120.0
log = logging.getLogger("steelyard.console")


class _Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    login: str
    password: str


class _Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    command: str
    id: int | str | None = None
    seconds: float | None = None


# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_LOGIN = msgspec.json.Decoder(_Login)
_COMMAND = msgspec.json.Decoder(_Command)


class ScriptPort:
    """Takes scripts at ``path``; raises ValueError where no socket can be."""

    def __init__(self, folder: Path, path: Path, grammar: Grammar) -> None:
        self._folder = folder
        self._grammar = grammar
        self._turn = threading.Lock()
        self._listener = Listener(
            path,
            "another console takes scripts there",
            PEERS_MAX,
            self._serve,
            _line({"error": f"{PEERS_MAX} scripts are logged in already"}),
        )

    def serve(self) -> None:
        """Take peers until ``close``; each on a thread of its own."""
        self._listener.run()

    def close(self) -> None:
        """Take nobody any more and remove the socket."""
        self._listener.close()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer, peer.makefile("rb") as lines, contextlib.suppress(OSError):
                peer.settimeout(LOGIN_S)
                session = _Session(self._folder, self._grammar, peer, lines, self._turn)
                session.run(lambda: self._listener.ending)
        except Exception:
            log.exception("in a script's session")


class _Session:
    """One script; ``turn`` is held while a command of any script works, not while it waits.

    So no command needs to be ready for another beside it in the same process.
    """

    def __init__(
        self,
        folder: Path,
        grammar: Grammar,
        peer: socket.socket,
        lines: Any,
        turn: threading.Lock,
    ) -> None:
        self._turn = turn
        self._folder = folder
        self._grammar = grammar
        self._peer = peer
        self._lines = lines
        self._door = Door(folder, "script")

    def run(self, ending: Any) -> None:
        person = self._logged_in()
        if person is None:
            return
        self._peer.settimeout(float(self._door.accounts.people().idle_s))
        ctx = Context(
            account=person,
            link=LaneLink(self._folder),
            folder=self._folder,
            talk=NoTalk(lambda line: self._say({"told": printable(line)})),
            pause=self._pause,
        )
        why = "failed"
        try:
            why = self._commands(ctx, ending)
        except TimeoutError:
            why = "idle"
        except OSError:
            why = "hang-up"
        finally:
            ctx.armed.disarm()
            ctx.link.close()
            self._door.leave(person.name, why)

    def _logged_in(self) -> Person | None:
        line = self._next()
        if line is None:
            return None
        try:
            asked = _LOGIN.decode(line)
            account = self._door.enter(asked.login, asked.password)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # What was sent may hold a password: it is not told back.
            self._say({"error": 'log in first: {"login": NAME, "password": ...}'})
            return None
        except RefusedError as refused:
            self._say({"error": str(refused), "wait_s": refused.wait_s})
            return None
        except ValueError as error:
            self._say({"error": str(error)})
            return None
        if account.fresh:
            self._door.leave(account.name, "no password of its own")
            self._say({"error": "log in at a terminal first and change the password"})
            return None
        self._say({"ok": True, "role": account.role})
        return Person(account.name, account.level)

    def _commands(self, ctx: Context, ending: Any) -> str:
        while not ending():
            line = self._next()
            if line is None:
                return "hang-up"
            try:
                asked = _COMMAND.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._say({"error": f"not a command: {error}"})
                continue
            standing = self._door.accounts.standing(ctx.account.name)
            if standing is None:
                self._say({"error": "this account was locked or removed"})
                return "locked"
            ctx.account = Person(standing.name, standing.level)
            for said in self._answered(asked, ctx, ending):
                self._say({"id": asked.id, **said})
        return "stopped"

    def _answered(self, asked: _Command, ctx: Context, ending: Any) -> Iterator[dict[str, Any]]:
        if asked.seconds is not None and not 0 <= asked.seconds <= SECONDS_MAX:
            yield {"error": f"seconds: from 0 to {SECONDS_MAX:g}"}
            return
        with self._turn:
            denied = self._denied(asked.command, ctx)
        if denied:
            self._door.note(ctx.account.name, "denied", asked.command)
        try:
            found = answers(self._grammar, asked.command, ctx, asked.seconds, ending, STREAM_S_MAX)
            for number, answer in enumerate(self._in_turn(found)):
                if number >= ANSWERS_MAX:
                    raise CommandError(f"more than {ANSWERS_MAX} answers: ask for fewer seconds")
                yield {"answer": answer.data, "text": [printable(one) for one in answer.text]}
            yield {"done": True}
        except Stopped:
            yield {"error": "the console is ending"}
        except (CommandError, ValueError) as error:
            yield {"error": printable(str(error), 2_000)}
        except OSError as error:
            ctx.link.close()
            yield {"error": printable(str(error), 2_000)}
        except Exception as error:
            log.exception("in %r", asked.command)
            yield {"error": f"the console failed at this ({type(error).__name__}); see console.log"}

    def _in_turn(self, found: Iterator[Answer]) -> Iterator[Answer]:
        while True:
            with self._turn:
                answer = next(found, None)
            if answer is None:
                return
            yield answer

    def _pause(self, seconds: float) -> None:
        """Wait in a command, and let other scripts' commands work meanwhile."""
        self._turn.release()
        try:
            time.sleep(seconds)
        finally:
            self._turn.acquire()

    def _denied(self, line: str, ctx: Context) -> bool:
        try:
            return self._grammar.parse(line, ctx)[0].role > ctx.account.role
        except (ValueError, OSError):
            return False

    def _next(self) -> bytes | None:
        """The next whole line; None at the end, and for a line that is cut off or too long."""
        line: bytes = self._lines.readline(LINE_BYTES_MAX)
        if line and not line.endswith(b"\n"):
            self._say({"error": f"longer than {LINE_BYTES_MAX} bytes, or cut off before its end"})
            return None
        return line or None

    def _say(self, what: dict[str, Any]) -> None:
        self._peer.sendall(_line(what))


def _line(what: dict[str, Any]) -> bytes:
    return msgspec.json.encode(what) + b"\n"
