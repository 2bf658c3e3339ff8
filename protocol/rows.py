"""One row of the ledger: a record sealed, with everything that is derived from it beside it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from protocol import lookup
from protocol.keys import PrivateKey
from protocol.media import SHARED
from protocol.parts import Kind, Times
from protocol.record import Record, encode
from protocol.seal import seal

Hashes: TypeAlias = Mapping[tuple[str, str, int], bytes]
"""The SHA-256 of each record as it stands sealed, by site, lane and seq."""


class Receipt(Struct, frozen=True):
    """Proof that a record is durable: its place in the sequence and the SHA-256 of its bytes."""

    seq: int
    hash: bytes


class Stored(Struct, frozen=True):
    """One row as it stands: the sealed bytes and the hash that was kept beside them."""

    seq: int
    hash: bytes
    body: bytes

    @property
    def receipt(self) -> Receipt:
        """What its append returned."""
        return Receipt(self.seq, self.hash)


class Medium(Struct, frozen=True):
    """One row of the table ``media``: a file that a record names.

    ``bytes`` is None where the record does not say (pictures), ``wall_ms`` that of the record.
    """

    seq: int
    digest: bytes
    kind: str
    bytes: int | None
    wall_ms: int | None


def own(kind: Kind, owner: tuple[str, str], times: Times, **parts: Any) -> Record:
    """A record of the ledger's own, which belongs to no passage; ``owner`` is site and lane."""
    site, lane = owner
    return Record(kind=kind, site=site, lane=lane, passage_id=0, part=0, times=times, **parts)


def append(
    db: sqlite3.Connection, record: Record, previous: Receipt, key: PrivateKey
) -> tuple[Record, Stored]:
    """Write a record behind the one of ``previous``, sealed; the caller holds the transaction."""
    stamped = replace(record, seq=previous.seq + 1, prev_hash=previous.hash)
    body = seal(encode(stamped), key)
    receipt = put(db, stamped, body)
    return stamped, Stored(receipt.seq, receipt.hash, body)


def newest(db: sqlite3.Connection) -> Receipt:
    """The newest row; of an empty ledger seq 0 and the genesis."""
    row = db.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        row = db.execute("SELECT 0, genesis FROM identity LIMIT 1").fetchone()
    return Receipt(*row)


def put(db: sqlite3.Connection, record: Record, body: bytes) -> Receipt:
    """Write the row of a record whose bytes are given, with the rows derived from it."""
    columns = lookup.values(lookup.derive(record, lookup.subject_before(db, record)))
    receipt = Receipt(record.seq, hashlib.sha256(body).digest())
    marks = ", ".join("?" * (len(columns) + 3))
    db.execute(
        f"INSERT INTO record (seq, hash, {lookup.COLUMNS}, body) VALUES ({marks})",
        (receipt.seq, receipt.hash, *columns, body),
    )
    put_derived(db, record)
    return receipt


def put_derived(db: sqlite3.Connection, record: Record) -> None:
    """Write the rows beside the record's own: the media it names, or those it says are gone."""
    for row in media_of(record):
        db.execute(
            "INSERT INTO media (seq, digest, kind, bytes, wall_ms) VALUES (?, ?, ?, ?, ?)",
            (row.seq, row.digest, row.kind, row.bytes, row.wall_ms),
        )
    for digest in dropped_by(record):
        db.execute("INSERT INTO dropped (digest, seq) VALUES (?, ?)", (digest, record.seq))


def media_of(record: Record) -> list[Medium]:
    """The media that a record names and that may be removed one day, each once."""
    return [row for row in named_by(record) if row.kind not in SHARED]


def named_by(record: Record) -> list[Medium]:
    """Every file that a record names, each once: pictures, clips, and all else."""
    rows: dict[bytes, Medium] = {}
    for digest, kind, size in _named(record):
        rows.setdefault(digest, Medium(record.seq, digest, kind, size, record.times.wall_ms))
    return list(rows.values())


def dropped_by(record: Record) -> list[bytes]:
    """The digests that a RETENTION record says were removed, each once."""
    if record.kind is not Kind.RETENTION or record.retention is None:
        return []
    return list(dict.fromkeys(record.retention.sha256))


def _named(record: Record) -> Iterator[tuple[bytes, str, int | None]]:
    yield from ((image.sha256, "plate", None) for image in record.images)
    yield from ((medium.sha256, medium.kind, medium.bytes) for medium in record.media)
    yield from ((clip.sha256, "video", None) for clip in record.clips)
