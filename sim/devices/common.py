"""What all devices of the yard need: the yard itself, and its ends by name."""

from __future__ import annotations

from hal.bus import Bus
from sim.units import ScenarioError
from sim.world import ENDS, Yard


def yard_of(bus: Bus) -> Yard:
    """Return the yard that all devices of this bus stand in."""
    yard: Yard = bus.share("yard", Yard.default)
    return yard


def end_of(name: str) -> int:
    if name not in ENDS:
        raise ScenarioError(f"end = {name!r}: an end is 'yard' or 'road'")
    return ENDS.index(name)
