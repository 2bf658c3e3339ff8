"""Batches of samples as they come from the drivers: held to their shape, in order, cut at ticks.

The ticks are counted in samples, so it makes no difference how the stream is cut into batches.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sensors.calibration import IntArray
from sensors.weighing import EventKind, Note

Beam = Sequence[int] | npt.NDArray[Any] | None


class Rows(NamedTuple):
    """Samples of one tick: times (n,), counts (n, cells), each beam (n,); whether they end it."""

    t_us: IntArray
    raw: IntArray
    beams: tuple[IntArray, IntArray]
    end_tick: bool


class Intake:
    """Counts samples into ticks; keeps the last time and no samples.

    Rows that go back in time are dropped and noted.
    """

    def __init__(self, cells: int, tick: int, note: Note) -> None:
        self._cells = cells
        self._tick = tick
        self._note = note
        self._in_tick = 0
        self._last_us = -(2**62)

    def rows(
        self, t_us: Sequence[int] | IntArray, counts: npt.NDArray[Any], beams: tuple[Beam, Beam]
    ) -> Iterator[Rows]:
        """Cut a batch at the ticks; raises ValueError for arrays of the wrong shape."""
        times, raw = np.asarray(t_us, np.int64), np.asarray(counts, np.int64)
        if raw.shape != (len(times), self._cells):
            raise ValueError(f"counts {raw.shape}: expected ({len(times)}, {self._cells})")
        entry, leave = (_beam(values, len(times)) for values in beams)
        good = self._in_order(times)
        if good is not None:
            times, raw, entry, leave = times[good], raw[good], entry[good], leave[good]
        start = 0
        while start < len(times):
            part = slice(start, start + self._tick - self._in_tick)
            start = min(part.stop, len(times))
            self._in_tick = (self._in_tick + start - part.start) % self._tick
            yield Rows(times[part], raw[part], (entry[part], leave[part]), self._in_tick == 0)

    def continues(self, times: IntArray) -> bool:
        """Whether samples (n,) are whole ticks in good order behind all that came before."""
        whole = self._in_tick == 0 and len(times) % self._tick == 0
        return whole and bool(times[0] > self._last_us and (times[1:] > times[:-1]).all())

    def pass_to(self, last_us: int) -> None:
        """Count whole ticks up to this time as taken."""
        self._last_us = last_us

    def _in_order(self, times: IntArray) -> npt.NDArray[np.bool_] | None:
        """Which rows (n,) are later than all before them; None where all are."""
        if len(times) == 0:
            return None
        if times[0] > self._last_us and (times[1:] > times[:-1]).all():
            self._last_us = int(times[-1])
            return None
        highest = np.maximum.accumulate(np.concatenate(([self._last_us], times)))
        good = times > highest[:-1]
        self._note(EventKind.BAD_TIME, int((~good).sum()))
        self._last_us = int(highest[-1])
        return np.asarray(good)


def _beam(values: Beam, n: int) -> IntArray:
    if values is None:
        return np.zeros(n, np.int64)
    out = np.asarray(values, np.int64)
    if out.shape != (n,):
        raise ValueError(f"beam {out.shape}: expected ({n},)")
    return out
