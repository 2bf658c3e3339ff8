"""The cells of the deck on their converter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hal.bus import Bus
from hal.ports import CellSamples, DeviceFault
from sim.devices.common import yard_of
from sim.devices.late import SLOW_US

RAIL_COUNTS = 8_388_607


class SimCells:
    """All cells of the deck, one converter with eight channels.

    One cell may fail alone, as ``cell0`` … ``cell7``: stuck at its last counts, silent (its wires
    are off, the converter reads 0) or unknown (at the rail).
    """

    def __init__(self, bus: Bus) -> None:
        self._yard = yard_of(bus)
        self._last: CellSamples | None = None
        self._given_us = 0
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
        if kind in ("silent", "unknown"):
            return DeviceFault(name="CELLS_SILENT", device="cells", seen="no samples")
        if kind == "stuck" and self._last is not None and len(self._last.counts):
            counts = np.repeat(self._last.counts[-1:], len(t_us), axis=0)
        for cell in range(counts.shape[1]):
            self._spoil(counts[:, cell], cell)
        samples = CellSamples(t_us=t_us, counts=counts)
        if len(t_us):
            self._last = samples
        return samples

    def _spoil(self, counts: NDArray[np.int64], cell: int) -> None:
        kind = self._yard.fault_of(f"cell{cell}")
        if kind == "silent":
            counts[:] = 0
        elif kind == "unknown":
            counts[:] = RAIL_COUNTS
        elif kind == "stuck" and self._last is not None:
            counts[:] = self._last.counts[-1, cell]
