"""Mettler Toledo continuous output and its clones: 17 bytes, 18 with a checksum.

Sources: Liden LUW2001 manual pp. 15-16; Flintec FT-111 manual pp. 85-86; Wildcat manual p. 41.
STX, three status words, six digits of weight, six of tare, CR, [checksum].  Status word A says
where the point stands, and of dummy zeros: with ``XXXXX0`` the digits 5432 are 54 320.
"""

from __future__ import annotations

import re

from msgspec import Struct

from hal.indicators.codec import CR, NEEDS_MORE, STX, Cut, Shown, Spoiled, skip_to
from hal.ports import IndicationState

BARE_BYTES = 17
ALWAYS = 0x20
NET, NEGATIVE, OUT_OF_RANGE, MOTION, KILOGRAM, POWER_UP = 0x01, 0x02, 0x04, 0x08, 0x10, 0x40
EXPANDED = 0x10

_INCREMENTS = (None, 1, 2, 5)
_UNITS = ("", "g", "t", "oz", "ozt", "dwt", "ton", "own unit")
_DIGITS = re.compile(rb" *[0-9]+ *")


class Variant(Struct, frozen=True, kw_only=True):
    """How a maker fills the status words.

    ``a_mask`` and ``a_value``: what word A must say.  ``pound_bit``: the bit of word C for lb; else
    word B bit 4 says kg, and word C's low bits other units.  ``states_unit``, ``states_d``,
    ``power_up``: whether those bits mean what Toledo means by them.
    """

    a_mask: int
    a_value: int
    pound_bit: int = 0
    states_unit: bool = True
    states_d: bool = True
    power_up: bool = True


VARIANTS: dict[str, Variant] = {
    "toledo": Variant(a_mask=0x60, a_value=0x20),
    "liden": Variant(a_mask=0x78, a_value=0x50, pound_bit=0x01, states_d=False, power_up=False),
    "flintec": Variant(a_mask=0x60, a_value=0x60, states_unit=False, power_up=False),
}


def checksum(frame: bytes) -> int:
    """The seven-bit two's complement of the sum of STX to CR."""
    return -sum(frame) & 0x7F


def frame_of(a: int, b: int, c: int, digits: bytes, tare: bytes, *, check: bool) -> bytes:
    """A frame of these status words; digits and tare are six bytes each."""
    bare = bytes([STX, a, b, c]) + digits + tare + bytes([CR])
    return bare + bytes([checksum(bare)]) if check else bare


def cut(window: bytes, variant: Variant, check: bool) -> Cut:
    """One frame of a variant, with or without its checksum."""
    garbage = skip_to(window, STX)
    if garbage is not None:
        return garbage
    if len(window) < BARE_BYTES + check:
        return NEEDS_MORE
    frame = window[: BARE_BYTES + check]
    if not _plausible(frame, variant):
        return Cut(1)
    if check and frame[17] & 0x7F != checksum(frame[:17]):
        return Cut(1, Spoiled(raw=frame, why=_why(frame)))
    return Cut(len(frame), _shown(frame, variant))


def _plausible(frame: bytes, variant: Variant) -> bool:
    return (
        frame[16] == CR
        and frame[1] & variant.a_mask == variant.a_value
        and bool(frame[2] & ALWAYS)
        and bool(frame[3] & ALWAYS)
    )


def _why(frame: bytes) -> str:
    if frame[17] == STX:
        return "the next frame begins right after CR: this indicator sends no checksum"
    return f"checksum {frame[17]:02X} where {checksum(frame[:17]):02X} belongs"


def _shown(frame: bytes, variant: Variant) -> Shown:
    a, b, c = frame[1:4]
    zeros, decimals = max(2 - (a & 7), 0), max((a & 7) - 2, 0)
    weight, tare = _number(frame[4:10]), _number(frame[10:16])
    state = _state(b, c, weight, variant)
    increment = _INCREMENTS[a >> 3 & 3] if variant.states_d else None
    factor = 10**zeros
    return Shown(
        raw=frame,
        digits=None if weight is None or state else (-weight if b & NEGATIVE else weight) * factor,
        decimals=decimals,
        unit=_unit(b, c, variant),
        state=state,
        net=bool(b & NET),
        tare_digits=None if tare is None else tare * factor,
        motion=bool(b & MOTION),
        d_digits=None if increment is None else increment * factor,
    )


def _number(text: bytes) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) else None


def _state(b: int, c: int, weight: int | None, variant: Variant) -> IndicationState:
    if b & OUT_OF_RANGE:
        return IndicationState.UNDER if b & NEGATIVE else IndicationState.OVER
    if variant.power_up and b & POWER_UP:
        return IndicationState.WARMING_UP
    # Ten times the resolution is for the verifier; makers differ in what the digits then mean.
    if weight is None or (variant.states_unit and not variant.pound_bit and c & EXPANDED):
        return IndicationState.ERROR
    return IndicationState.OK


def _unit(b: int, c: int, variant: Variant) -> str:
    if variant.pound_bit:
        return "lb" if c & variant.pound_bit else "kg"
    if not variant.states_unit:
        return ""
    return _UNITS[c & 7] or ("kg" if b & KILOGRAM else "lb")
