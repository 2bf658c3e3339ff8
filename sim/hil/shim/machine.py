"""The ``machine`` of an RP2040 for MicroPython's unix port, as far as the firmware uses it.

Pins are levels that another process sets and sees (``bench.py``); the UART is a pty.
"""

import os
import sys

import bench
from umachine import *

PWRON_RESET = 1
WDT_RESET = 3


class Pin:
    """A pin of the bench; an output's changes are told."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, number, mode=IN, pull=None, value=None) -> None:
        self._number = number
        self._output = mode == Pin.OUT
        self._pull = 1 if pull == Pin.PULL_UP else 0
        self._chip = bench.douts.get(number)
        self._clocked = bench.chips_of.get(number)
        if value is not None:
            self._set(value, True)

    def value(self, level=None):
        if level is not None:
            self._set(level, False)
            return None
        if self._chip is not None:
            return self._chip.data()
        seen = bench.levels[self._number]
        return self._pull if seen == bench.CUT else seen

    def _set(self, level, first) -> None:
        was = bench.levels[self._number]
        if level == was and not first:
            return
        bench.levels[self._number] = level
        if self._clocked is None:
            bench.tell(bench.OUT, self._number, level)
        elif level and not was:
            for chip in self._clocked:
                chip.clock()


class UART:
    """A pty; what is written to one that nobody reads is for whoever holds its other end."""

    def __init__(self, number, baudrate=0, tx=None, rx=None, txbuf=0, rxbuf=0, timeout=0) -> None:
        self._file = open(os.getenv("STEELYARD_UART"), "r+b", buffering=0)
        bench.listen(self._file)

    def any(self) -> int:
        return 1

    def readinto(self, buffer):
        return self._file.readinto(buffer)

    def write(self, buffer, length):
        return self._file.write(buffer, length)


class WDT:
    """A watchdog that bites when it is fed too late; one never fed at all is the host's to see."""

    def __init__(self, timeout) -> None:
        self._timeout_us = timeout * 1000
        self._fed_us = bench.now_us()

    def feed(self) -> None:
        now_us = bench.now_us()
        if not bench.lockstep and now_us - self._fed_us > self._timeout_us:
            sys.exit(bench.EXIT_WATCHDOG)
        self._fed_us = now_us


class Timer:
    """Only keeps what it was given: the unix port has no timers."""

    def __init__(self, number, period, callback) -> None:
        self.period = period
        self.callback = callback


def idle() -> None:
    bench.idle()


def disable_irq() -> int:
    return 0


def enable_irq(state) -> None:
    return None


def unique_id() -> bytes:
    return b"SHIMCHIP"


def reset_cause() -> int:
    return WDT_RESET if os.getenv("STEELYARD_CAUSE") == "watchdog" else PWRON_RESET


def reset() -> None:
    bench.tell(bench.BYE, 0, 0)
    sys.exit(bench.EXIT_RESET)
