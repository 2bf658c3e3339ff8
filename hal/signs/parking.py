"""The parking LED and voice board (方控), often behind a plate camera's serial pass-through.

DA | VR | PN, 2 | command | length | data | CRC-16/Modbus, little-endian; at most 255 bytes, four
lines of 32 bytes.  Source: public programs for the board, facts/displays.md 5.7.  What the board
answers is not published: a sound answer is taken as a sign of life and nothing more.
"""

from __future__ import annotations

import struct

from hal.signs.checks import crc16
from hal.signs.family import Face, Told
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter

ADDRESS, VERSION, ANY_PACKET = 0x00, 0x64, 0xFFFF
PLAY, LINES = 0x30, 0x6E
ROWS_MAX, ROW_BYTES_MAX = 4, 32
VOICE_BYTES_MAX = 64
DATA_BYTES_MAX = 255 - 8
COLOURS = {"red": b"\xff\x00\x00\x00", "green": b"\x00\xff\x00\x00", "amber": b"\xff\xff\x00\x00"}
AT_ONCE = b"\x00\x00\x00\x00"
"""Shown at once, without moving, for good: mode, speed, stay, repetitions."""

_NEXT_LINE, _LAST_LINE, _VOICE = b"\x0d", b"\x00", b"\x0a"
_NOT_SAVED = 0
_QUEUED_NOT = 1


def frame(command: int, data: bytes, address: int = ADDRESS) -> bytes:
    """One frame.

    Raises:
        ValueError: more data than a packet of 255 bytes takes.
    """
    if len(data) > DATA_BYTES_MAX:
        raise ValueError(f"{len(data)} bytes of data; a packet takes {DATA_BYTES_MAX}")
    head = struct.pack(">BBHBB", address, VERSION, ANY_PACKET, command, len(data))
    return head + data + crc16(head + data).to_bytes(2, "little")


def play(text: bytes, address: int = ADDRESS) -> bytes:
    """The frame that speaks a GBK text at once."""
    return frame(PLAY, bytes([_QUEUED_NOT]) + text, address)


def lines(face: Face, address: int = ADDRESS) -> bytes:
    """The frame that shows every row of a face and speaks its sentence, where it has one."""
    shown = []
    for number, row in enumerate(face.rows):
        text = row[:ROW_BYTES_MAX] or b" "
        colour = COLOURS[face.colour]
        shown.append(bytes([number]) + AT_ONCE + colour + bytes([len(text)]) + text)
    data = bytes([_NOT_SAVED, len(face.rows)]) + _NEXT_LINE.join(shown) + _LAST_LINE
    if face.spoken:
        data += _VOICE + bytes([len(face.spoken)]) + face.spoken + b"\x00"
    return frame(LINES, data, address)


def measure(data: bytes, at: int) -> int:
    """How long the sound frame at ``at`` is."""
    if len(data) - at < 6:
        return NEEDS_MORE
    if data[at + 1] != VERSION:
        return NO_FRAME
    length = data[at + 5] + 8
    if length > 255:
        return NO_FRAME
    if len(data) - at < length:
        return NEEDS_MORE
    body, stated = data[at : at + length - 2], data[at + length - 2 : at + length]
    return length if crc16(body).to_bytes(2, "little") == stated else NO_FRAME


def splitter(address: int = ADDRESS) -> Splitter:
    """Finds this family's frames, either way."""
    return Splitter(bytes([address]), measure, 512)


class ParkingBoard:
    """One board of up to four lines, with a voice."""

    name = "parking board"

    def __init__(self, rows: int = 4, columns: int = 16, address: int = ADDRESS) -> None:
        if not 1 <= rows <= ROWS_MAX or columns > ROW_BYTES_MAX:
            raise ValueError(f"this board has at most {ROWS_MAX} rows of {ROW_BYTES_MAX} columns")
        if not 0 <= address <= 255:
            raise ValueError("the board's address is 0 to 255")
        self.rows, self.columns = rows, columns
        self._address = address
        self._splitter = splitter(address)

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        """All lines go in one packet; a sentence that has no room in it goes in its own."""
        spoken = face.spoken[:VOICE_BYTES_MAX] if len(face.spoken) > VOICE_BYTES_MAX else b""
        if not spoken:
            room = DATA_BYTES_MAX - sum(11 + max(len(row), 1) for row in face.rows) - 5
            spoken = face.spoken if len(face.spoken) > room else b""
        if not spoken:
            return [lines(face, self._address)]
        silent = Face(rows=face.rows, colour=face.colour)
        return [lines(silent, self._address), play(spoken, self._address)]

    def questions(self) -> list[bytes]:
        return []

    def feed(self, data: bytes) -> list[Told]:
        return [Told() for _ in self._splitter.feed(data)]

    def reset(self) -> None:
        self._splitter.reset()
