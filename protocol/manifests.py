"""The open segment: the records since the last manifest, and when the next manifest is due.

It is due before a record whose local date is another than that of the segment, unless that date has
been closed already: a clock that steps back and forth closes each date once, and what it brings of
a closed date stays in the segment that is open.  Without a known date it is due after RECORDS_MAX.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

from protocol import rows
from protocol.chain import Segment
from protocol.envelope import opened
from protocol.parts import Kind, Times
from protocol.record import Record, RecordError

RECORDS_MAX = 10_000
CLOSED_DAYS = 40
"""How many of the newest manifests are asked for their date."""
BATCH = 1024


class OpenSegment:
    """The segment as of the newest record on disk; after a failed append it is loaded anew."""

    def __init__(self, first: int, closed: frozenset[int]) -> None:
        self._segment = Segment(first)
        self._closed = closed
        self._count = 0

    @classmethod
    def load(cls, db: sqlite3.Connection) -> OpenSegment:
        """Read it from the ledger: the hashes since the last manifest, and the first date."""
        found = db.execute(
            "SELECT seq, body FROM record WHERE kind = ? AND passage_id = 0 "
            "ORDER BY seq DESC LIMIT ?",
            (int(Kind.MANIFEST), CLOSED_DAYS),
        ).fetchall()
        segment = cls(found[0][0] if found else 1, frozenset(_days(body for _, body in found)))
        segment._read(db)
        return segment

    def due(self, record: Record) -> bool:
        """Whether a manifest comes before this record."""
        date, day = record.times.date, self._segment.day
        if date is None or day is None:
            return self._count >= RECORDS_MAX
        return date != day and date not in self._closed

    def manifest(self, owner: tuple[str, str], at: Times) -> Record:
        """The manifest that closes the segment, with the date of the record that made it due."""
        times = Times(
            at_us=at.at_us,
            wall_ms=at.wall_ms,
            clock=at.clock,
            date=at.date,
            offset_min=at.offset_min,
        )
        return rows.own(Kind.MANIFEST, owner, times, manifest=self._segment.manifest())

    def take(self, record: Record, digest: bytes) -> None:
        """Go on by one record; a manifest ends the segment and stands first in the next."""
        if record.kind is Kind.MANIFEST and record.manifest is not None:
            day = record.manifest.day
            self._closed |= {day} if day is not None else set()
            self._segment, self._count = Segment(record.seq), 0
        self._segment.add(digest, record)
        self._count += 1

    def _read(self, db: sqlite3.Connection) -> None:
        start = self._segment.first
        while True:
            found = db.execute(
                "SELECT seq, hash FROM record WHERE seq >= ? ORDER BY seq LIMIT ?", (start, BATCH)
            ).fetchall()
            for seq, digest in found:
                asked = self._segment.day is None
                self._segment.add(digest, _record(db, seq) if asked else None)
            self._count += len(found)
            if len(found) < BATCH:
                return
            start = found[-1][0] + 1


def _days(bodies: Iterator[bytes]) -> Iterator[int]:
    for body in bodies:
        with suppress(RecordError):
            manifest = opened(body).manifest
            if manifest is not None and manifest.day is not None:
                yield manifest.day


def _record(db: sqlite3.Connection, seq: int) -> Record | None:
    (body,) = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
    with suppress(RecordError):
        return opened(body)
    return None
