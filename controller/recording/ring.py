"""The raw counts of the last minutes, as they came from the load cells' driver."""

from __future__ import annotations

import numpy as np

from protocol.counts import ROWS_MAX, CountsError, RawCounts, pack
from sensors.calibration import IntArray

KEPT_S = 240


class CountsRing:
    """A ring of samples in memory that was taken once; the oldest make room for the newest."""

    def __init__(self, rate_hz: float, cells: int, kept_s: float = KEPT_S) -> None:
        self._size = max(1, min(round(kept_s * rate_hz), ROWS_MAX))
        self._rate_mhz = round(1000 * rate_hz)
        self._t_us = np.zeros(self._size, np.int64)
        self._counts = np.zeros((self._size, cells), np.int64)
        self._next = 0
        self._kept = 0
        self._last_us = -1

    @property
    def memory_bytes(self) -> int:
        """The memory that it holds."""
        return self._t_us.nbytes + self._counts.nbytes

    def add(self, t_us: IntArray, counts: IntArray) -> None:
        """Take samples: times (n,), counts (n, cells); like the weigher, none that go back."""
        n = len(t_us)
        if n == 0:
            return
        times = t_us.tolist()
        if times[0] <= self._last_us or times != sorted(set(times)):
            highest = np.maximum.accumulate(np.concatenate(([self._last_us], t_us)))
            rising = t_us > highest[:-1]
            t_us, counts = t_us[rising], counts[rising]
            n = len(t_us)
            if n == 0:
                return
        if n > self._size:
            t_us, counts, n = t_us[-self._size :], counts[-self._size :], self._size
        self._last_us = int(t_us[-1])
        first = min(n, self._size - self._next)
        for kept, fresh in ((self._t_us, t_us), (self._counts, counts)):
            kept[self._next : self._next + first] = fresh[:first]
            if first < n:
                kept[: n - first] = fresh[first:]
        self._next = (self._next + n) % self._size
        self._kept = min(self._kept + n, self._size)

    def packed(self, from_us: int, to_us: int | None = None) -> bytes | None:
        """What is kept of ``from_us`` to ``to_us`` (None: to now), packed; None where nothing is.

        None too for samples that no converter gives: they are the weigher's to judge.
        """
        order = (self._next - self._kept + np.arange(self._kept)) % self._size
        times = self._t_us[order]
        first = int(np.searchsorted(times, from_us))
        end = len(times) if to_us is None else int(np.searchsorted(times, to_us, "right"))
        rows = order[first:end]
        if len(rows) == 0:
            return None
        raw = RawCounts(rate_mhz=self._rate_mhz, t_us=times[first:end], counts=self._counts[rows])
        try:
            return pack(raw)
        except CountsError:
            return None
