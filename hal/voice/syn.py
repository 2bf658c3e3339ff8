"""Voice modules on a serial line: SYN6288 with a check sum, XFS5152 without.

SYN6288: FD | length, 2 | 01 | parameter | text | XOR of all before it; the length counts from the
command to the XOR.  XFS5152: FD | length, 2 | 01 | encoding (03 Unicode) | text.  Both answer one
byte.  Sources: the makers' tables, facts/displays.md 5.9; the answers are common knowledge and
the same in both data sheets: 41 taken, 45 refused, 4A started, 4E busy, 4F idle.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from hal.signs.checks import xor

START, SPEAK, STOP, ASK = 0xFD, 0x01, 0x02, 0x21
TEXT_BYTES_MAX = 200
UNICODE = 3

Module = Literal["syn6288", "xfs5152"]


class Answer(IntEnum):
    """What a module says in one byte."""

    TAKEN = 0x41
    REFUSED = 0x45
    STARTED = 0x4A
    BUSY = 0x4E
    IDLE = 0x4F


_ANSWERS = frozenset(Answer)


def syn6288(command: int, data: bytes = b"") -> bytes:
    """One SYN6288 frame.

    Raises:
        ValueError: more text than the module takes.
    """
    if len(data) > TEXT_BYTES_MAX + 1:
        raise ValueError(f"{len(data) - 1} bytes of text; the module takes {TEXT_BYTES_MAX}")
    body = bytes([START]) + (2 + len(data)).to_bytes(2, "big") + bytes([command]) + data
    return body + bytes([xor(body)])


def xfs5152(command: int, data: bytes = b"") -> bytes:
    """One XFS5152 frame; the length counts from the command."""
    return bytes([START]) + (1 + len(data)).to_bytes(2, "big") + bytes([command]) + data


def speak(module: Module, text: str, parameter: int = 1) -> bytes:
    """The frame that speaks a text at once; ``parameter`` is SYN6288's (01: GBK, no music)."""
    if module == "xfs5152":
        return xfs5152(SPEAK, bytes([UNICODE]) + text.encode("utf-16-be"))
    return syn6288(SPEAK, bytes([parameter]) + text.encode("gbk", errors="ignore"))


def ask(module: Module) -> bytes:
    """The frame that asks whether the module speaks."""
    return xfs5152(ASK) if module == "xfs5152" else syn6288(ASK)


def answers(data: bytes) -> list[Answer]:
    """The answers among these bytes; anything else is noise."""
    return [Answer(byte) for byte in data if byte in _ANSWERS]
