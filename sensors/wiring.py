"""Broken and bridged wires of a load cell, as far as its counts alone can tell.

A bridge without one of its arms, or a signal wire that lies on the excitation, drives the converter
to its rail; a signal wire that hangs free does so too where the converter has a burn-out current,
and picks up any voltage where it has none. Signal wires that touch each other, and a bridge without
excitation, give no voltage at all: the converter reads its own zero, whatever the load.
"""

from typing import Final, NamedTuple

import numpy as np

from sensors.calibration import BoolArray, IntArray, Scale

RAIL_COUNTS: Final = 2**23 - 16
# No load takes a cell over this part of the converter's range within a tick.
LEAP_SHARE: Final = 0.4
NEAR_ZERO_SHARE: Final = 0.02
# A bridge that is balanced this well reads the same with its wires shorted as without its load.
ZERO_COUNTS_MIN: Final = 5000
TICKS: Final = 3
HOLD_TICKS: Final = 5


class Wires(NamedTuple):
    """What each cell's counts say of its wires, three arrays (cells,)."""

    opened: BoolArray
    shorted: BoolArray
    saturated: BoolArray


class WiringWatch:
    """Looks at the raw counts once a tick; memory is a few numbers a cell."""

    def __init__(self, scale: Scale) -> None:
        zero = np.array([cell.zero_counts for cell in scale.cells])
        self._last = zero.copy()
        balanced = np.abs(zero) < ZERO_COUNTS_MIN
        self._near = np.where(balanced, -1.0, NEAR_ZERO_SHARE * np.abs(zero))
        self._nearest = float(self._near.max())
        self._rail_ticks: IntArray = np.zeros(len(zero), np.int64)
        self._zero_ticks: IntArray = np.zeros(len(zero), np.int64)
        self._hold: IntArray = np.zeros(len(zero), np.int64)
        self._leapt: BoolArray = np.zeros(len(zero), np.bool_)
        self._none = Wires(*np.zeros((3, len(zero)), np.bool_))
        self._quiet = True

    @property
    def quiet(self) -> bool:
        """Whether no cell is, or was a moment ago, at a rail or at zero."""
        return self._quiet

    @property
    def dead(self) -> BoolArray:
        """Cells (n,) whose reading is, or was a moment ago, no load at all."""
        return self._hold > 0

    def clear(self) -> None:
        """Forget what was counted, after service."""
        for ticks in (self._rail_ticks, self._zero_ticks, self._hold):
            ticks[:] = 0

    def quiet_rows(self, counts: IntArray) -> BoolArray:
        """Which rows (n,) of counts (n, cells) say nothing of a wire."""
        lowest, highest = counts.min(axis=1), counts.max(axis=1)
        return np.asarray((lowest > self._nearest) & (highest < RAIL_COUNTS))

    def rested(self, counts: IntArray) -> None:
        """Go on behind rows that were all quiet."""
        self._last = counts[-1].astype(np.float64)

    def update(self, counts: IntArray) -> Wires:
        """Take the rows (n, cells) of a tick; a wire is named after TICKS of them."""
        if self._quiet and self._nearest < counts.min() and counts.max() < RAIL_COUNTS:
            self._last = counts[-1].astype(np.float64)
            return self._none
        railed = np.any(np.abs(counts) >= RAIL_COUNTS, axis=0)
        begins = railed & (self._rail_ticks == 0)
        extreme = counts[np.abs(counts).argmax(axis=0), np.arange(counts.shape[1])]
        # A load can lift no cell below its zero, so the lower rail is never an overload.
        leap = (np.abs(extreme - self._last) > LEAP_SHARE * RAIL_COUNTS) | (extreme < 0)
        self._leapt = np.where(begins, leap, self._leapt)
        at_zero = np.all(np.abs(counts) <= self._near, axis=0)
        self._rail_ticks = np.where(railed, self._rail_ticks + 1, 0)
        self._zero_ticks = np.where(at_zero, self._zero_ticks + 1, 0)
        self._hold = np.where(railed | at_zero, HOLD_TICKS, np.maximum(self._hold - 1, 0))
        self._last = counts[-1].astype(np.float64)
        self._quiet = not (self._hold.any() or self._rail_ticks.any() or self._zero_ticks.any())
        long = self._rail_ticks >= TICKS
        return Wires(long & self._leapt, self._zero_ticks >= TICKS, long & ~self._leapt)
