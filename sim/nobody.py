"""Which records may tell of nobody: of a load that is no vehicle, or one that a scale made up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from protocol.record import Record
from sim.incidentcheck import BOOM_MOVED
from sim.world import Yard

LEAVES_US = 20_000_000
"""How long after a vehicle its interval may be told in a record."""
SHORT_US = 2_000_000
"""An interval shorter than this is a wheel that touched and went back; no scale need notice."""
BOARDS_US = 200_000
"""So much before its interval begins a vehicle may weigh enough to board."""
UNEXPECTED = "unexpected load"
_STAYS_US = 1_000_000
"""A load that has not stayed so long is nobody, unless somebody is expected."""
_THERE = (UNEXPECTED, "recovered with a load", "found on deck at start")
"""Told of what is on the deck now, and not of who has just left it."""
_ANOTHER = "another than before the start"
_GONE_AT_START = "gone at start"
_TOO_MUCH = ("reads too much", "jumps", "creeps")


class Nobody:
    """``boarded`` is when the lane has said that it had the vehicle of a passage on its deck.

    ``unbidden`` are the passages of which it said so while it was stopped or in somebody's hand.
    """

    def __init__(
        self, yard: Yard, boarded: Mapping[int, int], unbidden: Collection[int], died: bool
    ) -> None:
        self._yard = yard
        self._boarded = boarded
        self._unbidden = unbidden
        self._died = died
        self._stays = yard.truth.on_deck

    def may_be_told_of(self, record: Record) -> bool:
        """Whether a record may be of no vehicle: an incident at a gate, a stone on the deck."""
        if record.void == BOOM_MOVED:
            return True
        # A device on the cable makes another load of the one that stood there before the stop.
        if record.void == _ANOTHER and self._died and self._yard.options.devices:
            return True
        if record.void is None:
            return False
        at_us, came_us = record.times.at_us, record.times.entered_us
        burdened = self._yard.burdened
        # A lane that works waits for the wheels of who comes; one that does not tells of any load.
        walked = came_us is not None and record.passage_id in self._unbidden and burdened(came_us)
        lies = burdened(at_us) or walked
        return (lies and not self._stood(at_us, _told_us(record))) or self._made_up(record)

    def _made_up(self, record: Record) -> bool:
        """Whether a lying scale made up the load, and nobody was there whom the record tells of."""
        at_us, began_us = record.times.at_us, self.boarded_us(record)
        began = began_us is not None and self.scale_lies(began_us)
        lain_us = 0 if began_us is None else at_us - began_us
        # What is gone at a start was made up before the lane died: a cell that lies now lies late.
        if record.void == _GONE_AT_START:
            return began and not self._stood(at_us, lain_us)
        bidden = began and record.passage_id not in self._unbidden
        if bidden:
            # Who was awaited has not come: what was on the deck before is no matter.
            return not self._stood(at_us, lain_us)
        told_us = _told_us(record)
        if self.scale_lies(at_us) and not self._stood(at_us, told_us):
            return True
        # What began while a scale lied may be found to be gone long after, if the lie has stayed.
        stayed = began_us is not None and self.scale_lies(began_us - _STAYS_US)
        return began and stayed and not self._stood(at_us, lain_us + told_us)

    def boarded_us(self, record: Record) -> int | None:
        """When its vehicle boarded; a later life does not know that, but the lane had said so."""
        known_us = record.times.entered_us
        return self._boarded.get(record.passage_id) if known_us is None else known_us

    def boarded_for(self, at_us: int) -> bool:
        """Whether nobody was what boarded then: cells lied, or people walked before who came."""
        others = self._yard.burden_g(at_us) > self._yard.burden_g(0)
        return self.scale_lies(at_us) or (others and not self._stood(at_us + BOARDS_US, 0))

    def _stood(self, at_us: int, told_us: int) -> bool:
        """Whether a vehicle was on the deck then, or had left it no longer ago than this."""
        return any(
            stay.from_us <= at_us and (stay.until_us is None or at_us <= stay.until_us + told_us)
            for stay in self._stays
        )

    def scale_lies(self, at_us: int) -> bool:
        """Whether cells read too much: an empty deck then weighs as one with a load."""
        return any(
            fault.kind in _TOO_MUCH
            and fault.device.startswith("cell")
            and fault.from_us <= at_us
            and (fault.until_us is None or at_us <= fault.until_us + SHORT_US)
            for fault in self._yard.options.faults
        )


def _told_us(record: Record) -> int:
    """How long after its vehicle has left the deck a record may tell of it."""
    return 0 if record.void in _THERE else LEAVES_US
