"""A step under a decaying tone: one least-squares fit in a fixed window, over a grid of tones."""

import math
from functools import lru_cache
from typing import Final, NamedTuple, Self

import msgspec
import numpy as np

from sensors.calibration import FloatArray
from sensors.sums import column_means, row_sums, total

SIDE: Final = 14
GAP: Final = 3
ROWS: Final = 2 * SIDE + GAP
# The tone is chosen by the same samples, so the scatter that is left tells half of the truth;
# measured with steps put on recorded passages.
TONE_U: Final = 2.0
NEAR_TICKS: Final = 6
NEAR_ROWS: Final = 2 * NEAR_TICKS + GAP
OFF: Final[FloatArray] = np.asarray(np.arange(NEAR_TICKS) - (NEAR_TICKS - 1) / 2, np.float64)
OFF_SQUARES: Final = float(OFF @ OFF)
# A device is alike on all cells to this part; the misfit is chi-squared per degree of freedom.
ALIKE: Final = 0.04
MISFIT_MAX: Final = 3.0
# Bodies bounce at 0.6 to 3 Hz and decay by 0 to 1.5 a second; what lies between is covered by the
# amplitude, which is a parabola in time.
TONES: Final = tuple((0.6 * 1.09**i, decay) for i in range(20) for decay in (0.3, 1.1))


class Step(msgspec.Struct, frozen=True):
    """A step of `value` with standard uncertainty `u`, beside the tone that fitted best.

    `sharpness` is the value over its uncertainty, or less where a tone alone fits nearly as well.
    `worst` is the largest residual: that of a step which is not in the middle is near `value`.
    """

    value: float
    u: float
    sharpness: float
    worst: float
    tone: int


class StepFit:
    """Fits a level, a tone with growing or falling amplitude, and a step in the middle.

    The GAP rows in the middle take no part: that long the step may last. The bases are made once;
    a fit is one small matrix product. Without state, so that all decks share it (`of`).
    """

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, tick_s: float) -> Self:
        """The fit for ticks of this length, made only once: it costs tens of milliseconds."""
        return cls(tick_s)

    def __init__(self, tick_s: float) -> None:
        at: FloatArray = np.arange(ROWS, dtype=np.float64) * tick_s
        at -= at.mean()
        self._used = np.r_[0:SIDE, SIDE + GAP : ROWS]
        self._bases = np.stack([_basis(at[self._used], *tone) for tone in TONES])
        self._whole = np.stack([_basis(at, *tone) for tone in TONES])
        self._levels = np.stack([np.linalg.pinv(_columns(at, *tone))[0] for tone in TONES])
        rise = np.sign(at[self._used]) / 2
        left = rise - np.einsum("fri,fi->fr", self._bases, rise @ self._bases)
        self._size = np.linalg.norm(left, axis=1)
        self._rise = left / self._size[:, None]
        self._least = float(self._size.min())

    def most(self, load: FloatArray) -> float:
        """No step of the window load (ROWS,) can be larger than this: all of it were a step."""
        y = load[self._used] - load.mean()
        return 1.001 * math.sqrt(float(y @ y)) / self._least

    def all_most(self, loads: FloatArray) -> FloatArray:
        """`most` (n,) of windows (n, ROWS), but for the last digits."""
        y = loads[:, self._used] - loads.mean(axis=1, keepdims=True)
        return np.asarray(1.001 * np.sqrt((y * y).sum(axis=1)) / self._least)

    def step(self, load: FloatArray) -> Step:
        """Fit the window load (ROWS,), oldest first; same unit out."""
        y = load[self._used] - load.mean()
        smooth = float(y @ y) - ((y @ self._bases) ** 2).sum(axis=1)
        along = self._rise @ y
        rest = smooth - along**2
        tone = int(rest.argmin())
        u = float(np.sqrt(max(float(rest[tone]), 1e-6) / (len(y) - 9)))
        # What the best tone alone leaves unexplained, in the same measure as the step.
        gained = max(float(smooth.min() - rest[tone]), 0.0)
        basis = self._bases[tone]
        off = y - basis @ (y @ basis) - self._rise[tone] * along[tone]
        return Step(
            value=float(along[tone] / self._size[tone]),
            u=TONE_U * u / float(self._size[tone]),
            sharpness=float(np.sqrt(gained)) / u,
            worst=float(np.abs(off).max()),
            tone=tone,
        )

    def cells(self, cells: FloatArray, tone: int) -> tuple[FloatArray, FloatArray]:
        """The step of each cell in a window (ROWS, n) beside the given tone, and its u (n,)."""
        y = cells[self._used] - cells.mean(axis=0)
        along = self._rise[tone] @ y
        rest = (y**2).sum(axis=0) - ((self._bases[tone].T @ y) ** 2).sum(axis=0) - along**2
        u = np.sqrt(np.maximum(rest, 1e-6) / (len(y) - 9))
        return along / self._size[tone], u / self._size[tone]

    def level(self, cells: FloatArray) -> tuple[FloatArray, float]:
        """The level of each cell (n,) under the tone, and the standard uncertainty of the sum."""
        load = cells.sum(axis=1)
        y = load - load.mean()
        rest = float(y @ y) - ((y @ self._whole) ** 2).sum(axis=1)
        tone = int(rest.argmin())
        weights = self._levels[tone]
        u = np.sqrt(max(float(rest[tone]), 1e-6) / (ROWS - 8)) * np.linalg.norm(weights)
        return weights @ cells, float(u)


