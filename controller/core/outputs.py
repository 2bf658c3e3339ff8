"""What the lane wants in each phase, as levels: booms, lamps, sign, camera, record."""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.faults import Fault
from controller.core.guards import (
    far_boom_moved,
    hangs_out,
    in_the_way,
    leaves_there,
    second_vehicle,
    trailer_behind,
    under_open_boom,
)
from controller.core.images import InputImage, OutputImage, RecordIntent, Sign
from controller.core.interlock import under_boom_clear
from controller.core.kinds import (
    BETWEEN,
    BLOCKED,
    EMPTY,
    GREEN,
    HOLD,
    LOWER,
    OPEN,
    RAISE,
    RED,
    BoomCommand,
    Decision,
    End,
    Lamp,
    Message,
    Phase,
    PlateStand,
    RequestKind,
    WeighingStatus,
)
from controller.core.passage import Lane, Passage, Trial
from controller.core.plates import seen_until_us
from controller.core.service import MAY_ZERO, mode_of
from controller.core.settings import LaneSettings
from controller.core.verdict import Verdict

_ENTRY_UP = (Phase.APPROACH, Phase.BOARDING)
_ZEROING = (Phase.STARTING, Phase.ZERO_CHECK, Phase.FAULTED, Phase.LEDGER_AWAY)
_LEAVING = (Phase.RELEASING, Phase.RETURNING, Phase.DEPARTING)
_STILL = (Phase.STARTING, Phase.IDLE, Phase.ZERO_CHECK, Phase.FAULTED, Phase.EMERGENCY)
_BOTH_RED = (RED, RED)
_LOOKING = (Phase.APPROACH, Phase.BOARDING)
_WEIGHED = (Phase.POSITIONING, Phase.WEIGHING, Phase.CONFIRMING)
"""Nothing is known of a weight yet, or nothing any more."""
_TOLD = (Phase.HOLDING, Phase.DEPARTING)
"""Somebody is told what was decided on him, and may be told no more than will be on record."""
_LOOKING_BEHIND = (Phase.BOARDING, Phase.POSITIONING, Phase.WEIGHING)

_MESSAGES: dict[Phase, Message] = {
    Phase.STARTING: Message.CLOSED,
    Phase.IDLE: Message.WELCOME,
    Phase.APPROACH: Message.DRIVE_ON,
    Phase.BOARDING: Message.DRIVE_ON,
    Phase.POSITIONING: Message.FORWARD,
    Phase.WEIGHING: Message.WEIGHING,
    Phase.CONFIRMING: Message.WAIT_FOR_OPERATOR,
    Phase.DECIDING: Message.WEIGHING,
    Phase.RELEASING: Message.PASS,
    Phase.HOLDING: Message.WAIT_FOR_OPERATOR,
    Phase.RETURNING: Message.BACK_OUT,
    Phase.DEPARTING: Message.CLOSED,
    Phase.ZERO_CHECK: Message.CLOSED,
    Phase.FAULTED: Message.CLOSED,
    Phase.MANUAL: Message.CLOSED,
    Phase.EMERGENCY: Message.EMERGENCY,
    Phase.LEDGER_AWAY: Message.NO_RECORDS,
}


def outputs(lane: Lane, inputs: InputImage, settings: LaneSettings) -> OutputImage:
    """The output image of this lane; a function of the phase, the passage and the inputs."""
    passage = lane.passage
    leave = _way_out(lane, inputs, settings)
    mode = mode_of(lane, settings)
    entry = passage.entry if passage is not None else None
    approach, deck = _lamps(lane, entry, leave, inputs)
    told, misplaced = _misplaced(lane, inputs, settings)
    return OutputImage(
        booms=_booms(lane, entry, leave, inputs, settings),
        approach_lamps=approach,
        deck_lamps=deck,
        sign=_sign(lane, inputs) if told is None else Sign(message=told),
        passage_id=passage.id if passage is not None else 0,
        entry=entry,
        lookup=passage.plate if passage is not None else "",
        proposal=_proposal(passage),
        capture=lane.phase in _LOOKING,
        capture_rear=lane.phase in _LOOKING_BEHIND,
        seen_from_us=passage.seen_from_us if passage is not None else 0,
        seen_until_us=seen_until_us(passage) if passage is not None else None,
        zero=_zero(lane, inputs),
        degraded=mode is not None and mode.on,
        cells_cleared=lane.cells_cleared,
        record=_record(lane),
        on_deck=_on_deck(passage),
        recall=(lane.recall.passage_id or 0) if lane.recall is not None else 0,
        alarms=_alarms(lane, inputs, settings, misplaced),
    )


def _record(lane: Lane) -> RecordIntent | None:
    """A word about the weighing can wait; what a vehicle waits for cannot."""
    owed = lane.passage.intent if lane.passage is not None else None
    return owed if owed is not None else lane.service


