"""A cell that carries too little against its partner: a vehicle leans alike along the deck.

A vehicle stands a little to one side and its cargo too, so every pair of cells across the deck
shares its load in nearly the same proportion; driving askew makes the proportion run straight along
the deck. A cell past which load is led (ice, a stone, a tilted bearing: a shunt) has a right zero
and a wrong span, and breaks that line, whatever the vehicle weighs.
"""

from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray, IntArray, Scale
from sensors.sums import row_sums

PAIR_M: Final = 0.3
# Spread of healthy pairs about the line, and of the line's slope, seen on 67 recorded passages.
SHARE_SD: Final = 0.005
SLOPE_SD_PER_M: Final = 0.0014
PROOF: Final = 7.0
SHUNTS: Final = np.array([0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5])
SHUNT_MIN: Final = 0.07
ALIKE: Final = 1.0
SWAPPED_SHARE: Final = 0.4
EMPTY_SHARE: Final = 0.2
PAIR_FLOOR_MIN: Final = 2
TICKS_MIN: Final = 10


class Shunt(msgspec.Struct, frozen=True, kw_only=True):
    """The cells that explain the shares best; proof is the fall of chi-square they buy.

    Two pairs allow one difference only: there the cell and the one diagonally across explain it
    alike, and both are named.
    """

    cells: tuple[int, ...]
    share: float
    proof: float


class LeanWatch:
    """Adds up what each cell of each pair carries while a vehicle is on the deck.

    Needs two loaded pairs; with two the line is free only within the usual askew driving.
    Memory: two numbers a cell.
    """

    def __init__(self, scale: Scale) -> None:
        self._pairs = pairs(scale)
        self._x_m = np.array([scale.cells[left].x_m for left, _ in self._pairs])
        self._floor_g = float(PAIR_FLOOR_MIN * scale.min_g)
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle."""
        self._sums_g: FloatArray = np.zeros((len(self._pairs), 2))
        self._ticks: IntArray = np.zeros(len(self._pairs), np.int64)

    def add(self, cells_g: FloatArray) -> None:
        """Take the slow means (cells,) of a tick, grams."""
        if not len(self._pairs):
            return
        loads = cells_g[self._pairs]
        counts = (row_sums(loads) > self._floor_g) & (np.minimum.reduce(loads, axis=1) > 0)
        self._sums_g[counts] += loads[counts]
        self._ticks += counts

    def judge(self) -> Shunt | None:
        """The shunted cell or those that it may be; None while the shares agree."""
        used = np.flatnonzero(self._ticks >= TICKS_MIN)
        if len(used) < 2:
            return None
        loads = self._sums_g[used]
        inverse = _weights(self._x_m[used] - self._x_m[used].mean())
        healthy = _misfit(_shares(loads)[None], inverse)[0]
        found: list[tuple[float, float, int]] = []
        for row in range(len(used)):
            for side in (0, 1):
                trial = np.repeat(loads[None], len(SHUNTS), axis=0)
                trial[:, row, side] /= 1 - SHUNTS
                misfit = _misfit(_shares(trial), inverse)
                k = int(misfit.argmin())
                cell = int(self._pairs[used[row], side])
                found.append((float(healthy - misfit[k]), float(SHUNTS[k]), cell))
        proof, share, _ = max(found)
        if proof <= PROOF or share <= SHUNT_MIN:
            return None
        alike = sorted(cell for p, s, cell in found if p > proof - ALIKE and s > SHUNT_MIN)
        return Shunt(cells=tuple(alike), share=share, proof=proof)


def swapped(cells_g: FloatArray, first: IntArray) -> tuple[int, ...]:
    """The cells that answer for each other: the first axle is on, near the pair `first` (2,).

    It loads that pair and hardly any other. A cell far off that carries as much as its share,
    while a cell of the pair carries next to nothing, is wired in its place. Left and right of one
    pair cannot be told apart.
    """
    strongest = np.argsort(-cells_g)[:2]
    wrong = [int(cell) for cell in strongest if cell not in first]
    missing = [int(cell) for cell in first if cell not in strongest]
    if len(wrong) != 1 or cells_g[strongest[1]] < SWAPPED_SHARE * cells_g[strongest[0]]:
        return ()
    if cells_g[missing[0]] > EMPTY_SHARE * cells_g[wrong[0]]:
        return ()
    return tuple(sorted((wrong[0], missing[0])))


def pairs(scale: Scale) -> IntArray:
    """The cells that face each other across the deck, (pairs, 2), from the entry on."""
    found = []
    for i, cell in enumerate(scale.cells):
        for k, mate in enumerate(scale.cells):
            if cell.y_m > 0 > mate.y_m and abs(cell.x_m - mate.x_m) < PAIR_M:
                found.append((cell.x_m, i, k))
    return np.array([(i, k) for _, i, k in sorted(found)], np.int64).reshape(-1, 2)


def _shares(loads: FloatArray) -> FloatArray:
    return np.asarray(loads[..., 0] / loads.sum(axis=-1))


def _weights(x_m: FloatArray) -> FloatArray:
    """Inverse covariance of the shares, with the unknown mean projected out."""
    covariance = SHARE_SD**2 * np.eye(len(x_m)) + SLOPE_SD_PER_M**2 * np.outer(x_m, x_m)
    inverse = np.linalg.inv(covariance)
    ones = inverse.sum(axis=1)
    return np.asarray(inverse - np.outer(ones, ones) / ones.sum())


def _misfit(shares: FloatArray, inverse: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("...i,ij,...j->...", shares, inverse, shares))
