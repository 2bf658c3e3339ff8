"""Runs in MicroPython: rounds of the firmware with the collector off; prints the bytes they took.

Put in the place of ``main.py``, with the wiring on the flash.  The host is a UART that gives one
frame of levels every ten rounds; lockstep time is moved by hand, 2 ms a round.
"""

import gc

import bench
import coprocessor
import memory
from framing import HEAD, Encoder

ROUNDS = 2000


class Uart:
    """A line on which the host renews its lease; what goes out is counted only."""

    def __init__(self) -> None:
        self.frame = Encoder()
        self.length = 0
        self.rounds = 0
        self.sent = 0

    def any(self) -> int:
        self.rounds += 1
        return self.rounds % 10 == 0

    def readinto(self, buffer) -> int:
        frame = self.frame
        self.length = frame.seal(4, 5)
        for index in range(self.length):
            buffer[index] = frame.wire[index]
        return self.length

    def write(self, buffer, length) -> int:
        self.sent += 1
        return length


uart = Uart()
running = coprocessor.Coprocessor(uart, memory.Memory(""))
body = uart.frame.body
epoch = running.lease.epoch
body[HEAD], body[HEAD + 1] = epoch & 0xFF, epoch >> 8
body[HEAD + 2], body[HEAD + 3], body[HEAD + 4] = 1, 0, 2


def rounds(number: int) -> None:
    for count in range(number):
        bench._now_us += 2000
        if count % 100 == 50:
            bench.levels[6] ^= 1
        running.round()


rounds(200)
gc.collect()
gc.disable()
uart.sent = 0
before = gc.mem_alloc()
rounds(ROUNDS)
after = gc.mem_alloc()
gc.enable()
print("allocated", after - before)
print("sent", uart.sent)
print("leased", running.lease.held, running.parts.judge.level(0), running.parts.lights.shown)
print("heap", gc.mem_alloc(), gc.mem_free())
