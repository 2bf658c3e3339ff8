"""A slow, even record of the deck: what a body does (below 5 Hz) without engine and deck tones."""

import math
from collections import deque
from typing import Final

import numpy as np

from sensors.calibration import BoolArray, FloatArray, IntArray

GRID_US: Final = 50_000
HALF_US: Final = 60_000
SAMPLES_MIN: Final = 2


class Slow:
    """Raised-cosine means on a fixed grid of 20 points a second, NaN where samples are missing.

    Grid points lie at whole multiples of GRID_US of the samples' clock, so they do not depend on
    how the stream is cut. A point is ready once a sample half a window later has been seen. The
    means are worked out when somebody asks: of an empty deck nobody does.
    Memory: `keep` points and the samples of a little more time.
    """

    def __init__(self, columns: int, rate_hz: float, keep: int) -> None:
        self._half_us = max(HALF_US, round(1.3e6 / rate_hz))
        self._keep = keep
        # Samples that are older leave no mark on any point that is kept.
        self._reach_us = (keep + 4) * GRID_US + 4 * self._half_us
        self._waiting: deque[tuple[IntArray, FloatArray, BoolArray]] = deque()
        self._t_us: IntArray = np.zeros(0, np.int64)
        self._rows: FloatArray = np.zeros((0, columns))
        self._next_us: int | None = None
        # Twice as long as what is kept, so that points move to the front only now and then.
        self._grid_us: IntArray = np.zeros(2 * keep, np.int64)
        self._means: FloatArray = np.zeros((2 * keep, columns))
        self._end = 0

    def clear(self) -> None:
        """Forget the record; the grid goes on."""
        self._settle()
        self._forget()

    def _forget(self) -> None:
        self._end = 0

    def push(self, t_us: IntArray, rows: FloatArray, usable: BoolArray) -> None:
        """Take samples: times (n,), rows (n, columns); what is not usable counts as missing.

        A piece longer than what is kept is taken for a silence and starts the record anew.
        """
        if len(t_us) == 0:
            return
        waiting = self._waiting
        waiting.append((t_us, rows, usable))
        oldest_us = int(t_us[-1]) - self._reach_us
        while len(waiting) > 1 and waiting[1][0][-1] < oldest_us:
            waiting.popleft()

    def push_ticks(self, t_us: IntArray, rows: FloatArray, tick: int) -> None:
        """Take whole ticks as `push` would one after the other; all is usable."""
        usable, ends_us = np.ones(tick, np.bool_), t_us[tick - 1 :: tick]
        first = max(0, int(ends_us.searchsorted(ends_us[-1] - self._reach_us)) - 1)
        if first:
            self._waiting.clear()
        for begin in range(first * tick, len(t_us), tick):
            part = slice(begin, begin + tick)
            self.push(t_us[part], rows[part], usable)

    def _settle(self) -> None:
        """Make points of all samples that wait."""
        while self._waiting:
            self._take(*self._waiting.popleft())

    def _take(self, t_us: IntArray, rows: FloatArray, usable: BoolArray) -> None:
        newest_us = int(t_us[-1])
        if not usable.all():
            t_us, rows = t_us[usable], rows[usable]
        self._t_us = np.concatenate((self._t_us, t_us))
        self._rows = np.concatenate((self._rows, rows))
        if self._next_us is None or newest_us - self._next_us > self._keep * GRID_US:
            self._forget()
            self._next_us = -(-(newest_us - self._half_us) // GRID_US) * GRID_US
        while self._next_us + self._half_us <= newest_us:
            self._note(self._next_us)
            self._next_us += GRID_US
        old = int(self._t_us.searchsorted(self._next_us - self._half_us, "right"))
        self._t_us, self._rows = self._t_us[old:], self._rows[old:]

    def _note(self, at_us: int) -> None:
        if self._end == len(self._grid_us):
            for column in (self._grid_us, self._means):
                column[: self._keep] = column[self._end - self._keep :].copy()
            self._end = self._keep
        self._grid_us[self._end] = at_us
        self._means[self._end] = self._mean(at_us)
        self._end += 1

    def _mean(self, at_us: int) -> FloatArray | float:
        first = int(self._t_us.searchsorted(at_us - self._half_us, "right"))
        end = int(self._t_us.searchsorted(at_us + self._half_us))
        if end - first < SAMPLES_MIN:
            return math.nan
        weights = 1.0 + np.cos((self._t_us[first:end] - at_us) * (np.pi / self._half_us))
        total = float(np.add.reduce(weights))
        if total < 0.5 * SAMPLES_MIN:
            return math.nan
        return np.asarray(weights @ self._rows[first:end] / total)

    def since(self, at_us: int, most: int) -> tuple[IntArray, FloatArray]:
        """Times (n,) and means (n, columns) of at most `most` points whose window is after."""
        self._settle()
        lowest = max(0, self._end - min(most, self._keep))
        later = self._grid_us[lowest : self._end].searchsorted(at_us + self._half_us)
        points = slice(lowest + int(later), self._end)
        return self._grid_us[points].copy(), self._means[points].copy()
