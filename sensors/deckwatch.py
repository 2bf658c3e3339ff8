"""What is watched of the vehicle on the deck: beams, axles, motion, stop, estimate, cells.

Nothing here decides; `sensors/acceptance.py` does, from what stands here after each tick.
"""

from collections import deque
from typing import Final

import numpy as np

from sensors.agreement import Agreement
from sensors.axle_steps import AxleStep, End, about
from sensors.axles import AxleTracker
from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.cells import CellWatch
from sensors.estimator import Estimate, Estimator, Method, Modal, TaperedMean
from sensors.far_in import COUPLED_M, far_in, out_of_reach
from sensors.history import History
from sensors.motion import Motion
from sensors.slow import GRID_US, Slow
from sensors.standing import ROCKING_E, StandingLoad
from sensors.stopping import MOST, Stop, StopFinder
from sensors.sums import mean, row_sums
from sensors.turning import TurnFinder
from sensors.weighing import EventKind, Note

AFTER_STEP_US: Final = 150_000
STANDS: Final = 0.9
STANDS_STILL: Final = 0.3
STOP_NEAR: Final = 0.2
STOP_TICKS: Final = 4
TURNS: Final = 0.3
SURE_SINCE_US: Final = 800_000
# Whoever walks through a beam is through by then.
WALKS_US: Final = 2_000_000
# For so long a vehicle must have stood before its load says whether an axle came on unseen.
LEVEL_US: Final = 1_500_000
BEAM_CLEAR_US: Final = 300_000
ROLLING_MPS: Final = 0.15
SECOND_VEHICLE_MPS: Final = 0.30
DRIVES_OFF_MPS: Final = 0.5
# No vehicle has two axles closer than this; a tandem has 1.2 m and more.
ABSURD_SPACING_MM: Final = 1000
# Over so long a body that sways has gone to and fro, mostly.
PLACE_S: Final = 0.5
USUAL_TICKS: Final = 7
# A step is known some ticks after it, and one that was too slow for a step when it has stood.
SPEEDS_KEPT: Final = 40


