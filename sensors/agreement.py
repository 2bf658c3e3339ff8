"""Do the cells tell the same story about the vehicle on the deck?"""

from typing import Final

import numpy as np

from sensors.axle_steps import End
from sensors.calibration import Scale
from sensors.cells import CellHealth, CellWatch
from sensors.history import History
from sensors.lean import LeanWatch, pairs, swapped
from sensors.redundancy import SpanWatch, StandingWatch

STILL_US: Final = 200_000
SLOW_S: Final = 0.8


class Agreement:
    """Names cells that are swapped, shunted or wander, from what the others say of the vehicle."""

    def __init__(self, scale: Scale, history: History, cells: CellWatch) -> None:
        self._scale = scale
        self._history = history
        self._cells = cells
        self._span = SpanWatch(scale)
        self._lean = LeanWatch(scale)
        self._pairs = pairs(scale)
        self._wander = StandingWatch(scale)
        rows = max(4, round(SLOW_S * scale.rate_hz))
        taper = 1 - np.cos(2 * np.pi * (np.arange(rows) + 0.5) / rows)
        self._taper = taper / taper.sum()

    def begin(self) -> None:
        """A vehicle comes on."""
        self._span.reset()
        self._lean.reset()

    def forget(self) -> None:
        """What was seen of the vehicle so far came from cells that were wrong."""
        self.begin()
        self.moved()

    def axle_step(self, *, went_back: bool) -> None:
        """The load changes here; an axle that `went_back` may have been another vehicle's."""
        self._span.axle_step()
        if went_back:
            self._lean.reset()

    def moved(self) -> None:
        """The vehicle rolls, or the load is another."""
        self._wander.reset()

    def check_wiring(self, front: End | None) -> None:
        """The first axle stands near one pair: whoever else answers is wired in its place."""
        if not len(self._pairs):
            return
        rows = max(4, round(STILL_US / 1e6 * self._scale.rate_hz))
        cells_g = self._history.cells_g(rows).mean(axis=0)
        for cell in swapped(cells_g, self._pairs[0 if front == End.ENTRY else -1]):
            self._cells.note(cell, CellHealth.SWAPPED)

    def watch(self, *, alone: bool, standing_calm: bool) -> None:
        """Look at the slow means of this tick; `alone` unless a second vehicle is there.

        `standing_calm`: behind the stop and the worst of the pitching, where no load moves.
        """
        rows = len(self._taper)
        # With one cell wrong the sum is wrong, and would only accuse the others.
        if self._cells.faulty or len(self._history) < rows:
            return
        slow_g = self._taper @ self._history.cells_g(rows)
        self._lean.add(slow_g)
        shunted = self._span.update(slow_g) if alone else None
        if shunted is not None:
            self._cells.note(shunted, CellHealth.SHUNTED)
        drifting = self._wander.update(slow_g) if standing_calm else None
        if drifting is not None:
            self._cells.note(drifting, CellHealth.DRIFTING)

    def holds(self) -> bool:
        """Whether no cell reads low against the others; those that may be it are named."""
        shunt = self._lean.judge()
        for cell in () if shunt is None else shunt.cells:
            self._cells.note(cell, CellHealth.SHUNTED)
        return shunt is None
