"""What loops, beams and limit switches in order would say of whom and what is there.

An answer is kept with the places between which each vehicle may move until it is another one.
"""

from __future__ import annotations

from typing import NamedTuple

from hal.ports import Contact
from sim.boom import BoomArm
from sim.layout import Layout
from sim.people import Walker
from sim.vehicle import Vehicle

_CLEAR, _BLOCKED = Contact.CLEAR, Contact.BLOCKED
_KINDS = ("approach", "arm", "beam_low", "beam_high")


class _Seen(NamedTuple):
    """What a sensor said when, and between which places of each vehicle it says the same."""

    tick: int
    state: Contact
    present: list[Vehicle]
    reach: list[tuple[float, float]]


class Sensing:
    """The part of the yard that answers its sensors; what moves in it, the yard moves."""

    def __init__(
        self, layout: Layout, walkers: tuple[Walker, ...], booms: tuple[BoomArm, ...]
    ) -> None:
        self.layout = layout
        self.now_us = 0
        self.walkers: list[Walker] = list(walkers)
        self.booms = booms
        self._tick = 0
        self._moved_tick = 0
        self._present: list[Vehicle] = []
        self._seen: dict[tuple[int, str], _Seen] = {}
        self._around: _Seen | None = None
        self._states: tuple[Contact, ...] = ()

    def says(self) -> tuple[object, ...]:
        """What sensors and limit switches in order would say now."""
        if self._around is None or not self._as_seen(self._around):
            self._states, self._around = self._look_around()
        return (self._states, *(boom.contacts() for boom in self.booms))

    def _look_around(self) -> tuple[tuple[Contact, ...], _Seen | None]:
        """What all sensors say, and how far each vehicle may move until one says another thing."""
        states = tuple(self.presence(end, kind) for end in (0, 1) for kind in _KINDS)
        there = self._present
        seen = [one for one in self._seen.values() if one.present is there]
        if not there or self.walkers or len(seen) < len(states):
            return states, None
        reach = [
            (max(low for low, _ in ways), min(high for _, high in ways))
            for ways in zip(*(one.reach for one in seen), strict=True)
        ]
        return states, _Seen(self._tick, _CLEAR, there, reach)

    def presence(self, end: int, kind: str) -> Contact:
        """Return what a sensor in order would say now: approach, arm, beam_low or beam_high."""
        if not self._present and not self.walkers:
            return _CLEAR
        key = (end, kind)
        seen = self._seen.get(key)
        if seen is None or (seen.tick < self._moved_tick and not self._as_seen(seen)):
            self._seen[key] = seen = self._look(end, kind)
        return seen.state

    def _as_seen(self, seen: _Seen) -> bool:
        """Whether the same vehicles stand where they do not change what a sensor says.

        Of people on foot nobody knows when they move.
        """
        same = seen.present is self._present and not self.walkers
        return same and all(
            low < vehicle.s_m < high
            for vehicle, (low, high) in zip(seen.present, seen.reach, strict=True)
        )

    def _look(self, end: int, kind: str) -> _Seen:
        """What a sensor says, and how far each vehicle may move until it says anything else."""
        layout, beam = self.layout, kind in ("beam_low", "beam_high")
        stretch = (layout.beam_m, layout.beam_m)
        if not beam:
            stretch = layout.arm_loop_m if kind == "arm" else layout.approach_loop_m
        part = kind.removeprefix("beam_") if beam else "loop"
        found = [v.meets(end, stretch, getattr(v.truck.profile, part)) for v in self._present]
        on_foot = beam and any(w.end == end and w.there(self.now_us) for w in self.walkers)
        state = _BLOCKED if on_foot or any(met for met, _, _ in found) else _CLEAR
        reach = [(low, high) for _, low, high in found]
        return _Seen(self._tick, state, self._present, reach)
