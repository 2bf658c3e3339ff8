"""Text as a sign can show it: GBK, in rows of so many bytes, with nothing torn that must be whole.

A Chinese character takes two columns, ASCII one.  A plate and a mass with its unit are never
broken; what does not fit in a row goes on in the next, and what does not fit on the sign goes on
the next screen (facts 5.11: plate, weights and instruction must be readable).
"""

from __future__ import annotations

import re

from msgspec import Struct

REPLACEMENT = "〓"
"""What stands for a character that GBK has not."""
COLUMNS_MIN = 10
"""The longest plate takes 9 columns, a mass of six digits with its unit 9."""
SCREENS_MAX = 4
LINES_MAX = 32
LINE_CHARS_MAX = 200

_UNITS = re.compile(
    r"[\u4e00-\u9fff][A-Z][A-Z0-9]{4,6}[挂学警港澳领使]?"  # a plate
    r"|-?[0-9]+(?:\.[0-9]+)? ?(?:kg|t)"  # a mass with its unit
    r"|[!-~]+"
    r"|."
)
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), " ")


class Screens(Struct, frozen=True):
    """Screens of rows of GBK bytes; ``cut`` says in words what could not be shown, or is empty."""

    screens: tuple[tuple[bytes, ...], ...]
    cut: str = ""


def gbk(text: str) -> bytes:
    """The text in GBK: control characters become blanks, what GBK has not ``REPLACEMENT``."""
    plain = text.translate(_CONTROL)
    try:
        return plain.encode("gbk")
    except UnicodeEncodeError:
        return b"".join(_character(one) for one in plain)


def _character(one: str) -> bytes:
    try:
        return one.encode("gbk")
    except UnicodeEncodeError:
        return REPLACEMENT.encode("gbk")


def ungbk(data: bytes) -> str:
    """GBK bytes as text, whatever they are; blanks at the end are left out."""
    return data.decode("gbk", errors="replace").rstrip(" \x00")


def lay_out(lines: tuple[str, ...], rows: int, columns: int) -> Screens:
    """Break lines into screens of ``rows`` rows of at most ``columns`` bytes each.

    Raises:
        ValueError: fewer than one row, or rows too narrow for a plate.
    """
    if rows < 1 or columns < COLUMNS_MIN:
        raise ValueError(
            f"a sign of {rows} rows and {columns} columns cannot show a plate and a weight: "
            f"at least 1 row of {COLUMNS_MIN} columns (a Chinese character takes 2)"
        )
    cut = _too_long(lines)
    broken: list[bytes] = []
    for line in lines[:LINES_MAX]:
        fitted, torn = _broken(line[:LINE_CHARS_MAX], columns)
        broken += fitted
        cut = cut or torn
    if len(broken) > rows * SCREENS_MAX:
        cut = cut or f"{len(broken)} rows of text on {SCREENS_MAX} screens of {rows}"
        broken = _ends(broken, rows * SCREENS_MAX)
    chunks = [broken[at : at + rows] for at in range(0, len(broken), rows)] or [[]]
    return Screens(tuple(_filled(chunk, rows) for chunk in chunks), cut or _replaced(lines))


def _too_long(lines: tuple[str, ...]) -> str:
    if len(lines) > LINES_MAX:
        return f"{len(lines)} lines; {LINES_MAX} are read"
    longest = max((len(line) for line in lines), default=0)
    return f"a line of {longest} characters" if longest > LINE_CHARS_MAX else ""


def _replaced(lines: tuple[str, ...]) -> str:
    for line in lines:
        for one in line.translate(_CONTROL):
            if one != REPLACEMENT and _character(one) == REPLACEMENT.encode("gbk"):
                return f"GBK has no {one!a}; {REPLACEMENT} is shown"
    return ""


def _ends(rows: list[bytes], count: int) -> list[bytes]:
    """The first rows and the last, which holds what the driver is to do."""
    return [*rows[: count - 1], rows[-1]]


def _filled(rows: list[bytes], count: int) -> tuple[bytes, ...]:
    return (*rows, *[b""] * (count - len(rows)))


def _broken(line: str, columns: int) -> tuple[list[bytes], str]:
    rows, row, torn = [], b"", ""
    for unit in _UNITS.findall(line.translate(_CONTROL)):
        data = gbk(unit)
        if len(data) > columns:
            torn = torn or f"{unit[:24]!r} is wider than {columns} columns"
        for piece in _pieces(data, columns):
            if len(row) + len(piece) > columns:
                rows.append(row.rstrip())
                row = piece.lstrip()
            else:
                row += piece
    rows.append(row.rstrip())
    return rows, torn


def _pieces(data: bytes, columns: int) -> list[bytes]:
    """Only a run of ASCII can be wider than ``COLUMNS_MIN`` columns, so that no pair is torn."""
    return [data[at : at + columns] for at in range(0, len(data), columns)]
