"""云南治超屏 YN_1.3.0 (2021-11-24): coloured rows, lamps and brightness, without a check sum.

7B | command | length of the parameters | parameters | 7D.  Unknown commands are dropped silently,
so that every change is followed by the question whether the sign lives.  Source: the public
protocol text, facts/displays.md 5.4.
"""

from __future__ import annotations

from hal.signs.family import Face, Told, changed_rows
from hal.signs.frames import NEEDS_MORE, NO_FRAME, Splitter

ROWS_MAX = 5
QUERY, ROW, FULL, CLEAR, BRIGHTNESS, LAMPS = b"1", b"3", b"4", b"5", b"8", b"A"
CLEAR_ROW_1 = 0x42
GREEN_LAMP, RED_LAMP, FLASH_LAMP = 1, 2, 4
COLOURS = {"red": 0, "green": 1, "amber": 2}

_OPEN, _CLOSE = 0x7B, 0x7D
_PARAMETERS_MAX = 255


def frame(command: bytes, parameters: bytes = b"") -> bytes:
    """One frame.

    Raises:
        ValueError: more parameters than the length byte can say.
    """
    if len(parameters) > _PARAMETERS_MAX:
        raise ValueError(f"{len(parameters)} bytes of parameters; at most {_PARAMETERS_MAX}")
    return bytes([_OPEN]) + command + bytes([len(parameters)]) + parameters + bytes([_CLOSE])


def measure(data: bytes, at: int) -> int:
    """How long the frame at ``at`` is."""
    if len(data) - at < 3:
        return NEEDS_MORE
    length = data[at + 2] + 4
    if len(data) - at < length:
        return NEEDS_MORE
    return length if data[at + length - 1] == _CLOSE else NO_FRAME


def splitter() -> Splitter:
    """Finds this family's frames, either way."""
    return Splitter(bytes([_OPEN]), measure, 2 * (_PARAMETERS_MAX + 4))


class Yunnan:
    """One sign of up to five rows; brightness 0 is automatic, 1 to 8 by hand."""

    name = "云南治超屏"

    def __init__(self, rows: int = 4, columns: int = 24, brightness: int = 0) -> None:
        if not 1 <= rows <= ROWS_MAX:
            raise ValueError(f"this sign has at most {ROWS_MAX} rows")
        if columns > _PARAMETERS_MAX - 2:
            raise ValueError(f"a row has at most {_PARAMETERS_MAX - 2} columns")
        if not 0 <= brightness <= 8:
            raise ValueError("the brightness is 1 to 8, or 0 for automatic")
        self.rows, self.columns = rows, columns
        self._brightness = brightness
        self._splitter = splitter()

    def frames(self, face: Face, before: Face | None) -> list[bytes]:
        sent = []
        if before is None:
            sent += [frame(CLEAR), frame(BRIGHTNESS, bytes([self._brightness]))]
        for row in changed_rows(face, before):
            sent.append(_row(row, face))
        lamps = _lamps(face)
        if lamps is not None and (before is None or _lamps(before) != lamps):
            sent.append(frame(LAMPS, bytes([lamps])))
        return sent

    def questions(self) -> list[bytes]:
        return [frame(QUERY)]

    def feed(self, data: bytes) -> list[Told]:
        return [_told(one[1:2], one[3:-1]) for one in self._splitter.feed(data)]

    def reset(self) -> None:
        self._splitter.reset()


def _row(row: int, face: Face) -> bytes:
    if not face.rows[row]:
        return frame(bytes([CLEAR_ROW_1 + row]))
    return frame(ROW, bytes([COLOURS[face.colour], ord("1") + row]) + face.rows[row])


def _lamps(face: Face) -> int | None:
    if face.green is None:
        return None
    return (GREEN_LAMP if face.green else RED_LAMP) | (FLASH_LAMP if face.flash else 0)


def _told(command: bytes, parameters: bytes) -> Told:
    if command == QUERY and parameters and parameters != b"\x00":
        return Told(refusal=f"state {parameters.hex(' ').upper()}, 00 is well")
    return Told()
