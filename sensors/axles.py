"""Axles as they climb on and off: steps of the load at an end of the deck, and how far apart.

An axle at an end of the deck has no lever about that end, so the first moment about the end where
a vehicle enters goes on smoothly while the load jumps. Between two axles that moment grows by the
load that is already there times the way it travels; this gives the spacing without a speed sensor.
"""

from collections import deque
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np

from sensors.axle_confidence import JUMP_U95, Between, Climb, between, climb, one_axle
from sensors.calibration import Scale
from sensors.history import History

AXLES_MAX: Final = 24
# An edge is taken over about the length of a tyre's footprint with the deck's own rounding.
FOOTPRINT_M: Final = 0.30
LAG_MIN_S: Final = 0.12
LAG_MAX_S: Final = 0.40
# The next axle carries at least this share of what is already there; a bouncing body does not.
SHARES: Final = (0.5, 0.20, 0.13, 0.10, 0.085, 0.065)
# Within this way after a step the same tyre is still ringing on the edge.
RINGING_M: Final = 0.55
RINGING_US: Final = 700_000
# No vehicle has two axles closer than this; a tandem has 1.2 m and more.
ABSURD_SPACING_MM: Final = 1000
INSIDE: Final = 0.2
# A step under a standing vehicle counts when this share of it is still there after this time.
LAST_US: Final = 700_000
LASTING_SHARE: Final = 0.5
DROVE_ON_M: Final = 0.3
LOADS_KEPT: Final = 300
CLIMBED_US: Final = 250_000
SWINGS_BACK_US: Final = 600_000
WHOLE_AXLE: Final = 0.4


class End(IntEnum):
    """An end of the deck; the entry beam stands at ENTRY (x = 0)."""

    ENTRY = 0
    EXIT = 1


class AxleStep(msgspec.Struct, frozen=True, kw_only=True):
    """One axle climbing on (mass_g > 0) or off an end; travel_mm is the way since the last step."""

    at_us: int
    mass_g: int
    end: End
    travel_mm: int
    standing: bool


class _Peak:
    """The strongest point of a step that is under way."""

    __slots__ = ("at_us", "lever_m", "load_g", "moment_gm", "rise_g", "standing")

    def __init__(self) -> None:
        self.rise_g = 0.0
        self.at_us = 0
        self.lever_m = 0.0
        self.load_g = 0.0
        self.moment_gm = 0.0
        self.standing = False


class _Edge(NamedTuple):
    """A step with the moment about the front at that instant and the deck since the step before."""

    step: AxleStep
    moment_gm: float
    load_g: float
    climb: Climb


