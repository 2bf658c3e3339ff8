"""The load of a vehicle that stands: braking, people who step on or off, rocking."""

from collections import deque
from typing import Final

from sensors.calibration import Scale
from sensors.estimator import Estimate
from sensors.weighing import EventKind, Note

# Step in e and in its own uncertainty; beams that are clear need more to be overruled.
BRAKE_STEP: Final = (1.8, 1.9)
BRAKE_STEP_BEAMS: Final = (3.0, 3.0)
BRAKE_TICKS: Final = 3.0
BRAKES_SEEN_US: Final = 3_500_000
BOARDED: Final = (2.5, 1.6)
BOARDED_TICKS: Final = 6
BOARDED_US: Final = 2_000_000
ROCKING_AFTER_US: Final = 1_200_000
SWING_SMALL_E: Final = 3.0
ROCKING_E: Final = 6.0
ROCKING_GROWTH: Final = 1.6
DYING_SHARE: Final = 0.6
CHANGE_E: Final = 1.5
LEVELS_KEPT: Final = 40
CALM_TICKS: Final = 15
LOST_LOAD_US: Final = 2_500_000
PERSON_G: Final = 150_000.0
LIGHT_PERSON_G: Final = 60_000.0


class StandingLoad:
    """Follows what a standing vehicle's load does, once a tick; memory is LEVELS_KEPT looks."""

    def __init__(self, scale: Scale, note: Note) -> None:
        self._scale = scale
        self._note = note
        self._swings: deque[float] = deque(maxlen=CALM_TICKS)
        self.begin()

    def begin(self) -> None:
        """A vehicle comes on."""
        self._swings.clear()
        self._lost_us = -(2**62)
        self.axle_step()
        self.moved()

    def axle_step(self) -> None:
        """Another load is on the deck: earlier looks say nothing of it."""
        self._levels: deque[Estimate] = deque(maxlen=LEVELS_KEPT)
        self._in_beam = False
        self._gained_from_g: float | None = None
        self._rocked = False
        self._rocking_peak_g = 0.0
        self._calm_swing_g = 1e18

    def moved(self) -> None:
        """It rolls: what was seen of its brakes belongs to another stop."""
        self._brake_ticks = 0.0
        self._boarded_ticks = 0

    @property
    def partly_on(self) -> bool:
        """Whether braking was seen to move load off the deck."""
        return self._brake_ticks >= BRAKE_TICKS

    @property
    def changed(self) -> bool:
        """Whether it stands with another load than before, and nobody just stepped off."""
        return self._gained_from_g is not None

    def disturbed(self, now_us: int) -> bool:
        """Whether somebody rocks it, has stepped on, or has just stepped off."""
        boarded = self._gained_from_g is not None or self._boarded_ticks >= BOARDED_TICKS
        return self._rocked or boarded or now_us - self._lost_us < LOST_LOAD_US

    def rocks_more_than(self, calm_g: float, swing_g: float) -> bool:
        """Whether it is rocked, against the swing it had; if so it counts as rocked from now on."""
        if not self._rocked and swing_g <= self._rocking_limit_g(calm_g):
            return False
        self._rocked = True
        self._rocking_peak_g = max(self._rocking_peak_g, swing_g)
        return True

    def watch_brakes(self, estimate: Estimate | None, stood_us: int, beam_fitted: bool) -> None:
        """A vehicle that is not wholly on leaves part of its braking on the road.

        Braking moves load from the rear to the front. Of a whole vehicle the deck carries both and
        its sum stays; with an axle still off the entry end the sum falls when the brakes let go.
        """
        if estimate is None or estimate.brake_step_g is None or stood_us > BRAKES_SEEN_US:
            return
        step_g, sigma_g = estimate.brake_step_g, estimate.brake_step_sigma_g
        step_e, proof = BRAKE_STEP_BEAMS if beam_fitted else BRAKE_STEP
        partly_on = step_g > max(step_e * self._scale.e_g, proof * sigma_g)
        self._brake_ticks = max(self._brake_ticks + (1.0 if partly_on else -0.5), 0.0)
        # Whoever steps on as the vehicle stops is weighed with it.
        if stood_us < BOARDED_US:
            least_g = min(BOARDED[0] * self._scale.e_g, LIGHT_PERSON_G)
            self._boarded_ticks += -step_g > max(least_g, BOARDED[1] * sigma_g)

    def follow_level(self, estimate: Estimate, now_us: int, *, in_beam: bool) -> bool:
        """A standing vehicle can lose a person; what it gains is not its own.

        Every earlier look counts, not the last alone: a person steps on slowly enough to lead a
        level that follows. `in_beam`: it stands in a beam, perhaps with an axle on the edge (see
        `out_of_beam`). Returns whether the load that counts begins anew.
        """
        e_g = self._scale.e_g
        if self._gained_from_g is not None:
            if abs(estimate.weight_g - self._gained_from_g) <= e_g:
                self._gained_from_g = None
                self._boarded_ticks = 0
            return False
        if estimate.u95_g > 2 * e_g:
            return False
        before = max(self._levels, key=lambda level: _change(level, estimate, e_g), default=None)
        if before is None or _change(before, estimate, e_g) <= 1:
            self._levels.append(estimate)
            self._in_beam = self._in_beam or in_beam
            return False
        change = estimate.weight_g - before.weight_g
        self._note(EventKind.LOAD_CHANGED, round(change))
        self._levels.clear()
        if -PERSON_G < change < 0:
            self._lost_us = now_us
            self._boarded_ticks = 0
            return True
        self._gained_from_g = before.weight_g
        return False

    def out_of_beam(self) -> None:
        """Whoever stood in a beam has moved on: an axle may have stood half on the edge."""
        if self._in_beam:
            self.axle_step()

    def see_swing(self, swing_g: float) -> None:
        """Take half the peak-to-peak of the load in this tick, grams."""
        self._swings.append(swing_g)

    def watch_rocking(self, stood_us: int) -> None:
        """A body that nobody rocks only ever calms down."""
        e_g, swing = self._scale.e_g, self._swings[-1]
        if len(self._swings) == CALM_TICKS and max(self._swings) < SWING_SMALL_E * e_g:
            self._rocked = False
        if stood_us < ROCKING_AFTER_US:
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


def _change(before: Estimate, now: Estimate, e_g: int) -> float:
    """By how many times more than both can explain the load differs."""
    limit_g = max(CHANGE_E * e_g, 2 * (before.u95_g + now.u95_g))
    return abs(now.weight_g - before.weight_g) / limit_g
