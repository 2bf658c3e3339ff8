"""What a ledger can be asked; ``protocol/ledger.py`` adds the writing."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from protocol import errors, lookup, ondeck, recovery, sidetables, verify
from protocol.chain import KEYS_MAX, Finding
from protocol.custody import KeyChange
from protocol.envelope import opened
from protocol.errors import Code, LedgerError
from protocol.keys import PublicKey
from protocol.lookup import OpenChain, Told
from protocol.ondeck import OnDeck
from protocol.parts import Kind, Tare
from protocol.record import Record, RecordError
from protocol.rows import Hashes, Stored
from protocol.sidetables import Held

BATCH = 256


class Contents:
    """An open ledger, read only; from any thread, one at a time.

    ``first_key`` is the key that its seals began with.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db
        self._mutex = threading.RLock()
        self._shelf = sidetables.Shelf()
        self._acknowledged_to = 0
        self.site, self.lane, self.first_key = self._identity()

    @property
    def key(self) -> PublicKey:
        """The key that counts for the next record."""
        newest = self._newest_key()
        return self.first_key if newest is None else PublicKey(newest.x)

    def key_at(self, seq: int) -> PublicKey:
        """The key that counts for the record of this seq."""
        record = self._one(
            "SELECT body FROM record WHERE kind = ? AND passage_id = 0 AND seq < ? "
            "ORDER BY seq DESC LIMIT 1",
            int(Kind.KEY),
            seq,
        )
        change = None if record is None else record.key
        return self.first_key if change is None else PublicKey(change.x)

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

    def told_of(self, passage_id: int) -> Told:
        """What parts there are of a passage; none where it is not known."""
        with self._access() as db:
            return lookup.told_of(db, passage_id)

    def of_kind(self, passage_id: int, kind: Kind) -> list[Record]:
        """The records of this kind of a passage, oldest first."""
        with self._access() as db:
            found = db.execute(
                "SELECT body FROM record WHERE passage_id = ? AND passage_id > 0 AND kind = ? "
                "ORDER BY part",
                (passage_id, int(kind)),
            ).fetchall()
        return [opened(body) for (body,) in found]

    def last(self) -> Record | None:
        """The newest record, None in an empty ledger."""
        return self._one("SELECT body FROM record ORDER BY seq DESC LIMIT 1")

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

    def next_passage_id(self) -> int:
        """One more than the highest passage id on disk, or that may have been lost."""
        with self._access() as db:
            row = db.execute("SELECT coalesce(max(passage_id), 0) FROM record").fetchone()
            return max(int(row[0]), recovery.highest_lost(db)) + 1

    def on_deck(self) -> OnDeck:
        """The on-deck interval that ran when this was last said; passage 0 for none."""
        with self._access() as db:
            return ondeck.read(db)

    def latest_tare(self, plate: str) -> Tare | None:
        """The newest tare weighing of that plate, amendments and voids considered."""
        with self._access() as db:
            return lookup.latest_tare(db, plate)

    def open_chain(self, plate: str) -> OpenChain | None:
        """The plate's re-weigh chain that no release has closed yet."""
        with self._access() as db:
            return lookup.open_chain(db, plate)

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

    def verify(self) -> list[Finding]:
        """Check every record, the chain, the columns and the guards; empty means sound."""
        with self._access() as db:
            return verify.check(db)

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
                if errors.is_damage(error):
                    self._met_damage()
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

    def _corrupt(self, message: str) -> LedgerError:
        remedy = "keep a copy; the next start keeps what is whole and puts the rest in quarantine"
        return LedgerError(Code.CORRUPT, self.path, message, remedy)

    def _met_damage(self) -> None:
        """SQLite has just said that the file is damaged."""
