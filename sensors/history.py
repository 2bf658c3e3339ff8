"""The last seconds of the deck in preallocated memory, always as one contiguous view."""

import numpy as np

from sensors.calibration import FloatArray, IntArray
from sensors.sums import column_means, mean, row_sums, total


class History:
    """A ring of samples: time, grams per cell, sum and first moment about the entry end.

    The arrays are twice as long as what is kept; when the end is reached the kept part moves
    to the front, so a window is always a slice and a push costs a copy now and then. Means are
    worked out once, however many ask for them before the samples change.
    """

    def __init__(self, keep: int, cells: int) -> None:
        self._keep = keep
        self._end = 0
        size = 2 * keep + 64
        self._t_us = np.zeros(size, np.int64)
        self._cells_g = np.zeros((size, cells))
        self._sum_g = np.zeros(size)
        self._moment_gm = np.zeros(size)
        self.changes = 0
        self._cell_means_g: dict[int, FloatArray] = {}
        self._load_means_g: dict[int, float] = {}

    def append(self, t_us: IntArray, cells_g: FloatArray, x_m: FloatArray) -> None:
        """Add samples: times (n,), grams (n, cells); x_m places the cells."""
        n = len(t_us)
        if self._end + n > len(self._t_us):
            self._move_to_front()
        rows = slice(self._end, self._end + n)
        self._t_us[rows] = t_us
        self._cells_g[rows] = cells_g
        self._sum_g[rows] = row_sums(cells_g)
        self._moment_gm[rows] = cells_g @ x_m
        self._end += n
        self._changed()

    def extend(
        self, t_us: IntArray, cells_g: FloatArray, sum_g: FloatArray, moment_gm: FloatArray
    ) -> None:
        """Add more samples than are kept, or fewer, whose sums (n,) and moments are known."""
        n = min(len(t_us), self._keep)
        if self._end + n > len(self._t_us):
            self._move_to_front()
        rows = slice(self._end, self._end + n)
        self._t_us[rows], self._cells_g[rows] = t_us[-n:], cells_g[-n:]
        self._sum_g[rows], self._moment_gm[rows] = sum_g[-n:], moment_gm[-n:]
        self._end += n
        self._changed()

    def _changed(self) -> None:
        self.changes += 1
        self._cell_means_g.clear()
        self._load_means_g.clear()

    def _move_to_front(self) -> None:
        kept = min(self._keep, self._end)
        rows = slice(self._end - kept, self._end)
        for column in (self._t_us, self._cells_g, self._sum_g, self._moment_gm):
            column[:kept] = column[rows].copy()
        self._end = kept

    def __len__(self) -> int:
        return min(self._keep, self._end)

    @property
    def full(self) -> bool:
        """Whether as many samples are kept as there may be."""
        return self._end >= self._keep

    def index_at(self, at_us: int) -> int:
        """The number of kept samples at the end whose time is later than `at_us`."""
        start = self._end - len(self)
        return self._end - (
            start + int(np.searchsorted(self._t_us[start : self._end], at_us, "right"))
        )

    def t_us(self, last: int) -> IntArray:
        """Times of the last samples."""
        return self._t_us[self._end - min(last, len(self)) : self._end]

    def cells_g(self, last: int) -> FloatArray:
        """Grams (n, cells) of the last samples."""
        return self._cells_g[self._end - min(last, len(self)) : self._end]

    def sum_g(self, last: int) -> FloatArray:
        """Grams on the whole deck of the last samples."""
        return self._sum_g[self._end - min(last, len(self)) : self._end]

    def cell_means_g(self, last: int) -> FloatArray:
        """Mean grams (cells,) of the last samples, read-only; there must be one."""
        if last not in self._cell_means_g:
            means = column_means(self.cells_g(last))
            means.setflags(write=False)
            self._cell_means_g[last] = means
        return self._cell_means_g[last]

    def load_g(self, last: int) -> float:
        """Mean grams on the whole deck of the last samples; there must be one."""
        if last not in self._load_means_g:
            self._load_means_g[last] = mean(self.sum_g(last))
        return self._load_means_g[last]

    def moment_gm(self, last: int) -> FloatArray:
        """First moment about the entry end of the last samples, gram metres."""
        return self._moment_gm[self._end - min(last, len(self)) : self._end]

    def shift(self, by_g: FloatArray, x_m: FloatArray) -> None:
        """Lower every kept sample by a new zero, so that windows never mix two zeros."""
        rows = slice(self._end - len(self), self._end)
        self._cells_g[rows] -= by_g
        self._sum_g[rows] -= total(by_g)
        self._moment_gm[rows] -= by_g @ x_m
        self._changed()
