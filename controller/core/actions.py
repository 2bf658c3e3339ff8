"""What entering a phase does to the passage, and what a person may do by hand."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from controller.core.decide import decide
from controller.core.guards import arrival_end, leave_end, request_of
from controller.core.images import InputImage, Request
from controller.core.intents import VOIDED, WITHDRAWN, hold, intend, new_passage, told, void
from controller.core.kinds import (
    BoomPosition,
    ClockQuality,
    Decision,
    End,
    Phase,
    RecordKind,
    RequestKind,
    WeighingStatus,
    Withdrawal,
)
from controller.core.passage import MISSED_MAX, Lane, Passage
from controller.core.service import mode_of
from controller.core.settings import LaneSettings
from controller.core.table import Row

# What is held under these words is no vehicle that the lane knew, so it is a passage of its own.
_ANOTHER = ("unexpected load", "another than before the start")
NO_EVIDENCE = "weighed on the remaining cells: no evidence"
_AGAIN = "weight withdrawn, weighs again"
_NOT_AGAIN = "not weighed again"

Action = Callable[[Lane, Row, InputImage, LaneSettings], Lane]


def _to_idle(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    return replace(lane, passage=None)


def _to_approach(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    return new_passage(lane, inputs, arrival_end(lane, inputs, settings))


def _to_boarding(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    """A vehicle that had left the deck and comes again from the same end is another interval.

    Whoever stands at its entry from now on is another, and has had no chance yet.
    """
    if lane.passage is None:
        return lane
    entry = lane.passage.entry
    lane = _missed(_ignore(lane, entry, 0), entry, 0)
    return new_passage(lane, inputs, entry) if row.outcome == "boards again" else lane


def _to_deciding(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    passage = lane.passage
    if passage is None:
        return lane
    if row.outcome in ("weighed", "plate not confirmed"):
        return replace(lane, passage=_decided(passage, inputs, settings, _kind_of(passage)))
    if row.outcome == "weighed without evidence":
        return replace(lane, passage=_undecided(passage, lane, inputs, settings))
    if row.outcome == "decision stored":
        return lane
    if row.outcome == "plate confirmed":
        again = replace(passage, asked=False)
        return replace(lane, passage=_decided(again, inputs, settings, RecordKind.AMENDMENT))
    return replace(lane, passage=_by_request(lane, passage, inputs))


def _kind_of(passage: Passage) -> RecordKind:
    """The first record of an on-deck interval is its account; a second weighing amends it."""
    return RecordKind.AMENDMENT if passage.accounted else RecordKind.PASSAGE


def _to_weighing(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Take back what was decided on a weight that did not stand, and weigh once more."""
    if row.outcome != _AGAIN or lane.passage is None:
        return lane
    return replace(lane, passage=hold(_taken_back(lane.passage, inputs), inputs, WITHDRAWN))


def _taken_back(passage: Passage, inputs: InputImage) -> Passage:
    why = inputs.weight.withdrawn
    return replace(passage, taken_back=True, withdrawn=why, withdrawals=passage.withdrawals + 1)


def _decided(
    passage: Passage, inputs: InputImage, settings: LaneSettings, kind: RecordKind
) -> Passage:
    """Decide on the weight that stands in this scan, and ask for the record of it."""
    result = decide(passage, inputs.weight, inputs, settings)
    tared = result.tared
    before = passage.weight if passage.accounted else None
    again = before is not None and before.accepted_us != inputs.weight.accepted_us
    passage = replace(
        passage,
        weight=inputs.weight,
        taken_back=False,
        withdrawn=Withdrawal.NONE,
        facts=result.facts,
        tare_seq=tared.tare_seq if tared is not None else None,
        tare_taken_ms=tared.tare_taken_ms if tared is not None else None,
        tare_clock=tared.tare_clock if tared is not None else ClockQuality.UNKNOWN,
        judgement=result.judgement,
        decision=result.decision,
        reasons=result.reasons,
        chain=result.chain,
        accounted=True,
        by_person=False,
        leave_by=_leave_by(passage, result.decision),
    )
    return intend(
        passage,
        inputs,
        kind,
        permit=passage.leave_by,
        who=passage.plate_by,
        why=passage.plate_why,
        second=passage.plate_second,
        weighed_again=again,
    )


