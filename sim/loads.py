"""What is on the deck, or under it, and is no vehicle: people, mud, rain, things, props.

Everything here is slow beside the deck's own modes, so that it is laid onto the cells at rest and
in bulk, when the samples are taken: a yard without such loads does nothing for them.  ``x_m``
counts from the yard end of the platform, ``y_m`` from its middle line, left (seen towards the
road) positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.scale import Cells

Seconds = NDArray[np.float64]
Kilograms = NDArray[np.float64]
FOR_GOOD_US = 2**62

_FILTER_US = 18_750
"""What the converter's filter shows is one and a half samples old."""
_STEP_ON_S = 0.6
_WALK_MPS = 1.3
_HARMONICS = ((1, 0.37), (2, 0.10), (3, 0.06))
_DECK_WIDTH_M = 3.2
_DROP_G, _DROP_MPS = 0.008, 7.0
_NOISE_TICKS = 800


class DeckLoad(Protocol):
    """Anything that changes what the cells carry, beside the vehicles.

    ``under`` tells what stands under the deck and takes a share of all that is on it.
    """

    under: ClassVar[bool]

    @property
    def ends_us(self) -> int:
        """When it has ended, ``FOR_GOOD_US`` if it stays."""
        ...

    def acts(self, from_us: int, to_us: int) -> bool:
        """Tell whether it does anything in this stretch of time."""
        ...

    def grams(self, now_us: int) -> int:
        """What it adds to the cells' sum at rest, for those who keep the truth."""
        ...

    def lay(self, t_us: NDArray[np.int64], kg: Kilograms, cells: Cells) -> None:
        """Add what it gives each cell to ``kg`` (n, cells) at the times (n,)."""
        ...


class Thing(Struct, frozen=True, kw_only=True):
    """A dead load: mud, a stone, a pallet; ``grams_at`` are points (us, g), straight between.

    Before the first point there is nothing; after the last one its grams stay.
    """

    under: ClassVar[bool] = False
    grams_at: tuple[tuple[int, int], ...]
    x_m: float
    y_m: float = 0.0

    @classmethod
    def lying(
        cls, grams: int, x_m: float, y_m: float = 0.0, *, from_us: int, until_us: int = FOR_GOOD_US
    ) -> Thing:
        """Return a thing that lies there from one moment until another."""
        points = [(from_us, grams)]
        if until_us != FOR_GOOD_US:
            points += [(until_us, grams), (until_us + 1, 0)]
        return cls(grams_at=tuple(points), x_m=x_m, y_m=y_m)

    @property
    def ends_us(self) -> int:
        """When it is gone."""
        last_us, last_g = self.grams_at[-1]
        return FOR_GOOD_US if last_g else last_us

    def acts(self, from_us: int, to_us: int) -> bool:
        """Tell whether it lies there in this stretch of time."""
        return self.grams_at[0][0] <= to_us and from_us - _FILTER_US <= self.ends_us

    def grams(self, now_us: int) -> int:
        """What it weighs now."""
        return round(float(self._kg(np.array([now_us], np.int64))[0]) * 1000)

    def lay(self, t_us: NDArray[np.int64], kg: Kilograms, cells: Cells) -> None:
        """Add its weight where it lies."""
        weight = self._kg(t_us - _FILTER_US)
        kg += weight[:, None] * cells.shares(np.full(len(t_us), self.x_m), self.y_m)

    def _kg(self, t_us: NDArray[np.int64]) -> Kilograms:
        times, grams = zip(*self.grams_at, strict=True)
        return np.asarray(np.interp(t_us, times, grams, left=0.0) / 1000)


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who steps onto the deck, walks from ``x_m`` to ``to_x_m``, stands, and steps off.

    A walk presses with the first three harmonics of its pace (ISO 10137:2007 Annex A: 0.37 (f-1),
    0.1 and 0.06 of the weight; f about 1.9 Hz).  With ``paces`` it goes to and fro to the end.
    """

    under: ClassVar[bool] = False
    weight_g: int
    from_us: int
    until_us: int
    x_m: float
    to_x_m: float
    y_m: float = 0.0
    paces: bool = False
    step_hz: float = 1.9

    @property
    def ends_us(self) -> int:
        """When the person has stepped off."""
        return self.until_us

    def acts(self, from_us: int, to_us: int) -> bool:
        """Tell whether the person is on the deck in this stretch of time."""
        return from_us - _FILTER_US < self.until_us and self.from_us <= to_us

    def grams(self, now_us: int) -> int:
        """The weight while on the deck."""
        return self.weight_g if self.from_us <= now_us < self.until_us else 0

    def lay(self, t_us: NDArray[np.int64], kg: Kilograms, cells: Cells) -> None:
        """Add the weight and the pace of it where the person is."""
        since = (t_us - _FILTER_US - self.from_us) / 1e6
        stays = (self.until_us - self.from_us) / 1e6
        on = np.clip(np.minimum(since, stays - since) / _STEP_ON_S, 0.0, 1.0)
        x, walks = self._walk(since)
        pace = np.zeros(len(since))
        for k, part in _HARMONICS:
            size = part * (self.step_hz - 1.0) if k == 1 else part
            pace += size * np.sin(2 * np.pi * k * self.step_hz * since)
        weight = self.weight_g / 1000 * on * (1.0 + walks * pace)
        kg += weight[:, None] * cells.shares(x, self.y_m)

    def _walk(self, since: Seconds) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Where the person is, and whether on the move."""
        way = self.to_x_m - self.x_m
        gone = np.maximum(since, 0.0) * _WALK_MPS / max(abs(way), 1e-3)
        if self.paces and way:
            gone = gone % 2.0
            return self.x_m + way * np.where(gone > 1.0, 2.0 - gone, gone), since > 0.0
        return self.x_m + way * np.minimum(gone, 1.0), gone < 1.0


