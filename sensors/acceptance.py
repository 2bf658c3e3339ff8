"""When a weight may be believed, and when a believed one must be taken back."""

import math
from collections import deque
from typing import Final, Protocol

import numpy as np

from sensors.axles import ABSURD_SPACING_MM, AxleStep, AxleTracker, End
from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.cells import CellHealth, CellWatch
from sensors.estimator import Estimate, Estimator, TaperedMean
from sensors.history import History
from sensors.indication import is_over_range, mpe_initial_g
from sensors.lean import LeanWatch, pairs, swapped
from sensors.motion import Motion
from sensors.redundancy import SpanWatch, StandingWatch
from sensors.slow import GRID_US, Slow
from sensors.stopping import MOST, Stop, StopFinder
from sensors.thermal import Corrections
from sensors.weighing import EventKind, Status, WithdrawReason

AFTER_STEP_US: Final = 150_000
STILL_US: Final = 200_000
STANDS: Final = 0.9
STANDS_STILL: Final = 0.3
STOP_NEAR: Final = 0.2
STOP_TICKS: Final = 4
SURE_SINCE_US: Final = 800_000
BEAM_CLEAR_US: Final = 300_000
U95_SHARE: Final = 0.7
U95_E: Final = 0.5
# A body that still swings hard by then will not be better known for seconds.
U95_LATE_E: Final = 0.6
PATIENCE_US: Final = 1_300_000
U95_LAST_SHARE: Final = 0.5
LAST_PATIENCE_US: Final = 4_000_000
SURE_TICKS: Final = 2
# Step in e and in its own uncertainty; beams that are clear need more to be overruled.
BRAKE_STEP: Final = (1.8, 1.9)
BRAKE_STEP_BEAMS: Final = (3.0, 3.0)
BRAKE_TICKS: Final = 3.0
BRAKES_SEEN_US: Final = 3_500_000
BOARDED: Final = (2.5, 1.6)
BOARDED_TICKS: Final = 6
BOARDED_US: Final = 2_000_000
ROCKING_AFTER_US: Final = 1_200_000
CHECK_US: Final = 5_000_000
GIVE_UP_US: Final = 10_000_000
SWING_SMALL_E: Final = 3.0
ROCKING_E: Final = 6.0
ROCKING_GROWTH: Final = 1.6
DYING_SHARE: Final = 0.6
ROLLING_MPS: Final = 0.15
SECOND_VEHICLE_MPS: Final = 0.30
DRIVES_OFF_MPS: Final = 0.5
CHANGE_E: Final = 1.5
LEVELS_KEPT: Final = 40
CALM_TICKS: Final = 15
LOST_LOAD_US: Final = 2_500_000
SLOW_S: Final = 0.8
PERSON_G: Final = 150_000.0
LIGHT_PERSON_G: Final = 60_000.0


class Note(Protocol):
    """Writes an event."""

    def __call__(self, kind: EventKind, value: int, at_us: int | None = None) -> None: ...


