"""The computer's own clocks."""

from __future__ import annotations

import time

from hal.bus import Bus
from hal.ports import WallReading


class HostClock:
    """The operating system's monotonic and wall clocks.

    A time source is not asked for here, so that ``synchronised`` is what the site file states.
    """

    def __init__(self, bus: Bus, offset_min: int = 480, synchronised: bool = False) -> None:
        self._offset_min = offset_min
        self._synchronised = synchronised

    def now_us(self) -> int:
        return time.monotonic_ns() // 1_000

    def wall(self) -> WallReading:
        return WallReading(
            ms=time.time_ns() // 1_000_000,
            offset_min=self._offset_min,
            synchronised=self._synchronised,
        )
