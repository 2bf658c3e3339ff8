"""Now and later as MicroPython counts: ticks modulo 2**30, never beyond what a small integer holds.

An integer of 2**30 or more would be an object on the chip, and making one would allocate.
"""

import time

MASK = (1 << 30) - 1


def now_ms() -> int:
    """Milliseconds."""
    return time.ticks_diff(time.ticks_ms(), 0) & MASK


def now_us() -> int:
    """Microseconds."""
    return time.ticks_diff(time.ticks_us(), 0) & MASK


def elapsed(now: int, then: int) -> int:
    """Ticks from then to now."""
    return (now - then) & MASK


def later(then: int, ticks: int) -> int:
    """So many ticks after then."""
    if then > MASK - ticks:
        return then - (MASK - ticks) - 1
    return then + ticks