class Acceptance:
    """Judges the vehicle on the deck once a tick.

    A weight is accepted when every axle is on, the vehicle stands, both beams are clear, nobody
    rocks it, the cells agree, and the estimator's u95 is small against e and the MPE at that load.
    For 5 s after that (R 76 A.4.12 as read in facts) it must stand, or it is withdrawn.
    """

    def __init__(
        self,
        scale: Scale,
        history: History,
        cells: CellWatch,
        estimator: Estimator,
        note: Note,
        corrections: Corrections | None = None,
    ) -> None:
        self._scale = scale
        self._corrections = corrections or Corrections(scale)
        self._history = history
        self._cells = cells
        self._estimator = estimator
        self._check = TaperedMean(scale)
        self._note = note
        self._axles = AxleTracker(scale)
        self._motion = Motion(scale)
        self._slow = Slow(2, scale.rate_hz, MOST + 2)
        self._finder = StopFinder(GRID_US / 1e6)
        self._x_m = scale.x_m()
        self._span = SpanWatch(scale)
        self._lean = LeanWatch(scale)
        self._pairs = pairs(scale)
        self._wander = StandingWatch(scale)
        rows = max(4, round(SLOW_S * scale.rate_hz))
        taper = 1 - np.cos(2 * np.pi * (np.arange(rows) + 0.5) / rows)
        self._taper = taper / taper.sum()
        # Which ends have a beam: one alone says nothing about the other end.
        self.fitted = (scale.has_beams, scale.has_beams)
        self._beam_us = [-(2**62), -(2**62)]
        self._beams = [0, 0]
        self._swings: deque[float] = deque(maxlen=CALM_TICKS)
        self._now_us = 0
        self.begin()

    def begin(self) -> None:
        """A vehicle comes on."""
        self._axles.reset()
        self._motion.reset()
        self._span.reset()
        self._lean.reset()
        self._estimator.restart(2**62)
        self._check.restart(2**62)
        self._moved()
        self._swings.clear()
        self._was_still: deque[bool] = deque([False], maxlen=4)
        self._speeds: deque[float] = deque([9.9], maxlen=7)
        self._plateau_us = 2**62
        self._cleared_us = -1
        self._levels: deque[Estimate] = deque(maxlen=LEVELS_KEPT)
        self._lost_us = -(2**62)
        self._gained_from_g: float | None = None
        self._rocked = False
        self._rocking_peak_g = 0.0
        self._calm_swing_g = 1e18
        self._tailgate = False
        self._close_follow = False
        self._stood = False
        self._leaving = False
        self.status = Status.RUNNING
        self.weight_g: int | None = None
        self.u95_g: int | None = None
        self.accepted_us: int | None = None
        self.estimate: Estimate | None = None
        self._accepted_swing_g = 0.0

    @property
    def beams_clear(self) -> bool:
        """Whether no beam is blocked or unknown."""
        return self._beams == [0, 0]

    @property
    def beam_edge_us(self) -> int:
        """When a beam last changed."""
        return max(self._beam_us)

    def stepped_since(self, at_us: int) -> bool:
        """Whether an axle is on an edge or was since `at_us`."""
        steps = self._axles.steps
        return self._axles.stepping or bool(steps and steps[-1].at_us > at_us)

    @property
    def moving(self) -> bool:
        """Whether the reading is in motion (R 76 T.5.3.1): rolling, or swinging more than 1 e."""
        return not self._stands or self._motion.swing_g > self._scale.e_g

    @property
    def axles(self) -> int:
        """Axles that climbed on, or -1 when that is not known."""
        count = len(self._axles.climbed())
        return count if count and not self._axles.lost else -1

    @property
    def axle_offsets_mm(self) -> tuple[int, ...]:
        """Distances from the first axle, millimetres."""
        return self._axles.offsets_mm()

    @property
    def axle_loads_g(self) -> tuple[int, ...]:
        """Axle loads, grams: as they climbed on, made to sum to the weight once there is one."""
        return self._axles.loads_g(self.weight_g)

    @property
    def axle_loads_u95_g(self) -> tuple[int, ...]:
        """The expanded uncertainty of each axle load, grams."""
        return self._axles.loads_u95_g(self.weight_g, self.u95_g)

    @property
    def axle_spacings_u95_mm(self) -> tuple[int, ...]:
        """The expanded uncertainty of the way from each axle to the next, millimetres."""
        return self._axles.spacings_u95_mm()

    @property
    def axles_confidence(self) -> float:
        """Probability that the count of axles is right."""
        return self._axles.count_confidence(self.weight_g)

    @property
    def stopped_us(self) -> int | None:
        """When the vehicle last came to a stand; None while it rolls."""
        return self._stopped_us

    def see_beams(self, t_us: IntArray, beams: IntArray) -> None:
        """Take beam rows (n, 2)."""
        for side in (0, 1):
            column = beams[:, side]
            if self._beams[side] == 0 and not column.any():
                continue
            for at_us, value in zip(t_us.tolist(), column.tolist(), strict=True):
                if value != self._beams[side]:
                    self._beams[side] = value
                    self._beam_us[side] = at_us
                    if side == self._front() and value == 0:
                        self._cleared_us = at_us

    def _front(self) -> int:
        return int(self._axles.front or End.ENTRY)

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Hand samples to the estimators."""
        self._estimator.push(t_us, cells_g, usable)
        self._check.push(t_us, cells_g, usable)
        both = np.column_stack((cells_g.sum(axis=1), cells_g @ self._x_m))
        self._slow.push(t_us, both, usable)

    def judge(self, now_us: int, fresh: int, zero_ok: bool) -> None:
        """Look at the newest samples once a tick."""
        self._now_us = now_us
        self._motion.update(self._history, self._axles.front == End.EXIT)
        speed = self._motion.speed_mps
        # An axle on the edge disturbs the moments, so what counts is how it was before that.
        step = self._axles.update(self._history, fresh, speed, self._was_still[0])
        calm = self._motion.still_us > 0 and abs(speed) < SECOND_VEHICLE_MPS
        self._speeds.append(abs(speed))
        drives_off = self._usual_speed_mps > DRIVES_OFF_MPS
        self._was_still.append(calm or (self._stands and not drives_off))
        if step is not None:
            self._on_step(step)
        self._watch_stop()
        self._watch_span()
        self._swings.append(self._motion.swing_g)
        estimate = self._estimate()
        self.estimate = estimate
        self._watch_brakes(estimate)
        if estimate is not None:
            self._follow_level(estimate)
        self._watch_rocking()
        self._decide(estimate, zero_ok)

    def _moved(self) -> None:
        """The vehicle rolls, or the load is another: it does not stand any more."""
        self._stop_ticks = 0
        self._sure_ticks = 0
        self._brake_ticks = 0.0
        self._boarded_ticks = 0
        self._stands = False
        self._stopped_us: int | None = None
        self._wander.reset()
        self._stop: Stop | None = None

    def _watch_stop(self) -> None:
        """Follow how probable it is that the vehicle stands, since the last axle climbed on."""
        self._stop = None
        if self._axles.stepping or self._plateau_us >= self._now_us:
            return
        _, means = self._slow.since(self._plateau_us, MOST)
        known = ~np.isnan(means[:, 0])
        if not known.any() or float(means[known, 0].mean()) < self._scale.min_g:
            return
        places = means[known, 1] / float(means[known, 0].mean())
        filled = places[np.maximum(np.cumsum(known) - 1, 0)]
        self._stop = stop = self._finder.look(filled)
        if stop is None:
            return
        if stop.stands < (STANDS_STILL if self._stands else STANDS):
            self._stop_ticks = 0
            if self._stands:
                self._moved()
            return
        self._stop_ticks += 1
        # Once the braking has left the window, the stop cannot be placed any more.
        if self._stopped_us is None or self._now_us - self._stopped_us < SURE_SINCE_US:
            self._stopped_us = self._now_us - round(1e6 * stop.since_s)
        self._stands = self._stands or self._stop_ticks >= STOP_TICKS

    @property
    def _stood_us(self) -> int:
        """How long the vehicle has been known to stand."""
        if not self._stands or self._stopped_us is None:
            return 0
        return self._now_us - self._stopped_us

    def _estimate(self) -> Estimate | None:
        """The estimator's word; before the stop is near the body is not worth a fit."""
        if self._plateau_us >= self._now_us:
            return None
        if self.status == Status.ACCEPTED:
            return self._check.estimate(self._stopped_us)
        near = self._stop is not None and self._stop.stands > STOP_NEAR
        return self._estimator.estimate(self._stopped_us) if near else None

    def _on_step(self, step: AxleStep) -> None:
        kind = EventKind.AXLE_ON if step.mass_g > 0 else EventKind.AXLE_OFF
        self._note(kind, step.mass_g, step.at_us)
        earlier = len(self._axles.steps) > 1
        if len(self._axles.steps) == 1:
            self._check_wiring()
        if step.mass_g > 0 and earlier and self._is_second_vehicle(step):
            self._tailgate = True
            self._note(EventKind.TAILGATE, step.mass_g, step.at_us)
        if step.mass_g > 0 and earlier and step.travel_mm < ABSURD_SPACING_MM:
            self._close_follow = step.end == self._axles.front
        self._plateau_us = step.at_us + AFTER_STEP_US
        self._estimator.restart(self._plateau_us)
        self._check.restart(self._plateau_us)
        self._moved()
        self._span.axle_step()
        self._levels.clear()
        self._gained_from_g = None
        self._rocked = False
        self._rocking_peak_g = 0.0
        self._calm_swing_g = 1e18
        if self.status == Status.ACCEPTED:
            if self._checking():
                self._withdraw(WithdrawReason.AXLE)
            elif step.mass_g < 0:
                self._leaving = True

    def _check_wiring(self) -> None:
        """The first axle stands near one pair: whoever else answers is wired in its place."""
        if not len(self._pairs):
            return
        rows = max(4, round(STILL_US / 1e6 * self._scale.rate_hz))
        cells_g = self._history.cells_g(rows).mean(axis=0)
        for cell in swapped(cells_g, self._pairs[0 if self._axles.front == End.ENTRY else -1]):
            self._cells.note(cell, CellHealth.SWAPPED)

    def _is_second_vehicle(self, step: AxleStep) -> bool:
        """An axle that climbs on while the first vehicle stands is not its own."""
        if step.standing:
            return True
        reblocked = self._beam_us[self._front()] > self._cleared_us > 0
        return reblocked and self._usual_speed_mps < SECOND_VEHICLE_MPS

    @property
    def _usual_speed_mps(self) -> float:
        return sorted(self._speeds)[len(self._speeds) // 2]

    def _checking(self) -> bool:
        return self.accepted_us is not None and self._now_us - self.accepted_us <= CHECK_US

    def _watch_span(self) -> None:
        rows = len(self._taper)
        # With one cell wrong the sum is wrong, and would only accuse the others.
        if self._axles.stepping or self._cells.faulty or len(self._history) < rows:
            return
        slow_g = self._taper @ self._history.cells_g(rows)
        self._lean.add(slow_g)
        shunted = None if self._tailgate else self._span.update(slow_g)
        if shunted is not None:
            self._cells.note(shunted, CellHealth.SHUNTED)
        # The windows must lie behind the stop and the worst of its pitching.
        calm = self._motion.swing_g < ROCKING_E * self._scale.e_g
        if calm and self._stands:
            drifting = self._wander.update(slow_g)
            if drifting is not None:
                self._cells.note(drifting, CellHealth.DRIFTING)

    def _watch_brakes(self, estimate: Estimate | None) -> None:
        """A vehicle that is not wholly on leaves part of its braking on the road.

        Braking moves load from the rear to the front. Of a whole vehicle the deck carries both and
        its sum stays; with an axle still off the entry end the sum falls when the brakes let go.
        """
        if estimate is None or estimate.brake_step_g is None or not self._stands:
            return
        if self._stood_us > BRAKES_SEEN_US:
            return
        step_g, sigma_g = estimate.brake_step_g, estimate.brake_step_sigma_g
        step_e, proof = BRAKE_STEP_BEAMS if self.fitted[self._front()] else BRAKE_STEP
        partly_on = step_g > max(step_e * self._scale.e_g, proof * sigma_g)
        self._brake_ticks = max(self._brake_ticks + (1.0 if partly_on else -0.5), 0.0)
        # Whoever steps on as the vehicle stops is weighed with it.
        if self._stood_us < BOARDED_US:
            least_g = min(BOARDED[0] * self._scale.e_g, LIGHT_PERSON_G)
            self._boarded_ticks += -step_g > max(least_g, BOARDED[1] * sigma_g)

    def _follow_level(self, estimate: Estimate) -> None:
        """A standing vehicle can lose a person; what it gains is not its own.

        Every earlier look counts, not the last alone: a person steps on slowly enough to lead a
        level that follows.
        """
        e_g = self._scale.e_g
        if self._gained_from_g is not None:
            if abs(estimate.weight_g - self._gained_from_g) <= e_g:
                self._gained_from_g = None
                self._boarded_ticks = 0
            return
        if estimate.u95_g > 2 * e_g:
            return
        before = max(self._levels, key=lambda level: _change(level, estimate, e_g), default=None)
        if before is None or _change(before, estimate, e_g) <= 1:
            self._levels.append(estimate)
            return
        change = estimate.weight_g - before.weight_g
        self._note(EventKind.LOAD_CHANGED, round(change))
        self._levels.clear()
        if -PERSON_G < change < 0:
            self._lost_us = self._now_us
            self._boarded_ticks = 0
            self._estimator.restart(self._now_us)
        else:
            self._gained_from_g = before.weight_g

    def _watch_rocking(self) -> None:
        e_g = self._scale.e_g
        swing = self._motion.swing_g
        if len(self._swings) == CALM_TICKS and max(self._swings) < SWING_SMALL_E * e_g:
            self._rocked = False
        if self._stood_us < ROCKING_AFTER_US:
            return
        self._calm_swing_g = min(self._calm_swing_g, swing)
        if self._rocked:
            self._rocking_peak_g = max(self._rocking_peak_g, swing)
            self._rocked = swing > DYING_SHARE * self._rocking_peak_g
        if swing > self._rocking_limit_g(self._calm_swing_g) and not self._rocked:
            self._rocked = True
            self._rocking_peak_g = swing
            self._calm_swing_g = swing
            self._note(EventKind.ROCKING, round(swing))

    def _rocking_limit_g(self, calm_g: float) -> float:
        return max(ROCKING_GROWTH * calm_g, ROCKING_E * self._scale.e_g)

    def _incomplete(self) -> bool:
        blocked = [
            self._beams[side] != 0 and self._now_us - self._beam_us[side] >= BEAM_CLEAR_US
            for side in (0, 1)
        ]
        if any(blocked) or self._axles.gone_off() > 0 or self._axles.on_deck() < 2:
            return True
        return self._brake_ticks >= BRAKE_TICKS

    def _decide(self, estimate: Estimate | None, zero_ok: bool) -> None:
        if self._cells.faulty:
            self._to(Status.CELL_FAULT)
            return
        if self.status == Status.ACCEPTED:
            self._check_accepted(estimate)
        if self._leaving:
            return
        if self._second_vehicle():
            self._to(Status.TAILGATE)
            return
        if self.status == Status.ACCEPTED:
            return
        if self._rolling():
            self._roll()
            return
        if not self._stands:
            return
        if not self._stood:
            self._stood = True
            self._note(EventKind.STANDING, 0)
        if self._incomplete():
            self._to(Status.NOT_FULLY_ON, self._axles.gone_off())
        elif estimate is not None and zero_ok and self._may_accept(estimate):
            self._accept(estimate)
        elif self._stood_us > GIVE_UP_US:
            self._to(Status.UNSTABLE, round(self._motion.swing_g))
        elif self.status == Status.NOT_FULLY_ON:
            self._to(Status.RUNNING)

    def _rolling(self) -> bool:
        return abs(self._motion.speed_mps) > ROLLING_MPS and not self._stands

    def _second_vehicle(self) -> bool:
        if self._tailgate:
            return True
        blocked = self._beams[self._front()] != 0 or not self.fitted[self._front()]
        return self._close_follow and blocked and self._stands

    def _roll(self) -> None:
        """The vehicle moves on: what was said about its place is void."""
        self._stood = False
        if self.status in (Status.NOT_FULLY_ON, Status.UNSTABLE, Status.WITHDRAWN):
            self._to(Status.RUNNING)

    def _may_accept(self, estimate: Estimate) -> bool:
        gross_g = round(estimate.weight_g)
        scale = self._scale
        if gross_g < scale.min_g or is_over_range(gross_g, scale) or self._axles.stepping:
            return False
        if not all(
            state == 0 and self._now_us - since >= BEAM_CLEAR_US
            for state, since in zip(self._beams, self._beam_us, strict=True)
        ):
            return False
        mpe_g = mpe_initial_g(min(gross_g, scale.max_g), scale.e_g)
        if self._u95_g(estimate) > self._most_u95_g(mpe_g) or self._cells.doubtful:
            self._sure_ticks = 0
            return False
        boarded = self._gained_from_g is not None or self._boarded_ticks >= BOARDED_TICKS
        if self._rocked or boarded or self._now_us - self._lost_us < LOST_LOAD_US:
            return False
        self._sure_ticks += 1
        return self._sure_ticks >= SURE_TICKS and self._cells_agree()

    def _most_u95_g(self, mpe_g: int) -> float:
        """The widest uncertainty of an accepted weight: strict at first, then by the MPE."""
        most_e = U95_E if self._stood_us < PATIENCE_US else U95_LATE_E
        most_g = min(U95_SHARE * mpe_g, most_e * self._scale.e_g)
        return most_g if self._stood_us < LAST_PATIENCE_US else max(most_g, U95_LAST_SHARE * mpe_g)

    def _u95_g(self, estimate: Estimate) -> float:
        """The estimate's expanded uncertainty with that of the corrections."""
        return math.hypot(estimate.u95_g, 2 * self._corrections.u_g(estimate.weight_g))

    def _cells_agree(self) -> bool:
        """Whether no cell reads low against the others; those that may be it are named."""
        shunt = self._lean.judge()
        for cell in () if shunt is None else shunt.cells:
            self._cells.note(cell, CellHealth.SHUNTED)
        return shunt is None

    def _accept(self, estimate: Estimate) -> None:
        self.weight_g = round(self._corrections.correct_g(estimate.weight_g))
        self.u95_g = round(self._u95_g(estimate))
        self.accepted_us = self._now_us
        self._accepted_swing_g = self._motion.swing_g
        self._to(Status.ACCEPTED, self.weight_g)

    def _check_accepted(self, estimate: Estimate | None) -> None:
        if not self._checking():
            return
        if not self._stands:
            self._withdraw(WithdrawReason.MOVED)
        elif self._stood_us > ROCKING_AFTER_US and (
            self._rocked or self._motion.swing_g > self._rocking_limit_g(self._accepted_swing_g)
        ):
            self._rocked = True
            self._rocking_peak_g = max(self._rocking_peak_g, self._motion.swing_g)
            self._withdraw(WithdrawReason.ROCKING)
        elif estimate is not None and self.weight_g is not None and self.u95_g is not None:
            change = abs(self._corrections.correct_g(estimate.weight_g) - self.weight_g)
            if change > self._scale.e_g + self.u95_g + estimate.u95_g:
                self._withdraw(WithdrawReason.LOAD_CHANGED)

    def _withdraw(self, reason: WithdrawReason) -> None:
        self.status = Status.WITHDRAWN
        self._note(EventKind.WITHDRAWN, reason)

    def _to(self, status: Status, value: int = 0) -> None:
        if status == self.status:
            return
        if self.status == Status.ACCEPTED:
            reason = (
                WithdrawReason.CELL_FAULT if status == Status.CELL_FAULT else WithdrawReason.AXLE
            )
            self._note(EventKind.WITHDRAWN, reason)
        self.status = status
        kinds = {
            Status.ACCEPTED: EventKind.ACCEPTED,
            Status.NOT_FULLY_ON: EventKind.NOT_FULLY_ON,
            Status.UNSTABLE: EventKind.UNSTABLE,
        }
        if status in kinds:
            self._note(kinds[status], value)


def _change(before: Estimate, now: Estimate, e_g: int) -> float:
    """By how many times more than both can explain the load differs."""
    limit_g = max(CHANGE_E * e_g, 2 * (before.u95_g + now.u95_g))
    return abs(now.weight_g - before.weight_g) / limit_g
