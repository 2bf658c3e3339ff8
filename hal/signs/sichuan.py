"""四川治超屏: rows, full screen, lane light, flash and brightness; the sign tells what it shows.

FF | length of the whole frame, 07..FE | command | brightness | data | BCC | FF, where BCC is the
exclusive or from the first FF to the last data byte.  Source: the public debug tool of the family
"1F" (protocol 3.5.1, serial), facts/displays.md 5.3.
"""

from __future__ import annotations

from hal.signs.checks import xor
from hal.signs.family import Face, Told, changed_rows
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter

ROWS_MAX = 8
ROW_BYTES_MAX = 24
DATA_BYTES_MAX = 0xFE - 6
FULL, ROW_1, CLEAR, BRIGHTNESS, FLASH, LIGHT = 0x80, 0x81, 0x94, 0x96, 0x98, 0x99
ASK = 0x20
"""An answer to a question has this bit beside the command that set it: A1 tells row 1."""
ASK_CONTENT, ASK_BRIGHTNESS, ASK_FLASH, ASK_LIGHT = 0xA0, 0xB6, 0xB8, 0xB9

_EDGE = 0xFF
_LENGTH_MIN = 7


def frame(command: int, data: bytes, brightness: int = 0) -> bytes:
    """One frame; a command without a parameter carries one byte of zero, since 07 is the least.

    Raises:
        ValueError: no data, or more than the length byte can say.
    """
    if not 1 <= len(data) <= DATA_BYTES_MAX:
        raise ValueError(f"{len(data)} bytes of data; a frame takes 1 to {DATA_BYTES_MAX}")
    body = bytes([_EDGE, 6 + len(data), command, brightness]) + data
    return body + bytes([xor(body), _EDGE])


def measure(data: bytes, at: int) -> int:
    """How long the sound frame at ``at`` is."""
    if len(data) - at < 2:
        return NEEDS_MORE
    length = data[at + 1]
    if not _LENGTH_MIN <= length < _EDGE:
        return NO_FRAME
    if len(data) - at < length:
        return NEEDS_MORE
    sound = data[at + length - 1] == _EDGE
    return length if sound and xor(data[at : at + length - 1]) == 0 else NO_FRAME


def splitter() -> Splitter:
    """Finds this family's frames, either way."""
    return Splitter(bytes([_EDGE]), measure, 2 * _EDGE)


class Sichuan:
    """One sign of ``rows`` rows of ``columns`` bytes; brightness 0 is automatic."""

    name = "四川治超屏"

    def __init__(self, rows: int = 4, columns: int = 24, brightness: int = 0) -> None:
        if not 1 <= rows <= ROWS_MAX or columns > ROW_BYTES_MAX:
            raise ValueError(f"this sign has at most {ROWS_MAX} rows of {ROW_BYTES_MAX} columns")
        if not 0 <= brightness <= 255:
            raise ValueError("the brightness is 1 to 255, or 0 for automatic")
        self.rows, self.columns = rows, columns
        self._brightness = brightness
        self._splitter = splitter()

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        sent = []
        if before is None:
            sent += [self._frame(CLEAR, b"\x00"), self._frame(BRIGHTNESS, self._level)]
        for row in changed_rows(face, before):
            sent.append(self._frame(ROW_1 + row, face.rows[row] or b" "))
        if face.green is not None and (before is None or before.green != face.green):
            sent.append(self._frame(LIGHT, bytes([face.green])))
        if face.flash is not None and (before is None or before.flash != face.flash):
            sent.append(self._frame(FLASH, bytes([face.flash])))
        return sent

    def questions(self) -> list[bytes]:
        asked = (ASK_CONTENT, ASK_LIGHT, ASK_FLASH)
        return [self._frame(command, b"\x00") for command in asked]

    def feed(self, data: bytes) -> list[Told]:
        return [_told(one[2], one[4:-2]) for one in self._splitter.feed(data)]

    def reset(self) -> None:
        self._splitter.reset()

    @property
    def _level(self) -> bytes:
        return bytes([self._brightness])

    def _frame(self, command: int, data: bytes) -> bytes:
        return frame(command, data, self._brightness)


def _told(command: int, data: bytes) -> Told:
    row = command - (ROW_1 | ASK)
    if 0 <= row < ROWS_MAX:
        return Told(rows=((row, data.rstrip(b" \x00")),))
    if command == ASK_LIGHT and data[0] <= 1:
        return Told(green=data[0] == 1)
    if command == ASK_FLASH and data[0] <= 1:
        return Told(flash=data[0] == 1)
    return Told()
