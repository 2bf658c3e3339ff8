"""The ledger: one SQLite file a lane, append-only, gap-free, chained by hash.

WAL with synchronous=FULL and one commit a record: when ``append`` returns, the record is on disk
(one fsync, and two more at each checkpoint of about 1000 pages).  Readers in other connections
never wait for the writer.  A chain alone cannot show that its newest records were cut off, nor that
the whole of it was written anew; signed records and manifests are for that.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from msgspec import Struct
from msgspec.structs import replace

from protocol import errors, lookup, schema, store, verify
from protocol.errors import Code, LedgerError
from protocol.lookup import OpenChain
from protocol.parts import Tare
from protocol.record import Record, RecordError, decode, encode
from protocol.verify import Finding

BATCH = 256


class Receipt(Struct, frozen=True):
    """Proof that a record is durable: its place in the sequence and the SHA-256 of its bytes."""

    seq: int
    hash: bytes


class Stored(Struct, frozen=True):
    """One row as it stands: the bytes and the hash that was kept beside them."""

    seq: int
    hash: bytes
    body: bytes


class Ledger:
    """The records of one lane.  Make one with ``Ledger.open``; it may be used from any thread."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock_fd: int | None) -> None:
        self.path = path
        self._db = db
        self._lock_fd = lock_fd
        self._mutex = threading.RLock()
        self.site, self.lane, self._genesis = self._identity()

    @classmethod
    def open(
        cls,
        path: Path | str,
        site: str | None = None,
        lane: str | None = None,
        *,
        read_only: bool = False,
    ) -> Ledger:
        """Open a ledger, or begin one where there is no file; ``read_only`` never begins one.

        ``site`` and ``lane`` must be those of the file; a reader may leave them out.
        Raises LedgerError with code MISSING, FOREIGN, NEWER, OTHER_LANE, LOCKED (another process
        writes it), READ_ONLY, DISK_FULL, CORRUPT or IO.
        """
        path = Path(path)
        lock_fd: int | None = None
        try:
            store.refuse_foreign(path, must_exist=read_only)
            if read_only:
                ledger = cls(path, store.connect_reader(path), None)
            else:
                if site is None or lane is None:
                    raise ValueError("a ledger is opened for writing with its site and lane")
                lock_fd = store.lock(path)
                ledger = cls(path, store.connect_writer(path, site, lane), lock_fd)
        except BaseException as error:
            if lock_fd is not None:
                os.close(lock_fd)
            if isinstance(error, sqlite3.Error):
                raise errors.from_sqlite(error, path) from error
            if isinstance(error, OSError) and not isinstance(error, LedgerError):
                raise errors.from_os(error, path) from error
            raise
        try:
            ledger._check_lane(site, lane)
            ledger._check_tail()
        except LedgerError:
            ledger.close()
            raise
        return ledger

    def append(self, record: Record) -> Receipt:
        """Give the record its seq and prev_hash, make it durable, and return its receipt.

        Appending the same ``(passage_id, part)`` again returns the first receipt if nothing in it
        differs, else raises LedgerError CONFLICT.  Raises RecordError for a record that is not
        allowed and LedgerError for a ledger that cannot take it.  After an error nothing is stored,
        or the whole record is (the error came behind its commit); appending it again tells.
        """
        if record.seq or record.prev_hash:
            raise RecordError("seq and prev_hash are given by the ledger; leave them out")
        if (record.site, record.lane) != (self.site, self.lane):
            raise RecordError(
                f"the record is of {record.site}/{record.lane}, the ledger of "
                f"{self.site}/{self.lane}"
            )
        with self._access() as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                receipt = self._stored_before(db, record) or self._insert(db, record)
                db.execute("COMMIT")
            except BaseException:
                # A COMMIT that failed may have ended the transaction already.
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")
                raise
        return receipt

    def records(self, start: int = 1) -> Iterator[Record]:
        """Every record from seq ``start`` on, in order; raises RecordError at damaged bytes."""
        return (decode(stored.body) for stored in self.stored(start))

    def stored(self, start: int = 1) -> Iterator[Stored]:
        """Every row from seq ``start`` on as bytes, in order, read in batches."""
        while True:
            with self._access() as db:
                rows = db.execute(
                    "SELECT seq, hash, body FROM record WHERE seq >= ? ORDER BY seq LIMIT ?",
                    (start, BATCH),
                ).fetchall()
            yield from (Stored(*row) for row in rows)
            if len(rows) < BATCH:
                return
            start = rows[-1][0] + 1

    def get(self, seq: int) -> Record | None:
        """The record of that seq, None if there is none."""
        return self._one("SELECT body FROM record WHERE seq = ?", seq)

    def find(self, passage_id: int, part: int = 1) -> Record | None:
        """The record of that part of a passage, None if there is none."""
        return self._one(
            "SELECT body FROM record WHERE passage_id = ? AND part = ?", passage_id, part
        )

    def tare_weighings(self, newest: int) -> Iterator[Record]:
        """The newest records that bear on the tare register, oldest of them first.

        A damaged one is left out; `verify` names it.
        """
        with self._access() as db:
            rows = db.execute(
                "SELECT body FROM record WHERE tare_g IS NOT NULL ORDER BY seq DESC LIMIT ?",
                (newest,),
            ).fetchall()
        for (body,) in reversed(rows):
            with suppress(RecordError):
                yield decode(body)

    def last(self) -> Record | None:
        """The newest record, None in an empty ledger."""
        return self._one("SELECT body FROM record ORDER BY seq DESC LIMIT 1")

    def next_passage_id(self) -> int:
        """One more than the highest passage id on disk."""
        with self._access() as db:
            row = db.execute("SELECT coalesce(max(passage_id), 0) + 1 FROM record").fetchone()
        return int(row[0])

    def latest_tare(self, plate: str) -> Tare | None:
        """The newest tare weighing of that plate, amendments and voids considered."""
        with self._access() as db:
            return lookup.latest_tare(db, plate)

    def open_chain(self, plate: str) -> OpenChain | None:
        """The plate's re-weigh chain that no release has closed yet."""
        with self._access() as db:
            return lookup.open_chain(db, plate)

    def verify(self) -> list[Finding]:
        """Check every record, the chain, the columns and the guards; empty means sound."""
        with self._access() as db:
            return verify.check(db, self.site, self.lane, schema.genesis(self.site, self.lane))

    def close(self) -> None:
        """Fold the WAL into the file and close; safe to call twice."""
        with self._mutex:
            if self._lock_fd is not None:
                # A checkpoint that fails leaves the records durable in the WAL for the next open.
                with suppress(sqlite3.Error):
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.close()
            if self._lock_fd is not None:
                os.close(self._lock_fd)
                self._lock_fd = None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _insert(self, db: sqlite3.Connection, record: Record) -> Receipt:
        row = db.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
        seq, prev_hash = row or (0, self._genesis)
        stamped = replace(record, seq=seq + 1, prev_hash=prev_hash)
        body = encode(stamped)
        columns = lookup.values(lookup.derive(stamped, lookup.subject_before(db, stamped)))
        receipt = Receipt(stamped.seq, hashlib.sha256(body).digest())
        marks = ", ".join("?" * (len(columns) + 3))
        db.execute(
            f"INSERT INTO record (seq, hash, {lookup.COLUMNS}, body) VALUES ({marks})",
            (receipt.seq, receipt.hash, *columns, body),
        )
        return receipt

    def _stored_before(self, db: sqlite3.Connection, record: Record) -> Receipt | None:
        row = db.execute(
            "SELECT seq, hash, body FROM record WHERE passage_id = ? AND part = ?",
            (record.passage_id, record.part),
        ).fetchone()
        if row is None:
            return None
        seq, digest, body = row
        try:
            stored = decode(body)
        except RecordError as error:
            raise self._corrupt(f"seq {seq} cannot be read: {error}") from error
        if replace(record, seq=stored.seq, prev_hash=stored.prev_hash) == stored:
            return Receipt(seq, digest)
        raise LedgerError(
            Code.CONFLICT,
            self.path,
            f"passage {record.passage_id} part {record.part} is already stored as seq {seq} "
            "with other contents",
            "store the new facts as a further part that refers to it",
        )

    def _one(self, sql: str, *arguments: int) -> Record | None:
        with self._access() as db:
            row = db.execute(sql, arguments).fetchone()
        return None if row is None else decode(row[0])

    @contextmanager
    def _access(self) -> Iterator[sqlite3.Connection]:
        """One thread at a time, and every SQLite error as a LedgerError."""
        with self._mutex:
            try:
                # A rollback that failed earlier must not leave its row in sight.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                yield self._db
            except sqlite3.ProgrammingError as error:
                raise LedgerError(
                    Code.CLOSED, self.path, f"the ledger is closed ({error})", "open it again"
                ) from error
            except sqlite3.Error as error:
                raise errors.from_sqlite(error, self.path) from error

    def _identity(self) -> tuple[str, str, bytes]:
        row = self._db.execute("SELECT site, lane, genesis FROM identity").fetchone()
        if row is None:
            raise self._corrupt("it does not say whose ledger it is")
        return str(row[0]), str(row[1]), bytes(row[2])

    def _check_lane(self, site: str | None, lane: str | None) -> None:
        wanted = (site if site is not None else self.site, lane if lane is not None else self.lane)
        if wanted != (self.site, self.lane):
            raise LedgerError(
                Code.OTHER_LANE,
                self.path,
                f"the ledger is of site {self.site!r} lane {self.lane!r}, "
                f"not of site {wanted[0]!r} lane {wanted[1]!r}",
                "name this lane's own file",
            )

    def _check_tail(self) -> None:
        """The chain goes on from the newest record, so that one must be sound before a writer."""
        with self._access() as db:
            row = db.execute(
                "SELECT seq, hash, body FROM record ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        if row is None or self._lock_fd is None:
            return
        if hashlib.sha256(row[2]).digest() != row[1]:
            raise self._corrupt(f"the newest record, seq {row[0]}, does not match its hash")

    def _corrupt(self, message: str) -> LedgerError:
        remedy = "keep the file as it is, start a new one, and have this one verified"
        return LedgerError(Code.CORRUPT, self.path, message, remedy)