def _on_deck(passage: Passage | None) -> int:
    """The passage whose on-deck interval runs, until the deck is empty and the account on disk."""
    if passage is None or (passage.boarded_us is None and passage.stay is None):
        return 0
    settled = passage.accounted and passage.intent is None and not passage.owed
    return 0 if passage.emptied and settled else passage.id


def _proposal(passage: Passage | None) -> str:
    """What was read, as long as no plate stands."""
    if passage is None or passage.stand != PlateStand.PROPOSED:
        return ""
    return passage.proposal


def _alarms(
    lane: Lane, inputs: InputImage, settings: LaneSettings, misplaced: int
) -> tuple[int, ...]:
    behind = int(Fault.SECOND_VEHICLE) if second_vehicle(lane, inputs) else 0
    moved = int(Fault.BOOM_MOVED) if far_boom_moved(lane, inputs, settings) else 0
    waits = int(Fault.DID_NOT_BOARD) if any(lane.missed) else 0
    if not (lane.cause or behind or moved or misplaced or waits or inputs.faults):
        return ()
    return tuple(sorted({lane.cause, behind, moved, misplaced, waits, *inputs.faults} - {0}))


def _misplaced(
    lane: Lane, inputs: InputImage, settings: LaneSettings
) -> tuple[Message | None, int]:
    """What a vehicle is told that stands where a boom or the lane needs room, and the alarm."""
    if under_open_boom(lane, inputs, settings):
        return Message.BACK, int(Fault.UNDER_OPEN_BOOM)
    end = in_the_way(lane, inputs, settings)
    if end is None:
        return None, 0
    return _out_of_the_way(lane, inputs, end), int(Fault.WAY_NOT_CLEAR)


def _booms(
    lane: Lane,
    entry: End | None,
    leave: End | None,
    inputs: InputImage,
    settings: LaneSettings,
) -> tuple[BoomCommand, BoomCommand]:
    if lane.phase in _STILL:
        return HOLD, HOLD
    if lane.phase == Phase.MANUAL:
        return _jogged(lane, End.YARD), _jogged(lane, End.ROAD)
    up = _raised_end(lane, entry, leave, inputs)
    yard, road = (RAISE if end == up else _close(lane, inputs, end, settings) for end in End)
    return yard, road


def _raised_end(lane: Lane, entry: End | None, leave: End | None, inputs: InputImage) -> End | None:
    if lane.phase in _ENTRY_UP:
        return entry
    astride = inputs.weight.status in (WeighingStatus.TAILGATE, WeighingStatus.NOT_FULLY_ON)
    decided = lane.passage is not None and lane.passage.accounted
    if lane.phase in (Phase.POSITIONING, Phase.WEIGHING) and astride and not decided:
        return entry
    return leave


def _way_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> End | None:
    """The boom that stands up for the vehicle to leave, until it has passed it.

    It does not wait for the deck to be empty: whoever follows too closely finds it down.
    """
    if lane.passage is None or lane.phase not in _LEAVING or second_vehicle(lane, inputs):
        return None
    leave = lane.passage.leave_by
    if leave is None or inputs.weight.deck == EMPTY:
        return None
    passed = (
        lane.phase == Phase.DEPARTING
        and under_boom_clear(inputs.ends[leave], inputs.now_us, settings.clear_settle_us)
        and not hangs_out(lane, inputs, leave)
    )
    return None if passed else leave


def _close(lane: Lane, inputs: InputImage, end: End, settings: LaneSettings) -> BoomCommand:
    """Lower an open boom once the way under it is clear; spare whoever is under a falling one.

    A drawbar that nothing sees is under it, too.
    """
    here = inputs.ends[end]
    if here.boom.position not in (BETWEEN, OPEN):
        return HOLD
    clear = under_boom_clear(here, inputs.now_us, settings.clear_settle_us)
    return LOWER if clear and not hangs_out(lane, inputs, end) else RAISE


def _jogged(lane: Lane, end: End) -> BoomCommand:
    """By hand a boom falls only as long as the person keeps asking."""
    recorded = lane.passage is not None and lane.passage.intent is None
    if lane.jog == end and recorded:
        return RAISE
    return LOWER if lane.lower == end else HOLD


def _zero(lane: Lane, inputs: InputImage) -> bool:
    """Wanted by rule while the zero is not good, and on a person's word; the interlock decides."""
    if lane.zeroing is not None and lane.phase in MAY_ZERO:
        return True
    return lane.phase in _ZEROING and not inputs.weight.zero_ok


