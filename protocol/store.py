"""Opening a ledger file: is it one, may it be written, and by one process only."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from protocol import migration, schema, sidefiles
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import PrivateKey
from protocol.seal import CONTENT_TYPE
from protocol.startcheck import DamagedError

BUSY_MS = 2000
_MAGIC = b"SQLite format 3\0"
_CONTENT = CONTENT_TYPE.encode()
_COPY_BYTES = 1 << 20
_LOCKS: dict[Path, int] = {}
_WRITTEN: dict[Path, int] = {}
"""The lock's descriptor of each ledger that this process has locked, and has open by SQLite."""


def refuse_foreign(path: Path, *, must_exist: bool) -> None:
    """Look before SQLite does: it takes a short text file for an empty database.

    Raises DamagedError where a file that was a ledger is none any more.
    """
    if path.is_dir():
        raise LedgerError(Code.FOREIGN, path, "a folder, not a ledger", "name the .sqlite file")
    if not path.exists():
        if must_exist:
            raise LedgerError(Code.MISSING, path, "there is no such file", "check the path")
        if not path.parent.is_dir():
            raise LedgerError(Code.MISSING, path, "its folder does not exist", "make the folder")
        return
    if not path.is_file():
        raise LedgerError(Code.FOREIGN, path, "not a plain file", "name the .sqlite file")
    if _has_header(path) or (not must_exist and _never_written(path)):
        return
    if path.stat().st_size and sidefiles.is_ours(path):
        raise DamagedError("header", "the file does not begin as a ledger does")
    raise LedgerError(
        Code.FOREIGN, path, "not a ledger (no SQLite header)", "check the path; keep the file"
    )


def _has_header(path: Path) -> bool:
    # A file that this process writes is one; and to close it here, opened past SQLite, would let go
    # of the locks that SQLite holds for this process (fcntl(2)): another one could take its WAL.
    if _written_here(path):
        return True
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _never_written(path: Path) -> bool:
    """A power cut while a ledger was being begun leaves an empty file, or its first page as zeros.

    Its WAL comes after that page; with one, the zeros are damage.
    """
    if path.stat().st_size > schema.PAGE_BYTES or _size(sidefiles.wal_of(path)):
        return False
    return not any(path.read_bytes())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def was_ledger(path: Path) -> bool:
    """Whether a file that SQLite cannot read was a ledger: by what lies beside it, or its bytes."""
    if sidefiles.marker_of(path).exists() or sidefiles.sum_of(path).exists():
        return True
    with path.open("rb") as file:
        return any(_CONTENT in block for block in iter(lambda: file.read(_COPY_BYTES), b""))


def lock(path: Path) -> int:
    """Hold ``PATH.lock`` while writing; the kernel lets go of it when the process dies.

    SQLite keeps two writers from mixing their records, but not from being two lanes in one.
    """
    fd = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise LedgerError(
            Code.LOCKED,
            path,
            "another process writes this ledger",
            "stop the other controller, or open it read-only",
        ) from error
    _LOCKS[path.resolve()] = fd
    return fd


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _written_here(path: Path) -> bool:
    """Whether this process has it open; a lock given back may stand for another file by now."""
    fd = _WRITTEN.get(path.resolve())
    if fd is None:
        return False
    with suppress(OSError):
        if os.path.samestat(os.fstat(fd), _lock_of(path).stat()):
            return True
    del _WRITTEN[path.resolve()]
    return False


