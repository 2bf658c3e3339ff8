"""Guards about the lane as a whole: emergency, faults, health, hands, idleness."""

from __future__ import annotations

from controller.core.guards.common import (
    deck_occupied,
    elapsed,
    end_clear,
    left_deck,
    load_stays,
    request_of,
    surely_blocked,
    vehicle_at,
)
from controller.core.images import Boom, InputImage
from controller.core.kinds import (
    BETWEEN,
    BLOCKED,
    BOOM_UNKNOWN,
    CLEAR,
    DECK_UNKNOWN,
    EMPTY,
    LOADED,
    OPEN,
    UNDER_RANGE,
    UNKNOWN,
    Decision,
    End,
    Phase,
    RequestKind,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

# Wider than any drift of zero since calibration that the scale would take for its zero at power-up.
OTHER_LOAD_PERMILLE = 20
LEFT = "left without"
_UNDECIDED = (
    Phase.APPROACH,
    Phase.BOARDING,
    Phase.POSITIONING,
    Phase.WEIGHING,
    Phase.CONFIRMING,
    Phase.DECIDING,
    Phase.HOLDING,
)


def emergency_pressed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The emergency stop is pressed."""
    return inputs.estop == BLOCKED


def manual_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person takes the lane into manual, with a reason."""
    return bool(inputs.requests) and request_of(lane, inputs, RequestKind.ENTER_MANUAL) is not None


def fault_present(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A fault of the catalogue that stops the lane is present."""
    return not settings.stopping_faults.isdisjoint(inputs.faults)


def is_blind(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A fitted sensor, a boom, the scale or the emergency stop has been unknown for too long."""
    now, limit = inputs.now_us, settings.blind_us_max
    for here in inputs.ends:
        for sensor in here.sensors:
            if sensor.state == UNKNOWN and elapsed(now, sensor.since_us, limit):
                return True
        boom = here.boom
        if boom.position == BOOM_UNKNOWN and elapsed(now, boom.since_us, limit):
            return True
    if inputs.estop == UNKNOWN:
        return True
    # A scale that started under a load has no zero until what it found has left the deck.
    passage = lane.passage
    found = lane.phase == Phase.DEPARTING and passage is not None and passage.stay is not None
    if found and not inputs.weight.bad_cells:
        return False
    return inputs.weight.deck == DECK_UNKNOWN and elapsed(now, inputs.weight.since_us, limit)


def ends_known(inputs: InputImage) -> bool:
    """The emergency stop is free, and every boom and fitted sensor says something."""
    return inputs.estop == CLEAR and all(
        here.boom.position != BOOM_UNKNOWN
        and all(sensor.state != UNKNOWN for sensor in here.sensors)
        for here in inputs.ends
    )


def is_healthy(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Nothing speaks against work now: all known, no stopping fault, ledger ready, zero good."""
    return (
        inputs.ledger.ready
        and inputs.weight.deck != DECK_UNKNOWN
        and ends_known(inputs)
        and not fault_present(lane, inputs, settings)
        and (inputs.weight.zero_ok or inputs.weight.deck != EMPTY)
    )


def ready_empty(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Everything has been in order for the settling time after power-up, and the deck is empty."""
    return inputs.weight.deck == EMPTY and elapsed(
        inputs.now_us, lane.healthy_us, settings.start_settle_us
    )


def ready_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Everything is in order after power-up, but something stands on the deck."""
    return load_stays(lane, inputs, settings) and elapsed(
        inputs.now_us, lane.healthy_us, settings.start_settle_us
    )


def leaves_at_start(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """In order after power-up, and a vehicle stands under the open boom by which it may leave.

    Who moved a boom by hand has let nobody go.  A loop that hangs would take a follower for who
    was let go: beside it a beam tells, or the loop outside, for a drawbar may lie between.
    """
    passage = lane.passage
    if passage is None or passage.stay is None or passage.leave_by is None:
        return False
    if passage.decision == Decision.HOLD:
        return False
    here = inputs.ends[passage.leave_by]
    return (
        ready_loaded(lane, inputs, settings)
        and here.boom.position == OPEN
        and vehicle_at(here, inputs, settings)
        and any(
            surely_blocked(sensor, inputs, settings)
            for sensor in (here.beam_low, here.beam_high, here.approach)
        )
    )


def another_than_before(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """What stands on the deck since the start weighs plainly other than what was recorded.

    Both ends are clear, so that it stands there whole.  Its zero is that of the calibration.
    """
    passage, weight = lane.passage, inputs.weight
    if passage is None or passage.stay is None or passage.intent is not None:
        return False
    before_g, now_g = passage.stay.gross_g, weight.indicated_g
    return (
        before_g is not None
        and now_g is not None
        and weight.deck == LOADED
        and not weight.motion
        and end_clear(inputs, End.YARD)
        and end_clear(inputs, End.ROAD)
        and abs(now_g - before_g) > settings.scale.max_g * OTHER_LOAD_PERMILLE // 1000
    )


def recovered_empty(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The faults are gone for the settling time, and the deck is empty."""
    return inputs.weight.deck == EMPTY and elapsed(
        inputs.now_us, lane.healthy_us, settings.recover_settle_us
    )


def recovered_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The faults are gone for the settling time, but something stands on the deck."""
    return load_stays(lane, inputs, settings) and elapsed(
        inputs.now_us, lane.healthy_us, settings.recover_settle_us
    )


def reset_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The emergency stop is released and a named person resets the lane."""
    return inputs.estop == CLEAR and request_of(lane, inputs, RequestKind.RESET) is not None


def manual_left(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person hands the lane back."""
    return request_of(lane, inputs, RequestKind.LEAVE_MANUAL) is not None


def boom_moved(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A boom stands off its lower limit though the lane has not asked for it."""
    return any(_lifted(here.boom, inputs, settings) for here in inputs.ends)


def far_boom_moved(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The boom ahead of a vehicle that nobody has let go yet stands off its lower limit.

    Once the lane has asked for it in this passage, or people have, it may still be on its way.
    """
    passage = lane.passage
    if passage is None or passage.entry is None or lane.phase not in _UNDECIDED:
        return False
    asked = any(phase not in _UNDECIDED for phase, _ in passage.timeline)
    return not asked and _lifted(inputs.ends[passage.entry.other].boom, inputs, settings)


def _lifted(boom: Boom, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether it stands off its limit for longer than a loose wire or a bouncing contact says."""
    off = boom.position in (BETWEEN, OPEN)
    return off and elapsed(inputs.now_us, boom.since_us, settings.pulse_us)


def under_range(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The scale stands below -20 d."""
    return inputs.weight.deck == UNDER_RANGE


def zero_lost(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The empty scale has been off zero for the settling time."""
    return (
        left_deck(lane, inputs, settings)
        and not inputs.weight.zero_ok
        and elapsed(inputs.now_us, lane.since_us, settings.empty_settle_us)
    )


def ledger_away(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The ledger cannot take a record."""
    return not inputs.ledger.ready


def decision_stored(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The record that the vehicle on the deck waited for is on disk."""
    passage = lane.passage
    return (
        passage is not None
        and passage.accounted
        and passage.intent is None
        and not passage.emptied
        and deck_occupied(lane, inputs, settings)
    )


def loaded_undecided(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """All is in order again, but on the deck stands something that nothing was decided about."""
    passage = lane.passage
    strange = passage is None or not passage.accounted
    return strange and recovered_loaded(lane, inputs, settings)


def leaves_undecided(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle that waits for its record has left the deck, and nobody has said so yet."""
    passage = lane.passage
    if passage is None or not left_deck(lane, inputs, settings):
        return False
    return not any(said.startswith(LEFT) for said in (passage.owed, *passage.reasons))
