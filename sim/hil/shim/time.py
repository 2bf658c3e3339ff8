"""Time as an RP2040 counts it, modulo 2**30, from the bench's clock."""

import bench
from utime import *


def ticks_us() -> int:
    return bench.now_us() & bench.MASK


def ticks_ms() -> int:
    return bench.now_us() // 1000 & bench.MASK