class Rain(Struct, frozen=True, kw_only=True):
    """Water that gathers on the deck, runs off to a film, and dries.

    While it rains at r kg/s the water obeys dW/dt = r - W/T with T = ``runs_off_s``; afterwards it
    runs off with T to a film of ``film_g``, which dries evenly within ``dries_s``.  Drops of 8 mg
    at 7 m/s are shot noise on the cells: about five grams rms at 10 mm/h.
    """

    under: ClassVar[bool] = False
    mm_per_h: float
    from_us: int
    until_us: int
    seed: int
    runs_off_s: float = 150.0
    film_g: int = 15_000
    dries_s: float = 1_800.0

    @property
    def ends_us(self) -> int:
        """When the deck is dry again."""
        return self.until_us + round(max(self.dries_s, 8 * self.runs_off_s) * 1e6)

    def acts(self, from_us: int, to_us: int) -> bool:
        """Tell whether it rains, or the deck is wet, in this stretch of time."""
        return self.from_us <= to_us and from_us - _FILTER_US < self.ends_us

    def grams(self, now_us: int) -> int:
        """What the water weighs now."""
        return round(float(self._kg(np.array([now_us]), 20.0)[0]) * 1000)

    def lay(self, t_us: NDArray[np.int64], kg: Kilograms, cells: Cells) -> None:
        """Add the water evenly, and the drops cell by cell."""
        t = t_us - _FILTER_US
        count = kg.shape[1]
        kg += self._kg(t, cells.platform_m)[:, None] / count
        rms_kg = self._drops_kg(cells.platform_m) / sqrt(count)
        wet = (t >= self.from_us) & (t < self.until_us)
        kg[wet] += rms_kg * self._noise(t_us, count)[wet]

    def _rate(self, platform_m: float) -> float:
        return self.mm_per_h * platform_m * _DECK_WIDTH_M / 3600

    def _kg(self, t_us: NDArray[np.int64], platform_m: float) -> Kilograms:
        full = self._rate(platform_m) * self.runs_off_s
        lasted = (self.until_us - self.from_us) / 1e6
        rising = full * (
            1 - np.exp(-np.clip((t_us - self.from_us) / 1e6, 0, lasted) / self.runs_off_s)
        )
        after = np.maximum((t_us - self.until_us) / 1e6, 0.0)
        film = np.minimum(self.film_g / 1000, rising)
        drying = np.maximum(1 - after / self.dries_s, 0.0)
        return np.asarray((rising - film) * np.exp(-after / self.runs_off_s) + film * drying)

    def _drops_kg(self, platform_m: float) -> float:
        """Campbell: rms of n pulses a second of p newton seconds, seen in a band of 20 Hz."""
        a_second = self._rate(platform_m) * 1000 / _DROP_G
        pulse_ns = _DROP_G / 1000 * _DROP_MPS
        return pulse_ns * sqrt(2 * a_second * 20.0) / 9.81

    def _noise(self, t_us: NDArray[np.int64], count: int) -> NDArray[np.float64]:
        """The same noise at the same tick, however time is cut."""
        ticks = t_us // 12_500
        blocks = range(int(ticks[0]) // _NOISE_TICKS, int(ticks[-1]) // _NOISE_TICKS + 1)
        drawn = [
            np.random.default_rng([self.seed, b]).standard_normal((_NOISE_TICKS, count))
            for b in blocks
        ]
        return np.asarray(np.concatenate(drawn)[ticks - blocks[0] * _NOISE_TICKS])


class Prop(Struct, frozen=True, kw_only=True):
    """Something wedged under the deck beside the cell nearest to it (facts/cheats.md K3).

    It carries ``share`` of what that cell would see above ``gap_g``, the load that it takes until
    the deck touches it; ``lifts_g`` it bears already while the deck is empty.
    """

    under: ClassVar[bool] = True
    share: float
    x_m: float
    y_m: float
    from_us: int
    until_us: int = FOR_GOOD_US
    gap_g: int = 0
    lifts_g: int = 0

    @property
    def ends_us(self) -> int:
        """When it is taken away."""
        return self.until_us

    def acts(self, from_us: int, to_us: int) -> bool:
        """Tell whether it stands there in this stretch of time."""
        return from_us < self.until_us and self.from_us <= to_us

    def grams(self, now_us: int) -> int:
        """What it takes off the empty deck."""
        return -self.lifts_g if self.from_us <= now_us < self.until_us else 0

    def lay(self, t_us: NDArray[np.int64], kg: Kilograms, cells: Cells) -> None:
        """Take its share from the nearest cell."""
        cell = cells.nearest(self.x_m, self.y_m)
        there = (t_us >= self.from_us) & (t_us < self.until_us)
        above = np.maximum(kg[:, cell] - self.gap_g / 1000, 0.0)
        kg[:, cell] -= np.where(there, self.share * above + self.lifts_g / 1000, 0.0)


def laid(
    loads: Sequence[DeckLoad], t_us: NDArray[np.int64], kg: Kilograms | None, cells: Cells
) -> Kilograms | None:
    """Return the cells' loads (n, cells) in kg with all that lies on the deck; None for nothing.

    ``kg`` is what the vehicles give, None for an empty deck; it is not changed.
    """
    if not len(t_us):
        return kg
    acting = [x for x in loads if x.acts(int(t_us[0]), int(t_us[-1]))]
    if not acting:
        return kg
    whole = np.zeros((len(t_us), len(cells.counts_per_kg))) if kg is None else kg.copy()
    for load in sorted(acting, key=lambda x: x.under):
        load.lay(t_us, whole, cells)
    return whole


def burden_g(loads: Sequence[DeckLoad], now_us: int) -> int:
    """What all of it adds to the cells' sum at this moment, grams."""
    return sum(load.grams(now_us) for load in loads)
