"""What a named person may change about the weighing itself; each word has a record of its own.

A word counts once its record is on disk, so nothing is weighed without evidence, and no fault
forgotten, that the ledger does not tell of.
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.guards import request_of
from controller.core.images import InputImage, Mode, RecordIntent, Request, Weight
from controller.core.kinds import Phase, RecordKind, RequestKind
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

SITE_FILE = "site file"

# Of two words at once the stricter counts.
_WORDS = (RequestKind.FORBID_DEGRADED, RequestKind.ALLOW_DEGRADED, RequestKind.CLEAR_CELLS)
_AT_REST = (Phase.STARTING, Phase.IDLE, Phase.HOLDING, Phase.FAULTED, Phase.MANUAL)


def mode_of(lane: Lane, settings: LaneSettings) -> Mode | None:
    """Whether weighing with bad cells is allowed, and by whom: the last person's word, else the
    site file's; None where nobody has said anything."""
    if lane.degraded is not None:
        return lane.degraded
    if settings.degraded_why:
        return Mode(on=True, who=SITE_FILE, why=settings.degraded_why)
    return None


def serviced(lane: Lane, inputs: InputImage) -> Lane:
    """Let a word count whose record is on disk, then ask for the record of the next one.

    Cell faults are not forgotten under a vehicle that is on its way.
    """
    if lane.service is not None:
        lane = _durable(lane, lane.service, inputs)
    if lane.service is not None or not inputs.requests:
        return lane
    for kind in _WORDS:
        request = request_of(lane, inputs, kind)
        if request is not None and (kind != RequestKind.CLEAR_CELLS or lane.phase in _AT_REST):
            return _ask(lane, request, inputs)
    return lane


def _ask(lane: Lane, request: Request, inputs: InputImage) -> Lane:
    number = max(lane.next_id, inputs.ledger.next_passage_id)
    intent = RecordIntent(
        kind=RecordKind.SERVICE,
        passage_id=number,
        part=1,
        entry=None,
        started_us=inputs.now_us,
        decided_us=inputs.now_us,
        wall=inputs.wall,
        weight=Weight(bad_cells=inputs.weight.bad_cells),
        who=request.who,
        why=request.why,
        second=request.second,
        service=request.kind,
    )
    return replace(lane, service=intent, next_id=number + 1)


def _durable(lane: Lane, intent: RecordIntent, inputs: InputImage) -> Lane:
    if (inputs.ledger.passage_id, inputs.ledger.part) != (intent.passage_id, intent.part):
        return lane
    lane = replace(lane, service=None)
    if intent.service == RequestKind.CLEAR_CELLS:
        return replace(lane, cells_cleared=intent.passage_id)
    on = intent.service == RequestKind.ALLOW_DEGRADED
    return replace(lane, degraded=Mode(on=on, who=intent.who, why=intent.why))
