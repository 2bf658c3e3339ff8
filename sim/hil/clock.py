"""The clock of a lane in the loop: the host's own, from the moment at which the yard began."""

from __future__ import annotations

import time

from hal.bus import Bus
from hal.ports import WallReading
from sim.devices.common import yard_of

LOCAL_MIN = 480


class HilClock:
    """Runs by itself, unlike a yard's: drivers on threads of their own may ask it at any time.

    Wall time begins where the yard's day does.
    """

    def __init__(self, bus: Bus) -> None:
        self._wall_start_ms = yard_of(bus).options.wall_start_ms
        self._began_us = _host_us()

    def now_us(self) -> int:
        return _host_us() - self._began_us

    def wall(self) -> WallReading:
        ms = self._wall_start_ms + self.now_us() // 1000
        return WallReading(ms=ms, offset_min=LOCAL_MIN, synchronised=True)


def _host_us() -> int:
    return time.monotonic_ns() // 1000
