"""Frames of the serial detector of remote-control devices (防遥控报警仪); pure.

``3A len command … xor``: ``len`` counts all bytes, ``xor`` is over those between.  Query
``3A 04 01 05``, reset ``3A 04 02 06``; reply ``3A len 81 warn type H L x … xor``.  Field source:
wltj ``remote_check.c``, which does not state the unit of the frequency word.
"""

from __future__ import annotations

from typing import NamedTuple

QUERY = bytes.fromhex("3A 04 01 05")
RESET = bytes.fromhex("3A 04 02 06")
HEAD = 0x3A
REPLY = 0x81
BYTES_MIN = 4
BYTES_MAX = 32
REPLY_BYTES_MIN = 9


class RfReply(NamedTuple):
    """What the detector says: a signal is there, it is a known one, and its frequency word.

    ``channel`` is ``(H << 8 | L) * 10 + x``; read as steps of 10 kHz, 43392 is 433.92 MHz.
    """

    warns: bool
    known: bool
    channel: int


def xor(data: bytes) -> int:
    """The checksum of the bytes between head and checksum."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def frame(command: int, data: bytes = b"") -> bytes:
    """A whole frame."""
    body = bytes([BYTES_MIN + len(data), command]) + data
    return bytes([HEAD]) + body + bytes([xor(body)])


class RfParser:
    """Bytes in, replies out; what is no frame is skipped, and ``skipped`` counts it."""

    def __init__(self) -> None:
        self.skipped = 0
        self._kept = b""

    def feed(self, data: bytes) -> list[RfReply]:
        """The replies that are whole now; other commands' frames are passed over."""
        found = []
        self._kept += data
        while self._kept:
            size = self._size()
            if size is None:
                break
            if size == 0:
                self._skip()
                continue
            one, self._kept = self._kept[:size], self._kept[size:]
            if one[2] == REPLY and size >= REPLY_BYTES_MIN:
                channel = (one[5] << 8 | one[6]) * 10 + one[7]
                found.append(RfReply(one[3] == 1, one[4] == 1, channel))
        return found

    def _size(self) -> int | None:
        """The bytes of the frame here, None until they are there, 0 where there is none."""
        if self._kept[0] != HEAD:
            return 0
        if len(self._kept) < 2:
            return None
        size = self._kept[1]
        if not BYTES_MIN <= size <= BYTES_MAX:
            return 0
        if len(self._kept) < size:
            return None
        return size if xor(self._kept[1 : size - 1]) == self._kept[size - 1] else 0

    def _skip(self) -> None:
        at = self._kept.find(HEAD, 1)
        step = at if at > 0 else len(self._kept)
        self.skipped += step
        self._kept = self._kept[step:]
