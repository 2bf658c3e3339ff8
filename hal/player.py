"""The player of a recorded yard: recordings, one after another, on a virtual clock.

A recording is the truth about a vehicle that drives on and stands.  What it cannot show is played
from itself, and nothing is made up: while the vehicle waits for a boom, the empty or the standing
stretch runs back and forth; when a boom lets it out, the boarding runs backwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import Enum

import numpy as np
from msgspec import Struct

from hal.bus import Bus
from hal.passage import Passage
from hal.ports import CellSamples, Contact
from hal.virtual import VirtualGate

SAMPLES_MAX = 8_192
GAP_US = 6_000_000
REACT_US = 1_000_000
ENDS = ("yard", "road")


class Stage(Enum):
    """Where the vehicle of the recording is."""

    AWAY = "away"
    WAITING = "waiting"
    PLAYING = "playing"
    STANDING = "standing"
    LEAVING = "leaving"


class _Sample(Struct, frozen=True):
    """One instant as played: index in the passage, and the beam at each end as in ENDS."""

    index: int
    contacts: tuple[int, int]


class Player:
    """Plays passages into the cells, beams and cameras of one deck.

    ``advance`` moves the clock; everything else only looks.  Vehicles come from ``entry`` and
    leave when the far boom opens; where it stays closed, or there is none, they stand to the end
    of the recording and then take whichever end is open, the far one first.
    """

    def __init__(self, bus: Bus) -> None:
        self.now_us = 0
        self.stage = Stage.AWAY
        self.number = 0
        self.entry = ENDS[0]
        self.overrun = False
        self._gates: dict[str, VirtualGate] = bus.share("virtual.gates", dict)
        self._passages: tuple[Passage, ...] = ()
        self._passage: Passage | None = None
        self._script: Iterator[_Sample] = iter(())
        self._contacts = (0, 0)
        self._last_us = 0
        self._next_us = 0
        self._last: _Sample | None = None
        self._out: deque[tuple[int, _Sample, Passage]] = deque()

    def load(self, passages: tuple[Passage, ...], entry: str) -> None:
        """Take the recordings to play, in order."""
        self._passages, self.entry = passages, entry
        self._script = self._play_all()

    @property
    def done(self) -> bool:
        """Whether the last vehicle has left."""
        return self.number >= len(self._passages) and self.stage is Stage.AWAY

    @property
    def file(self) -> str:
        """The file that plays now; empty before the first."""
        return self._passage.recording.path if self._passage else ""

    def advance(self, us: int) -> None:
        """Move the clock on by ``us`` and play what falls due."""
        if us < 0:
            raise ValueError(f"time cannot go back: {us} us")
        self.now_us += us
        while self._next_us <= self.now_us:
            sample = next(self._script, None)
            if sample is None or self._passage is None:
                return
            self._put(sample, self._passage)

    def contact(self, end: str) -> Contact:
        """The beam at one end as it stands now."""
        if self._passage is None:
            return Contact.UNKNOWN
        return Contact.BLOCKED if self._contacts[ENDS.index(end)] else Contact.CLEAR

    @property
    def beams_recorded(self) -> bool:
        """Whether the beams of the present passage were recorded or are told by its load."""
        return self._passage is not None and self._passage.beams_recorded

    @property
    def celsius(self) -> float | None:
        """The recorded temperature now, None where the recording has none."""
        if self._passage is None or self._last is None or self._passage.recording.temp_c is None:
            return None
        return float(self._passage.recording.temp_c[self._last.index])

    @property
    def vehicle_waits(self) -> bool:
        """Whether the vehicle stands in front of the deck or is driving on."""
        if self.stage is Stage.PLAYING and self._passage is not None and self._last is not None:
            return self._last.index < self._passage.aboard
        return self.stage is Stage.WAITING

    def take(self) -> CellSamples:
        """Samples played since the last call."""
        due = list(self._out)
        self._out.clear()
        cells = self._passages[0].recording.cells if self._passages else 0
        recorded = bool(due) and all(p.beams_recorded for _, _, p in due)
        at_entry = ENDS.index(self.entry)
        entry = np.array([s.contacts[at_entry] for _, s, _ in due], np.int8)
        leave = np.array([s.contacts[1 - at_entry] for _, s, _ in due], np.int8)
        rows = [p.recording.counts[s.index] for _, s, p in due]
        return CellSamples(
            t_us=np.array([t for t, _, _ in due], np.int64),
            counts=np.array(rows, np.int64).reshape(len(due), cells),
            entry_beam=entry if recorded else None,
            exit_beam=leave if recorded else None,
        )

    def _put(self, sample: _Sample, passage: Passage) -> None:
        if len(self._out) >= SAMPLES_MAX:
            self._out.popleft()
            self.overrun = True
        self._out.append((self._next_us, sample, passage))
        self._contacts, self._last = sample.contacts, sample
        self._next_us += self._step_us(sample, passage)

    def _step_us(self, sample: _Sample, passage: Passage) -> int:
        """Recorded intervals where the recording runs, the usual one where it is repeated."""
        t_us = passage.recording.t_us
        if self.stage is Stage.PLAYING and sample.index + 1 < t_us.size:
            return int(t_us[sample.index + 1] - t_us[sample.index])
        return passage.period_us

    def _play_all(self) -> Iterator[_Sample]:
        for passage in self._passages:
            self._passage = passage
            yield from self._away(passage, GAP_US)
            self.number += 1
            yield from self._passing(passage)
            self.stage = Stage.AWAY
        if self._passage is not None:
            yield from self._away(self._passage, None)

    def _passing(self, passage: Passage) -> Iterator[_Sample]:
        self.stage = Stage.WAITING
        for index in _back_and_forth(0, passage.quiet):
            if self._open(self.entry):
                break
            yield self._as_recorded(passage, index)
        self.stage = Stage.PLAYING
        for index in range(passage.quiet, passage.aboard):
            yield self._as_recorded(passage, index)
        yield from self._aboard(passage)
        if passage.stays:
            yield from self._leaving(passage, over=self._way_out() or self.entry)

    def _aboard(self, passage: Passage) -> Iterator[_Sample]:
        """From the whole load on the deck until a way out has been open for a moment."""
        opened_us = self._next_us
        for index in _once_then(passage.aboard, passage.samples, passage.stand):
            if index == passage.samples - 1:
                if not passage.stays:
                    return
                self.stage = Stage.STANDING
            if self._way_out() is None:
                opened_us = self._next_us
            if passage.stays and self._next_us - opened_us >= REACT_US:
                return
            yield self._as_recorded(passage, index)

    def _way_out(self) -> str | None:
        """The end with an open boom; the entry's counts only once the recording is at its end."""
        far = ENDS[1 - ENDS.index(self.entry)]
        if self._open(far) and (far in self._gates or self.stage is Stage.STANDING):
            return far
        return self.entry if self.stage is Stage.STANDING and self._open(self.entry) else None

    def _leaving(self, passage: Passage, over: str) -> Iterator[_Sample]:
        """The boarding backwards: over the far end, the entry's beam stands for the far one."""
        self.stage = Stage.LEAVING
        for index in range(passage.aboard, passage.quiet, -1):
            entry, leave = int(passage.entry[index]), int(passage.leave[index])
            if over != self.entry:
                entry, leave = leave, entry
            yield self._at(index, entry, leave)

    def _away(self, passage: Passage, us: int | None) -> Iterator[_Sample]:
        self.stage = Stage.AWAY
        until_us = None if us is None else self._next_us + us
        for index in _back_and_forth(0, passage.quiet):
            if until_us is not None and self._next_us >= until_us:
                return
            yield self._at(index, 0, 0)

    def _as_recorded(self, passage: Passage, index: int) -> _Sample:
        return self._at(index, int(passage.entry[index]), int(passage.leave[index]))

    def _at(self, index: int, entry: int, leave: int) -> _Sample:
        contacts = (entry, leave) if self.entry == ENDS[0] else (leave, entry)
        return _Sample(index, contacts)

    def _open(self, end: str) -> bool:
        gate = self._gates.get(end)
        return gate is None or gate.is_open


def _back_and_forth(start: int, end: int) -> Iterator[int]:
    """Indices from start up to end and down again, for ever."""
    while True:
        yield from range(start, end)
        yield from range(end - 2, start, -1)


def _once_then(start: int, end: int, again: int) -> Iterator[int]:
    """Indices from start to the end, then between ``again`` and the end for ever."""
    yield from range(start, end)
    while True:
        yield from range(end - 2, again, -1)
        yield from range(again, end)


def player_of(bus: Bus) -> Player:
    """The player that all devices of one recorded yard share."""
    player: Player = bus.share("player", lambda: Player(bus))
    return player
