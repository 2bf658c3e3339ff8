"""A camera's thread: opens its source, keeps the newest picture, opens it again when it fails.

A picture's time is the lane's when it was grabbed, less the stream's known delay.  A source that
gives nothing for ``SILENT_US``, and one that repeats the very same picture for ``frozen_us``, are
faults: what they last gave is not handed out.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hal.bus import Bus
from hal.ports import Clock, DeviceFault, Frame
from hal.virtual import board_clock

SILENT_US = 3_000_000
FRESH_US = 1_000_000
WANTED_US = 2_000_000
"""How long after it was last wanted a camera still gives pictures at its full pace."""
IDLE_PERIOD_US = 1_000_000
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
GRAB_PAUSE_S = 0.002
JOIN_S = 8.0
HASHED_ROWS = 8
"""Every eighth row tells whether two pictures are the same: a sensor's noise is in all of them."""

Pixels = NDArray[np.uint8]


class Source(Protocol):
    """An open stream.  Any method may wait, and may raise OSError with words."""

    def grab(self) -> bool:
        """Take the next picture in, undecoded; False where the stream has ended."""

    def retrieve(self) -> Pixels | None:
        """The picture taken in last as BGR uint8, or None where it cannot be decoded."""

    def close(self) -> None:
        """Give the stream up."""


class GrabbedCamera:
    """A camera of which a thread grabs the pictures; subclasses say how it is opened."""

    def __init__(
        self,
        bus: Bus,
        name: str,
        opener: Callable[[], Source],
        fps_max: int,
        latency_us: int = 0,
        frozen_us: int = 10_000_000,
    ) -> None:
        if not 1 <= fps_max <= 60 or latency_us < 0 or frozen_us < 0:
            raise ValueError("fps_max is 1 to 60; latency and frozen are not negative")
        self._clock: Clock = board_clock(bus)
        self._name = name
        self._opener = opener
        self._period_us = 1_000_000 // fps_max
        self._latency_us = latency_us
        self._frozen_us = frozen_us
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._fault: DeviceFault | None = self._down("not opened yet")
        self._wanted_us = -WANTED_US
        self._was_wanted = False
        self._track = 0
        self._got_us = self._same_since_us = self._clock.now_us()
        self._digest = -1
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._hold, name=f"camera {name}", daemon=True)
        self._thread.start()
        bus.at_close(self.close)

    def capture(self, wanted: bool) -> Frame | DeviceFault | None:
        """The newest picture not yet handed out while wanted; each vehicle is a track."""
        if not wanted:
            self._was_wanted = False
            return None
        now_us = self._clock.now_us()
        self._track += not self._was_wanted
        self._was_wanted, self._wanted_us = True, now_us
        trouble = self._trouble(now_us)
        with self._lock:
            frame, self._newest = self._newest, None
        if trouble is not None:
            return trouble
        if frame is None or now_us - frame.captured_us > FRESH_US + self._latency_us:
            return None
        return Frame(pixels=frame.pixels, captured_us=frame.captured_us, track=self._track)

    def faults(self) -> tuple[DeviceFault, ...]:
        """The stream down, silent or frozen."""
        trouble = self._trouble(self._clock.now_us())
        return () if trouble is None else (trouble,)

    def close(self) -> None:
        """End the thread; one that hangs in its library is left behind."""
        self._ending.set()
        self._thread.join(JOIN_S)

    def _trouble(self, now_us: int) -> DeviceFault | None:
        fault = self._fault
        silent_us = now_us - self._got_us
        if fault is None and silent_us > SILENT_US + IDLE_PERIOD_US:
            return self._down(f"no picture for {silent_us / 1e6:.1f} s")
        return fault

    def _hold(self) -> None:
        failures = 0
        while not self._ending.is_set():
            try:
                source = self._opener()
            except OSError as error:
                self._fault = self._down(str(error))
            else:
                try:
                    failures = 0 if self._serve(source) else failures
                except OSError as error:
                    self._fault = self._down(str(error))
                finally:
                    source.close()
            self._ending.wait(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            failures += 1

    def _serve(self, source: Source) -> bool:
        """Grab until the stream ends or freezes; whether it gave a picture to go by."""
        last_us, taken = 0, False
        while not self._ending.is_set():
            if not source.grab():
                self._fault = self._down("the stream ended")
                return taken
            grabbed_us = self._clock.now_us()
            early = taken and grabbed_us - last_us < self._pause_us(grabbed_us)
            pixels = None if early else source.retrieve()
            if pixels is None:
                self._ending.wait(GRAB_PAUSE_S)
                continue
            last_us = grabbed_us
            if self._is_frozen(pixels, grabbed_us):
                self._freeze(grabbed_us - self._same_since_us)
                return False
            self._take(pixels, grabbed_us)
            taken = True
        return taken

    def _is_frozen(self, pixels: Pixels, grabbed_us: int) -> bool:
        """Whether it has been the very same picture too long, over a new opening as well."""
        digest = zlib.crc32(pixels[::HASHED_ROWS].tobytes())
        if digest != self._digest:
            self._digest, self._same_since_us = digest, grabbed_us
        return 0 < self._frozen_us <= grabbed_us - self._same_since_us

    def _pause_us(self, now_us: int) -> int:
        return self._period_us if now_us - self._wanted_us < WANTED_US else IDLE_PERIOD_US

    def _take(self, pixels: Pixels, grabbed_us: int) -> None:
        captured_us = max(grabbed_us - self._latency_us, 0)
        with self._lock:
            self._newest = Frame(pixels=pixels, captured_us=captured_us)
            self._got_us = grabbed_us
            self._fault = None

    def _freeze(self, same_us: int) -> None:
        seen = f"the very same picture for {same_us / 1e6:.1f} s"
        with self._lock:
            self._newest = None
            self._fault = DeviceFault(name="VIDEO_FROZEN", device=self._name, seen=seen)

    def _down(self, seen: str) -> DeviceFault:
        return DeviceFault(name="VIDEO_DOWN", device=self._name, seen=seen)
