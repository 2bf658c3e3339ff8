"""Verification of a ledger and its folder: what anyone who went around the program would leave.

Bounded memory, whatever the length; every fault is a finding in plain words, nothing stops at the
first.  ``docs/evidence.md`` has the table of the codes.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from msgspec import Struct

from protocol import copies, errors, quarantine, schema, sidefiles, store, walfile
from protocol.chain import Finding
from protocol.custody import Recovery
from protocol.errors import Code, LedgerError
from protocol.keys import KeyFileError, PublicKey, read_public
from protocol.media import FOLDER as MEDIA
from protocol.media import folders_of
from protocol.mediacheck import MediaCheck, is_file_of
from protocol.revocation import Revocation
from protocol.rowcheck import Rows
from protocol.startcheck import DamagedError

FINDINGS_MAX = 1000
NOTES_MAX = 100
LEDGER_FILE = "ledger.sqlite"
PUBLIC_FILE = "lane.pub"

Progress = Callable[[int, int], None]


class Report(Struct, frozen=True, kw_only=True):
    """The result of a verification; without findings the ledger is sound.

    ``sealed`` counts the records under a seal, ``media`` the files that are there as named,
    ``manifests`` the MANIFEST records.  ``fingerprint`` is that of the key that counts now, empty
    if none could be read; ``anchored`` says that the ledger began with the key that was given,
    ``lost`` how many records RECOVERY records say could not be kept.
    """

    records: int
    sealed: int
    media: int
    manifests: int
    fingerprint: str
    anchored: bool
    lost: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check(db: sqlite3.Connection, revoked: Iterable[Revocation] = ()) -> list[Finding]:
    """Check an open ledger by itself; at most FINDINGS_MAX findings are listed."""
    return list(islice(_database(db, Rows(db, revoked), None, None), FINDINGS_MAX))


def verify_folder(
    target: Path,
    *,
    anchor: PublicKey | None = None,
    revoked: Iterable[Revocation] = (),
    progress: Progress | None = None,
) -> Report:
    """Check a data folder, or a ledger's file with what lies beside it.

    ``progress`` is called with the records done and their number.  Raises LedgerError with code
    MISSING, FOREIGN or NEWER for what is no ledger that this program can check.
    """
    check = FolderCheck(target, anchor, revoked, progress)
    findings = list(islice(check.findings(), FINDINGS_MAX))
    return check.report(findings)


class FolderCheck:
    """One verification; ``findings`` gives each as it is found, ``report`` sums up."""

    def __init__(
        self,
        target: Path,
        anchor: PublicKey | None = None,
        revoked: Iterable[Revocation] = (),
        progress: Progress | None = None,
    ) -> None:
        self._whole = target.is_dir()
        self._path = target / LEDGER_FILE if self._whole else target
        self._anchor = anchor
        self._revoked = tuple(revoked)
        self._progress = progress
        self._rows: Rows | None = None
        self._media: MediaCheck | None = None
        self._notes: list[str] = []

    def findings(self) -> Iterator[Finding]:
        """Every fault; the cheap looks first."""
        try:
            store.refuse_foreign(self._path, must_exist=True)
        except DamagedError as error:
            yield _file("damaged", str(error))
            return
        yield from self._file()
        try:
            with closing(store.connect_reader(self._path)) as db:
                yield from self._contents(db)
        except sqlite3.DatabaseError as error:
            if not errors.is_damage(error) and not isinstance(error, sqlite3.OperationalError):
                raise
            yield _file("damaged", f"the file cannot be read on: {error}")
        except LedgerError as error:
            if error.code is not Code.FOREIGN or not sidefiles.is_ours(self._path):
                raise
            yield _file("damaged", error.failure.message)

    def report(self, findings: list[Finding]) -> Report:
        """What was found and counted."""
        rows = self._rows
        return Report(
            records=rows.records if rows else 0,
            sealed=rows.sealed if rows else 0,
            media=self._media.sound if self._media else 0,
            manifests=rows.manifests if rows else 0,
            fingerprint=rows.key.fingerprint if rows and rows.key else "",
            anchored=bool(rows and self._anchor is not None and rows.keys.get(self._anchor) == 1),
            lost=rows.lost if rows else 0,
            findings=tuple(findings),
            notes=tuple(self._notes[:NOTES_MAX]),
        )

    def _file(self) -> Iterator[Finding]:
        if _is_written(self._path):
            self._notes.append("the ledger is open for writing; its file was not held to a sum")
            return
        if sidefiles.has_wal(self._path):
            self._notes.append("the ledger was not closed; its newest records are in the WAL")
            if walfile.examine(sidefiles.wal_of(self._path)).lost:
                yield _file("file", "committed records stand behind damaged bytes of the WAL")
        elif sidefiles.marker_of(self._path).exists():
            self._notes.append("the ledger was not closed; its file was not held to a sum")
            if not sidefiles.wal_of(self._path).exists():
                yield _file("file", "the ledger was not closed, and its WAL is missing")
        elif not sidefiles.sum_of(self._path).exists():
            self._notes.append(f"there is no {sidefiles.sum_of(self._path).name} to hold it to")
        for message in sidefiles.differences(self._path):
            yield _file("file", message)

    def _contents(self, db: sqlite3.Connection) -> Iterator[Finding]:
        self._rows = Rows(db, self._revoked)
        folder, *others = folders_of(self._path)
        # Of a file alone nobody expects its media; a folder without them has lost them.
        looks = self._whole or folder.is_dir() or bool(others)
        self._media = MediaCheck(db, folder, others) if looks else None
        if self._media is None:
            self._notes.append(f"no folder {MEDIA} beside the ledger: media were not looked at")
        yield from _database(db, self._rows, self._media, self._progress)
        for _, message in copies.strange(self._path, db):
            yield _file("manifest", message)
        self._notes += copies.without(self._path, db)
        yield from self._anchored()
        yield from self._quarantined(self._rows.folders)
        self._notes += self._rows.notes
        if self._media is not None:
            self._notes += self._media.leftovers()
        for number, found in quarantine.finals(self._path):
            if quarantine.name_of(number) not in self._rows.folders:
                self._notes.append(
                    f"{quarantine.name_of(number)} is in no record yet: {found.cause}"
                )

    def _quarantined(self, named: Mapping[str, Recovery]) -> Iterator[Finding]:
        """What a recovery could not keep is to lie in the quarantine still, as it was found."""
        home = quarantine.home(self._path)
        if not self._whole and not (home / quarantine.FOLDER).is_dir():
            return
        for name, recovery in named.items():
            kept = home / name / self._path.name
            if not kept.parent.is_dir():
                yield _file("file", f"{name} is gone, where a record says that damage was kept")
            elif recovery.sha256 is not None and not is_file_of(kept, recovery.sha256):
                said = f"{name}/{kept.name} is not the damaged ledger that was put there"
                yield _file("file", said)

    def _anchored(self) -> Iterator[Finding]:
        """Hold the keys to the one given, and to the public key that lies in the folder."""
        rows = self._rows
        if rows is None or rows.key is None:
            return
        if self._anchor is not None and rows.keys.get(self._anchor) != 1:
            yield _file("key", _not_vouched(self._anchor, rows.keys))
        beside = self._path.parent / PUBLIC_FILE
        if beside.exists():
            try:
                public = read_public(beside)
            except KeyFileError as error:
                yield _file("key", str(error))
                return
            if public not in rows.keys:
                yield _file("key", f"{PUBLIC_FILE} holds {public.fingerprint}, not the ledger's")


def _database(
    db: sqlite3.Connection, rows: Rows, media: MediaCheck | None, progress: Progress | None
) -> Iterator[Finding]:
    """The tables, as they stood at one moment: a lane may go on writing meanwhile."""
    try:
        # Only reads follow; the WAL grows by what is written until they end.
        db.execute("BEGIN")
        for (message,) in db.execute("PRAGMA integrity_check(100)"):
            if message != "ok":
                yield _file("damaged", str(message))
        present, expected = schema.objects(db), schema.expected_objects()
        for name in sorted(present.keys() | expected.keys()):
            if present.get(name) != expected.get(name):
                state = "missing" if name not in present else "not the original"
                yield _file("guards", f"{name} is {state}")
        for record, found in rows.walk():
            yield from found
            if media is not None and record is not None:
                yield from media.look(record)
            if progress is not None and rows.records % 64 == 0:
                progress(rows.records, rows.total)
        yield from rows.finish()
        if progress is not None:
            progress(rows.records, rows.total)
    except sqlite3.DatabaseError as error:
        yield _file("damaged", f"the file cannot be read on: {error}")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _not_vouched(anchor: PublicKey, keys: Mapping[PublicKey, int]) -> str:
    """Why a key does not vouch for a whole ledger.

    Whoever forges one can have it hand over to the lane's own key in the end: for that a key must
    only be known, not used.
    """
    if anchor not in keys:
        return f"the ledger never had the key {anchor.fingerprint}"
    first = next(key for key, seq in keys.items() if seq == 1)
    return (
        f"the key given counts from seq {keys[anchor]} on only, and what stands before it rests on "
        f"another, {first.fingerprint}; compare that one"
    )


def _is_written(path: Path) -> bool:
    """Whether another process has the ledger open for writing now."""
    try:
        fd = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        return True
    finally:
        os.close(fd)


def _file(code: str, message: str) -> Finding:
    return Finding(code=code, seq=None, message=message)
