"""Weighing indicators that speak the real frames, at the pace of the real wire.

``weight_g`` (gross), ``tare_g`` and ``motion`` may be set, or be functions that the yard's physics
answers.  The indicator shows whole divisions and is over above Max + 9 d.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from hal.indicators import modbus_frames, toledo_frames, yaohua_frames
from hal.indicators.codec import STX

QUEUE_BYTES_MAX = 4096
ZERO_RANGE = 25
"""A zero command is taken within Max / 25, four per cent (R 76 clause 4.5.1)."""

Word = Literal["high first", "low first"]


class Display(NamedTuple):
    """What the indicator shows: gross and tare in kilograms, and its lamps."""

    gross_kg: int
    tare_kg: int
    moving: bool
    over: bool

    @property
    def shown_kg(self) -> int:
        """The number on the display: net where there is a tare."""
        return self.gross_kg - self.tare_kg


class Talker:
    """An indicator without its words: the display, its timing and its wire.

    Every word goes out at ``baud`` with ten bits a byte.  ``silent`` makes it say nothing.
    """

    def __init__(
        self,
        weight_g: int = 0,
        every_us: int = 100_000,
        baud: int = 9600,
        max_g: int = 100_000_000,
        d_g: int = 20_000,
    ) -> None:
        self.weight_g: int | Callable[[], int] = weight_g
        self.tare_g: int | Callable[[], int] = 0
        self.motion: bool | Callable[[], bool] = False
        self.silent = False
        self.max_g, self.d_g = max_g, d_g
        self.zero_g = 0
        self._every_us, self._baud = every_us, baud
        self._next_us = self._wire_us = -1
        self._queue = bytearray()
        self._heard = b""

    def answer(self, data: bytes, now_us: int) -> bytes:
        self._heard = (self._heard + data)[-QUEUE_BYTES_MAX:]
        if not self.silent:
            self._say(self.heard())
        return b""

    def due(self, now_us: int) -> bytes:
        if self._next_us < 0:
            self._next_us = self._wire_us = now_us
        if now_us >= self._next_us:
            missed = (now_us - self._next_us) // self._every_us + 1
            self._next_us += missed * self._every_us
            self._say(b"" if self.silent else self.unasked())
        return self._paced(now_us)

    def heard(self) -> bytes:
        """The answers to what stands in ``_heard``, which is used up."""
        self._heard = b""
        return b""

    def unasked(self) -> bytes:
        """What is sent once every period."""
        return b""

    def display(self) -> Display:
        """What is shown now."""
        gross_g = _now(self.weight_g) - self.zero_g
        kilograms = round(gross_g / self.d_g) * self.d_g // 1000
        over = gross_g > self.max_g + 9 * self.d_g
        return Display(kilograms, _now(self.tare_g) // 1000, bool(_now(self.motion)), over)

    def set_zero(self) -> bool:
        """Set the zero; False where the load is out of its range or in motion."""
        weight_g = _now(self.weight_g)
        if abs(weight_g) > self.max_g // ZERO_RANGE or _now(self.motion):
            return False
        self.zero_g = weight_g
        return True

    def _say(self, words: bytes) -> None:
        if len(self._queue) + len(words) <= QUEUE_BYTES_MAX:
            self._queue += words

    def _paced(self, now_us: int) -> bytes:
        """As many bytes as the wire has carried since it was last asked."""
        byte_us = 10_000_000 // self._baud
        if not self._queue:
            self._wire_us = now_us
            return b""
        fit = max((now_us - self._wire_us) // byte_us, 0)
        gone = bytes(self._queue[:fit])
        del self._queue[:fit]
        self._wire_us += fit * byte_us
        return gone


class YaohuaEmulator(Talker):
    """Yaohua XK3190: format "0", "1", "2" unasked, "polled" answers to ``address``."""

    def __init__(
        self,
        format: Literal["0", "1", "2", "polled"] = "0",
        address: str = "A",
        decimals: int = 0,
        plain_checksum: bool = False,
        weight_g: int = 0,
        every_us: int = 100_000,
        baud: int = 9600,
        max_g: int = 100_000_000,
        d_g: int = 20_000,
    ) -> None:
        super().__init__(weight_g, every_us, baud, max_g, d_g)
        self._format, self._address = format, address
        self._decimals, self._plain = decimals, plain_checksum

    def unasked(self) -> bytes:
        digits = self._digits()
        if self._format == "0":
            return yaohua_frames.continuous(digits, self._decimals, plain=self._plain)
        if self._format == "polled":
            return b""
        whole, part = divmod(abs(digits), 10**self._decimals)
        text = f"{whole}.{part:0{self._decimals}d}" if self._decimals else str(whole)
        text = f"-{text:0>7}" if digits < 0 else f"{text:0>8}"
        return b"=" + (text[::-1] if self._format == "1" else text).encode("ascii")

    def heard(self) -> bytes:
        said = b""
        while self._format == "polled" and (start := self._heard.find(STX)) >= 0:
            frame = self._heard[start : start + yaohua_frames.ACK_BYTES]
            if len(frame) < yaohua_frames.ACK_BYTES:
                self._heard = frame
                return said
            ask = frame[2:3]
            ours = frame == yaohua_frames.command(self._address, ask)
            self._heard = self._heard[start + (len(frame) if ours else 1) :]
            said += self._asked(ask, frame) if ours else b""
        self._heard = b""
        return said

    def _asked(self, ask: bytes, frame: bytes) -> bytes:
        display = self.display()
        tens = 10**self._decimals
        numbers = {b"B": display.gross_kg, b"C": display.tare_kg, b"D": display.shown_kg}
        if ask in numbers:
            return yaohua_frames.answer(self._address, ask, numbers[ask] * tens, self._decimals)
        if ask == b"0":
            self.set_zero()
        return frame

    def _digits(self) -> int:
        display = self.display()
        return 999_999 if display.over else display.gross_kg * 10**self._decimals


class ToledoEmulator(Talker):
    """Toledo continuous output, with dummy zeros for divisions of 10 kg and more."""

    def __init__(
        self,
        checksum: bool = True,
        variant: Literal["toledo", "liden", "flintec"] = "toledo",
        weight_g: int = 0,
        every_us: int = 50_000,
        baud: int = 9600,
        max_g: int = 100_000_000,
        d_g: int = 20_000,
    ) -> None:
        super().__init__(weight_g, every_us, baud, max_g, d_g)
        self._checksum, self._variant = checksum, variant

    def unasked(self) -> bytes:
        display = self.display()
        d_kg = max(self.d_g // 1000, 1)
        dummies = 1 if d_kg in (10, 20, 50) and self._variant == "toledo" else 0
        steps = {1: 1, 2: 2, 5: 3}.get(d_kg // 10**dummies, 1)
        a = toledo_frames.VARIANTS[self._variant].a_value | (2 - dummies)
        a |= steps << 3 if self._variant == "toledo" else 0
        b = toledo_frames.ALWAYS | toledo_frames.KILOGRAM
        b |= toledo_frames.NET * bool(display.tare_kg)
        b |= toledo_frames.NEGATIVE * (display.shown_kg < 0)
        b |= toledo_frames.MOTION * display.moving | toledo_frames.OUT_OF_RANGE * display.over
        c = toledo_frames.ALWAYS if self._variant == "toledo" else 0x30
        digits = 999_999 if display.over else abs(display.shown_kg) // 10**dummies
        tare = display.tare_kg // 10**dummies
        return toledo_frames.frame_of(a, b, c, b"%6d" % digits, b"%6d" % tare, check=self._checksum)


class StGsEmulator(Talker):
    """``ST,GS,+0012450kg`` and its kind."""

    def unasked(self) -> bytes:
        display = self.display()
        status = "OL" if display.over else "US" if display.moving else "ST"
        kind = "NT" if display.tare_kg else "GS"
        return f"{status},{kind},{display.shown_kg:+08d}kg\r\n".encode("ascii")


class SicsEmulator(Talker):
    """MT-SICS level 0: S, SI, SIR and Z."""

    repeating = False

    def unasked(self) -> bytes:
        return self._weight() if self.repeating else b""

    def heard(self) -> bytes:
        *lines, self._heard = self._heard.split(b"\n")
        return b"".join(self._command(line.strip()) for line in lines)

    def _command(self, line: bytes) -> bytes:
        if line in (b"S", b"SI", b"SIR"):
            self.repeating = line == b"SIR"
            return self._weight()
        if line in (b"Z", b"ZI"):
            return line + (b" A\r\n" if self.set_zero() else b" I\r\n")
        return b"ES\r\n"

    def _weight(self) -> bytes:
        display = self.display()
        if display.over:
            return b"S +\r\n"
        status = "D" if display.moving else "S"
        return f"S {status} {display.shown_kg:10d} kg\r\n".encode("ascii")


class LaumasEmulator(Talker):
    """A Modbus RTU transmitter with Laumas's registers.

    Status bits: 2 over, 11 stable, 12 zero; a build of a device, not of all of them.
    """

    def __init__(
        self,
        address: int = 1,
        word_order: Word = "high first",
        weight_g: int = 0,
        every_us: int = 100_000,
        baud: int = 9600,
        max_g: int = 100_000_000,
        d_g: int = 20_000,
    ) -> None:
        super().__init__(weight_g, every_us, baud, max_g, d_g)
        self._address, self._word_order = address, word_order
        self.written: list[tuple[int, int]] = []

    def heard(self) -> bytes:
        said = b""
        while len(self._heard) >= modbus_frames.WRITTEN_BYTES:
            frame = self._heard[: modbus_frames.WRITTEN_BYTES]
            ours = frame[0] == self._address and modbus_frames.crc16(frame[:-2]) == frame[-2:]
            self._heard = self._heard[len(frame) if ours else 1 :]
            said += self._request(frame) if ours else b""
        return said

    def _request(self, frame: bytes) -> bytes:
        register, number = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        if frame[1] == modbus_frames.WRITE:
            self.written = [*self.written[-63:], (register, number)]
            if number == 8:
                self.set_zero()
            return frame
        registers = self._registers()
        if frame[1] != modbus_frames.READ or register + number > len(registers):
            body = bytes([self._address, frame[1] | 0x80, 2])
            return body + modbus_frames.crc16(body)
        data = b"".join(word.to_bytes(2, "big") for word in registers[register:][:number])
        body = bytes([self._address, modbus_frames.READ, len(data)]) + data
        return body + modbus_frames.crc16(body)

    def _registers(self) -> list[int]:
        display = self.display()
        status = 4 * display.over | (not display.moving) << 11 | (not display.gross_kg) << 12
        words = [0] * 6 + [status]
        for value in (display.gross_kg, display.shown_kg):
            pair = [value >> 16 & 0xFFFF, value & 0xFFFF]
            words += pair if self._word_order == "high first" else pair[::-1]
        return words


def _now(value: int | Callable[[], int]) -> int:
    return value() if callable(value) else value
