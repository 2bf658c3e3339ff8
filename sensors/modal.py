"""A constant under a few damped oscillators: the weight while the body still swings.

The disturbance is a Gaussian process: K oscillators of unknown frequency, damping and strength.
While the vehicle rolls the road keeps them going; the stop gives each a kick of unknown size, and
from then on they ring down. Frequencies, dampings and strengths are fitted by Fisher scoring on
the marginal likelihood with log-normal priors, warm from one look to the next; the constant is
then the generalised least-squares mean, and what the fit leaves uncertain goes into its error.
Derivation: docs/weighing.md; Rasmussen and Williams, Gaussian Processes for Machine
Learning, 2006, 2.7 (explicit basis) and 5.4 (marginal likelihood and its derivatives).
"""

from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray, IntArray

OSCILLATORS: Final = 3
# Log-normal priors: frequency in hertz, decay rate in 1/s, strength against the window's spread.
PRIOR_MEAN: Final = np.log([2.2, 0.6, 1.0])
PRIOR_SD: Final = (0.45, 0.8, 1.0)
NOISE_SD: Final = 0.7
# After the stop a leaf spring still slips and kicks: this share of the strength stays driven.
DRIVEN_AFTER: Final = 0.03
KICK: Final = 1.0
STEP_MAX: Final = 0.35
FIRST_ITERATIONS: Final = 8
ITERATIONS: Final = 3
# Where the first guess looks for oscillators beside the strongest line, and how strong.
BESIDE: Final = ((1.0, 1.0), (0.72, 0.5), (1.4, 0.5))
BRAKES_LET_GO: Final = 2.0
STEP_BEFORE_MIN: Final = 6
STEP_AFTER_MIN: Final = 3


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """The constant with its standard uncertainty (grams) and chi-square per degree of freedom.

    step_g: by how much the load was higher before the stop than after it, with step_sigma_g;
    None while either side is too short. A whole vehicle weighs the same braking and standing.
    """

    constant_g: float
    sigma_g: float
    chi: float
    step_g: float | None
    step_sigma_g: float


class ModalFit:
    """The fit of one stand; `solve` refines it on the newest window.

    Times come as whole steps of an even grid (missing points are simply left out), loads in grams.
    One to three oscillators, of which the share `driven_after` stays driven after the stop.
    """

    def __init__(
        self,
        step_s: float,
        most: int,
        oscillators: int = OSCILLATORS,
        driven_after: float = DRIVEN_AFTER,
    ) -> None:
        self._step_s = step_s
        self._oscillators = oscillators
        self._driven_after = driven_after
        lags = np.arange(most)
        self._lag = np.abs(lags[:, None] - lags[None])
        self._earlier = np.minimum(lags[:, None], lags[None])
        self._p: FloatArray | None = None

    def reset(self) -> None:
        """A new vehicle, or a new load: forget what was fitted."""
        self._p = None

    def solve(
        self,
        index: IntArray,
        load_g: FloatArray,
        stop_index: float,
        drift: FloatArray,
        noise_g: float,
    ) -> Solution:
        """Fit the window.

        index: grid steps (n,), rising; stop_index: when the kick came, or inf while it rolls;
        drift: (n, n) covariance of slow drift, grams squared; noise_g: expected noise of a point.
        """
        mean_g = float(load_g.mean())
        y = load_g - mean_g
        spread = max(float(np.std(y)), 3000.0)
        prior = np.append(np.tile(PRIOR_MEAN, self._oscillators), np.log(noise_g))
        prior[2:-1:3] += np.log(spread)
        rounds = ITERATIONS
        if self._p is None:
            self._p = np.append(self._first_guess(index, y, spread), np.log(noise_g))
            rounds = FIRST_ITERATIONS
        grid = _Grid(index, stop_index, self._step_s, self._lag, self._earlier, self._driven_after)
        look = _Look(grid, y, drift, prior, self._p)
        best, damping = look, 1e-2
        for _ in range(rounds):
            trial = _Look(grid, y, drift, prior, best.p + best.step(damping))
            if trial.cost > best.cost + 1e-6:
                damping = min(damping * 10, 1e3)
            else:
                best, damping = trial, max(damping / 5, 1e-3)
        self._p = best.p
        constant, sigma, chi = best.answer()
        step, step_sigma = best.step_at(
            np.asarray(index - (stop_index + BRAKES_LET_GO), np.float64)
        )
        return Solution(
            constant_g=mean_g + constant,
            sigma_g=sigma,
            chi=chi,
            step_g=step,
            step_sigma_g=step_sigma * float(np.sqrt(max(chi, 1.0))),
        )

    def _first_guess(self, index: IntArray, y: FloatArray, spread: float) -> FloatArray:
        """The strongest line of the tapered spectrum, with neighbours below and above it."""
        hertz = np.arange(0.9, 5.0, 0.1)
        taper = np.hanning(len(y) + 2)[1:-1]
        turns = np.outer(hertz, index * self._step_s)
        power = np.abs(np.exp(-2j * np.pi * turns) @ (y * taper))
        strongest = float(hertz[int(power.argmax())])
        beside = BESIDE[: self._oscillators]
        guess = [(times * strongest, 0.5, share * spread) for times, share in beside]
        return np.array(np.log(guess)).ravel()


