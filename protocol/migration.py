"""Whose a new ledger is, and the first seal of one that was begun before there were seals."""

from __future__ import annotations

import sqlite3

from protocol import rows
from protocol.chain import genesis
from protocol.custody import KeyAction, KeyChange
from protocol.envelope import opened
from protocol.keys import PrivateKey, PublicKey
from protocol.manifests import OpenSegment
from protocol.parts import Kind, Times


def begin(db: sqlite3.Connection, site: str, lane: str, first: PublicKey) -> None:
    """Say whose the ledger is; the caller holds the transaction."""
    db.execute(
        "INSERT INTO identity (site, lane, genesis, key) VALUES (?, ?, ?, ?)",
        (site, lane, genesis(site, lane, first), first.x),
    )


def begin_seals(db: sqlite3.Connection, key: PrivateKey, *, derive: bool = True) -> None:
    """Seal from here on; the records so far stay as they are, under one manifest.

    ``derive`` unless identity and the rows beside the records are there already.

    Raises RecordError for a bare record that cannot be read; verification names each of them.
    """
    site, lane, first = db.execute("SELECT site, lane, genesis FROM identity").fetchone()
    last = rows.newest(db)
    if last.seq == 0:
        first = genesis(site, lane, key.public)
    if derive:
        db.execute("UPDATE identity SET genesis = ?, key = ?", (first, key.public.x))
    if last.seq == 0:
        return
    times = Times(at_us=0)
    for (body,) in db.execute("SELECT body FROM record ORDER BY seq"):
        record = opened(body)
        if derive:
            rows.put_derived(db, record)
        times = Times(at_us=record.times.at_us)
    change = KeyChange(action=KeyAction.BEGIN, x=key.public.x, kid=key.public.kid)
    begun = rows.own(Kind.KEY, (site, lane), times, key=change)
    _, stored = rows.append(db, begun, last, key)
    manifest = OpenSegment.load(db).manifest((site, lane), times)
    rows.append(db, manifest, stored.receipt, key)
