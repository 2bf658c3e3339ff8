"""A cell that carries less than it should: the sum must not depend on where the load stands."""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray, Scale

SLOPE_MIN: Final = 0.10
SLOPE_MAX: Final = 2.0
AGREEMENT_MIN: Final = 0.93
SIDE_MIN: Final = 0.04
LEAN_MIN: Final = 0.065
LEAN_SLOPE: Final = 0.05
LEAN_TICKS: Final = 40
LEAN_EVERY: Final = 5
PAIR_M: Final = 0.3
SAG_MIN_E: Final = 4.0
SETTLE_TICKS: Final = 8
LEAD_TICKS: Final = 4


class SpanWatch:
    """Regresses the sum on every cell while a vehicle rolls between two axle steps.

    A mechanically shunted cell (ice, a stone, a tilted bearing) has a right zero and a wrong span:
    the sum sinks whenever load moves onto it. With healthy cells the sum stays, whatever moves.
    Within one stretch the load is constant, so means are taken out per stretch.

    A trailer that is still on the road passes load through the hitch, and a slow trend agrees with
    some cell by chance. So the cell must also carry too little against its partner across the deck,
    compared with the other pairs: a vehicle leans to one side, but to the same one everywhere.
    Memory: LEAD_TICKS rows and four numbers per cell.
    """

    def __init__(self, scale: Scale) -> None:
        self._n = len(scale.cells)
        self._e_g = float(scale.e_g)
        self._partner = partners(scale)
        self._x_m = scale.x_m()
        self._y_m = scale.y_m()
        # Ten ticks of a loaded pair: less says nothing about how the vehicle leans.
        self._floor_g = 10.0 * 4 * scale.min_g
        self.reset()

    def reset(self) -> None:
        """Forget the vehicle."""
        self._lead: list[tuple[FloatArray, float]] = []
        self._wait = SETTLE_TICKS
        self._total_g: FloatArray = np.zeros(self._n)
        self._done = _Sums(self._n)
        self._open = _Stretch(self._n)

    def axle_step(self) -> None:
        """The load changes here: close the stretch, without its last ticks."""
        self._lead.clear()
        self._done.add(self._open.sums())
        self._open = _Stretch(self._n)
        self._wait = SETTLE_TICKS

    def update(self, cells_g: FloatArray) -> int | None:
        """Take the slow means of a tick; returns the shunted cell when there is one."""
        self._total_g = self._total_g + cells_g
        if self._wait > 0:
            self._wait -= 1
            return None
        self._lead.append((cells_g, float(cells_g.sum())))
        if len(self._lead) > LEAD_TICKS:
            self._open.add(*self._lead.pop(0))
        return self._judge()

    def _judge(self) -> int | None:
        sums = _Sums(self._n)
        sums.add(self._done)
        sums.add(self._open.sums())
        if sums.count < 10 or sums.yy <= 0:
            return None
        slope = sums.xy / np.maximum(sums.xx, 1.0)
        agreement = sums.xy**2 / np.maximum(sums.xx * sums.yy, 1.0)
        sag_g = np.sqrt(sums.xy**2 / np.maximum(sums.xx, 1.0) / sums.count)
        suspect = (
            (slope < -SLOPE_MIN)
            & (slope > -SLOPE_MAX)
            & (agreement > AGREEMENT_MIN)
            & (sag_g > SAG_MIN_E * self._e_g)
        )
        for cell in np.argsort(-agreement):
            if suspect[cell] and self._lean(int(cell), SIDE_MIN) > SIDE_MIN:
                return int(cell)
        if sums.count < LEAN_TICKS or sums.count % LEAN_EVERY:
            return None
        weak = np.flatnonzero((slope < -LEAN_SLOPE) & (slope > -SLOPE_MAX))
        leaning = [int(cell) for cell in weak if self._lean(int(cell), 0.0) > LEAN_MIN]
        return leaning[0] if len(leaning) == 1 else None

    def _lean(self, cell: int, unknown: float) -> float:
        """By how much the cell's share of its pair is below that of its side at the next pairs.

        A vehicle that stands askew leans more and more along the deck, so the nearest pairs on
        either side are the measure. Without a loaded pair to compare with, a bit above `unknown`.
        """
        share = self._share(cell)
        near = sorted(
            (abs(self._x_m[i] - self._x_m[cell]), self._share(i))
            for i in range(self._n)
            if i != cell and self._same_side(i, cell) and self._share(i) > 0
        )
        if share < 0 or not near:
            return unknown + 1e-6 if unknown else 0.0
        gap = near[0][0] + PAIR_M
        return float(np.mean([value for away, value in near if away <= gap])) - share

    def _share(self, cell: int) -> float:
        """The cell's part of its pair's load over the passage, or -1 when unknown."""
        mate = self._partner[cell]
        if mate < 0:
            return -1.0
        pair_g = self._total_g[cell] + self._total_g[mate]
        return float(self._total_g[cell] / pair_g) if pair_g > self._floor_g else -1.0

    def _same_side(self, one: int, two: int) -> bool:
        return bool(self._y_m[one] * self._y_m[two] > 0)


def partners(scale: Scale) -> list[int]:
    """For each cell the index of the cell across the deck, or -1."""
    out = []
    for i, cell in enumerate(scale.cells):
        mates = [
            k
            for k, mate in enumerate(scale.cells)
            if k != i and abs(mate.x_m - cell.x_m) < PAIR_M and mate.y_m * cell.y_m < 0
        ]
        out.append(mates[0] if mates else -1)
    return out


class _Sums:
    """Centred second moments of cells (x) and of the sum (y)."""

    def __init__(self, n: int) -> None:
        self.count = 0
        self.xx: FloatArray = np.zeros(n)
        self.xy: FloatArray = np.zeros(n)
        self.yy = 0.0

    def add(self, other: "_Sums") -> None:
        self.count += other.count
        self.xx = self.xx + other.xx
        self.xy = self.xy + other.xy
        self.yy += other.yy


class _Stretch:
    """Running moments of one stretch (Welford)."""

    def __init__(self, n: int) -> None:
        self._sums = _Sums(n)
        self._mean_x: FloatArray = np.zeros(n)
        self._mean_y = 0.0

    def add(self, x: FloatArray, y: float) -> None:
        sums = self._sums
        sums.count += 1
        dx, dy = x - self._mean_x, y - self._mean_y
        self._mean_x = self._mean_x + dx / sums.count
        self._mean_y += dy / sums.count
        sums.xx = sums.xx + dx * (x - self._mean_x)
        sums.xy = sums.xy + dx * (y - self._mean_y)
        sums.yy += dy * (y - self._mean_y)

    def sums(self) -> _Sums:
        return self._sums


class StandingWatch:
    """One cell that wanders off by itself while the vehicle stands.

    Any load that moves on the deck moves several cells; memory is one row per cell.
    """

    DRIFT_E: Final = 8.0
    ALONE: Final = 0.25

    def __init__(self, scale: Scale) -> None:
        self._limit_g = self.DRIFT_E * scale.e_g
        self._anchor: FloatArray | None = None

    def reset(self) -> None:
        """The load has moved; start again."""
        self._anchor = None

    def update(self, cells_g: FloatArray) -> int | None:
        """Take the slow means of a tick of a standing vehicle; returns a wandering cell."""
        if self._anchor is None:
            self._anchor = cells_g.copy()
            return None
        change = np.abs(cells_g - self._anchor)
        cell = int(change.argmax())
        others = float(np.delete(change, cell).max())
        alone = others < self.ALONE * change[cell]
        return cell if alone and change[cell] > self._limit_g else None
