"""From counts to an accepted weight: the streaming face of the weighing pipeline.

Samples come in batches; every tenth of a second the deck is judged once. Nothing here reads a
clock; all times are those of the samples.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensors.acceptance import Acceptance
from sensors.calibration import FloatArray, IntArray, Scale
from sensors.cells import CellWatch
from sensors.compensation import CellCreep
from sensors.degraded import DegradedWeight, NoDegradedWeight
from sensors.despike import Despike
from sensors.estimator import TICK_S, Estimator, Modal
from sensors.history import History
from sensors.indication import indicate_g
from sensors.intake import Beam, Intake, Rows
from sensors.non_evidence import NonEvidence
from sensors.presence import Presence, deck_state
from sensors.remaining import Remaining
from sensors.resting import Ahead, Rest, Resting
from sensors.sums import row_sums
from sensors.tamper_finding import TamperFinding
from sensors.thermal import Compensation, Corrections
from sensors.upkeep import Upkeep
from sensors.weighing import DeckState, Event, EventKind, Status, Weighing
from sensors.zero_return import ZeroReturn
from sensors.zeroing import Zeroing

KEEP_S: Final = 4.0
EVENTS_MAX: Final = 64
CURVE_POINTS_MAX: Final = 1200
SMOOTH_S: Final = 0.25
STALE_US: Final = 500_000
RECENT_US: Final = 1_000_000


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
        self._intake = Intake(len(scale.cells), self._tick, self._note)
        self._presence = Presence(scale, self._note)
        self._zero = Zeroing(
            scale, self._history, self._cells, self._corrections, self._note, self._name_faults
        )
        self._upkeep = Upkeep(scale, self._tick / scale.rate_hz, self._note)
        self._non_evidence = NonEvidence(scale, self._history, self._cells)
        smooth = max(1, round(SMOOTH_S * scale.rate_hz))
        watched = self._history, self._despike, self._cells, self._zero, self._upkeep
        self._resting = Resting(scale, self._tick, smooth, *watched)
        self._now_us = 0
        self._gross_g = 0.0
        self._named: set[int] = set()
        self._told_beams = False

    def push(
        self,
        t_us: Sequence[int] | IntArray,
        counts: npt.NDArray[Any],
        entry_beam: Beam = None,
        exit_beam: Beam = None,
    ) -> None:
        """Take samples: times (n,), counts (n, cells); beams (n,) hold 0, 1 or -1 for unknown.

        An end without a beam gives None.
        """
        if self._scale.has_beams and not self._told_beams:
            self._acceptance.deck.fitted = (entry_beam is not None, exit_beam is not None)
        for rows in self._intake.rows(t_us, counts, (entry_beam, exit_beam)):
            self._take(rows)

    def rest(self, t_us: IntArray, counts: IntArray) -> Rest | None:
        """Take samples of an empty deck with clear beams as `push` would, for less.

        Only whole ticks, in which there is nothing to say but how the zero wanders; the rest must
        be pushed. None where that is so from the first sample on.
        """
        ticks = self._resting.ticks(self._now_us, t_us) if self._rests(t_us) else 0
        while ticks:
            part = slice(0, ticks * self._tick)
            ticks, found = self._resting.ahead(t_us[part], counts[part])
            if found is not None:
                self._stand_behind(found, t_us[part], counts[part])
                return Rest(found.ends_us, found.gross_g, found.zero.zeros_g)
        return None

    def corrected_g(self, gross_g: float) -> float:
        """The gross that counts, of one that `rest` gave."""
        return self._corrections.correct_g(gross_g)

    def _rests(self, t_us: IntArray) -> bool:
        deck = self._acceptance.deck
        empty = deck.beams_clear and not (self._presence.on_deck or self._presence.present)
        begins_us = self._now_us + round(1e6 * TICK_S)
        calm = deck.beam_edge_us <= begins_us - RECENT_US and self._creep is None
        known = self._corrections.state == self._compensation
        whole = t_us[: len(t_us) // self._tick * self._tick]
        return empty and calm and known and len(whole) > 0 and self._intake.continues(whole)

    def _stand_behind(self, found: Ahead, t_us: IntArray, counts: IntArray) -> None:
        rows_g, load_g = found.rows_g, found.sum_g[-len(found.rows_g) :]
        # One product a tick: others may differ in the last digit.
        moment_gm = (rows_g.reshape(-1, self._tick, len(self._x_m)) @ self._x_m).ravel()
        self._now_us = int(t_us[-1])
        self._corrections.tick(self._now_us)
        self._intake.pass_to(self._now_us)
        self._resting.take(found, t_us, counts, moment_gm)
        self._acceptance.deck.push_ticks(found.t_us, rows_g, load_g, moment_gm, self._tick)
        self._gross_g = float(found.gross_g[-1])
        ticks_g = row_sums(load_g.reshape(-1, self._tick)) / self._tick
        self._curve.extend(zip(found.ends_us.tolist(), map(round, ticks_g.tolist()), strict=True))

    def _take(self, rows: Rows) -> None:
        self._now_us = int(rows.t_us[-1])
        grams = self._scale.to_grams(rows.raw)
        if self._creep is not None:
            crept_g = np.array(self._creep.crept_g)
            self._creep.push(self._now_us, grams.mean(axis=0).tolist())
            grams = grams - crept_g
        clean_t, clean_g = self._despike.push(rows.t_us, grams)
        if len(clean_t):
            self._store(clean_t, clean_g - self._zero.offsets_g)
        self._acceptance.deck.see_beams(rows.t_us, rows.beams)
        if rows.end_tick:
            self._judge(rows.raw)

    def _store(self, t_us: IntArray, cells_g: FloatArray) -> None:
        # The very first sample has none before it, so it is held against one that none repeats.
        before = self._history.cells_g(1)
        usable = self._cells.usable(cells_g, before if len(before) else cells_g[:1] + 1e9)
        self._history.append(t_us, cells_g, self._x_m)
        self._acceptance.deck.push(t_us, cells_g, usable)

    def _judge(self, raw: IntArray) -> None:
        self._follow_temperature()
        if len(self._history) == 0:
            return
        rows = max(1, round(SMOOTH_S * self._scale.rate_hz))
        self._gross_g = self._history.load_g(rows)
        self._curve.append((self._now_us, round(self._history.load_g(self._tick))))
        self._cells.update(self._history, raw, not self._presence.present, self._tick)
        self._name_faults()
        self._watch_deck(self._history.cell_means_g(rows))
        self._keep_watch()
        if self._presence.on_deck:
            self._acceptance.judge(self._now_us, self._tick, self._zero.ok)
            if self._acceptance.status == Status.ACCEPTED:
                self._non_evidence.learn(self._presence.weighing_id)
            self._presence.watch_departure()

    def _watch_deck(self, cells_g: FloatArray) -> None:
        """Set or follow zero while the deck is empty, and see who comes, by cells not named bad."""
        clear = self._acceptance.deck.beams_clear
        live_g = self._cells.live_g(cells_g)
        self._presence.see(live_g)
        if not self._zero.is_set:
            self._zeroed(self._zero.try_initial(clear))
        elif not self._presence.on_deck:
            self._zero.follow(self._now_us, clear and not self._presence.present)
            if self._presence.arrives(self._cells.sound_g(live_g)):
                self._zero.visited()
                self._acceptance.begin()

    def _zeroed(self, by_g: float | None) -> None:
        if by_g is not None:
            self._gross_g -= by_g
            self._presence.zeroed()

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
        deck, on_deck = self._acceptance.deck, self._presence.on_deck
        recent_us = self._now_us - RECENT_US
        self._upkeep.update(
            self._now_us,
            self._zero.above_calibration_g(self._tick),
            standing=on_deck and deck.stopped_us is not None,
            empty=not on_deck and deck.beams_clear,
            axle_step=on_deck and deck.stepped_since(recent_us),
            beam_edge=deck.beam_edge_us > recent_us,
            half_off=on_deck and (not deck.beams_clear or deck.pulls),
            cells_sound=self._zero.is_set and not self._cells.faulty,
        )

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
        return self._non_evidence.weight() if self._presence.on_deck else None

    def remaining(self) -> Remaining | None:
        """What the cells that are not named bad say of the deck: never evidence.

        None while all cells are sound, and before a first zero was set.
        """
        return self._non_evidence.remaining() if self._zero.is_set else None

    def _name_faults(self) -> None:
        for cell, health in enumerate(self._cells.health):
            if health and cell not in self._named:
                self._named.add(cell)
                self._note(EventKind.CELL_FAULT, 100 * cell + health)

    def request_zero(self) -> bool:
        """Set zero at the lane's request; refused unless empty, steady and within 4 % of Max."""
        clear = self._acceptance.deck.beams_clear
        by_g = self._zero.request(empty=clear and not self._presence.on_deck)
        if by_g is None:
            self._note(EventKind.ZERO_REFUSED, round(self._gross_g))
            return False
        self._zeroed(by_g)
        return True

    def see_loops(self, entry: bool, exit_: bool) -> None:
        """Say at which ends what is given as beam has a loop in the road, too."""
        self._acceptance.deck.looped = (entry, exit_)

    def see_drawbars(self, entry: bool, exit_: bool) -> None:
        """Say at which ends a high drawbar may lie across, for all that the sensors there tell."""
        self._acceptance.deck.drawbars = (entry, exit_)

    def fit_beams(self, entry: bool, exit_: bool) -> None:
        """Say at which ends beams are fitted, where others than the recording's are given."""
        self._told_beams = True
        self._acceptance.deck.fitted = (entry, exit_)

    def allow_zero(self, allowed: bool) -> None:
        """The lane's word on zero: False while any of its sensors sees a vehicle (I10)."""
        self._zero.allowed = allowed

    def _note(self, kind: EventKind, value: int, at_us: int | None = None) -> None:
        moment = self._now_us if at_us is None else at_us
        self._events.append(Event(t_us=moment, kind=kind, value=value))

    def snapshot(self, now_us: int | None = None) -> Weighing:
        """The state now; with now_us the deck turns UNKNOWN when samples stopped 0.5 s ago."""
        state, watched = self._acceptance, self._acceptance.deck
        on_deck = self._presence.on_deck
        known_axles = watched.axles.answers(state.weight_g, state.u95_g)
        gross_g = round(self._corrections.correct_g(self._gross_g))
        celsius = self._corrections.celsius
        deck = self._deck(gross_g, now_us)
        known = deck != DeckState.UNKNOWN
        estimate = watched.estimate if on_deck else None
        return Weighing(
            t_us=self._now_us,
            deck=deck,
            gross_g=gross_g,
            indicated_g=indicate_g(gross_g, self._scale) if known else None,
            motion=watched.moving if on_deck else not self._zero.steady(),
            zero_ok=self._zero.ok,
            zero_offset_g=round(self._zero.sum_g()),
            weighing_id=self._presence.weighing_id,
            status=state.status if on_deck else Status.IDLE,
            weight_g=state.weight_g,
            u95_g=state.u95_g,
            accepted_us=state.accepted_us,
            axles=known_axles.axles,
            axles_confidence_ppm=round(1e6 * known_axles.confidence),
            axle_offsets_mm=known_axles.offsets_mm,
            axle_spacings_u95_mm=known_axles.spacings_u95_mm,
            axle_loads_g=known_axles.loads_g,
            axle_loads_u95_g=known_axles.loads_u95_g,
            estimate_g=None if estimate is None else round(estimate.weight_g),
            estimate_u95_g=None if estimate is None else round(estimate.u95_g),
            stopped_us=watched.stopped_us,
            basis=state.basis,
            temperature_mc=None if celsius is None else round(1000 * celsius),
            compensation=self._corrections.state,
            cells=tuple(self._cells.health),
            events=tuple(self._events),
            withdrawn=state.withdrawn if on_deck else None,
            far_in=watched.far_in and on_deck,
        )

    def outcome(self) -> Status:
        """How it stands with the vehicle on the deck, or stood with the last one as it left."""
        if self._cells.faulty:
            return Status.CELL_FAULT
        return self._acceptance.status if self._presence.weighing_id else Status.IDLE

    def _deck(self, gross_g: int, now_us: int | None) -> DeckState:
        stale = now_us is not None and now_us - self._now_us > STALE_US
        if stale or self._cells.faulty:
            return DeckState.UNKNOWN
        if self._zero.is_set:
            return self._presence.deck(gross_g)
        # Without a first zero nothing can be said of an empty deck, nor is anything weighed.
        loaded = self._zero.surely_loaded()
        return deck_state(gross_g, True, self._scale) if loaded else DeckState.UNKNOWN

    def clear_cells(self) -> None:
        """Forget cell faults, after service; the faults come back if they are still there."""
        self._cells.clear()
        self._named.clear()
        self._acceptance.deck.cells.forget()

    def curve(self) -> tuple[tuple[int, int], ...]:
        """The recent weight curve as (t_us, gross_g), about ten points a second."""
        return tuple(self._curve)
