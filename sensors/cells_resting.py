"""What the watch of the cells says of many ticks of an empty deck in one piece.

Each number here is that of `CellWatch.usable` and `CellWatch.update`, to the last bit; a tick of
which anything could be said is not calm, and is left to them.
"""

from typing import NamedTuple

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray
from sensors.cells import (
    DEAD_SHARE,
    DOUBT_SHARE,
    FROZEN_SAMPLES,
    FROZEN_SHARE,
    JUMP_ROWS,
    KEPT,
    LEARNT,
    LEARNT_MOST,
    NOISY_TIMES_OTHERS,
    STUCK_SHARE,
    Resting,
)
from sensors.sums import window_sums


class CellsAhead(NamedTuple):
    """Which ticks (n,) are calm, and where the watch stands behind the last of them."""

    calm: BoolArray
    noise_g: FloatArray
    still_run: IntArray
    doubtful: bool


def cells_ahead(at: Resting, rows_g: FloatArray, counts: IntArray, tick: int) -> CellsAhead:
    """Look at new counts (n, cells), whole ticks; rows_g are their grams behind those before.

    Of the rows before them there must be as many as the watch looks back.
    """
    ticks = len(counts) // tick
    rough = rows_g[1:-1] - (rows_g[:-2] + rows_g[2:]) / 2
    squares = rough * rough
    level = _roots(squares, at.rows - 2, tick, ticks)
    young = _roots(squares, round(DOUBT_SHARE * (at.rows - 2)), tick, ticks)
    noise = _learnt(at.noise_g, level)
    others, loudest, second = _others(level)
    own = noise[1:]
    least = STUCK_SHARE * np.minimum(own, others)
    silent = (level < least) | (level < DEAD_SHARE * others) | (level < at.silent_g)
    beside = np.where(level == loudest, second, loudest)
    loud = (level > at.loud_g) & (level > NOISY_TIMES_OTHERS * beside)
    steps = np.abs(rows_g[1:] - rows_g[:-1])[-len(counts) - JUMP_ROWS :]
    jumps, steps = steps.max(axis=1) > at.jump_g, steps[JUMP_ROWS:]
    frozen, run = _frozen(steps <= np.repeat(noise[:-1] * FROZEN_SHARE, tick, axis=0), at)
    lost = (window_sums(rows_g, tick, tick, ticks) / tick < at.lost_g).any(axis=1)
    odd = frozen | jumps[JUMP_ROWS:] | ~at.wiring.quiet_rows(counts)
    odd[0] |= jumps[:JUMP_ROWS].any()
    calm = ~((silent | loud).any(axis=1) | lost | odd.reshape(ticks, tick).any(axis=1))
    return CellsAhead(calm, noise[-1], run, bool((young[-1] < least[-1]).any()))


def _roots(squares: FloatArray, rows: int, tick: int, ticks: int) -> FloatArray:
    return np.asarray(np.sqrt(window_sums(squares, rows, tick, ticks) / rows))


def _learnt(noise_g: FloatArray, level: FloatArray) -> FloatArray:
    """Each cell's own noise before every tick and behind the last one (ticks + 1, cells)."""
    out = np.empty((len(level) + 1, len(noise_g)))
    out[0] = noise_g
    for tick, now in enumerate(level):
        known = out[tick]
        out[tick + 1] = KEPT * known + LEARNT * np.minimum(now, LEARNT_MOST * known)
    return out


def _others(level: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The median of all other cells for each; the largest and the second of each tick (n, 1)."""
    order = np.sort(level, axis=1)
    half = (level.shape[1] - 1) // 2
    below, at, above = order[:, half - 1 : half], order[:, half : half + 1], order[:, half + 1 :]
    if level.shape[1] % 2 == 0:
        middle = np.where(level <= at, above[:, :1], at)
    else:
        upper = (at + above[:, :1]) / 2
        middle = np.where(level < at, upper, (below + at) / 2)
        middle = np.where(level == at, (below + above[:, :1]) / 2, middle)
    return middle, order[:, -1:], order[:, -2:-1]


def _frozen(still: BoolArray, at: Resting) -> tuple[BoolArray, IntArray]:
    """Which rows (n,) end too long a silence of some cell; how long each is silent at the end."""
    before = np.arange(FROZEN_SAMPLES - 1)[::-1, None] < at.still_run
    rows = np.concatenate((before, still))
    long = rows[FROZEN_SAMPLES - 1 :].copy()
    for back in range(1, FROZEN_SAMPLES):
        long &= rows[FROZEN_SAMPLES - 1 - back : -back]
    tail = rows[: -FROZEN_SAMPLES - 1 : -1]
    run = np.logical_and.accumulate(tail, axis=0).sum(axis=0)
    return np.asarray(long.any(axis=1)), np.asarray(run)
