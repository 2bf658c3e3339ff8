"""The columns beside a record's bytes: derived at append, checked again by verify.

Each row states what is known of its *subject* (the passage it is about) once that record stands: a
release or an amendment starts from the newest row of the same subject and overrides what it says.
So the newest row of a subject is its present state, and no row is ever altered.
"""

from __future__ import annotations

import sqlite3

from msgspec import Struct
from msgspec.structs import astuple

from protocol.custody import WEIGHT_WITHDRAWN
from protocol.parts import Amendable, ClockQuality, Kind, Outcome, Purpose, Reweigh, Tare
from protocol.record import Record

COLUMNS = (
    "passage_id, part, kind, subject, plate, outcome, over, tare_g, tare_ms, tare_clock, "
    "chain, cycle"
)
_NEWEST = "NOT EXISTS (SELECT 1 FROM record n WHERE n.subject = r.subject AND n.seq > r.seq)"
# A boom moved by hand is told with the weighing of whoever stood there, and that is no other one.
_WEIGHED = f"kind <> {int(Kind.MANUAL_MOVE)}"


class Lookup(Struct, frozen=True):
    """The lookup columns of one row, in the order of COLUMNS."""

    passage_id: int
    part: int
    kind: int
    subject: int
    plate: str | None = None
    outcome: str | None = None
    over: int = 0
    tare_g: int | None = None
    tare_ms: int | None = None
    tare_clock: str | None = None
    chain: int | None = None
    cycle: int = 0


class OpenChain(Struct, frozen=True, kw_only=True):
    """A re-weigh chain without a release: its token, its newest weighing, the cycles so far."""

    token: int
    previous_seq: int
    cycles: int


class Told(Struct, frozen=True, kw_only=True):
    """What the ledger has of one passage: its first record, how many parts, of which kinds."""

    first_seq: int | None = None
    parts: int = 0
    kinds: frozenset[int] = frozenset()


def told_of(db: sqlite3.Connection, passage_id: int) -> Told:
    """The parts of a passage, by the columns beside the records."""
    rows = db.execute(
        "SELECT kind, min(seq), max(part) FROM record WHERE passage_id = ? AND passage_id > 0 "
        "GROUP BY kind",
        (passage_id,),
    ).fetchall()
    return Told(
        first_seq=min((seq for _, seq, _ in rows), default=None),
        parts=max((part for _, _, part in rows), default=0),
        kinds=frozenset(kind for kind, _, _ in rows),
    )


def derive(record: Record, before: Lookup | None) -> Lookup:
    """Derive the row of a record that has its seq; ``before`` is the subject's state so far."""
    over = record.verdicts.over if record.verdicts else bool(before and before.over)
    outcome = record.decision.outcome if record.decision else before and before.outcome
    subject = before.subject if before else record.seq
    chain, cycle = _chain(record, before)
    if chain is None and over and outcome != Outcome.RELEASE:
        chain = subject
    tare_g, tare_ms, tare_clock = _tare(record, before)
    return Lookup(
        passage_id=record.passage_id,
        part=record.part,
        kind=int(record.kind),
        subject=subject,
        plate=_plate(record, before),
        outcome=str(outcome) if outcome else None,
        over=int(over),
        tare_g=tare_g,
        tare_ms=tare_ms,
        tare_clock=tare_clock,
        chain=chain,
        cycle=cycle,
    )


def subject_before(db: sqlite3.Connection, record: Record) -> Lookup | None:
    """The newest state of the passage that ``record`` refers to; None if it stands for itself.

    Raises LookupError when the record refers to a seq that is not there.
    """
    if record.refers_to is None or record.kind in (Kind.PASSAGE, Kind.MANUAL_MOVE):
        return None
    row = db.execute(
        f"SELECT {COLUMNS} FROM record WHERE seq < ?1 AND subject = "
        "(SELECT subject FROM record WHERE seq = ?2) ORDER BY seq DESC LIMIT 1",
        (record.seq, record.refers_to),
    ).fetchone()
    if row is None:
        raise LookupError(f"the record refers to seq {record.refers_to}, which is not there")
    return Lookup(*row)


def values(lookup: Lookup) -> tuple[int | str | None, ...]:
    """The columns in order."""
    return astuple(lookup)


def latest_tare(db: sqlite3.Connection, plate: str) -> Tare | None:
    """The newest tare weighing that stands under this plate now."""
    row = db.execute(
        "SELECT tare_g, subject, tare_ms, tare_clock FROM record r "
        f"WHERE plate = ? AND tare_g IS NOT NULL AND {_WEIGHED} AND {_NEWEST} "
        "ORDER BY subject DESC LIMIT 1",
        (plate,),
    ).fetchone()
    if row is None:
        return None
    return Tare(tare_g=row[0], seq=row[1], taken_ms=row[2], clock=ClockQuality(row[3]))


def open_chain(db: sqlite3.Connection, plate: str) -> OpenChain | None:
    """The oldest over record of this plate since its last release, with what followed it."""
    released = db.execute(
        f"SELECT subject FROM record r WHERE plate = ? AND outcome = 'release' AND {_NEWEST} "
        "ORDER BY subject DESC LIMIT 1",
        (plate,),
    ).fetchone()
    first = db.execute(
        "SELECT min(subject) FROM record r WHERE plate = ? AND outcome IN ('hold', 'return') "
        f"AND subject > ? AND chain = subject AND over = 1 AND {_NEWEST} AND NOT EXISTS "
        "(SELECT 1 FROM record c WHERE c.chain = r.chain AND c.outcome = 'release')",
        (plate, released[0] if released else 0),
    ).fetchone()
    if first == (None,):
        return None
    previous, cycles = db.execute(
        f"SELECT max(subject), max(cycle) FROM record WHERE chain = ? AND {_WEIGHED}", first
    ).fetchone()
    return OpenChain(token=first[0], previous_seq=previous, cycles=cycles)


def _plate(record: Record, before: Lookup | None) -> str | None:
    if record.amendment and record.amendment.field is Amendable.PLATE:
        return record.amendment.now
    return record.plate or (before.plate if before else None)


def _tare(record: Record, before: Lookup | None) -> tuple[int | None, int | None, str | None]:
    # A voided weighing must not stay in the tare register, nor one that was taken back.
    if record.kind is Kind.VOID or _is_withdrawn(record):
        return None, None, None
    weighing = record.weighing
    if weighing:
        if weighing.purpose is not Purpose.TARE:
            return None, None, None
        return weighing.indicated_g, record.times.wall_ms, str(record.times.clock)
    return (before.tare_g, before.tare_ms, before.tare_clock) if before else (None, None, None)


def _is_withdrawn(record: Record) -> bool:
    return record.usability is not None and WEIGHT_WITHDRAWN in record.usability.objections


def _chain(record: Record, before: Lookup | None) -> tuple[int | None, int]:
    reweigh: Reweigh | None = record.reweigh
    if reweigh:
        return reweigh.first_seq, reweigh.cycle
    return (before.chain, before.cycle) if before else (None, 0)
