"""Verification of a ledger: everything that someone who goes around the program would leave."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from itertools import islice

from protocol import lookup, schema
from protocol.chain import Finding
from protocol.record import Record, RecordError, decode

__all__ = ["FINDINGS_MAX", "Finding", "check"]

FINDINGS_MAX = 1000
BATCH = 256


def check(db: sqlite3.Connection, site: str, lane: str, genesis: bytes) -> list[Finding]:
    """Check a whole ledger in bounded memory; at most FINDINGS_MAX findings are listed.

    Codes: damaged, guards, identity, gap, undecodable, hash, chain, lane, columns.
    """
    return list(islice(_findings(db, site, lane, genesis), FINDINGS_MAX))


def _findings(db: sqlite3.Connection, site: str, lane: str, genesis: bytes) -> Iterator[Finding]:
    try:
        yield from _file(db, genesis)
        yield from _rows(db, site, lane, genesis)
    except sqlite3.DatabaseError as error:
        yield Finding(code="damaged", seq=None, message=f"the file cannot be read on: {error}")


def _file(db: sqlite3.Connection, genesis: bytes) -> Iterator[Finding]:
    for (message,) in db.execute("PRAGMA integrity_check(100)"):
        if message != "ok":
            yield Finding(code="damaged", seq=None, message=str(message))
    present, expected = schema.objects(db), schema.expected_objects()
    for name in sorted(present.keys() | expected.keys()):
        if present.get(name) != expected.get(name):
            state = "missing" if name not in present else "not the original"
            yield Finding(code="guards", seq=None, message=f"{name} is {state}")
    rows = db.execute("SELECT genesis FROM identity").fetchall()
    if rows != [(genesis,)]:
        yield Finding(code="identity", seq=None, message="the genesis is not of this site and lane")


def _rows(db: sqlite3.Connection, site: str, lane: str, genesis: bytes) -> Iterator[Finding]:
    """Walk the chain; after a fault go on from the bytes that are there: each fault shows once."""
    expected, previous = 1, genesis
    for seq, digest, kept, *columns in _batches(db):
        # A rebuilt table may hold anything; what is not bytes fails as a record below.
        body = kept if isinstance(kept, bytes) else b""
        if seq != expected:
            yield Finding(code="gap", seq=expected, message=f"seq {expected} to {seq - 1} missing")
        actual = hashlib.sha256(body).digest()
        if actual != digest:
            yield Finding(code="hash", seq=seq, message="the bytes do not match their hash")
        try:
            record = decode(body)
        except RecordError as error:
            yield Finding(code="undecodable", seq=seq, message=str(error))
        else:
            yield from _record(db, record, seq, previous, (site, lane))
            yield from _columns(db, record, seq, columns)
        expected, previous = seq + 1, actual


def _record(
    db: sqlite3.Connection, record: Record, seq: int, previous: bytes, owner: tuple[str, str]
) -> Iterator[Finding]:
    if record.seq != seq:
        yield Finding(code="chain", seq=seq, message=f"the bytes say seq {record.seq}")
    if record.prev_hash != previous:
        yield Finding(code="chain", seq=seq, message="prev_hash is not of the record before")
    if (record.site, record.lane) != owner:
        yield Finding(
            code="lane", seq=seq, message=f"the bytes say {record.site!r} lane {record.lane!r}"
        )


def _columns(
    db: sqlite3.Connection, record: Record, seq: int, columns: list[object]
) -> Iterator[Finding]:
    try:
        before = lookup.subject_before(db, record)
    except LookupError as error:
        yield Finding(code="columns", seq=seq, message=str(error))
        return
    wanted = lookup.values(lookup.derive(record, before))
    for name, found, right in zip(lookup.COLUMNS.split(", "), columns, wanted, strict=True):
        if found != right:
            yield Finding(
                code="columns", seq=seq, message=f"{name} is {found!r}, the bytes give {right!r}"
            )


def _batches(db: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, *tuple[object, ...]]]:
    """All rows in order, in batches, so that no long read keeps the writer's WAL from folding."""
    start = -(2**63)
    while True:
        rows = db.execute(
            f"SELECT seq, hash, body, {lookup.COLUMNS} FROM record WHERE seq >= ? "
            "ORDER BY seq LIMIT ?",
            (start, BATCH),
        ).fetchall()
        yield from rows
        if len(rows) < BATCH:
            return
        start = rows[-1][0] + 1
