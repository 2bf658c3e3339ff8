"""What a plan says of the disk: for a while it is slow, full, or failing.

A slow one brings every record to the disk at once and says so late; a full one refuses what would
grow, until something is removed; a failing one refuses every write, sync and read.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from protocol.files import Space, SteadyFiles
from sim.disk.recorder import Recorder
from sim.disk.volatile import Name, Operation, Truncate, Write
from sim.units import ScenarioError, known_keys, time_us, word

KINDS = ("slow", "full", "failing")
TAKES_US = 2_000_000
"""How long a slow disk takes for a record where the plan does not say."""


class Trouble(Struct, frozen=True, kw_only=True):
    """One time of trouble; ``takes_us`` is what a slow disk takes for each record."""

    kind: str
    from_us: int
    until_us: int
    takes_us: int = TAKES_US


def trouble(entry: dict[str, Any]) -> Trouble:
    """Return what one ``[[disk]]`` states.  Raises ScenarioError."""
    known_keys(entry, ("kind", "from", "until", "takes"), "[[disk]]")
    kind = word(entry.get("kind"), KINDS, "[[disk]] kind")
    if "takes" in entry and kind != "slow":
        raise ScenarioError(f"[[disk]] takes: only a slow disk takes time, this one is {kind}")
    found = Trouble(
        kind=kind,
        from_us=time_us(entry.get("from"), "[[disk]] from"),
        until_us=time_us(entry.get("until"), "[[disk]] until"),
        takes_us=time_us(entry.get("takes", f"{TAKES_US // 1_000_000} s"), "[[disk]] takes"),
    )
    if found.from_us >= found.until_us:
        raise ScenarioError("[[disk]] until: every trouble ends, and after it has begun")
    return found


class Health:
    """How the disk is by the yard's clock."""

    def __init__(self, troubles: Sequence[Trouble], now: Callable[[], int]) -> None:
        self._troubles = tuple(troubles)
        self.now = now

    def find(self, kind: str) -> Trouble | None:
        """The trouble of this kind that lasts now, if any."""
        now = self.now()
        return next(
            (t for t in self._troubles if t.kind == kind and t.from_us <= now < t.until_us), None
        )

    @property
    def slow_us(self) -> int:
        """What a record takes now, 0 on a disk that is quick."""
        if not self._troubles:
            return 0
        slow = self.find("slow")
        return 0 if slow is None else slow.takes_us

    @property
    def refuses(self) -> bool:
        """Whether the disk refuses anything now."""
        return self.refused_since_us is not None

    @property
    def refused_since_us(self) -> int | None:
        """Since when the disk has refused what is new, None while it does not."""
        trouble = self.find("full") or self.find("failing")
        return None if trouble is None else trouble.from_us

    def well_us(self) -> int | None:
        """How long the disk has been well, None while it is not or if it always was."""
        now = self.now()
        begun = [t for t in self._troubles if t.from_us <= now]
        last_us = max((t.until_us for t in begun), default=None)
        return None if last_us is None or now < last_us else now - last_us


class Refusals:
    """Stands before each operation of a recorder, and refuses what the disk would."""

    def __init__(self, health: Health, recorder: Recorder) -> None:
        self._health = health
        self._recorder = recorder
        self.room = 0
        recorder.before, recorder.before_read = self._before, self._before_read

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Refuse nothing while the block runs."""
        recorder = self._recorder
        stands = recorder.before, recorder.before_read
        recorder.before = recorder.before_read = None
        try:
            yield
        finally:
            recorder.before, recorder.before_read = stands

    def _before(self, operation: Operation) -> None:
        if self._health.find("failing") is not None:
            raise OSError(errno.EIO, "the plan's disk fails")
        if self._health.find("full") is None:
            self.room = 0
            return
        growth = self._growth(operation)
        if growth > self.room:
            raise OSError(errno.ENOSPC, "the plan's disk is full")
        self.room -= growth

    def _before_read(self) -> None:
        if self._health.find("failing") is not None:
            raise OSError(errno.EIO, "the plan's disk fails")

    def _growth(self, operation: Operation) -> int:
        """The bytes that an operation takes from the free room; what it gives back is negative."""
        recorder = self._recorder
        match operation:
            case Write(inode, offset, data):
                return max(0, offset + len(data) - len(recorder.content(inode)))
            case Truncate(inode, size):
                return size - len(recorder.content(inode))
            case Name(((name, None),)) if recorder.inode(name):
                return -len(recorder.content(recorder.inode(name)))
        return 0


class RideFiles(SteadyFiles):
    """Files on a disk that tells its room as the plan has it."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.refusals: Refusals | None = None

    def space(self, folder: Path) -> Space:
        """No room while it is full, but what was removed meanwhile."""
        if self._health.find("full") is None:
            return super().space(folder)
        return Space(10**12, self.refusals.room if self.refusals is not None else 0)
