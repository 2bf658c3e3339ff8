"""A vehicle on its way through the lane: where it is, how it rolls, how it shakes the deck.

``s_m`` is the front bumper's distance past the deck edge by which the vehicle comes, so that every
vehicle drives from low to high ``s_m`` whichever way it goes; ``x_m`` counts from the yard end.
"""

from __future__ import annotations

from math import pi, sin, sqrt
from random import Random

from hal.ports import RegisterEntry
from sim.dynamics import Suspension
from sim.layout import Layout
from sim.profile import Interval, covers, overlaps
from sim.scale import STEP_S, TICK_US
from sim.truck import Truck

GRAVITY = 9.81
PATCH_HALF_M = 0.12
"""Half a tyre's contact patch: over this length an axle comes onto the deck."""

CELLS_APART_M = 2.9
YARD, ROAD = 0, 1
_TICK_S = TICK_US / 1_000_000


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
        self._rng = rng
        self._fire_hz = rng.uniform(17.0, 42.0)
        self._idle_g = rng.uniform(3_000.0, 16_000.0)
        self._phase = rng.uniform(0, 2 * pi)
        self._bumps = [False] * len(truck.axles_m)
        self._stale = True
        self._static = [0.0] * 4
        self._gains: list[tuple[list[float], list[float]]] = []
        self._load(load_g)

    @property
    def mass_g(self) -> int:
        """The true mass now."""
        return self.truck.tare_g + self.load_g

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

    def spans(self, end: int, out_m: float) -> bool:
        """Tell whether any of the vehicle, between its bumpers, stands over this line."""
        return self.present and 0.0 <= self.s_m - self._place(end, out_m) <= self.truck.length_m

    def near_deck(self) -> bool:
        """Tell whether a tyre may touch the platform now."""
        first, last = self.truck.axles_m[0], self.truck.axles_m[-1]
        return (
            self.s_m - first > -PATCH_HALF_M
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
        if not self.present:
            return 0
        return sum(self._share(i) > 0.0 for i in range(len(self.truck.axles_m)))

    def wholly_on_deck(self) -> bool:
        """Tell whether every axle stands on the platform with all of its tyres."""
        return self.present and all(self._share(i) >= 1.0 for i in range(len(self.truck.axles_m)))

    def roll(self, acceleration: float) -> None:
        """Move on by one tick."""
        self.a_mps2 = acceleration
        v = self.v_mps + acceleration * _TICK_S
        if self.v_mps != 0.0 and v * self.v_mps <= 0.0:
            v = 0.0
        if v or self.v_mps:
            self.s_m += (v + self.v_mps) * 0.5 * _TICK_S
            self._stale = True
        self.v_mps = v

    def shake(self) -> None:
        """Move the suspensions on by one physics step."""
        for unit, suspension in enumerate(self._suspensions):
            suspension.step(-self.a_mps2 * self._transfer[unit])

    @property
    def at_rest(self) -> bool:
        """Whether it stands and has stopped swaying."""
        return self.v_mps == 0.0 and all(s.at_rest for s in self._suspensions)

    def add_rows(self, rows: list[float], row_x_m: tuple[float, ...], t_s: float) -> float:
        """Add this vehicle's load to the rows of cells; return its mass on the deck in grams."""
        if self._stale:
            self._spread(row_x_m)
        idle = 0.0
        if self.engine_on:
            idle = self._idle_g * sin(2 * pi * self._fire_hz * t_s + self._phase)
        static, added = self._static, 0.0
        for i in (0, 1, 2, 3):
            added += static[i]
            rows[i] += static[i]
        for suspension, (heave, pitch) in zip(self._suspensions, self._gains, strict=True):
            h, p = suspension.heave_g + idle, suspension.pitch_g
            idle = 0.0
            for i in (0, 1, 2, 3):
                rows[i] += h * heave[i] + p * pitch[i]
        return added

    def _place(self, end: int, out_m: float) -> float:
        return -out_m if end == self.end else self._layout.platform_m + out_m

    def _share(self, i: int) -> float:
        s = self.s_m - self.truck.axles_m[i]
        inside = min(s, self._layout.platform_m - s)
        return max(0.0, min(1.0, (inside + PATCH_HALF_M) / (2 * PATCH_HALF_M)))

    def _load(self, load_g: int) -> None:
        self.load_g = load_g
        self._masses = self.truck.axle_masses_g(load_g)
        self._suspensions: list[Suspension] = []
        self._transfer: list[float] = []
        self._pitch_shares: list[float] = []
        cut = self.truck.front_axles
        for axles, air in ((range(cut), self.truck.front_air), (self._rear(), self.truck.rear_air)):
            if len(axles):
                self._add_unit(list(axles), air)
        self._stale = True

    def _rear(self) -> range:
        return range(self.truck.front_axles, len(self.truck.axles_m))

    def _add_unit(self, axles: list[int], air: bool) -> None:
        mass = sum(self._masses[i] for i in axles)
        hz = self._rng.uniform(2.7, 3.7) * sqrt(9e6 / (mass / len(axles) + 5e6))
        coupling = self._rng.uniform(-0.3, 0.3)
        self._suspensions.append(
            Suspension(mass_g=mass, air=air, frequency_hz=hz, coupling=coupling, dt_s=STEP_S)
        )
        base = max(3.5, self.truck.axles_m[axles[-1]] - self.truck.axles_m[axles[0]])
        self._transfer.append(mass * self._rng.uniform(1.0, 1.5) / (GRAVITY * base))
        rear = axles[1:] or axles
        self._pitch_shares.append(1.0 if len(axles) > 1 else 0.0)
        self._pitch_shares += [-1.0 / len(rear)] * (len(axles) - 1)

    def _spread(self, row_x_m: tuple[float, ...]) -> None:
        """Work out how each axle's load reaches the rows, from where it stands now."""
        self._stale = False
        self._static = [0.0] * 4
        self._gains = [([0.0] * 4, [0.0] * 4) for _ in self._suspensions]
        unit_masses = self._unit_masses()
        for i, mass in enumerate(self._masses):
            share = self._share(i)
            self._bump(i, share)
            if share == 0.0:
                continue
            unit = 0 if i < self.truck.front_axles else 1
            heave, pitch = self._gains[unit]
            for row, part in _levers(self._axle_x(i), row_x_m):
                weight = share * part
                self._static[row] += mass * weight
                heave[row] += mass / unit_masses[unit] * weight
                pitch[row] += self._pitch_shares[i] * weight

    def _unit_masses(self) -> tuple[float, float]:
        cut = self.truck.front_axles
        return sum(self._masses[:cut]), sum(self._masses[cut:]) or 1.0

    def _axle_x(self, i: int) -> float:
        s = self.s_m - self.truck.axles_m[i]
        return s if self.end == YARD else self._layout.platform_m - s

    def _bump(self, i: int, share: float) -> None:
        """Kick the suspension when a wheel rolls over the edge of the platform, once an edge."""
        on_edge = 0.0 < share < 1.0
        if on_edge and not self._bumps[i]:
            unit = self._suspensions[0 if i < self.truck.front_axles else 1]
            kick = self._masses[i] * self.v_mps * self._rng.uniform(0.15, 0.6)
            unit.heave_v += kick * self._rng.choice((-1.0, 1.0))
            unit.pitch_v += kick * self._rng.uniform(-0.7, 0.7)
        self._bumps[i] = on_edge


def _levers(x: float, row_x_m: tuple[float, ...]) -> tuple[tuple[int, float], ...]:
    """Split a load at ``x`` between the two rows beside it."""
    if x <= row_x_m[0]:
        return ((0, 1.0),)
    for i in range(1, len(row_x_m)):
        if x <= row_x_m[i]:
            part = (x - row_x_m[i - 1]) / (row_x_m[i] - row_x_m[i - 1])
            return ((i - 1, 1.0 - part), (i, part))
    return ((len(row_x_m) - 1, 1.0),)
