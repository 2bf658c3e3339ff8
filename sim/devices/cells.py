"""The cells of the deck on their converter."""

from __future__ import annotations

import numpy as np

from hal.bus import Bus
from hal.ports import CellSamples, DeviceFault
from sim.devices.common import yard_of
from sim.devices.late import SLOW_US
from sim.devices.stream import RAIL_COUNTS, Samples, Stream

_NAMES = tuple(f"cell{cell}" for cell in range(8))


class SimCells:
    """All cells of the deck, one converter with eight channels.

    One cell may fail alone, as ``cell0`` … ``cell7``.
    """

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._last: CellSamples | None = None
        self._given_us = 0
        self._stream = Stream(self._yard.cells)
        self._test_load = np.zeros(8, np.int64)

    def place(self, load_g: int, x_m: float, y_m: float) -> None:
        """Stand a test load on the deck at rest, instead of the one before."""
        self._test_load = self._yard.cells.counts_under(load_g, x_m, y_m)

    def read(self) -> CellSamples | DeviceFault:
        """Samples since the last call; a slow converter gives them in lumps."""
        kind = self._yard.fault_of("cells")
        if kind == "slow" and self._yard.now_us - self._given_us < SLOW_US:
            return CellSamples(t_us=np.empty(0, np.int64), counts=np.empty((0, 8), np.int64))
        self._given_us = self._yard.now_us
        t_us, counts = self._yard.converter.take()
        counts = counts + self._test_load
        if self._yard.mischief is not None:
            counts = self._yard.mischief.on_the_cable(t_us, counts, self._yard.cells)
        if kind in ("silent", "unknown"):
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="no samples")
        if kind == "stuck" and self._last is not None and len(self._last.counts):
            counts = np.repeat(self._last.counts[-1:], len(t_us), axis=0)
        if self._yard.troubles:
            t_us, counts = self._spoilt(kind, (t_us, counts))
        samples = CellSamples(t_us=t_us, counts=counts)
        if len(t_us):
            self._last = samples
        return samples

    def _spoilt(self, kind: str | None, samples: Samples) -> Samples:
        """The samples after the troubles of single cells and then of the converter."""
        troubles, counts = self._yard.troubles, samples[1]
        for cell, name in enumerate(_NAMES):
            if name not in troubles:
                continue
            fault = self._yard.fault_of(name)
            if fault == "silent":
                counts[:, cell] = 0
            elif fault == "unknown":
                counts[:, cell] = RAIL_COUNTS
            elif fault == "stuck" and self._last is not None:
                counts[:, cell] = self._last.counts[-1, cell]
            elif fault is not None:
                self._stream.spoil_cell(cell, fault, samples, troubles[name])
        if kind is None:
            return samples
        return self._stream.spoil(kind, samples, troubles["cells"])
