"""Files beside a ledger: the mark that it is open, and what its file should be while it is closed.

``PATH.open`` stands from the first write to the close; if it is there at a start, the last life
ended without a close, and then a WAL must be there too.  ``ledger.sum`` is written at a close and
taken away at an opening; it finds the flipped bits that no query of SQLite reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from protocol.files import Files, open_plain

CHUNK_BYTES = 1 << 20
_FIRST_LINE = "steelyard sum 1"
_HEAD_BYTES_MAX, _LINE_BYTES = 512, 65


def marker_of(path: Path) -> Path:
    """The mark of a ledger that is open for writing."""
    return path.with_name(path.name + ".open")


def sum_of(path: Path) -> Path:
    """The sum of a closed ledger's file."""
    return path.with_suffix(".sum")


def wal_of(path: Path) -> Path:
    """SQLite's write-ahead log of this file."""
    return path.with_name(path.name + "-wal")


def shm_of(path: Path) -> Path:
    """SQLite's index of that log, which is made anew at each first opening."""
    return path.with_name(path.name + "-shm")


def has_wal(path: Path) -> bool:
    """Whether there is a WAL with anything in it."""
    wal = wal_of(path)
    return wal.exists() and wal.stat().st_size > 0


def is_ours(path: Path) -> bool:
    """Whether anything beside the file says that a ledger of this program was here."""
    lock = path.with_name(path.name + ".lock")
    return any(file.exists() for file in (lock, marker_of(path), sum_of(path)))


def open_up(path: Path, files: Files) -> None:
    """Mark the ledger as open, durably; the caller has it open, so the WAL has its name already."""
    files.sync_folder(path.parent)
    files.write_new(marker_of(path), b"open\n")
    files.unlink(sum_of(path))
    files.sync_folder(path.parent)


def mark_damaged(path: Path, files: Files) -> None:
    """Have the next start look at everything."""
    with suppress(OSError):
        files.write_whole(marker_of(path), b"damaged\n")


def is_marked_damaged(path: Path) -> bool:
    """Whether SQLite reported damage while the ledger was open."""
    with suppress(FileNotFoundError):
        return marker_of(path).read_bytes().startswith(b"damaged")
    return False


def shut(path: Path, files: Files) -> None:
    """Take the mark away, before the WAL is folded into the file and removed."""
    files.unlink(marker_of(path))
    files.sync_folder(path.parent)


def write_sum(path: Path, files: Files) -> None:
    """Write down what the closed file is."""
    lines = [_FIRST_LINE, f"{path.name} {path.stat().st_size}", *chunks(path)]
    files.write_whole(sum_of(path), "\n".join([*lines, ""]).encode())


def differences(path: Path, newest_bytes: int | None = None) -> Iterator[str]:
    """Where a closed file is not what its sum says; nothing if there is no sum.

    With ``newest_bytes`` only the first chunk and that much of the end are read.
    """
    size = path.stat().st_size
    try:
        with open_plain(sum_of(path)) as file:
            text = file.read(_HEAD_BYTES_MAX + _LINE_BYTES * (size // CHUNK_BYTES + 2))
    except FileNotFoundError:
        return
    except OSError as error:
        yield f"{sum_of(path).name} cannot be read: {error.strerror}"
        return
    lines = text.decode("ascii", "replace").split("\n")
    written = lines[2:-1]
    if lines[0] != _FIRST_LINE or lines[-1] or len(lines) < 4:
        yield f"{sum_of(path).name} is damaged"
        return
    if lines[1] != f"{path.name} {size}":
        yield f"{path.name} has {size} bytes, its sum is of {lines[1]!r}"
    start = 0 if newest_bytes is None else max(0, (size - newest_bytes) // CHUNK_BYTES)
    for number, digest in _numbered(path, start):
        if number >= len(written) or written[number] != digest:
            yield f"MiB {number} of {path.name} is not what it was when the ledger was closed"
    if len(written) > -(-size // CHUNK_BYTES):
        yield f"{path.name} ends before its sum does"


def chunks(path: Path) -> Iterator[str]:
    """SHA-256 of each MiB of a file."""
    return (digest for _, digest in _numbered(path, 0))


def _numbered(path: Path, start: int) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        number = 0
        while chunk := file.read(CHUNK_BYTES):
            yield number, hashlib.sha256(chunk).hexdigest()
            number += 1
            if number < start:
                number = start
                file.seek(start * CHUNK_BYTES)
