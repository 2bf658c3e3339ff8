"""A ZIP file in exactly one form: stored, sorted by name, without times; every tool opens it.

Only the bytes that ``pack`` gives are accepted again, so nothing can hide between the entries, in a
comment, in a second entry of the same name or in an attribute; and what is stored cannot swell.
Source: PKWARE APPNOTE 6.3.10, 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping

ARCHIVE_BYTES_MAX = 256 * 1024 * 1024
ENTRIES_MAX = 4096
NAME_BYTES_MAX = 120

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL_HEAD = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END_HEAD = struct.Struct("<4sHHHHIIH")
# Version 2.0; made by a Unix, so that the mode counts; 1 January 1980, midnight.
_VERSION, _MADE_BY, _DATE, _TIME = 20, 3 << 8 | 20, 0x21, 0
_PLAIN_FILE = 0o100644 << 16
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)?(/[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)?)*"
)


class ArchiveError(ValueError):
    """Bytes that are no such archive, or contents that may not become one."""


def pack(entries: Mapping[str, bytes]) -> bytes:
    """The archive of these entries; equal entries give equal bytes.  Raises ArchiveError."""
    return b"".join(_pieces(entries))


def _pieces(entries: Mapping[str, bytes]) -> Iterator[bytes]:
    if len(entries) > ENTRIES_MAX:
        raise ArchiveError(f"{len(entries)} files, at most {ENTRIES_MAX} go into one archive")
    size = sum(len(data) + 2 * NAME_BYTES_MAX + 100 for data in entries.values())
    if size > ARCHIVE_BYTES_MAX:
        raise ArchiveError(f"about {size} bytes, at most {ARCHIVE_BYTES_MAX} go into one archive")
    at, directory = 0, bytearray()
    for name in sorted(entries):
        _refuse_name(name)
        data, encoded = entries[name], name.encode("ascii")
        crc = zlib.crc32(data)
        head = _local(encoded, data, crc) + encoded
        directory += _central(encoded, data, crc, at) + encoded
        at += len(head) + len(data)
        yield head
        yield data
    yield bytes(directory)
    yield _END_HEAD.pack(_END, 0, 0, len(entries), len(entries), len(directory), at, 0)


def unpack(data: bytes) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The entries, and the names of those whose bytes are not those that were packed.

    An empty name among the latter stands for the archive's own frame.  Raises ArchiveError for what
    is not an archive of this form at all: cut off, compressed, a name twice or out of its folder.
    """
    if len(data) > ARCHIVE_BYTES_MAX:
        raise ArchiveError(f"{len(data)} bytes, an archive has at most {ARCHIVE_BYTES_MAX}")
    entries: dict[str, bytes] = {}
    damaged = []
    for name, crc, content in _walk(data):
        if name in entries:
            raise ArchiveError(f"{name} stands in it twice")
        entries[name] = content
        if zlib.crc32(content) != crc:
            damaged.append(name)
    if not damaged and not _is_packed(entries, data):
        damaged.append("")
    return entries, tuple(damaged)


def _is_packed(entries: Mapping[str, bytes], data: bytes) -> bool:
    """Whether ``pack`` would give these very bytes, asked without a second copy of them."""
    at = 0
    for piece in _pieces(entries):
        if not data.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(data)


def _walk(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Name, stated checksum and bytes of each entry, from the local headers alone."""
    at = 0
    for _ in range(ENTRIES_MAX + 1):
        if data[at : at + 4] in (_CENTRAL, _END):
            break
        head = data[at : at + _LOCAL_HEAD.size]
        if len(head) < _LOCAL_HEAD.size or not head.startswith(_LOCAL):
            raise ArchiveError(
                "not an archive (no ZIP header)" if at == 0 else f"cut off or altered at byte {at}"
            )
        _, _, flags, method, _, _, crc, size, whole, name_bytes, extra = _LOCAL_HEAD.unpack(head)
        if method or flags or extra or size != whole:
            raise ArchiveError("packed by another program (compressed, or with extra fields)")
        if name_bytes > NAME_BYTES_MAX:
            raise ArchiveError(
                f"a name of {name_bytes} bytes, at most {NAME_BYTES_MAX} are allowed"
            )
        start = at + _LOCAL_HEAD.size + name_bytes
        name = data[at + _LOCAL_HEAD.size : start].decode("ascii", "replace")
        _refuse_name(name)
        at = start + size
        if at > len(data):
            raise ArchiveError(f"{name} is cut off: {len(data) - start} of {size} bytes are there")
        yield name, crc, data[start:at]
    else:
        raise ArchiveError(f"more than {ENTRIES_MAX} files")
    if not data.endswith(b"\0\0") or data[-_END_HEAD.size :][:4] != _END:
        raise ArchiveError("cut off or altered behind its last file")


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > NAME_BYTES_MAX:
        raise ArchiveError(f"a file name that is not allowed: {name[:NAME_BYTES_MAX]!r}")


def _local(name: bytes, data: bytes, crc: int) -> bytes:
    size = len(data)
    return _LOCAL_HEAD.pack(_LOCAL, _VERSION, 0, 0, _TIME, _DATE, crc, size, size, len(name), 0)


def _central(name: bytes, data: bytes, crc: int, at: int) -> bytes:
    size = len(data)
    return _CENTRAL_HEAD.pack(
        _CENTRAL, _MADE_BY, _VERSION, 0, 0, _TIME, _DATE, crc, size, size,
        len(name), 0, 0, 0, 0, _PLAIN_FILE, at,
    )  # fmt: skip
