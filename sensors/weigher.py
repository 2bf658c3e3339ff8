"""From counts to an accepted weight: the streaming face of the weighing pipeline.

Samples come in batches; every tenth of a second the deck is judged once. The ticks are counted in
samples, so it makes no difference how the stream is cut into batches. Nothing here reads a
clock; all times are those of the samples.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensors.acceptance import Acceptance
from sensors.calibration import BoolArray, FloatArray, IntArray, Scale
from sensors.cells import CellHealth, CellWatch
from sensors.compensation import CellCreep
from sensors.degraded import DegradedWeigher, DegradedWeight, NoDegradedWeight
from sensors.despike import Despike
from sensors.estimator import TICK_S, Estimator, Modal
from sensors.history import History
from sensors.indication import indicate_g, is_over_range, is_under_range
from sensors.lean import pairs
from sensors.remaining import Remaining, RemainingCells
from sensors.tamper_finding import TamperFinding
from sensors.thermal import Compensation, Corrections
from sensors.upkeep import Upkeep
from sensors.weighing import DeckState, Event, EventKind, Status, Weighing
from sensors.zero import DELAY_TICKS, ZeroKeeper
from sensors.zero_return import ZeroReturn

KEEP_S: Final = 4.0
EVENTS_MAX: Final = 64
CURVE_POINTS_MAX: Final = 1200
PRESENT_E: Final = 5
SMOOTH_S: Final = 0.25
STALE_US: Final = 500_000
RECENT_US: Final = 1_000_000
DEGRADED_S: Final = 2.0
LEFT_TICKS: Final = 5
# What climbs on loads two cells at least; the share of Min that lies outside the strongest one.
ELSEWHERE_SHARE: Final = 0.1

_Beam = Sequence[int] | npt.NDArray[Any] | None


class Weigher:
    """Weighs what stands on one scale; constant memory, no I/O, any batch size.

    `push` raises ValueError for arrays of the wrong shape (a programming error); bad samples are
    facts: rows that go back in time are dropped and counted, bad cells are named.
    """

    def __init__(self, scale: Scale, estimator: Estimator | None = None) -> None:
        self._scale = scale
        self._x_m = scale.x_m()
        self._tick = max(1, round(TICK_S * scale.rate_hz))
        self._history = History(round(KEEP_S * scale.rate_hz), len(scale.cells))
        self._despike = Despike(len(scale.cells))
        self._zero = ZeroKeeper(scale)
        self._cells = CellWatch(scale)
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._curve: deque[tuple[int, int]] = deque(maxlen=CURVE_POINTS_MAX)
        self._corrections = Corrections(scale)
        self._creep = CellCreep(scale.creep, len(scale.cells)) if scale.creep else None
        self._compensation = Compensation.NOT_STATED
        self._acceptance = Acceptance(
            scale,
            self._history,
            self._cells,
            estimator or Modal(scale),
            self._note,
            self._corrections,
        )
        self._upkeep = Upkeep(scale, self._tick / scale.rate_hz, self._note)
        in_pairs = 2 * len(pairs(scale)) == len(scale.cells)
        self._degraded = DegradedWeigher(scale) if in_pairs else None
        self._remaining = RemainingCells(scale, self._degraded)
        self._learned_id = 0
        self._in_tick = 0
        self._now_us = 0
        self._gross_g = 0.0
        self._live_g: FloatArray = np.zeros(len(scale.cells))
        self._id = 0
        self._on_deck = False
        self._present = False
        self._left_ticks = 0
        self._zero_allowed = True
        self._zero_ok = False
        self._zero_seen: deque[bool] = deque(maxlen=DELAY_TICKS)
        self._named: set[int] = set()
        self._last_raw_us = -(2**62)

    def push(
        self,
        t_us: Sequence[int] | IntArray,
        counts: npt.NDArray[Any],
        entry_beam: _Beam = None,
        exit_beam: _Beam = None,
    ) -> None:
        """Take samples: times (n,), counts (n, cells); beams (n,) hold 0, 1 or -1 for unknown.

        An end without a beam gives None.
        """
        if self._scale.has_beams:
            self._acceptance.deck.fitted = (entry_beam is not None, exit_beam is not None)
        times = np.asarray(t_us, np.int64)
        raw = np.asarray(counts, np.int64)
        if raw.shape != (len(times), len(self._scale.cells)):
            raise ValueError(f"counts {raw.shape}: expected ({len(times)}, {len(self._x_m)})")
        beams = np.stack((_beam(entry_beam, len(times)), _beam(exit_beam, len(times))), axis=1)
        times, raw, beams = self._in_order(times, raw, beams)
        start = 0
        while start < len(times):
            end = min(start + self._tick - self._in_tick, len(times))
            self._take(times[start:end], raw[start:end], beams[start:end])
            start = end

    def _in_order(
        self, times: IntArray, raw: IntArray, beams: IntArray
    ) -> tuple[IntArray, IntArray, IntArray]:
        if len(times) == 0:
            return times, raw, beams
        highest = np.maximum.accumulate(np.concatenate(([self._last_raw_us], times)))
        good = times > highest[:-1]
        if not good.all():
            self._note(EventKind.BAD_TIME, int((~good).sum()))
            times, raw, beams = times[good], raw[good], beams[good]
        if len(times):
            self._last_raw_us = int(times[-1])
        return times, raw, beams

    def _take(self, t_us: IntArray, raw: IntArray, beams: IntArray) -> None:
        """Take samples that belong to one tick, and judge when the tick is complete."""
        self._now_us = int(t_us[-1])
        grams = self._scale.to_grams(raw)
        if self._creep is not None:
            crept_g = np.array(self._creep.crept_g)
            self._creep.push(self._now_us, grams.mean(axis=0).tolist())
            grams = grams - crept_g
        clean_t, clean_g = self._despike.push(t_us, grams)
        if len(clean_t):
            self._store(clean_t, clean_g - self._zero.offsets_g)
        self._acceptance.deck.see_beams(t_us, beams)
        self._in_tick += len(t_us)
        if self._in_tick >= self._tick:
            self._in_tick = 0
            self._judge(raw)

    def _store(self, t_us: IntArray, cells_g: FloatArray) -> None:
        before = self._history.cells_g(1)
        usable = self._cells.usable(cells_g, before if len(before) else cells_g[:1] + 1e9)
        self._history.append(t_us, cells_g, self._x_m)
        self._acceptance.deck.push(t_us, cells_g, usable)

    def _judge(self, raw: IntArray) -> None:
        self._follow_temperature()
        if len(self._history) == 0:
            return
        rows = max(1, round(SMOOTH_S * self._scale.rate_hz))
        self._gross_g = float(self._history.sum_g(rows).mean())
        self._curve.append((self._now_us, round(self._history.sum_g(self._tick).mean())))
        self._cells.update(self._history, raw, not self._present, self._tick)
        self._name_faults()
        self._live_g = np.where(self._cells.dead, 0.0, self._history.cells_g(rows).mean(axis=0))
        present_g = float(self._live_g.sum())
        self._present = present_g > (PRESENT_E - self._present) * self._scale.e_g
        if not self._zero.is_set:
            self._try_initial_zero()
        elif not self._on_deck:
            self._keep_zero()
            self._watch_arrival()
        self._keep_watch()
        if self._on_deck:
            self._acceptance.judge(self._now_us, self._tick, self._zero_ok)
            self._learn_shares()
            self._watch_departure()

    def see_temperature(self, at_us: int, celsius: float | None) -> None:
        """Take the thermometer's word in degrees Celsius, None while it is silent.

        Where the calibration states coefficients, weights are brought to its temperature; what no
        deck has is not believed, and then `compensation` says NO_TEMPERATURE.
        """
        self._corrections.see(at_us, celsius)

    def _follow_temperature(self) -> None:
        self._corrections.tick(self._now_us)
        if self._creep is not None:
            self._corrections.creep_g = sum(self._creep.crept_g)
        state = self._corrections.state
        if state != self._compensation and state == Compensation.NO_TEMPERATURE:
            self._note(EventKind.NO_TEMPERATURE, 0)
        self._compensation = state

    def _keep_watch(self) -> None:
        """Let the watches of the scale itself see this tick."""
        deck = self._acceptance.deck
        recent_us = self._now_us - RECENT_US
        self._upkeep.update(
            self._now_us,
            self._mean_raw(self._tick),
            standing=self._on_deck and deck.stopped_us is not None,
            empty=not self._on_deck and deck.beams_clear,
            axle_step=self._on_deck and deck.stepped_since(recent_us),
            beam_edge=deck.beam_edge_us > recent_us,
            cells_sound=self._zero.is_set and not self._cells.faulty,
        )

    def _learn_shares(self) -> None:
        """Each sound, accepted, standing weight teaches how this deck shares a load."""
        if self._degraded is None or self._learned_id == self._id:
            return
        if self._acceptance.status == Status.ACCEPTED and not self._cells.faulty:
            self._learned_id = self._id
            rows = round(self._scale.rate_hz)
            self._degraded.learn(self._history.cells_g(rows).mean(axis=0))

    @property
    def findings(self) -> tuple[TamperFinding, ...]:
        """The last tamper findings, each with its measured quantity."""
        return tuple(self._upkeep.findings)

    @property
    def zero_return(self) -> ZeroReturn | None:
        """How the deck came back to zero after the last vehicle."""
        return self._upkeep.last_return

    def degraded_weight(self) -> DegradedWeight | NoDegradedWeight | None:
        """What stands on the deck by the cells that are not named bad: never evidence.

        None while all cells are sound, nothing stands on the deck, or it is not made of pairs.
        """
        bad = frozenset(cell for cell, health in enumerate(self._cells.health) if health)
        if not bad or self._degraded is None or not self._on_deck:
            return None
        rows = max(1, round(DEGRADED_S * self._scale.rate_hz))
        return self._degraded.weigh(self._history.cells_g(rows).mean(axis=0), bad)

    def remaining(self) -> Remaining | None:
        """What the cells that are not named bad say of the deck: never evidence.

        None while all cells are sound, and before a first zero was set.
        """
        bad = frozenset(cell for cell, health in enumerate(self._cells.health) if health)
        if not bad or not self._zero.is_set or len(self._history) == 0:
            return None
        return self._remaining.look(self._history.cells_g(len(self._history)), bad)

    def _name_faults(self) -> None:
        for cell, health in enumerate(self._cells.health):
            if health and cell not in self._named:
                self._named.add(cell)
                self._note(EventKind.CELL_FAULT, 100 * cell + health)

    def _steady(self) -> bool:
        """Whether the last second swings less than two intervals, engine tones left out."""
        rows = round(self._scale.rate_hz)
        per = max(1, self._tick)
        if len(self._history) < rows:
            return False
        load_g = self._history.sum_g(rows // per * per).reshape(-1, per).mean(axis=1)
        return float(np.ptp(load_g)) < 2 * self._scale.e_g

    def _mean_raw(self, rows: int) -> FloatArray:
        """Means per cell above the calibrated zero."""
        return np.asarray(self._history.cells_g(rows).mean(axis=0) + self._zero.offsets_g)

    def _try_initial_zero(self) -> None:
        if not self._zero_allowed or not self._acceptance.deck.beams_clear or not self._steady():
            return
        rows = round(self._scale.rate_hz)
        cells_g = np.median(self._history.cells_g(rows), axis=0) + self._zero.offsets_g
        self._cells.check_dead_load(cells_g)
        self._name_faults()
        if self._zero.set_initial(cells_g):
            self._shift(cells_g)
            self._corrections.zeroed()
            self._zero_ok = not self._cells.faulty
            self._note(EventKind.ZERO_SET, round(self._zero.sum_g()))

    def _shift(self, by_g: FloatArray) -> None:
        self._history.shift(by_g, self._x_m)
        self._gross_g -= float(by_g.sum())
        self._present = False

    def _keep_zero(self) -> None:
        clear = self._zero_allowed and self._acceptance.deck.beams_clear and not self._present
        if not clear or self._cells.faulty or not self._steady():
            self._zero.hold()
            return
        cells_g = self._mean_raw(self._tick)
        self._zero.track(self._now_us, cells_g, TICK_S)
        self._corrections.zeroed()
        second = float(self._history.sum_g(round(self._scale.rate_hz)).mean())
        self._zero_seen.append(abs(second) <= self._scale.e_g / 2)
        # The newest looks may already hold a tyre on the edge, so the oldest one counts.
        self._zero_ok = self._zero_seen[0]
        if self._now_us // 1_000_000 != (self._now_us - 100_000) // 1_000_000:
            self._cells.check_dead_load(cells_g)

    def request_zero(self) -> bool:
        """Set zero at the lane's request; refused unless empty, steady and within 4 % of Max."""
        free = not self._on_deck and self._zero_allowed and self._acceptance.deck.beams_clear
        if not (free and self._zero.is_set and not self._cells.faulty and self._steady()):
            self._note(EventKind.ZERO_REFUSED, round(self._gross_g))
            return False
        cells_g = self._mean_raw(round(self._scale.rate_hz))
        before = self._zero.offsets_g
        if not self._zero.set_now(cells_g):
            self._note(EventKind.ZERO_REFUSED, round(self._gross_g))
            return False
        self._shift(cells_g - before)
        self._corrections.zeroed()
        self._zero_ok = True
        self._note(EventKind.ZERO_SET, round(self._zero.sum_g()))
        return True

    def allow_zero(self, allowed: bool) -> None:
        """The lane's word on zero: False while any of its sensors sees a vehicle (I10)."""
        self._zero_allowed = allowed

    def _watch_arrival(self) -> None:
        load_g, strongest_g = float(self._live_g.sum()), float(self._live_g.max())
        elsewhere_g = ELSEWHERE_SHARE * self._scale.min_g
        if load_g < self._scale.min_g or load_g - strongest_g < elsewhere_g:
            return
        self._on_deck = True
        self._left_ticks = 0
        self._id += 1
        self._note(EventKind.VEHICLE_ON, self._id)
        self._acceptance.begin()

    def _watch_departure(self) -> None:
        self._left_ticks = 0 if self._present else self._left_ticks + 1
        if self._left_ticks < LEFT_TICKS:
            return
        self._on_deck = False
        self._note(EventKind.VEHICLE_OFF, self._id)

    def _note(self, kind: EventKind, value: int, at_us: int | None = None) -> None:
        moment = self._now_us if at_us is None else at_us
        self._events.append(Event(t_us=moment, kind=kind, value=value))

    def snapshot(self, now_us: int | None = None) -> Weighing:
        """The state now; with now_us the deck turns UNKNOWN when samples stopped 0.5 s ago."""
        state, watched = self._acceptance, self._acceptance.deck
        axles, weight_g, u95_g = watched.axles, state.weight_g, state.u95_g
        gross_g = round(self._corrections.correct_g(self._gross_g))
        celsius = self._corrections.celsius
        deck = self._deck(gross_g, now_us)
        known = deck != DeckState.UNKNOWN
        estimate = watched.estimate if self._on_deck else None
        return Weighing(
            t_us=self._now_us,
            deck=deck,
            gross_g=gross_g,
            indicated_g=indicate_g(gross_g, self._scale) if known else None,
            motion=watched.moving if self._on_deck else not self._steady(),
            zero_ok=self._zero_ok,
            zero_offset_g=round(self._zero.sum_g()),
            weighing_id=self._id,
            status=state.status if self._on_deck else Status.IDLE,
            weight_g=weight_g,
            u95_g=u95_g,
            accepted_us=state.accepted_us,
            axles=axles.count(),
            axles_confidence_ppm=round(1e6 * axles.count_confidence(weight_g)),
            axle_offsets_mm=axles.offsets_mm(),
            axle_spacings_u95_mm=axles.spacings_u95_mm(),
            axle_loads_g=axles.loads_g(weight_g),
            axle_loads_u95_g=axles.loads_u95_g(weight_g, u95_g),
            estimate_g=None if estimate is None else round(estimate.weight_g),
            estimate_u95_g=None if estimate is None else round(estimate.u95_g),
            stopped_us=watched.stopped_us,
            temperature_mc=None if celsius is None else round(1000 * celsius),
            compensation=self._corrections.state,
            cells=tuple(self._cells.health),
            events=tuple(self._events),
        )

    def outcome(self) -> Status:
        """How it stands with the vehicle on the deck, or stood with the last one as it left."""
        if self._cells.faulty:
            return Status.CELL_FAULT
        return self._acceptance.status if self._id else Status.IDLE

    def _deck(self, gross_g: int, now_us: int | None) -> DeckState:
        stale = now_us is not None and now_us - self._now_us > STALE_US
        if stale or not self._zero.is_set or self._cells.faulty:
            return DeckState.UNKNOWN
        if is_over_range(gross_g, self._scale):
            return DeckState.OVER_RANGE
        if is_under_range(gross_g, self._scale):
            return DeckState.UNDER_RANGE
        return DeckState.LOADED if self._present or self._on_deck else DeckState.EMPTY

    def clear_cells(self) -> None:
        """Forget cell faults, after service; the faults come back if they are still there."""
        self._cells.clear()
        self._named.clear()

    def curve(self) -> tuple[tuple[int, int], ...]:
        """The recent weight curve as (t_us, gross_g), about ten points a second."""
        return tuple(self._curve)


def _beam(values: _Beam, n: int) -> IntArray:
    if values is None:
        return np.zeros(n, np.int64)
    out = np.asarray(values, np.int64)
    if out.shape != (n,):
        raise ValueError(f"beam {out.shape}: expected ({n},)")
    return out


__all__ = ["BoolArray", "CellHealth", "DeckState", "Status", "Weigher", "Weighing"]
