"""The clock of the lane's host: the yard's own time, and its wall time as the host knows it."""

from __future__ import annotations

import time

from hal.bus import Bus
from hal.ports import WallReading
from sim.devices.common import yard_of

PACED_STEP_US_MAX = 1_000_000


class SimClock:
    """The yard's virtual clock; with ``paced`` the yard keeps pace with the host's."""

    def __init__(self, bus: Bus, paced: bool = False) -> None:
        self._yard = yard_of(bus)
        self._paced = paced
        self._host_us = time.monotonic_ns() // 1_000

    def now_us(self) -> int:
        """Microseconds since the yard began."""
        if self._paced:
            host_us = time.monotonic_ns() // 1_000
            self._yard.advance(min(host_us - self._host_us, PACED_STEP_US_MAX))
            self._host_us = host_us
        return self._yard.now_us

    def skip(self, us: int) -> None:
        """Let this many microseconds pass at once."""
        self._yard.advance(us)

    def wall(self) -> WallReading:
        """The yard's wall time; a faulty time source is not synchronised."""
        synchronised = self._yard.fault_of("clock") is None
        return WallReading(ms=self._yard.wall_ms, offset_min=480, synchronised=synchronised)
