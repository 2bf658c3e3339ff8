"""A bank of Kalman filters, each sure of its frequencies: the weight is their mixture.

Every member knows three frequencies, a decay and a strength; its state is the weight and three
damped oscillators of two components each. The road drives them until the stop, the stop kicks
them, and then they ring down, as in `sensors/modal.py`. The members' likelihoods weigh them
(static multiple models: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking
and Navigation, 2001, 11.6.2). A point costs one small matrix product a member, and nothing is
fitted; what a frequency between two members costs, the bank has to carry as strength.
"""

from itertools import combinations
from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.estimator import KICK_LEAD_US, Estimate, Looks
from sensors.marginal import DRIVEN_AFTER, KICK
from sensors.slow import GRID_US
from sensors.window import DRIFT_E, DRIFT_S, Window

TOGETHER: Final = 3
HERTZ: Final = tuple(float(f) for f in np.geomspace(1.0, 4.4, 10))
DECAYS: Final = (0.5,)
STRENGTHS: Final = (0.15, 0.4, 1.0)
SPREAD_MIN_G: Final = 3000.0
LEVEL_E: Final = 200.0


class KalmanBank:
    """The mixture over triples of frequencies; filters run on, and anew where the stop moves."""

    def __init__(self, scale: Scale) -> None:
        self._e_g = float(scale.e_g)
        self._window = Window(scale, 1)
        self._looks = Looks(scale.e_g)
        self._bank: _Bank | None = None
        self._stop_us: int | None = None
        self._seen_us = 0

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._window.restart(at_us)
        self._looks.restart()
        self._bank = None

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples; unusable rows count as missing."""
        self._window.push(t_us, cells_g.sum(axis=1, keepdims=True), usable)

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """Run the filters over the points that are new to them; all points when the stop moved."""
        newest = self._window.newest()
        if newest is None:
            return None
        grid_us, load_g = newest[0], newest[1][:, 0]
        if self._bank is None or stopped_us != self._stop_us:
            self._bank = _Bank(load_g, self._e_g, self._window.noise_g())
            self._stop_us = stopped_us
            self._seen_us = int(grid_us[0]) - GRID_US
        stop_us = 2**62 if stopped_us is None else stopped_us - KICK_LEAD_US
        for at_us, point_g in zip(grid_us.tolist(), load_g.tolist(), strict=True):
            while self._seen_us < at_us:
                self._seen_us += GRID_US
                kicked = self._seen_us - GRID_US <= stop_us < self._seen_us
                self._bank.predict(self._seen_us > stop_us, kicked)
                if self._seen_us == at_us:
                    self._bank.update(point_g)
        weight_g, variance = self._bank.mixture()
        return Estimate(
            weight_g=weight_g,
            u95_g=self._looks.u95_g(weight_g, variance),
            window_us=int(grid_us[-1] - grid_us[0]),
        )


def _members(spread_g: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Frequencies (members, TOGETHER), decays (members,) and strengths (members,) of the bank."""
    sets = list(combinations(HERTZ, TOGETHER))
    rows = [(f, d, s * spread_g) for f in sets for d in DECAYS for s in STRENGTHS]
    hertz, decay, strength = zip(*rows, strict=True)
    return np.array(hertz), np.array(decay), np.array(strength)


class _Bank:
    """All members at once: states (members, 1 + 2 TOGETHER), covariances, log weights."""

    def __init__(self, load_g: FloatArray, e_g: float, noise_g: float) -> None:
        step_s = GRID_US / 1e6
        spread_g = max(float(np.std(load_g)), SPREAD_MIN_G)
        hertz, decay, strength_g = _members(spread_g)
        many, size = len(decay), 1 + 2 * TOGETHER
        self._noise = noise_g**2
        self._turn = np.zeros((many, size, size))
        self._turn[:, 0, 0] = 1.0
        fall = np.exp(-decay * step_s)
        for k in range(TOGETHER):
            cosine = fall * np.cos(2 * np.pi * hertz[:, k] * step_s)
            sine = fall * np.sin(2 * np.pi * hertz[:, k] * step_s)
            at = 1 + 2 * k
            self._turn[:, at, at] = self._turn[:, at + 1, at + 1] = cosine
            self._turn[:, at, at + 1], self._turn[:, at + 1, at] = -sine, sine
        # A random walk that is as far from where it was after DRIFT_S as the drift is.
        self._wander = 2 * (DRIFT_E * e_g) ** 2 * step_s / DRIFT_S
        self._power = strength_g**2
        self._driven = self._power * (1 - fall**2)
        self._x = np.zeros((many, size))
        self._x[:, 0] = float(load_g.mean())
        self._cover = np.zeros((many, size, size))
        self._cover[:, 0, 0] = (LEVEL_E * e_g) ** 2
        self._swing = range(1, size)
        self._seen = np.array([0, *range(1, size, 2)])
        for i in self._swing:
            self._cover[:, i, i] = self._power
        self._log = np.zeros(many)
        self._chi = np.zeros(many)
        self._points = 0

    def predict(self, rings: bool, kicked: bool) -> None:
        """One grid step on: after the stop little drives the swing, and the stop kicks it."""
        self._x = np.matmul(self._turn, self._x[:, :, None])[:, :, 0]
        self._cover = self._turn @ self._cover @ self._turn.transpose(0, 2, 1)
        self._cover[:, 0, 0] += self._wander
        added = self._driven * (DRIVEN_AFTER if rings else 1.0) + self._power * KICK * kicked
        for i in self._swing:
            self._cover[:, i, i] += added

    def update(self, point_g: float) -> None:
        """Take one point: the weight and the first component of each oscillator add up to it."""
        column = self._cover[:, :, self._seen].sum(axis=2)
        variance = column[:, self._seen].sum(axis=1) + self._noise
        off = point_g - self._x[:, self._seen].sum(axis=1)
        gain = column / variance[:, None]
        self._x += gain * off[:, None]
        self._cover -= gain[:, :, None] * column[:, None, :]
        surprise = off**2 / variance
        self._log -= 0.5 * (surprise + np.log(variance))
        self._chi += surprise
        self._points += 1

    def mixture(self) -> tuple[float, float]:
        """The weight over all members and its variance, that of disagreeing members included."""
        share = np.exp(self._log - self._log.max())
        share /= share.sum()
        weight = float(share @ self._x[:, 0])
        # Members that explain their own points badly are as much too sure.
        chi = np.maximum(self._chi / max(self._points - 1, 1), 1.0)
        within = float(share @ (self._cover[:, 0, 0] * chi))
        return weight, within + float(share @ (self._x[:, 0] - weight) ** 2)
