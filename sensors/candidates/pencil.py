"""The weight as the constant beside poles that a matrix pencil finds in the free ringing.

From the stop on the load of every row of cells is a constant and a few damped sinusoids with the
same poles. The shift between two halves of the stacked Hankel matrices of the rows has these
poles as eigenvalues (ESPRIT; Roy and Kailath 1989, Hua and Sarkar 1990); constants and amplitudes
follow by least squares. Every order is tried, and each has the say that Schwarz's criterion gives
it. The uncertainty is the Cramér-Rao one of each order with all poles unknown, and how far the
orders disagree. Nothing before the stop is used: there the road drives, and the swing is not free.
"""

from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.damped import esprit, gross_error, left_over, sensitivities
from sensors.estimator import KICK_LEAD_US, Estimate, Looks
from sensors.slow import GRID_US
from sensors.window import Window

POINTS_MIN: Final = 12
MISSING_MAX: Final = 0.1
MODES_MAX: Final = 4


class Pencil:
    """Poles from all rows of cells since the stop, then the gross."""

    def __init__(self, scale: Scale) -> None:
        x_m = scale.x_m()
        self._rows = np.stack([x_m == x for x in sorted(set(x_m.tolist()))], axis=1)
        self._window = Window(scale, self._rows.shape[1])
        self._looks = Looks(scale.e_g)

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._window.restart(at_us)
        self._looks.restart()

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples; unusable rows count as missing."""
        self._window.push(t_us, cells_g @ self._rows, usable)

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """Fit the newest points since the stop, at most 3.5 s; None before there are twelve."""
        newest = self._window.newest()
        if newest is None or stopped_us is None:
            return None
        grid_us, rows_g = newest
        free = grid_us >= stopped_us - KICK_LEAD_US
        grid_us, rows_g = grid_us[free], rows_g[free]
        if len(grid_us) < POINTS_MIN:
            return None
        filled_g = _even(grid_us, rows_g)
        if len(filled_g) * (1 - MISSING_MAX) > len(grid_us):
            return None
        found = _gross(filled_g, self._window.noise_g())
        if found is None:
            return None
        weight_g, variance = found
        # Wind and creeping springs move the whole window, which no residual shows.
        variance += float(self._window.drift((grid_us - grid_us[0]) // GRID_US).mean())
        return Estimate(
            weight_g=weight_g,
            u95_g=self._looks.u95_g(weight_g, variance),
            window_us=int(grid_us[-1] - grid_us[0]),
        )


def _even(grid_us: IntArray, rows_g: FloatArray) -> FloatArray:
    """The rows with the few missing points on the line between their neighbours."""
    at = np.arange(int(grid_us[0]), int(grid_us[-1]) + 1, GRID_US)
    return np.stack([np.interp(at, grid_us, row) for row in rows_g.T], axis=1)


def _gross(rows_g: FloatArray, noise_g: float) -> tuple[float, float] | None:
    """The gross over all orders and its variance; None where no order has more points than it."""
    n, channels = rows_g.shape
    step_s = GRID_US / 1e6
    t_s = np.asarray(np.arange(n) * step_s, np.float64)
    floor = np.eye(channels) * noise_g**2 / channels
    says: list[tuple[float, float, float]] = []
    for poles in esprit(rows_g - rows_g.mean(axis=0), step_s, MODES_MAX):
        many = len(poles)
        if not 1 <= many <= MODES_MAX or n < 2 * many + 4:
            continue
        levels, noise = left_over(t_s, rows_g, poles)
        noise = noise + floor
        white = sensitivities(t_s, poles, levels, noise).reshape(n * channels, -1)
        error_g = gross_error(white.T @ white, len(levels), channels)
        log_size = float(np.linalg.slogdet(noise)[1])
        score = n * log_size + (channels * len(levels) + 2 * many) * np.log(n * channels)
        says.append((score, float(levels[0].sum()), error_g**2))
    if not says:
        return None
    score, weights, variances = (np.array(column) for column in zip(*says, strict=True))
    share = np.exp(-(score - score.min()) / 2)
    share /= share.sum()
    weight = float(share @ weights)
    return weight, float(share @ (variances + (weights - weight) ** 2))
