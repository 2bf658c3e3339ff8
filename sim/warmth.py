"""Cells that feel the weather and their load: temperature of zero and span, and creep.

Within what OIML R 60-1:2017 lets a cell of class C3 do: here about a third of it.  A yard whose day
states no temperature has none of this.
"""

from __future__ import annotations

from math import exp, pi, sin
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sim.loads import FOR_GOOD_US

if TYPE_CHECKING:
    from sim.scale import Cells

CALIBRATED_C = 20.0
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
_CHINA_H, _MEAN_H = 8, 9
_TICK_US = 12_500
_ZERO_KG_K, _SPAN_1_K = 0.1, 6e-6
_CREEP, _CREEP_S = 6e-5, 240.0


class Warmth(Struct, frozen=True, kw_only=True):
    """The day's temperature: a mean, and a swing that is greatest at three in the afternoon."""

    mean_c: float
    swing_k: float = 5.0

    def celsius(self, wall_ms: float) -> float:
        """Degrees at a wall time, milliseconds since 1970 UTC."""
        hour = (wall_ms % _DAY_MS) / _HOUR_MS + _CHINA_H
        return self.mean_c + self.swing_k * sin(2 * pi * (hour - _MEAN_H) / 24)


class Drift:
    """What warmth and creep do to the cells, as a load on all of them (``sim.loads.DeckLoad``).

    Each cell's zero and span go with the temperature since calibration; of each load a small part
    comes late, as dc/dt = (load - c)/T, and leaves late.
    """

    under: ClassVar[bool] = False

    def __init__(self, warmth: Warmth, wall_start_ms: int, site_seed: int) -> None:
        rng = np.random.default_rng([site_seed, 4])
        self._warmth = warmth
        self._start_ms = wall_start_ms
        self._zero_kg_k = rng.normal(0.0, _ZERO_KG_K, 8)
        self._span_1_k = rng.normal(0.0, _SPAN_1_K, 8)
        self._creep = float(rng.normal(0.0, _CREEP))
        self._crept_kg = np.zeros(8)
        self._keep = exp(-_TICK_US / 1e6 / _CREEP_S)

    @property
    def ends_us(self) -> int:
        """It never ends."""
        return FOR_GOOD_US

    def acts(self, from_us: int, to_us: int) -> bool:
        """Always."""
        return True

    def grams(self, now_us: int) -> int:
        """Nothing: it is no load, the cells only say so."""
        return 0

    def lay(self, t_us: NDArray[np.int64], kg: NDArray[np.float64], cells: Cells) -> None:
        """Change what the cells say at these ticks, which follow those of the call before."""
        above_k = self._warmth.celsius(self._start_ms + float(t_us[0]) / 1000) - CALIBRATED_C
        crept = np.empty_like(kg)
        for i, row in enumerate(kg):
            self._crept_kg += (1 - self._keep) * (row - self._crept_kg)
            crept[i] = self._crept_kg
        kg += self._creep * (crept - kg)
        kg += kg * (self._span_1_k * above_k) + self._zero_kg_k * above_k
