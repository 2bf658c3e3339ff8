"""What the cells that are not named bad say of the deck: empty, loaded, still or not, a weight.

Nothing here is evidence. A deck with a cell that cannot be believed is UNKNOWN to the weigher;
a yard that is allowed to go on without evidence needs one, from the cells that are left.
"""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray, Scale
from sensors.degraded import PAIR_M, DegradedWeigher, DegradedWeight, NoDegradedWeight
from sensors.presence import ELSEWHERE_SHARE, PRESENT_E, deck_state
from sensors.weighing import DeckState

SMOOTH_S: Final = 0.25
STANDS_S: Final = 2.0
# How much a standing vehicle may swing: little against the estimate's u95, which is about 1 %.
SWING_E: Final = 5.0
SWING_SHARE: Final = 0.002
CREEP_M: Final = 0.05


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """The remaining cells' word; `gross_g` is what they carry, not what stands on the deck.

    `weight` is None until the load has stood for STANDS_S; `deck` is UNKNOWN while one cell alone
    says that something came on, and while none feels anything of a part that has none left.
    """

    cells: tuple[int, ...]
    deck: DeckState
    gross_g: int
    moving: bool
    weight: DegradedWeight | NoDegradedWeight | None


class RemainingCells:
    """Judges the deck without the bad cells; keeps one flag, the samples are the caller's."""

    def __init__(self, scale: Scale, weigher: DegradedWeigher | None) -> None:
        self._scale = scale
        self._weigher = weigher
        self._x_m = scale.x_m()
        self._rows = _rows(scale)
        self._present = False

    def look(self, cells_g: FloatArray, bad: frozenset[int]) -> Remaining:
        """Judge the newest samples (n, cells), grams above zero; STANDS_S of them at most count."""
        scale = self._scale
        sound = np.array([cell not in bad for cell in range(len(scale.cells))])
        kept_g = np.where(sound, cells_g[-round(STANDS_S * scale.rate_hz) :], 0.0)
        rows = max(1, round(SMOOTH_S * scale.rate_hz))
        now_g = float(kept_g[-rows:].sum(axis=1).mean())
        one = not self._present and self._of_one_cell(kept_g[-rows:].mean(axis=0))
        self._present = not one and now_g > (PRESENT_E - self._present) * scale.e_g
        moving = self._moves(kept_g, rows)
        still = self._present and not moving
        deck = deck_state(round(now_g), self._present, scale)
        unknown = one or (deck == DeckState.EMPTY and self._hides_any(bad))
        return Remaining(
            cells=tuple(sorted(bad)),
            deck=DeckState.UNKNOWN if unknown else deck,
            gross_g=round(now_g),
            moving=moving,
            weight=self._weigh(kept_g.mean(axis=0), bad) if still else None,
        )

    def _hides_any(self, bad: frozenset[int]) -> bool:
        """Whether a vehicle may stand where none of these cells feels it.

        What stands between two rows loads both of them, and no other.
        """
        gone = [row <= bad for row in self._rows]
        return all(gone) or any(map(all, pairwise(gone)))

    def _of_one_cell(self, cells_g: FloatArray) -> bool:
        """Whether one more cell fails, and is not named yet: what climbs on loads two at least."""
        strongest_g = float(cells_g[np.abs(cells_g).argmax()])
        elsewhere_g = abs(float(cells_g.sum()) - strongest_g)
        large = abs(strongest_g) > PRESENT_E * self._scale.e_g
        return large and elsewhere_g < ELSEWHERE_SHARE * self._scale.min_g

    def _moves(self, kept_g: FloatArray, rows: int) -> bool:
        """Whether load or centre of gravity changed within STANDS_S, engine tones left out."""
        parts = len(kept_g) // rows
        if parts * rows < (STANDS_S - SMOOTH_S) * self._scale.rate_hz:
            return True
        means_g = kept_g[-parts * rows :].reshape(parts, rows, -1).mean(axis=1)
        load_g = means_g.sum(axis=1)
        limit_g = max(SWING_E * self._scale.e_g, SWING_SHARE * float(load_g[-1]))
        if float(np.ptp(load_g)) > limit_g:
            return True
        if not self._present:
            return False
        return bool(np.ptp(means_g @ self._x_m / load_g) > CREEP_M)

    def _weigh(self, cells_g: FloatArray, bad: frozenset[int]) -> DegradedWeight | NoDegradedWeight:
        if self._weigher is None:
            reason = "the cells of this deck are not in pairs"
            return NoDegradedWeight(missing_cells=tuple(sorted(bad)), reason=reason)
        return self._weigher.weigh(cells_g, bad)


def _rows(scale: Scale) -> tuple[frozenset[int], ...]:
    """The cells that stand side by side, rows from the entry end."""
    rows: list[list[int]] = []
    for cell in sorted(range(len(scale.cells)), key=lambda i: scale.cells[i].x_m):
        if not rows or scale.cells[cell].x_m - scale.cells[rows[-1][0]].x_m > PAIR_M:
            rows.append([])
        rows[-1].append(cell)
    return tuple(map(frozenset, rows))
