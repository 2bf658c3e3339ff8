"""The deterministic lane: ``step`` takes one scan's facts to the next state and the outputs.

Pure: the same lane, inputs and settings give the same lane and outputs, on every machine.
``step`` owns the branches; ``observe`` takes in, the phase table decides, the entry actions below
change the passage, ``outputs`` says what is wanted.  The interlock has the last word, elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from controller.core.decide import decide
from controller.core.guards import arrival_end, leave_end, request_of
from controller.core.images import InputImage, OutputImage, Request
from controller.core.kinds import BoomPosition, Decision, End, Phase, RecordKind, RequestKind
from controller.core.observe import intend, observe, occupied_again, void
from controller.core.outputs import outputs
from controller.core.passage import TIMELINE_MAX, Lane, Passage
from controller.core.settings import LaneSettings
from controller.core.table import BY_PHASE, Row

Action = Callable[[Lane, Row, InputImage, LaneSettings], Lane]


def step(lane: Lane, inputs: InputImage, settings: LaneSettings) -> tuple[Lane, OutputImage]:
    """Take the lane through one scan."""
    lane = observe(lane, inputs, settings)
    for row in BY_PHASE[lane.phase]:
        if row.guard(lane, inputs, settings):
            lane = _enter(lane, row, inputs, settings)
            break
    else:
        if lane.phase == Phase.MANUAL:
            lane = _by_hand(lane, inputs, settings)
    return lane, outputs(lane, inputs, settings)


def _enter(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    lane = _ACTIONS[row.to](lane, row, inputs, settings)
    passage = lane.passage
    if passage is not None and len(passage.timeline) < TIMELINE_MAX:
        timeline = (*passage.timeline, (int(row.to), inputs.now_us))
        passage = replace(passage, timeline=timeline)
    return replace(
        lane,
        phase=row.to,
        since_us=inputs.now_us,
        outcome=row.outcome,
        cause=_cause(lane, row, inputs, settings),
        healthy_us=None,
        jog=None,
        passage=passage,
    )


def _cause(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> int:
    """First cause wins: a stopped lane keeps the fault that stopped it."""
    if row.to == lane.phase and lane.cause:
        return lane.cause
    if row.alarm is not None:
        return int(row.alarm)
    stopping = [code for code in inputs.faults if code in settings.stopping_faults]
    return stopping[0] if stopping and row.to == Phase.FAULTED else 0


def _new(lane: Lane, inputs: InputImage, entry: End | None) -> Lane:
    number = max(lane.next_id, inputs.ledger.next_passage_id)
    passage = Passage(id=number, entry=entry, started_us=inputs.now_us)
    return replace(lane, passage=passage, next_id=number + 1)


def _keep(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    return lane


def _to_idle(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    return replace(lane, passage=None)


def _to_approach(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    return _new(lane, inputs, arrival_end(lane, inputs, settings))


def _to_deciding(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    passage = lane.passage
    if passage is None:
        return lane
    if lane.phase == Phase.WEIGHING:
        return replace(lane, passage=_decided(passage, inputs, settings, RecordKind.PASSAGE))
    if passage.asked and row.outcome == "plate confirmed":
        again = replace(passage, asked=False)
        return replace(lane, passage=_decided(again, inputs, settings, RecordKind.AMENDMENT))
    return replace(lane, passage=_by_request(lane, passage, inputs))


def _decided(
    passage: Passage, inputs: InputImage, settings: LaneSettings, kind: RecordKind
) -> Passage:
    weight = inputs.weight if kind == RecordKind.PASSAGE else passage.weight
    if weight is None:
        return passage
    result = decide(passage, weight, inputs, settings)
    passage = replace(
        passage,
        weight=weight,
        facts=result.facts,
        tare_seq=result.tare_seq,
        judgement=result.judgement,
        decision=result.decision,
        reasons=result.reasons,
        chain=result.chain,
        accounted=True,
        leave_by=_leave_by(passage, result.decision),
    )
    return intend(
        passage,
        inputs,
        kind,
        permit=passage.leave_by,
        who=passage.plate_by,
        why=passage.plate_why,
    )


def _leave_by(passage: Passage, decision: Decision) -> End | None:
    if passage.entry is None or decision == Decision.HOLD:
        return None
    return passage.entry.other if decision == Decision.RELEASE else passage.entry


def _by_request(lane: Lane, passage: Passage, inputs: InputImage) -> Passage:
    for kind, decision in (
        (RequestKind.RELEASE, Decision.RELEASE),
        (RequestKind.SEND_BACK, Decision.RETURN),
    ):
        request, end = request_of(inputs, kind), leave_end(lane, inputs, kind)
        if request is None or end is None:
            continue
        asked = replace(
            passage, decision=decision, reasons=(f"{kind.name.lower()} by a person",), leave_by=end
        )
        record = RecordKind.RELEASE if decision == Decision.RELEASE else RecordKind.AMENDMENT
        return intend(asked, inputs, record, permit=end, who=request.who, why=request.why)
    return passage


def _to_holding(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Hold, with a record of why: a VOID where there is none yet, else one that takes back."""
    strange = row.outcome in ("unexpected load", "found on deck at start")
    if lane.passage is None or strange:
        lane = _new(lane, inputs, None)
    passage = lane.passage
    if passage is None or row.outcome in ("held", "operator called again"):
        return lane
    passage = _on_deck_now(passage, inputs)
    if passage.intent is not None:
        return replace(lane, passage=replace(passage, leave_by=None))
    if not passage.accounted:
        return replace(lane, passage=void(passage, inputs, row.outcome))
    taken_back = replace(passage, decision=Decision.HOLD, reasons=(row.outcome,), leave_by=None)
    return replace(lane, passage=intend(taken_back, inputs, RecordKind.AMENDMENT))


