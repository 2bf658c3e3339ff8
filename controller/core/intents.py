"""Records asked for: what the lane wants on disk about a passage, filled from all that is known."""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.images import InputImage, RecordIntent, Stay
from controller.core.kinds import Decision, End, RecordKind, Withdrawal
from controller.core.passage import Lane, Passage
from controller.core.plates import READ_BEFORE_START_US

WITHDRAWN = "weight withdrawn"
VOIDED = "voided by a person"
_WHY = {
    Withdrawal.MOVED: "it moved",
    Withdrawal.LOAD_CHANGED: "its load changed",
    Withdrawal.ROCKING: "it was rocked",
    Withdrawal.AXLE: "an axle came or left",
    Withdrawal.CELL_FAULT: "a load cell cannot be believed",
    Withdrawal.BEAM: "a beam was blocked",
}


def new_passage(lane: Lane, inputs: InputImage, entry: End | None) -> Lane:
    """Return the lane with a passage begun; its number has never been used on this ledger."""
    number = max(lane.next_id, inputs.ledger.next_passage_id)
    passage = Passage(
        id=number,
        entry=entry,
        started_us=inputs.now_us,
        seen_from_us=inputs.now_us - READ_BEFORE_START_US,
    )
    return replace(lane, passage=passage, next_id=number + 1)


def resumed(lane: Lane, inputs: InputImage, stay: Stay) -> Lane:
    """Return the lane with a passage taken up where the disk has it.

    Nothing that it permits stands again: the permit is a fact of the ledger, which forgets it.
    """
    passage = Passage(
        id=stay.passage_id,
        entry=stay.entry,
        started_us=inputs.now_us,
        seen_from_us=inputs.now_us,
        part=stay.part,
        seq=stay.seq,
        first_seq=stay.first_seq,
        accounted=stay.accounted,
        decision=stay.decision,
        leave_by=stay.leave_by,
        by_person=stay.by_person,
        voided=stay.voided,
        stay=stay,
    )
    return replace(lane, passage=passage, next_id=max(lane.next_id, stay.passage_id + 1))


def intend(
    passage: Passage,
    inputs: InputImage,
    kind: RecordKind,
    permit: End | None = None,
    who: str = "",
    why: str = "",
    move: End | None = None,
    second: str = "",
    weighed_again: bool = False,
) -> Passage:
    """Return the passage with its next record asked for."""
    judged = passage.facts
    vehicle = passage.vehicle if passage.plate else None
    intent = RecordIntent(
        kind=kind,
        passage_id=passage.id,
        part=passage.part + 1,
        entry=passage.entry,
        refers_to=passage.first_seq,
        started_us=passage.started_us,
        boarded_us=passage.boarded_us,
        decided_us=inputs.now_us,
        wall=inputs.wall,
        reads=passage.reads,
        plate=passage.plate,
        plate_by=passage.plate_by,
        proposal=passage.proposal,
        stand=passage.stand,
        frames=passage.frames,
        weight=passage.weight,
        weighed_again=weighed_again,
        taken_back=passage.taken_back,
        tare_g=judged.tare_g if judged is not None else None,
        tare_seq=passage.tare_seq,
        tare_taken_ms=passage.tare_taken_ms,
        tare_clock=passage.tare_clock,
        facts=judged,
        judgement=passage.judgement,
        decision=passage.decision,
        reasons=passage.reasons,
        permit=permit,
        move=move,
        chain=passage.chain,
        who=who,
        why=why,
        second=second,
        cargo=vehicle.cargo if vehicle is not None else None,
        mode=passage.mode,
        timeline=passage.timeline,
    )
    return replace(passage, intent=intent)


def void(passage: Passage, inputs: InputImage, reason: str) -> Passage:
    """Ask for the VOID of an on-deck interval without a weighing."""
    held = replace(
        passage, decision=Decision.HOLD, reasons=(reason,), leave_by=None, accounted=True
    )
    return intend(held, inputs, RecordKind.VOID)


def hold(passage: Passage, inputs: InputImage, reason: str) -> Passage:
    """Hold, and say so on disk: a VOID where the interval has no record, else an AMENDMENT.

    The amendment carries no permit, so it takes back whatever was permitted.  While another record
    of the passage is on its way, this one is owed, and asked for as soon as that one is durable.
    """
    if passage.intent is not None:
        return replace(passage, owed=reason, leave_by=None, by_person=False)
    if not passage.accounted:
        return void(passage, inputs, reason)
    held = replace(
        passage,
        decision=Decision.HOLD,
        reasons=told(passage, reason),
        leave_by=None,
        by_person=False,
        owed="",
    )
    return intend(held, inputs, RecordKind.AMENDMENT)


def told(passage: Passage, reason: str) -> tuple[str, ...]:
    """The reason, and why the weight in this record does not stand where it does not."""
    if not passage.taken_back:
        return (reason,)
    why = (_WHY[passage.withdrawn],) if passage.withdrawn != Withdrawal.NONE else ()
    return tuple(dict.fromkeys((reason, WITHDRAWN, *why)))
