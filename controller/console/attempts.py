"""Failed log-ins, and how long whoever failed has to wait: counted by account and by line.

The first ``FREE`` failures cost nothing; each one more doubles the wait, up to ``NAME_S_MAX`` for
an account and ``LINE_S_MAX`` for a line.  The count stands in a file, so a restart of the console
does not end a wait, and is forgotten after ``FORGOTTEN_S`` without a failure.  No wait is for ever,
and one who owns the file, at the machine itself, waits for the line alone: nobody can keep the last
administrator out by failing in his name.

An attempt counts as failed from its begin, so that many at once are no way round; one that succeeds
is taken back.  What was typed for a name that does not exist may be a password: only a hash of it
is kept, and no more than ``STRANGERS_MAX`` of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from controller.console import office

NAME = "attempts.json"
FREE = 3
FIRST_S = 5
NAME_S_MAX = 900
LINE_S_MAX = 60
FORGOTTEN_S = 3600
STRANGERS_MAX = 64
LINES_MAX = 32

_Count = Annotated[int, Meta(ge=0)]


class Failures(Struct, frozen=True, kw_only=True):
    """How often in a row, and when last (milliseconds since 1970)."""

    count: _Count
    last_ms: int


class _Kept(Struct, frozen=True, kw_only=True):
    names: dict[str, Failures] = {}
    strangers: dict[str, Failures] = {}
    lines: dict[str, Failures] = {}


# Made before any thread: msgspec crashes where two threads meet a type for the first time.
_KEPT = msgspec.json.Decoder(_Kept)


class Attempts:
    """The counts in the file of a console's folder."""

    def __init__(self, folder: Path, now_ms: Callable[[], int]) -> None:
        self._path = folder / NAME
        self._now_ms = now_ms
        self._unwritten: _Kept | None = None

    def begin(self, name: str, line: str, *, known: bool, owner: bool = False) -> int:
        """Seconds to wait before this may be tried; 0, and it counts as failed until ``passed``."""
        with office.alone(self._path.parent):
            kept = self._read()
            now_ms = self._now_ms()
            names = kept.names if known else kept.strangers
            key = name if known else _hidden(name)
            waits = [_left_s(kept.lines.get(line), now_ms, LINE_S_MAX)]
            if not owner:
                waits.append(_left_s(names.get(key), now_ms, NAME_S_MAX))
            if max(waits) > 0:
                return max(waits)
            _count(names, key, now_ms)
            _count(kept.lines, line, now_ms)
            self._write(kept)
        return 0

    def passed(self, name: str, line: str) -> None:
        """The attempt that was begun was right: the account's count is over, the line's as before.

        The line keeps its older failures: an account of one's own is no way to guess on for others.
        """
        with office.alone(self._path.parent):
            kept = self._read()
            kept.names.pop(name, None)
            before = kept.lines.get(line)
            if before is not None and before.count > 1:
                kept.lines[line] = msgspec.structs.replace(before, count=before.count - 1)
            else:
                kept.lines.pop(line, None)
            self._write(kept)

    def wait_s(self, name: str, line: str) -> int:
        """Seconds that the next attempt has to wait, by the account's count and the line's."""
        kept, now_ms = self._read(), self._now_ms()
        named = kept.names.get(name) or kept.strangers.get(_hidden(name))
        return max(
            _left_s(named, now_ms, NAME_S_MAX), _left_s(kept.lines.get(line), now_ms, LINE_S_MAX)
        )

    def _read(self) -> _Kept:
        if self._unwritten is not None:
            return self._unwritten
        data = office.read(self._path)
        if data is None:
            return _Kept(names={}, strangers={}, lines={})
        try:
            return _KEPT.decode(data)
        except msgspec.MsgspecError as error:
            raise office.OfficeError(
                f"{self._path}: not as the console writes it ({error}); remove it to go on"
            ) from error

    def _write(self, kept: _Kept) -> None:
        now_ms = self._now_ms()
        for counts, most in ((kept.strangers, STRANGERS_MAX), (kept.lines, LINES_MAX)):
            for key in [k for k, one in counts.items() if _forgotten(one, now_ms)]:
                del counts[key]
            while len(counts) > most:
                del counts[min(counts, key=lambda k: counts[k].last_ms)]
        try:
            office.write(self._path, msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
            self._unwritten = None
        except office.OfficeError:
            # Who comes to mend a full disk has to get in: this console counts on by itself.
            self._unwritten = kept


def delay_s(count: int, most_s: int) -> int:
    """How long to wait behind so many failures in a row, in seconds."""
    if count < FREE:
        return 0
    return int(min(most_s, FIRST_S << min(count - FREE, 20)))


def _left_s(failures: Failures | None, now_ms: int, most_s: int) -> int:
    if failures is None or _forgotten(failures, now_ms):
        return 0
    # A clock that was set back makes no wait longer than it was.
    since_ms = max(0, now_ms - failures.last_ms)
    return max(0, -(-(delay_s(failures.count, most_s) * 1000 - since_ms) // 1000))


def _forgotten(failures: Failures, now_ms: int) -> bool:
    return now_ms - failures.last_ms >= FORGOTTEN_S * 1000


def _count(counts: dict[str, Failures], key: str, now_ms: int) -> None:
    before = counts.get(key)
    count = 0 if before is None or _forgotten(before, now_ms) else before.count
    counts[key] = Failures(count=count + 1, last_ms=now_ms)


def _hidden(name: str) -> str:
    return hashlib.sha256(b"steelyard stranger\0" + name.encode("utf-8", "replace")).hexdigest()[
        :16
    ]
