"""A vehicle on its way through the lane: where it is, how it rolls, how it shakes the deck.

``s_m`` is the front bumper's distance past the deck edge by which the vehicle comes, so that every
vehicle drives from low to high ``s_m`` whichever way it goes; ``x_m`` counts from the yard end.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, pi
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hal.ports import RegisterEntry
from sim.chassis import Chassis, Shape, draw_build
from sim.layout import Layout
from sim.profile import Interval, covers, overlaps, room
from sim.scale import TICK_US
from sim.truck import CONFIGURATIONS, Truck

if TYPE_CHECKING:
    from sim.bridge import Floor

Floats = NDArray[np.float64]
PATCH_HALF_M = 0.12
"""Half a tyre's contact patch: over this length an axle comes onto the deck."""

RUN_UP_M = 6.0
"""From here on before the deck the ground shakes a vehicle."""
CELLS_APART_M = 2.9
YARD, ROAD = 0, 1
_TICK_S = TICK_US / 1_000_000
_CALM_TICKS = 8
_HAIR_M = 1e-9
"""What the rounding of a place may hide."""


class Vehicle:
    """One truck in motion, with its load and its suspensions."""

    def __init__(
        self, truck: Truck, layout: Layout, rng: Random, *, end: int, load_g: int, number: int = 0
    ) -> None:
        self.truck = truck
        self.number = number
        self.was_inside = False
        self.end = end
        self.load_g = load_g
        self.s_m = -layout.wait_m
        self.v_mps = 0.0
        self.a_mps2 = 0.0
        self.present = False
        self.engine_on = True
        self._layout = layout
        self._rocks_mps2 = 0.0
        own = Random(rng.getrandbits(64))
        self._engine = _engine(own)
        self._springs = draw_build(own, (truck.front_air, truck.rear_air))
        self._shape = _shape(truck)
        self._hum: list[tuple[float, float, float]] = []
        self._axles_m = np.array(truck.axles_m)
        self._shares = np.zeros((len(truck.axles_m), 4))
        self._pressed = np.zeros(8)
        self._chassis: Chassis | None = None
        self._ticks = 0
        self._load(load_g)

    @property
    def mass_g(self) -> int:
        """The true mass now."""
        return self.truck.tare_g + self.load_g

    @property
    def rocks_mps2(self) -> float:
        """How hard its driver jerks it back and forth on the spot now, m/s2 towards its rear."""
        return self._rocks_mps2

    @rocks_mps2.setter
    def rocks_mps2(self, value: float) -> None:
        self._rocks_mps2 = value
        if value:
            self.still = False

    @property
    def lateral_share(self) -> float:
        """How much more of the load the left row of cells carries, seen towards the road."""
        side = self.truck.lateral_m if self.end == YARD else -self.truck.lateral_m
        return side / CELLS_APART_M

    @property
    def entry(self) -> RegisterEntry:
        """What its papers say."""
        return self.truck.entry

    @property
    def rear_s_m(self) -> float:
        """Where the rear bumper is."""
        return self.s_m - self.truck.length_m

    def load(self, load_g: int) -> None:
        """Change the load, away from the deck."""
        self._load(load_g)

    def covers(self, end: int, out_m: float, intervals: tuple[Interval, ...]) -> bool:
        """Tell whether a part of the profile stands ``out_m`` outwards of this deck end."""
        return self.present and covers(intervals, self.s_m - self._place(end, out_m))

    def overlaps(self, end: int, out_m: Interval, intervals: tuple[Interval, ...]) -> bool:
        """Tell whether a part of the profile stands in this stretch outwards of this deck end."""
        if not self.present:
            return False
        near, far = self.s_m - self._place(end, out_m[0]), self.s_m - self._place(end, out_m[1])
        return overlaps(intervals, min(near, far), max(near, far))

    def meets(
        self, end: int, out_m: Interval, intervals: tuple[Interval, ...]
    ) -> tuple[bool, float, float]:
        """Tell ``overlaps``, and between which places of the front bumper that stays so."""
        near, far = self.s_m - self._place(end, out_m[0]), self.s_m - self._place(end, out_m[1])
        met, down, up = room(intervals, min(near, far), max(near, far))
        return met, self.s_m - down + _HAIR_M, self.s_m + up - _HAIR_M

    def spans(self, end: int, out_m: float) -> bool:
        """Tell whether any of the vehicle, between its bumpers, stands over this line."""
        return self.present and 0.0 <= self.s_m - self._place(end, out_m) <= self.truck.length_m

    def near_deck(self, within_m: float = 0.0) -> bool:
        """Tell whether a tyre may touch the platform now, or stands so near to it."""
        first, last = self.truck.axles_m[0], self.truck.axles_m[-1]
        return (
            self.s_m - first > -PATCH_HALF_M - within_m
            and self.s_m - last < self._layout.platform_m + PATCH_HALF_M + within_m
        )

    def in_reach(self) -> bool:
        """Tell whether it may touch the platform now, or is on the ground just before it."""
        first, last = self.truck.axles_m[0], self.truck.axles_m[-1]
        return (
            self.s_m - first > -RUN_UP_M
            and self.s_m - last < self._layout.platform_m + PATCH_HALF_M
        )

    def outside_of(self) -> int | None:
        """Return the end whose boom the whole vehicle is beyond, if any."""
        boom = self._layout.boom_m
        if self.s_m < -boom:
            return self.end
        if self.rear_s_m > self._layout.platform_m + boom:
            return 1 - self.end
        return None

    def axles_on_deck(self) -> int:
        """Count the axles whose tyres touch the platform."""
        if not self.present or not self.near_deck(_HAIR_M):
            return 0
        count, s_m, deck_m = 0, self.s_m, self._layout.platform_m
        for axle_m in self.truck.axles_m:
            at_m = s_m - axle_m
            count += at_m > -PATCH_HALF_M and deck_m - at_m > -PATCH_HALF_M
        return count

    def wholly_on_deck(self) -> bool:
        """Tell whether every axle stands on the platform with all of its tyres."""
        return self.present and all(self._share(i) >= 1.0 for i in range(len(self.truck.axles_m)))

    def roll(self, acceleration: float) -> None:
        """Move on by one tick."""
        self.a_mps2 = acceleration
        if acceleration:
            self.still = False
        v = self.v_mps + acceleration * _TICK_S
        if self.v_mps != 0.0 and v * self.v_mps <= 0.0:
            v = 0.0
        if v or self.v_mps:
            self.s_m += (v + self.v_mps) * 0.5 * _TICK_S
            self._stale = True
            self.still = False
        self.v_mps = v

    def press(self, floor: Floor) -> Floats:
        """Move body and wheels on by one tick; return what the rows of cells get.

        The answer (8,) is grams on the four rows, at the half and at the end of the tick.
        """
        chassis = self._chassis
        if chassis is None:
            chassis = self._chassis = Chassis(self._shape, self._springs, self._masses)
            self._fresh = True
        if self._stale:
            self._stand(floor, chassis)
        elif self.still:
            return self._pressed
        forces = chassis.step(self._rocks_mps2 - self.a_mps2)
        self._ticks += 1
        if self._ticks % _CALM_TICKS == 0:
            still = self.v_mps == 0.0 and self.a_mps2 == 0.0 and self._rocks_mps2 == 0.0
            self.still = still and chassis.calm(forces)
        self._pressed = np.dot(forces + self._static_g, self._shares).ravel()
        return self._pressed

    def hum_g(self, first_tick: int, ticks: int) -> Floats:
        """What the idling engine adds to the rows under the front axle, grams (ticks,)."""
        t_s = np.arange(first_tick, first_tick + ticks) * _TICK_S
        total = np.zeros(ticks)
        for turn, phase, size in self._hum:
            total += size * np.sin(turn * t_s + phase)
        return total

    def tune(self, gain: Callable[[float], float]) -> None:
        """Learn what deck and filter make of each of the engine's frequencies."""
        on = 1.0 if self.engine_on else 0.0
        self._hum = [(2 * pi * hz, phase, on * size * gain(hz)) for hz, phase, size in self._engine]

    @property
    def at_rest(self) -> bool:
        """Whether it stands and has stopped swaying."""
        return self.v_mps == 0.0 and self.still

    def _place(self, end: int, out_m: float) -> float:
        return -out_m if end == self.end else self._layout.platform_m + out_m

    def _share(self, i: int) -> float:
        s = self.s_m - self.truck.axles_m[i]
        inside = min(s, self._layout.platform_m - s)
        return max(0.0, min(1.0, (inside + PATCH_HALF_M) / (2 * PATCH_HALF_M)))

    def _load(self, load_g: int) -> None:
        self.load_g = load_g
        self._masses = self.truck.axle_masses_g(load_g)
        self._static_g = np.array(self._masses)
        self._chassis = None
        self._fresh = False
        self._stale = True
        self.still = False
        self.on_deck_g = 0.0
        self.front_rows: list[float] = [0.0] * 4

    def _stand(self, floor: Floor, chassis: Chassis) -> None:
        """Work out how each axle's load reaches the rows, from where it stands now."""
        self._stale = self.still = False
        towards = 1.0 if self.end == YARD else -1.0
        start = 0.0 if self.end == YARD else self._layout.platform_m
        under = floor.at(start + towards * (self.s_m - self._axles_m))
        self._shares = under[:, :4]
        on_deck: list[float] = np.dot(self._static_g, self._shares).tolist()
        self.on_deck_g = sum(on_deck)
        self.front_rows = self._shares[0].tolist()
        if self._fresh:
            chassis.settle(under[:, 4])
            self._fresh = False
        chassis.ground(under[:, 4], under[:, 5] * (towards * self.v_mps))


