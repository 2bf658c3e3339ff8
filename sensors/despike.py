"""Single wrong samples, replaced by their neighbours; costs one sample of delay."""

from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray

FLOOR_G: Final = 40_000.0
SHARE: Final = 0.02
# A spike leaps by more than the floor; well below it nobody need look closer.
CALM_G: Final = 0.9 * FLOOR_G


class Despike:
    """A sample that stands out from both neighbours in one cell is a spike.

    Load cannot come and go within one conversion: the deck's own mass forbids it.
    """

    def __init__(self, cells: int) -> None:
        self._t_us = np.zeros(0, np.int64)
        self._rows = np.zeros((0, cells))
        self.count = 0

    def ahead(self, t_us: IntArray, cells_g: FloatArray) -> tuple[IntArray, FloatArray, BoolArray]:
        """What `push` would return of these rows where all are calm, and which leap (rows + 1,).

        The first leap leads to the first row returned, the last one to the last row given.  Two
        rows must have been taken before.
        """
        times, rows = np.concatenate((self._t_us, t_us)), np.concatenate((self._rows, cells_g))
        leaps = np.abs(rows[1:] - rows[:-1]).max(axis=1) >= CALM_G
        return times[1:-1], rows[1:-1], leaps

    @property
    def filled(self) -> bool:
        """Whether as many rows as a piece is held against have been taken."""
        return len(self._rows) == 2

    def push(self, t_us: IntArray, cells_g: FloatArray) -> tuple[IntArray, FloatArray]:
        """Take rows (n, cells) and return the rows that are settled, one behind."""
        times = np.concatenate((self._t_us, t_us))
        rows = np.concatenate((self._rows, cells_g))
        if len(rows) < 3:
            self._t_us, self._rows = times, rows
            return times[:0], rows[:0]
        before, middle, after = rows[:-2], rows[1:-1], rows[2:]
        if np.abs(rows[1:] - rows[:-1]).max() < CALM_G:
            self._t_us, self._rows = times[-2:], rows[-2:]
            return times[1:-1], middle
        limit = FLOOR_G + SHARE * np.abs((before + after) / 2)
        spike = (middle > np.maximum(before, after) + limit) | (
            middle < np.minimum(before, after) - limit
        )
        out = middle
        if spike.any():
            self.count += int(spike.sum())
            out = np.where(spike, (before + after) / 2, middle)
            rows = rows.copy()
            rows[1:-1] = out
        self._t_us, self._rows = times[-2:], rows[-2:]
        return times[1:-1], out
