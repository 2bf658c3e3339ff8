"""Modbus RTU and TCP frames as bytes: checksum, what kind a frame is, whose it is; pure.

The library talks; this tells what was heard when it got no answer.  Modbus over serial line V1.02,
6.2; Modbus messaging on TCP/IP V1.0b, 3.1.3.
"""

from __future__ import annotations

FRAME_BYTES_MAX = 256
_MBAP_BYTES = 7
_READS = (1, 2, 3, 4)
_WRITES = (5, 6, 15, 16)


def _shifted(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_TABLE = tuple(_shifted(byte) for byte in range(256))


def crc16(data: bytes) -> int:
    """The CRC of Modbus RTU, sent low byte first; 0x4B37 of ``b"123456789"``."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def sealed(body: bytes) -> bytes:
    """A body, unit and function first, with its CRC."""
    return body + crc16(body).to_bytes(2, "little")


def answer_size(data: bytes) -> int | None:
    """The bytes of the answer that begins here, None where there are too few to tell.

    0 where no answer that is known begins so.
    """
    if len(data) < 2:
        return None
    function = data[1]
    if function & 0x80:
        return 5
    if function in _WRITES:
        return 8
    if function not in _READS:
        return 0
    if len(data) < 3:
        return None
    return 5 + data[2] if data[2] <= FRAME_BYTES_MAX - 5 else 0


def is_question(data: bytes, unit: int) -> bool:
    """Whether this is a read of ours and nothing else, as a converter with an echo gives it."""
    whole = len(data) == 8 and data[0] == unit and data[1] in _READS
    return whole and sealed(data[:-2]) == data


def answers(data: bytes) -> list[bytes]:
    """The answers with a right CRC in what was heard on a serial line, whatever lies between."""
    found = []
    at = 0
    while at < len(data):
        size = answer_size(data[at:])
        if size and len(data) - at >= size:
            frame = data[at : at + size]
            if crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little"):
                found.append(frame)
                at += size
                continue
        at += 1
    return found


def units_heard(data: bytes, tcp: bool) -> list[int]:
    """The units of the frames in what was heard; empty where there is none to be made out."""
    if not tcp:
        return [frame[0] for frame in answers(data)]
    found = []
    while len(data) > _MBAP_BYTES:
        size = 6 + int.from_bytes(data[4:6], "big")
        if data[2:4] != b"\x00\x00" or not _MBAP_BYTES < size <= FRAME_BYTES_MAX + 6:
            break
        if len(data) >= size:
            found.append(data[6])
        data = data[size:]
    return found
