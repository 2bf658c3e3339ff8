"""A constant under a few damped oscillators: the weight while the body still swings.

The disturbance is a Gaussian process: K oscillators of unknown frequency, damping and strength.
While the vehicle rolls the road keeps them going; the stop gives each a kick of unknown size, and
from then on they ring down. Frequencies, dampings and strengths are fitted by Fisher scoring on
the marginal likelihood with log-normal priors, warm from one look to the next; the constant is
then the generalised least-squares mean, and what the fit leaves uncertain goes into its error.
Derivation: docs/weighing.md; Rasmussen and Williams, Gaussian Processes for Machine
Learning, 2006, 2.7 (explicit basis) and 5.4 (marginal likelihood and its derivatives).
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray, IntArray
from sensors.marginal import DRIVEN_AFTER, Grid, Look, Room, descend

OSCILLATORS: Final = 3
# Log-normal priors: frequency in hertz, decay rate in 1/s, strength against the window's spread.
PRIOR_MEAN: Final = np.log([2.2, 0.6, 1.0])
FIRST_ITERATIONS: Final = 8
ITERATIONS: Final = 3
STEP_ITERATIONS: Final = 2
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
        self._room = Room()
        self._p: FloatArray | None = None
        self._stepped_p: FloatArray | None = None

    def reset(self) -> None:
        """A new vehicle, or a new load: forget what was fitted."""
        self._p = None
        self._stepped_p = None

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
        by_lag, after = (self._lag, self._earlier), self._driven_after
        grid = Grid(index, stop_index, self._step_s, *by_lag, after, self._room)
        level = np.ones((len(y), 1))
        look = partial(Look, grid, y, drift, prior, columns=level)
        best = descend(look(self._p), rounds, look)
        self._p = best.p
        constant, sigma = best.answer()
        since = np.asarray(index - (stop_index + BRAKES_LET_GO), np.float64)
        stepped = self._stepped(best, partial(Look, grid, y, drift, prior), since)
        step, step_sigma = (None, 0.0) if stepped is None else stepped.answer(1)
        step_chi = 1.0 if stepped is None else max(stepped.chi, 1.0)
        return Solution(
            constant_g=mean_g + constant,
            sigma_g=sigma,
            chi=best.chi,
            step_g=step,
            step_sigma_g=step_sigma * float(np.sqrt(step_chi)),
        )

    def _stepped(self, level: Look, look: Callable[..., Look], since: FloatArray) -> Look | None:
        """The window with a step in its mean where the brakes let go, smoothed by the record.

        Without the step among the columns the oscillators would be fitted to it, and hide it.
        """
        if int((since < 0).sum()) < STEP_BEFORE_MIN or int((since > 0).sum()) < STEP_AFTER_MIN:
            self._stepped_p = None
            return None
        braked = 1 / (1 + np.exp(np.clip(since, -40, 40)))
        columns = np.stack((np.ones(len(since)), braked), axis=1)
        starts = [level.with_columns(columns)]
        if self._stepped_p is not None:
            starts.append(look(self._stepped_p, columns=columns))
        best = min(starts, key=lambda start: start.cost)
        best = descend(best, STEP_ITERATIONS, partial(look, columns=columns))
        self._stepped_p = best.p
        return best

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