class MovingStep(NamedTuple):
    """The step of each cell (n,), the load before it (n,), and the u of the summed step."""

    cells: FloatArray
    before: FloatArray
    u: float


def moving_step(window: FloatArray) -> MovingStep:
    """The step of each cell while the load travels: the lines before and after, extended.

    Takes (NEAR_ROWS, n). The sum of a travelling load is level, so half of what its slope adds
    counts as uncertainty.
    """
    reach = (NEAR_TICKS + GAP) / 2
    ends, variance = [], 1.0
    for start, way in ((0, reach), (NEAR_TICKS + GAP, -reach)):
        rows = window[start : start + NEAR_TICKS]
        mean, slope = column_means(rows), OFF @ rows / OFF_SQUARES
        ends.append(mean + slope * way)
        left = row_sums(rows - mean - OFF[:, None] * slope)
        variance += float(left @ left) / (2 * NEAR_TICKS - 4)
        variance += (total(slope) * reach / 2) ** 2
    return MovingStep(ends[1] - ends[0], ends[0], math.sqrt(variance))


def proportional(cells: FloatArray, u_cells: FloatArray, share: FloatArray) -> bool:
    """Whether the change is the same part of every cell's share, within its uncertainty."""
    u = np.hypot(u_cells, 1.0)
    part = float((cells / u) @ (share / u)) / float((share / u) @ (share / u))
    off = (cells - part * share) / np.hypot(u, ALIKE * part * share)
    return float(off @ off) < MISFIT_MAX * (len(cells) - 1)


def place_mm(
    cells: FloatArray, u_cells: FloatArray, x_m: FloatArray, y_m: FloatArray
) -> tuple[int | None, int | None]:
    value = float(cells.sum())
    spread = float(np.sqrt((u_cells**2).sum()))
    if abs(value) < 5 * spread:
        return None, None
    return round(1000 * float(cells @ x_m) / value), round(1000 * float(cells @ y_m) / value)


def _basis(at_s: FloatArray, hz: float, decay_per_s: float) -> FloatArray:
    return np.asarray(np.linalg.qr(_columns(at_s, hz, decay_per_s))[0])


def _columns(at_s: FloatArray, hz: float, decay_per_s: float) -> FloatArray:
    turn = 2 * np.pi * hz * at_s
    swing = np.stack((np.cos(turn), np.sin(turn)), axis=1) * np.exp(-decay_per_s * at_s)[:, None]
    grows = [swing * (at_s**power)[:, None] for power in range(3)]
    return np.hstack((np.ones((len(at_s), 1)), *grows))