def _undecided(passage: Passage, lane: Lane, inputs: InputImage, settings: LaneSettings) -> Passage:
    """Hold a vehicle that the remaining cells weighed: no rule is asked, a person decides.

    Nor does it stand what a rule said of an earlier weight.
    """
    bare = replace(inputs.weight, weight_g=None, estimate_g=None, u95_g=None, accepted_us=None)
    held = replace(
        passage,
        weight=bare,
        taken_back=False,
        withdrawn=Withdrawal.NONE,
        facts=None,
        tare_seq=None,
        judgement=None,
        chain=None,
        decision=Decision.HOLD,
        reasons=(NO_EVIDENCE,),
        mode=mode_of(lane, settings),
        accounted=True,
        by_person=False,
        leave_by=None,
    )
    return intend(held, inputs, _kind_of(passage))


def _leave_by(passage: Passage, decision: Decision) -> End | None:
    if passage.entry is None or decision == Decision.HOLD:
        return None
    return passage.entry.other if decision == Decision.RELEASE else passage.entry


def _by_request(lane: Lane, passage: Passage, inputs: InputImage) -> Passage:
    """Send back or release on a person's word; of two words at once the stricter counts."""
    for kind, decision, record in (
        (RequestKind.SEND_BACK, Decision.RETURN, RecordKind.AMENDMENT),
        (RequestKind.RELEASE, Decision.RELEASE, RecordKind.RELEASE),
    ):
        request, end = request_of(lane, inputs, kind), leave_end(lane, inputs, kind)
        if request is None or end is None:
            continue
        reason = f"{kind.name.lower().replace('_', ' ')} by a person"
        said = (*told(passage, reason), *((NO_EVIDENCE,) if passage.mode is not None else ()))
        asked = replace(passage, decision=decision, reasons=said, leave_by=end, by_person=True)
        return intend(
            asked,
            inputs,
            record,
            permit=end,
            who=request.who,
            why=request.why,
            second=request.second,
        )
    return passage


