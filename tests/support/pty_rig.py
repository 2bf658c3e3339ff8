"""A technician at the other end of a pty: types bytes, and reads the screen of a terminal."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from controller.console import passwords
from controller.console.context import Armed, Screen
from controller.console.do_people import COMMANDS as PEOPLE
from controller.console.do_session import COMMANDS as SESSION
from controller.console.grammar import Command, Grammar
from controller.console.login import Door
from controller.console.passwords import Work
from controller.console.roles import Role
from controller.console.shell import Shell
from controller.console.terminal import Terminal

PATIENCE_S = 30.0
PASSWORD = "correct horse 73"
CHEAP = Work(n=4, r=2, p=1)


def make_cheap(monkeypatch: object) -> None:
    """Little work for a hash, where its time is not what is tested."""
    setattr_ = monkeypatch.setattr  # type: ignore[attr-defined]
    setattr_(passwords, "TODAY", CHEAP)
    setattr_(passwords.keep, "__defaults__", (CHEAP,))
    setattr_(passwords.decoy, "__defaults__", (CHEAP,))


class Tech:
    """Holds the master of a pty; all that came stands in ``raw``, its effect on ``screen``."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.fd, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.raw = b""
        self.screen = pyte.HistoryScreen(width, height, history=5_000, ratio=1)
        self._stream = pyte.ByteStream(self.screen)

    def type(self, text: str | bytes) -> None:
        """Send keys, reading meanwhile, as a terminal program does."""
        data = text.encode() if isinstance(text, str) else text
        os.set_blocking(self.fd, False)
        while data:
            try:
                data = data[os.write(self.fd, data[:1024]) :]
            except BlockingIOError:
                self.look()
            self.look(0)

    def enter(self, line: str = "") -> None:
        """Type a line and Enter."""
        self.type(line + "\r")

    def look(self, seconds: float = 0.02) -> str:
        """Take in what came; the screen's text."""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                break
            if not data:
                break
            self.raw += data
            self._stream.feed(data)
            seconds = 0
        return self.text()

    def text(self) -> str:
        """The screen without blanks at the ends of rows."""
        return "\n".join(row.rstrip() for row in self.screen.display)

    def until(self, *wanted: str | Callable[[str], bool]) -> str:
        """Look until each of these is on the screen, or true of it."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            text = self.look()
            if all(w in text if isinstance(w, str) else w(text) for w in wanted):
                return text
        raise AssertionError(f"{wanted} did not come:\n{self.text()}\n{self.raw[-400:]!r}")

    def until_raw(self, wanted: bytes, after: int = 0) -> None:
        """Look until these bytes came."""
        until_s = time.monotonic() + PATIENCE_S
        while wanted not in self.raw[after:]:
            self.look()
            if time.monotonic() > until_s:
                raise AssertionError(f"{wanted!r} did not come: {self.raw[after:][-600:]!r}")

    def prompt(self, ends: str = "> ") -> str:
        """Look until the last row that has something is a prompt."""
        return self.until(lambda text: _last(text).endswith(ends.rstrip()))

    def unplug(self) -> None:
        """Draw the cable."""
        with contextlib.suppress(OSError):
            os.close(self.fd)

    def close(self) -> None:
        """Give the pty back."""
        for fd in (self.fd, self.slave):
            with contextlib.suppress(OSError):
                os.close(fd)


class Console:
    """A shell on a thread behind a technician's pty; ``why`` is how its session ended."""

    def __init__(
        self,
        folder: Path,
        commands: Sequence[Command],
        *,
        tech: Tech | None = None,
        screen: Screen | None = None,
        owner: bool = False,
        role: Role | None = Role.ADMIN,
    ) -> None:
        self.tech = tech if tech is not None else Tech()
        self.door = Door(folder, "pty", owner=owner)
        if role is not None and not self.door.accounts.has_admin():
            self.door.accounts.add("li.wei", Role.ADMIN, PASSWORD, by="test", fresh=False)
        self.terminal = Terminal(self.tech.slave, self.tech.slave)
        self.screen = screen if screen is not None else Screen()
        self.terminal.unicode = self.screen.unicode
        self.armed = Armed()
        self.why = ""
        self.shell = Shell(
            self.door,
            self.terminal,
            Grammar([*commands, *PEOPLE, *SESSION]),
            folder,
            self.screen,
            armed=self.armed,
        )
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def login(self, name: str = "li.wei", password: str = PASSWORD) -> Tech:
        """Log in; the technician, at the first prompt."""
        self.tech.until("login:")
        self.tech.enter(name)
        self.tech.until("password:")
        self.tech.enter(password)
        self.tech.prompt()
        return self.tech

    def over(self) -> str:
        """Wait for the session's end; why."""
        until_s = time.monotonic() + PATIENCE_S
        while self._thread.is_alive() and time.monotonic() < until_s:
            with contextlib.suppress(OSError, ValueError):
                self.tech.look()
            self._thread.join(0.02)
        if self._thread.is_alive():
            raise AssertionError(f"the session goes on:\n{self.tech.text()}")
        return self.why

    def close(self) -> None:
        """End everything."""
        self.terminal.end("stopped")
        self._thread.join(PATIENCE_S)
        self.terminal.close()
        self.tech.close()

    def _run(self) -> None:
        self.why = self.shell.run()


def _last(text: str) -> str:
    rows = [row for row in text.split("\n") if row.strip()]
    return rows[-1] if rows else ""
