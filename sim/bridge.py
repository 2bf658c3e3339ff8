"""The weighbridge under its vehicles: from what the tyres press to what the converter is given."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.road import Ground
from sim.scale import Cells, Converter, DeckMotion
from sim.vehicle import PATCH_HALF_M, Vehicle
from sim.wind import Wind

Floats = NDArray[np.float64]
_FINE_M = 0.002
_BEYOND_M = 30.0
_NOTHING = np.zeros(8)
_HUM_TICKS = 160
_DECK_SETTLES_TICKS = 120


class Floor:
    """A table along the lane: the rows' shares of a wheel there (4), height, slope."""

    def __init__(self, cells: Cells, ground: Ground) -> None:
        x = np.arange(-_BEYOND_M, cells.platform_m + _BEYOND_M, _FINE_M)
        inside = np.minimum(x, cells.platform_m - x)
        share = np.clip((inside + PATCH_HALF_M) / (2 * PATCH_HALF_M), 0.0, 1.0)
        along = np.stack([np.interp(x, cells.row_x_m, row) for row in np.eye(4)], 1)
        self._table = np.column_stack([along * share[:, None], *ground.under(x)])

    def at(self, x_m: Floats) -> Floats:
        """The rows (n, 6) of the table at these places, which lie within reach of the deck."""
        return self._table[((x_m + _BEYOND_M) * (1 / _FINE_M)).astype(np.intp)]


@lru_cache(maxsize=64)
def floor_of(platform_m: float, site_seed: int) -> Floor:
    """The floor of a site; it is the same for every run there."""
    cells = Cells(platform_m, site_seed)
    return Floor(cells, Ground(platform_m, cells.row_x_m[1:-1], site_seed))


class Bridge:
    """Takes each tick from the vehicles to the converter.

    Once all that stands on the deck has come to rest, what is left (wind, idling engines) is worked
    out ``_AHEAD_TICKS`` at a time, and thrown away as soon as something moves.
    """

    def __init__(self, converter: Converter, motion: DeckMotion, wind: Wind, floor: Floor) -> None:
        self._converter = converter
        self._motion = motion
        self._wind = wind
        self._floor = floor
        self._still = True
        self._band = -1
        self._on_deck: list[Vehicle] = []
        self._settled = 0
        self._hums: list[Floats] = []
        self._hum_lists: list[list[float]] = []
        self._hum_at = _HUM_TICKS
        self._ahead: list[tuple[float, ...]] = []
        self._ahead_for: list[Vehicle] = []

    @property
    def still(self) -> bool:
        """Whether the deck is empty and at rest."""
        return self._still

    def tick(self, present: list[Vehicle], tick: int) -> None:
        """Weigh one tick of what is present in the lane."""
        if self._ahead:
            if present == self._ahead_for and _all_still(present):
                self._wind.skip(1)
                self._hum_at += 1
                self._converter.add(self._ahead.pop())
                return
            self._ahead = []
        rows = None
        on_deck: list[Vehicle] = []
        for vehicle in present:
            if vehicle.in_reach():
                pressed = vehicle.press(self._floor)
                if vehicle.on_deck_g > 0.0:
                    on_deck.append(vehicle)
                    rows = pressed if rows is None else rows + pressed
        if rows is not None:
            self._loaded(rows, on_deck, present, tick)
        elif self._still:
            self._converter.rest()
        else:
            self._converter.push(self._motion.step(_NOTHING, 0.0), 0.0)
            self._still = self._motion.at_rest
            if self._still:
                self._motion.still()

    def _loaded(
        self, rows: Floats, vehicles: list[Vehicle], present: list[Vehicle], tick: int
    ) -> None:
        self._still = False
        total = moment = 0.0
        for vehicle in vehicles:
            total += vehicle.on_deck_g
            moment += vehicle.on_deck_g * vehicle.lateral_share
        a, b, c, d = shown = self._motion.step(rows, total)
        if self._motion.band != self._band or vehicles != self._on_deck:
            self._band, self._on_deck, self._hum_at = self._motion.band, vehicles, _HUM_TICKS
        if self._hum_at >= _HUM_TICKS:
            self._tune(vehicles, tick)
        wind = self._wind.next_g() * 0.25
        a, b, c, d = a + wind, b + wind, c + wind, d + wind
        for vehicle, hums in zip(vehicles, self._hum_lists, strict=True):
            hum, front = hums[self._hum_at], vehicle.front_rows
            a += hum * front[0]
            b += hum * front[1]
            c += hum * front[2]
            d += hum * front[3]
        self._hum_at += 1
        bias = moment / total
        self._converter.push((a, b, c, d), bias)
        self._settled = self._settled + 1 if _all_still(present) else 0
        if self._settled >= _DECK_SETTLES_TICKS:
            self._look_ahead(shown, bias, vehicles, present)

    def _tune(self, vehicles: list[Vehicle], tick: int) -> None:
        """Work out the next block of what the engines hum under the present load."""
        self._hum_at = 0
        self._hums = []
        for vehicle in vehicles:
            vehicle.tune(self._motion.gain)
            self._hums.append(vehicle.hum_g(tick, _HUM_TICKS))
        self._hum_lists = [hums.tolist() for hums in self._hums]

    def _look_ahead(
        self, shown: list[float], bias: float, vehicles: list[Vehicle], present: list[Vehicle]
    ) -> None:
        """Lay up what the cells will carry while nothing moves."""
        ticks = _HUM_TICKS - self._hum_at
        if not ticks:
            return
        rows = np.array(shown) + self._wind.ahead_g(ticks)[:, None] * 0.25
        for vehicle, hums in zip(vehicles, self._hums, strict=True):
            rows += hums[self._hum_at :, None] * np.array(vehicle.front_rows)
        sides = np.array([0.0005 + bias * 0.001, 0.0005 - bias * 0.001])
        cells_kg = (rows[:, :, None] * sides).reshape(ticks, 8)
        self._ahead = [tuple(row) for row in cells_kg[::-1].tolist()]
        self._ahead_for = present


def _all_still(present: list[Vehicle]) -> bool:
    return all(vehicle.still or not vehicle.in_reach() for vehicle in present)
