"""Frames of the coprocessor's link: COBS between zero bytes, a kind, a sequence number, a CRC-16.

A frame is ``COBS(kind u8, seq u16, payload, crc u16) 00``, little endian; the CRC is CRC-16/
CCITT-FALSE (polynomial 0x1021, begun with 0xFFFF, 0x29B1 over ``123456789``) over kind, seq and
payload.  A body is at most 205 bytes, so COBS costs one byte.  ``board/firmware/framing.py`` is the
other end; both are held to ``protocol/vectors/coprocessor.toml``.

Source of COBS: Cheshire and Baker, IEEE/ACM Transactions on Networking 7 (1999) 2.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import NamedTuple

PAYLOAD_MAX = 200
_HEAD, _TAIL = 3, 2
_WIRE_MAX = _HEAD + PAYLOAD_MAX + _TAIL + 1
_SEQS = 0x10000
_GAP_MAX = 1_000


class Frame(NamedTuple):
    """One sound frame."""

    kind: int
    seq: int
    payload: bytes


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE."""
    return crc_hqx(data, 0xFFFF)


def encode(kind: int, seq: int, payload: bytes) -> bytes:
    """One frame as it goes out, the zero at its end included; raises ValueError where too long."""
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"a payload of {len(payload)} bytes; at most {PAYLOAD_MAX} go in a frame")
    body = bytes((kind, seq & 0xFF, seq >> 8 & 0xFF)) + payload
    body += crc16(body).to_bytes(2, "little")
    return b"".join(bytes((len(run) + 1,)) + run for run in body.split(b"\0")) + b"\0"


class Decoder:
    """Takes bytes as they come and gives sound frames; what is none is counted and dropped.

    ``corrupt`` counts frames that were none, ``missed`` those that the sequence numbers say were
    lost.  A greater jump than ``_GAP_MAX`` is a sender that has begun anew.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.corrupt = 0
        self.missed = 0
        self._kept = bytearray()
        self._next: int | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that end in these bytes."""
        *ended, rest = data.split(b"\0")
        found = []
        for piece in ended:
            raw = bytes(self._kept) + piece
            self._kept.clear()
            frame = _open(raw) if raw else None
            if frame is not None:
                self._count(frame.seq)
                found.append(frame)
            elif raw:
                self.corrupt += 1
        # One byte more than any frame has is enough to know that this is none.
        self._kept += rest[: _WIRE_MAX + 1 - len(self._kept)]
        return found

    def drop(self) -> None:
        """Forget half a frame and what number comes next: the line has been opened anew."""
        self._kept.clear()
        self._next = None

    def _count(self, seq: int) -> None:
        self.frames += 1
        if self._next is not None:
            gap = (seq - self._next) % _SEQS
            self.missed += gap if gap < _GAP_MAX else 0
        self._next = (seq + 1) % _SEQS


def _open(raw: bytes) -> Frame | None:
    """The frame in these bytes without zeros, None where they are none."""
    if len(raw) > _WIRE_MAX:
        return None
    parts, at = [], 0
    while at < len(raw):
        code = raw[at]
        if at + code > len(raw):
            return None
        parts.append(raw[at + 1 : at + code])
        at += code
    body = b"\0".join(parts)
    if len(body) < _HEAD + _TAIL or crc16(body[:-2]) != int.from_bytes(body[-2:], "little"):
        return None
    return Frame(body[0], int.from_bytes(body[1:3], "little"), body[3:-2])
