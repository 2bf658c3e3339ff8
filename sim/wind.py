"""Wind on a loaded deck: a slow, correlated force, drawn in blocks from its own generator."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np

_BLOCK = 2048
_CORRELATION_TICKS = 60.0


class Wind:
    """Force per tick in grams with the given root mean square."""

    def __init__(self, rng: np.random.Generator, rms_g: float) -> None:
        self._rng = rng
        self._rms_g = rms_g
        self._keep = exp(-1 / _CORRELATION_TICKS)
        self._now_g = 0.0
        self._block: list[float] = []

    def next_g(self) -> float:
        """Return the force of the next tick."""
        if not self._block:
            spread = self._rms_g * sqrt(1 - self._keep**2)
            self._block = (self._rng.standard_normal(_BLOCK) * spread).tolist()
        self._now_g = self._keep * self._now_g + self._block.pop()
        return self._now_g
