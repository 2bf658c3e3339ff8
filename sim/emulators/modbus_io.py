"""A Modbus relay and input module: RTU, or TCP, with the faults that such modules have.

Functions 1, 2, 5 and 15, as relay boards know them.  ``inputs`` and ``coils`` are plain lists;
``inputs`` may be a callable that the yard's physics answers, and ``switched`` is told of coils.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from hal.field.modbus_rtu import FRAME_BYTES_MAX, crc16, sealed

Fault = Literal["", "silent", "wrong unit", "garbled", "stuck coil"]
Inputs = Callable[[], Sequence[bool]]
_READ_COILS, _READ_INPUTS, _WRITE_COIL, _WRITE_COILS = 1, 2, 5, 15
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3
_REQUEST_BYTES = 8
_COUNT_MAX = 2000


class _RefusalError(Exception):
    """An exception answer of the module."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ModbusIo:
    """One module.  ``fault`` may be set at any time; ``stuck`` are the coils that do not switch.

    Args:
        unit: its address, 1 to 247.
        tcp: MBAP frames instead of RTU.
        coils, inputs: how many it has.
        closed: the inputs that are on at first, as "0,3".
    """

    def __init__(
        self,
        unit: int = 1,
        tcp: bool = False,
        coils: int = 8,
        inputs: int = 8,
        closed: str = "",
    ) -> None:
        on = {int(number) for number in closed.split(",") if number.strip()}
        if not on <= set(range(inputs)):
            raise ValueError(f"closed = {closed}: this module has the inputs 0 to {inputs - 1}")
        self.unit = unit
        self.coils = [False] * coils
        self.inputs: list[bool] | Inputs = [number in on for number in range(inputs)]
        self.fault: Fault = ""
        self.stuck: set[int] = set()
        self.switched: Callable[[int, bool], None] = lambda coil, on: None
        self.heard = 0
        self._tcp = tcp
        self._kept = b""

    def answer(self, data: bytes, now_us: int) -> bytes:
        self._kept = (self._kept + data)[-2 * FRAME_BYTES_MAX :]
        return self._tcp_answers() if self._tcp else self._rtu_answers()

    def due(self, now_us: int) -> bytes:
        """A module speaks only when it is asked."""
        return b""

    def restart(self) -> None:
        """Power was lost and is back: all relays have fallen off."""
        for coil in range(len(self.coils)):
            self._switch(coil, False)
        self._kept = b""

    def _rtu_answers(self) -> bytes:
        out = b""
        while len(self._kept) >= _REQUEST_BYTES:
            size = _request_size(self._kept)
            frame = self._kept[:size]
            if size == 0:
                self._kept = self._kept[1:]
            elif len(frame) < size:
                break
            elif crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
                self._kept = self._kept[1:]
            else:
                self._kept = self._kept[size:]
                out += self._spoilt(self._to(frame[0], frame[1:-2]), sealed)
        return out

    def _tcp_answers(self) -> bytes:
        out = b""
        while len(self._kept) >= 8:
            size = 6 + int.from_bytes(self._kept[4:6], "big")
            if self._kept[2:4] != b"\x00\x00" or not 8 <= size <= FRAME_BYTES_MAX + 6:
                self._kept = self._kept[1:]
                continue
            if len(self._kept) < size:
                break
            frame, self._kept = self._kept[:size], self._kept[size:]
            head = frame[:4]

            def wrap(body: bytes, head: bytes = head) -> bytes:
                return head + len(body).to_bytes(2, "big") + body

            out += self._spoilt(self._to(frame[6], frame[7:]), wrap)
        return out

    def _to(self, unit: int, pdu: bytes) -> bytes:
        """The answer's unit and PDU; empty where another unit is asked."""
        if unit != self.unit or self.fault == "silent":
            return b""
        self.heard += 1
        try:
            body = self._done(pdu)
        except _RefusalError as refusal:
            body = bytes([pdu[0] | 0x80, refusal.code])
        shown = self.unit + 1 if self.fault == "wrong unit" else self.unit
        return bytes([shown]) + body

    def _spoilt(self, body: bytes, wrap: Callable[[bytes], bytes]) -> bytes:
        if not body:
            return b""
        frame = wrap(body)
        if self.fault == "garbled":
            return bytes(byte ^ 0x55 for byte in frame)
        return frame

    def _done(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function in (_READ_COILS, _READ_INPUTS):
            bits = self.coils if function == _READ_COILS else self._inputs()
            return bytes([function]) + self._packed(bits, pdu)
        if function == _WRITE_COIL:
            return self._write_one(pdu)
        if function == _WRITE_COILS:
            return self._write_many(pdu)
        raise _RefusalError(_ILLEGAL_FUNCTION)

    def _inputs(self) -> Sequence[bool]:
        return self.inputs() if callable(self.inputs) else self.inputs

    def _packed(self, bits: Sequence[bool], pdu: bytes) -> bytes:
        first, count = _first_and_count(pdu)
        if not 1 <= count <= _COUNT_MAX:
            raise _RefusalError(_ILLEGAL_VALUE)
        if first + count > len(bits):
            raise _RefusalError(_ILLEGAL_ADDRESS)
        number = sum(1 << i for i in range(count) if bits[first + i])
        packed = number.to_bytes((count + 7) // 8, "little")
        return bytes([len(packed)]) + packed

    def _write_one(self, pdu: bytes) -> bytes:
        coil, value = _first_and_count(pdu)
        if value not in (0x0000, 0xFF00):
            raise _RefusalError(_ILLEGAL_VALUE)
        if coil >= len(self.coils):
            raise _RefusalError(_ILLEGAL_ADDRESS)
        self._switch(coil, value == 0xFF00)
        return pdu

    def _write_many(self, pdu: bytes) -> bytes:
        first, count = _first_and_count(pdu)
        if len(pdu) != 6 + (count + 7) // 8 or not count:
            raise _RefusalError(_ILLEGAL_VALUE)
        if first + count > len(self.coils):
            raise _RefusalError(_ILLEGAL_ADDRESS)
        number = int.from_bytes(pdu[6:], "little")
        for i in range(count):
            self._switch(first + i, bool(number >> i & 1))
        return pdu[:5]

    def _switch(self, coil: int, on: bool) -> None:
        stands = coil in self.stuck or self.fault == "stuck coil"
        if not stands and self.coils[coil] is not on:
            self.coils[coil] = on
            self.switched(coil, on)


def _request_size(data: bytes) -> int:
    """The bytes of the request that begins here; 0 where none does."""
    if data[1] == _WRITE_COILS:
        return 9 + data[6]
    return _REQUEST_BYTES if 1 <= data[1] <= 6 else 0


def _first_and_count(pdu: bytes) -> tuple[int, int]:
    if len(pdu) < 5:
        raise _RefusalError(_ILLEGAL_VALUE)
    return int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
