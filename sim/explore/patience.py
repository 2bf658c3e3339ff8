"""No shift goes on for ever: it ends in an error after so much of the processor's time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN_S = 5.0
"""Whoever swallows the error is told again."""


class HangsError(RuntimeError):
    """The shift has taken too much of the processor's time."""


@contextmanager
def patience(cpu_s: float) -> Iterator[None]:
    """Raise HangsError in what is done inside once it has taken so many seconds.

    Only for the main thread of a process, and nothing else in it may use SIGPROF.
    """

    def too_long(number: int, frame: FrameType | None) -> None:
        raise HangsError(f"no end after {cpu_s:g} s of the processor")

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, cpu_s, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
