"""What a start looks at before a ledger goes on: enough to go on from, within a bounded time.

A file that was closed is held to its sum; of a large one the first and the newest HASHED_BYTES.
One that was not is read: integrity and every hash up to CHECKED_BYTES, of a larger one the hashes
of the newest CHECKED_BYTES.  In both, every seal since the last manifest.  Damage elsewhere shows
when SQLite meets it, and then the next start looks at everything; ``steelyard verify`` always does.
"""

from __future__ import annotations

import hashlib
import sqlite3
from itertools import islice
from pathlib import Path

from protocol import schema, sidefiles
from protocol.custody import KeyAction
from protocol.envelope import is_sealed, opened
from protocol.errors import is_damage
from protocol.keys import PublicKey
from protocol.parts import Kind
from protocol.record import RecordError
from protocol.seal import SealError, check

HASHED_BYTES = 256 * 1024 * 1024
CHECKED_BYTES = 64 * 1024 * 1024
BATCH = 256


class DamagedError(Exception):
    """A ledger that cannot go on as it is: a code for the cause, and what was seen."""

    def __init__(self, cause: str, detail: str) -> None:
        self.cause, self.detail = cause, detail
        super().__init__(cause, detail)

    def __str__(self) -> str:
        return f"{self.cause}: {self.detail}"


def against_sum(path: Path) -> list[str] | None:
    """Where a closed file is not what its sum says; None if it was not closed.

    To be asked before SQLite opens the file: closing it would drop SQLite's locks (fcntl(2)).
    """
    if sidefiles.has_wal(path) or not sidefiles.sum_of(path).exists():
        return None
    return list(islice(sidefiles.differences(path, HASHED_BYTES), 3))


def look(db: sqlite3.Connection, path: Path, wrong: list[str] | None, *, whole: bool) -> None:
    """Raise DamagedError for damage; ``wrong`` is from ``against_sum``, ``whole`` looks at all."""
    try:
        _structure(db)
        whole = whole or bool(wrong)
        if whole or (wrong is None and path.stat().st_size <= CHECKED_BYTES):
            _integrity(db)
        if whole or wrong is None:
            _hashes(db, None if whole else CHECKED_BYTES)
        _seals(db)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        raise DamagedError("page", str(error)) from error
    if wrong:
        # Only bytes that nothing reads: a free page, a counter.  A file made anew has none.
        raise DamagedError("file", "; ".join(wrong))


def _structure(db: sqlite3.Connection) -> None:
    present, expected = schema.objects(db), schema.expected_objects()
    wrong = sorted(name for name, sql in expected.items() if present.get(name) != sql)
    if wrong:
        raise DamagedError("schema", f"not as this program made it: {', '.join(wrong)}")


def _integrity(db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DamagedError("page", str(found))


def _hashes(db: sqlite3.Connection, newest_bytes: int | None) -> None:
    start, due = _first(db, newest_bytes), 0
    while True:
        found = db.execute(
            "SELECT seq, hash, body FROM record WHERE seq >= ? ORDER BY seq LIMIT ?", (start, BATCH)
        ).fetchall()
        for seq, digest, body in found:
            if due and seq != due:
                raise DamagedError("record", f"seq {due} to {seq - 1} missing")
            if hashlib.sha256(body).digest() != digest:
                raise DamagedError("record", f"seq {seq} does not match its hash")
            due = seq + 1
        if len(found) < BATCH:
            return
        start = due


def _first(db: sqlite3.Connection, newest_bytes: int | None) -> int:
    """The seq from which on the bodies have this many bytes together."""
    if newest_bytes is None:
        return 1
    left = newest_bytes
    for seq, size in db.execute("SELECT seq, length(body) FROM record ORDER BY seq DESC"):
        left -= size
        if left < 0:
            return int(seq)
    return 1


def _seals(db: sqlite3.Connection) -> None:
    """Hash, chain and seal of every record since the newest manifest, that one too."""
    manifest = _newest(db, Kind.MANIFEST, 2**62)
    start = manifest[0] if manifest else 1
    before = db.execute("SELECT hash FROM record WHERE seq = ?", (start - 1,)).fetchone()
    previous: bytes = before[0] if before else _genesis(db)
    key = _key_before(db, start)
    for seq, digest, body in db.execute(
        "SELECT seq, hash, body FROM record WHERE seq >= ? ORDER BY seq", (start,)
    ):
        try:
            if is_sealed(body):
                check(body, key)
            record = opened(body)
        except (SealError, RecordError) as error:
            raise DamagedError("record", f"seq {seq}: {error}") from error
        if hashlib.sha256(body).digest() != digest:
            raise DamagedError("record", f"seq {seq} does not match its hash")
        if record.seq != seq or record.prev_hash != previous:
            raise DamagedError("record", f"seq {seq} does not continue the record before it")
        if record.kind is Kind.KEY and record.key and record.key.action is KeyAction.ROTATE:
            key = PublicKey(record.key.x)
        previous = digest


def _genesis(db: sqlite3.Connection) -> bytes:
    row = db.execute("SELECT genesis FROM identity LIMIT 1").fetchone()
    if row is None:
        raise DamagedError("identity", "it does not say whose ledger it is")
    return bytes(row[0])


def _key_before(db: sqlite3.Connection, seq: int) -> PublicKey:
    found = _newest(db, Kind.KEY, seq - 1)
    row = db.execute("SELECT key FROM identity LIMIT 1").fetchone() or (b"",)
    try:
        change = opened(found[1]).key if found else None
        return PublicKey(change.x if change else bytes(row[0]))
    except (TypeError, ValueError) as error:
        raise DamagedError("identity", f"no key of the ledger: {error}") from error


def _newest(db: sqlite3.Connection, kind: Kind, until: int) -> tuple[int, bytes] | None:
    row = db.execute(
        "SELECT seq, body FROM record WHERE kind = ? AND passage_id = 0 AND seq <= ? "
        "ORDER BY seq DESC LIMIT 1",
        (int(kind), until),
    ).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))