def _to_holding(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    if lane.passage is None or row.outcome in _ANOTHER:
        lane = new_passage(lane, inputs, None)
    passage = lane.passage
    if passage is None or row.outcome in ("held", "operator called again"):
        return lane
    if passage.boarded_us is None:
        passage = replace(passage, boarded_us=inputs.now_us)
    if row.outcome == VOIDED:
        return replace(lane, passage=_voided(lane, passage, inputs))
    if row.outcome == WITHDRAWN or (row.outcome == _NOT_AGAIN and inputs.weight.withdrawn):
        passage = _taken_back(passage, inputs)
    return replace(lane, passage=hold(passage, inputs, row.outcome))


def _voided(lane: Lane, passage: Passage, inputs: InputImage) -> Passage:
    """Say that nothing of it stands; the weight goes on record, and decides nothing any more."""
    request = request_of(lane, inputs, RequestKind.VOID)
    if request is None:
        return passage
    found = inputs.weight if inputs.weight.status == WeighingStatus.ACCEPTED else None
    first = passage.weight is None and found is not None
    voided = replace(
        passage,
        weight=found if passage.weight is None else passage.weight,
        decision=Decision.HOLD,
        reasons=(VOIDED,),
        leave_by=None,
        by_person=False,
        accounted=True,
        voided=True,
    )
    voided = intend(
        voided,
        inputs,
        RecordKind.VOID,
        who=request.who,
        why=request.why,
        second=request.second,
        weighed_again=first and passage.part > 0,
    )
    return replace(voided, weight=None, facts=None, judgement=None, tare_seq=None, mode=None)


def _to_departing(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    """Note what left unasked; whoever just left, or would not come, is no arrival."""
    if row.outcome == "boom moved by hand":
        lane = new_passage(lane, inputs, None)
        passage = lane.passage
        assert passage is not None
        return replace(lane, passage=void(passage, inputs, row.outcome))
    passage = lane.passage
    if passage is None:
        return lane
    if row.outcome == "left without release" and not _is_said(passage, row.outcome):
        return replace(lane, passage=hold(passage, inputs, row.outcome))
    if row.outcome == "did not board":
        return _passed_over(lane, passage.entry, inputs.now_us, settings)
    return _ignore(lane, passage.leave_by, inputs.now_us + settings.ignore_leaving_us)


def _is_said(passage: Passage, reason: str) -> bool:
    return reason in (passage.owed, *passage.reasons)


def _to_zero_check(lane: Lane, row: Row, inputs: InputImage, settings: LaneSettings) -> Lane:
    leave_by = lane.passage.leave_by if lane.passage is not None else None
    return _ignore(lane, leave_by, inputs.now_us + settings.ignore_leaving_us)


def _passed_over(lane: Lane, end: End | None, now_us: int, settings: LaneSettings) -> Lane:
    """Offer the deck again after as long as it was offered, then after twice as long each time.

    A driver may not have seen the light; what a stuck loop feels never comes.
    """
    if end is None:
        return lane
    missed = lane.missed[end]
    pause_us = min(settings.approach_us_max << missed, settings.ignore_us_max)
    lane = _ignore(lane, end, now_us + pause_us)
    return _missed(lane, end, min(missed + 1, MISSED_MAX))


def _ignore(lane: Lane, end: End | None, until_us: int) -> Lane:
    return replace(lane, ignored_until_us=_at(end, until_us, lane.ignored_until_us))


def _missed(lane: Lane, end: End | None, times: int) -> Lane:
    return replace(lane, missed=_at(end, times, lane.missed))


def _at(end: End | None, value: int, both: tuple[int, int]) -> tuple[int, int]:
    if end is None:
        return both
    return (value, both[1]) if end == End.YARD else (both[0], value)


ON_ENTERING: dict[Phase, Action] = {
    Phase.IDLE: _to_idle,
    Phase.APPROACH: _to_approach,
    Phase.BOARDING: _to_boarding,
    Phase.WEIGHING: _to_weighing,
    Phase.DECIDING: _to_deciding,
    Phase.HOLDING: _to_holding,
    Phase.DEPARTING: _to_departing,
    Phase.ZERO_CHECK: _to_zero_check,
}


def by_hand(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    """MANUAL: a boom rises for a named person once its record is on disk, and falls while asked.

    A word to stop needs no record and goes before all others.
    """
    if lane.passage is None:
        lane = new_passage(lane, inputs, None)
    if inputs.requests:
        lane = replace(lane, since_us=inputs.now_us)
    if request_of(lane, inputs, RequestKind.STOP_BOOM) is not None:
        return replace(lane, jog=None, lower=None)
    raising = request_of(lane, inputs, RequestKind.RAISE_BOOM)
    if raising is not None and raising.end is not None:
        return _raise(lane, raising, raising.end, inputs)
    lowering = request_of(lane, inputs, RequestKind.LOWER_BOOM)
    if lowering is not None and lowering.end is not None:
        return _lower(lane, lowering, lowering.end, inputs)
    return _let_go(lane, inputs, settings)


def _raise(lane: Lane, request: Request, end: End, inputs: InputImage) -> Lane:
    passage = lane.passage
    if passage is None or passage.intent is not None:
        return lane
    passage = intend(
        passage,
        inputs,
        RecordKind.MANUAL_MOVE,
        permit=end,
        move=end,
        who=request.who,
        why=request.why,
        second=request.second,
    )
    return replace(lane, passage=passage, jog=end, jog_us=inputs.now_us, lower=None)


def _lower(lane: Lane, request: Request, end: End, inputs: InputImage) -> Lane:
    """The record of a lowering is asked for at its beginning; the boom need not wait for it."""
    passage = lane.passage
    if lane.lower != end and passage is not None and passage.intent is None:
        passage = intend(
            passage,
            inputs,
            RecordKind.MANUAL_MOVE,
            move=end,
            who=request.who,
            why=request.why,
            second=request.second,
        )
    return replace(lane, passage=passage, jog=None, lower=end, lower_us=inputs.now_us)


def _let_go(lane: Lane, inputs: InputImage, settings: LaneSettings) -> Lane:
    now = inputs.now_us
    if lane.jog is not None and (
        inputs.ends[lane.jog].boom.position == BoomPosition.OPEN
        or not 0 <= now - lane.jog_us < settings.jog_us_max
    ):
        lane = replace(lane, jog=None)
    if lane.lower is not None and not 0 <= now - lane.lower_us < settings.dead_man_us:
        lane = replace(lane, lower=None)
    return lane
