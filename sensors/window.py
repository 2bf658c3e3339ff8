"""What a fitting estimator looks at: the load since the last axle, and how noisy it is."""

from collections import deque
from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.slow import GRID_US, Slow

POINTS_MAX: Final = 70
POINTS_MIN: Final = 10
NOISE_E: Final = 0.05
NOISE_LEFT: Final = 0.45
NOISE_S: Final = 0.1
NOISE_MEMORY: Final = 10
DRIFT_E: Final = 0.15
DRIFT_S: Final = 1.5


class Window:
    """Up to 3.5 s of an even record on `columns` channels since the last restart, in grams."""

    def __init__(self, scale: Scale, columns: int) -> None:
        self._e_g = float(scale.e_g)
        self._slow = Slow(columns, scale.rate_hz, POINTS_MAX + 2)
        self._per_look = max(4, round(NOISE_S * scale.rate_hz))
        self._last_g: FloatArray = np.zeros(0)
        self._rough_g: deque[float] = deque(maxlen=NOISE_MEMORY)
        self._start_us = 2**62

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._start_us = at_us

    def push(self, t_us: IntArray, rows_g: FloatArray, usable: BoolArray) -> None:
        """Take samples (n,) with grams (n, columns); unusable rows count as missing."""
        self._slow.push(t_us, rows_g, usable)
        self._last_g = np.concatenate((self._last_g, rows_g[usable].sum(axis=1)))
        while len(self._last_g) >= self._per_look + 2:
            rough = np.diff(self._last_g[: self._per_look + 2], n=2) / 2
            self._rough_g.append(float(np.mean(np.abs(rough))))
            self._last_g = self._last_g[self._per_look :]

    def newest(self) -> tuple[IntArray, FloatArray] | None:
        """Times (n,) and means (n, columns) of the points that are there, None of too few."""
        grid_us, means = self._slow.since(self._start_us, POINTS_MAX)
        known = ~np.isnan(means[:, 0])
        if int(known.sum()) < POINTS_MIN:
            return None
        return grid_us[known], means[known]

    def noise_g(self) -> float:
        """What the samples' roughness leaves in a point of the sum; a fit may know better."""
        rough_g = float(np.median(self._rough_g)) if self._rough_g else 0.0
        return NOISE_E * self._e_g + NOISE_LEFT * rough_g

    def drift(self, index: IntArray) -> FloatArray:
        """Covariance (n, n) of wind and creeping springs at grid steps, grams squared."""
        lag_s = np.abs(index[:, None] - index[None]) * (GRID_US / 1e6)
        return np.asarray((DRIFT_E * self._e_g) ** 2 * np.exp(-lag_s / DRIFT_S))
