"""Verification of a ledger: everything that someone who goes around the program would leave."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice

from protocol import lookup, schema
from protocol.chain import Chain, Finding, genesis
from protocol.envelope import opened
from protocol.keys import PublicKey
from protocol.record import Record, RecordError
from protocol.revocation import Revocation

FINDINGS_MAX = 1000
BATCH = 256


def check(db: sqlite3.Connection, revoked: Iterable[Revocation] = ()) -> list[Finding]:
    """Check a whole ledger in bounded memory; at most FINDINGS_MAX findings are listed.

    Codes: damaged, guards, identity, hash, columns, and those of ``protocol/chain.py``.
    """
    return list(islice(_findings(db, revoked), FINDINGS_MAX))


def _findings(db: sqlite3.Connection, revoked: Iterable[Revocation]) -> Iterator[Finding]:
    try:
        yield from _file(db)
        yield from _rows(db, revoked)
    except sqlite3.DatabaseError as error:
        yield Finding(code="damaged", seq=None, message=f"the file cannot be read on: {error}")


def _file(db: sqlite3.Connection) -> Iterator[Finding]:
    for (message,) in db.execute("PRAGMA integrity_check(100)"):
        if message != "ok":
            yield Finding(code="damaged", seq=None, message=str(message))
    present, expected = schema.objects(db), schema.expected_objects()
    for name in sorted(present.keys() | expected.keys()):
        if present.get(name) != expected.get(name):
            state = "missing" if name not in present else "not the original"
            yield Finding(code="guards", seq=None, message=f"{name} is {state}")


def _rows(db: sqlite3.Connection, revoked: Iterable[Revocation]) -> Iterator[Finding]:
    """Walk the chain; after a fault go on from the bytes that are there: each fault shows once."""
    identity = db.execute("SELECT site, lane, genesis, key FROM identity").fetchall()
    try:
        ((site, lane, kept_genesis, x),) = identity
        first = PublicKey(x)
    except (TypeError, ValueError) as error:
        yield Finding(code="identity", seq=None, message=f"no ledger's identity: {error}")
        return
    chain = Chain(site, lane, first, revoked=revoked)
    sealed = True
    for seq, digest, kept, *columns in _batches(db):
        # A rebuilt table may hold anything; what is not bytes fails as a seal below.
        body = kept if isinstance(kept, bytes) else b""
        yield from chain.take(seq, body)
        if chain.hash != digest:
            yield Finding(code="hash", seq=seq, message="the bytes do not match their hash")
        try:
            record = opened(body)
        except RecordError:
            continue
        if record.seq == 1:
            sealed = body[:1] == b"\xd2"
        yield from _columns(db, record, seq, columns)
    if kept_genesis != genesis(site, lane, first if sealed else None):
        yield Finding(
            code="identity", seq=None, message="the genesis is not of this site, lane and key"
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
        found = db.execute(
            f"SELECT seq, hash, body, {lookup.COLUMNS} FROM record WHERE seq >= ? "
            "ORDER BY seq LIMIT ?",
            (start, BATCH),
        ).fetchall()
        yield from found
        if len(found) < BATCH:
            return
        start = found[-1][0] + 1
