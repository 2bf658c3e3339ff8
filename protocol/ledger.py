"""The ledger: one SQLite file a lane, append-only, gap-free, chained by hash, each record sealed.

WAL with synchronous=FULL and one commit a record: when ``append`` returns, the record is on disk
(one fsync, and two more at each checkpoint of about 1000 pages).  Readers in other connections
never wait for the writer.  The seals make a forgery show; a manifest a day, kept by somebody else,
shows that newer records were cut off.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from protocol import (
    copies,
    errors,
    lookup,
    ondeck,
    recovery,
    rows,
    sidefiles,
    sidetables,
    startcheck,
    store,
    verify,
)
from protocol.chain import KEYS_MAX, Finding
from protocol.custody import KeyAction, KeyChange, Recovery
from protocol.envelope import opened
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import PrivateKey, PublicKey
from protocol.lookup import OpenChain
from protocol.manifests import OpenSegment
from protocol.ondeck import OnDeck
from protocol.parts import Kind, Person, Tare, Times
from protocol.record import LEDGER_KINDS, Record, RecordError
from protocol.rows import Hashes, Receipt, Stored
from protocol.sidetables import Held
from protocol.startcheck import DamagedError

__all__ = ["Finding", "Held", "Ledger", "Receipt", "Stored"]

BATCH = 256
REBUILDS_MAX = 3
NOTES = frozenset({Kind.RETENTION, Kind.RECOVERY})


class Ledger:
    """The records of one lane.  Make one with ``Ledger.open``; it may be used from any thread.

    ``first_key`` is the key that its seals began with; ``recovered`` says what was damaged at this
    start.
    """

    def __init__(
        self,
        path: Path,
        db: sqlite3.Connection,
        lock_fd: int | None = None,
        key: PrivateKey | None = None,
        files: Files | None = None,
    ) -> None:
        self.path = path
        self._db = db
        self._lock_fd = lock_fd
        self._key = key
        self._files = files or Files()
        self._begun = False
        self._mutex = threading.RLock()
        self._segment: OpenSegment | None = None
        self._manifest: Stored | None = None
        self._shelf = sidetables.Shelf()
        self._acknowledged_to = 0
        self.recovered: tuple[Recovery, ...] = ()
        self.site, self.lane, self.first_key = self._identity()

    @classmethod
    def open(
        cls,
        path: Path | str,
        site: str | None = None,
        lane: str | None = None,
        *,
        key: PrivateKey | None = None,
        read_only: bool = False,
        files: Files | None = None,
    ) -> Ledger:
        """Open a ledger, or begin one where there is no file; ``read_only`` never begins one.

        ``site`` and ``lane`` must be those of the file, ``key`` the one that its seals are at; a
        reader may leave them out.  A writer recovers from damage, and then ``recovered`` says so.
        Raises LedgerError with code MISSING, FOREIGN, NEWER, OTHER_LANE, OTHER_KEY, LOCKED (another
        process writes it), READ_ONLY, DISK_FULL, CORRUPT (a reader only, or a key that is lost) or
        IO.
        """
        path = Path(path)
        with _translated(path):
            if read_only:
                store.refuse_foreign(path, must_exist=True)
                return cls._reader(path, site, lane)
            if site is None or lane is None or key is None:
                raise ValueError("a ledger is opened for writing with its site, lane and key")
            return cls._writer(path, (site, lane), key, files or Files())

    @classmethod
    def _reader(cls, path: Path, site: str | None, lane: str | None) -> Ledger:
        db = store.connect_reader(path)
        try:
            ledger = cls(path, db)
            ledger._check_lane(site, lane)
        except BaseException:
            db.close()
            raise
        return ledger

    @classmethod
    def _writer(cls, path: Path, owner: tuple[str, str], key: PrivateKey, files: Files) -> Ledger:
        # Nothing is made beside a file that is no ledger, not even a lock.
        _begins_wrong(path)
        lock_fd = store.lock(path)
        try:
            recovery.settle(path, files)
            damage = _begins_wrong(path)
            for _ in range(REBUILDS_MAX):
                try:
                    if damage is not None:
                        recovery.rebuild(path, damage, owner, key, files)
                    return cls._sound(path, lock_fd, owner, key, files)
                except DamagedError as error:
                    damage = error
            raise damage or AssertionError("only damage goes around")
        except BaseException:
            os.close(lock_fd)
            raise

    @classmethod
    def _sound(
        cls, path: Path, lock_fd: int, owner: tuple[str, str], key: PrivateKey, files: Files
    ) -> Ledger:
        """Open a file that shows no damage; raises DamagedError if it does."""
        recovery.before_opening(path, files)
        whole = sidefiles.is_marked_damaged(path)
        wrong = startcheck.against_sum(path)
        with _as_damage(path):
            db = store.connect_writer(path, *owner, key)
        try:
            with _as_damage(path):
                ledger = cls(path, db, lock_fd, key, files)
                ledger._check_lane(*owner)
                ledger._check_key()
                startcheck.look(db, path, wrong, whole=whole)
            ledger._go_on()
        except BaseException:
            db.close()
            raise
        return ledger

    def _go_on(self) -> None:
        """Begin to write: mark the file as open, and record what was found at this start."""
        sidefiles.open_up(self.path, self._files)
        self._begun = True
        recovery.after_opening(self.path, self._db, self._files)
        for found in list(recovery.unrecorded(self.path, self._db)):
            self._commit(recovery.record_of((self.site, self.lane), found))
            self.recovered = (*self.recovered, found)
        copies.keep_missing(self.path, self._db, self._files)

    @property
    def key(self) -> PublicKey:
        """The key that counts for the next record."""
        newest = self._newest_key()
        return self.first_key if newest is None else PublicKey(newest.x)

    def keys(self) -> list[PublicKey]:
        """Every key that has counted in this ledger, the first one first."""
        with self._access() as db:
            found = db.execute(
                "SELECT body FROM record WHERE kind = ? AND passage_id = 0 ORDER BY seq LIMIT ?",
                (int(Kind.KEY), KEYS_MAX),
            ).fetchall()
        changes = (opened(body).key for (body,) in found)
        later = (PublicKey(change.x) for change in changes if change is not None)
        return list(dict.fromkeys((self.first_key, *later)))

    def append(self, record: Record) -> Receipt:
        """Give the record its seq and prev_hash, seal it, make it durable; return its receipt.

        Appending the same ``(passage_id, part)`` again returns the first receipt if nothing in it
        differs, else raises LedgerError CONFLICT.  Raises RecordError for a record that is not
        allowed and LedgerError for a ledger that cannot take it.  After an error nothing is stored,
        or the whole record is (the error came behind its commit); appending it again tells.
        """
        if record.kind in LEDGER_KINDS:
            raise RecordError(f"a {record.kind.name} record is the ledger's own to write")
        self._check_new(record)
        return self._commit(record)

    def note(self, record: Record) -> Receipt:
        """Append a RETENTION or RECOVERY record; raises as ``append``."""
        if record.kind not in NOTES:
            raise RecordError(f"a {record.kind.name} record is no note; append it")
        self._check_new(record)
        return self._commit(record)

    def rotate(self, new: PrivateKey, person: Person, times: Times | None = None) -> Receipt:
        """Hand over to another key: a KEY record sealed by the present one; raises as ``append``.

        ``new`` must be on disk before, or a power cut leaves a ledger that nobody can go on with.
        Raises RecordError for a key that this ledger had before: it would never be sound again.
        """
        had = self.keys()
        if new.public in had or len(had) >= KEYS_MAX:
            raise RecordError(
                f"a ledger has each of its keys once, and at most {KEYS_MAX}; it had "
                f"{new.public.fingerprint} already, or so many"
            )
        change = KeyChange(action=KeyAction.ROTATE, x=new.public.x, kid=new.public.kid)
        record = rows.own(
            Kind.KEY, (self.site, self.lane), times or _now(), key=change, person=person
        )
        with self._mutex:
            recovery.keep_public(self.path, self.key)
            receipt = self._commit(record)
            self._key = new
        return receipt

    def acknowledge(self, seqs: Iterable[int], at_ms: int) -> None:
        """Note that records have arrived where they are sent; a second time changes nothing."""
        with self._access() as db, _transaction(db):
            sidetables.acknowledge(db, seqs, at_ms)

    def acknowledged_to(self) -> int:
        """The seq up to which every record is acknowledged, 0 for none."""
        with self._access() as db:
            self._acknowledged_to = sidetables.acknowledged_to(db, self._acknowledged_to)
        return self._acknowledged_to

    def media_oldest_acknowledged(self, limit: int) -> list[Held]:
        """The oldest media that are still kept and whose records are all acknowledged."""
        with self._access() as db:
            return self._shelf.oldest_acknowledged(db, limit)

    def media_older_than(self, kind: str, before_ms: int, limit: int) -> list[Held]:
        """The oldest media of a kind that are still kept and whose records are older than this."""
        with self._access() as db:
            return self._shelf.older_than(db, kind, before_ms, limit)

    def media_is_kept(self, digest: bytes) -> bool | None:
        """Whether a medium is to be there: None where no record has ever named it."""
        with self._access() as db:
            return sidetables.is_kept(db, digest)

    def records(self, start: int = 1) -> Iterator[Record]:
        """Every record from seq ``start`` on, in order; raises RecordError at damaged bytes."""
        return (opened(stored.body) for stored in self.stored(start))

    def stored(self, start: int = 1) -> Iterator[Stored]:
        """Every row from seq ``start`` on as sealed bytes, in order, read in batches."""
        while True:
            with self._access() as db:
                found = db.execute(
                    "SELECT seq, hash, body FROM record WHERE seq >= ? ORDER BY seq LIMIT ?",
                    (start, BATCH),
                ).fetchall()
            yield from (Stored(*row) for row in found)
            if len(found) < BATCH:
                return
            start = found[-1][0] + 1

    def hashes(self) -> Hashes:
        """The hash of every record, computed from its sealed bytes."""
        return {
            (self.site, self.lane, stored.seq): hashlib.sha256(stored.body).digest()
            for stored in self.stored()
        }

    def get(self, seq: int) -> Record | None:
        """The record of that seq, None if there is none."""
        return self._one("SELECT body FROM record WHERE seq = ?", seq)

    def find(self, passage_id: int, part: int = 1) -> Record | None:
        """The record of that part of a passage, None if there is none."""
        return self._one(
            "SELECT body FROM record WHERE passage_id = ? AND part = ? AND passage_id > 0",
            passage_id,
            part,
        )

    def tare_weighings(self, newest: int) -> Iterator[Record]:
        """The newest records that bear on the tare register, oldest of them first.

        A damaged one is left out; `verify` names it.
        """
        with self._access() as db:
            found = db.execute(
                "SELECT body FROM record WHERE tare_g IS NOT NULL ORDER BY seq DESC LIMIT ?",
                (newest,),
            ).fetchall()
        for (body,) in reversed(found):
            with suppress(RecordError):
                yield opened(body)

    def last(self) -> Record | None:
        """The newest record, None in an empty ledger."""
        return self._one("SELECT body FROM record ORDER BY seq DESC LIMIT 1")

    def next_passage_id(self) -> int:
        """One more than the highest passage id on disk, or that may have been lost."""
        with self._access() as db:
            row = db.execute("SELECT coalesce(max(passage_id), 0) FROM record").fetchone()
            return max(int(row[0]), recovery.highest_lost(db)) + 1

    def on_deck(self) -> OnDeck:
        """The on-deck interval that ran when this was last said; passage 0 for none."""
        with self._access() as db:
            return ondeck.read(db)

    def keep_on_deck(self, found: OnDeck) -> None:
        """Make durable whose on-deck interval runs, in place of what was kept before."""
        with self._access() as db:
            ondeck.write(db, found)

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
            return verify.check(db)

    def close(self) -> None:
        """Fold the WAL into the file and close; safe to call twice."""
        with self._mutex:
            if self._begun:
                # What fails here leaves the records durable in the WAL for the next open.
                with suppress(OSError):
                    sidefiles.shut(self.path, self._files)
                with suppress(sqlite3.Error):
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.close()
            if self._begun and not sidefiles.has_wal(self.path):
                with suppress(OSError):
                    sidefiles.write_sum(self.path, self._files)
            self._begun = False
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

    def _check_new(self, record: Record) -> None:
        if record.seq or record.prev_hash:
            raise RecordError("seq and prev_hash are given by the ledger; leave them out")
        if (record.site, record.lane) != (self.site, self.lane):
            raise RecordError(
                f"the record is of {record.site}/{record.lane}, the ledger of "
                f"{self.site}/{self.lane}"
            )

    def _commit(self, record: Record) -> Receipt:
        with self._access() as db:
            self._manifest = None
            try:
                with _transaction(db):
                    receipt = self._stored_before(db, record) or self._insert(db, record)
            except BaseException:
                # What the segment was told may not have come to disk; it is read anew.
                self._segment = None
                raise
            if self._manifest is not None:
                copies.keep(self.path, self._manifest.seq, self._manifest.body, self._files)
        return receipt

    def _insert(self, db: sqlite3.Connection, record: Record) -> Receipt:
        if self._key is None:
            raise LedgerError(
                Code.READ_ONLY,
                self.path,
                "the ledger was opened for reading only",
                "open it for writing, with its key",
            )
        segment = self._segment or OpenSegment.load(db)
        previous = rows.newest(db)
        if segment.due(record):
            manifest = segment.manifest((self.site, self.lane), record.times)
            stamped, stored = rows.append(db, manifest, previous, self._key)
            segment.take(stamped, stored.hash)
            previous, self._manifest = stored.receipt, stored
        stamped, stored = rows.append(db, record, previous, self._key)
        segment.take(stamped, stored.hash)
        self._segment = segment
        return stored.receipt

    def _stored_before(self, db: sqlite3.Connection, record: Record) -> Receipt | None:
        if record.passage_id == 0:
            return None
        row = db.execute(
            "SELECT seq, hash, body FROM record WHERE passage_id = ? AND part = ? "
            "AND passage_id > 0",
            (record.passage_id, record.part),
        ).fetchone()
        if row is None:
            return None
        seq, digest, body = row
        try:
            stored = opened(body)
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
        return None if row is None else opened(row[0])

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
                if self._begun and errors.is_damage(error):
                    sidefiles.mark_damaged(self.path, self._files)
                raise errors.from_sqlite(error, self.path) from error

    def _identity(self) -> tuple[str, str, PublicKey]:
        row = self._db.execute("SELECT site, lane, key FROM identity").fetchone()
        if row is None:
            raise self._corrupt("it does not say whose ledger it is")
        try:
            return str(row[0]), str(row[1]), PublicKey(bytes(row[2]))
        except (TypeError, ValueError) as error:
            raise self._corrupt(f"it does not say with which key it begins: {error}") from error

    def _newest_key(self) -> KeyChange | None:
        record = self._one(
            "SELECT body FROM record WHERE kind = ? AND passage_id = 0 ORDER BY seq DESC LIMIT 1",
            int(Kind.KEY),
        )
        return None if record is None else record.key

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

    def _check_key(self) -> None:
        if self._key is None or self._key.public == self.key:
            return
        raise LedgerError(
            Code.OTHER_KEY,
            self.path,
            f"the ledger is sealed with key {self.key.fingerprint}, the key given is "
            f"{self._key.public.fingerprint}",
            "name the ledger's own key file; another key needs a rotation, sealed by the present",
        )

    def _corrupt(self, message: str) -> LedgerError:
        remedy = "keep the file as it is, start a new one, and have this one verified"
        return LedgerError(Code.CORRUPT, self.path, message, remedy)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Every error of an opening as a LedgerError."""
    try:
        yield
    except DamagedError as error:
        raise LedgerError(
            Code.CORRUPT,
            path,
            f"the ledger is damaged ({error})",
            "start the lane, which recovers what can be read; or have the file examined",
        ) from error
    except sqlite3.Error as error:
        raise errors.from_sqlite(error, path) from error
    except OSError as error:
        if isinstance(error, LedgerError):
            raise
        raise errors.from_os(error, path) from error


@contextmanager
def _as_damage(path: Path) -> Iterator[None]:
    """What says that a ledger's own file is damaged, as a DamagedError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not errors.is_damage(error) or not store.was_ledger(path):
            raise
        raise DamagedError("page", str(error)) from error
    except LedgerError as error:
        if error.code is not Code.CORRUPT:
            raise
        raise DamagedError("identity", error.failure.message) from error


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        # A COMMIT that failed may have ended the transaction already.
        if db.in_transaction:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


def _now() -> Times:
    return Times(at_us=time.monotonic_ns() // 1000, wall_ms=time.time_ns() // 1_000_000)


def _begins_wrong(path: Path) -> DamagedError | None:
    """The damage that the first bytes show already; raises LedgerError for what is no ledger."""
    try:
        store.refuse_foreign(path, must_exist=False)
    except DamagedError as error:
        return error
    return None
