"""A line that spoils one in a hundred of the pieces that cross it."""

from __future__ import annotations

from random import Random

SPOILT_SHARE = 0.01


class Spoiler:
    """Flips a byte in one of a hundred pieces that cross a line, while ``on``."""

    def __init__(self, rng: Random) -> None:
        self.on = False
        self._rng = rng

    def __call__(self, data: bytes) -> bytes:
        if not (self.on and data and self._rng.random() < SPOILT_SHARE):
            return data
        at = self._rng.randrange(len(data))
        return data[:at] + bytes((data[at] ^ self._rng.randrange(1, 256),)) + data[at + 1 :]
