"""Words that wait for their record and change nothing: notes, and voids of what is over.

A note says that a named person changed the configuration or the calibration.  A passage that is
over is voided by one more record that refers to its first; the ledger says what it has of it.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.images import InputImage, RecordIntent, Request, Weight
from controller.core.intents import VOIDED
from controller.core.kinds import RecordKind, RequestKind
from controller.core.passage import Lane

NOTES_MAX = 8
_NOTES = (RequestKind.CONFIGURE, RequestKind.CALIBRATE)


def noted(lane: Lane, inputs: InputImage) -> Lane:
    """Take the notes among these requests, and the ledger's answer about a passage to be voided."""
    for request in inputs.requests:
        if not (request.who and request.why):
            continue
        if request.kind in _NOTES and request.detail and len(lane.notes) < NOTES_MAX:
            number, intent = word_of(lane, request, inputs)
            lane = replace(lane, notes=(*lane.notes, intent), next_id=number + 1)
        elif request.kind == RequestKind.VOID and _is_over(lane, request, inputs):
            lane = replace(lane, recall=request)
    return lane if lane.recall is None else _recalled(lane, lane.recall, inputs)


def word_of(
    lane: Lane, request: Request, inputs: InputImage, zero_offset_g: int = 0
) -> tuple[int, RecordIntent]:
    """A number that no passage has had, and under it the SERVICE record of a person's word."""
    number = max(lane.next_id, inputs.ledger.next_passage_id)
    intent = RecordIntent(
        kind=RecordKind.SERVICE,
        passage_id=number,
        part=1,
        entry=None,
        started_us=inputs.now_us,
        decided_us=inputs.now_us,
        wall=inputs.wall,
        weight=Weight(bad_cells=inputs.weight.bad_cells, zero_offset_g=zero_offset_g),
        who=request.who,
        why=request.why,
        second=request.second,
        service=request.kind,
        detail=request.detail,
    )
    return number, intent


def _is_over(lane: Lane, request: Request, inputs: InputImage) -> bool:
    """Whether a word is about a passage that has been, and none such is being looked up.

    One whose vehicle is on the deck, as the disk has it, is not over, though a lane that has just
    started has not taken it up again.
    """
    named, running = request.passage_id, lane.passage.id if lane.passage is not None else None
    if lane.recall is not None or named is None or named in (running, inputs.ledger.on_deck):
        return False
    return 0 < named < inputs.ledger.next_passage_id


def _recalled(lane: Lane, request: Request, inputs: InputImage) -> Lane:
    """Ask for the VOID of a passage that has its account and that nobody has voided yet."""
    found = inputs.ledger.recalled
    if found is None or found.passage_id != request.passage_id:
        return lane
    lane = replace(lane, recall=None)
    owed = (*lane.notes, *((lane.service,) if lane.service is not None else ()))
    if any(intent.passage_id == found.passage_id for intent in owed):
        return lane
    if not found.accounted or found.voided or len(lane.notes) >= NOTES_MAX:
        return lane
    intent = RecordIntent(
        kind=RecordKind.VOID,
        passage_id=found.passage_id,
        part=found.part + 1,
        entry=None,
        refers_to=found.first_seq,
        started_us=inputs.now_us,
        decided_us=inputs.now_us,
        wall=inputs.wall,
        reasons=(VOIDED,),
        who=request.who,
        why=request.why,
        second=request.second,
        service=request.kind,
        detail=request.detail,
    )
    return replace(lane, notes=(*lane.notes, intent))
