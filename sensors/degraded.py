"""A weight from the remaining cells when one is known bad: to keep the yard moving, never evidence.

The missing cell's load is estimated from its partner across the deck: a vehicle leans to one side,
and nearly alike all along the deck, so the lean of the other pairs says how the broken pair is
shared. Where the axles are known, the spans between the rows say how the pairs share the vehicle.
docs/tamper.md has the measured errors.
"""

from typing import Final, Literal

import msgspec
import numpy as np

from sensors.calibration import FloatArray, Scale

PAIR_M: Final = 0.3
# How the left part of a pair's load differs along the deck, from recorded passages: the level of a
# vehicle, its skew per metre, the difference between its axles, and what is left.
LEVEL: Final = 0.2
SKEW_PER_M: Final = 0.001
WALK_PER_ROOT_M: Final = 0.003
LEAN_REST: Final = 0.004
WALK_SPAN_M: Final = 60.0
# A short deck holds no articulated vehicle, and one body twists less than two.
RIGID_DECK_M: Final = 13.0
RIGID_SHARE: Final = 0.6
CELL_U_G: Final = 3_000.0
ROW_U_SHARE: Final = 0.006
PLACE_STEP_M: Final = 0.1
CONTRADICTION: Final = 9.0
LEARNED_MIN: Final = 10
LEARNED_MAX: Final = 400
DOUBT: Final = 20.0
LOADED_SHARE: Final = 0.03


Method = Literal["lean", "lean+learned", "lean+axles", "lean+learned+axles"]


class LeanStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What earlier healthy passages taught about this deck, one entry a row from the entry end.

    `bias` is by how much the left part of a row differs from what the other rows say; `spread` is
    the scatter of that against the built-in expectation (1 = as expected).
    """

    passages: tuple[int, ...]
    bias: tuple[float, ...]
    spread: tuple[float, ...]


class AxleLoads(msgspec.Struct, frozen=True, kw_only=True):
    """Axles of the vehicle on the deck: offsets from the first (mm) and loads at climb-on.

    `u_share` is each load's own standard uncertainty, `u_common_share` what all have in common.
    `from_exit` says that the vehicle came on at the far end.
    """

    offsets_mm: tuple[int, ...]
    loads_g: tuple[int, ...]
    u_share: float = 0.05
    u_common_share: float = 0.05
    from_exit: bool = False

    def __post_init__(self) -> None:
        if not self.loads_g or len(self.loads_g) != len(self.offsets_mm):
            raise ValueError(
                f"axles: {len(self.loads_g)} loads and {len(self.offsets_mm)} offsets; "
                "give one of each for every axle, or no axles at all"
            )


class DegradedWeight(msgspec.Struct, frozen=True, kw_only=True, tag="degraded"):
    """An estimate without one cell or more. `evidence` is False and cannot be anything else.

    `estimated_g` is the part of `weight_g` that no cell carried; `method` names what it rests on.
    """

    weight_g: int
    u95_g: int
    missing_cells: tuple[int, ...]
    estimated_g: int
    method: Method
    evidence: Literal[False] = False

    def __post_init__(self) -> None:
        if self.evidence is not False:
            raise ValueError("evidence: a degraded weight is never evidence; leave it False")


class NoDegradedWeight(msgspec.Struct, frozen=True, kw_only=True, tag="no_weight"):
    """Why the remaining cells give no weight."""

    missing_cells: tuple[int, ...]
    reason: str
    evidence: Literal[False] = False


class DegradedWeigher:
    """Weighs a standing vehicle on a deck of pairs with some cells missing.

    `learn` takes healthy passages; memory is three numbers a row. Raises ValueError for a deck
    that is not made of pairs of cells across from each other.
    """

    def __init__(self, scale: Scale, learned: LeanStatistics | None = None) -> None:
        self._scale = scale
        self._pairs = _pairs(scale)
        self._x_m = np.array([scale.cells[left].x_m for left, _ in self._pairs])
        self._length_m = scale.platform_mm / 1000
        rows = len(self._pairs)
        self._passages: FloatArray = np.zeros(rows)
        self._bias: FloatArray = np.zeros(rows)
        self._spread: FloatArray = np.ones(rows)
        if learned is not None:
            self._restore(learned)

    @property
    def learned(self) -> LeanStatistics:
        """What was learned, to be kept over a restart."""
        return LeanStatistics(
            passages=tuple(int(n) for n in self._passages),
            bias=tuple(float(b) for b in self._bias),
            spread=tuple(float(s) for s in self._spread),
        )

    def _restore(self, learned: LeanStatistics) -> None:
        rows = len(self._pairs)
        if {len(learned.passages), len(learned.bias), len(learned.spread)} != {rows}:
            raise ValueError(f"learned: not for this deck of {rows} rows; start without it")
        self._passages = np.array(learned.passages, np.float64)
        self._bias, self._spread = np.array(learned.bias), np.array(learned.spread)

    def learn(self, cells_g: FloatArray) -> None:
        """Take the cells (n,) of a healthy, accepted, standing weight."""
        left_g, rows_g = self._left_and_rows(cells_g)
        rows = [r for r in range(len(rows_g)) if rows_g[r] > LOADED_SHARE * rows_g.sum()]
        if len(rows) < 2 or rows_g.sum() < self._scale.min_g:
            return
        lean = left_g / np.maximum(rows_g, 1.0)
        for row in rows:
            expected, u = self._expected(row, [r for r in rows if r != row], lean)
            self._learn_row(row, float(lean[row]) - expected, u)

    def _learn_row(self, row: int, off: float, u: float) -> None:
        """Running means; the built-in expectation counts as DOUBT passages against luck."""
        n = min(float(self._passages[row]) + 1, float(LEARNED_MAX))
        around = (off - float(self._bias[row])) / u
        old = float(self._spread[row]) ** 2
        self._spread[row] = np.sqrt(old + (around**2 - old) / (n + DOUBT))
        self._bias[row] += (off - self._bias[row]) / n
        self._passages[row] = n

    def weigh(
        self, cells_g: FloatArray, missing: frozenset[int], axles: AxleLoads | None = None
    ) -> DegradedWeight | NoDegradedWeight:
        """Estimate the weight from the settled cells (n,) grams; those in `missing` are not read.

        Raises ValueError for no missing cell, one that the scale has not, or another shape.
        """
        n = len(self._scale.cells)
        if cells_g.shape != (n,) or not missing or not missing <= set(range(n)):
            raise ValueError(f"cells_g {cells_g.shape}, missing {sorted(missing)}: scale has {n}")
        known = np.where([cell in missing for cell in range(n)], 0.0, cells_g)
        reason = self._refusal(known, missing)
        if reason:
            return NoDegradedWeight(missing_cells=tuple(sorted(missing)), reason=reason)
        rows_g, u_rows, learned = self._rows(known, missing)
        method: Method = "lean+learned" if learned else "lean"
        cov: FloatArray = np.diag(u_rows**2)
        sharper = None if axles is None else by_axles(rows_g, cov, self._x_m, self._length_m, axles)
        if sharper is not None:
            rows_g, cov = sharper
            method = "lean+learned+axles" if learned else "lean+axles"
        broken = [r for r, pair in enumerate(self._pairs) if missing & set(pair)]
        partners_g = float(sum(known[list(self._pairs[r])].sum() for r in broken))
        estimated_g = float(rows_g[broken].sum()) - partners_g
        return DegradedWeight(
            weight_g=round(float(known.sum()) + estimated_g),
            u95_g=round(2 * float(np.sqrt(cov.sum()))),
            missing_cells=tuple(sorted(missing)),
            estimated_g=round(estimated_g),
            method=method,
        )

    def _refusal(self, known: FloatArray, missing: frozenset[int]) -> str:
        for left, right in self._pairs:
            if {left, right} <= missing:
                return f"cells {left} and {right} are a pair: nothing left says what it carries"
        if all(missing & set(pair) for pair in self._pairs):
            return "no pair of cells is whole: nothing says to which side the vehicle leans"
        if not np.isfinite(known).all():
            return "a cell that is not named as missing gives no number"
        whole_g = sum(known[list(p)].sum() for p in self._pairs if not missing & set(p))
        if whole_g < max(self._scale.min_g, LOADED_SHARE * float(known.sum())):
            return "the whole pairs carry too little to say to which side the vehicle leans"
        return ""

    def _rows(
        self, known: FloatArray, missing: frozenset[int]
    ) -> tuple[FloatArray, FloatArray, bool]:
        """Loads of the rows with their u; a broken one from its whole cell and the lean."""
        left_g, rows_g = self._left_and_rows(known)
        u = np.full(len(rows_g), CELL_U_G * np.sqrt(2))
        broken = [r for r, pair in enumerate(self._pairs) if missing & set(pair)]
        whole = [r for r in range(len(rows_g)) if r not in broken]
        loaded = [r for r in whole if rows_g[r] > LOADED_SHARE * rows_g[whole].sum()]
        learned = False
        for row in broken:
            lean, u_lean = self._expected(row, loaded, left_g / np.maximum(rows_g, 1.0))
            weight = float(self._passages[row]) / (float(self._passages[row]) + DOUBT)
            lean += weight * float(self._bias[row])
            u_lean *= float(self._spread[row])
            learned = learned or bool(self._passages[row] >= LEARNED_MIN)
            part = 1 - lean if self._pairs[row][0] in missing else lean
            part = min(max(part, 0.05), 0.95)
            partner_g = float(rows_g[row])
            rows_g[row] = partner_g / part
            u[row] = np.hypot(abs(partner_g) / part**2 * u_lean, CELL_U_G / part)
        return rows_g, u, learned

    def _left_and_rows(self, cells_g: FloatArray) -> tuple[FloatArray, FloatArray]:
        pairs = np.array(self._pairs)
        return cells_g[pairs[:, 0]], cells_g[pairs].sum(axis=1)

    def _expected(self, row: int, others: list[int], lean: FloatArray) -> tuple[float, float]:
        """What the other rows say about the lean of one (kriging), and how surely."""
        cov = lean_covariance(self._x_m)
        weights = np.linalg.solve(cov[np.ix_(others, others)], cov[others, row])
        value = 0.5 + float(weights @ (lean[others] - 0.5))
        return value, float(np.sqrt(cov[row, row] - weights @ cov[others, row]))


def by_axles(
    rows_g: FloatArray, cov: FloatArray, x_m: FloatArray, length_m: float, axles: AxleLoads
) -> tuple[FloatArray, FloatArray] | None:
    """Sharpen row loads (rows,) and their covariance by the known axles on simple spans.

    Every place where the vehicle can stand is tried and counts as much as it fits. None where the
    axles cannot all stand on the deck or contradict the cells.
    """
    offsets_m = np.array(axles.offsets_mm) / 1000
    loads_g = np.array(axles.loads_g, np.float64)
    first_m = np.arange(float(offsets_m.max()), length_m, PLACE_STEP_M)
    if not len(first_m):
        return None
    at_m = first_m[:, None] - offsets_m
    if axles.from_exit:
        at_m = length_m - at_m
    # Influence lines: a load between two rows goes to them as a lever says, to no other row.
    lines = np.stack([np.interp(at_m, x_m, row) for row in np.eye(len(x_m))], axis=1)
    own = np.diag((axles.u_share * loads_g) ** 2)
    loads_cov = own + axles.u_common_share**2 * np.outer(loads_g, loads_g)
    model_u_g = ROW_U_SHARE * float(loads_g.sum())
    spread = lines @ loads_cov @ lines.transpose(0, 2, 1) + model_u_g**2 * np.eye(len(x_m))
    off = rows_g - lines @ loads_g
    both = spread + cov
    scaled = np.linalg.solve(both, off[..., None])[..., 0]
    misfit = (off * scaled).sum(axis=1)
    if float(misfit.min()) > CONTRADICTION * len(x_m):
        return None
    chance = np.exp(-0.5 * (misfit + np.linalg.slogdet(both)[1]))
    chance = chance / chance.sum()
    means = rows_g - scaled @ cov
    after = cov - cov @ np.linalg.solve(both, np.broadcast_to(cov, both.shape))
    mean = chance @ means
    apart = means - mean
    total = np.einsum("s,sij->ij", chance, after) + np.einsum("s,si,sj->ij", chance, apart, apart)
    return mean, np.asarray(total)


def _pairs(scale: Scale) -> tuple[tuple[int, int], ...]:
    """Left and right cell of each row, rows from the entry end."""
    rows: dict[int, list[int]] = {}
    order = sorted(range(len(scale.cells)), key=lambda i: scale.cells[i].x_m)
    last_m = -1e9
    for cell in order:
        x_m = scale.cells[cell].x_m
        if x_m - last_m > PAIR_M:
            last_m = x_m
            rows[len(rows)] = []
        rows[len(rows) - 1].append(cell)
    for row in rows.values():
        if len(row) != 2 or scale.cells[row[0]].y_m * scale.cells[row[1]].y_m >= 0:
            raise ValueError(f"cells {row}: degraded weighing needs two cells across the deck")
    return tuple(
        (max(row, key=lambda i: scale.cells[i].y_m), min(row, key=lambda i: scale.cells[i].y_m))
        for row in rows.values()
    )


def lean_covariance(x_m: FloatArray) -> FloatArray:
    """How the left parts of rows at x_m (rows,) vary from vehicle to vehicle, and together."""
    centred = x_m - x_m.mean()
    apart = np.abs(x_m[:, None] - x_m)
    joints = 1.0 if float(np.ptp(x_m)) > RIGID_DECK_M else RIGID_SHARE
    walk = WALK_PER_ROOT_M**2 * (WALK_SPAN_M - apart) / 2
    skew = SKEW_PER_M**2 * np.outer(centred, centred)
    along = joints**2 * (walk + skew)
    return np.asarray(LEVEL**2 + along + LEAN_REST**2 * np.eye(len(x_m)))
