"""A start after damage: the longest valid prefix goes on, all that was there is in quarantine.

The ledger is made anew under another name from whatever rows can still be read and proven, and only
when that file is whole and synced do the damaged ones move away and it takes their place.  Whatever
stops this half-way, the next start goes on with it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from protocol import copies, migration, quarantine, rows, schema, sidefiles, walfile
from protocol.chain import Chain, genesis
from protocol.custody import Recovery
from protocol.envelope import is_sealed, opened
from protocol.errors import Code, LedgerError
from protocol.files import Files
from protocol.keys import KeyFileError, PrivateKey, PublicKey, read_public, readable, write_public
from protocol.parts import Kind, Times
from protocol.quarantine import Found
from protocol.record import Record, RecordError
from protocol.salvage import Pages, Salvage
from protocol.seal import SealError, unseal
from protocol.startcheck import DamagedError

KEYS_FOLDER = "keys"
BUILDING, BUILT = ".rebuilding", ".rebuilt-"
PASSAGES_SKIPPED = 1000
"""Passage numbers left out after a loss, so that none of a lost passage is given again."""


def settle(path: Path, files: Files) -> None:
    """Finish what an earlier start began; nothing to do is the rule."""
    for built in sorted(path.parent.glob(f"{path.name}{BUILT}[0-9]*")):
        number = int(built.name.removeprefix(path.name + BUILT))
        _swap(path, built, number, files)
    for left in path.parent.glob(f"{path.name}{BUILDING}*"):
        files.unlink(left)


def before_opening(path: Path, files: Files) -> None:
    """See what SQLite would pass over in silence: a WAL that is damaged or gone, a file that is.

    Raises DamagedError where the ledger has to be made anew.
    """
    wal = sidefiles.wal_of(path)
    marked = sidefiles.marker_of(path).exists()
    if not path.exists() or path.stat().st_size == 0:
        if marked or sidefiles.sum_of(path).exists() or copies.numbers(path):
            raise DamagedError("file_missing", "the ledger's file is gone or empty")
        return
    if walfile.examine(wal).lost:
        number = quarantine.begin(path, files)
        data = files.read(wal)
        files.write_whole(quarantine.folder_of(path, number) / wal.name, data)
        note = _found("wal_damaged", "committed records stand behind damaged bytes of the WAL")
        quarantine.write(path, number, note, files)
    elif marked and not wal.exists():
        number = quarantine.begin(path, files)
        note = _found(
            "wal_missing", "no WAL after an end without a close; the newest records may be lost"
        )
        quarantine.write(path, number, note, files)


def after_opening(path: Path, db: sqlite3.Connection, files: Files) -> None:
    """Set aside copies of manifests that the ledger does not have: it was rolled back."""
    wrong = list(copies.strange(path, db))
    if not wrong:
        return
    number = quarantine.begin(path, files)
    seen = max(seq for seq, _ in wrong)
    quarantine.write(path, number, _found("rolled_back", wrong[-1][1], seen=seen), files)
    _move_copies(path, number, [seq for seq, _ in wrong], files)


def unrecorded(path: Path, db: sqlite3.Connection) -> Iterator[Recovery]:
    """What was found and no RECOVERY record names yet, oldest first."""
    known = {recovery.folder for recovery in recoveries(db)}
    newest = rows.newest(db).seq
    for number, found in quarantine.finals(path):
        folder = quarantine.name_of(number)
        if folder not in known:
            yield Recovery(
                cause=found.cause,
                kept=newest,
                folder=folder,
                seen=found.seen or None,
                sha256=bytes.fromhex(found.sha256) if found.sha256 else None,
                detail=found.detail[:500],
            )


def recoveries(db: sqlite3.Connection) -> Iterator[Recovery]:
    """Every recovery that the ledger has recorded."""
    found = db.execute(
        "SELECT body FROM record WHERE kind = ? AND passage_id = 0 ORDER BY seq",
        (int(Kind.RECOVERY),),
    ).fetchall()
    for (body,) in found:
        with suppress(RecordError):
            recovery = opened(body).recovery
            if recovery is not None:
                yield recovery


def highest_lost(db: sqlite3.Connection) -> int:
    """The highest passage id that may have been lost, 0 where nothing ever was."""
    return max(
        (max(r.seen or 0, r.kept) + PASSAGES_SKIPPED for r in recoveries(db)),
        default=0,
    )


def record_of(owner: tuple[str, str], recovery: Recovery) -> Record:
    """The record of a recovery, at the wall time of now; its clock is not known to be right."""
    times = Times(at_us=time.monotonic_ns() // 1000, wall_ms=time.time_ns() // 1_000_000)
    return rows.own(Kind.RECOVERY, owner, times, recovery=recovery)


def rebuild(
    path: Path, damage: DamagedError, owner: tuple[str, str], key: PrivateKey, files: Files
) -> None:
    """Put the longest valid prefix in the place of a damaged ledger.

    Raises LedgerError OTHER_LANE or OTHER_KEY if what can be read is another lane's or under other
    keys, and CORRUPT if the key that its seals began with is not to be found.
    """
    if not path.exists():
        files.write_new(path, b"")
    wal = sidefiles.wal_of(path)
    pages = Pages(path, wal, walfile.examine(wal))
    building = path.with_name(path.name + BUILDING)
    try:
        salvage = Salvage(pages)
        _refuse_other_key(path, salvage, key.public)
        first, unsealed = _first_key(path, salvage, owner, key)
        kept, counts = _build(building, salvage, owner, first, key, unsealed)
        if counts != key.public:
            # The prefix ends before the record that handed over to today's key, and the key that
            # counts there is gone: nobody could go on with it.
            kept, _ = _build(building, None, owner, key.public, key, False)
    finally:
        pages.close()
    _sync(building)
    number = quarantine.begin(path, files)
    # A damaged page may hold any number, and passages are numbered on from here.
    seen = min(quarantine.SEQ_MAX, max([salvage.seen, kept, *copies.numbers(path)]))
    note = Found(
        cause=damage.cause,
        detail=damage.detail,
        rebuilt=True,
        kept=kept,
        seen=seen,
        sha256=_digest(path),
        wall_ms=time.time_ns() // 1_000_000,
    )
    quarantine.write(path, number, note, files)
    built = path.with_name(f"{path.name}{BUILT}{number:04}")
    files.replace(building, built)
    files.sync_folder(path.parent)
    _swap(path, built, number, files)


def _swap(path: Path, built: Path, number: int, files: Files) -> None:
    """Move the damaged files away, then give the new one its name; may be begun again anywhere."""
    note = quarantine.read(path, number)
    kept = note.kept if note is not None and note.kept is not None else 0
    # With its old WAL beside it the new file would be overwritten by old pages.
    for source in (path, sidefiles.wal_of(path), sidefiles.sum_of(path)):
        quarantine.move(path, number, source, files)
    _move_copies(path, number, [seq for seq in copies.numbers(path) if seq > kept], files)
    for gone in (sidefiles.shm_of(path), sidefiles.marker_of(path)):
        files.unlink(gone)
    files.sync_folder(quarantine.folder_of(path, number))
    files.sync_folder(path.parent)
    files.replace(built, path)
    files.sync_folder(path.parent)


def _move_copies(path: Path, number: int, seqs: list[int], files: Files) -> None:
    if not seqs:
        return
    target = quarantine.folder_of(path, number) / copies.FOLDER
    files.make_folder(target)
    for seq in seqs:
        name = f"{seq}{copies.SUFFIX}"
        files.replace(copies.folder_of(path) / name, target / name)
    files.sync_folder(target)
    files.sync_folder(copies.folder_of(path))


def _build(
    building: Path,
    salvage: Salvage | None,
    owner: tuple[str, str],
    first: PublicKey,
    key: PrivateKey,
    unsealed: bool,
) -> tuple[int, PublicKey]:
    """Write the new file; return how many records it keeps, and the key that counts behind them."""
    building.unlink(missing_ok=True)
    db = sqlite3.connect(building, isolation_level=None)
    chain = Chain(*owner, first)
    try:
        db.execute(f"PRAGMA page_size = {schema.PAGE_BYTES}")
        # A build that is cut off is begun again from nothing.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("BEGIN")
        schema.migrate(db, 0)
        kept, bare = 0, unsealed
        for record, body in _valid(salvage, chain) if salvage is not None else ():
            rows.put(db, record, body)
            kept, bare = record.seq, not is_sealed(body)
        # Where no seal is left they begin with today's key.
        first = key.public if bare else first
        begun = genesis(*owner, None if unsealed and kept else first)
        db.execute(
            "INSERT INTO identity (site, lane, genesis, key) VALUES (?, ?, ?, ?)",
            (*owner, begun, first.x),
        )
        if bare and kept:
            migration.begin_seals(db, key, derive=False)
        for seq, at_ms in salvage.acknowledged.items() if salvage is not None else ():
            if 1 <= seq <= kept:
                db.execute("INSERT INTO acknowledged VALUES (?, ?)", (seq, at_ms))
        db.execute("COMMIT")
    finally:
        db.close()
    return kept, first if bare else chain.key


def _refuse_other_key(path: Path, salvage: Salvage, key: PublicKey) -> None:
    """A wrong key file must not empty a ledger that is damaged as well."""
    others: bytes | None = None
    for seq in sorted(salvage.places, reverse=True):
        for _, body in salvage.bodies(seq):
            with suppress(RecordError, SealError):
                change = opened(body).key
                kid = unseal(body).kid
                if kid == key.kid or (change is not None and change.x == key.x):
                    return
                others = others or kid
    if others is not None:
        raise LedgerError(
            Code.OTHER_KEY,
            path,
            f"damaged, and sealed with key {readable(others)}; the key given is {key.fingerprint}",
            "name the ledger's own key file",
        )


def _valid(salvage: Salvage, chain: Chain) -> Iterator[tuple[Record, bytes]]:
    """The longest prefix whose every record has its hash, its place in the chain and its seal."""
    seq = 1
    while (body := _candidate(salvage, seq, chain)) is not None:
        found = chain.take(seq, body)
        if chain.record is None or any(finding.code != "unsealed" for finding in found):
            return
        yield chain.record, body
        seq += 1


def _candidate(salvage: Salvage, seq: int, chain: Chain) -> bytes | None:
    """Of several rows under one number the one that follows."""
    whole = [b for digest, b in salvage.bodies(seq) if hashlib.sha256(b).digest() == digest]
    if len(whole) == 1:
        return whole[0]
    for body in whole:
        with suppress(RecordError):
            record = opened(body)
            if record.seq == seq and (seq == 1 or record.prev_hash == chain.hash):
                return body
    return None


def _first_key(
    path: Path, salvage: Salvage, owner: tuple[str, str], key: PrivateKey
) -> tuple[PublicKey, bool]:
    """The key that the seals began with, and whether record 1 stands before all seals."""
    kid, unsealed = _first_kid(path, salvage, owner)
    candidates = [key.public, *_stated(salvage), *_beside(path)]
    if kid is None:
        return key.public, unsealed
    for candidate in candidates:
        if candidate.kid == kid:
            return candidate, unsealed
    raise LedgerError(
        Code.CORRUPT,
        path,
        f"damaged, and the public key that its seals began with ({kid.hex()}) is not to be found",
        f"put its .pub file into {path.parent / KEYS_FOLDER}",
    )


def _first_kid(path: Path, salvage: Salvage, owner: tuple[str, str]) -> tuple[bytes | None, bool]:
    """The name of the key of the first seal; None where nothing sealed can be read."""
    for _, body in salvage.bodies(1):
        with suppress(RecordError, SealError):
            record = opened(body)
            if (record.site, record.lane) != owner:
                raise LedgerError(
                    Code.OTHER_LANE,
                    path,
                    f"damaged, and of site {record.site!r} lane {record.lane!r}",
                    "name this lane's own file",
                )
            if is_sealed(body):
                return unseal(body).kid, False
            return _begun_with(salvage), True
    return None, False


def _begun_with(salvage: Salvage) -> bytes | None:
    for seq in sorted(salvage.places):
        for _, body in salvage.bodies(seq):
            with suppress(SealError):
                return unseal(body).kid
    return None


def _stated(salvage: Salvage) -> Iterator[PublicKey]:
    for row in salvage.identities:
        x = row[-1]
        if len(row) == 4 and isinstance(x, bytes):
            with suppress(ValueError):
                yield PublicKey(x)


def keep_public(path: Path, key: PublicKey) -> None:
    """Keep a public key beside the ledger; a damaged one may not say it any more."""
    folder = path.parent / KEYS_FOLDER
    with suppress(OSError, KeyFileError):
        Files().make_folder(folder)
        write_public(folder / f"{key.kid.hex()[:16]}.pub", key)


def _beside(path: Path) -> Iterator[PublicKey]:
    """Public keys that lie in the ledger's folder; each is believed only by its name."""
    for folder in (path.parent, path.parent / KEYS_FOLDER):
        for file in sorted(folder.glob("*.pub")):
            with suppress(KeyFileError):
                yield read_public(file)


def _found(cause: str, detail: str, seen: int | None = None) -> Found:
    return Found(cause=cause, detail=detail, seen=seen, wall_ms=time.time_ns() // 1_000_000)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
