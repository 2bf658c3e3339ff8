"""The likelihood of a window of load under damped oscillators: what one set of parameters says.

The mean of the window is a few columns (a constant; with the brakes also a step) of free size;
around it oscillators swing, a slow drift wanders and every point has noise. Cost, its gradient and
the Fisher information are those of the likelihood with the columns integrated out.
Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, 2.7 (explicit basis) and
5.4 (marginal likelihood and its derivatives).
"""

from collections.abc import Callable
from copy import copy
from functools import cache, cached_property
from typing import Final, Self

import numpy as np

from sensors.calibration import FloatArray, IntArray

# Widths of the log-normal priors: frequency, decay and strength of each oscillator; the noise.
PRIOR_SD: Final = (0.45, 0.8, 1.0)
NOISE_SD: Final = 0.7
# After the stop a leaf spring still slips and kicks: this share of the strength stays driven.
DRIVEN_AFTER: Final = 0.03
KICK: Final = 1.0
STEP_MAX: Final = 0.35


class Room:
    """Memory for one look at a time: fresh pages would cost more than the sums."""

    def __init__(self) -> None:
        self._flat: dict[str, FloatArray] = {}
        self.swings: object = None
        """Whose oscillators lie in the stacks of that name."""

    def stacks(self, name: str, count: int, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Three arrays (count, n, n) with anything in them, until they are asked for again."""
        size, flat = 3 * count * n * n, self._flat.get(name)
        if flat is None or len(flat) < size:
            flat = self._flat[name] = np.zeros(2 * size)
        one, two, three = flat[:size].reshape(3, count, n, n)
        return one, two, three


class Grid:
    """What all looks of one solve share: lags, the driven and ringing parts of the time, room."""

    def __init__(
        self,
        index: IntArray,
        stop_index: float,
        step_s: float,
        lag: IntArray,
        earlier: IntArray,
        driven_after: float = DRIVEN_AFTER,
        room: Room | None = None,
    ) -> None:
        n = len(index)
        self._driven_after = driven_after
        self.room = room or Room()
        whole = int(index[-1] - index[0]) == n - 1
        at = index - int(index[0])
        # Looking up by a matrix in one piece is three times as quick.
        self.lag = np.ascontiguousarray(lag[:n, :n]) if whole else np.abs(at[:, None] - at[None])
        self.earlier = np.ascontiguousarray(earlier[:n, :n])
        self.lag_s = self.lag * step_s
        self.tau_s = np.arange(int(at[-1]) + 1) * step_s
        stop_s = min(max((stop_index - int(index[0])) * step_s, 0.0), 1e3)
        t_s = at * step_s
        self.rings = t_s > stop_s
        self.driven_s = np.minimum(t_s, stop_s)
        self.driven_all_s = stop_s
        self.ringing_s = np.maximum(t_s - stop_s, 0.0)

    def strength(self, decay: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """Variances of oscillators of unit strength over time, and their slopes in log decay.

        decay: 1/s, of one or (k, 1); the answers are (n,) or (k, n).
        """
        fall = -2 * decay * self.ringing_s
        fading = np.exp(fall)
        after = self._driven_after
        kicked = 1.0 + KICK
        variance = np.where(self.rings, kicked * fading + after * (1 - fading), 1.0)
        slope = np.where(self.rings, (kicked - after) * fall * fading, 0.0)
        return variance, slope


class Swings:
    """Oscillators on a grid: what they add to the covariance, and how that changes.

    p: log frequency, log decay and log strength of each, (3 k,).
    """

    def __init__(self, grid: Grid, p: FloatArray) -> None:
        self._grid, self._count = grid, len(p) // 3
        sizes = np.exp(p).reshape(self._count, 3)
        hertz, self._decay = sizes[:, :1], sizes[:, 1:2]
        # One by one: the square of an array differs in the last bit from the power of a number.
        squares = np.array([[strength_g**2] for strength_g in sizes[:, 2]])
        self._variance, self._slope = grid.strength(self._decay)
        omega = 2 * np.pi * hertz
        swing = squares * np.exp(-self._decay * grid.tau_s)
        turn = omega * grid.tau_s
        self._even = swing * np.cos(turn)
        self._odd = swing * np.sin(turn) * omega * grid.tau_s

    def parts(self) -> FloatArray:
        """Their covariances (k, n, n), until others are asked for theirs."""
        return self._laid()[2]

    def _laid(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What is of the time, what is of the lag, and their product, each (k, n, n)."""
        grid = self._grid
        at, even, part = grid.room.stacks("swings", self._count, len(grid.lag))
        if grid.room.swings is not self:
            # A look that was not the best yet may have used the room since.
            self._variance.take(grid.earlier, axis=1, out=at, mode="clip")
            self._even.take(grid.lag, axis=1, out=even, mode="clip")
            np.multiply(at, even, out=part)
            grid.room.swings = self
        return at, even, part

    def slopes_into(self, out: FloatArray) -> None:
        """Write the slopes (3 k, n, n) in log frequency, log decay and log strength of each."""
        at, even, part = self._laid()
        grid = self._grid
        hertz, decay, strength = out.reshape(self._count, 3, *part.shape[1:]).swapaxes(0, 1)
        self._odd.take(grid.lag, axis=1, out=strength, mode="clip")
        np.multiply(np.negative(at, out=hertz), strength, out=hertz)
        self._slope.take(grid.earlier, axis=1, out=strength, mode="clip")
        np.multiply(strength, even, out=decay)
        np.multiply(self._decay[:, :, None], grid.lag_s, out=strength)
        np.multiply(part, strength, out=strength)
        np.subtract(decay, strength, out=decay)
        np.multiply(2, part, out=strength)


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
        self._room, self._y = grid.room, y
        total, self._swings = covariance(grid, p, drift)
        self._sd = _prior_sd(len(p))
        self._inverse = np.linalg.inv(total)
        self._log_det = np.linalg.slogdet(total)[1]
        self._off = (p - prior) / self._sd
        self._measure(columns)

    def _measure(self, columns: FloatArray) -> None:
        y, free = self._y, max(len(self._y) - columns.shape[1], 1)
        self._turned = self._inverse @ columns
        normal = columns.T @ self._turned
        self._solved, log_det = _inverted(normal)
        self._sizes = self._solved @ (self._turned.T @ y)
        rest = y - columns @ self._sizes
        self._alpha = self._inverse @ rest
        self.chi = float(rest @ self._alpha) / free
        log_dets = self._log_det + log_det
        self.cost = 0.5 * (self.chi * free + float(log_dets) + float(self._off @ self._off))

    def with_columns(self, columns: FloatArray) -> Self:
        """A look at the same parameters with another shape of the mean."""
        other = copy(self)
        vars(other).pop("information", None)
        other._measure(columns)
        return other

    @cached_property
    def information(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Gradient of the cost, Fisher information (prior included), and the slopes' turns.

        A turn is what a parameter's slope makes of the weighted residual, (parameters, n). Most
        trials are never asked for this; and room for the slopes is lent for this call alone.
        """
        count, n = len(self.p), len(self._alpha)
        slopes, turned, mirrored = self._room.stacks("slopes", count, n)
        swung = slopes[:-1]
        self._swings.slopes_into(swung)
        # The noise is on the diagonal alone, and alike in all points.
        noise = 2 * np.exp(2 * self.p[-1])
        projector = self._inverse - self._turned @ self._solved @ self._turned.T
        np.matmul(projector, swung, out=turned[:-1])
        np.multiply(projector, noise, out=turned[-1])
        mirrored[:] = turned.transpose(0, 2, 1)
        turns = np.empty((count, n))
        np.matmul(swung, self._alpha, out=turns[:-1])
        np.multiply(self._alpha, noise, out=turns[-1])
        pull = np.array([float(self._alpha @ turn) for turn in turns])
        gradient = 0.5 * (np.trace(turned, axis1=1, axis2=2) - pull) + self._off / self._sd
        fisher = 0.5 * (turned.reshape(count, -1) @ mirrored.reshape(count, -1).T)
        fisher.flat[:: count + 1] += 1 / self._sd**2
        return gradient, fisher, turns

    def step(self, damping: float) -> FloatArray:
        """A damped scoring step."""
        gradient, fisher, _ = self.information
        damped = fisher.copy()
        damped.flat[:: len(fisher) + 1] += damping * fisher.diagonal()
        return np.clip(-np.linalg.solve(damped, gradient), -STEP_MAX, STEP_MAX)

    def answer(self, column: int = 0) -> tuple[float, float]:
        """The size of a column and its standard uncertainty, with that of the parameters."""
        _, fisher, turns = self.information
        toward = self._turned @ self._solved[column]
        moves = -np.array([float(toward @ turn) for turn in turns])
        variance = self._solved[column, column] + moves @ np.linalg.solve(fisher, moves)
        return float(self._sizes[column]), float(np.sqrt(variance))


@cache
def _prior_sd(parameters: int) -> FloatArray:
    """Widths of the priors (parameters,), read-only."""
    sd = np.append(np.tile(PRIOR_SD, parameters // 3), NOISE_SD)
    sd.setflags(write=False)
    return sd


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


def covariance(grid: Grid, p: FloatArray, drift: FloatArray) -> tuple[FloatArray, Swings]:
    """The covariance (n, n) of a window, and the oscillators in it."""
    swings = Swings(grid, p[:-1])
    total = drift.copy()
    total.flat[:: len(drift) + 1] += np.exp(2 * p[-1])
    for part in swings.parts():
        total += part
    return total, swings


def _inverted(normal: FloatArray) -> tuple[FloatArray, float]:
    """The inverse of a matrix (m, m) with the logarithm of its determinant's size."""
    if len(normal) == 1:
        return 1 / normal, float(np.log(np.abs(normal[0, 0])))
    return np.asarray(np.linalg.inv(normal)), float(np.linalg.slogdet(normal)[1])
