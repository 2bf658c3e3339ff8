"""A weighing indicator on the yard's deck, in place of the bare cells."""

from __future__ import annotations

import numpy as np

from hal.bus import Bus
from hal.ports import CellSamples, DeviceFault, Indication, IndicationState
from sim.devices.cells import SimCells
from sim.devices.common import yard_of
from sim.faults import Trouble
from sim.instrument import Face, Instrument, Shown
from sim.scale import E_KG, MAX_KG

_WORDS = {Face.OVER: "OL", Face.UNDER: "OL", Face.STARTING: "ER"}
_LIES_G = 18_000_000


class SimIndicator:
    """Says what an indicator makes of the yard's cells, as ST/GS text (facts: indicators 3.3).

    A trouble of ``cells`` is one of what it hangs on; one of ``indicator`` is its own or its
    line's.
    """

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._cells = SimCells(bus)
        self._instrument = Instrument(round(MAX_KG * 1000), round(E_KG * 1000))
        self._last: Shown | None = None

    def request_zero(self) -> bool:
        """Press its zero key; True says that it was pressed."""
        self._instrument.set_zero()
        return True

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        """The frames since the last call."""
        samples = self._cells.read()
        kind = self._yard.fault_of("indicator")
        looks = [] if isinstance(samples, DeviceFault) else self._looks(samples)
        if kind == "silent":
            return DeviceFault(name="INDICATOR_SILENT", device="indicator", seen="no bytes")
        if kind is not None:
            looks = self._spoilt(kind, looks, self._yard.troubles["indicator"])
        if looks:
            self._last = looks[-1]
        return tuple(_frame(look) for look in looks)

    def _looks(self, samples: CellSamples) -> list[Shown]:
        cells = self._yard.cells
        grams = (samples.counts - cells.zero_counts) / cells.counts_per_kg * 1000
        found = [
            self._instrument.take(t_us, load_g)
            for t_us, load_g in zip(
                samples.t_us.tolist(), np.asarray(grams).sum(axis=1).tolist(), strict=True
            )
        ]
        return [look for look in found if look is not None]

    def _spoilt(self, kind: str, looks: list[Shown], trouble: Trouble) -> list[Shown]:
        if kind == "unknown":
            return [_blank(look) for look in looks]
        if kind == "stuck" and self._last is not None:
            last = self._last
            return [
                Shown(t_us=look.t_us, face=last.face, gross_g=last.gross_g, motion=last.motion)
                for look in looks
            ]
        hit = [trouble.rng.random() < trouble.amounts.rate for _ in looks]
        if kind == "loses frames":
            return [look for look, lost in zip(looks, hit, strict=True) if not lost]
        if kind == "lies":
            return [_lie(look) if lies else look for look, lies in zip(looks, hit, strict=True)]
        return looks


def _blank(look: Shown) -> Shown:
    return Shown(t_us=look.t_us, face=Face.STARTING, gross_g=None, motion=True)


def _lie(look: Shown) -> Shown:
    """A frame whose checksum is right and whose digits are not: two that changed places."""
    if look.gross_g is None:
        return look
    return Shown(t_us=look.t_us, face=look.face, gross_g=look.gross_g + _LIES_G, motion=False)


def _frame(look: Shown) -> Indication:
    states = {
        Face.WEIGHT: IndicationState.OK,
        Face.OVER: IndicationState.OVER,
        Face.UNDER: IndicationState.UNDER,
        Face.STARTING: IndicationState.WARMING_UP,
    }
    return Indication(
        t_us=look.t_us,
        gross_g=look.gross_g,
        state=states[look.face],
        motion=look.motion,
        raw=_text(look).encode("ascii"),
    )


def _text(look: Shown) -> str:
    if look.gross_g is None:
        return f"{_WORDS[look.face]},GS,+9999999kg\r\n"
    return f"{'US' if look.motion else 'ST'},GS,{look.gross_g // 1000:+08d}kg\r\n"
