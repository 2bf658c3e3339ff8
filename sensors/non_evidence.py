"""What a deck with a bad cell can still say, and what it learns for that day: never evidence."""

from typing import Final

from sensors.calibration import Scale
from sensors.cells import CellWatch
from sensors.degraded import DegradedWeigher, DegradedWeight, NoDegradedWeight
from sensors.history import History
from sensors.lean import pairs
from sensors.remaining import Remaining, RemainingCells

DEGRADED_S: Final = 2.0


class NonEvidence:
    """Weighs by the cells that are not named bad.

    `degraded` is None for a deck that is not made of pairs of cells.
    """

    def __init__(self, scale: Scale, history: History, cells: CellWatch) -> None:
        self._rate_hz = scale.rate_hz
        self._history = history
        self._cells = cells
        in_pairs = 2 * len(pairs(scale)) == len(scale.cells)
        self.degraded = DegradedWeigher(scale) if in_pairs else None
        self._remaining = RemainingCells(scale, self.degraded)
        self._learned_id = 0

    def learn(self, weighing_id: int) -> None:
        """Each sound, accepted, standing weight teaches once how this deck shares a load."""
        if self.degraded is None or self._learned_id == weighing_id or self._cells.faulty:
            return
        self._learned_id = weighing_id
        self.degraded.learn(self._history.cells_g(round(self._rate_hz)).mean(axis=0))

    def weight(self) -> DegradedWeight | NoDegradedWeight | None:
        """What stands on the deck; None while all cells are sound, or without pairs."""
        bad = self._bad()
        if not bad or self.degraded is None:
            return None
        rows = max(1, round(DEGRADED_S * self._rate_hz))
        return self.degraded.weigh(self._history.cells_g(rows).mean(axis=0), bad)

    def remaining(self) -> Remaining | None:
        """What those cells say of the deck; None while all cells are sound."""
        bad = self._bad()
        if not bad or len(self._history) == 0:
            return None
        return self._remaining.look(self._history.cells_g(len(self._history)), bad)

    def _bad(self) -> frozenset[int]:
        return frozenset(cell for cell, health in enumerate(self._cells.health) if health)
