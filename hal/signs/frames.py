"""Finds the frames in a stream of bytes, whatever stands between them."""

from __future__ import annotations

from collections.abc import Callable

NEEDS_MORE = 0
NO_FRAME = -1


class Splitter:
    """Cuts a stream into frames; garbage between them is passed over and its bytes counted.

    ``measure(data, at)`` says how long the sound frame at ``at`` is, or ``NEEDS_MORE`` where it
    may still become one, or ``NO_FRAME``.  A sound frame behind one that only may become one wins,
    so that a false start in front of a frame costs nothing.
    """

    def __init__(
        self, start: bytes, measure: Callable[[bytes, int], int], bytes_max: int = 1024
    ) -> None:
        self.garbage_bytes = 0
        self._start = start
        self._measure = measure
        self._max = bytes_max
        self._kept = b""

    @property
    def kept_bytes(self) -> int:
        """How much of a frame that is not complete is kept."""
        return len(self._kept)

    def reset(self) -> None:
        """Drop half a frame: the line was opened anew."""
        self._kept = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now, oldest first."""
        found: list[bytes] = []
        for at in range(0, len(data), self._max):
            self._cut(self._kept + data[at : at + self._max], found)
        return found

    def _cut(self, data: bytes, found: list[bytes]) -> None:
        done, pending, at = 0, -1, data.find(self._start)
        while at >= 0:
            length = self._measure(data, at)
            if length > 0:
                found.append(data[at : at + length])
                self.garbage_bytes += at - done
                done, pending = at + length, -1
                at = data.find(self._start, done)
                continue
            if length == NEEDS_MORE and pending < 0:
                pending = at
            at = data.find(self._start, at + 1)
        kept = self._tail(data, done) if pending < 0 else data[pending:]
        kept = kept[-self._max :]
        self.garbage_bytes += len(data) - done - len(kept)
        self._kept = kept

    def _tail(self, data: bytes, done: int) -> bytes:
        """The beginning of a start mark of several bytes at the very end."""
        for length in range(min(len(self._start) - 1, len(data) - done), 0, -1):
            if self._start.startswith(data[-length:]):
                return data[-length:]
        return b""