class _Grid:
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


class _Look:
    """Cost, gradient and Fisher information at one set of parameters (log f, decay, g; noise)."""

    def __init__(
        self, grid: _Grid, y: FloatArray, drift: FloatArray, prior: FloatArray, p: FloatArray
    ) -> None:
        self.p = p
        self._y = y
        covariance, self._slopes = _covariance(grid, p, drift)
        n = len(y)
        self._sd = np.append(np.tile(PRIOR_SD, len(p) // 3), NOISE_SD)
        self._inverse = np.linalg.inv(covariance)
        self._ones = self._inverse.sum(axis=1)
        self._weight = float(self._ones.sum())
        self._constant = float(self._ones @ y) / self._weight
        self._alpha = self._inverse @ (y - self._constant)
        self._chi = float((y - self._constant) @ self._alpha) / max(n - 1, 1)
        self._off = (p - prior) / self._sd
        log_det = float(np.linalg.slogdet(covariance)[1])
        self.cost = 0.5 * (
            self._chi * max(n - 1, 1)
            + log_det
            + float(np.log(self._weight))
            + float(self._off @ self._off)
        )
        self._fisher: FloatArray | None = None

    def _information(self) -> tuple[FloatArray, FloatArray]:
        """Gradient of the cost and Fisher information, prior included."""
        n = len(self._y)
        projector = self._inverse - np.outer(self._ones, self._ones) / self._weight
        turned = projector @ self._slopes
        pull = np.array([float(self._alpha @ (slope @ self._alpha)) for slope in self._slopes])
        gradient = 0.5 * (np.trace(turned, axis1=1, axis2=2) - pull) + self._off / self._sd
        flat = turned.reshape(len(turned), n * n)
        mirrored = turned.transpose(0, 2, 1).reshape(len(turned), n * n)
        return gradient, 0.5 * flat @ mirrored.T + np.diag(1 / self._sd**2)

    def step(self, damping: float) -> FloatArray:
        """A damped scoring step."""
        gradient, fisher = self._information()
        self._fisher = fisher
        damped = fisher + damping * np.diag(np.diag(fisher))
        return np.clip(-np.linalg.solve(damped, gradient), -STEP_MAX, STEP_MAX)

    def answer(self) -> tuple[float, float, float]:
        """The constant, its standard uncertainty with that of the parameters, and chi-square."""
        fisher = self._fisher if self._fisher is not None else self._information()[1]
        moves = -np.array([float(self._ones @ (s @ self._alpha)) for s in self._slopes])
        moves /= self._weight
        variance = 1 / self._weight + float(moves @ np.linalg.solve(fisher, moves))
        return self._constant, float(np.sqrt(variance)), self._chi

    def step_at(self, since: FloatArray) -> tuple[float | None, float]:
        """Size and uncertainty of a step down at since = 0 (grid steps), smoothed by the record."""
        if int((since < 0).sum()) < STEP_BEFORE_MIN or int((since > 0).sum()) < STEP_AFTER_MIN:
            return None, 0.0
        shape = 1 / (1 + np.exp(np.clip(since, -40, 40)))
        turned = self._inverse @ shape
        turned = turned - self._ones * (float(turned.sum()) / self._weight)
        power = float(shape @ turned)
        return float(turned @ self._y) / power, float(1 / np.sqrt(power))


def _covariance(grid: _Grid, p: FloatArray, drift: FloatArray) -> tuple[FloatArray, FloatArray]:
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
