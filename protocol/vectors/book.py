"""A small ledger in memory, to be tampered with: rows of sealed records under fixed keys."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from protocol.chain import Segment, genesis
from protocol.custody import KeyAction, KeyChange
from protocol.keys import PrivateKey, PublicKey
from protocol.parts import (
    ClockQuality,
    Decision,
    Kind,
    Outcome,
    Permit,
    Person,
    Purpose,
    Result,
    Times,
    Verdict,
    Verdicts,
    Weighing,
)
from protocol.record import Record, encode
from protocol.revocation import Revocation
from protocol.seal import seal

SITE, LANE = "SX-0351-01", "1"
SEEDS = {
    name: hashlib.sha256(f"steelyard test key {name}".encode()).digest()
    for name in ("first", "second", "third", "stranger")
}
FIRST, SECOND, THIRD, STRANGER = map(PrivateKey, SEEDS.values())
DAY = 20_261_122
_START_MS = 1_795_305_600_000

Row = tuple[int, bytes]
Expected = tuple[str, int | None]


class Vector(Struct, frozen=True, kw_only=True):
    """One file: a ledger as rows, and the findings that it has to give, in order."""

    name: str
    title: str
    rows: tuple[Row, ...]
    findings: tuple[Expected, ...] = ()
    key: PublicKey = FIRST.public
    revoked: tuple[Revocation, ...] = ()


class Book:
    """Rows that grow by sealed records, each linked to the one before."""

    def __init__(self, *, site: str = SITE, lane: str = LANE, bare: int = 0) -> None:
        self.site, self.lane = site, lane
        self.key = FIRST
        self.rows: list[Row] = []
        self.segment = Segment(1)
        self._prev = genesis(site, lane, None if bare else FIRST.public)
        for _ in range(bare):
            record = self.stamped(self.draft())
            self.append(encode(record), record)

    @property
    def next_seq(self) -> int:
        """The number of the next record."""
        return len(self.rows) + 1

    def draft(self, **more: Any) -> Record:
        """A passage within its limit, with what ``more`` says instead."""
        number = self.next_seq
        record = Record(
            kind=Kind.PASSAGE,
            site=self.site,
            lane=self.lane,
            passage_id=number,
            times=self.times(),
            plate="晋A12345",
            weighing=Weighing(gross_g=31_000_000 + 20_000 * number, purpose=Purpose.GROSS),
            verdicts=Verdicts(over_limit=Verdict(result=Result.WITHIN, limit_g=49_000_000)),
            decision=Decision(outcome=Outcome.RELEASE),
            permit=Permit.ROAD,
        )
        return replace(record, **more)

    def own(self, **more: Any) -> Record:
        """A record of the ledger's own, of no passage."""
        bare = Record(
            kind=Kind.MANIFEST,
            site=self.site,
            lane=self.lane,
            passage_id=0,
            part=0,
            times=self.times(),
        )
        return replace(bare, **more)

    def times(self, date: int | None = None) -> Times:
        """Half a minute from one record to the next."""
        number = self.next_seq
        return Times(
            at_us=number * 30_000_000,
            wall_ms=_START_MS + number * 30_000,
            clock=ClockQuality.SYNCHRONISED,
            date=date,
            offset_min=None if date is None else 480,
        )

    def stamped(self, record: Record) -> Record:
        """The record with the next number and the link to the newest row."""
        return replace(record, seq=self.next_seq, prev_hash=self._prev)

    def append(self, row: bytes, record: Record | None = None) -> None:
        """Put bytes in the next row as they are."""
        self._prev = hashlib.sha256(row).digest()
        if record is not None and record.kind is Kind.MANIFEST:
            self.segment = Segment(self.next_seq)
        self.segment.add(self._prev, record)
        self.rows.append((self.next_seq, row))

    def add(self, record: Record | None = None, *, key: PrivateKey | None = None) -> Record:
        """Seal the record, or a plain passage, into the next row."""
        stamped = self.stamped(record or self.draft())
        self.append(seal(encode(stamped), key or self.key), stamped)
        return stamped

    def passages(self, count: int, date: int | None = None) -> Book:
        """So many plain passages."""
        for _ in range(count):
            self.add(self.draft(times=self.times(date)))
        return self

    def change(
        self,
        new: PrivateKey | None,
        *,
        action: KeyAction = KeyAction.ROTATE,
        key: PrivateKey | None = None,
        **altered: Any,
    ) -> Book:
        """A KEY record; ``altered`` overrides what it says of the new key, None keeps the key."""
        public = (new or self.key).public
        change = replace(KeyChange(action=action, x=public.x, kid=public.kid), **altered)
        person = Person(who="D. Wang", why="the yearly change")
        self.add(self.own(kind=Kind.KEY, key=change, person=person), key=key)
        self.key = new or self.key
        return self

    def manifest(self, date: int | None = None, **altered: Any) -> Book:
        """The manifest that is due, with what ``altered`` says instead."""
        stated = replace(self.segment.manifest(), **altered)
        self.add(self.own(manifest=stated, times=self.times(date)))
        return self

    def done(self, name: str, title: str, *findings: Expected, **more: Any) -> Vector:
        """The rows as a vector."""
        return Vector(name=name, title=title, rows=tuple(self.rows), findings=findings, **more)
