"""What the lane shows: signal heads and the text sign."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import Signal, SignPage
from sim.devices.common import end_of, yard_of
from sim.units import ScenarioError


class SimSignal:
    """One signal head, facing those who come or those on the deck."""

    def __init__(self, bus: Bus, *, end: str, face: str) -> None:
        if face not in ("approach", "deck"):
            raise ScenarioError(f"face = {face!r}: a signal faces 'approach' or 'deck'")
        self._yard = yard_of(bus)
        self._lamps = self._yard.approach_green if face == "approach" else self._yard.deck_green
        self._end = end_of(end)
        self._name = f"{end}.{face}_lamp"

    def show(self, aspect: Signal) -> None:
        """Hold this aspect; a dead lamp is no green."""
        dead = self._yard.fault_of(self._name) is not None
        self._lamps[self._end] = aspect is Signal.GREEN and not dead


class SimSign:
    """The text sign."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)

    def show(self, page: SignPage) -> None:
        """Hold this page; a silent sign keeps the old one."""
        if self._yard.fault_of("sign") is None:
            self._yard.sign = page
