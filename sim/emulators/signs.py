"""Signs and voices that understand the real frames and keep what they are told as plain rows.

Each takes the same codec's frames apart with its own reading, shows text in ``rows`` and counts in
``refused`` the frames it could make nothing of.  ``stuck`` rows never change, ``silent`` answers
nothing: what a broken module does.
"""

from __future__ import annotations

from hal.signs import guizhou, onbon, parking, rowdisplay, sichuan, yunnan
from hal.signs.frames import Splitter
from hal.signs.text import ungbk
from hal.voice.syn import ASK, SPEAK, Answer

ROWS_MAX = 32
SPOKEN_MAX = 100


class EmulatedSign:
    """Rows of text, a colour of each, a lane light and a flash; one subclass for a family."""

    def __init__(self, rows: int, splitter: Splitter) -> None:
        if not 1 <= rows <= ROWS_MAX:
            raise ValueError(f"a sign has 1 to {ROWS_MAX} rows, not {rows}")
        self.rows = [""] * rows
        self.colours = [""] * rows
        self.green: bool | None = None
        self.flash: bool | None = None
        self.brightness = 0
        self.spoken: list[str] = []
        self.refused = 0
        self.stuck: frozenset[int] = frozenset()
        self.silent = False
        self._splitter = splitter

    def answer(self, data: bytes, now_us: int) -> bytes:
        said = b"".join(self._take(one) for one in self._splitter.feed(data))
        return b"" if self.silent else said

    def due(self, now_us: int) -> bytes:
        return b""

    def _take(self, frame: bytes) -> bytes:
        raise NotImplementedError

    def _set(self, row: int, text: str, colour: str = "") -> None:
        if not 0 <= row < len(self.rows):
            self.refused += 1
        elif row not in self.stuck:
            self.rows[row], self.colours[row] = text, colour

    def _clear(self) -> None:
        for row in range(len(self.rows)):
            self._set(row, "")

    def _say(self, text: str) -> None:
        self.spoken = [*self.spoken[1 - SPOKEN_MAX :], text]


class SichuanSignEmulator(EmulatedSign):
    """四川治超屏, which tells its rows, its light and its flash when asked."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__(rows, sichuan.splitter())

    def _take(self, frame: bytes) -> bytes:
        command, data = frame[2], frame[4:-2]
        row = command - sichuan.ROW_1
        if 0 <= row < sichuan.ROWS_MAX:
            self._set(row, ungbk(data))
        elif command == sichuan.FULL:
            for number, part in enumerate(data.split(b"\n")[: len(self.rows)]):
                self._set(number, ungbk(part))
        elif command == sichuan.CLEAR:
            self._clear()
        elif command == sichuan.BRIGHTNESS:
            self.brightness = data[0]
        elif command == sichuan.LIGHT:
            self.green = data[0] == 1
        elif command == sichuan.FLASH:
            self.flash = data[0] == 1
        else:
            return self._told(command)
        return b""

    def _told(self, command: int) -> bytes:
        if command == sichuan.ASK_CONTENT:
            rows = range(min(len(self.rows), sichuan.ROWS_MAX))
            return b"".join(self._row(row) for row in rows)
        row = command - (sichuan.ROW_1 | sichuan.ASK)
        if 0 <= row < len(self.rows):
            return self._row(row)
        state = {
            sichuan.ASK_BRIGHTNESS: self.brightness,
            sichuan.ASK_LIGHT: int(bool(self.green)),
            sichuan.ASK_FLASH: int(bool(self.flash)),
        }
        if command not in state:
            self.refused += 1
            return b""
        return sichuan.frame(command, bytes([state[command]]), self.brightness)

    def _row(self, row: int) -> bytes:
        data = self.rows[row].encode("gbk", "replace")[: sichuan.ROW_BYTES_MAX] or b" "
        return sichuan.frame((sichuan.ROW_1 | sichuan.ASK) + row, data, self.brightness)


class YunnanSignEmulator(EmulatedSign):
    """云南治超屏, which answers the host's query with its ``state`` and drops what it knows not."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__(rows, yunnan.splitter())
        self.state = 0

    def _take(self, frame: bytes) -> bytes:
        command, data = frame[1:2], frame[3:-1]
        if command == yunnan.QUERY:
            return yunnan.frame(yunnan.QUERY, bytes([self.state]))
        if command == yunnan.ROW and len(data) >= 2:
            self._set(data[1] - ord("1"), ungbk(data[2:]), _name(data[0] & 0x0F))
        elif command == yunnan.CLEAR:
            self._clear()
        elif command == yunnan.BRIGHTNESS and data:
            self.brightness = data[0]
        elif command == yunnan.LAMPS and data:
            self.flash = bool(data[0] & yunnan.FLASH_LAMP)
            self.green = bool(data[0] & yunnan.GREEN_LAMP) and not data[0] & yunnan.RED_LAMP
        elif 0 <= command[0] - yunnan.CLEAR_ROW_1 < yunnan.ROWS_MAX:
            self._set(command[0] - yunnan.CLEAR_ROW_1, "")
        else:
            self.refused += 1
        return b""


def _name(colour: int) -> str:
    return {number: name for name, number in yunnan.COLOURS.items()}.get(colour, "")


