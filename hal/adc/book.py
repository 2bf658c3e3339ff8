"""What a converter's thread has measured and what the scan has not yet taken, under one lock."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from hal.ports import CellSamples, DeviceFault

SAMPLES_MAX = 2_000
HANG_US = 1_500_000


class Book:
    """Samples in the order of their times, or the fault that stopped them.

    ``alive`` is said in every turn of the thread: a bus that hangs in the kernel is noticed by its
    silence.
    """

    def __init__(self, device: str, channels: int, now_us: int) -> None:
        self._device = device
        self._channels = channels
        self._lock = threading.Lock()
        self._rows: deque[tuple[int, tuple[int, ...]]] = deque(maxlen=SAMPLES_MAX)
        self._fault: DeviceFault | None = None
        self._warning: DeviceFault | None = None
        self._alive_us = now_us
        self._last_us = -1

    def alive(self, now_us: int) -> None:
        """The thread is at work."""
        self._alive_us = now_us

    def add(self, t_us: int, counts: tuple[int, ...]) -> None:
        """Take a sample; what was wrong before is over."""
        with self._lock:
            self._fault = None
            self._last_us = max(t_us, self._last_us + 1)
            self._rows.append((self._last_us, counts))

    def fail(self, name: str, seen: str) -> None:
        """There are no samples, and why."""
        with self._lock:
            self._fault = DeviceFault(name=name, device=self._device, seen=seen)

    def warn(self, name: str, seen: str) -> None:
        """There are samples, but not as they should be; ``name`` "" where they are again."""
        word = DeviceFault(name=name, device=self._device, seen=seen) if name else None
        with self._lock:
            self._warning = word

    def take(self, now_us: int) -> CellSamples | DeviceFault:
        """The samples since the last call; with none, the fault that stopped them."""
        with self._lock:
            rows, fault = list(self._rows), self._fault
            self._rows.clear()
        silent_us = now_us - self._alive_us
        if not rows and silent_us > HANG_US:
            seen = f"no turn of its bus for {silent_us / 1e6:.1f} s: the bus hangs"
            return DeviceFault(name="ADC_SILENT", device=self._device, seen=seen)
        if not rows and fault is not None:
            return fault
        counts = np.array([row for _, row in rows], np.int64).reshape(len(rows), self._channels)
        return CellSamples(t_us=np.array([t for t, _ in rows], np.int64), counts=counts)

    def faults(self) -> tuple[DeviceFault, ...]:
        """What is wrong now, with or without samples."""
        with self._lock:
            return tuple(word for word in (self._fault, self._warning) if word is not None)
