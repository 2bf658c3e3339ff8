"""Beside the records: what the uplink has acknowledged, and which media may be removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

_HELD = "SELECT m.digest, m.kind, m.bytes, m.seq, m.rowid FROM media m"
# A digest that was removed and named again by a later record is held again.
_STILL_HELD = (
    "NOT EXISTS (SELECT 1 FROM dropped d WHERE d.digest = m.digest AND d.seq > m.seq) "
    "AND NOT EXISTS (SELECT 1 FROM media n WHERE n.digest = m.digest AND n.seq > m.seq)"
)


class Held(NamedTuple):
    """A medium that is still kept: its newest record is ``seq``; bytes None if not stated."""

    digest: bytes
    kind: str
    bytes: int | None
    seq: int


def acknowledge(db: sqlite3.Connection, seqs: Iterable[int], at_ms: int) -> None:
    """Note that these records have arrived elsewhere; the first time given stands."""
    for seq in seqs:
        db.execute(
            "INSERT INTO acknowledged SELECT ?1, ?2 WHERE NOT EXISTS "
            "(SELECT 1 FROM acknowledged WHERE seq = ?1)",
            (seq, at_ms),
        )


def acknowledged_to(db: sqlite3.Connection, known: int) -> int:
    """The seq up to which every record is acknowledged, from ``known`` on; 0 for none."""
    first = db.execute("SELECT 1 FROM acknowledged WHERE seq = ?", (known + 1,)).fetchone()
    if first is None:
        return known
    row = db.execute(
        "SELECT seq FROM acknowledged a WHERE seq > ? AND NOT EXISTS "
        "(SELECT 1 FROM acknowledged b WHERE b.seq = a.seq + 1) ORDER BY seq LIMIT 1",
        (known,),
    ).fetchone()
    return int(row[0])


def is_kept(db: sqlite3.Connection, digest: bytes) -> bool | None:
    """Whether a medium is still kept; False where it was let go, None where no record names it."""
    named, let_go = db.execute(
        "SELECT (SELECT max(seq) FROM media WHERE digest = ?1), "
        "(SELECT max(seq) FROM dropped WHERE digest = ?1)",
        (digest,),
    ).fetchone()
    if named is None and let_go is None:
        return None
    return let_go is None or (named is not None and named > let_go)


class Shelf:
    """Asks for media to remove, oldest first, going on from where the last answer began."""

    def __init__(self) -> None:
        self._from: dict[str, int] = {}

    def oldest_acknowledged(self, db: sqlite3.Connection, limit: int) -> list[Held]:
        """Media all of whose records are acknowledged."""
        return self._oldest(
            db,
            "",
            "EXISTS (SELECT 1 FROM acknowledged a WHERE a.seq = m.seq) AND NOT EXISTS ("
            "SELECT 1 FROM media o WHERE o.digest = m.digest AND NOT EXISTS "
            "(SELECT 1 FROM acknowledged a WHERE a.seq = o.seq))",
            (),
            limit,
        )

    def older_than(
        self, db: sqlite3.Connection, kind: str, before_ms: int, limit: int
    ) -> list[Held]:
        """Media of a kind whose newest record has a wall time before this."""
        return self._oldest(db, kind, "m.kind = ? AND m.wall_ms < ?", (kind, before_ms), limit)

    def _oldest(
        self,
        db: sqlite3.Connection,
        name: str,
        condition: str,
        values: tuple[int | str, ...],
        limit: int,
    ) -> list[Held]:
        first = self._first_held(db, name)
        rows = db.execute(
            f"{_HELD} WHERE m.rowid >= ? AND {condition} AND {_STILL_HELD} "
            "ORDER BY m.rowid LIMIT ?",
            (first, *values, limit),
        ).fetchall()
        return [Held(*row[:4]) for row in rows]

    def _first_held(self, db: sqlite3.Connection, kind: str) -> int:
        """The first row that is still held; those before it never come back."""
        start = self._from.get(kind, 0)
        of_kind = "AND m.kind = ?" if kind else ""
        row = db.execute(
            f"SELECT m.rowid FROM media m WHERE m.rowid >= ? {of_kind} AND {_STILL_HELD} "
            "ORDER BY m.rowid LIMIT 1",
            (start, kind) if kind else (start,),
        ).fetchone()
        if row is not None:
            self._from[kind] = int(row[0])
        return self._from.get(kind, 0)
