"""仰邦 ONBON BX-5 and BX-6 cards: one dynamic text area for each row of the sign.

A5, eight times | header | data | CRC-16/ARC of header and data, little-endian | 5A, with A5, A6, 5A
and 5B stuffed between the ends.  The CRC FFFF means "do not check".  Sources: the public protocol
analyser of the maker's dynamic areas and a public BX-5 program, facts/displays.md 5.1.

BX-5 (font cards) has a 2-byte area length and takes pixels where the high bit of a place is set;
BX-6 (6Q3, 6Q3L) has a 4-byte length and the area's number first.  What a card answers beside that
it took a command (A0 00) or not (A0 01) differs between versions and is not read.
"""

from __future__ import annotations

import struct
from typing import Literal

from hal.signs.checks import ARC, crc16
from hal.signs.family import Face, Told, changed_rows
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter

TCP_PORT = 5005
START, END = 0xA5, 0x5A
STARTS = 8
UNCHECKED = 0xFFFF
BROADCAST = 0xFFFE
ACKNOWLEDGED, REFUSED = b"\xa0\x00", b"\xa0\x01"
SIZES_PX = (16, 24, 32)
# The card's own marks in front of a text; it knows no amber but yellow.
COLOURS = {"red": b"\\C1", "green": b"\\C2", "amber": b"\\C3"}
CENTRED, SINGLE_LINE, NO_WRAP, STATIC = 0x0A, 1, 1, 1

Generation = Literal[5, 6]
_STUFFED = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_PLAIN = {two: bytes([byte]) for byte, two in _STUFFED.items()}
_FRAME_MAX = 2048
_HEADER_5 = struct.Struct("<HH3xBBBBBH")
_HEADER_6 = struct.Struct("<HHBxH4xI")
_VERSION_6 = 0xF0
_LOCAL = 0x8000
_PIXELS = 0x8000
_HEADERS: dict[Generation, int] = {5: _HEADER_5.size, 6: _HEADER_6.size}


def frame(header: bytes, data: bytes) -> bytes:
    """The bytes on the line of a header and its data."""
    body = header + data
    body += crc16(body, ARC).to_bytes(2, "little")
    stuffed = b"".join(_STUFFED.get(byte) or bytes([byte]) for byte in body)
    return bytes([START]) * STARTS + stuffed + bytes([END])


def header(generation: Generation, data: bytes, device: int, address: int = BROADCAST) -> bytes:
    """The header of ``data``; ``device`` is the card's type, FE for any of BX-5."""
    if generation == 5:
        return _HEADER_5.pack(address, _LOCAL, 0, 0, 0, device & 0xFF, 2, len(data))
    return _HEADER_6.pack(address, _LOCAL, _VERSION_6, device, len(data))


def unstuffed(line: bytes) -> bytes:
    """Header and data between the ends, whose check sum is right or FFFF; empty where it is not."""
    body, plain, at = line.lstrip(bytes([START]))[:-1], bytearray(), 0
    while at < len(body):
        pair = _PLAIN.get(body[at : at + 2])
        plain += pair or body[at : at + 1]
        at += 2 if pair else 1
    data, stated = bytes(plain[:-2]), int.from_bytes(plain[-2:], "little")
    return data if stated in (UNCHECKED, crc16(data, ARC)) else b""


def measure(data: bytes, at: int) -> int:
    """How long the sound frame at ``at`` is; stuffing keeps both ends out of its middle."""
    begin = at
    while begin < len(data) and data[begin] == START:
        begin += 1
    end = data.find(bytes([END]), begin)
    again = data.find(bytes([START]), begin, end if end >= 0 else len(data))
    if again >= 0:
        return NO_FRAME
    if end < 0:
        return NEEDS_MORE
    return end + 1 - at if unstuffed(data[at : end + 1]) else NO_FRAME


def splitter() -> Splitter:
    """Finds this family's frames, either way."""
    return Splitter(bytes([START]), measure, _FRAME_MAX)


def generation_of(body: bytes) -> Generation:
    """Of which generation a header is: only BX-6 states its protocol version in the fifth byte."""
    return 6 if body[4:5] == bytes([_VERSION_6]) else 5


