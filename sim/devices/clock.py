"""The clock of the lane's host: the yard's own time, and its wall time as the host knows it."""

from __future__ import annotations

import time

from hal.bus import Bus
from hal.ports import WallReading
from sim.devices.common import yard_of
from sim.faults import Trouble
from sim.steady import FLAP_US

PACED_STEP_US_MAX = 1_000_000
LOCAL_MIN = 480
NONSENSE_MS = 1 << 60


class SimClock:
    """The yard's virtual clock; with ``paced`` the yard keeps pace with the host's.

    The time that always rises is that of the yard, whatever happens to the wall clock: that is
    what an operating system promises.
    """

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
        """The yard's wall time, or what a clock in trouble takes for it."""
        fault = self._yard.fault_of("clock")
        ms = self._yard.wall_ms
        if fault is None:
            return WallReading(ms=ms, offset_min=LOCAL_MIN, synchronised=True)
        trouble = self._yard.troubles["clock"]
        return WallReading(
            ms=_wall_ms(fault, ms, self._yard.now_us, trouble),
            offset_min=0 if fault == "wrong zone" else LOCAL_MIN,
            synchronised=fault in ("ahead", "behind", "leaps", "nonsense", "wrong zone"),
        )


def _wall_ms(fault: str, true_ms: int, now_us: int, trouble: Trouble) -> int:
    since_us, by = now_us - trouble.since_us, trouble.amounts.by
    by_ms = round(by / 1000)
    if fault == "leaps":
        return true_ms + (by_ms if now_us // FLAP_US % 2 else -by_ms)
    return {
        "ahead": true_ms + by_ms,
        "behind": true_ms - by_ms,
        "drifts": true_ms + round(since_us * by / 1000),
        "stuck": true_ms - since_us // 1000,
        "lost": now_us // 1000,
        "unset": 0,
        "nonsense": NONSENSE_MS,
    }.get(fault, true_ms)
