"""The check sums of the sign families."""

from __future__ import annotations

MODBUS = 0xFFFF
ARC = 0x0000


def xor(data: bytes) -> int:
    """The exclusive or of all bytes."""
    folded = 0
    for byte in data:
        folded ^= byte
    return folded


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        rows.append(crc)
    return tuple(rows)


_ROWS = _table()


def crc16(data: bytes, start: int = MODBUS) -> int:
    """CRC-16 with the polynomial A001 reflected: Modbus from FFFF, ARC from 0000."""
    crc = start
    for byte in data:
        crc = (crc >> 8) ^ _ROWS[(crc ^ byte) & 0xFF]
    return crc
