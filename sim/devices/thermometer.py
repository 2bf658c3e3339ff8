"""The thermometer under the deck, on a board that has one."""

from __future__ import annotations

from hal.bus import Bus
from sim.devices.common import yard_of

READS_K = 0.0625
"""One step of a 1-wire sensor of twelve bits."""


class SimThermometer:
    """Says how warm the cells are, in steps of a sixteenth of a degree."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def read(self) -> float:
        """Degrees Celsius; a yard whose day states no temperature has 20."""
        return round(self._yard.celsius / READS_K) * READS_K
