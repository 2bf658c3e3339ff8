"""The wall clock against the monotonic one: a step is an incident, whoever made it (K13).

A time server that corrects a clock moves it, too; so it holds nobody and stands in the record.
"""

from __future__ import annotations

from controller.core.faults import Fault
from controller.core.images import WallTime

STEP_MS = 2_000
"""Less than this is a clock that is brought to time, not a step."""
ALARM_US = 60_000_000


class ClockWatch:
    """Looks at both clocks once a scan; memory does not grow."""

    def __init__(self) -> None:
        self._ahead_ms: int | None = None
        self._until_us = 0
        self._steps = 0
        self._by_ms = 0

    def see(self, now_us: int, wall: WallTime) -> None:
        """Compare the clocks; a wall time that is not known says nothing."""
        if wall.ms <= 0:
            return
        ahead_ms, before_ms = wall.ms - now_us // 1000, self._ahead_ms
        if before_ms is not None and abs(ahead_ms - before_ms) > STEP_MS:
            self._note(ahead_ms - before_ms, now_us)
        self._ahead_ms = ahead_ms

    def faults(self, now_us: int) -> tuple[int, ...]:
        """The code of a step within the last minute."""
        return (int(Fault.CLOCK_STEPPED),) if now_us < self._until_us else ()

    def until_us(self, now_us: int) -> tuple[int, ...]:
        """Until when each of them is told."""
        return (self._until_us,) if now_us < self._until_us else ()

    def flags(self) -> tuple[str, ...]:
        """The steps since they were told last, as a flag: the last one, and how many."""
        if not self._steps:
            return ()
        often = f", {self._steps} times" if self._steps > 1 else ""
        self._steps = 0
        return (f"{Fault.CLOCK_STEPPED.value} CLOCK_STEPPED {self._by_ms / 1000:+.0f} s{often}",)

    def _note(self, by_ms: int, now_us: int) -> None:
        self._steps += 1
        self._by_ms = by_ms
        self._until_us = now_us + ALARM_US