class AxleTracker:
    """Finds axle steps in the stream and keeps which axles stand on the deck.

    Memory is bounded: at most AXLES_MAX axles are kept, further ones only counted as overflow.
    """

    def __init__(self, scale: Scale) -> None:
        self._length_m = scale.platform_mm / 1000
        self._rate_hz = scale.rate_hz
        self._floor_g = float(scale.min_g)
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle; the deck is empty."""
        self.steps: list[AxleStep] = []
        self.front: End | None = None
        self.lost = 0
        self._peak: _Peak | None = None
        self._last_moment_gm = 0.0
        self._ticks: deque[tuple[int, float, float]] = deque(maxlen=LOADS_KEPT)
        self._climbs: list[Climb] = []
        self._level_g = 0.0
        self._before_last = 0.0, 0.0
        self._speed_mps = 1.0
        self._doubt: tuple[_Edge, float, float] | None = None

    @property
    def stepping(self) -> bool:
        """Whether an axle is, or may be, on an edge at this moment."""
        return self._peak is not None or self._doubt is not None

    def climbed(self) -> list[AxleStep]:
        """The steps up at the end where the vehicle came on, first axle first."""
        return [step for step in self.steps if step.mass_g > 0 and step.end == self.front]

    def count(self) -> int:
        """Axles that climbed on, or -1 when that is not known."""
        return len(self.climbed()) if self.climbed() and not self.lost else -1

    def offsets_mm(self) -> tuple[int, ...]:
        """Distances of the axles that climbed on from the first of them, millimetres."""
        ways = [step.travel_mm for step in self.climbed()]
        return tuple(int(way) for way in np.cumsum([0, *ways[1:]])) if ways else ()

    def gone_off(self) -> int:
        """How many axles have left over the far end and not come back."""
        far = [step for step in self.steps if step.end != self.front]
        return max(0, -sum(1 if step.mass_g > 0 else -1 for step in far))

    def on_deck(self) -> int:
        """How many axles stand on the deck by count of steps."""
        return max(0, sum(1 if step.mass_g > 0 else -1 for step in self.steps))

    def update(
        self, history: History, fresh: int, speed_mps: float, standing: bool
    ) -> AxleStep | None:
        """Look at the `fresh` newest samples; return a step that has just ended, if any."""
        self._speed_mps = min(max(abs(speed_mps), 0.4), 3.0)
        lag_s = min(max(FOOTPRINT_M / self._speed_mps, LAG_MIN_S), LAG_MAX_S)
        k = max(2, round((lag_s if self.steps else 0.2) * self._rate_hz))
        need = fresh + 2 * k
        if len(history) < need:
            return None
        load_g = np.cumsum(history.sum_g(need))
        moment = np.cumsum(history.moment_gm(need))
        late_g = (load_g[2 * k :] - load_g[k:-k]) / k
        early_g = (load_g[k:-k] - load_g[: -2 * k]) / k
        late_m = (moment[2 * k :] - moment[k:-k]) / k
        early_m = (moment[k:-k] - moment[: -2 * k]) / k
        at_us = history.t_us(need)[k:-k]
        done = self._settle_doubt(history)
        for i in range(fresh):
            rise = float(late_g[i] - early_g[i])
            high = max(float(late_g[i]), float(early_g[i]))
            found = self._follow(
                rise, high, int(at_us[i]), float(late_m[i]), float(early_m[i]), standing
            )
            if found is None:
                continue
            if found.step.standing:
                self._suspect(found, history)
            else:
                done = self._keep(found)
        tick_g = float(history.sum_g(fresh).mean())
        self._ticks.append((int(history.t_us(1)[0]), tick_g, speed_mps))
        return done

    def _suspect(self, edge: _Edge, history: History) -> None:
        """Hold a step under a standing vehicle until it has lasted: a rocked body swings back."""
        at_us = edge.step.at_us
        if self._doubt is not None:
            if self._doubt[0].step.mass_g * edge.step.mass_g < 0:
                self._doubt = None
            return
        until = history.index_at(at_us - LAST_US // 4)
        since = history.index_at(at_us - LAST_US // 4 - LAST_US)
        if since > until:
            before_g = float(history.sum_g(since)[: since - until].mean())
            before_gm = float(history.moment_gm(since)[: since - until].mean())
            self._doubt = edge, before_g, self._about_front(before_gm, before_g)

    def _settle_doubt(self, history: History) -> AxleStep | None:
        if self._doubt is None:
            return None
        edge, before_g, before_gm = self._doubt
        step = edge.step
        rows = history.index_at(step.at_us + LAST_US // 2)
        if rows < LAST_US / 1e6 * self._rate_hz:
            return None
        self._doubt = None
        change_g = float(history.sum_g(rows).mean()) - before_g
        if change_g * step.mass_g <= 0 or abs(change_g) < LASTING_SHARE * abs(step.mass_g):
            return None
        after_gm = self._about_front(float(history.moment_gm(rows).mean()), before_g + change_g)
        if step.end != self.front:
            after_gm -= change_g * self._length_m
        # An axle on the edge has its lever there alone, so this is the way of what stood before.
        if abs(after_gm - before_gm) > DROVE_ON_M * before_g:
            step = msgspec.structs.replace(step, standing=False)
        return self._keep(edge._replace(step=step))

    def _keep(self, edge: _Edge) -> AxleStep:
        """Enter a step into the books, or strike out the last one where this undoes it."""
        step = edge.step
        if self._swings_back(step):
            self.steps.pop()
            self._climbs.pop()
            self._last_moment_gm, self._level_g = self._before_last
            return step
        self._before_last = self._last_moment_gm, self._level_g
        self._last_moment_gm = edge.moment_gm
        self._weigh_last(edge.load_g)
        if len(self.steps) >= AXLES_MAX:
            self.lost += 1
        else:
            self.steps.append(step)
            self._climbs.append(edge.climb)
        return step

    def _follow(
        self, rise_g: float, high_g: float, at_us: int, late_m: float, early_m: float, still: bool
    ) -> _Edge | None:
        peak = self._peak
        if peak is None:
            if abs(rise_g) < self._threshold_g(high_g, at_us):
                return None
            self._peak = peak = _Peak()
            peak.standing = still
        if abs(rise_g) > abs(peak.rise_g):
            peak.rise_g, peak.at_us = rise_g, at_us
            peak.lever_m = (late_m - early_m) / rise_g
            peak.load_g = high_g - abs(rise_g) / 2
            peak.moment_gm = (late_m + early_m) / 2
        elif rise_g * peak.rise_g < 0 or abs(rise_g) < 0.4 * abs(peak.rise_g):
            self._peak = None
            return self._finish(peak)
        return None

    def _threshold_g(self, high_g: float, at_us: int) -> float:
        share = SHARES[min(self.on_deck(), len(SHARES) - 1)] * high_g
        threshold = max(self._floor_g, share if self.steps else 0.0)
        if self.steps:
            last = self.steps[-1]
            if at_us - last.at_us < 1e6 * RINGING_M / self._speed_mps:
                threshold = max(threshold, 0.5 * abs(last.mass_g))
        return threshold

    def _finish(self, peak: _Peak) -> _Edge | None:
        end = End.ENTRY if peak.lever_m < self._length_m / 2 else End.EXIT
        share = peak.lever_m / self._length_m
        if peak.standing and self.steps and INSIDE < share < 1 - INSIDE:
            return None  # A body that is rocked moves load about its middle, not at an end.
        if self.front is None:
            self.front = end
        moment = self._about_front(peak.moment_gm, peak.load_g)
        deck = self._between(peak)
        load = deck.load_g
        way_m = abs(moment - self._last_moment_gm) / load if load > self._floor_g else 0.0
        if self._rings(peak, end, way_m):
            self._widen(peak)
            return None
        step = AxleStep(
            at_us=peak.at_us,
            mass_g=round(peak.rise_g),
            end=end,
            travel_mm=round(1000 * min(way_m, 60.0)) if self.steps else 0,
            standing=peak.standing,
        )
        lightest_g = min((known.mass_g for known in self.climbed()), default=0)
        if step.mass_g < 0 and -step.mass_g < WHOLE_AXLE * lightest_g:
            return None  # Less than any axle that climbed on: the body swings.
        most_g = max(load, self._floor_g)
        known = climb(
            peak.rise_g,
            deck,
            self.on_deck(),
            way_m,
            (moment / most_g, self._last_moment_gm / most_g),
        )
        return _Edge(step, moment, load, known)

    def _swings_back(self, step: AxleStep) -> bool:
        """Whether this undoes the last step: a bouncing body passed for an axle, there and back."""
        if not self.steps:
            return False
        last = self.steps[-1]
        soon = step.at_us - last.at_us < SWINGS_BACK_US
        return soon and 0.5 < -step.mass_g / last.mass_g < 2.0

    def _between(self, peak: _Peak) -> Between:
        """The deck between the last step and this one, away from both; nothing before the first."""
        if not self.steps:
            return Between(0.0, 0, 0.0, 0.0)
        begin, end = self.steps[-1].at_us + CLIMBED_US, peak.at_us - CLIMBED_US
        rows = [(load_g, mps) for at_us, load_g, mps in self._ticks if begin < at_us <= end]
        # Close axles at speed leave no time between them: what is there before the middle of the
        # new step is the best there is.
        return between(rows, (end - begin) / 1e6, peak.load_g - abs(peak.rise_g) / 2)

    def _weigh_last(self, load_g: float) -> None:
        """The last axle weighs what the load rose by since the one before it was on."""
        if not self.steps:
            return
        last = self.steps[-1]
        if last.mass_g > 0 and load_g > self._level_g:
            self.steps[-1] = msgspec.structs.replace(last, mass_g=round(load_g - self._level_g))
        self._level_g = load_g

    def loads_g(self, gross_g: int | None) -> tuple[int, ...]:
        """Loads of the axles that climbed on; the last takes what the others leave of `gross_g`."""
        loads = [step.mass_g for step in self.climbed()]
        rest = self._rest_g(gross_g)
        if rest is None or gross_g is None:
            return tuple(loads)
        if 0.6 * loads[-1] < rest < 2.0 * loads[-1]:
            return (*loads[:-1], rest)
        return tuple(round(load * gross_g / sum(loads)) for load in loads)

    def _rest_g(self, gross_g: int | None) -> int | None:
        """What the gross leaves for the last axle, where all axles are on the deck."""
        loads = [step.mass_g for step in self.climbed()]
        if not loads or gross_g is None or len(loads) != len(self.steps) or self.lost:
            return None
        return gross_g - sum(loads[:-1])

    def _climbed(self) -> list[int]:
        return [i for i, s in enumerate(self.steps) if s.mass_g > 0 and s.end == self.front]

    def loads_u95_g(self, gross_g: int | None, gross_u95_g: int | None) -> tuple[int, ...]:
        """The expanded uncertainty (95 %) of every load that `loads_g` gives, grams."""
        stated, whole = self.loads_g(gross_g), self._rest_g(gross_g) is not None
        out = []
        for i, load_g in zip(self._climbed(), stated, strict=True):
            before_g, after_g = self._climbs[i].before_sigma_g, 0.5 * (gross_u95_g or 0)
            # Loads that contradict the gross were scaled to it; by so much they may err.
            scaled_g = load_g - self.steps[i].mass_g if whole else 0
            if i + 1 < len(self.steps):
                after_g = self._climbs[i + 1].before_sigma_g
            elif not whole:
                after_g = JUMP_U95 / 2 * load_g
            elif load_g == self._rest_g(gross_g):
                scaled_g = 0
            out.append(round(2 * float(np.linalg.norm((before_g, after_g, scaled_g)))))
        return tuple(out)

    def spacings_u95_mm(self) -> tuple[int, ...]:
        """The expanded uncertainty (95 %) of the way from each axle to the next, millimetres."""
        return tuple(round(2000 * self._climbs[i].way_sigma_m) for i in self._climbed()[1:])

    def count_confidence(self, gross_g: int | None) -> float:
        """Probability, 0 to 1, that each axle that climbed on is one, and one only."""
        if self.lost or self._doubt is not None or not self.steps:
            return 0.0
        chance, rest = 1.0, self._rest_g(gross_g)
        for i in self._climbed():
            last = i + 1 == len(self.steps)
            load_g = rest if last else self.steps[i].mass_g
            chance *= one_axle(load_g, self._climbs[i].jump_g)
        return chance

    def _rings(self, peak: _Peak, end: End, way_m: float) -> bool:
        """Whether this is the second half of the last step: same way, same edge, hardly moved."""
        if not self.steps:
            return False
        last = self.steps[-1]
        near = way_m < RINGING_M and peak.at_us - last.at_us < RINGING_US
        return near and end == last.end and peak.rise_g * last.mass_g > 0

    def _widen(self, peak: _Peak) -> None:
        last = self.steps[-1]
        if abs(peak.rise_g) > abs(last.mass_g):
            self.steps[-1] = msgspec.structs.replace(last, mass_g=round(peak.rise_g))

    def _about_front(self, moment_gm: float, load_g: float) -> float:
        """First moment about the end at which the vehicle came on."""
        if self.front == End.ENTRY:
            return moment_gm
        return load_g * self._length_m - moment_gm
