"""Zero: set it, follow it, and never touch it with anything on the deck (R 76 4.5)."""

from collections import deque
from copy import copy
from typing import Final, Self

import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.sums import total

INITIAL_SHARE_MAX: Final = 0.02
RANGE_SHARE_MAX: Final = 0.04
TRACKING_D_PER_S: Final = 0.5
TRACKING_REACH_D: Final = 1.0
NEGATIVE_US: Final = 5_000_000
DELAY_TICKS: Final = 5
TAU_S: Final = 4.0


class ZeroKeeper:
    """The zero of every cell in grams above its calibrated zero.

    The caller says once a tick whether the deck is surely empty and steady; only then anything
    moves. What a tick shows is used half a second later, if the deck is still empty by then, so
    the first tyre on the edge is never taken for drift.

    R 76 allows up to 20 % of Max for the initial setting. We take 2 %: a light vehicle on the
    deck at power-up is more than that of most scales, and must not become the zero.
    """

    def __init__(self, scale: Scale) -> None:
        self._d_g = float(scale.d_g)
        self._max_g = float(scale.max_g)
        self.offsets_g: FloatArray = np.zeros(len(scale.cells))
        self.is_set = False
        self._set_sum_g = 0.0
        self._age_s = 1.0
        self._waiting: deque[FloatArray] = deque(maxlen=DELAY_TICKS)
        self._below_since_us: int | None = None

    def copy(self) -> Self:
        """Another that stands as this one does."""
        other = copy(self)
        other._waiting = self._waiting.copy()
        return other

    def sum_g(self) -> float:
        """The zero of the whole deck against the calibration, grams."""
        return total(self.offsets_g)

    def set_initial(self, cells_g: FloatArray) -> bool:
        """Set zero at power-up from the means of an empty, steady deck; False beyond the limit."""
        if abs(float(cells_g.sum())) > INITIAL_SHARE_MAX * self._max_g:
            return False
        self.offsets_g = cells_g.copy()
        self._set_sum_g = self.sum_g()
        self.is_set = True
        return True

    def set_now(self, cells_g: FloatArray) -> bool:
        """Set zero on request of the lane; False beyond 4 % of Max around the initial zero."""
        if abs(float(cells_g.sum()) - self._set_sum_g) > RANGE_SHARE_MAX / 2 * self._max_g:
            return False
        self.offsets_g = cells_g.copy()
        self._waiting.clear()
        return True

    def hold(self) -> None:
        """The deck is not surely empty: drop what was waiting."""
        self._waiting.clear()
        self._below_since_us = None

    def track(self, now_us: int, cells_g: FloatArray, tick_s: float) -> None:
        """Follow slow drift of an empty, steady deck; cells_g are means above the calibration."""
        self._waiting.append(cells_g)
        residual_g = total(cells_g) - self.sum_g()
        if self._reset_below(now_us, residual_g):
            self.set_now(cells_g)
            return
        if len(self._waiting) < DELAY_TICKS:
            return
        self._follow(self._waiting[0], tick_s)

    def _follow(self, cells_g: FloatArray, tick_s: float) -> None:
        step = cells_g - self.offsets_g
        if abs(total(step)) > TRACKING_REACH_D * self._d_g:
            return
        self._age_s = min(self._age_s + tick_s, TAU_S)
        step *= tick_s / self._age_s
        limit_g = TRACKING_D_PER_S * self._d_g * tick_s
        moves_g = abs(total(step))
        if moves_g > limit_g:
            step *= limit_g / moves_g
        if abs(self.sum_g() + total(step) - self._set_sum_g) < self._range_g():
            self.offsets_g = self.offsets_g + step

    def _range_g(self) -> float:
        return RANGE_SHARE_MAX / 2 * self._max_g

    def _reset_below(self, now_us: int, residual_g: float) -> bool:
        """Automatic zero-setting: steady and below zero for five seconds."""
        if residual_g > -TRACKING_REACH_D * self._d_g:
            self._below_since_us = None
            return False
        if self._below_since_us is None:
            self._below_since_us = now_us
        return now_us - self._below_since_us >= NEGATIVE_US
