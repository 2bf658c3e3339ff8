"""The likelihood of a window of load under damped oscillators: what one set of parameters says.

The mean of the window is a few columns (a constant; with the brakes also a step) of free size;
around it oscillators swing, a slow drift wanders and every point has noise. Cost, its gradient and
the Fisher information are those of the likelihood with the columns integrated out.
Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, 2.7 (explicit basis) and
5.4 (marginal likelihood and its derivatives).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from sensors.calibration import FloatArray, IntArray

# Widths of the log-normal priors: frequency, decay and strength of each oscillator; the noise.
PRIOR_SD: Final = (0.45, 0.8, 1.0)
NOISE_SD: Final = 0.7
# After the stop a leaf spring still slips and kicks: this share of the strength stays driven.
DRIVEN_AFTER: Final = 0.03
KICK: Final = 1.0
STEP_MAX: Final = 0.35


class Grid:
    """What all looks of one solve share: lags and the driven and ringing parts of the time."""

    def __init__(
        self,
        index: IntArray,
        stop_index: float,
        step_s: float,
        lag: IntArray,
        earlier: IntArray,
        driven_after: float = DRIVEN_AFTER,
    ) -> None:
        n = len(index)
        self._driven_after = driven_after
        whole = int(index[-1] - index[0]) == n - 1
        at = index - int(index[0])
        self.lag = lag[:n, :n] if whole else np.abs(at[:, None] - at[None])
        self.earlier = earlier[:n, :n]
        self.lag_s = self.lag * step_s
        self.tau_s = np.arange(int(at[-1]) + 1) * step_s
        stop_s = min(max((stop_index - int(index[0])) * step_s, 0.0), 1e3)
        t_s = at * step_s
        self.rings = t_s > stop_s
        self.driven_s = np.minimum(t_s, stop_s)
        self.driven_all_s = stop_s
        self.ringing_s = np.maximum(t_s - stop_s, 0.0)

    def strength(self, decay: float) -> tuple[FloatArray, FloatArray]:
        """Variance of an oscillator of unit strength over time, and its slope in log decay."""
        fading = np.exp(-2 * decay * self.ringing_s)
        after = self._driven_after
        kicked = 1.0 + KICK
        variance = np.where(self.rings, kicked * fading + after * (1 - fading), 1.0)
        slope = np.where(self.rings, (kicked - after) * (-2 * decay * self.ringing_s) * fading, 0.0)
        return variance, slope


class Look:
    """Cost, gradient and Fisher information at one set of parameters (log f, decay, g; noise).

    columns: the mean's shape (n, m), the constant first.
    """

    def __init__(
        self,
        grid: Grid,
        y: FloatArray,
        drift: FloatArray,
        prior: FloatArray,
        p: FloatArray,
        columns: FloatArray,
    ) -> None:
        self.p = p
        self._free = max(len(y) - columns.shape[1], 1)
        total, self._slopes = covariance(grid, p, drift)
        self._sd = np.append(np.tile(PRIOR_SD, len(p) // 3), NOISE_SD)
        self._inverse = np.linalg.inv(total)
        self._turned = self._inverse @ columns
        normal = columns.T @ self._turned
        self._solved = np.linalg.inv(normal)
        self._sizes = self._solved @ (self._turned.T @ y)
        rest = y - columns @ self._sizes
        self._alpha = self._inverse @ rest
        self.chi = float(rest @ self._alpha) / self._free
        self._off = (p - prior) / self._sd
        log_dets = np.linalg.slogdet(total)[1] + np.linalg.slogdet(normal)[1]
        self.cost = 0.5 * (self.chi * self._free + float(log_dets) + float(self._off @ self._off))
        self._fisher: FloatArray | None = None

    def information(self) -> tuple[FloatArray, FloatArray]:
        """Gradient of the cost and Fisher information, prior included."""
        projector = self._inverse - self._turned @ self._solved @ self._turned.T
        turned = projector @ self._slopes
        pull = np.array([float(self._alpha @ (slope @ self._alpha)) for slope in self._slopes])
        gradient = 0.5 * (np.trace(turned, axis1=1, axis2=2) - pull) + self._off / self._sd
        flat = turned.reshape(len(turned), -1)
        mirrored = turned.transpose(0, 2, 1).reshape(len(turned), -1)
        return gradient, 0.5 * flat @ mirrored.T + np.diag(1 / self._sd**2)

    def step(self, damping: float) -> FloatArray:
        """A damped scoring step."""
        gradient, fisher = self.information()
        self._fisher = fisher
        damped = fisher + damping * np.diag(np.diag(fisher))
        return np.clip(-np.linalg.solve(damped, gradient), -STEP_MAX, STEP_MAX)

    def answer(self, column: int = 0) -> tuple[float, float]:
        """The size of a column and its standard uncertainty, with that of the parameters."""
        fisher = self._fisher if self._fisher is not None else self.information()[1]
        toward = self._turned @ self._solved[column]
        moves = -np.array([float(toward @ (slope @ self._alpha)) for slope in self._slopes])
        variance = self._solved[column, column] + moves @ np.linalg.solve(fisher, moves)
        return float(self._sizes[column]), float(np.sqrt(variance))


def descend(best: Look, rounds: int, look: Callable[[FloatArray], Look]) -> Look:
    """The best look after `rounds` damped scoring steps; `look` is one at other parameters."""
    damping = 1e-2
    for _ in range(rounds):
        trial = look(best.p + best.step(damping))
        if trial.cost > best.cost + 1e-6:
            damping = min(damping * 10, 1e3)
        else:
            best, damping = trial, max(damping / 5, 1e-3)
    return best


def covariance(grid: Grid, p: FloatArray, drift: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The covariance (n, n) and its slopes (3 K + 1, n, n) in the log parameters."""
    noise = np.exp(2 * p[-1]) * np.eye(len(drift))
    total = drift + noise
    slopes = np.empty((len(p), *drift.shape))
    slopes[-1] = 2 * noise
    for k in range(len(p) // 3):
        hertz, decay, strength_g = np.exp(p[3 * k : 3 * k + 3])
        variance, slope = grid.strength(float(decay))
        omega = 2 * np.pi * hertz
        swing = strength_g**2 * np.exp(-decay * grid.tau_s)
        even = (swing * np.cos(omega * grid.tau_s))[grid.lag]
        odd = (swing * np.sin(omega * grid.tau_s) * omega * grid.tau_s)[grid.lag]
        at = variance[grid.earlier]
        part = at * even
        total += part
        slopes[3 * k] = -at * odd
        slopes[3 * k + 1] = slope[grid.earlier] * even - part * (decay * grid.lag_s)
        slopes[3 * k + 2] = 2 * part
    return total, slopes
