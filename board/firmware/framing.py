"""Frames on the wire: COBS between zero bytes, a kind, a sequence number and a CRC-16.

A frame is ``COBS(kind u8, seq u16, payload, crc u16) 00``, little endian; the CRC is CRC-16/
CCITT-FALSE over kind, seq and payload.  Buffers are made once: neither way allocates.  The same
wire as ``protocol/framing.py``; both are held to ``protocol/vectors/coprocessor.toml``.
"""

PAYLOAD_MAX = 200
HEAD = 3
BODY_MAX = HEAD + PAYLOAD_MAX + 2
WIRE_MAX = BODY_MAX + 2
"""One code byte more, since a body is shorter than 254, and the zero at the end."""


def _table() -> tuple[int, ...]:
    table: list[int] = []
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        table.append(crc)
    return tuple(table)


_CRC = _table()


def crc16(data: bytes | bytearray, length: int) -> int:
    """CRC-16/CCITT-FALSE of the first bytes; 0x29B1 over b"123456789"."""
    crc = 0xFFFF
    for index in range(length):
        crc = ((crc << 8) & 0xFFFF) ^ _CRC[(crc >> 8) ^ data[index]]
    return crc


class Encoder:
    """Makes one frame at a time: fill ``body`` from ``HEAD`` on, ``seal``, send ``wire``."""

    def __init__(self) -> None:
        self.body = bytearray(BODY_MAX)
        self.wire = bytearray(WIRE_MAX)
        self._seq = 0

    def seal(self, kind: int, length: int) -> int:
        """Frame ``length`` bytes of payload; returns how many bytes of ``wire`` to send."""
        body = self.body
        body[0] = kind
        body[1] = self._seq & 0xFF
        body[2] = self._seq >> 8
        self._seq = (self._seq + 1) & 0xFFFF
        end = HEAD + length
        crc = crc16(body, end)
        body[end] = crc & 0xFF
        body[end + 1] = crc >> 8
        return self._stuff(end + 2)

    def _stuff(self, length: int) -> int:
        body = self.body
        wire = self.wire
        code_at = 0
        for index in range(length):
            value = body[index]
            if value:
                wire[index + 1] = value
            else:
                wire[code_at] = index + 1 - code_at
                code_at = index + 1
        wire[code_at] = length + 1 - code_at
        wire[length + 1] = 0
        return length + 2


class Decoder:
    """Takes bytes one at a time; ``feed`` is True when a sound frame lies in ``body``.

    Everything else is counted and dropped up to the next zero: the frame after garbage is sound.
    """

    def __init__(self) -> None:
        self.body = bytearray(BODY_MAX)
        self.kind = 0
        self.seq = 0
        self.length = 0
        self.corrupt = 0
        self.missed = 0
        self._raw = bytearray(WIRE_MAX)
        self._filled = 0
        self._next = -1

    def feed(self, value: int) -> bool:
        """Take one byte."""
        if value:
            if self._filled < WIRE_MAX:
                self._raw[self._filled] = value
                self._filled += 1
            return False
        filled = self._filled
        self._filled = 0
        if filled == 0:
            return False
        if filled < WIRE_MAX and self._open(filled):
            return True
        self.corrupt = (self.corrupt + 1) & 0xFFFF
        return False

    def _open(self, filled: int) -> bool:
        length = self._unstuff(filled)
        if length < HEAD + 2:
            return False
        body = self.body
        end = length - 2
        if crc16(body, end) != body[end] | body[end + 1] << 8:
            return False
        self.kind = body[0]
        self.seq = body[1] | body[2] << 8
        self.length = end - HEAD
        if self._next >= 0:
            self.missed = (self.missed + self.seq - self._next) & 0xFFFF
        self._next = (self.seq + 1) & 0xFFFF
        return True

    def _unstuff(self, filled: int) -> int:
        """Undo COBS; returns the body's length, 0 where a code points past the frame."""
        raw = self._raw
        body = self.body
        zero_at = raw[0]
        if zero_at > filled:
            return 0
        for index in range(1, filled):
            if index == zero_at:
                zero_at = index + raw[index]
                if zero_at > filled:
                    return 0
                body[index - 1] = 0
            else:
                body[index - 1] = raw[index]
        return filled - 1
