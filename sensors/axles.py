"""Axles as they climb on and off: which steps of the load are axles, and how far apart.

Between two axles the first moment about the end where the vehicle entered grows by the load that
is already there times the way it travels; this gives the spacing without a speed sensor.
"""

from collections import deque
from itertools import islice
from typing import Final

import msgspec
import numpy as np

from sensors.axle_books import AxleAnswers, AxleBooks
from sensors.axle_confidence import JUMP_SHARE, Between, between, climb
from sensors.axle_doubt import StandingDoubt
from sensors.axle_steps import AxleStep, End, Peak, PeakFinder, about, both_sides
from sensors.axle_tail import Edge
from sensors.calibration import Scale
from sensors.history import History

# An edge is taken over about the length of a tyre's footprint with the deck's own rounding.
FOOTPRINT_M: Final = 0.30
LAG_MIN_S: Final = 0.12
LAG_MAX_S: Final = 0.40
# Who creeps takes longer over an edge; the pitching that blurs his speed is gone in this time.
LAG_CREEPING_S: Final = 1.1
# Who stops on the edge takes so long over it; at least this share of the axle is a step by then.
LAG_SLOW_S: Final = 0.8
SLOW_SHARE: Final = 0.6
CREEP_TICKS: Final = 20
# The load is known after so many ticks, and by no more than these.
LEVEL_TICKS: Final = 6
LEVEL_TICKS_MAX: Final = 20
CREEP_MPS: Final = 0.7
CREEP_MPS_MIN: Final = 0.15
# The speed is not known well before the first axle is on.
FIRST_LAG_S: Final = 0.2
# The next axle carries at least this share of what is already there; a bouncing body does not.
SHARES: Final = (0.5, 0.20, 0.13, 0.10, 0.085, 0.065)
# That is so of one vehicle's axles: behind one that stands in a beam a light one may creep on.
STANDING_SHARE: Final = 0.03
# Within this way after a step the same tyre is still ringing on the edge.
RINGING_M: Final = 0.55
RINGING_US: Final = 700_000
# A lever further from both ends than this share of the deck is that of no axle on an edge.
INSIDE: Final = 0.2
# So far one that sets off rolls within a step, and all its load with it.
SETS_OFF_M: Final = 0.2
LOADS_KEPT: Final = 300
# So long before and after a step the tyre is on the edge, and the load is neither the old nor
# the new one.
CLIMBED_US: Final = 250_000
# What goes off is an axle that climbed on, so it weighs at least this share of the lightest.
WHOLE_AXLE: Final = 0.4
WAY_M_MAX: Final = 60.0
# In a longer hole in time a vehicle that rolls may have put an axle on that nobody saw.
HOLE_US: Final = 400_000
# The wheel or the body over it cuts the beam at its end as an axle crosses, with time to spare.
UNSEEN_US: Final = 300_000


