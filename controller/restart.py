"""What the ledger tells a lane that starts: the on-deck interval that had not ended, if any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controller.core.images import LedgerFact, Stay
from controller.core.kinds import Decision, End
from protocol import parts
from protocol.ledger import Ledger
from protocol.ondeck import OnDeck
from protocol.record import Record

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
        decision=Decision[outcomes[-1].name] if outcomes else Decision.HOLD,
        leave_by=_end(newest.permit) if newest else None,
        by_person=newest is not None and newest.person is not None,
        gross_g=weights[-1] if weights else None,
    )


def _end(permit: parts.Permit) -> End | None:
    return None if permit is parts.Permit.NONE else End[permit.name]


def _records(ledger: Ledger, passage_id: int) -> Iterator[Record]:
    part = 1
    while (record := ledger.find(passage_id, part)) is not None:
        yield record
        part += 1
