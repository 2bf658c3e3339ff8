"""What a fitting estimator looks at: the load since the last axle, and how noisy it is."""

import statistics
from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.slow import GRID_US, Slow
from sensors.sums import row_sums

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
        self._newest_g: FloatArray = np.zeros(0)
        self._seen = 0
        self._start_us = 2**62
        lags = np.arange(POINTS_MAX + 2)
        self._drift = self._wander(np.abs(lags[:, None] - lags[None]))

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._start_us = at_us

    def push(self, t_us: IntArray, rows_g: FloatArray, usable: BoolArray) -> None:
        """Take samples (n,) with grams (n, columns); unusable rows count as missing."""
        self._slow.push(t_us, rows_g, usable)
        load_g = row_sums(rows_g)
        self._see(load_g if usable.all() else load_g[usable])

    def push_ticks(self, t_us: IntArray, rows_g: FloatArray, tick: int) -> None:
        """Take whole ticks as `push` would one after the other; all is usable."""
        self._slow.push_ticks(t_us, rows_g, tick)
        self._see(row_sums(rows_g))

    def _see(self, load_g: FloatArray) -> None:
        self._seen += len(load_g)
        most = (NOISE_MEMORY + 1) * self._per_look + 2
        self._newest_g = np.concatenate((self._newest_g, load_g))[-most:]

    def newest(self) -> tuple[IntArray, FloatArray] | None:
        """Times (n,) and means (n, columns) of the points that are there, None of too few."""
        grid_us, means = self._slow.since(self._start_us, POINTS_MAX)
        known = ~np.isnan(means[:, 0])
        if int(known.sum()) < POINTS_MIN:
            return None
        return grid_us[known], means[known]

    def noise_g(self) -> float:
        """What the samples' roughness leaves in a point of the sum; a fit may know better."""
        looks_g = self._looks_g()
        rough_g = statistics.median(looks_g) if looks_g else 0.0
        return NOISE_E * self._e_g + NOISE_LEFT * rough_g

    def _looks_g(self) -> list[float]:
        """The roughness of the newest looks, which are even pieces of the stream from its start."""
        per_look = self._per_look
        looks = max(0, (self._seen - 2) // per_look)
        count = min(looks, NOISE_MEMORY)
        begin = (looks - count) * per_look - (self._seen - len(self._newest_g))
        load_g = self._newest_g[begin : begin + count * per_look + 2]
        rough_g = np.abs(np.diff(load_g, n=2) / 2).reshape(count, per_look)
        return [float(look_g) for look_g in row_sums(rough_g) / per_look]

    def drift(self, index: IntArray) -> FloatArray:
        """Covariance (n, n) of wind and creeping springs at grid steps, grams squared."""
        n = len(index)
        if int(index[-1]) - int(index[0]) == n - 1:
            return self._drift[:n, :n].copy()
        return self._wander(np.abs(index[:, None] - index[None]))

    def _wander(self, lag: IntArray) -> FloatArray:
        lag_s = lag * (GRID_US / 1e6)
        return np.asarray((DRIFT_E * self._e_g) ** 2 * np.exp(-lag_s / DRIFT_S))
