"""What can be read of a damaged ledger without SQLite: rows found in whatever pages still hold.

Every leaf page is read by itself, so that neither the first page nor the inner pages of a tree are
needed.  Nothing found here is believed: a record counts by its hash, its chain and its seal.
Source: "B-tree Pages", "Record Format" in https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from protocol.schema import PAGE_BYTES
from protocol.walfile import Wal

Value: TypeAlias = "int | float | str | bytes | None"
Place: TypeAlias = tuple[int, int]

_LEAF = 0x0D
_HEAD_BYTES = 8
_PAYLOAD_BYTES_MAX = 8 * 1024 * 1024
_LOCAL_MAX = PAGE_BYTES - 35
_LOCAL_MIN = (PAGE_BYTES - 12) * 32 // 255 - 23
_RECORD_COLUMNS, _IDENTITY_COLUMNS, _ACKNOWLEDGED_COLUMNS = 15, (3, 4), 2
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)


class Pages:
    """The pages of a file as its WAL leaves them."""

    def __init__(self, path: Path, wal_path: Path, wal: Wal) -> None:
        self._main: BinaryIO = path.open("rb")
        self._wal: BinaryIO | None = wal_path.open("rb") if wal.pages else None
        self._from_wal = wal.pages if wal.page_bytes == PAGE_BYTES else {}
        size = self._main.seek(0, 2)
        self.count = max(-(-size // PAGE_BYTES), *self._from_wal, 0)

    def read(self, number: int) -> bytes:
        """A page, numbered from 1; what the file lacks is zero."""
        if number in self._from_wal and self._wal is not None:
            self._wal.seek(self._from_wal[number])
            return self._wal.read(PAGE_BYTES)
        self._main.seek((number - 1) * PAGE_BYTES)
        return self._main.read(PAGE_BYTES).ljust(PAGE_BYTES, b"\0")

    def close(self) -> None:
        """Let go of the files."""
        self._main.close()
        if self._wal is not None:
            self._wal.close()


class Salvage:
    """Where the rows of a damaged ledger lie; ``identities`` and ``acknowledged`` as found."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.places: dict[int, list[Place]] = {}
        self.identities: list[list[Value]] = []
        self.acknowledged: dict[int, int] = {}
        for number in range(1, pages.count + 1):
            for rowid, place, columns in self._cells(number):
                self._sort(rowid, place, columns)

    @property
    def seen(self) -> int:
        """The highest seq of any row found, 0 for none."""
        return max(self.places, default=0)

    def bodies(self, seq: int) -> Iterator[tuple[bytes, bytes]]:
        """Hash and body of every row found under this number."""
        for page, at in self.places.get(seq, ()):
            row = self._row(page, at)
            if row is not None:
                digest, body = row[1][1], row[1][-1]
                if isinstance(digest, bytes) and isinstance(body, bytes):
                    yield digest, body

    def _sort(self, rowid: int, place: Place, columns: int) -> None:
        if columns == _RECORD_COLUMNS:
            self.places.setdefault(rowid, []).append(place)
        elif columns in _IDENTITY_COLUMNS or columns == _ACKNOWLEDGED_COLUMNS:
            row = self._row(*place)
            if row is None:
                return
            if columns != _ACKNOWLEDGED_COLUMNS:
                self.identities.append(row[1])
            elif isinstance(row[1][1], int):
                self.acknowledged[rowid] = row[1][1]

    def _cells(self, number: int) -> Iterator[tuple[int, Place, int]]:
        """Every cell of a leaf page that could be a row: its number, place and column count."""
        page = self._pages.read(number)
        start = 100 if number == 1 else 0
        if page[start] != _LEAF:
            return
        (count,) = struct.unpack_from(">H", page, start + 3)
        first = start + _HEAD_BYTES
        for index in range(min(count, (PAGE_BYTES - first) // 2)):
            (at,) = struct.unpack_from(">H", page, first + 2 * index)
            try:
                size, rowid, payload_at = _cell_head(page, at)
                columns = len(_serials(page, payload_at)[0])
            except (IndexError, ValueError):
                continue
            if 0 < size <= _PAYLOAD_BYTES_MAX:
                yield rowid, (number, at), columns

    def _row(self, number: int, at: int) -> tuple[int, list[Value]] | None:
        page = self._pages.read(number)
        try:
            size, rowid, payload_at = _cell_head(page, at)
            payload = self._payload(page, payload_at, size)
            return rowid, _values(payload)
        except (IndexError, ValueError, struct.error):
            return None

    def _payload(self, page: bytes, at: int, size: int) -> bytes:
        """A cell's bytes, with those on its overflow pages."""
        if size <= _LOCAL_MAX:
            return page[at : at + size]
        local = _LOCAL_MIN + (size - _LOCAL_MIN) % (PAGE_BYTES - 4)
        local = local if local <= _LOCAL_MAX else _LOCAL_MIN
        found = [page[at : at + local]]
        (following,) = struct.unpack_from(">I", page, at + local)
        left = size - local
        while left > 0 and 0 < following <= self._pages.count:
            more = self._pages.read(following)
            (following,) = struct.unpack_from(">I", more)
            found.append(more[4 : 4 + left])
            left -= len(found[-1])
        if left > 0:
            raise ValueError("the overflow pages end early")
        return b"".join(found)


def _cell_head(page: bytes, at: int) -> tuple[int, int, int]:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    return size, rowid, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = data[at + index]
        if index == 8:
            return (value << 8 | byte) & 0xFFFF_FFFF_FFFF_FFFF, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise AssertionError("a varint has at most nine bytes")


def _serials(data: bytes, at: int) -> tuple[list[int], int]:
    """The column types of a row, and where its values begin."""
    size, position = _varint(data, at)
    end = at + size
    found: list[int] = []
    while position < end:
        serial, position = _varint(data, position)
        found.append(serial)
    if position != end:
        raise ValueError("no header of a row")
    return found, end


def _values(payload: bytes) -> list[Value]:
    serials, at = _serials(payload, 0)
    values: list[Value] = []
    for serial in serials:
        size = _size(serial)
        values.append(_value(serial, payload[at : at + size]))
        at += size
    if at != len(payload):
        raise ValueError("no row: its values and its length differ")
    return values


def _size(serial: int) -> int:
    if serial >= 12:
        return (serial - 12) // 2
    return _INTEGER_BYTES[serial] if serial < 7 else 8 if serial == 7 else 0


def _value(serial: int, data: bytes) -> Value:
    if serial >= 12:
        return data.decode("utf-8") if serial % 2 else data
    if serial in (8, 9):
        return serial - 8
    if 1 <= serial <= 6:
        return int.from_bytes(data, "big", signed=True)
    return None
