"""Under SQLite: an apsw VFS over the system's own, and a connection that looks like ``sqlite3``.

The shared memory of WAL stays with the system's VFS (it is never durable).  What that VFS does by
itself is logged as it does it: the first sync of a rollback journal or a WAL also syncs its folder
(os_unix.c, UNIXFILE_DIRSYNC); test_layer_is_true.py compares with the calls of the system.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import apsw

from sim.disk.recorder import Recorder
from sim.disk.volatile import folder_of

_NUMBERS = count(1)
_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


class RecordingVFS(apsw.VFS):
    """Every file that SQLite opens under the recorder's folder, logged."""

    def __init__(self, recorder: Recorder) -> None:
        self.name = f"powercut-{next(_NUMBERS)}"
        self.recorder = recorder
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Open a file; SQLite's own temporary files have no name and are not logged."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        inside = self.recorder.inside(path)
        if inside is None:
            return apsw.VFSFile("", name, flags)
        if flags[0] & apsw.SQLITE_OPEN_CREATE:
            with _refused(apsw.SQLITE_CANTOPEN):
                self.recorder.created(inside)
        kind = RecordedFile if self.recorder.before_read is None else WatchedFile
        return kind(self.recorder, inside, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Remove a file, and make that durable where SQLite asks for it."""
        inside = self.recorder.inside(filename)
        if inside is not None and self.recorder.known(inside):
            with _refused(apsw.SQLITE_IOERR_DELETE):
                self.recorder.removed(inside)
        super().xDelete(filename, syncdir)
        if inside is not None and syncdir:
            with _refused(apsw.SQLITE_IOERR_DIR_FSYNC):
                self.recorder.synced_folder(folder_of(inside))

    def excepthook(
        self, etype: type[BaseException] | None, value: BaseException | None, tb: Any
    ) -> bool:
        """A failure that was ordered is SQLite's to handle; it needs no report of its own."""
        return True


class RecordedFile(apsw.VFSFile):
    """One open file of SQLite's."""

    def __init__(self, recorder: Recorder, inside: str, name: Any, flags: list[int]) -> None:
        self._recorder = recorder
        self._inside = inside
        self._inode = recorder.inode(inside)
        self._sync_folder = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & _JOURNALS)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Log and write."""
        with _refused(apsw.SQLITE_IOERR_WRITE):
            self._recorder.wrote_inode(self._inode, offset, data)
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Log and truncate."""
        with _refused(apsw.SQLITE_IOERR_TRUNCATE):
            self._recorder.truncated(self._inode, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Log and sync."""
        with _refused(apsw.SQLITE_IOERR_FSYNC):
            self._recorder.synced(self._inode)
        super().xSync(flags)
        if self._sync_folder:
            # os_unix.c, unixSync: a failed sync of the folder is ignored and not tried again.
            self._sync_folder = False
            with suppress(OSError):
                self._recorder.synced_folder(folder_of(self._inside))

    def excepthook(
        self, etype: type[BaseException] | None, value: BaseException | None, tb: Any
    ) -> bool:
        """See RecordingVFS."""
        return True


class WatchedFile(RecordedFile):
    """One open file of SQLite's of which reads may be refused, too."""

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        """Ask and read."""
        with _refused(apsw.SQLITE_IOERR_READ):
            self._recorder.reads()
        return super().xRead(amount, offset)


class Connection:
    """What the ledger uses of a ``sqlite3.Connection``, over apsw.

    One thing is stricter: SQLite passes over an error of the checkpoint behind a commit, apsw does
    not.  The caller then believes that the commit failed, though it stands.
    """

    def __init__(self, vfs: RecordingVFS, database: Any, *, uri: bool, timeout: float) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        with _Errors():
            self._db = apsw.Connection(
                str(database), flags=flags | (apsw.SQLITE_OPEN_URI if uri else 0), vfs=vfs.name
            )
            self._db.set_busy_timeout(int(timeout * 1000))
        self._vfs = vfs

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        """Run one statement."""
        with _Errors():
            return Cursor(self._db.execute(sql, parameters))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def close(self) -> None:
        """Close; twice is allowed.  SQLite passes over an error of the checkpoint there."""
        with suppress(apsw.FullError, apsw.IOError):
            self._db.close()


class Cursor:
    """What the ledger uses of a ``sqlite3.Cursor``, over apsw.

    Like that one it is always a step ahead: the error of a statement comes before its last row.
    """

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self._ahead = cursor.fetchone()

    def fetchone(self) -> Any:
        """The next row or None."""
        row = self._ahead
        if row is not None:
            with _Errors():
                self._ahead = self._cursor.fetchone()
        return row

    def fetchall(self) -> list[Any]:
        """All further rows."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        """All further rows."""
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        """Leave the statement."""
        self._ahead = None
        with _Errors():
            self._cursor.close(True)


@contextmanager
def _refused(code: int) -> Iterator[None]:
    """An ordered failure as SQLite's VFS reports it: a full disk, or an I/O error of this kind."""
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise apsw.exception_for(apsw.SQLITE_FULL if full else code) from error


class _Errors:
    """apsw's errors as those of ``sqlite3``, with the same codes."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, apsw.ConnectionClosedError | apsw.CursorClosedError):
            raise sqlite3.ProgrammingError(str(error)) from error
        if isinstance(error, apsw.Error):
            extended: int = getattr(error, "extendedresult", 0) or getattr(error, "result", 1)
            translated = _kind(extended & 0xFF)(str(error))
            translated.sqlite_errorcode = extended
            raise translated from error


def _kind(primary: int) -> type[sqlite3.Error]:
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return sqlite3.DatabaseError
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return sqlite3.IntegrityError
    return sqlite3.OperationalError