def _lamps(
    lane: Lane, entry: End | None, leave: End | None, inputs: InputImage
) -> tuple[tuple[Lamp, Lamp], tuple[Lamp, Lamp]]:
    """Towards who comes and towards who stands on the deck; by hand the one that is tried out."""
    trial = lane.trial
    if trial is not None and lane.phase == Phase.MANUAL and trial.kind == RequestKind.TEST_LAMP:
        lit = (GREEN, RED) if trial.end == End.YARD else (RED, GREEN)
        return (lit, _BOTH_RED) if trial.approach else (_BOTH_RED, lit)
    coming = entry if lane.phase == Phase.APPROACH else None
    # Behind whoever has gone by it, a green would be for the one who follows.
    going = None if lane.passage is None or lane.passage.gone_by else leave
    return _green(coming, inputs), _green(going, inputs)


def _green(end: End | None, inputs: InputImage) -> tuple[Lamp, Lamp]:
    if end is None or inputs.ends[end].boom.position != OPEN:
        return RED, RED
    return (GREEN, RED) if end == End.YARD else (RED, GREEN)


def _sign(lane: Lane, inputs: InputImage) -> Sign:
    passage = lane.passage
    message = _message(lane, inputs)
    if passage is None or message == Message.TEST:
        return Sign(message=message)
    if lane.phase in _WEIGHED:
        return Sign(message=message, plate=passage.plate)
    if lane.phase in _TOLD:
        passage = _on_record(passage)
    limit_g, over_g = _figures(passage)
    return Sign(
        message=message,
        plate=passage.plate,
        gross_g=passage.weight.weight_g if passage.weight is not None else None,
        limit_g=limit_g,
        over_g=over_g,
    )


def _on_record(passage: Passage) -> Passage:
    """The passage without what no durable record has: a plate just said, a judgement just made."""
    stored = passage.stored
    known = stored if stored is not None else passage.intent
    judged = stored is not None and stored.judgement == passage.judgement
    weighed = stored is not None and stored.weight == passage.weight
    return replace(
        passage,
        plate=known.plate if known is not None else "",
        judgement=passage.judgement if judged else None,
        weight=passage.weight if weighed else None,
    )


def _out_of_the_way(lane: Lane, inputs: InputImage, end: End) -> Message:
    """Off the boom, seen from the driver; who was let go drives on by a boom that stands up."""
    if not leaves_there(lane, inputs, end):
        return Message.BACK
    passage = lane.passage
    if passage is None or passage.entry is None or passage.decision == Decision.HOLD:
        return Message.CLOSED
    if inputs.ends[end].boom.position != OPEN:
        return Message.CLOSED
    return Message.BACK if passage.entry == end else Message.FORWARD


def _figures(passage: Passage) -> tuple[int | None, int | None]:
    """Limit and excess shown: of over-limit, or of overload where only that is exceeded."""
    judgement = passage.judgement
    if judgement is None:
        return None, None
    over, load = judgement.over_limit, judgement.overload
    if over.verdict != Verdict.OVER and load.verdict == Verdict.OVER:
        return load.limit_g, load.over_g
    return over.limit_g, over.over_g


def _message(lane: Lane, inputs: InputImage) -> Message:
    if second_vehicle(lane, inputs):
        return Message.SECOND_VEHICLE
    if lane.phase == Phase.MANUAL and _shows_test(lane.trial):
        return Message.TEST
    if lane.phase == Phase.POSITIONING:
        return _hint(lane, inputs)
    if lane.phase == Phase.WEIGHING and inputs.weight.motion:
        return Message.STAND_STILL
    if lane.passage is not None and lane.phase in _TOLD:
        return _after_decision(lane.phase, _on_record(lane.passage))
    return _MESSAGES[lane.phase]


def _shows_test(trial: Trial | None) -> bool:
    return trial is not None and trial.kind == RequestKind.TEST_SIGN


def _after_decision(phase: Phase, passage: Passage) -> Message:
    if phase == Phase.HOLDING:
        _, over_g = _figures(passage)
        return Message.OVER if over_g else Message.WAIT_FOR_OPERATOR
    # By a boom that somebody moved by hand a vehicle may be gone, but nobody has let it go.
    if passage.leave_by is None or passage.decision == Decision.HOLD:
        return Message.CLOSED
    return Message.BACK_OUT if passage.decision == Decision.RETURN else Message.PASS


def _hint(lane: Lane, inputs: InputImage) -> Message:
    """Forward or back, seen from the driver; a second vehicle is told first."""
    passage = lane.passage
    if inputs.weight.status == WeighingStatus.TAILGATE:
        return Message.SECOND_VEHICLE
    if passage is None or passage.entry is None:
        return Message.STAND_STILL
    if _blocked(inputs, passage.entry.other):
        return Message.BACK
    short = inputs.weight.status == WeighingStatus.NOT_FULLY_ON or trailer_behind(lane, inputs)
    return Message.FORWARD if short or _blocked(inputs, passage.entry) else Message.STAND_STILL


def _blocked(inputs: InputImage, end: End) -> bool:
    here = inputs.ends[end]
    return BLOCKED in (here.arm.state, here.beam_low.state, here.beam_high.state)
