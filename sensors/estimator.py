"""The weight under a bouncing body, with a stated uncertainty: one small, replaceable interface."""

from collections import deque
from typing import Final, Protocol

import msgspec
import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.history import History
from sensors.marginal import DRIVEN_AFTER
from sensors.modal import OSCILLATORS, ModalFit
from sensors.slow import GRID_US
from sensors.sums import row_sums
from sensors.window import POINTS_MAX, Window

TICK_S: Final = 0.1
FLOOR_E: Final = 0.06
# The brakes bite less before the wheels stand: the kick begins a little earlier.
KICK_LEAD_US: Final = 100_000
MODAL: Final = "modal"
MODAL_VERSION: Final = "1"


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """How an estimator works, for the record: a new version wherever the same samples would give
    another weight; parameters as integers with their unit in the name."""

    name: str
    version: str
    parameters: tuple[tuple[str, int], ...] = ()


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A weight in grams, its expanded uncertainty (95 %, grams) and the window it comes from.

    from_us: the first instant of the window, where the estimator knows it.
    brake_step_g: how much more there was on the deck while braking than after, with its standard
    uncertainty; None where that is not known.
    """

    weight_g: float
    u95_g: float
    window_us: int
    from_us: int | None = None
    brake_step_g: float | None = None
    brake_step_sigma_g: float = 0.0


class Estimator(Protocol):
    """What the weigher asks of an estimator; it sees every sample and may answer once a tick."""

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`: the load has changed there."""

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples (n,) with grams (n, cells); rows that are not usable are missing data."""

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """The weight now, or None while there is too little to say anything.

        stopped_us: when the vehicle stopped, or None while it rolls.
        """


class Looks:
    """The last three looks of a fit: what their disagreement adds to its own uncertainty."""

    KEPT: Final = 3

    def __init__(self, e_g: float) -> None:
        self._floor_g = FLOOR_E * e_g
        self._recent: deque[float] = deque(maxlen=self.KEPT)

    def restart(self) -> None:
        """The load has changed: what was seen before does not count."""
        self._recent.clear()

    def u95_g(self, weight_g: float, variance: float) -> float:
        """Twice the standard uncertainty of a new look, with what no model of the body knows."""
        self._recent.append(weight_g)
        spread_g = (max(self._recent) - min(self._recent)) / 2
        return 2 * float(np.sqrt(variance + spread_g**2 + self._floor_g**2))


class Modal:
    """The weight under damped oscillators (`sensors/modal.py`), on the load since the last axle.

    Looks of the last three ticks that disagree, residuals larger than the model's, and what no
    model of the body knows (zero, corners) widen the uncertainty. Other numbers of oscillators and
    other shares of what stays driven after the stop are there to be compared
    (`steelyard bench modes`).
    """

    def __init__(
        self, scale: Scale, oscillators: int = OSCILLATORS, driven_after: float = DRIVEN_AFTER
    ) -> None:
        self.method = Method(
            name=MODAL,
            version=MODAL_VERSION,
            parameters=(
                ("oscillators", oscillators),
                ("driven_after_ppm", round(1e6 * driven_after)),
                ("grid_us", GRID_US),
                ("window_points_max", POINTS_MAX),
                ("floor_g", round(FLOOR_E * scale.e_g)),
            ),
        )
        self._window = Window(scale, 1)
        self._fit = ModalFit(GRID_US / 1e6, POINTS_MAX + 2, oscillators, driven_after)
        self._looks = Looks(scale.e_g)

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._window.restart(at_us)
        self._fit.reset()
        self._looks.restart()

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples; unusable rows count as missing."""
        self._window.push(t_us, row_sums(cells_g)[:, None], usable)

    def push_ticks(self, t_us: IntArray, load_g: FloatArray, tick: int) -> None:
        """Take whole ticks of an empty deck, loads (n,), as `push` would one after the other."""
        self._window.push_ticks(t_us, load_g[:, None], tick)

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """Fit the newest window of up to 3.5 s."""
        newest = self._window.newest()
        if newest is None:
            return None
        grid_us, means = newest
        index = (grid_us - grid_us[0]) // GRID_US
        stop = np.inf
        if stopped_us is not None:
            stop = (stopped_us - KICK_LEAD_US - int(grid_us[0])) / GRID_US
        drift, noise_g = self._window.drift(index), self._window.noise_g()
        try:
            found = self._fit.solve(index, means[:, 0], stop, drift, noise_g)
        except np.linalg.LinAlgError:
            # A window that no covariance fits says nothing; the next one starts afresh.
            self._fit.reset()
            return None
        variance = found.sigma_g**2 * max(found.chi, 1.0)
        return Estimate(
            weight_g=found.constant_g,
            u95_g=self._looks.u95_g(found.constant_g, variance),
            window_us=int(grid_us[-1] - grid_us[0]),
            from_us=int(grid_us[0]),
            brake_step_g=found.step_g,
            brake_step_sigma_g=found.step_sigma_g,
        )


