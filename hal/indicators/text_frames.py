"""Text frames: one driver for the ST/GS family and its cousins, a regular expression for each.

The table is ``dialects.toml``; a site may state a dialect of its own.  A regular expression runs on
one frame of at most ``FRAME_BYTES_MAX`` bytes; one that could take long over such a frame is
refused, since nothing may hold up the scan.
"""

from __future__ import annotations

import re
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from msgspec import Struct

from hal.indicators.codec import (
    CR,
    FRAME_BYTES_MAX,
    NEEDS_MORE,
    Aside,
    Cut,
    Found,
    Shown,
    decimal_digits,
)
from hal.ports import IndicationState
from hal.schema import Problems, load_toml, read_table

TABLE = Path(__file__).with_name("dialects.toml")
PATTERN_CHARS_MAX = 400
WAYS_MAX = 1_000_000
EQUAL_FRAMES_MAX = 20

_GROUPS = {"weight", "sign", "status", "kind", "unit", "tare", "bits"}
_UNITS = ("", "kg", "t", "g", "lb")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_REPEAT = re.compile(r"[*+]|\{([0-9]*),?([0-9]*)\}|(?<!\()\?")


class Dialect(Struct, frozen=True, kw_only=True):
    """One dialect as ``dialects.toml`` describes it."""

    frame: str
    meaning: str = ""
    ends: str = ""
    length: int = 0
    stable: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    gross: tuple[str, ...] = ()
    net: tuple[str, ...] = ()
    tare_only: tuple[str, ...] = ()
    moving_bits: int = 0
    over_bits: int = 0
    under_bits: int = 0
    zero_bits: int = 0
    net_bits: int = 0
    ask: str = ""
    start: str = ""
    zero: str = ""
    aside: str = ""
    refused: str = ""
    equal_frames: int = 3


@cache
def table() -> dict[str, Dialect]:
    """The dialects that come with the program."""
    _, tables = load_toml(TABLE)
    return {name: read_dialect(values, f"{TABLE.name}: {name}") for name, values in tables.items()}


def read_dialect(values: dict[str, Any], where: str) -> Dialect:
    """A dialect from its table.

    Raises:
        ValueError: a key that nothing reads, a wrong type, or a frame that cannot be used.
    """
    problems = Problems(where)
    dialect = read_table(values, Dialect, "", problems)
    if dialect is None:
        raise ValueError("; ".join(problems.found))
    try:
        Cutter(dialect)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    return dialect


