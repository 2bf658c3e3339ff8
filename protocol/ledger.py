"""The ledger: one SQLite file a lane, append-only, gap-free, chained by hash, each record sealed.

WAL with synchronous=FULL and one commit a record: when ``append`` returns, the record is on disk
(one fsync, and two more at each checkpoint of about 1000 pages).  Readers in other connections
never wait for the writer.  The seals make a forgery show; a manifest a day, kept by somebody else,
shows that newer records were cut off.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from protocol import (
    copies,
    ondeck,
    recovery,
    rows,
    sidefiles,
    sidetables,
    startcheck,
    store,
)
from protocol.aside import Aside
from protocol.chain import KEYS_MAX, Finding
from protocol.contents import Contents
from protocol.custody import KeyAction, KeyChange, Recovery
from protocol.envelope import opened
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.guarding import as_damage, transaction, translated
from protocol.keys import PrivateKey
from protocol.lookup import OpenChain
from protocol.manifests import OpenSegment
from protocol.ondeck import OnDeck
from protocol.parts import Kind, Person, Tare, Times
from protocol.record import LEDGER_KINDS, Record, RecordError
from protocol.rows import Receipt, Stored
from protocol.sidetables import Held
from protocol.startcheck import DamagedError

__all__ = ["Finding", "Held", "Ledger", "Receipt", "Stored"]

REBUILDS_MAX = 3
NOTES = frozenset({Kind.RETENTION, Kind.RECOVERY})


class Ledger(Contents):
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
        super().__init__(path, db)
        self._lock_fd = lock_fd
        self._key = key
        self._files = files or Files()
        self._begun = False
        self._aside: Aside | None = None
        self._segment: OpenSegment | None = None
        self._manifest: Stored | None = None
        self.recovered: tuple[Recovery, ...] = ()

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
        with translated(path):
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
        with as_damage(path):
            db = store.connect_writer(path, *owner, key)
        try:
            with as_damage(path):
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
        self._aside = Aside(self.path, self._met_damage)

    def latest_tare(self, plate: str) -> Tare | None:
        """As every ledger answers; this one never waits for a commit to come to the disk."""
        return super().latest_tare(plate) if self._aside is None else self._aside.latest_tare(plate)

    def open_chain(self, plate: str) -> OpenChain | None:
        """As every ledger answers; this one never waits for a commit to come to the disk."""
        return super().open_chain(plate) if self._aside is None else self._aside.open_chain(plate)

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
        with self._access() as db, transaction(db):
            sidetables.acknowledge(db, seqs, at_ms)

    def keep_on_deck(self, found: OnDeck) -> None:
        """Make durable whose on-deck interval runs, in place of what was kept before."""
        with self._access() as db:
            ondeck.write(db, found)

    def close(self) -> None:
        """Fold the WAL into the file and close; safe to call twice."""
        with self._mutex:
            if self._aside is not None:
                # It goes first: the WAL is removed by whoever closes last, and is the writer's.
                self._aside.close()
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
                with transaction(db):
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

    def _met_damage(self) -> None:
        if self._begun:
            sidefiles.mark_damaged(self.path, self._files)


def _now() -> Times:
    return Times(at_us=time.monotonic_ns() // 1000, wall_ms=time.time_ns() // 1_000_000)


def _begins_wrong(path: Path) -> DamagedError | None:
    """The damage that the first bytes show already; raises LedgerError for what is no ledger."""
    try:
        store.refuse_foreign(path, must_exist=False)
    except DamagedError as error:
        return error
    return None
