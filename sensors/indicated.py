"""From an indicator's frames to an accepted weight: the integer face of the weighing by indicator.

It gives the same facts as ``sensors/weigher.py``, so the lane and its records know no difference:
no axles, no cells, no temperature.  Nothing here reads a clock; all times are those of the frames,
but for the silence, which the caller's time tells.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from sensors.indicated_acceptance import MIN_E, NEVER_US, Acceptance
from sensors.indicated_frames import FAR_G, Frames
from sensors.indicated_rule import Reading, Rule
from sensors.indicated_tamper import EMPTY_E, Ends, TamperWatch
from sensors.indication import Capacity, indicate_g
from sensors.presence import deck_state
from sensors.tamper_finding import TamperFinding
from sensors.thermal import Compensation
from sensors.weigher import CURVE_POINTS_MAX, EVENTS_MAX
from sensors.weighing import DeckState, Event, EventKind, Status, Weighing

LEFT_US: Final = 500_000
LOOK_US: Final = 500_000
"""The newest looks at the empty deck may already hold a tyre on the edge: an older one counts."""
ZERO_SWING_E: Final = 2
ZERO_AGAIN_US: Final = 2_000_000
CURVE_US: Final = 90_000
ZERO_MAX: Final = (4, 100)
"""How far from its zero an indicator may be told to set it, against Max (R 76-1 4.5.1)."""


class IndicatedWeigher:
    """Weighs what stands on one deck by a verified indicator's word; constant memory, no I/O."""

    def __init__(self, capacity: Capacity, rule: Rule | None = None) -> None:
        self.capacity = capacity
        self._rule = rule or Rule()
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._curve: deque[tuple[int, int]] = deque(maxlen=CURVE_POINTS_MAX)
        self.frames = Frames(capacity, self._rule)
        self._tamper = TamperWatch(capacity, self.frames, self._note)
        self._acceptance = Acceptance(capacity, self._rule, self.frames, self._tamper, self._note)
        self._ends = Ends()
        self._now_us = 0
        self._present = self._on_deck = self._return_due = False
        self._weighing_id = 0
        self._absent_us = 0
        self._looks: deque[tuple[int, bool]] = deque(maxlen=64)
        self._zero_ok = False
        self._zero_g = 0
        self._asked_us = NEVER_US

    def see_ends(self, ends: Ends) -> None:
        """What the sensors at the deck's edges say from now on."""
        self._ends = ends

    def push(self, readings: Sequence[Reading]) -> None:
        """Take frames, oldest first; one that is not later than the last is dropped."""
        for reading in readings:
            if self.frames.take(reading):
                self._now_us = reading.t_us
                self._judge(reading)

    def look(self, now_us: int) -> None:
        """Take the time: of an indicator that is silent nothing is known any more."""
        if self._on_deck and self._unknown(now_us):
            self._acceptance.lost()

    def _unknown(self, now_us: int) -> bool:
        silent = now_us - self._now_us > self._rule.silent_us
        return silent or self.frames.load_g is None

    def is_silent(self, now_us: int) -> bool:
        """Whether no frame has come for longer than the rule allows."""
        return now_us - self._now_us > self._rule.silent_us

    def _judge(self, reading: Reading) -> None:
        load_g = self.frames.load_g
        if load_g is None:
            self.look(self._now_us)
            return
        if abs(load_g) < FAR_G:
            self._draw(load_g)
        e_g = self.capacity.e_g
        self._present = load_g > (EMPTY_E - self._present) * e_g
        if self._on_deck:
            self._acceptance.judge(reading, self._ends, self._zero_ok)
            self._watch_departure(load_g)
        else:
            self._watch_empty(load_g)

    def _draw(self, load_g: int) -> None:
        if not self._curve or self._now_us - self._curve[-1][0] >= CURVE_US:
            self._curve.append((self._now_us, load_g))

    def _watch_empty(self, load_g: int) -> None:
        """See who comes; and while nobody does, whether the deck shows zero."""
        if load_g >= self._min_g:
            self._on_deck = True
            self._return_due = False
            self._weighing_id += 1
            self._absent_us = self._now_us
            self._acceptance.begin(self._now_us)
            self._note(EventKind.VEHICLE_ON, self._weighing_id)
            return
        if not self._ends.clear:
            return
        self._look_at_zero(load_g)
        rest_g = self.frames.stable_g
        if self._return_due and rest_g is not None:
            self._return_due = False
            self._tamper.left(self._now_us, rest_g)

    def _look_at_zero(self, load_g: int) -> None:
        """Zero by the indicator's own bit, or by a reading that rounds to it (R 76-1 3.9.4.2)."""
        near = 2 * abs(load_g) <= self.capacity.e_g
        self._looks.append((self._now_us, near or self.frames.at_centre))
        while len(self._looks) > 1 and self._looks[1][0] <= self._now_us - LOOK_US:
            self._looks.popleft()
        if self._looks[0][0] <= self._now_us - LOOK_US:
            self._zero_ok, self._zero_g = self._looks[0][1], load_g

    def _watch_departure(self, load_g: int) -> None:
        """The vehicle has left when nothing was there for a moment, or only a rest stands there."""
        if self._present:
            self._absent_us = self._now_us
        rest_g = self.frames.stable_g if self._ends.clear else None
        remains = rest_g is not None and rest_g < self._min_g
        if remains or self._now_us - self._absent_us >= LEFT_US:
            self._on_deck = False
            self._return_due = True
            self._note(EventKind.VEHICLE_OFF, self._weighing_id)

    @property
    def _min_g(self) -> int:
        """The smallest load of class III, 20 e (R 76 table 3)."""
        return MIN_E * self.capacity.e_g

    @property
    def _there(self) -> bool:
        """Whether anything is on the deck, or a vehicle that may not have left it yet."""
        return self._present or self._on_deck

    def may_zero(self, now_us: int) -> bool:
        """Whether the indicator may be told to set its zero now (I10).

        Only on a deck that is empty by its own word and by every sensor at its ends, steady, and
        within 4 % of Max; and not again before it can have answered.
        """
        load_g, part, of = self.frames.load_g, *ZERO_MAX
        return (
            load_g is not None
            and not self._there
            and self._ends.clear
            and self.frames.steady
            and abs(load_g) * of <= self.capacity.max_g * part
            and not self.is_silent(now_us)
            and now_us - self._asked_us >= ZERO_AGAIN_US
        )

    def zero_asked(self, now_us: int, done: bool) -> None:
        """The indicator was told to set its zero; not ``done`` where its protocol cannot."""
        self._asked_us = now_us
        kind = EventKind.ZERO_SET if done else EventKind.ZERO_REFUSED
        self._note(kind, self.frames.load_g or 0)

    @property
    def findings(self) -> tuple[TamperFinding, ...]:
        """The last tamper findings, each with its measured quantity."""
        return tuple(self._tamper.findings)

    def curve(self) -> tuple[tuple[int, int], ...]:
        """The recent weight curve as (t_us, gross_g), about ten points a second."""
        return tuple(self._curve)

    def _note(self, kind: EventKind, value: int, at_us: int | None = None) -> None:
        moment = self._now_us if at_us is None else at_us
        self._events.append(Event(t_us=moment, kind=kind, value=value))

    def snapshot(self, now_us: int) -> Weighing:
        """The state now; the deck is UNKNOWN while the indicator is silent or not to be believed.

        ``gross_g`` is then the last that was known, as on a deck of cells.
        """
        state, load_g = self._acceptance, self.frames.load_g
        known_g = None if load_g is None or self.is_silent(now_us) else load_g
        return Weighing(
            t_us=self._now_us,
            deck=DeckState.UNKNOWN
            if known_g is None
            else deck_state(known_g, self._there, self.capacity),
            gross_g=self._curve[-1][1] if self._curve else 0,
            indicated_g=None if known_g is None else indicate_g(known_g, self.capacity),
            motion=known_g is None or not self.frames.steady,
            zero_ok=self._zero_ok,
            zero_offset_g=self._zero_g,
            weighing_id=self._weighing_id,
            status=state.status if self._on_deck else Status.IDLE,
            weight_g=state.weight_g,
            u95_g=state.u95_g,
            accepted_us=state.accepted_us,
            axles=-1,
            axles_confidence_ppm=0,
            axle_offsets_mm=(),
            axle_spacings_u95_mm=(),
            axle_loads_g=(),
            axle_loads_u95_g=(),
            estimate_g=self.frames.stable_g if self._on_deck else None,
            estimate_u95_g=None,
            stopped_us=state.basis.stopped_us if state.basis is not None else None,
            basis=state.basis,
            temperature_mc=None,
            compensation=Compensation.NOT_STATED,
            cells=(),
            events=tuple(self._events),
            withdrawn=state.withdrawn if self._on_deck else None,
        )
