"""Weights of one vehicle that followed each other: the lane may weigh again only by its own law.

A second weight by rule needs a record before it that takes the first one back, permits nothing and
says that the vehicle moved or was rocked, and it is the same within what both may err; after two
weights taken back a person looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.parts import Kind, Outcome, Permit
from protocol.record import Record
from sim.finding import Finding, of_record
from sim.scale import E_KG

WITHDRAWN = "weight withdrawn"
_RESTLESS = ("it moved", "it was rocked")
TAKEN_BACK_MAX = 2
E_G = round(E_KG * 1000)


def of_reweighing(records: Sequence[Record]) -> Iterator[Finding]:
    """Each weight that came after another one of its passage, and each word on a dead one."""
    passages: dict[int, list[Record]] = {}
    for record in records:
        if record.passage_id and record.weighing is not None:
            passages.setdefault(record.passage_id, []).append(record)
    for parts in passages.values():
        yield from _of_passage(parts)


def takes_back(record: Record, records: Sequence[Record]) -> bool:
    """Whether this hold only takes a weight back, and the lane weighed again by itself."""
    if record.decision is None or record.decision.reasons[:1] != (WITHDRAWN,):
        return False
    return any(
        later.passage_id == record.passage_id and later.seq > record.seq
        for later in weighed_again(records)
    )


def weighed_again(records: Sequence[Record]) -> list[Record]:
    """The amendments with a weight that no record of their passage had before, and by rule."""
    known: set[tuple[int, int | None]] = set()
    found = []
    for record in records:
        if record.weighing is None:
            continue
        key = (record.passage_id, record.weighing.stable_to_us)
        if key not in known and record.kind is Kind.AMENDMENT and record.person is None:
            found.append(record)
        known.add(key)
    return found


def _of_passage(parts: list[Record]) -> Iterator[Finding]:
    weight_us = parts[0].weighing.stable_to_us if parts[0].weighing is not None else None
    dead: Record | None = None
    taken_back, last = 0, parts[0]
    for record in parts:
        assert record.weighing is not None
        reasons = record.decision.reasons if record.decision is not None else ()
        if record.weighing.stable_to_us != weight_us:
            if record.person is None:
                yield from _again(record, dead, taken_back)
                yield from _same(record, last)
            weight_us, dead = record.weighing.stable_to_us, None
        elif dead is not None and record.person is None and _lets_go(record):
            seen = f"seq {record.seq}: decided on the weight that seq {dead.seq} took back"
            yield of_record("I12", record, seen)
        if WITHDRAWN in reasons and dead is None:
            dead, taken_back = record, taken_back + 1
        last = record


def _again(record: Record, dead: Record | None, taken_back: int) -> Iterator[Finding]:
    head = f"seq {record.seq}: weighed again"
    if record.weighing is None or record.weighing.raw is None or record.curve is None:
        yield of_record("T12", record, f"{head}, without its counts or its curve")
    if dead is None:
        yield of_record("I12", record, f"{head}, and no record took the first weight back")
        return
    reasons = dead.decision.reasons if dead.decision is not None else ()
    if dead.permit is not Permit.NONE:
        yield of_record("I12", record, f"{head}, and seq {dead.seq} still permits a boom")
    if not set(_RESTLESS) & set(reasons):
        yield of_record("I12", record, f"{head} by rule after {', '.join(reasons)}")
    if taken_back > TAKEN_BACK_MAX:
        yield of_record("I12", record, f"{head} by rule after {taken_back} weights taken back")


def _same(record: Record, before: Record) -> Iterator[Finding]:
    one, two = before.weighing, record.weighing
    if one is None or two is None or not _lets_go(record):
        return
    apart_g = abs(one.gross_g - two.gross_g)
    may_g = E_G * 2 + (one.u95_g or 0) + (two.u95_g or 0)
    if apart_g > may_g:
        seen = f"seq {record.seq}: weighed again by rule, {apart_g} g from the first weight"
        yield of_record("I12", record, seen)


def _lets_go(record: Record) -> bool:
    return record.decision is not None and record.decision.outcome is not Outcome.HOLD
