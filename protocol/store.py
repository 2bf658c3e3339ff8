"""Opening a ledger file: is it one, may it be written, and by one process only."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from protocol import migration, schema
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import PrivateKey

BUSY_MS = 2000
_MAGIC = b"SQLite format 3\0"


def refuse_foreign(path: Path, *, must_exist: bool) -> None:
    """Look before SQLite does: it takes a short text file for an empty database."""
    if path.is_dir():
        raise LedgerError(Code.FOREIGN, path, "a folder, not a ledger", "name the .sqlite file")
    if not path.exists():
        if must_exist:
            raise LedgerError(Code.MISSING, path, "there is no such file", "check the path")
        if not path.parent.is_dir():
            raise LedgerError(Code.MISSING, path, "its folder does not exist", "make the folder")
        return
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    # A power cut while a ledger was being begun leaves an empty file; it is begun again.
    if head != _MAGIC and (head or must_exist):
        raise LedgerError(
            Code.FOREIGN, path, "not a ledger (no SQLite header)", "check the path; keep the file"
        )


def lock(path: Path) -> int:
    """Hold ``PATH.lock`` while writing; the kernel lets go of it when the process dies.

    SQLite keeps two writers from mixing their records, but not from being two lanes in one.
    """
    fd = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
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
    return fd


def connect_writer(path: Path, site: str, lane: str, key: PrivateKey) -> sqlite3.Connection:
    """Open for appending, beginning or migrating the file where needed."""
    # SQLite opens a file it may not write as if nothing were wrong; ask now, not at a truck.
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    db = sqlite3.connect(
        path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        version = _version(db, path)
        # Page size first: WAL mode writes the first page, and files of one run must be alike.
        db.execute(f"PRAGMA page_size = {schema.PAGE_BYTES}")
        if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise LedgerError(
                Code.IO, path, "this disk does not support WAL", "use a local file system"
            )
        for pragma in ("synchronous = FULL", "recursive_triggers = ON", "trusted_schema = OFF"):
            db.execute(f"PRAGMA {pragma}")
        if version < len(schema.MIGRATIONS):
            _migrate(db, path, version, (site, lane), key)
    except BaseException:
        db.close()
        raise
    return db


def _migrate(
    db: sqlite3.Connection, path: Path, version: int, owner: tuple[str, str], key: PrivateKey
) -> None:
    """Write the tables, and for a new ledger whose it is, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    schema.migrate(db, version)
    if version == 0:
        migration.begin(db, *owner, key.public)
    else:
        migration.begin_seals(db, key)
    db.execute("COMMIT")
    # The name of a new file is durable only once its folder is.
    Files().sync_folder(path.parent)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open for reading only; nothing in the file is changed."""
    # SQLite wants to write beside a WAL file even to read it; on read-only media a cleanly closed
    # ledger is complete without.
    wal = path.with_name(path.name + "-wal")
    still = not os.access(path.parent, os.W_OK) and not (wal.exists() and wal.stat().st_size)
    uri = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if still else "")
    db = sqlite3.connect(
        uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        if _version(db, path) != len(schema.MIGRATIONS):
            raise LedgerError(
                Code.MISSING, path, "an empty or older ledger", "open it for writing once"
            )
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    """The file's schema version, 0 for an empty one; refuses anything else before touching it."""
    with closing(db.execute("PRAGMA application_id")) as cursor:
        application: int = cursor.fetchone()[0]
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    objects: int = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    empty = (application, version, objects) == (0, 0, 0)
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