def _shape(truck: Truck) -> Shape:
    kind = CONFIGURATIONS.get(truck.title)
    return Shape(
        axles_m=tuple(at - truck.axles_m[0] for at in truck.axles_m),
        front_axles=truck.front_axles,
        # A trailer of one axle rests on its drawbar, as a semi-trailer does on its kingpin.
        drawbar=kind is not None and kind.drawbar and kind.trailer_axles > 1,
        air=(truck.front_air, truck.rear_air),
    )


def _engine(rng: Random) -> list[tuple[float, float, float]]:
    """Firing frequency and two slower orders: Hz, phase, grams; four or six cylinders."""
    fire_hz = max(17.0, min(47.0, rng.gauss(30.0, 7.5)))
    orders = (1.0, 1 / 3, 1 / 6) if rng.random() < 0.6 else (1.0, 1 / 2, 1 / 4)
    sizes = (
        _log_between(rng, 2_200.0, 20_000.0),
        *(_log_between(rng, 150.0, 1_200.0) for _ in "ab"),
    )
    return [
        (fire_hz * order, rng.uniform(0, 2 * pi), size)
        for order, size in zip(orders, sizes, strict=True)
    ]


def _log_between(rng: Random, low: float, high: float) -> float:
    return exp(rng.uniform(log(low), log(high)))
