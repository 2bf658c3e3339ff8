"""What stands behind the shim's pins: levels and chips that the host process sets, and its time.

Records of 8 bytes ``kind u8, pin u8, argument u16, value s32`` cross a pty, little endian.
"""

import os
import select
import struct

import utime

LEVEL, CHIP, WIRE, ADVANCE = 1, 2, 3, 4
OUT, DONE, BYE = 10, 11, 12
SOUND, SILENT, ONES, LOW = 0, 1, 2, 3
CUT = 2
MASK = (1 << 30) - 1
RECORD = 8
PINS = 30
IDLE_MS = 1
EXIT_RESET = 75
EXIT_WATCHDOG = 76

lockstep = os.getenv("STEELYARD_LOCKSTEP") == "1"
levels = bytearray(PINS)
douts = {}
"""Chips by their data pin."""
chips_of = {}
"""Chips by their clock pin."""

_now_us = 0
_goal_us = 0
_quantum_us = 0
_in = bytearray(512)
_have = 0
_out = bytearray(RECORD)
_file = open(os.getenv("STEELYARD_PINS"), "r+b", buffering=0)
_poll = select.poll()
_poll.register(_file, select.POLLIN)


class Chip:
    """One converter: ready by a low data pin, a bit for each rising clock, high after the 25th."""

    def __init__(self, sps: int) -> None:
        self.counts = 0
        self.state = SOUND
        self._period_us = 1000000 // sps
        self._ready_us = self._period_us
        self._bit = -1
        self._latched = 0

    def data(self) -> int:
        if self.state == SILENT or (self.state == ONES and self._bit >= 0):
            return 1
        if self.state == LOW:
            return 0
        if 0 <= self._bit < 24:
            return self._latched >> (23 - self._bit) & 1
        return 0 if now_us() >= self._ready_us else 1

    def clock(self) -> None:
        if self.state == SILENT or (self._bit < 0 and now_us() < self._ready_us):
            return
        if self._bit < 0:
            self._latched = self.counts & 0xFFFFFF
        self._bit += 1
        if self._bit == 24:
            self._bit = -1
            while self._ready_us <= now_us():
                self._ready_us += self._period_us


def now_us() -> int:
    """Microseconds since the start, of the host's making in lockstep."""
    return _now_us if lockstep else utime.ticks_us() - _BEGAN_US


_BEGAN_US = utime.ticks_us()


def listen(file) -> None:
    """Wake from idling when this has something to say, too; in lockstep only time ends it."""
    if not lockstep:
        _poll.register(file, select.POLLIN)


def tell(kind: int, pin: int, argument: int) -> None:
    """Say something to the host process."""
    struct.pack_into("<BBHi", _out, 0, kind, pin, argument, now_us() & MASK)
    _file.write(_out)


def idle() -> None:
    """End of a round: wait for something to happen, or for the host to let time go on."""
    global _now_us
    if not lockstep:
        for _ in _poll.ipoll(IDLE_MS):
            pass
        _receive()
        return
    _receive()
    if _now_us >= _goal_us and _goal_us:
        tell(DONE, 0, 0)
    while _now_us >= _goal_us:
        for _ in _poll.ipoll(1000):
            pass
        _receive()
    _now_us = min(_now_us + _quantum_us, _goal_us)


def _receive() -> None:
    global _have
    got = _file.readinto(_have_view())
    if got:
        _have += got
    at = 0
    while _have - at >= RECORD:
        _take(at)
        at += RECORD
    if at:
        for index in range(_have - at):
            _in[index] = _in[at + index]
        _have -= at


def _have_view():
    """Whole records come in whole in all but the rarest case; only then is a view needed."""
    return memoryview(_in)[_have:] if _have else _in


def _take(at: int) -> None:
    global _goal_us, _quantum_us
    kind, pin = _in[at], _in[at + 1]
    argument = _in[at + 2] | _in[at + 3] << 8
    value = _in[at + 4] | _in[at + 5] << 8 | _in[at + 6] << 16 | _in[at + 7] << 24
    if kind == LEVEL:
        levels[pin] = value
    elif kind == CHIP:
        chip = douts[pin]
        chip.counts, chip.state = value & 0xFFFFFF, argument
    elif kind == WIRE:
        chip = douts[pin] = Chip(value)
        chips_of.setdefault(argument, []).append(chip)
    elif kind == ADVANCE:
        _goal_us = _now_us + value
        _quantum_us = argument * 1000


_receive()
