"""A coprocessor's ticks as lane time: offset and drift from when its frames arrive.

A frame can only come late, never early, so the least delay seen in each second tells the offset
best; how these move over the seconds tells the drift between the two quartzes.
"""

from __future__ import annotations

from collections import deque

TICKS = 1 << 30
BUCKET_US = 1_000_000
BUCKETS_MAX = 8
DRIFT_MAX_PPB = 200_000
JUMP_US = 2_000_000
"""Ticks that arrive further than this from where they are expected are a clock begun anew."""


class TickMap:
    """Maps ticks, us modulo 2**30, to lane us; whole numbers throughout."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._buckets: deque[tuple[int, int]] = deque(maxlen=BUCKETS_MAX)
        self._bucket = -1
        self.drift_ppb = 0
        self.restarts = 0

    def hear(self, ticks: int, arrived_us: int) -> int:
        """Learn from a frame that was sent at ``ticks`` and arrived then; returns its lane time."""
        unwrapped = self._unwrap(ticks)
        offset = arrived_us - unwrapped
        if self._buckets and abs(offset - self._offset(unwrapped)) > JUMP_US:
            self.forget()
            self.restarts += 1
            unwrapped = self._unwrap(ticks)
            offset = arrived_us - unwrapped
        self._learn(unwrapped, offset)
        return min(unwrapped + self._offset(unwrapped), arrived_us)

    def lane_us(self, ticks: int, arrived_us: int) -> int:
        """The lane time of ticks at most a few seconds off, not after ``arrived_us``."""
        if self._last is None:
            return arrived_us
        unwrapped = self._last + _signed(ticks - self._last)
        return min(unwrapped + self._offset(unwrapped), arrived_us)

    def forget(self) -> None:
        """Begin anew: the coprocessor has, or the line was away."""
        self._last = None
        self._buckets.clear()
        self._bucket = -1
        self.drift_ppb = 0

    def _unwrap(self, ticks: int) -> int:
        last = ticks if self._last is None else self._last + _signed(ticks - self._last)
        self._last = last
        return last

    def _learn(self, ticks: int, offset: int) -> None:
        bucket = ticks // BUCKET_US
        if bucket != self._bucket:
            self._bucket = bucket
            self._buckets.append((ticks, offset))
        elif offset < self._buckets[-1][1]:
            self._buckets[-1] = (ticks, offset)
        else:
            return
        self._fit()

    def _fit(self) -> None:
        """The drift between the least delays of the older and of the newer half."""
        if len(self._buckets) < BUCKETS_MAX:
            return
        kept = list(self._buckets)
        half = len(kept) // 2
        (t0, o0), (t1, o1) = (min(p, key=lambda b: b[1]) for p in (kept[:half], kept[half:]))
        drift = (o1 - o0) * 1_000_000_000 // max(t1 - t0, BUCKET_US)
        self.drift_ppb = min(max(drift, -DRIFT_MAX_PPB), DRIFT_MAX_PPB)

    def _offset(self, ticks: int) -> int:
        return min(
            offset + self.drift_ppb * (ticks - at) // 1_000_000_000 for at, offset in self._buckets
        )


def _signed(difference: int) -> int:
    return (difference + TICKS // 2) % TICKS - TICKS // 2
