"""The hardware watchdog of Linux: /dev/watchdog restarts the box unless the scan feeds it.

Opening the device starts its timer, so that it is opened at the first feed and not before: a board
that is only built restarts nothing.  Kernel documentation: watchdog-api.  The gate's own behaviour
without power decides what the boom does when the box restarts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct

from hal.bus import Bus
from hal.ports import DeviceFault
from hal.virtual import board_clock

KEEPALIVE = 0x8004_5705
SET_TIMEOUT = 0xC004_5706
GET_TIMEOUT = 0x8004_5707
MAGIC_CLOSE = b"V"
FEED_US = 1_000_000
AGAIN_US = 5_000_000
TIMEOUT_S_MIN = 3
ioctl = fcntl.ioctl


class LinuxWatchdog:
    """Feeds the chip every second that the scan goes on; ``release`` lets the timer go.

    ``timeout_us`` is whole seconds, 3 s and more: the Raspberry Pi's chip knows 1 to 15 s.  A chip
    that refuses it, keeps another or cannot be fed is the fault WATCHDOG_TROUBLE, and the scan goes
    on.  A chip built with "nowayout" restarts the box even after an orderly end.
    """

    def __init__(
        self, bus: Bus, device: str = "/dev/watchdog", timeout_us: int = 10_000_000
    ) -> None:
        if timeout_us % 1_000_000 or timeout_us < TIMEOUT_S_MIN * 1_000_000:
            raise ValueError(f"a watchdog counts whole seconds, {TIMEOUT_S_MIN} s or more")
        if not os.path.exists(device):
            raise ValueError(
                f"no {device}; load the chip's driver (`modprobe bcm2835_wdt`, or `softdog`)"
            )
        self._device = device
        self._timeout_s = timeout_us // 1_000_000
        self._clock = board_clock(bus)
        self._fd: int | None = None
        self._fed_us: int | None = None
        self._again_us = 0
        self._fault: DeviceFault | None = None
        self._hungry: DeviceFault | None = None
        bus.at_close(self.release)

    def feed(self) -> None:
        now_us = self._clock.now_us()
        if self._fd is None:
            if now_us >= self._again_us:
                self._open(now_us)
        elif self._fed_us is None or now_us - self._fed_us >= FEED_US:
            self._fed_us = now_us
            self._feed(self._fd)

    def release(self) -> None:
        fd, self._fd = self._fd, None
        if fd is None:
            return
        with contextlib.suppress(OSError):
            os.write(fd, MAGIC_CLOSE)
        with contextlib.suppress(OSError):
            os.close(fd)

    def faults(self) -> tuple[DeviceFault, ...]:
        return tuple(fault for fault in (self._fault, self._hungry) if fault is not None)

    def _open(self, now_us: int) -> None:
        try:
            self._fd = os.open(self._device, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            self._again_us = now_us + AGAIN_US
            self._fault = self._trouble(f"cannot be opened: {_words(error)}")
            return
        self._fed_us, self._fault = now_us, None
        self._set_timeout(self._fd)

    def _set_timeout(self, fd: int) -> None:
        """Tell the chip its time, and hear which one it keeps."""
        kept = bytearray(struct.pack("i", self._timeout_s))
        try:
            ioctl(fd, SET_TIMEOUT, kept)
        except OSError:
            with contextlib.suppress(OSError):
                ioctl(fd, GET_TIMEOUT, kept)
            seconds = struct.unpack("i", kept)[0]
            self._fault = self._trouble(f"refuses {self._timeout_s} s and keeps {seconds} s")
            return
        seconds = struct.unpack("i", kept)[0]
        if seconds != self._timeout_s:
            self._fault = self._trouble(f"keeps {seconds} s, was told {self._timeout_s} s")

    def _feed(self, fd: int) -> None:
        try:
            ioctl(fd, KEEPALIVE, 0)
            self._hungry = None
        except OSError as error:
            self._hungry = self._trouble(f"cannot be fed: {_words(error)}")

    def _trouble(self, seen: str) -> DeviceFault:
        return DeviceFault(name="WATCHDOG_TROUBLE", device=self._device, seen=seen)


def _words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