class Cutter:
    """The ``cut`` of a dialect.

    Raises:
        ValueError: its patterns are not regular expressions, lack the weight, have unknown groups
            or could take long; it has neither end nor length.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._frame = _pattern("frame", dialect.frame)
        self._aside = _pattern("aside", dialect.aside) if dialect.aside else None
        self._refused = _pattern("refused", dialect.refused) if dialect.refused else None
        _check(dialect, self._frame)
        self._end = ord(dialect.ends) if dialect.ends else -1

    def __call__(self, window: bytes) -> Cut:
        return self._cut_length(window) if self._end < 0 else self._cut_line(window)

    def _cut_line(self, window: bytes) -> Cut:
        end = window.find(self._end)
        if end < 0:
            return Cut(FRAME_BYTES_MAX) if len(window) >= FRAME_BYTES_MAX else NEEDS_MORE
        raw = window[: end + 1]
        line = raw[:-1].removesuffix(bytes([CR])).lstrip(b"\r\n\x02").rstrip(b"\x03")
        return Cut(len(raw), self._read(line, raw))

    def _cut_length(self, window: bytes) -> Cut:
        length = self._dialect.length
        if len(window) < length:
            return NEEDS_MORE
        found = self._read(window[:length], window[:length])
        return Cut(1 if found is None else length, found)

    def _read(self, line: bytes, raw: bytes) -> Found | None:
        if not line.isascii():
            return None
        text = line.decode("ascii")
        if self._aside is not None and self._aside.fullmatch(text):
            return Aside(raw=raw)
        if self._refused is not None and self._refused.fullmatch(text):
            return Aside(raw=raw, refusal=text)
        match = self._frame.fullmatch(text)
        return None if match is None else self._shown(match, raw)

    def _shown(self, match: re.Match[str], raw: bytes) -> Found | None:
        said = {name: (match[name] or "").strip() for name in match.re.groupindex}
        dialect = self._dialect
        status, kind = said.get("status", ""), said.get("kind", "")
        bits = int(said.get("bits") or "0", 16)
        if kind in dialect.tare_only:
            return Aside(raw=raw)
        state = _state(dialect, status, bits)
        number = decimal_digits(said.get("sign", "") + said["weight"].replace(" ", ""))
        if number is None and state == IndicationState.OK:
            return None
        digits, decimals = (None, 0) if state or number is None else number
        tare = decimal_digits(said["tare"]) if said.get("tare") else None
        if tare is not None and tare[1] != decimals and digits is not None:
            return None
        return Shown(
            raw=raw,
            digits=digits,
            decimals=decimals,
            unit=said.get("unit", ""),
            state=state,
            net=kind in dialect.net
            if kind
            else bool(bits & dialect.net_bits or (tare and tare[0])),
            tare_digits=None,
            motion=_motion(dialect, status, bits),
            centre_of_zero=bool(bits & dialect.zero_bits) if dialect.zero_bits else None,
        )


def _state(dialect: Dialect, status: str, bits: int) -> IndicationState:
    if status in dialect.over or bits & dialect.over_bits:
        return IndicationState.OVER
    if status in dialect.under or bits & dialect.under_bits:
        return IndicationState.UNDER
    return IndicationState.ERROR if status in dialect.error else IndicationState.OK


def _motion(dialect: Dialect, status: str, bits: int) -> bool | None:
    if dialect.moving_bits:
        return bool(bits & dialect.moving_bits)
    if not dialect.moving and not dialect.stable:
        return None
    # What is neither said to be still nor known is taken for moving.
    return status not in dialect.stable


def _pattern(key: str, text: str) -> re.Pattern[str]:
    if len(text) > PATTERN_CHARS_MAX:
        raise ValueError(f"{key} has {len(text)} characters; the limit is {PATTERN_CHARS_MAX}")
    try:
        pattern = re.compile(text, re.ASCII)
    except re.error as error:
        raise ValueError(f"{key} is no regular expression: {error}") from error
    bare = re.sub(r"\[[^\]]*\]", "x", re.sub(r"\\.", "x", text))
    if _REPEATED_GROUP.search(bare) or re.search(r"\(\?[^P:]", bare) or "(?P=" in bare:
        what = "a repeated group, a look-around, a flag or a back reference"
        raise ValueError(f"{key} has {what}, which could take long over garbage: write it out")
    ways = prod(_ways(repeat) for repeat in _REPEAT.finditer(bare))
    if ways > WAYS_MAX:
        what = f"can match garbage in up to {ways} ways; the limit is {WAYS_MAX}"
        raise ValueError(f"{key} {what}: bound its repeats, as in [0-9]{{1,7}}")
    return pattern


def _ways(repeat: re.Match[str]) -> int:
    """In how many lengths a repeat may match within one frame."""
    if repeat[0] == "?":
        return 2
    if "{" not in repeat[0]:
        return FRAME_BYTES_MAX
    low, high = int(repeat[1] or 0), min(int(repeat[2] or FRAME_BYTES_MAX), FRAME_BYTES_MAX)
    return max(high - low, 0) + 1 if "," in repeat[0] else 1


def _check(dialect: Dialect, frame: re.Pattern[str]) -> None:
    groups = set(frame.groupindex)
    if "weight" not in groups:
        raise ValueError("frame has no group (?P<weight>…)")
    if groups - _GROUPS:
        known = ", ".join(sorted(_GROUPS))
        raise ValueError(f"frame has the group '{min(groups - _GROUPS)}'; known: {known}")
    if bool(dialect.ends) == bool(dialect.length) or len(dialect.ends) > 1:
        raise ValueError('state either ends, one byte as "\\n", or length, in bytes')
    if dialect.ends and ord(dialect.ends) > 0x7F:
        raise ValueError("ends must be an ASCII byte")
    if not 0 <= dialect.length <= FRAME_BYTES_MAX:
        raise ValueError(f"length must be at most {FRAME_BYTES_MAX} bytes, not {dialect.length}")
    if not 1 <= dialect.equal_frames <= EQUAL_FRAMES_MAX:
        raise ValueError(f"equal_frames must be 1 to {EQUAL_FRAMES_MAX}")
