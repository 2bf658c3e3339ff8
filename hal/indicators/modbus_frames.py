"""Modbus RTU as far as a weight transmitter needs it: read holding registers, write one.

Source: Modbus over serial line V1.02; Laumas TLB manual (registers 40006 to 40014).  ``parse`` is
told what was asked, since an RTU answer does not say which registers it holds.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hal.field import modbus_rtu
from hal.indicators.codec import NEEDS_MORE, Aside, Cut, Found, Shown, Spoiled
from hal.ports import IndicationState

READ, WRITE, REFUSED = 0x03, 0x06, 0x80
EXCEPTION_BYTES, WRITTEN_BYTES = 5, 8
WORDS_MAX = 32
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal register address",
    3: "illegal value",
    4: "device failure",
    6: "device busy",
}

WordOrder = Literal["high first", "low first"]
Sign = Literal["twos complement", "status bit", "none"]


class RegisterMap(Struct, frozen=True, kw_only=True):
    """Where a transmitter keeps its weight; protocol addresses, 40007 is 6.

    ``status``, ``gross`` and ``net`` are addresses; status is one word, weights are two.  ``zero``
    is where a zero command is written.
    """

    status: int | None = None
    gross: int
    net: int | None = None
    zero: int | None = None

    @property
    def first(self) -> int:
        """The lowest register that is read."""
        return min(a for a in (self.status, self.gross, self.net) if a is not None)

    @property
    def words(self) -> int:
        """How many registers are read together."""
        ends = [self.gross + 2, *([self.net + 2] if self.net is not None else [])]
        ends += [self.status + 1] if self.status is not None else []
        return max(ends) - self.first


MAPS: dict[str, RegisterMap] = {"laumas": RegisterMap(status=6, gross=7, net=9, zero=5)}
"""40007 status, 40008/9 gross, 40010/11 net, 40006 command; sold as CAS and Bosche, too."""

SAVES_OR_CALIBRATES = frozenset({99, 100, 101})
"""Laumas commands that save, set the calibration's zero or span: never a controller's to write."""


class StatusBits(Struct, frozen=True, kw_only=True):
    """Which bits of the status word say what, 0 to 15; () where none does."""

    stable: tuple[int, ...] = ()
    moving: tuple[int, ...] = ()
    zero: tuple[int, ...] = ()
    over: tuple[int, ...] = ()
    under: tuple[int, ...] = ()
    error: tuple[int, ...] = ()
    negative: tuple[int, ...] = ()


class Reading(Struct, frozen=True, kw_only=True):
    """All that must be stated to read a transmitter's registers."""

    unit: int
    registers: RegisterMap
    word_order: WordOrder
    sign: Sign
    bits: StatusBits
    decimals: int = 0


def crc16(body: bytes) -> bytes:
    """CRC-16/MODBUS, the low byte first."""
    return modbus_rtu.crc16(body).to_bytes(2, "little")


def read_request(unit: int, first: int, words: int) -> bytes:
    """The question for ``words`` holding registers from protocol address ``first``."""
    body = bytes([unit, READ]) + first.to_bytes(2, "big") + words.to_bytes(2, "big")
    return body + crc16(body)


def write_request(unit: int, register: int, value: int) -> bytes:
    """The order to write one holding register."""
    body = bytes([unit, WRITE]) + register.to_bytes(2, "big") + value.to_bytes(2, "big")
    return body + crc16(body)


def combine(words: tuple[int, int], order: WordOrder, *, signed: bool) -> int:
    """Two registers as one number."""
    high, low = words if order == "high first" else words[::-1]
    value = high << 16 | low
    return value - (1 << 32) if signed and value >> 31 else value


def cut(window: bytes, reading: Reading) -> Cut:
    """The answer to the read of these registers, to a write, or an exception, of one unit."""
    if window[0] != reading.unit:
        return Cut(1)
    if len(window) < EXCEPTION_BYTES:
        return NEEDS_MORE
    length = _length(window, reading)
    if len(window) < length:
        return NEEDS_MORE
    frame = window[:length]
    if crc16(frame[:-2]) != frame[-2:]:
        why = f"CRC {frame[-2:].hex(' ')} where {crc16(frame[:-2]).hex(' ')} belongs"
        return Cut(1, Spoiled(raw=frame, why=why) if length else None)
    return Cut(length, _read(frame, reading))


def _length(window: bytes, reading: Reading) -> int:
    """How long the answer is that begins so; 0 where it is none."""
    if window[1] == READ and window[2] == 2 * reading.registers.words:
        return 5 + window[2]
    return {
        READ | REFUSED: EXCEPTION_BYTES,
        WRITE | REFUSED: EXCEPTION_BYTES,
        WRITE: WRITTEN_BYTES,
    }.get(window[1], 0)


def _read(frame: bytes, reading: Reading) -> Found:
    if frame[1] == READ:
        return _shown(frame, reading)
    return Aside(raw=frame, refusal=_refusal(frame) if frame[1] & REFUSED else "")


def registers_of(frame: bytes) -> tuple[int, ...]:
    """The registers of an answer that checks."""
    data = frame[3:-2]
    return tuple(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))


def _refusal(frame: bytes) -> str:
    return f"exception {frame[2]}, {EXCEPTIONS.get(frame[2], 'unknown')}"


def weights(frame: bytes, reading: Reading, order: WordOrder, sign: Sign) -> tuple[int, int | None]:
    """Gross and net of an answer under an assumed word order and sign."""
    words, map_ = registers_of(frame), reading.registers
    negative = sign == "status bit" and _any(_status(words, map_), reading.bits.negative)
    signed = sign == "twos complement"

    def at(address: int) -> int:
        i = address - map_.first
        value = combine((words[i], words[i + 1]), order, signed=signed)
        return -value if negative else value

    return at(map_.gross), None if map_.net is None else at(map_.net)


def _shown(frame: bytes, reading: Reading) -> Shown:
    words, bits = registers_of(frame), reading.bits
    status = _status(words, reading.registers)
    gross, net = weights(frame, reading, reading.word_order, reading.sign)
    state = IndicationState.OK
    for name, meant in (("ERROR", bits.error), ("OVER", bits.over), ("UNDER", bits.under)):
        state = state or (IndicationState[name] if _any(status, meant) else state)
    return Shown(
        raw=frame,
        digits=None if state else gross,
        decimals=reading.decimals,
        state=state,
        # A sign of its own for the net weight is not stated, so no tare can be had from the two.
        tare_digits=None if net is None or reading.sign == "status bit" else gross - net,
        motion=_motion(status, bits),
        centre_of_zero=_any(status, bits.zero) if bits.zero else None,
    )


def _status(words: tuple[int, ...], registers: RegisterMap) -> int:
    return 0 if registers.status is None else words[registers.status - registers.first]


def _motion(status: int, bits: StatusBits) -> bool | None:
    if not bits.stable and not bits.moving:
        return None
    return _any(status, bits.moving) or not (_any(status, bits.stable) or not bits.stable)


def _any(status: int, bits: tuple[int, ...]) -> bool:
    return any(status >> bit & 1 for bit in bits)
