"""Times as a plan states them."""

from __future__ import annotations


def seconds(value: float) -> str:
    """A time as a plan states it, to the hundredth."""
    return f"{value:.2f} s"


def in_s(time: str) -> float:
    """Seconds of a time that a plan states."""
    return float(time.split(maxsplit=1)[0])
