"""Wind on a loaded deck: gusts as a table for the site's seed, long enough to be no rhythm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TICKS = 2**14
_TICK_HZ = 80.0
_CORNER_HZ = 0.25
_BODY_HZ = 3.0


class Wind:
    """Force per tick in grams with the given root mean square."""

    def __init__(self, rng: np.random.Generator, rms_g: float) -> None:
        self._table: NDArray[np.float64] | None = None
        self._list: list[float] = []
        self._rng = rng
        self._rms_g = rms_g
        self._at = 0

    def next_g(self) -> float:
        """Return the force of the next tick."""
        self._begin(1)
        self._at += 1
        return self._list[self._at - 1]

    def ahead_g(self, ticks: int) -> NDArray[np.float64]:
        """Return the force of the next so many ticks, without letting them pass."""
        return self._begin(ticks)[self._at : self._at + ticks]

    def skip(self, ticks: int) -> None:
        """Let so many ticks pass."""
        self._at += ticks

    def _begin(self, ticks: int) -> NDArray[np.float64]:
        if self._table is None:
            self._table = gusts(self._rng, _TICKS) * self._rms_g
            self._list = self._table.tolist()
        if self._at + ticks > _TICKS:
            self._at = 0
        return self._table


def gusts(rng: np.random.Generator, ticks: int) -> NDArray[np.float64]:
    """Unit noise with von Karman's fall of f^(-5/3) above its corner, and a body's own above it.

    The table joins its own beginning (its spectrum is dealt, not its course).
    """
    hz = np.fft.rfftfreq(ticks, 1 / _TICK_HZ)
    size = (1 + (hz / _CORNER_HZ) ** 2) ** (-5 / 12) / (1 + (hz / _BODY_HZ) ** 2)
    size[0] = 0.0
    turns = rng.standard_normal(len(hz)) + 1j * rng.standard_normal(len(hz))
    noise = np.fft.irfft(turns * size, ticks)
    return np.asarray(noise / noise.std())
