"""The on-deck interval that runs, kept in the ledger's file for a restart.

One row, written as a vehicle comes on the deck and again as it has left: it tells a controller
that starts whose interval it finds.  It is no evidence, stands in no chain, and lets nobody out;
without it a vehicle found on the deck is a stranger.
"""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from protocol.parts import End


class OnDeck(Struct, frozen=True):
    """The passage whose interval runs, 0 for none, and the end by which the vehicle came."""

    passage_id: int
    entry: End | None = None


def read(db: sqlite3.Connection) -> OnDeck:
    """What was kept last."""
    row = db.execute("SELECT passage_id, entry FROM on_deck").fetchone()
    if row is None:
        return OnDeck(0)
    return OnDeck(int(row[0]), None if row[1] is None else End(row[1]))


def write(db: sqlite3.Connection, found: OnDeck) -> None:
    """Keep this in place of what was kept before."""
    db.execute(
        "INSERT INTO on_deck VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE "
        "SET passage_id = excluded.passage_id, entry = excluded.entry",
        (found.passage_id, found.entry),
    )
