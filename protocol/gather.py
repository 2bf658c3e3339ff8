"""Everything that a ledger holds about one passage, found by its look-up columns.

The columns are not sealed; verification compares them with the records (finding ``columns``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from protocol import errors, kinship, merkle, rows, store
from protocol.bundle import Bundle, BundleError, Proof, record_of
from protocol.chain import Finding
from protocol.errors import LedgerError
from protocol.keys import PublicKey
from protocol.media import DamagedMediaError, MediaStore, file_name
from protocol.parts import Kind
from protocol.record import Record
from protocol.startcheck import DamagedError

GROUP_MAX = 1000
"""More records about one vehicle than this are refused; a lane writes a handful."""
CHAIN_MAX = 64
SEGMENT_MAX = 1_000_000


def gather(path: Path, seq: int, *, chain: bool = False) -> Bundle:
    """The passage of record ``seq`` with all that vouches for it, but without its media.

    With ``chain`` every passage of its re-weigh chain too.  Raises LedgerError for a file that is
    no ledger, and BundleError where there is no such passage in it.
    """
    try:
        store.refuse_foreign(path, must_exist=True)
        with closing(store.connect_reader(path)) as db:
            return _gather(db, path, seq, chain)
    except LedgerError:
        raise
    except DamagedError as error:
        said = f"{path}: the ledger is damaged ({error}); verify says where, a start recovers it"
        raise BundleError(said) from error
    except sqlite3.Error as error:
        raise errors.from_sqlite(error, path) from error
    except OSError as error:
        raise errors.from_os(error, path) from error


def with_media(bundle: Bundle, media: MediaStore) -> tuple[Bundle, tuple[Finding, ...]]:
    """The bundle with the files that its passages name, and a finding for each that is not there.

    A file removed by rule is not missed: its RETENTION record is in the bundle.
    """
    records = bundle.records
    gone, found, findings = kinship.removed(records), dict(bundle.media), []
    for seq in sorted(kinship.shown(records, bundle.seq) & records.keys()):
        for file in rows.named_by(records[seq]):
            name = file_name(file.kind, file.digest)
            if name in found or file.digest in gone:
                continue
            data = _read(media, file.digest, file.kind)
            if isinstance(data, bytes):
                found[name] = data
            else:
                code, said = data
                findings.append(Finding(code=code, seq=seq, message=f"{name} {said}"))
    return replace(bundle, media=found), tuple(findings)


def belonging(path: Path, bundle: Bundle, seqs: Iterable[int]) -> frozenset[int]:
    """Those of these records that are about the bundle's passage, by their own bytes.

    For rows whose look-up columns were altered: by those nobody would find them.
    """
    try:
        with closing(store.connect_reader(path)) as db:
            found = {seq: record for seq in seqs if (record := _record(db, seq)) is not None}
    except sqlite3.Error as error:
        raise errors.from_sqlite(error, path) from error
    about = kinship.passage_of({**found, **bundle.records}, bundle.seq)
    return frozenset(about) & found.keys()


def _record(db: sqlite3.Connection, seq: int) -> Record | None:
    row = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
    return record_of(_bytes(row[0])) if row is not None else None


def _read(media: MediaStore, digest: bytes, kind: str) -> bytes | tuple[str, str]:
    try:
        return media.read(digest, kind)
    except FileNotFoundError:
        return "media_missing", "is not there"
    except DamagedMediaError:
        return "media_damaged", "has other bytes than its name promises"
    except OSError as error:
        return "media_damaged", f"cannot be read: {error.strerror or error}"


def _gather(db: sqlite3.Connection, path: Path, seq: int, chain: bool) -> Bundle:
    identity = db.execute("SELECT site, lane, key FROM identity").fetchall()
    try:
        ((site, lane, x),) = identity
        first_key = PublicKey(bytes(x))
    except (TypeError, ValueError) as error:
        raise BundleError(f"{path}: it does not say whose ledger it is: {error}") from error
    head, bodies = _passage(db, path, seq)
    if chain:
        for token in _chain(db, bodies):
            bodies |= _group(db, path, token)
    bodies |= _tares(db, path, bodies)
    about = sorted(bodies)
    manifests = _manifests(db, about)
    bodies |= dict(manifests.values())
    bodies |= _removals(db, bodies)
    bodies |= _keys(db, max(bodies))
    return Bundle(
        site=str(site),
        lane=str(lane),
        seq=head,
        first_key=first_key,
        bodies=bodies,
        media={},
        proofs=tuple(_proofs(db, about, manifests)),
    )


def _passage(db: sqlite3.Connection, path: Path, seq: int) -> tuple[int, dict[int, bytes]]:
    """The first record about the vehicle of ``seq``, and every record about it."""
    last = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()[0]
    row = db.execute("SELECT passage_id FROM record WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        held = f"it holds 1 to {last}" if last else "it is empty"
        raise BundleError(f"{path}: there is no record {seq}; {held}")
    if row[0] == 0:
        raise BundleError(
            f"{path}: record {seq} is the ledger's own (a key, a manifest, a removal or a "
            "recovery) and about no vehicle; name a record of a passage"
        )
    group = _group(db, path, seq)
    return min(group), group


def _group(db: sqlite3.Connection, path: Path, seq: int) -> dict[int, bytes]:
    """All records about one vehicle: of its passage, and those that refer to one of them."""
    found: dict[int, bytes] = {}
    asked = [seq]
    while asked:
        fresh = db.execute(
            "SELECT seq, body FROM record r WHERE passage_id > 0 AND (subject IN "
            "(SELECT subject FROM record WHERE seq = ?1) OR passage_id IN "
            "(SELECT passage_id FROM record WHERE seq = ?1)) ORDER BY seq LIMIT ?2",
            (asked.pop(), GROUP_MAX + 1),
        ).fetchall()
        asked += [number for number, _ in fresh if number not in found]
        found |= {number: _bytes(body) for number, body in fresh}
        if len(found) > GROUP_MAX:
            raise BundleError(f"{path}: more than {GROUP_MAX} records are about record {seq}")
    return found


def _chain(db: sqlite3.Connection, about: Iterable[int]) -> list[int]:
    """The first record of every passage in the re-weigh chains that these records are in."""
    marks = ", ".join("?" * len(list(about)))
    found = db.execute(
        "SELECT DISTINCT subject FROM record WHERE chain IN "
        f"(SELECT chain FROM record WHERE seq IN ({marks}) AND chain IS NOT NULL) "
        "ORDER BY subject LIMIT ?",
        (*about, CHAIN_MAX),
    )
    return [subject for (subject,) in found]


def _tares(db: sqlite3.Connection, path: Path, bodies: dict[int, bytes]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for body in bodies.values():
        record = record_of(body)
        weighing = record.weighing if record is not None else None
        if weighing is not None and weighing.tare is not None:
            found |= _group(db, path, weighing.tare.seq)
    return found


def _manifests(db: sqlite3.Connection, about: list[int]) -> dict[int, tuple[int, bytes]]:
    """For each record the first MANIFEST behind it, where one has been written."""
    found: dict[int, tuple[int, bytes]] = {}
    for seq in about:
        row = db.execute(
            "SELECT seq, body FROM record WHERE kind = ? AND passage_id = 0 AND seq > ? "
            "ORDER BY seq LIMIT 1",
            (int(Kind.MANIFEST), seq),
        ).fetchone()
        if row is not None:
            found[seq] = (row[0], _bytes(row[1]))
    return found


def _proofs(
    db: sqlite3.Connection, about: list[int], manifests: dict[int, tuple[int, bytes]]
) -> Iterable[Proof]:
    """The path of each record into its manifest; none where the rows do not fit it."""
    for number, body in dict(manifests.values()).items():
        record = record_of(body)
        stated = record.manifest if record is not None else None
        if stated is None or stated.count > SEGMENT_MAX:
            continue
        span = "SELECT hash FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        found = db.execute(span, (stated.first, stated.last, stated.count + 1)).fetchall()
        hashes = [_bytes(row[0]) for row in found]
        if len(hashes) != stated.count:
            continue
        for seq in about:
            if manifests.get(seq, (0,))[0] == number and stated.first <= seq <= stated.last:
                index = seq - stated.first
                siblings = tuple(node.hex() for node in merkle.path(hashes, index))
                yield Proof(
                    record=seq, manifest=number, index=index, count=stated.count, path=siblings
                )


def _removals(db: sqlite3.Connection, bodies: dict[int, bytes]) -> dict[int, bytes]:
    """The RETENTION records that name a file of these records."""
    found: dict[int, bytes] = {}
    for body in list(bodies.values()):
        record = record_of(body)
        for file in rows.named_by(record) if record is not None else ():
            hits = db.execute(
                "SELECT r.seq, r.body FROM dropped d JOIN record r ON r.seq = d.seq "
                "WHERE d.digest = ? AND d.seq > ? ORDER BY d.seq LIMIT 1",
                (file.digest, file.seq),
            ).fetchall()
            found |= {seq: _bytes(removal) for seq, removal in hits}
    return found


def _keys(db: sqlite3.Connection, last: int) -> dict[int, bytes]:
    """Every KEY record up to the newest record of the bundle."""
    found = db.execute(
        "SELECT seq, body FROM record WHERE kind = ? AND passage_id = 0 AND seq < ? "
        "ORDER BY seq LIMIT ?",
        (int(Kind.KEY), last, GROUP_MAX),
    )
    return {seq: _bytes(body) for seq, body in found}


def _bytes(value: object) -> bytes:
    """A rebuilt table may hold anything; what is not bytes fails as a seal later."""
    return value if isinstance(value, bytes) else b""