def connect_writer(path: Path, site: str, lane: str, key: PrivateKey) -> sqlite3.Connection:
    """Open for appending, beginning or migrating the file where needed."""
    # SQLite opens a file it may not write as if nothing were wrong; ask now, not at a truck.
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    if _size(path) and _never_written(path):
        os.truncate(path, 0)
    _write_again(sidefiles.wal_of(path))
    db = sqlite3.connect(
        path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        version = _version(db, path, writer=True)
        # Page size first: WAL mode writes the first page, and files of one run must be alike.
        db.execute(f"PRAGMA page_size = {schema.PAGE_BYTES}")
        if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise LedgerError(
                Code.IO, path, "this disk does not support WAL", "use a local file system"
            )
        for pragma in ("synchronous = FULL", "recursive_triggers = ON", "trusted_schema = OFF"):
            db.execute(f"PRAGMA {pragma}")
        if version < len(schema.MIGRATIONS):
            _migrate(db, version, (site, lane), key)
        # Names are durable only once their folder is; SQLite asks for that too, but passes over
        # an error (os_unix.c, unixSync).
        Files().sync_folder(path.parent)
    except BaseException:
        db.close()
        raise
    _WRITTEN[path.resolve()] = _LOCKS.get(path.resolve(), -1)
    return db


def _write_again(wal: Path) -> None:
    """Write a WAL over itself, so that everything SQLite will find in it comes to the disk.

    After a failed sync Linux takes the pages for written, and shows them until it needs the memory;
    a later sync succeeds without them, and what is appended behind them would be lost with them.
    """
    if not _size(wal):
        return
    with os.fdopen(os.open(wal, os.O_RDWR | os.O_CLOEXEC), "r+b", buffering=0) as file:
        while data := file.read(_COPY_BYTES):
            file.seek(-len(data), os.SEEK_CUR)
            file.write(data)
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Make what is read of a ledger durable, whoever wrote it; nothing is changed.

    That is its WAL: what has left it was synced before.  The file itself is left alone, because
    closing it here would let go of the locks that this process holds on it by SQLite (fcntl(2)).
    """
    wal = sidefiles.wal_of(path)
    if _size(wal):
        fd = os.open(wal, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    Files().sync_folder(path.parent)


def _migrate(db: sqlite3.Connection, version: int, owner: tuple[str, str], key: PrivateKey) -> None:
    """Write the tables, and for a new ledger whose it is, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    schema.migrate(db, version)
    if version == 0:
        migration.begin(db, *owner, key.public)
    else:
        migration.begin_seals(db, key)
    db.execute("COMMIT")


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open for reading only; nothing in the file is changed."""
    # SQLite wants to write beside a WAL file even to read it; on read-only media a cleanly closed
    # ledger is complete without.
    still = not os.access(path.parent, os.W_OK) and not _size(sidefiles.wal_of(path))
    uri = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if still else "")
    db = sqlite3.connect(
        uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        if _version(db, path, writer=False) != len(schema.MIGRATIONS):
            raise LedgerError(
                Code.MISSING, path, "an empty or older ledger", "open it for writing once"
            )
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection, path: Path, *, writer: bool) -> int:
    """The file's schema version, 0 for an empty one; refuses anything else before touching it."""
    with closing(db.execute("PRAGMA application_id")) as cursor:
        application: int = cursor.fetchone()[0]
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    objects: int = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    empty = (application, version, objects) == (0, 0, 0)
    if writer and _misnumbered(db, path, application, version):
        raise DamagedError("header", f"numbered {application:#x}, version {version}")
    if application != schema.APPLICATION_ID and not empty:
        raise LedgerError(
            Code.FOREIGN, path, "a database of another program", "name the ledger's own file"
        )
    if version > len(schema.MIGRATIONS):
        raise LedgerError(
            Code.NEWER,
            path,
            f"written by a newer program (version {version}, this one reads "
            f"{len(schema.MIGRATIONS)})",
            "use that program or a newer one",
        )
    return version


def _misnumbered(db: sqlite3.Connection, path: Path, application: int, version: int) -> bool:
    """Whether the first page gives wrong numbers for a file that is otherwise this program's own.

    A higher version is believed, unless the file is not what it was when it was closed.
    """
    right = (schema.APPLICATION_ID, len(schema.MIGRATIONS))
    if (application, version) == right or schema.objects(db) != schema.expected_objects():
        return False
    newer = application == schema.APPLICATION_ID and version > len(schema.MIGRATIONS)
    return not newer or any(sidefiles.differences(path, 0))