def data_of(body: bytes) -> bytes:
    """What stands behind the header."""
    return body[_HEADERS[generation_of(body)] :]


def area_5(row: int, face: Face, place: tuple[int, int, int, int]) -> bytes:
    """One dynamic area of a BX-5: kind, place, number, then how it runs and its text."""
    where = struct.pack("<4H", *(_PIXELS | px for px in place))
    runs = struct.pack("<BBBHBB", row, 0, 0, 0, 0, 0)
    style = bytes([CENTRED, SINGLE_LINE, NO_WRAP, STATIC, 0, 0, 0])
    text = _text(row, face)
    area = b"\x00" + where + runs + style + struct.pack("<I", len(text)) + text
    return struct.pack("<H", len(area)) + area


def area_6(row: int, face: Face, place: tuple[int, int, int, int]) -> bytes:
    """One dynamic area of a BX-6."""
    runs = struct.pack("<BBHBHB4x", row, 0, 0, 1, 0, 1)
    where = b"\x00" + struct.pack("<4H", *place) + b"\x00" + bytes(8)
    style = bytes([0, 0, CENTRED, 0]) + bytes(6)
    shown = bytes([SINGLE_LINE, NO_WRAP, STATIC, 0, 0, 0, 0])
    text = _text(row, face)
    area = runs + where + style + shown + struct.pack("<I", len(text)) + text
    return struct.pack("<I", len(area)) + area


def _text(row: int, face: Face) -> bytes:
    return COLOURS[face.colour] + (face.rows[row] or b" ")


class Onbon:
    """One card; rows stand below each other, ``size_px`` high."""

    name = "ONBON BX"

    def __init__(
        self,
        generation: Generation = 5,
        rows: int = 4,
        columns: int = 24,
        size_px: int = 16,
        device: int = 0xFE,
        address: int = BROADCAST,
    ) -> None:
        if size_px not in SIZES_PX:
            raise ValueError(f"the font is {', '.join(map(str, SIZES_PX))} pixels high")
        if not 1 <= rows <= 16 or columns > 128:
            raise ValueError("this sign has at most 16 rows of 128 columns")
        if not (0 <= device <= 0xFFFF and 0 <= address <= 0xFFFF):
            raise ValueError("card type and screen address are 0 to 65535")
        self.rows, self.columns = rows, columns
        self._generation: Generation = generation
        self._size_px = size_px
        self._device, self._address = device, address
        self._last = b""
        self._splitter = splitter()

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        sent = [self._row(row, face) for row in changed_rows(face, before)]
        self._last = sent[-1] if sent else self._last
        return sent

    def questions(self) -> list[bytes]:
        """A BX-5 has a ping; a BX-6 is told its last row again, which it acknowledges."""
        if self._generation == 5:
            return [self._frame(b"\xa2\x00\x01\x00\x00")]
        return [self._last] if self._last else []

    def feed(self, data: bytes) -> list[Told]:
        return [self._told(unstuffed(one)) for one in self._splitter.feed(data)]

    def reset(self) -> None:
        self._splitter.reset()

    def _row(self, row: int, face: Face) -> bytes:
        place = (0, row * self._size_px, self.columns * self._size_px // 2, self._size_px)
        if self._generation == 5:
            # Nothing is deleted, one area is written; the card answers.
            return self._frame(b"\xa3\x06\x01\x00\x00\x00\x01" + area_5(row, face, place))
        return self._frame(b"\x01\xa7\x06\x00\x00\x01" + area_6(row, face, place))

    def _frame(self, data: bytes) -> bytes:
        return frame(header(self._generation, data, self._device, self._address), data)

    def _told(self, body: bytes) -> Told:
        told_by = generation_of(body)
        if told_by != self._generation:
            return Told(refusal=f"answers as a BX-{told_by}, is stated as BX-{self._generation}")
        said = data_of(body)
        if said.startswith(REFUSED):
            return Told(refusal=f"command refused: {said[:8].hex(' ').upper()}")
        return Told()