class DeckWatch:
    """Looks at the deck once a tick and keeps what it has seen of the vehicle there.

    `stands` and `stopped_us` say whether and since when it stands, `turns` that it came backwards
    and may go forward again instead; `estimate` is what it weighs,
    `tailgate` whether a second one came; `axles`, `load` and `cells` hold the rest. The load has
    been one since `load_since_us`; `method` says how the estimator works, where it has a name.
    `fitted` tells at which ends beams stand, `looped` where a loop in the road is part of them.
    `drawbars` tells at which ends a high drawbar may lie across that no sensor sees, and `far_in`
    that the vehicle stands so far in that no trailer of it can be left on the road. `followed`:
    what is in the beam behind it came after a gap, and is too far behind to be its trailer.
    """

    def __init__(
        self, scale: Scale, history: History, cells: CellWatch, estimator: Estimator, note: Note
    ) -> None:
        self._scale = scale
        self._history = history
        self._estimator = estimator
        self.method: Method | None = getattr(estimator, "method", None)
        self._check = TaperedMean(scale)
        self._note = note
        self.axles = AxleTracker(scale)
        self.load = StandingLoad(scale, note)
        self.cells = Agreement(scale, history, cells)
        self._motion = Motion(scale)
        self._slow = Slow(2, scale.rate_hz, MOST + 2)
        self._finder = StopFinder(GRID_US / 1e6)
        self._turn_finder = TurnFinder(GRID_US / 1e6)
        self._x_m = scale.x_m()
        self._rows = max(1, round(PLACE_S * scale.rate_hz))
        # Which ends have a beam: one alone says nothing about the other end.
        self.fitted = (scale.has_beams, scale.has_beams)
        self.looped = (False, False)
        self.drawbars = (False, False)
        self._beam_us = [-(2**62), -(2**62)]
        self._beams = [0, 0]
        self._clear_seen_us = -(2**62)
        self._now_us = 0
        self.begin()

    def begin(self) -> None:
        """A vehicle comes on."""
        self.axles.reset()
        self.load.begin()
        self._motion.reset()
        self.cells.begin()
        self._estimator.restart(2**62)
        self._check.restart(2**62)
        self._moved()
        self._was_still: deque[bool] = deque([False], maxlen=4)
        self._speeds: deque[tuple[int, float]] = deque([(0, 9.9)], maxlen=SPEEDS_KEPT)
        self._plateau_us = 2**62
        self.load_since_us = 2**62
        self._cleared_us = -1
        self._gap_us = 0
        self._second: AxleStep | None = None
        self._close: AxleStep | None = None
        self.far_in = False
        self.followed = False
        self.estimate: Estimate | None = None

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
        steps = self.axles.books.steps
        return self.axles.stepping or bool(steps and steps[-1].at_us > at_us)

    @property
    def moving(self) -> bool:
        """Whether the reading is in motion (R 76 T.5.3.1): rolling, or swinging more than 1 e."""
        return not self.stands or self._motion.swing_g > self._scale.e_g

    @property
    def rolling(self) -> bool:
        """Whether it rolls."""
        return abs(self._motion.speed_mps) > ROLLING_MPS and not self.stands

    @property
    def swing_g(self) -> float:
        """Half the peak-to-peak of the load without engine and deck tones, grams."""
        return self._motion.swing_g

    @property
    def tailgate(self) -> bool:
        """Whether an axle climbed on that is not this vehicle's own."""
        return self._second is not None and self.axles.books.has(self._second)

    @property
    def second_vehicle(self) -> bool:
        """Whether an axle of another vehicle is on the deck."""
        if self.tailgate:
            return True
        blocked = self._beams[self._front()] != 0 or not self.fitted[self._front()]
        close = self._close is not None and self.axles.books.has(self._close)
        return close and blocked and self.stands

    @property
    def pulls(self) -> bool:
        """Whether it may pull a trailer on the road, which takes load on and off by its drawbar."""
        return self.drawbars[self._front()] and not self.far_in

    @property
    def incomplete(self) -> bool:
        """Whether an axle is off an end, by beams, steps and what braking did to the load."""
        blocked = [
            self._beams[side] != 0 and self._now_us - self._beam_us[side] >= BEAM_CLEAR_US
            for side in (0, 1)
        ]
        if any(blocked) or self.axles.books.gone_off() > 0 or self.axles.books.on_deck() < 2:
            return True
        return self.load.partly_on

    @property
    def clear(self) -> bool:
        """Whether both beams have been clear for a moment."""
        return all(
            state == 0 and self._now_us - since >= BEAM_CLEAR_US
            for state, since in zip(self._beams, self._beam_us, strict=True)
        )

    @property
    def _clear_since_us(self) -> int | None:
        """Since when beams at both ends have been clear; None where one is not, or not fitted."""
        return self.beam_edge_us if self.beams_clear and all(self.fitted) else None

    def see_beams(self, t_us: IntArray, beams: tuple[IntArray, IntArray]) -> None:
        """Take both beams, (n,) each."""
        for side, column in enumerate(beams):
            if self._beams[side] == 0 and not column.any():
                continue
            for at_us, value in zip(t_us.tolist(), column.tolist(), strict=True):
                if value != self._beams[side]:
                    if side == self._front() and self._beams[side] == 0:
                        self._gap_us = at_us - self._cleared_us if self._cleared_us > 0 else 0
                    self._beams[side] = value
                    self._beam_us[side] = at_us
                    if side == self._front() and value == 0:
                        self._cleared_us = at_us
                        self.followed = False

    def _front(self) -> int:
        return int(self.axles.books.front or End.ENTRY)

    def push(self, t_us: IntArray, cells_g: FloatArray, usable: BoolArray) -> None:
        """Hand samples to the estimators."""
        self._estimator.push(t_us, cells_g, usable)
        self._check.push(t_us, cells_g, usable)
        both = np.empty((len(t_us), 2))
        both[:, 0], both[:, 1] = row_sums(cells_g), cells_g @ self._x_m
        self._slow.push(t_us, both, usable)

    def push_ticks(
        self,
        t_us: IntArray,
        cells_g: FloatArray,
        load_g: FloatArray,
        moment_gm: FloatArray,
        tick: int,
    ) -> None:
        """Hand over whole ticks of an empty deck, as `push` would one after the other."""
        self._check.push_ticks(t_us, load_g)
        self._slow.push_ticks(t_us, np.stack((load_g, moment_gm), axis=1), tick)
        if isinstance(self._estimator, Modal):
            self._estimator.push_ticks(t_us, load_g, tick)
            return
        for begin in range(0, len(t_us), tick):
            part = slice(begin, begin + tick)
            self._estimator.push(t_us[part], cells_g[part], np.ones(tick, np.bool_))

    def move(self, now_us: int, fresh: int) -> AxleStep | None:
        """Look at motion and edges in the newest samples; returns an axle step that has ended."""
        self._now_us = now_us
        self._motion.update(self._history, self.axles.books.front == End.EXIT)
        speed = self._motion.speed_mps
        # An axle on the edge disturbs the moments, so what counts is how it was before that.
        still, unseen_us = self._was_still[0], self._clear_since_us
        self.axles.behind_beam = self.fitted[self._front()]
        step = self.axles.update(self._history, fresh, speed, still, unseen_us)
        if self.stopped_us is not None and self.stood_us > LEVEL_US and not self.axles.stepping:
            in_beam = self._beams[self._front()] != 0
            step = self.axles.see_standing(self._history, self.stopped_us, in_beam) or step
        calm = self._motion.still_us > 0 and abs(speed) < SECOND_VEHICLE_MPS
        self._speeds.append((now_us, abs(speed)))
        drives_off = self._usual_speed_mps(now_us) > DRIVES_OFF_MPS
        self._was_still.append(calm or (self.stands and not drives_off))
        if step is not None:
            self._on_step(step)
        return step

    def look(self, accepted: bool) -> None:
        """Look at stop, weight and load; an accepted weight is checked by another estimator."""
        self._watch_beams(accepted)
        self._watch_place()
        self._watch_stop(accepted)
        if not self.axles.stepping:
            calm = self.swing_g < ROCKING_E * self._scale.e_g
            self.cells.watch(alone=not self.tailgate, standing_calm=calm and self.stands)
        self.load.see_swing(self._motion.swing_g)
        self.estimate = estimate = self._estimate(accepted)
        if self.stands:
            self.load.watch_brakes(estimate, self.stood_us, self.fitted[self._front()])
        if estimate is not None and self.load.follow_level(
            estimate, self._now_us, in_beam=self._in_beam
        ):
            self.load_since_us = self._now_us
            self._estimator.restart(self.load_since_us)
        self.load.watch_rocking(self.stood_us)

    @property
    def _in_beam(self) -> bool:
        """Whether something blocks the beam behind it for longer than somebody who walks."""
        side = self._front()
        return self._beams[side] != 0 and self._now_us - self._beam_us[side] > WALKS_US

    def _moved(self) -> None:
        """The vehicle rolls, or the load is another: it does not stand any more."""
        self._stop_ticks = 0
        self.stands = False
        self.turns = False
        self.stopped_us: int | None = None
        self.load.moved()
        self.cells.moved()
        self._stop: Stop | None = None

    def _watch_beams(self, accepted: bool) -> None:
        """Whoever seemed to stand in a beam that is clear now has moved, and still may.

        The places before that would go on to say for half a second and more that he stands. Only
        whoever stood there is meant: across the beam of an accepted vehicle somebody walks.
        """
        if not self.beams_clear or self.beam_edge_us <= self._clear_seen_us:
            return
        self._clear_seen_us = self.beam_edge_us
        if not accepted:
            self.load.out_of_beam()
        if self._stop_ticks and not accepted:
            self._plateau_us = max(self._plateau_us, self.beam_edge_us)
            self._moved()

    def _watch_place(self) -> None:
        """See how far in it stands; with an axle on the edge, that is not known."""
        books = self.axles.books
        if self.axles.stepping or not books.steps:
            self.far_in = False
            return
        load_g = self._history.load_g(self._rows)
        moment_gm = mean(self._history.moment_gm(self._rows))
        moment_gm = about(books.front, moment_gm, load_g, self._scale.platform_mm / 1000)
        self.far_in = far_in(books, load_g, moment_gm, self.far_in)
        # Once the other's axle is on the edge, the load's place is not the first one's any more.
        parted = self._parted and self._beams[self._front()] != 0
        self.followed = self.followed or (parted and out_of_reach(books, load_g, moment_gm))

    def _watch_stop(self, accepted: bool) -> None:
        """Follow how probable it is that the vehicle stands, since the last axle climbed on."""
        self._stop = None
        self.turns = False
        if self.axles.stepping or self._plateau_us >= self._now_us:
            return
        _, means = self._slow.since(self._plateau_us, MOST)
        known = ~np.isnan(means[:, 0])
        if not known.any():
            return
        load_g = float(means[known, 0].mean())
        if load_g < self._scale.min_g:
            return
        places = means[known, 1] / load_g
        filled = places[np.maximum(np.cumsum(known) - 1, 0)]
        self._stop = stop = self._finder.look(filled)
        if stop is None:
            return
        if stop.stands < (STANDS_STILL if self.stands else STANDS):
            self._stop_ticks = 0
            if self.stands:
                self._moved()
            return
        self._stop_ticks += 1
        # Once the braking has left the window, the stop cannot be placed any more.
        if self.stopped_us is None or self._now_us - self.stopped_us < SURE_SINCE_US:
            self.stopped_us = self._now_us - round(1e6 * stop.since_s)
        self.stands = self.stands or self._stop_ticks >= STOP_TICKS
        if self.stands and not accepted:
            forward = -1 if self._front() == End.EXIT else 1
            self.turns = self._turn_finder.look(filled, forward) > TURNS

    @property
    def stood_us(self) -> int:
        """How long the vehicle has been known to stand."""
        if not self.stands or self.stopped_us is None:
            return 0
        return self._now_us - self.stopped_us

    def _estimate(self, accepted: bool) -> Estimate | None:
        """The estimator's word; before the stop is near the body is not worth a fit."""
        if self._plateau_us >= self._now_us:
            return None
        if accepted:
            return self._check.estimate(self.stopped_us)
        near = self._stop is not None and self._stop.stands > STOP_NEAR
        return self._estimator.estimate(self.stopped_us) if near else None

    def _on_step(self, step: AxleStep) -> None:
        kind = EventKind.AXLE_ON if step.mass_g > 0 else EventKind.AXLE_OFF
        self._note(kind, step.mass_g, step.at_us)
        earlier = len(self.axles.books.steps) > 1
        if len(self.axles.books.steps) == 1:
            self.cells.check_wiring(self.axles.books.front)
        own = not self.axles.books.has(step)
        if step.mass_g > 0 and earlier and not own and self._is_second_vehicle(step):
            self._second = step
            self._note(EventKind.TAILGATE, step.mass_g, step.at_us)
        if step.mass_g > 0 and earlier and step.travel_mm < ABSURD_SPACING_MM:
            self._close = step if step.end == self.axles.books.front else None
        self.followed = False
        self._plateau_us = step.at_us + AFTER_STEP_US
        self.load_since_us = self._plateau_us
        self._estimator.restart(self.load_since_us)
        self._check.restart(self._plateau_us)
        self._moved()
        self.cells.axle_step(went_back=step.mass_g < 0 and step.end == self._front())
        self.load.axle_step()

    def _is_second_vehicle(self, step: AxleStep) -> bool:
        """An axle that climbs on while the first vehicle stands is not its own.

        Nor is one behind a gap, unless the first rolled: the beams may have looked over a drawbar.
        A loop does not, but for a high one, and then the axle is no further than a drawbar is long.
        """
        if step.standing:
            return True
        if not self._beam_us[self._front()] > self._cleared_us > 0:
            return False
        # Two that follow each other with a whole loop clear between them mostly are so far apart.
        far = step.travel_mm > 1000 * COUPLED_M
        rolled_mps = max(self._usual_speed_mps(step.at_us), self._usual_speed_mps(self._now_us))
        return (self._parted and far) or rolled_mps < SECOND_VEHICLE_MPS

    @property
    def _parted(self) -> bool:
        """Whether a whole loop and the beams were clear before what is behind it came."""
        return self.looped[self._front()] and self._gap_us >= BEAM_CLEAR_US

    def _usual_speed_mps(self, at_us: int) -> float:
        """How fast it was in the last ticks up to then."""
        until = [mps for seen_us, mps in self._speeds if seen_us <= at_us]
        usual = sorted(until[-USUAL_TICKS:] or [self._speeds[0][1]])
        return usual[len(usual) // 2]
