"""贵州治超屏 "TCLY": text at a place in pixels, in a named font; on a serial line or UDP 9528.

54 43 4C 59 | sequence, 4 | length of all, 2 | reserved, 2 | command, 4 | payload | 00; numbers
little-endian, 17 bytes without a payload.  Source: the public protocol text, facts/displays.md 5.5.
What the answer to the fault query says is not published: any byte but 00 is told as it came.
"""

from __future__ import annotations

import struct

from hal.signs.family import Face, Told, changed_rows
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter

MARK = b"TCLY"
FAULTS, DISPLAY, CLEAR, SET_ADDRESS, SEARCH, FOUND, FILL = 0x10, 0x20, 0x30, 0x40, 0x60, 0x70, 0x80
FONT = "宋体".encode("gbk")
SIZES_PX = (16, 24, 32)
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "amber": (255, 191, 0)}
UDP_PORT = 9528

_HEAD = struct.Struct("<4sIHHI")
_BARE_BYTES = _HEAD.size + 1
_TOTAL_MAX = 1024


def frame(sequence: int, command: int, payload: bytes = b"") -> bytes:
    """One frame.

    Raises:
        ValueError: longer than 1024 bytes, which no sign of this family shows.
    """
    total = _BARE_BYTES + len(payload)
    if total > _TOTAL_MAX:
        raise ValueError(f"a frame of {total} bytes; at most {_TOTAL_MAX}")
    return _HEAD.pack(MARK, sequence & 0xFFFF_FFFF, total, 0, command) + payload + b"\x00"


def text_at(place_px: tuple[int, int, int, int], size_px: int, face: Face, row: int) -> bytes:
    """The payload that shows one row of a face at (x, y, width, height)."""
    place = struct.pack("<4H", *place_px)
    style = FONT + bytes([size_px, size_px, *COLOURS[face.colour]])
    return place + style + (face.rows[row] or b" ")


def measure(data: bytes, at: int) -> int:
    """How long the frame at ``at`` is."""
    if len(data) - at < _HEAD.size:
        return NEEDS_MORE
    total = int.from_bytes(data[at + 8 : at + 10], "little")
    if not _BARE_BYTES <= total <= _TOTAL_MAX:
        return NO_FRAME
    if len(data) - at < total:
        return NEEDS_MORE
    return total if data[at + total - 1] == 0 else NO_FRAME


def splitter() -> Splitter:
    """Finds this family's frames, either way."""
    return Splitter(MARK, measure, 2 * _TOTAL_MAX)


class Guizhou:
    """One sign; rows stand below each other, ``size_px`` high."""

    name = "贵州治超屏"

    def __init__(self, rows: int = 4, columns: int = 24, size_px: int = 16) -> None:
        if size_px not in SIZES_PX:
            raise ValueError(f"the font is {', '.join(map(str, SIZES_PX))} pixels high")
        if not 1 <= rows <= 32 or columns > 255:
            raise ValueError("this sign has at most 32 rows of 255 columns")
        self.rows, self.columns = rows, columns
        self._size_px = size_px
        self._sequence = 0
        self._splitter = splitter()

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        sent = [self._frame(CLEAR)] if before is None else []
        return sent + [self._row(row, face) for row in changed_rows(face, before)]

    def questions(self) -> list[bytes]:
        return [self._frame(FAULTS)]

    def feed(self, data: bytes) -> list[Told]:
        return [_told(one[12], one[_HEAD.size : -1]) for one in self._splitter.feed(data)]

    def reset(self) -> None:
        self._splitter.reset()

    def _row(self, row: int, face: Face) -> bytes:
        size_px = self._size_px
        place_px = (0, row * size_px, self.columns * size_px // 2, size_px)
        return self._frame(DISPLAY, text_at(place_px, size_px, face, row))

    def _frame(self, command: int, payload: bytes = b"") -> bytes:
        self._sequence += 1
        return frame(self._sequence, command, payload)


def _told(command: int, payload: bytes) -> Told:
    if command == FAULTS and payload.strip(b"\x00"):
        return Told(refusal=f"fault query answered {payload[:16].hex(' ').upper()}")
    return Told()
