"""What can go wrong with a ledger, as a typed fact with a place and a remedy."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Self

from msgspec import Struct

_FULL_BELOW_BYTES = 256 * 1024


class Code(StrEnum):
    """What happened; ``retryable`` codes pass once the cause is removed, the others never do."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    IO = "io"
    MISSING = "missing"
    FOREIGN = "foreign"
    CORRUPT = "corrupt"
    NEWER = "newer"
    OTHER_LANE = "other_lane"
    OTHER_KEY = "other_key"
    CONFLICT = "conflict"
    REFUSED = "refused"
    CLOSED = "closed"

    @property
    def retryable(self) -> bool:
        """True when the same record may succeed later without being changed."""
        return self not in (Code.CONFLICT, Code.REFUSED)


class Failure(Struct, frozen=True, kw_only=True):
    """A failed append as a fact: what, where, in plain words, and what to do."""

    code: Code
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}; {self.remedy}"


class LedgerError(OSError):
    """A ledger that cannot be opened, read or appended to; ``failure`` says the same as data."""

    def __init__(self, code: Code, path: Path, message: str, remedy: str) -> None:
        self.failure = Failure(code=code, path=str(path), message=message, remedy=remedy)
        super().__init__(str(self.failure))

    def __reduce__(self) -> tuple[type[Self], tuple[Code, Path, str, str]]:
        # An OSError takes several arguments for an errno and a file name, so it has one.
        said = self.failure
        return type(self), (said.code, Path(said.path), said.message, said.remedy)

    @property
    def code(self) -> Code:
        """What happened."""
        return self.failure.code

    @property
    def remedy(self) -> str:
        """What to do."""
        return self.failure.remedy


_BY_SQLITE: dict[int, tuple[Code, str, str]] = {
    sqlite3.SQLITE_FULL: (
        Code.DISK_FULL,
        "the disk is full, the record is not stored",
        "free space on this disk, then retry",
    ),
    sqlite3.SQLITE_READONLY: (
        Code.READ_ONLY,
        "the ledger cannot be written",
        "make the file and its folder writable, then retry",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        Code.READ_ONLY,
        "the ledger or its -wal file cannot be opened",
        "check that the folder exists and is writable for this user",
    ),
    sqlite3.SQLITE_BUSY: (
        Code.LOCKED,
        "another process holds the ledger",
        "stop the other writer or backup, then retry",
    ),
    sqlite3.SQLITE_LOCKED: (
        Code.LOCKED,
        "another connection holds the ledger",
        "stop the other writer or backup, then retry",
    ),
    sqlite3.SQLITE_NOTADB: (
        Code.FOREIGN,
        "the file is not a ledger, or its first page is damaged",
        "check the path; keep the file and name a new one",
    ),
    sqlite3.SQLITE_CORRUPT: (
        Code.CORRUPT,
        "the ledger file is damaged",
        "keep a copy; the next start keeps what is whole and puts the rest in quarantine",
    ),
}

_IO = (Code.IO, "the disk reports an error", "check the disk and its cable, then retry")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error says that the file itself is damaged."""
    primary = (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
    return primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def from_sqlite(error: sqlite3.Error, path: Path) -> LedgerError:
    """Translate an SQLite error by its result code, never by the words of its message."""
    extended: int = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    primary = extended & 0xFF
    # SQLite calls a full disk IOERR where it meets it outside a page write (shared memory, sync).
    if primary == sqlite3.SQLITE_IOERR and _no_space(path):
        primary = sqlite3.SQLITE_FULL
    code, message, remedy = _BY_SQLITE.get(primary, _IO)
    return LedgerError(code, path, f"{message} (SQLite: {error}, code {extended})", remedy)


def from_os(error: OSError, path: Path) -> LedgerError:
    """Translate an error of the operating system by its errno."""
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        primary = sqlite3.SQLITE_READONLY
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        primary = sqlite3.SQLITE_FULL
    elif error.errno in (errno.ENOENT, errno.ENOTDIR):
        primary = sqlite3.SQLITE_CANTOPEN
    else:
        primary = sqlite3.SQLITE_IOERR
    code, message, remedy = _BY_SQLITE.get(primary, _IO)
    return LedgerError(code, path, f"{message} ({error.strerror})", remedy)


def _no_space(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BELOW_BYTES
    except OSError:
        return False
