"""What an indicator's weight alone can tell of cheating: steps that no vehicle makes.

There are no cells here, so nothing says where on the deck a change was, or whether all cells took
part in it.  Where an end of the deck is not watched nobody can tell a vehicle that drives off it
from a device: then nobody is accused.
"""

from collections import deque
from typing import Final

import msgspec

from sensors.indicated_frames import Frames
from sensors.indicated_rule import masses
from sensors.indication import Capacity
from sensors.tamper_finding import TamperFinding, TamperKind, TamperLimits
from sensors.weighing import EventKind, Note

FINDINGS_MAX: Final = 16
EMPTY_E: Final = 5
ARRIVES_US_MIN: Final = 500_000
"""No vehicle is wholly on a deck sooner after its first wheel."""
FILLS_US: Final = 3_000_000
"""After the last wheel is on, an indicator's filter needs this long, and the window a second."""
CROSSED_US: Final = 3_000_000
"""So long before a load comes something must have crossed an end that is watched."""


class Ends(msgspec.Struct, frozen=True, kw_only=True):
    """What looks across the two edges of the deck.

    ``clear``: everything fitted says so; ``blocked``: something is there.  ``watched``: both ends
    have a beam.  ``edge_us`` is when any of it last changed.
    """

    clear: bool = True
    blocked: bool = False
    watched: bool = False
    edge_us: int = -(2**62)


class TamperWatch:
    """Compares the levels at which the load stands; `findings` are the last ones."""

    def __init__(self, capacity: Capacity, frames: Frames, note: Note) -> None:
        self._limits = TamperLimits()
        self._capacity = capacity
        self._frames = frames
        self._note = note
        self._level: tuple[int, int] | None = None
        self._edge_us = self._came_us = -(2**62)
        self._levels_g: list[int] = []
        self._told = False
        self.findings: deque[TamperFinding] = deque(maxlen=FINDINGS_MAX)

    def begin(self, now_us: int) -> None:
        """Another vehicle: what the one before weighed says nothing of it."""
        self._level = None
        self._came_us = now_us
        self._levels_g = []
        self._told = False

    def is_whole(self, at_us: int, ends: Ends) -> None:
        """All wheels are on a watched deck: bouncing has no mean, so the mean cannot change.

        The middle reading of every second is held to the least and the most of them.
        """
        if ends.edge_us != self._edge_us:
            self._edge_us, self._levels_g, self._told = ends.edge_us, [], False
        grams = masses(self._frames.window)
        since_us = max(self._edge_us, self._came_us)
        if not grams or not (ends.clear and ends.watched) or at_us - since_us < FILLS_US:
            return
        level_g = sorted(grams)[len(grams) // 2]
        least_g, most_g = min([level_g, *self._levels_g]), max([level_g, *self._levels_g])
        self._levels_g = [least_g, most_g]
        if most_g - least_g > self._limits.rolling_e * self._capacity.e_g:
            change_g = level_g - (most_g if level_g == least_g else least_g)
            self._changed(TamperKind.STEP, at_us, change_g, level_g - change_g)

    def stands(self, at_us: int, load_g: int, ends: Ends) -> None:
        """The load stands at a level, and nothing crosses an end."""
        before, self._level = self._level, (at_us, load_g)
        if before is None:
            self._arrived(at_us, load_g, ends)
            return
        since_us, before_g = before
        change_g = load_g - before_g
        if abs(change_g) <= self._limits.plateau_e * self._capacity.e_g:
            # A slow change is held to where it began.
            self._level = before if ends.edge_us <= since_us else (at_us, load_g)
        elif ends.edge_us > since_us or not ends.watched:
            self._note(EventKind.LOAD_CHANGED, change_g)
        elif abs(change_g) <= self._limits.person_g:
            self._note(EventKind.PERSON, change_g)
        else:
            self._changed(TamperKind.PLATEAU_JUMP, at_us, change_g, before_g)

    def _arrived(self, at_us: int, load_g: int, ends: Ends) -> None:
        """The first level of a load: a vehicle takes its time, and crosses an end."""
        near_g = self._limits.plateau_e * self._capacity.e_g
        there_us = at_us
        for reading in self._frames.before(at_us):
            if reading.gross_g is None:
                return
            if abs(reading.gross_g) <= EMPTY_E * self._capacity.e_g:
                self._judge_arrival(at_us, load_g, reading.t_us, there_us, ends)
                return
            if abs(reading.gross_g - load_g) <= near_g:
                there_us = reading.t_us

    def _judge_arrival(
        self, at_us: int, load_g: int, empty_us: int, there_us: int, ends: Ends
    ) -> None:
        uncrossed = ends.watched and ends.edge_us < empty_us - CROSSED_US
        # Where frames are missing just then, nobody saw how it came.
        seen = not self._frames.loses
        if uncrossed or (seen and there_us - empty_us < ARRIVES_US_MIN):
            self._changed(TamperKind.STEP, at_us, load_g, None)

    def _changed(self, kind: TamperKind, at_us: int, change_g: int, of_g: int | None) -> None:
        """Tell a change of the load by itself, once until an end is crossed again."""
        if not self._told:
            self._told = True
            jump = kind == TamperKind.PLATEAU_JUMP
            self._note(EventKind.TAMPER_JUMP if jump else EventKind.TAMPER_STEP, change_g)
            self._find(kind, at_us, change_g, of_g)

    def left(self, at_us: int, rest_g: int) -> None:
        """The deck came to rest after a vehicle (R 76 3.9.4.2: within 0.5 e)."""
        e_g = self._capacity.e_g
        if 2 * abs(rest_g) <= e_g:
            self._note(EventKind.ZERO_RETURNED, rest_g)
            return
        self._note(EventKind.ZERO_NOT_RETURNED, rest_g)
        above_g, below_g = self._limits.return_above_e * e_g, self._limits.return_below_e * e_g
        if not -below_g <= rest_g <= above_g:
            self._note(EventKind.TAMPER_NO_RETURN, rest_g)
            self._find(TamperKind.NO_RETURN, at_us, rest_g, None)

    def _find(self, kind: TamperKind, at_us: int, value_g: int, of_g: int | None) -> None:
        """A reading is rounded to d, so a difference of two is known to d (95 %: 0.78 d)."""
        d_g = self._capacity.d_g
        self.findings.append(
            TamperFinding(
                kind=kind,
                at_us=at_us,
                value_g=value_g,
                u95_g=d_g,
                ratio_ppm=None if not of_g else value_g * 1_000_000 // of_g,
                u95_ppm=None if not of_g else d_g * 1_000_000 // of_g,
                cells_g=(),
                x_mm=None,
                y_mm=None,
            )
        )
