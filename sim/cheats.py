"""What cheaters do to the lane itself: devices on the cells' cable, hands at a gate's own switch.

Each acts from one moment to another.  A moment is a time, or an event of a vehicle ("2 s after
vehicle 1 stands"), so that a scenario means the same with every seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hal.ports import Drive
from sim.boom import BoomArm
from sim.cab import Mind
from sim.driver import Driver

if TYPE_CHECKING:
    from sim.scale import Cells

EVENTS = ("comes", "stands", "is gone")
_OPEN_US = 60_000_000
Counts = NDArray[np.int64]


class Moment(Struct, frozen=True, kw_only=True):
    """``wait_us`` after the yard began, or after a vehicle does something for the ``time``-th time.

    Vehicles are counted from 1 in the order of the scenario.
    """

    wait_us: int
    vehicle: int | None = None
    event: str = ""
    time: int = 1


class SignalDevice(Struct, frozen=True, kw_only=True):
    """Something between the cells and the converter that makes the load seem another (K4, K5).

    ``gain_ppm`` is added to what each cell says of the load, ``adds_g`` to the sum, in equal parts;
    both grow evenly within ``ramp_us``.  ``cells`` are those that it sits on.  With ``supply`` the
    gain takes the dead load along, as a change of the supply voltage does.
    """

    on: Moment
    off: Moment | None
    gain_ppm: int = 0
    adds_g: int = 0
    ramp_us: int = 0
    cells: tuple[int, ...] = tuple(range(8))
    supply: bool = False


class Hand(Struct, frozen=True, kw_only=True):
    """Somebody at the switch of the gate itself, which goes before whatever the lane drives."""

    end: int
    level: Drive
    on: Moment
    off: Moment | None


class Mischief:
    """Does what is planned, and remembers when each thing began and ended."""

    def __init__(self, devices: Sequence[SignalDevice], hands: Sequence[Hand]) -> None:
        self._devices = [(device, Span(device.on, device.off)) for device in devices]
        self._hands = [(hand, Span(hand.on, hand.off)) for hand in hands]

    def think(self, now_us: int, drivers: Sequence[Driver], booms: Sequence[BoomArm]) -> None:
        """Look at the vehicles; put hands to the gates and take them off."""
        for _, span in self._devices:
            span.look(now_us, drivers)
        for hand, span in self._hands:
            before = span.acts(now_us)
            span.look(now_us, drivers)
            if span.acts(now_us):
                booms[hand.end].hand = hand.level
            elif before or span.until_us == now_us:
                booms[hand.end].hand = None

    def on_the_cable(self, t_us: Counts, counts: Counts, cells: Cells) -> Counts:
        """What reaches the converter (n, 8) of what the cells gave at these times (n,)."""
        for device, span in self._devices:
            strength = span.strength(t_us, device.ramp_us)
            if strength is None:
                continue
            own = list(device.cells)
            load = counts[:, own] - (0 if device.supply else cells.zero_counts[own])
            each = device.adds_g / 1000 / len(own) * cells.counts_per_kg[own]
            change = (load * (device.gain_ppm / 1e6) + each) * strength[:, None]
            counts = counts.copy()
            counts[:, own] += np.rint(change).astype(np.int64)
        return counts

    def lets_through(self, end: int, at_us: int) -> bool:
        """Whether somebody had raised this boom at the gate itself within the last minute."""
        return any(
            hand.end == end and hand.level is Drive.RAISE and span.overlaps(at_us - _OPEN_US, at_us)
            for hand, span in self._hands
        )

    def spoils_weight(self, from_us: int, until_us: int) -> bool:
        """Whether a device was on in this stretch of time, so that no weight can be true."""
        return any(span.overlaps(from_us, until_us) for _, span in self._devices)


class Span:
    """From one moment until another, as it truly came; None while it has not."""

    def __init__(self, on: Moment, off: Moment | None) -> None:
        self._on, self._off = _Watch(on), None if off is None else _Watch(off)
        self.from_us: int | None = None
        self.until_us: int | None = None

    def look(self, now_us: int, drivers: Sequence[Driver]) -> None:
        """Note whether one of the moments has come."""
        begins_us = self._on.due_us(now_us, drivers)
        if self.from_us is None and begins_us is not None and now_us >= begins_us:
            self.from_us = now_us
        if self._off is None:
            return
        ends_us = self._off.due_us(now_us, drivers)
        over = ends_us is not None and now_us >= ends_us
        if self.from_us is not None and self.until_us is None and over:
            self.until_us = now_us

    def acts(self, now_us: int) -> bool:
        """Whether it goes on now."""
        return self.overlaps(now_us, now_us)

    def overlaps(self, from_us: int, until_us: int) -> bool:
        """Whether it goes on at some time of this stretch."""
        if self.from_us is None or self.from_us > until_us:
            return False
        return self.until_us is None or from_us < self.until_us

    def strength(self, t_us: Counts, ramp_us: int) -> NDArray[np.float64] | None:
        """How far it is on at these times, 0 to 1; None where it is off at all of them."""
        if not len(t_us) or not self.overlaps(int(t_us[0]), int(t_us[-1])):
            return None
        begun = np.clip((t_us - (self.from_us or 0)) / max(1, ramp_us), 0.0, 1.0)
        return begun if self.until_us is None else np.where(t_us < self.until_us, begun, 0.0)


class _Watch:
    """Waits for one moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._seen = 0
        self._there = False
        self._event_us = 0 if moment.vehicle is None else None

    def due_us(self, now_us: int, drivers: Sequence[Driver]) -> int | None:
        """When the moment is, once that is known."""
        vehicle = self._moment.vehicle
        if self._event_us is None and vehicle is not None and vehicle <= len(drivers):
            there = _happens(drivers[vehicle - 1], self._moment.event)
            self._seen += there and not self._there
            self._there = there
            if self._seen >= self._moment.time:
                self._event_us = now_us
        return None if self._event_us is None else self._event_us + self._moment.wait_us


def _happens(driver: Driver, event: str) -> bool:
    if event == "comes":
        return driver.vehicle.present
    if event == "stands":
        return driver.mind is Mind.STANDING
    return driver.mind in (Mind.GONE, Mind.AWAY)
