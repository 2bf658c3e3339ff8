"""From a stream of bytes to what an indicator shows, without I/O.

A dialect is a function ``cut(window) -> Cut``: it looks at the next bytes, at most
``FRAME_BYTES_MAX`` of them, and says how many are done with and what they were; 0 = needs more.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from msgspec import Struct

from hal.ports import IndicationState

FRAME_BYTES_MAX = 96
STX, ETX, CR = 0x02, 0x03, 0x0D

T = TypeVar("T")


class Shown(Struct, frozen=True, kw_only=True):
    """What one frame says, in the indicator's own digits.

    ``digits`` is the signed number without its point, dummy zeros included, None where no weight
    is shown; ``decimals`` counts the digits after the point, of the tare and of ``d_digits`` too.
    ``unit`` is "" where the frame names none.  ``net`` says that ``digits`` are net.
    """

    raw: bytes
    digits: int | None
    decimals: int = 0
    unit: str = ""
    state: IndicationState = IndicationState.OK
    net: bool = False
    tare_digits: int | None = None
    motion: bool | None = None
    centre_of_zero: bool | None = None
    d_digits: int | None = None


class Spoiled(Struct, frozen=True, kw_only=True):
    """A frame of the right shape whose checksum is wrong, and what its place held instead."""

    raw: bytes
    why: str


class Aside(Struct, frozen=True, kw_only=True):
    """An answer that is no weight; ``refusal`` says what the device would not do, "" if nothing."""

    raw: bytes
    refusal: str = ""


Found = Shown | Spoiled | Aside


class Cut(NamedTuple):
    """How many bytes are done with (0 = more are needed) and what they were (None = garbage)."""

    used: int
    found: Found | None = None


class Arrival(NamedTuple):
    """What was found, and how many bytes of the same feed came after it."""

    found: Found
    after_bytes: int


NEEDS_MORE = Cut(0)


class Decoder:
    """Bytes in, frames out; keeps at most ``FRAME_BYTES_MAX`` bytes between two feeds.

    ``bytes_seen`` and ``bytes_framed`` count since the last ``recount``: what tells a wrong baud
    rate from a dead line.
    """

    def __init__(self, cut: Callable[[bytes], Cut]) -> None:
        self._cut = cut
        self._held = b""
        self.bytes_seen = 0
        self.bytes_framed = 0

    @property
    def held_bytes(self) -> int:
        """How many bytes of an unfinished frame are kept."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Arrival]:
        """The frames that these bytes complete, oldest first."""
        self.bytes_seen += len(data)
        buffer = self._held + data
        arrivals: list[Arrival] = []
        at = 0
        while at < len(buffer):
            window = buffer[at : at + FRAME_BYTES_MAX]
            used, found = self._cut(window)
            if used == 0 and len(window) < FRAME_BYTES_MAX:
                break
            # A dialect that wants more than a frame can have is fed up with garbage.
            at += used or 1
            if found is not None:
                arrivals.append(Arrival(found, len(buffer) - at))
                self.bytes_framed += 0 if isinstance(found, Spoiled) else len(found.raw)
        self._held = buffer[at:]
        return arrivals

    def reset(self) -> None:
        """Forget half a frame, as after the line was opened anew."""
        self._held = b""

    def recount(self) -> None:
        """Count bytes from here on."""
        self.bytes_seen = self.bytes_framed = 0


def skip_to(window: bytes, start: int) -> Cut | None:
    """Garbage up to the next byte that begins a frame; None where the window begins with it."""
    at = window.find(start)
    if at == 0:
        return None
    return Cut(at if at > 0 else len(window))


def decimal_digits(text: str) -> tuple[int, int] | None:
    """A number as ``(digits, decimals)``: "-3.40" is (-340, 2); None where it is no number."""
    sign, rest = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    whole, _, part = rest.strip().partition(".")
    digits = whole + part
    if not (digits.isascii() and digits.isdigit()):
        return None
    return (-1 if sign == "-" else 1) * int(digits), len(part)


def named(what: str, name: str, table: Mapping[str, T]) -> T:
    """The entry of this name; no name falls back to another.

    Raises:
        ValueError: it is not in the table; the nearest is named.
    """
    if name not in table:
        near = difflib.get_close_matches(name, table, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(table)}"
        raise ValueError(f"unknown {what} '{name}'; {hint}")
    return table[name]
