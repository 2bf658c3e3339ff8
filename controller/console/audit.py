"""Who came and went: one JSON object a line, appended, durable, and of a bounded size.

``audit.jsonl`` is the newest; when full it becomes ``audit.jsonl.1`` and so on, and the oldest of
``FILES_MAX`` goes.  What changes the lane stands in its journal and records besides.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from controller.console import office
from controller.console.clean import printable

NAME = "audit.jsonl"
BYTES_MAX = 1 << 20
FILES_MAX = 5
TEXT_MAX = 300

What = Literal[
    "login", "failed", "locked-out", "logout", "denied", "account", "setup", "password", "record"
]


def wall_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Audited(Struct, frozen=True, kw_only=True):
    """One line: when (milliseconds since 1970 UTC), on which line, who, what happened."""

    t_ms: int
    line: str
    who: str
    what: What
    text: str = ""


# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_AUDITED = msgspec.json.Decoder(Audited)


class Audit:
    """Appends to the file of a console's folder."""

    def __init__(self, folder: Path, now_ms: Callable[[], int] = wall_ms) -> None:
        self.path = folder / NAME
        self._now_ms = now_ms

    def note(self, line: str, who: str, what: What, text: str = "") -> None:
        """Write one line down, durable when this returns; raises OfficeError if it cannot be."""
        audited = Audited(
            t_ms=self._now_ms(),
            line=printable(line, TEXT_MAX),
            who=printable(who, TEXT_MAX),
            what=what,
            text=printable(text, TEXT_MAX),
        )
        data = msgspec.json.encode(audited) + b"\n"
        try:
            with office.alone(self.path.parent):
                self._make_room(len(data))
                self._append(data)
        except OSError as error:
            raise office.OfficeError(
                f"{self.path}: cannot be written: {error.strerror or error}; make room on the disk"
            ) from error

    def tail(self, lines_max: int = 100) -> list[Audited]:
        """The newest lines, oldest first; one that a power cut broke is left out."""
        data = office.read(self.path, BYTES_MAX) or b""
        found = list[Audited]()
        for line in data.splitlines()[-lines_max:]:
            try:
                found.append(_AUDITED.decode(line))
            except msgspec.MsgspecError:
                continue
        return found

    def _append(self, data: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(fd).st_size
            # A line that a power cut broke stays alone on its line.
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data
            if os.write(fd, data) != len(data):
                raise OSError(28, "no space left")
            os.fsync(fd)
        finally:
            os.close(fd)

    def _make_room(self, size: int) -> None:
        try:
            if self.path.stat().st_size + size <= BYTES_MAX:
                return
        except FileNotFoundError:
            return
        for number in range(FILES_MAX - 1, 0, -1):
            older = self._numbered(number)
            newer = self._numbered(number - 1)
            if newer.exists():
                newer.replace(older)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{NAME}.{number}") if number else self.path
