"""What was done and by whom: the decision, persons, amendments, booms moved, services."""

from __future__ import annotations

from controller.core.images import RecordIntent
from controller.core.kinds import Decision, RecordKind, RequestKind
from controller.recording.words import DETAIL_MAX, bounded, end_of
from protocol import parts


def decision_of(intent: RecordIntent) -> parts.Decision | None:
    """What the lane did; a void, a boom moved and a service decide nothing."""
    if intent.kind in (RecordKind.VOID, RecordKind.MANUAL_MOVE, RecordKind.SERVICE):
        return None
    return parts.Decision(
        outcome=parts.Outcome(Decision(intent.decision).name.lower()),
        reasons=tuple(bounded(reason) for reason in intent.reasons),
    )


def permit_of(intent: RecordIntent) -> parts.Permit:
    """The boom that the record, once durable, allows to rise."""
    return parts.Permit.NONE if intent.permit is None else parts.Permit(end_of(intent.permit))


def reweigh_of(intent: RecordIntent) -> parts.Reweigh | None:
    """The place in a re-weigh chain."""
    chain = intent.chain
    if chain is None:
        return None
    return parts.Reweigh(first_seq=chain.token, previous_seq=chain.previous_seq, cycle=chain.cycle)


def person_of(intent: RecordIntent) -> parts.Person | None:
    """Who did it and why, and who agreed."""
    if not intent.who or not intent.why:
        return None
    second = bounded(intent.second) or None
    return parts.Person(who=bounded(intent.who), why=bounded(intent.why), second=second)


def amendment_of(intent: RecordIntent) -> parts.Amendment | None:
    """The plate that a person put in the place of what was read."""
    if intent.kind != RecordKind.AMENDMENT or not intent.plate_by:
        return None
    best = max(intent.reads, key=lambda read: min(read.char_ppm, default=0), default=None)
    was = intent.proposal or (best.text if best is not None else "")
    return parts.Amendment(field=parts.Amendable.PLATE, was=was or None, now=intent.plate or None)


def move_of(intent: RecordIntent) -> parts.Move | None:
    """The boom that a person moved: upwards where the record also permits it."""
    if intent.kind != RecordKind.MANUAL_MOVE or intent.move is None:
        return None
    motion = parts.Motion.LOWER if intent.permit is None else parts.Motion.RAISE
    return parts.Move(end=end_of(intent.move), motion=motion)


def service_of(intent: RecordIntent) -> parts.Servicing | None:
    """What a person changed about the lane or tried out, and how the scale was at that moment."""
    if intent.kind != RecordKind.SERVICE or intent.service is None:
        return None
    weight = intent.weight
    zeroed = weight is not None and intent.service == RequestKind.ZERO
    return parts.Servicing(
        action=parts.Service(intent.service.name.lower()),
        cells=weight.bad_cells if weight is not None else (),
        detail=intent.detail[:DETAIL_MAX] or None,
        zero_offset_g=weight.zero_offset_g if weight is not None and zeroed else None,
    )


def void_of(intent: RecordIntent) -> str | None:
    """Why nothing came of it, by the lane's word or by a person's."""
    if intent.kind != RecordKind.VOID:
        return None
    return bounded(intent.why if intent.who and intent.why else intent.reasons[0])
