"""A second reading: the same indicator's other output, on a line of its own, must say the same.

What alters frames on one cable, a disturbance that passes the checksum again and again or a box
between indicator and computer, does not alter those on the other.  A weight that the second reading
does not bear out is told as *moving*: it may wake the lane and is never a weight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from hal.ports import DeviceFault, Indication

NEAR_US = 1_000_000
"""How long before or after one of the first reading a frame of the second one counts beside it."""
APART_US = 3_000_000
"""How long a load at rest may read differently before that is a fault."""
KEPT_MAX = 64


class Reading(Protocol):
    """What a second reading comes from."""

    def read(self) -> tuple[Indication, ...] | DeviceFault: ...

    def faults(self) -> tuple[DeviceFault, ...]: ...


class SecondReading:
    """Holds each weight of the first reading to those of the second, within ``agree_g``."""

    def __init__(self, other: Reading, name: str, agree_g: int) -> None:
        self._other = other
        self._name = name
        self._agree_g = agree_g
        self._heard: deque[tuple[int, int]] = deque(maxlen=KEPT_MAX)
        self._apart_us: int | None = None
        self._first_g = 0
        self._told: DeviceFault | None = None

    def judge(self, fresh: Iterable[Indication]) -> tuple[Indication, ...]:
        """The first reading as far as the second bears it out; call it in every scan."""
        said = self._other.read()
        for one in said if isinstance(said, tuple) else ():
            if one.gross_g is not None:
                self._heard.append((one.t_us, one.gross_g))
        return tuple(self._held(one) for one in fresh)

    def faults(self) -> tuple[DeviceFault, ...]:
        """What is wrong with the second line, and that both have differed for too long."""
        told = self._told
        return self._other.faults() + (() if told is None else (told,))

    def _held(self, one: Indication) -> Indication:
        if one.gross_g is None:
            return one
        near = [g for t_us, g in self._heard if abs(one.t_us - t_us) <= NEAR_US]
        if any(abs(one.gross_g - g) <= self._agree_g for g in near):
            self._apart_us = self._told = None
            return one
        self._note(one, one.gross_g, near)
        return replace(one, motion=True, centre_of_zero=None)

    def _note(self, one: Indication, gross_g: int, near: list[int]) -> None:
        """Remember since when a load at rest reads differently."""
        at_rest = not one.motion and abs(gross_g - self._first_g) <= self._agree_g
        if self._apart_us is None or not at_rest or not near:
            self._apart_us, self._first_g = one.t_us, gross_g
        if one.t_us - self._apart_us > APART_US:
            self._told = DeviceFault(
                name="INDICATOR_DISAGREES",
                device=self._name,
                seen=f"one output reads {_kg(gross_g)}, the other {_kg(near[-1])}",
            )


def _kg(grams: int) -> str:
    return f"{grams / 1000:.10g} kg"