class AxleTracker:
    """Finds axle steps in the stream and enters them in `books`; memory is bounded.

    `behind_beam` says whether a beam stands at the end where the vehicle came on.
    """

    def __init__(self, scale: Scale) -> None:
        self._length_m = scale.platform_mm / 1000
        self._rate_hz = scale.rate_hz
        self._floor_g = float(scale.min_g)
        self.books = AxleBooks()
        self.behind_beam = False
        self._peaks = PeakFinder()
        self._doubt = StandingDoubt(scale)
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle; the deck is empty."""
        self.books.reset()
        self._peaks.reset()
        self._doubt.reset()
        self._ticks: deque[tuple[int, float, float]] = deque(maxlen=LOADS_KEPT)
        self._speed_mps = 1.0
        self._creep_mps: float | None = None
        self._lag_us = 0
        self._looked_us: int | None = None
        self._stepped_us = 0

    @property
    def stepping(self) -> bool:
        """Whether an axle is, or may be, on an edge at this moment."""
        return self._peaks.rising or self._doubt.open

    def answers(self, gross_g: int | None, gross_u95_g: int | None) -> AxleAnswers:
        """As the books say; no confidence while a step is held back, an axle or none."""
        answers = self.books.answers(gross_g, gross_u95_g)
        return answers._replace(confidence=0.0) if self._doubt.open else answers

    def update(
        self,
        history: History,
        fresh: int,
        speed_mps: float,
        standing: bool,
        clear_since_us: int | None = None,
    ) -> AxleStep | None:
        """Look at the `fresh` newest samples; return a step that has just ended, if any.

        `clear_since_us` is since when beams at both ends have been clear; None where one is not, or
        is not fitted. A step that no beam saw must last, as one under a standing vehicle must.
        """
        self._speed_mps = min(max(abs(speed_mps), 0.4), 3.0)
        self._ticks.append((int(history.t_us(1)[0]), history.load_g(fresh), speed_mps))
        crept, self._creep_mps = self._creep_mps, None if standing else self._creeps_mps()
        lag = max(2, round(self._lag_s() * self._rate_hz))
        if len(history) < fresh + 2 * lag:
            return None
        if self.books.steps and not standing and _hole_us(history, fresh) > HOLE_US:
            self.books.lose()
        done = self._enter(self._doubt.settle(self.books.front, history))
        in_beam = standing and clear_since_us is None
        # Once a step rises, what comes after its top counts too, however little it is.
        least_g = 0.0 if self._peaks.rising else self._floor_g
        self._lag_us = round(1e6 * lag / self._rate_hz)
        instants = fresh
        if self._looked_us is not None and (crept or self._creep_mps):
            # The lag is another one: look at each instant once, whatever it was before.
            instants = min(history.index_at(self._looked_us) - lag, len(history) - 2 * lag)
        for sides in both_sides(history, instants, lag, least_g) if instants > 0 else ():
            high_g = max(sides.late_g, sides.early_g)
            threshold_g = self._threshold_g(high_g, sides.at_us, in_beam)
            peak = self._peaks.follow(sides, threshold_g, standing)
            edge = None if peak is None else self._edge(peak)
            if edge is not None and (edge.step.standing or _unseen(edge.step, clear_since_us)):
                self._doubt.hold(edge, self.books.front, history)
            else:
                done = self._enter(edge) or done
        if instants > 0:
            self._looked_us = int(history.t_us(lag + 1)[0])
        self._see_level()
        return done

    def _see_level(self) -> None:
        """Once the load has been known for a while, judge by it which of the steps last."""
        level_g = None if self.stepping else self._level_g(self._ticks[-1][0])
        if level_g is not None:
            self.books.see_level(level_g)

    def see_standing(self, history: History, stopped_us: int, in_beam: bool) -> AxleStep | None:
        """The vehicle has stood for a while: no axle may have come on that no step tells of.

        One that stopped on the edge comes on too slowly for a step. It counts where it may have
        been across the beam (`in_beam`); else the count is not known any more.
        """
        level_g = self._level_g(self._ticks[-1][0])
        more_g = 0.0 if level_g is None else self.books.unexplained_g(level_g)
        if more_g == 0.0:
            return None
        edge = self._slow_edge(history, more_g) if in_beam else None
        if edge is None or edge.step.at_us > stopped_us:
            self.books.lose()
            return None
        return self._enter(edge)

    def _slow_edge(self, history: History, more_g: float) -> Edge | None:
        """The one axle by which the load has grown since the last step; None where it is none."""
        lag = round(LAG_SLOW_S * self._rate_hz)
        instants = history.index_at(self._stepped_us + CLIMBED_US) - 2 * lag
        if instants <= 0 or not self.books.may_be_one(more_g):
            return None
        sides = max(
            both_sides(history, instants, lag, 0.0), key=lambda one: one.late_g - one.early_g
        )
        if sides.late_g - sides.early_g < SLOW_SHARE * more_g:
            return None
        edge = self._edge(Peak.of(sides, False))
        if edge is None or edge.step.end != self.books.front:
            return None
        # The whole of it is known here, and not the jump alone.
        jump_g = JUMP_SHARE * more_g
        step = msgspec.structs.replace(edge.step, mass_g=round(jump_g))
        return edge._replace(step=step, climb=edge.climb._replace(jump_g=jump_g))

    def _lag_s(self) -> float:
        """How long before and after an instant is looked at: as long as a tyre takes to climb."""
        if not self.books.steps:
            return FIRST_LAG_S
        if self._creep_mps is not None:
            return min(FOOTPRINT_M / self._creep_mps, LAG_CREEPING_S)
        return min(max(FOOTPRINT_M / self._speed_mps, LAG_MIN_S), LAG_MAX_S)

    def _creeps_mps(self) -> float | None:
        """How fast it has crept for a while; None where it has not."""
        recent = [mps for _, _, mps in islice(reversed(self._ticks), CREEP_TICKS)]
        if len(recent) < CREEP_TICKS or max(map(abs, recent)) > CREEP_MPS:
            return None
        usual_mps = abs(sum(recent)) / len(recent)
        return usual_mps if usual_mps > CREEP_MPS_MIN else None

    def _enter(self, edge: Edge | None) -> AxleStep | None:
        if edge is None:
            return None
        if not (self._is_second_half(edge.step) and self.books.join(edge)):
            self.books.enter(edge, self._level_g(edge.step.at_us - self._climbed_us))
        self._stepped_us = edge.step.at_us
        return edge.step

    def _is_second_half(self, step: AxleStep) -> bool:
        """Whether an axle that stopped on the edge goes on over it.

        Nobody comes as close behind it. Without a beam it may as well be another that does.
        """
        if not self.books.steps or not self.behind_beam:
            return False
        last = self.books.steps[-1]
        same = step.end == last.end == self.books.front and step.mass_g > 0 < last.mass_g
        return same and step.travel_mm < 1000 * RINGING_M

    def _level_g(self, until_us: int) -> float | None:
        """The load up to then, where no step disturbed it for long enough; else None."""
        if not self.books.steps:
            return None
        # What counts is when the newest step was, be it an axle or not.
        loads: list[float] = []
        for at_us, load_g, _ in reversed(self._ticks):
            if at_us <= self._stepped_us + self._climbed_us or len(loads) == LEVEL_TICKS_MAX:
                break
            if at_us <= until_us:
                loads.append(load_g)
        return sum(loads) / len(loads) if len(loads) >= LEVEL_TICKS else None

    @property
    def _climbed_us(self) -> int:
        return max(CLIMBED_US, self._lag_us // 2)

    def _threshold_g(self, high_g: float, at_us: int, in_beam: bool) -> float:
        """What a step must exceed, with up to `high_g` on the deck, to be looked at.

        `in_beam`: what is there stands, and something blocks a beam, or none is fitted.
        """
        steps = self.books.steps
        if not steps:
            return self._floor_g
        axles = self.books.on_deck()
        share = SHARES[min(axles, len(SHARES) - 1)] if axles < 2 or not in_beam else STANDING_SHARE
        threshold_g = max(self._floor_g, share * high_g)
        if at_us - steps[-1].at_us < 1e6 * RINGING_M / self._speed_mps:
            threshold_g = max(threshold_g, 0.5 * abs(steps[-1].mass_g))
        return threshold_g

    def _edge(self, peak: Peak) -> Edge | None:
        """The axle behind a step, or None where it is none."""
        books = self.books
        end = End.ENTRY if peak.lever_m < self._length_m / 2 else End.EXIT
        if peak.standing and books.steps and self._is_inside(peak):
            return None  # A body that is rocked moves load about its middle, not at an end.
        if books.front is None:
            books.front = end
        moment_gm = about(books.front, peak.moment_gm, peak.load_g, self._length_m)
        deck = self._between(peak)
        most_g = max(deck.load_g, self._floor_g)
        moved_gm = abs(moment_gm - books.last_moment_gm)
        way_m = moved_gm / deck.load_g if deck.load_g > self._floor_g else 0.0
        if self._rings(peak, end, way_m):
            books.widen(peak.rise_g)
            return None
        lightest_g = min((known.mass_g for known in books.climbed()), default=0)
        if round(peak.rise_g) < 0 and -round(peak.rise_g) < WHOLE_AXLE * lightest_g:
            return None  # Less than any axle that climbed on: the body swings.
        levers_m = moment_gm / most_g, books.last_moment_gm / most_g
        known = climb(peak.rise_g, deck, books.on_deck(), way_m, levers_m)
        return Edge(self._step(peak, end, way_m), moment_gm, deck.load_g, known)

    def _is_inside(self, peak: Peak) -> bool:
        """Whether the load came or went far from both ends, and no vehicle just sets off."""
        inside_m = min(peak.lever_m, self._length_m - peak.lever_m)
        return inside_m - SETS_OFF_M * peak.load_g / abs(peak.rise_g) > INSIDE * self._length_m

    def _step(self, peak: Peak, end: End, way_m: float) -> AxleStep:
        return AxleStep(
            at_us=peak.at_us,
            mass_g=round(peak.rise_g),
            end=end,
            travel_mm=round(1000 * min(way_m, WAY_M_MAX)) if self.books.steps else 0,
            standing=peak.standing,
        )

    def _between(self, peak: Peak) -> Between:
        """The deck between the last step and this one, away from both; nothing before the first."""
        if not self.books.steps:
            return Between(0.0, 0, 0.0, 0.0)
        climbed_us = self._climbed_us
        begin, end = self.books.steps[-1].at_us + climbed_us, peak.at_us - climbed_us
        rows = [(load_g, mps) for at_us, load_g, mps in self._ticks if begin < at_us <= end]
        # Close axles at speed leave no time between them: what is there before the middle of the
        # new step is the best there is.
        return between(rows, (end - begin) / 1e6, peak.load_g - abs(peak.rise_g) / 2)

    def _rings(self, peak: Peak, end: End, way_m: float) -> bool:
        """Whether this is the second half of the last step: same way, same edge, hardly moved."""
        if not self.books.steps:
            return False
        last = self.books.steps[-1]
        within_us = max(RINGING_US, round(1e6 * RINGING_M / (self._creep_mps or 1.0)))
        near = way_m < RINGING_M and peak.at_us - last.at_us < within_us
        return near and end == last.end and peak.rise_g * last.mass_g > 0


def _hole_us(history: History, fresh: int) -> int:
    """The longest time without a sample up to the newest `fresh` ones."""
    return int(np.diff(history.t_us(fresh + 1)).max())


def _unseen(step: AxleStep, clear_since_us: int | None) -> bool:
    return clear_since_us is not None and step.at_us - clear_since_us >= UNSEEN_US
