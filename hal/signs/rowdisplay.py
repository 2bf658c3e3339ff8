"""The simple row display: A0 90 | row | 50 | length, 2 | text | XOR; it answers nothing.

The text is Unicode, big-endian, and the check sum runs from the row to the last byte of the text.
Source: a public weighing program, facts/displays.md 5.2.
"""

from __future__ import annotations

import struct

from hal.signs.checks import xor
from hal.signs.family import Face, Told, changed_rows
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter
from hal.signs.text import ungbk

MARK = b"\xa0\x90"
SHOW = 0x50
ROWS_MAX = 8
_TEXT_MAX = 512


def frame(row: int, text: str) -> bytes:
    """The frame that shows a text in a row counted from 1."""
    data = text.encode("utf-16-be")
    body = struct.pack(">BBH", row, SHOW, len(data)) + data
    return MARK + body + bytes([xor(body)])


def measure(data: bytes, at: int) -> int:
    """How long the sound frame at ``at`` is."""
    if len(data) - at < 6:
        return NEEDS_MORE
    length = int.from_bytes(data[at + 4 : at + 6], "big") + 7
    if length > _TEXT_MAX + 7:
        return NO_FRAME
    if len(data) - at < length:
        return NEEDS_MORE
    return length if xor(data[at + 2 : at + length]) == 0 else NO_FRAME


def splitter() -> Splitter:
    """Finds this family's frames."""
    return Splitter(MARK, measure, 2 * _TEXT_MAX)


class RowDisplay:
    """One display of one colour."""

    name = "row display"

    def __init__(self, rows: int = 4, columns: int = 16) -> None:
        if not 1 <= rows <= ROWS_MAX or columns > _TEXT_MAX // 2:
            raise ValueError(f"this sign has at most {ROWS_MAX} rows of {_TEXT_MAX // 2} columns")
        self.rows, self.columns = rows, columns

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        return [frame(row + 1, ungbk(face.rows[row]) or " ") for row in changed_rows(face, before)]

    def questions(self) -> list[bytes]:
        return []

    def feed(self, data: bytes) -> list[Told]:
        return []

    def reset(self) -> None:
        return