class TaperedMean:
    """Means under a raised-cosine window, of several lengths, compared with each other.

    A body bounce of 1 to 4 Hz leaks through a plain mean by its phase; the taper of two and more
    seconds takes it down by 40 dB. What still leaks makes windows of different lengths and ends
    disagree, and that disagreement is the uncertainty. It asks nothing of the bounce but that
    it is one, and it uses samples from before the stop: rolling changes no weight.
    """

    SHORTEST_S: Final = 1.5
    LONGEST_S: Final = 2.6
    SHARES: Final = (1.0, 0.8, 0.62)
    MEMORY_TICKS: Final = 5
    FILLED_SHARE: Final = 0.25

    def __init__(self, scale: Scale) -> None:
        self._rate_hz = scale.rate_hz
        self._history = History(round((self.LONGEST_S + 0.3) * scale.rate_hz), 1)
        self._lever = np.zeros(1)
        self._bad_us: deque[tuple[int, int]] = deque(maxlen=8)
        self._recent: deque[tuple[float, ...]] = deque(maxlen=self.MEMORY_TICKS)
        self._start_us = -(2**62)
        self._last_us = -(2**62)
        self._gap_us = round(2.5e6 / scale.rate_hz)

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._start_us = at_us
        self._recent.clear()

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples; unusable rows and holes in time are remembered as gaps."""
        if bool(usable.all()):
            good_t, good_g = t_us, cells_g
        else:
            good_t, good_g = t_us[usable], cells_g[usable]
        if len(good_t) == 0:
            return
        self._note_holes(good_t)
        self._last_us = int(good_t[-1])
        self._history.append(good_t, row_sums(good_g)[:, None], self._lever)

    def push_ticks(self, t_us: IntArray, load_g: FloatArray) -> None:
        """Take loads (n,) without any hole, as `push` would."""
        self._last_us = int(t_us[-1])
        self._history.extend(t_us, load_g[:, None], load_g, 0.0 * load_g)

    def _note_holes(self, good_t: IntArray) -> None:
        if self._last_us > 0 and good_t[0] - self._last_us > self._gap_us:
            self._bad_us.append((self._last_us, int(good_t[0])))
        wide = good_t[1:] - good_t[:-1] > self._gap_us
        if wide.any():
            for i in np.flatnonzero(wide):
                self._bad_us.append((int(good_t[i]), int(good_t[i + 1])))

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """The longest window's mean; the spread of all recent windows is its uncertainty."""
        span_us = min(self._last_us - self._start_us, round(self.LONGEST_S * 1e6))
        if span_us < self.SHORTEST_S * 1e6:
            return None
        rows = self._history.index_at(self._last_us - span_us)
        t_us = self._history.t_us(rows)
        load_g = self._history.sum_g(rows)
        if len(load_g) < 0.5 * self.SHORTEST_S * self._rate_hz:
            return None
        means = [self._mean(t_us, load_g, share * span_us) for share in self.SHARES]
        whole = tuple(mean for mean in means if mean is not None)
        if len(whole) < len(means):
            return None
        self._recent.append(whole)
        if len(self._recent) < 2:
            return None
        seen = [value for tick in self._recent for value in tick]
        spread = max(seen) - min(seen)
        u95 = spread + self._noise_g(load_g) + self._gap_g(load_g, span_us)
        return Estimate(weight_g=whole[0], u95_g=u95, window_us=span_us)

    def _mean(self, t_us: IntArray, load_g: FloatArray, span_us: float) -> float | None:
        """The mean over the last `span_us`; None where most of that is a hole in time."""
        first = int(np.searchsorted(t_us, self._last_us - span_us))
        phase = (self._last_us - t_us[first:]) * (2 * np.pi / span_us)
        weights = 1.0 - np.cos(phase)
        weight = float(weights.sum())
        if weight < self.FILLED_SHARE * span_us * 1e-6 * self._rate_hz:
            return None
        return float(weights @ load_g[first:]) / weight

    def _noise_g(self, load_g: FloatArray) -> float:
        """Twice the standard error of white noise under the taper (its power gain is 1.5)."""
        rough = load_g[1:-1] - (load_g[:-2] + load_g[2:]) / 2
        sigma = 1.2 * float(np.median(np.abs(rough)))
        return 2 * sigma * float(np.sqrt(1.5 / len(load_g)))

    def _gap_g(self, load_g: FloatArray, span_us: int) -> float:
        """A hole hides up to its share of the bounce, twice that in the middle of the taper."""
        begin = self._last_us - span_us
        hidden = sum(max(0, end - max(start, begin)) for start, end in self._bad_us)
        if hidden == 0:
            return 0.0
        return 2 * float(np.std(load_g)) * hidden / span_us


class PlainWindow:
    """The usual indicator: the mean of one second, believed when its readings agree.

    Readings are means of 0.1 s; the uncertainty is their range (facts: ten readings within 1 e).
    """

    READINGS: Final = 10

    def __init__(self, scale: Scale) -> None:
        self._per_reading = max(1, round(TICK_S * scale.rate_hz))
        self._history = History(self._per_reading * self.READINGS, 1)
        self._lever = np.zeros(1)
        self._start_us = -(2**62)

    def restart(self, at_us: int) -> None:
        """Forget everything up to `at_us`."""
        self._start_us = at_us

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Take samples; unusable rows are left out."""
        if usable.any():
            grams = cells_g[usable].sum(axis=1, keepdims=True)
            self._history.append(t_us[usable], grams, self._lever)

    def estimate(self, stopped_us: int | None) -> Estimate | None:
        """The mean of the last ten readings."""
        rows = self._per_reading * self.READINGS
        if len(self._history) < rows or int(self._history.t_us(rows)[0]) <= self._start_us:
            return None
        readings = self._history.sum_g(rows).reshape(self.READINGS, -1).mean(axis=1)
        t_us = self._history.t_us(rows)
        return Estimate(
            weight_g=float(readings.mean()),
            u95_g=float(readings.max() - readings.min()),
            window_us=int(t_us[-1] - t_us[0]),
        )