def _on_deck_now(passage: Passage, inputs: InputImage) -> Passage:
    if passage.boarded_us is not None:
        return passage
    return replace(passage, boarded_us=inputs.now_us)


def _to_departing(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Note a boom moved by hand; whoever just left, or would not come, is no arrival."""
    if row.outcome == "boom moved by hand":
        lane = _new(lane, inputs, None)
        passage = lane.passage
        assert passage is not None
        return replace(lane, passage=void(passage, inputs, row.outcome))
    if lane.passage is None:
        return lane
    if row.outcome == "did not board":
        return _ignore(lane, lane.passage.entry, inputs.now_us + settings.ignore_us_max)
    return _ignore(lane, lane.passage.leave_by, inputs.now_us + settings.ignore_leaving_us)


def _to_zero_check(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    leave_by = lane.passage.leave_by if lane.passage is not None else None
    return _ignore(lane, leave_by, inputs.now_us + settings.ignore_leaving_us)


def _ignore(lane: Lane, end: End | None, until_us: int) -> Lane:
    if end is None:
        return lane
    yard, road = lane.ignored_until_us
    both = (until_us, road) if end == End.YARD else (yard, until_us)
    return replace(lane, ignored_until_us=both)


_ACTIONS: dict[Phase, Action] = {
    **dict.fromkeys(Phase, _keep),
    Phase.IDLE: _to_idle,
    Phase.APPROACH: _to_approach,
    Phase.DECIDING: _to_deciding,
    Phase.HOLDING: _to_holding,
    Phase.DEPARTING: _to_departing,
    Phase.ZERO_CHECK: _to_zero_check,
}


def _by_hand(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """MANUAL: a boom rises for a named person once the record of it is on disk."""
    if lane.passage is None or occupied_again(lane, inputs, settings):
        lane = _new(lane, inputs, None)
    if inputs.requests:
        lane = replace(lane, since_us=inputs.now_us)
    raising = request_of(inputs, RequestKind.RAISE_BOOM)
    if raising is not None and raising.end is not None:
        return _jog(lane, raising, raising.end, inputs)
    if lane.jog is None:
        return lane
    over = (
        request_of(inputs, RequestKind.LOWER_BOOM) is not None
        or inputs.ends[lane.jog].boom.position == BoomPosition.OPEN
        or inputs.now_us - lane.jog_us >= settings.jog_us_max
    )
    return replace(lane, jog=None) if over else lane


def _jog(lane: Lane, request: Request, end: End, inputs: InputImage) -> Lane:
    passage = lane.passage
    if passage is None or passage.intent is not None:
        return lane
    passage = intend(
        passage, inputs, RecordKind.MANUAL_MOVE, permit=end, who=request.who, why=request.why
    )
    return replace(lane, passage=passage, jog=end, jog_us=inputs.now_us)
