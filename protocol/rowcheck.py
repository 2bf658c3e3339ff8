"""Every row of a ledger in order: the chain, the columns beside the bytes, the derived tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from protocol import lookup
from protocol.chain import Chain, Finding, genesis
from protocol.custody import Recovery
from protocol.envelope import is_sealed, opened
from protocol.keys import PublicKey
from protocol.parts import Kind
from protocol.record import Record, RecordError
from protocol.revocation import Revocation
from protocol.rows import Medium, dropped_by, media_of

BATCH = 256


class Rows:
    """One walk over the rows; the counts are of what has been walked.

    ``keys`` are those that the ledger ever had, each with the seq from which it counts, ``folders``
    the quarantines that it names, ``lost`` how many records its recoveries could not keep.
    """

    def __init__(self, db: sqlite3.Connection, revoked: Iterable[Revocation] = ()) -> None:
        self._db = db
        self._revoked = tuple(revoked)
        self.total = self.records = self.sealed = self.manifests = 0
        self.key: PublicKey | None = None
        self.keys: dict[PublicKey, int] = {}
        self.notes: list[str] = []
        self.folders: dict[str, Recovery] = {}
        self.lost = 0
        self._media = _Media(db)
        self._dropped = 0

    def walk(self) -> Iterator[tuple[Record | None, list[Finding]]]:
        """Each row's record, if it can be read, with what is wrong with the row.

        After a fault it goes on from the bytes that are there, so each fault shows once.
        """
        (self.total,) = self._db.execute("SELECT count(*) FROM record").fetchone()
        identity = self._db.execute("SELECT site, lane, genesis, key FROM identity").fetchall()
        try:
            ((site, lane, kept, x),) = identity
            self.key = PublicKey(x)
        except (TypeError, ValueError) as error:
            yield None, [_found("identity", None, f"it does not say whose it is: {error}")]
            return
        chain = Chain(site, lane, self.key, revoked=self._revoked)
        right = genesis(site, lane, self.key if self._begins_sealed() else None)
        if kept != right:
            yield None, [_found("identity", None, "the genesis is not of this site, lane and key")]
        self.keys[self.key] = 1
        for seq, digest, stored, *columns in self._batches():
            # A rebuilt table may hold anything; what is not bytes fails as a seal.
            body = stored if isinstance(stored, bytes) else b""
            found = chain.take(seq, body)
            if chain.hash != digest:
                found = [*found, _found("hash", seq, "the bytes do not match their hash")]
            self.records += 1
            self.key = chain.key
            self.keys.setdefault(chain.key, seq + 1)
            record = chain.record or _read(body)
            if record is not None:
                found = [*found, *self._columns(record, seq, columns), *self._derived(record, seq)]
                self._count(record, body)
            yield record, found

    def finish(self) -> list[Finding]:
        """What can only be said at the end."""
        found = (
            [_found("columns", None, "media has rows of no record")] if self._media.left() else []
        )
        (dropped,) = self._db.execute("SELECT count(*) FROM dropped").fetchone()
        if dropped != self._dropped:
            found.append(_found("columns", None, "dropped has other rows than the records give"))
        (strange,) = self._db.execute(
            "SELECT count(*) FROM acknowledged a WHERE NOT EXISTS "
            "(SELECT 1 FROM record r WHERE r.seq = a.seq)"
        ).fetchone()
        if strange:
            found.append(_found("columns", None, "acknowledged has rows of no record"))
        return found

    def _begins_sealed(self) -> bool:
        row = self._db.execute("SELECT body FROM record ORDER BY seq LIMIT 1").fetchone()
        return row is None or not isinstance(row[0], bytes) or is_sealed(row[0])

    def _count(self, record: Record, body: bytes) -> None:
        self.sealed += is_sealed(body)
        self.manifests += record.kind is Kind.MANIFEST
        recovery = record.recovery if record.kind is Kind.RECOVERY else None
        if recovery is not None:
            self.folders[recovery.folder] = recovery
            self.lost += max(0, (recovery.seen or 0) - recovery.kept)
            self.notes.append(_recovered(record.seq, recovery))

    def _columns(self, record: Record, seq: int, columns: list[object]) -> Iterator[Finding]:
        try:
            before = lookup.subject_before(self._db, record)
        except LookupError as error:
            yield _found("columns", seq, str(error))
            return
        wanted = lookup.values(lookup.derive(record, before))
        for name, found, right in zip(lookup.COLUMNS.split(", "), columns, wanted, strict=True):
            if found != right:
                yield _found("columns", seq, f"{name} is {found!r}, the bytes give {right!r}")

    def _derived(self, record: Record, seq: int) -> Iterator[Finding]:
        if not self._media.follow(media_of(record)):
            yield _found("columns", seq, "media has other rows than the record gives")
        for digest in dropped_by(record):
            self._dropped += 1
            row = self._db.execute(
                "SELECT 1 FROM dropped WHERE digest = ? AND seq = ?", (digest, seq)
            ).fetchone()
            if row is None:
                yield _found("columns", seq, f"dropped lacks {digest.hex()}")

    def _batches(self) -> Iterator[tuple[int, bytes, bytes, *tuple[object, ...]]]:
        """All rows, in batches."""
        start = -(2**63)
        while True:
            found = self._db.execute(
                f"SELECT seq, hash, body, {lookup.COLUMNS} FROM record WHERE seq >= ? "
                "ORDER BY seq LIMIT ?",
                (start, BATCH),
            ).fetchall()
            yield from found
            if len(found) < BATCH:
                return
            start = found[-1][0] + 1


class _Media:
    """The table ``media`` beside the records: both are in the order of writing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._after = 0
        self._waiting: list[tuple[int, Medium]] = []

    def follow(self, wanted: list[Medium]) -> bool:
        """Whether the next rows are these; what belongs to earlier records is passed over."""
        for row in wanted:
            while (found := self._next()) is not None and found.seq < row.seq:
                self._waiting.pop(0)
            if found != row:
                return False
            self._waiting.pop(0)
        return True

    def left(self) -> bool:
        """Whether there are rows that no record gave."""
        return self._next() is not None

    def _next(self) -> Medium | None:
        if not self._waiting:
            rows = self._db.execute(
                "SELECT rowid, seq, digest, kind, bytes, wall_ms FROM media WHERE rowid > ? "
                "ORDER BY rowid LIMIT ?",
                (self._after, BATCH),
            ).fetchall()
            self._waiting = [(row[0], Medium(*row[1:])) for row in rows]
            if rows:
                self._after = rows[-1][0]
        return self._waiting[0][1] if self._waiting else None


def _recovered(seq: int, recovery: Recovery) -> str:
    """What a RECOVERY record says; records that it could not keep come first."""
    said = (
        f"seq {seq} is of a recovery ({recovery.cause}): kept up to seq {recovery.kept}; what was "
        f"damaged is in {recovery.folder}"
    )
    if recovery.seen is None or recovery.seen <= recovery.kept:
        return said
    first = recovery.kept + 1
    span = f"seq {first}" if recovery.seen == first else f"seq {first} to {recovery.seen}"
    return f"RECORDS LOST, as {span} stood before: {said}"


def _read(body: bytes) -> Record | None:
    try:
        return opened(body)
    except RecordError:
        return None


def _found(code: str, seq: int | None, message: str) -> Finding:
    return Finding(code=code, seq=seq, message=message)
