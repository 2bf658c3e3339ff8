"""A WAL file read without SQLite: how far it holds, and whether something whole lies behind that.

SQLite reads a WAL up to the first frame whose checksum fails and takes all behind it for the traces
of a power cut.  With synchronous=FULL only the newest transaction can be such a trace: where whole
frames stand behind a *committed* damaged one, records that were acknowledged have been lost.
Source: "WAL File Format" in https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from operator import mul
from pathlib import Path

from msgspec import Struct

HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
SECTOR_BYTES = 512
_MAGIC = (0x377F0682, 0x377F0683)
_MASK = 0xFFFFFFFF


class Wal(Struct, frozen=True):
    """``pages`` maps a page to the offset of its newest committed bytes; ``page_bytes`` 0: no WAL.

    ``lost`` says that committed frames stand behind a damaged one.
    """

    pages: dict[int, int] = {}
    page_bytes: int = 0
    database_pages: int = 0
    lost: bool = False


class _Frame(Struct, frozen=True):
    offset: int
    page: int
    commit: int
    sums: tuple[int, int]
    holds: bool
    stated: tuple[int, int]


def examine(path: Path) -> Wal:
    """Read a WAL file; one that is missing, empty or never begun has no pages.  Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Wal()
    header = _header(data)
    if header is None:
        return Wal(lost=any(data[:HEADER_BYTES]) and len(data) > HEADER_BYTES)
    page_bytes, order, salts, sums = header
    pages: dict[int, int] = {}
    waiting: dict[int, int] = {}
    size = 0
    frames = _frames(data, page_bytes, order, salts, sums)
    for frame in frames:
        if not frame.holds:
            return Wal(pages, page_bytes, size, _goes_on(frame, frames))
        waiting[frame.page] = frame.offset
        if frame.commit:
            pages |= waiting
            waiting, size = {}, frame.commit
    return Wal(pages, page_bytes, size)


def _header(data: bytes) -> tuple[int, str, bytes, tuple[int, int]] | None:
    if len(data) < HEADER_BYTES:
        return None
    magic, _, page_bytes, _, _, _, one, two = struct.unpack(">8I", data[:HEADER_BYTES])
    if magic not in _MAGIC or not 512 <= page_bytes <= 65536:
        return None
    order = ">" if magic & 1 else "<"
    sums = checksum(data[:24], order, (0, 0))
    return (page_bytes, order, data[16:24], sums) if sums == (one, two) else None


def _frames(
    data: bytes, page_bytes: int, order: str, salts: bytes, sums: tuple[int, int]
) -> Iterator[_Frame]:
    """Every frame of this generation; behind a damaged one each is held to the one before it."""
    step = FRAME_HEADER_BYTES + page_bytes
    for at in range(HEADER_BYTES, len(data) - step + 1, step):
        head = data[at : at + FRAME_HEADER_BYTES]
        follows = data[at + step + 8 : at + step + 16] == salts
        if head[8:16] != salts and not follows:
            # A rest from before the WAL began anew, or never written.
            return
        page, commit, _, _, one, two = struct.unpack(">6I", head)
        body = at + FRAME_HEADER_BYTES
        found = checksum(head[:8] + data[body : body + page_bytes], order, sums)
        holds = found == (one, two) and head[8:16] == salts
        if not holds and not _says(at, head, salts):
            commit = 0
        yield _Frame(body, page, commit, found, holds, (one, two))
        sums = (one, two)


def _says(at: int, head: bytes, salts: bytes) -> bool:
    """Whether the header of a damaged frame may be believed: of this generation and in one sector.

    Where a power cut lost the sector, what shows there is a frame from before the WAL began anew.
    """
    last = at + FRAME_HEADER_BYTES - 1
    return head[8:16] == salts and at // SECTOR_BYTES == last // SECTOR_BYTES


def _goes_on(damaged: _Frame, behind: Iterator[_Frame]) -> bool:
    """Whether a transaction was begun after the one that the damaged frame belongs to."""
    ended = damaged.commit != 0
    for frame in behind:
        if frame.holds and ended:
            return True
        ended = ended or frame.commit != 0
    return False


def checksum(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """SQLite's running checksum; it is linear, so one dot product does instead of a long loop."""
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    first, second, power = _weights(len(words))
    (a, b), (c, d) = power
    s0 = a * start[0] + b * start[1] + sum(map(mul, words, first))
    s1 = c * start[0] + d * start[1] + sum(map(mul, words, second))
    return s0 & _MASK, s1 & _MASK


@lru_cache(maxsize=8)
def _weights(
    count: int,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, int], tuple[int, int]]]:
    """What each word adds to the two sums in the end, and what the sums at the start add."""
    first, second = [0] * count, [0] * count
    a, b, c, d = 1, 0, 0, 1
    for at in range(count - 2, -1, -2):
        first[at], first[at + 1] = (a + b) & _MASK, b
        second[at], second[at + 1] = (c + d) & _MASK, d
        a, b, c, d = (a + b) & _MASK, (a + 2 * b) & _MASK, (c + d) & _MASK, (c + 2 * d) & _MASK
    return tuple(first), tuple(second), ((a, b), (c, d))
