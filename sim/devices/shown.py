"""What the lane shows: signal heads and the text sign."""

from __future__ import annotations

from hal.bus import Bus
from hal.ports import Signal, SignPage
from sim.devices.common import end_of, yard_of
from sim.devices.late import Late
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
        """Hold this aspect; a dead lamp is no green, a welded relay no red."""
        fault = self._yard.fault_of(self._name)
        if fault == "stuck":
            return
        green = aspect is Signal.GREEN and fault is None
        self._lamps[self._end] = green or fault == "stays green"


class SimSign:
    """The text sign."""

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._late: Late[SignPage | None] = Late()

    def show(self, page: SignPage) -> None:
        """Hold this page; one in trouble keeps the old page, or shows none."""
        fault = self._yard.fault_of("sign")
        if fault is None:
            self._late.clear()
            self._yard.sign = page
        elif fault == "slow":
            self._late.put(self._yard.now_us, page)
            self._yard.sign = self._late.get(self._yard.now_us, self._yard.sign)
        elif fault == "dark":
            self._yard.sign = None
        elif fault == "restarts":
            boots = self._yard.troubles["sign"].boots(self._yard.now_us)
            self._yard.sign = None if boots else page