class GuizhouSignEmulator(EmulatedSign):
    """贵州 "TCLY": a row is what stands at its height; the fault query tells ``fault``."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__(rows, guizhou.splitter())
        self.fault = 0

    def _take(self, frame: bytes) -> bytes:
        command, payload = frame[12], frame[16:-1]
        if command == guizhou.FAULTS:
            sequence = int.from_bytes(frame[4:8], "little")
            return guizhou.frame(sequence, guizhou.FAULTS, bytes([self.fault]))
        if command == guizhou.CLEAR:
            self._clear()
        elif command == guizhou.DISPLAY and len(payload) >= 17 and payload[12] in guizhou.SIZES_PX:
            row = int.from_bytes(payload[2:4], "little") // payload[12]
            self._set(row, ungbk(payload[17:]), _nearest(tuple(payload[14:17])))
        else:
            self.refused += 1
        return b""


def _nearest(rgb: tuple[int, ...]) -> str:
    return next((name for name, known in guizhou.COLOURS.items() if known == rgb), "")


class OnbonSignEmulator(EmulatedSign):
    """An ONBON card, ``generation`` 5 or 6, that acknowledges what it understands."""

    def __init__(self, rows: int = 4, generation: int = 5) -> None:
        if generation not in (5, 6):
            raise ValueError(f"there are BX-5 and BX-6, not {generation}")
        super().__init__(rows, onbon.splitter())
        self._generation: onbon.Generation = 6 if generation == 6 else 5

    def _take(self, frame: bytes) -> bytes:
        body = onbon.unstuffed(frame)
        known = onbon.generation_of(body) == self._generation and self._obeys(onbon.data_of(body))
        self.refused += not known
        said = (onbon.ACKNOWLEDGED if known else onbon.REFUSED) + bytes(3)
        return onbon.frame(onbon.header(self._generation, said, 0, address=1), said)

    def _obeys(self, data: bytes) -> bool:
        if self._generation == 6:
            # Reply, group, command, 3 bytes, length of 4; the area's number comes first.
            return data[1:3] == b"\xa7\x06" and self._show(data[10:], number_at=0, text_at=47)
        if data[:2] == b"\xa2\x00":
            return True
        # Group, command, 5 bytes, length of 2.
        return data[:2] == b"\xa3\x06" and self._show(data[9:], number_at=9, text_at=23)

    def _show(self, area: bytes, number_at: int, text_at: int) -> bool:
        if len(area) < text_at + 4:
            return False
        length = int.from_bytes(area[text_at : text_at + 4], "little")
        text = area[text_at + 4 :]
        if len(text) != length or text[:2] != b"\\C":
            return False
        marks = {mark: name for name, mark in onbon.COLOURS.items()}
        self._set(area[number_at], ungbk(text[3:]), marks.get(text[:3], ""))
        return True


class RowSignEmulator(EmulatedSign):
    """The simple row display, which answers nothing."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__(rows, rowdisplay.splitter())

    def _take(self, frame: bytes) -> bytes:
        text = frame[6:-1].decode("utf-16-be", errors="replace").rstrip()
        self._set(frame[2] - 1, text)
        return b""


class ParkingBoardEmulator(EmulatedSign):
    """The parking LED and voice board."""

    def __init__(self, rows: int = 4, address: int = parking.ADDRESS) -> None:
        super().__init__(rows, parking.splitter(address))

    def _take(self, frame: bytes) -> bytes:
        command, data = frame[4], frame[6:-2]
        if command == parking.PLAY and data:
            self._say(ungbk(data[1:]))
        elif command == parking.LINES and len(data) >= 2:
            self._lines(data)
        else:
            self.refused += 1
        return b""

    def _lines(self, data: bytes) -> None:
        at = 2
        for _ in range(data[1]):
            head = data[at : at + 10]
            if len(head) < 10:
                self.refused += 1
                return
            text = data[at + 10 : at + 10 + head[9]]
            self._set(head[0], ungbk(text), _colour(head[5:9]))
            at += 11 + head[9]
        if data[at : at + 1] == b"\x0a" and len(data) > at + 1:
            self._say(ungbk(data[at + 2 : at + 2 + data[at + 1]]))


def _colour(rgba: bytes) -> str:
    return next((name for name, known in parking.COLOURS.items() if known == rgba), "")


class Syn6288Emulator:
    """A SYN6288 that speaks ``speaking_us`` for each text; what it said stands in ``spoken``."""

    def __init__(self, speaking_us: int = 2_000_000) -> None:
        self.spoken: list[str] = []
        self.silent = False
        self._speaking_us = speaking_us
        self._until_us = 0
        self._kept = b""

    def answer(self, data: bytes, now_us: int) -> bytes:
        self._kept = (self._kept + data)[-1024:]
        said = b""
        while len(self._kept) >= 4:
            length = 3 + int.from_bytes(self._kept[1:3], "big")
            if self._kept[0] != 0xFD or length > 300:
                self._kept = self._kept[1:]
            elif len(self._kept) < length:
                break
            else:
                said += self._take(self._kept[:length], now_us)
                self._kept = self._kept[length:]
        return b"" if self.silent else said

    def due(self, now_us: int) -> bytes:
        if not self._until_us or now_us < self._until_us:
            return b""
        self._until_us = 0
        return b"" if self.silent else bytes([Answer.IDLE])

    def _take(self, frame: bytes, now_us: int) -> bytes:
        folded = 0
        for byte in frame[:-1]:
            folded ^= byte
        if folded != frame[-1]:
            return bytes([Answer.REFUSED])
        if frame[3] == ASK:
            return bytes([Answer.BUSY if self._until_us else Answer.IDLE])
        if frame[3] == SPEAK:
            self.spoken = [*self.spoken[1 - SPOKEN_MAX :], ungbk(frame[5:-1])]
            self._until_us = now_us + self._speaking_us
        return bytes([Answer.TAKEN])
