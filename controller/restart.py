"""What the ledger tells a lane that starts: the on-deck interval that had not ended, if any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.core.images import LedgerFact, Recalled, Stay
from controller.core.kinds import Decision, End
from protocol import parts
from protocol.errors import LedgerError
from protocol.ledger import Ledger
from protocol.ondeck import OnDeck
from protocol.record import Record, RecordError

_ACCOUNTS = (parts.Kind.PASSAGE, parts.Kind.VOID)


def fact_at_start(ledger: Ledger) -> LedgerFact:
    """The first fact of a ledger just opened; no permit stands in it, whatever was permitted."""
    found = ledger.on_deck()
    following = ledger.next_passage_id()
    if not found.passage_id:
        return LedgerFact(ready=True, next_passage_id=following)
    return LedgerFact(
        ready=True,
        next_passage_id=max(following, found.passage_id + 1),
        on_deck=found.passage_id,
        stay=stay_of(found, tuple(_records(ledger, found.passage_id))),
    )


def stay_of(found: OnDeck, records: Sequence[Record]) -> Stay:
    """The interval with what its records, oldest first, say of it."""
    outcomes = [record.decision.outcome for record in records if record.decision is not None]
    weights = [record.weighing.gross_g for record in records if record.weighing is not None]
    newest = records[-1] if records else None
    return Stay(
        passage_id=found.passage_id,
        entry=None if found.entry is None else End[found.entry.name],
        part=newest.part if newest else 0,
        seq=newest.seq if newest else 0,
        first_seq=records[0].seq if records else None,
        accounted=any(record.kind in _ACCOUNTS for record in records),
        voided=any(_is_voided_by(record) for record in records),
        decision=Decision[outcomes[-1].name] if outcomes else Decision.HOLD,
        leave_by=_end(newest.permit) if newest else None,
        by_person=newest is not None and newest.person is not None,
        gross_g=weights[-1] if weights else None,
    )


def recalled(ledger: Ledger, passage_id: int) -> Recalled:
    """What the ledger has of a passage; nothing where it cannot be read."""
    try:
        found = ledger.told_of(passage_id)
        voids = ledger.of_kind(passage_id, parts.Kind.VOID)
    except (LedgerError, RecordError):
        return Recalled(passage_id=passage_id)
    return Recalled(
        passage_id=passage_id,
        part=found.parts,
        first_seq=found.first_seq,
        accounted=bool(found.kinds.intersection(_ACCOUNTS)),
        voided=any(_is_voided_by(record) for record in voids),
    )


def _is_voided_by(record: Record) -> bool:
    """Whether a person has said here that nothing of the passage stands; the lane names none."""
    return record.kind is parts.Kind.VOID and record.person is not None


def _end(permit: parts.Permit) -> End | None:
    return None if permit is parts.Permit.NONE else End[permit.name]


def _records(ledger: Ledger, passage_id: int) -> Iterator[Record]:
    part = 1
    while (record := ledger.find(passage_id, part)) is not None:
        yield record
        part += 1
