"""A red and a green lamp as one lane signal: never both, never none, green only while it is said.

Where monitor contacts are wired (closed while the lamp's current flows) a dark or a welded lamp is
a fault.
"""

from __future__ import annotations

from hal.field.points import Pace, Point, Relays
from hal.ports import Clock, DeviceFault, Signal

LEASE_US = 1_000_000
SETTLE_US = 500_000
"""A lamp, its relay and its monitor need less than this to follow."""
RED = (True, False)
GREEN = (False, True)


class _Monitor:
    """What one lamp's current says against what it was told."""

    def __init__(self, lamp: str, point: Point) -> None:
        self.point = point
        self._lamp = lamp
        self._differs_us: int | None = None
        self.fault: DeviceFault | None = None

    def see(self, now_us: int, told: bool) -> None:
        seen = self.point.look(now_us)
        if not seen or seen[-1].closed is told:
            self._differs_us = self.fault = None
            return
        self._differs_us = now_us if self._differs_us is None else self._differs_us
        if now_us - self._differs_us >= SETTLE_US:
            self.fault = self._fault(told)

    def _fault(self, told: bool) -> DeviceFault:
        if told:
            return DeviceFault(
                name="LAMP_OUT", device=f"{self._lamp} lamp", seen="told to burn, takes no current"
            )
        return DeviceFault(
            name="LAMP_STUCK", device=f"{self._lamp} lamp", seen="told to be dark, takes current"
        )


class FieldSignal:
    """Holds an aspect as two outputs, red first; a lane that falls silent makes it red."""

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        relays: Relays,
        *,
        lease_us: int = LEASE_US,
        monitors: tuple[Point | None, Point | None] = (None, None),
    ) -> None:
        if lease_us <= 0:
            raise ValueError("a lease is longer than 0")
        self._pace = pace
        self._clock = clock
        self._relays = relays
        self._lease_us = lease_us
        self._monitors = tuple(
            _Monitor(lamp, point) if point is not None else None
            for lamp, point in zip(("red", "green"), monitors, strict=True)
        )
        self._asked: tuple[Signal, int] | None = None
        pace.join(self)

    def show(self, aspect: Signal) -> None:
        self._pace.check()
        self._asked = (aspect, self._clock.now_us())

    def faults(self) -> tuple[DeviceFault, ...]:
        lamps = [m.fault for m in self._monitors if m is not None and m.fault is not None]
        wires = [f for m in self._monitors if m is not None and (f := m.point.trouble) is not None]
        return (*lamps, *self._relays.troubles, *wires)

    def turn(self, now_us: int) -> None:
        """Put the lamps; called on the back end's thread."""
        told = RED
        if self._asked is not None:
            aspect, at_us = self._asked
            if aspect is Signal.GREEN and now_us - at_us <= self._lease_us:
                told = GREEN
        self._relays.put(told, now_us)
        for monitor, lamp in zip(self._monitors, told, strict=True):
            if monitor is not None:
                monitor.see(now_us, lamp)

    def close(self) -> None:
        """End its turns, show red, and let the outputs go."""
        self._pace.leave(self)
        self._relays.close()
        for monitor in self._monitors:
            if monitor is not None:
                monitor.point.close()
