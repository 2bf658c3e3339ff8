"""Guards of the phase table: each answers one question about the lane and one input image.

A guard that asks for something to be true is never satisfied by an unknown.
"""

from __future__ import annotations

from controller.core.images import InputImage, Request
from controller.core.interlock import under_boom_clear
from controller.core.kinds import (
    BoomPosition,
    Decision,
    Deck,
    End,
    Phase,
    Presence,
    RequestKind,
    WeighingStatus,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_OFF = (Presence.CLEAR, Presence.NOT_FITTED)


def _elapsed(now_us: int, since_us: int | None, limit_us: int) -> bool:
    return since_us is not None and now_us - since_us >= limit_us


def request_of(lane: Lane, inputs: InputImage, kind: RequestKind) -> Request | None:
    """The first request of this kind that names who and why, for this passage or for none.

    An anonymous request does not count, nor one that was meant for another vehicle.
    """
    now_id = lane.passage.id if lane.passage is not None else None
    for request in inputs.requests:
        meant = request.passage_id in (None, now_id)
        if request.kind == kind and request.who and request.why and meant:
            return request
    return None


def emergency_pressed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The emergency stop is pressed."""
    return inputs.estop == Presence.BLOCKED


def manual_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person takes the lane into manual, with a reason."""
    return bool(inputs.requests) and request_of(lane, inputs, RequestKind.ENTER_MANUAL) is not None


def fault_present(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A fault of the catalogue that stops the lane is present."""
    return any(code in settings.stopping_faults for code in inputs.faults)


def is_blind(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A fitted sensor, a boom, the scale or the emergency stop has been unknown for too long."""
    now, limit = inputs.now_us, settings.blind_us_max
    for here in inputs.ends:
        for sensor in here.sensors:
            if sensor.state == Presence.UNKNOWN and _elapsed(now, sensor.since_us, limit):
                return True
        boom = here.boom
        if boom.position == BoomPosition.UNKNOWN and _elapsed(now, boom.since_us, limit):
            return True
    if inputs.estop == Presence.UNKNOWN:
        return True
    return inputs.weight.deck == Deck.UNKNOWN and _elapsed(now, inputs.weight.since_us, limit)


def _all_known(inputs: InputImage) -> bool:
    return (
        inputs.weight.deck != Deck.UNKNOWN
        and inputs.estop == Presence.CLEAR
        and all(
            here.boom.position != BoomPosition.UNKNOWN
            and all(sensor.state != Presence.UNKNOWN for sensor in here.sensors)
            for here in inputs.ends
        )
    )


def is_healthy(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Nothing speaks against work now: all known, no stopping fault, ledger ready, zero good."""
    return (
        inputs.ledger.ready
        and _all_known(inputs)
        and not fault_present(lane, inputs, settings)
        and (inputs.weight.zero_ok or inputs.weight.deck != Deck.EMPTY)
    )


def booms_closed(inputs: InputImage) -> bool:
    """Both booms are known to be down."""
    yard, road = inputs.ends
    return yard.boom.position == BoomPosition.CLOSED and road.boom.position == BoomPosition.CLOSED


def _boom_open_in_idle(inputs: InputImage) -> bool:
    return any(
        here.boom.position in (BoomPosition.BETWEEN, BoomPosition.OPEN) for here in inputs.ends
    )


def ready_empty(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Everything has been in order for the settling time after power-up, and the deck is empty."""
    return inputs.weight.deck == Deck.EMPTY and _elapsed(
        inputs.now_us, lane.healthy_us, settings.start_settle_us
    )


def ready_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Everything is in order after power-up, but something stands on the deck."""
    return deck_occupied(lane, inputs, settings) and _elapsed(
        inputs.now_us, lane.healthy_us, settings.start_settle_us
    )


def recovered_empty(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The faults are gone for the settling time, and the deck is empty."""
    return inputs.weight.deck == Deck.EMPTY and _elapsed(
        inputs.now_us, lane.healthy_us, settings.recover_settle_us
    )


def recovered_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The faults are gone for the settling time, but something stands on the deck."""
    return deck_occupied(lane, inputs, settings) and _elapsed(
        inputs.now_us, lane.healthy_us, settings.recover_settle_us
    )


def reset_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The emergency stop is released and a named person resets the lane."""
    return (
        inputs.estop == Presence.CLEAR and request_of(lane, inputs, RequestKind.RESET) is not None
    )


def manual_left(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person hands the lane back."""
    return request_of(lane, inputs, RequestKind.LEAVE_MANUAL) is not None


def arrival_end(lane: Lane, inputs: InputImage, settings: LaneSettings) -> End | None:
    """The end at which a vehicle waits; the preferred one when both have one."""
    waiting = [
        end
        for end in (settings.preferred, settings.preferred.other)
        if inputs.ends[end].approach.state == Presence.BLOCKED and not lane.ignored_until_us[end]
    ]
    return waiting[0] if waiting else None


def vehicle_waits(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle stands before a boom, and the lane is free, closed, on zero and able to record."""
    return (
        arrival_end(lane, inputs, settings) is not None
        and inputs.weight.deck == Deck.EMPTY
        and inputs.weight.zero_ok
        and inputs.ledger.ready
        and booms_closed(inputs)
    )


def boom_moved(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A boom stands off its lower limit though the lane has not asked for it."""
    return _boom_open_in_idle(inputs)


def deck_occupied(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Something stands on the deck."""
    return inputs.weight.deck in (Deck.LOADED, Deck.OVER_RANGE)


def under_range(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The scale stands below -20 d."""
    return inputs.weight.deck == Deck.UNDER_RANGE


def nobody_waits(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Every fitted sensor of the entry is clear and the deck is empty: the vehicle has gone."""
    entry = _entry(lane)
    return (
        entry is not None
        and inputs.weight.deck == Deck.EMPTY
        and all(sensor.state in _OFF for sensor in inputs.ends[entry].sensors)
    )


def zero_lost(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The empty scale has been off zero for the settling time."""
    return (
        left_deck(lane, inputs, settings)
        and not inputs.weight.zero_ok
        and _elapsed(inputs.now_us, lane.since_us, settings.empty_settle_us)
    )


def ledger_away(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The ledger cannot take a record."""
    return not inputs.ledger.ready


def turned_away(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle that waited is gone again, without having come on the deck."""
    entry = _entry(lane)
    if entry is None:
        return True
    approach = inputs.ends[entry].approach
    return (
        inputs.weight.deck == Deck.EMPTY
        and approach.state == Presence.CLEAR
        and _elapsed(inputs.now_us, approach.since_us, settings.turn_away_us)
        and under_boom_clear(inputs.ends[entry], inputs.now_us, settings.turn_away_us)
    )


def boarded_whole(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle is on the deck and the entry behind it is clear."""
    entry = _entry(lane)
    return (
        entry is not None
        and deck_occupied(lane, inputs, settings)
        and _end_clear(inputs, entry)
        and _quiet(inputs, entry, settings.empty_settle_us)
    )


def stopped_short(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle stands, but an axle is off the deck or a second vehicle touches it."""
    return not inputs.weight.motion and inputs.weight.status in (
        WeighingStatus.NOT_FULLY_ON,
        WeighingStatus.TAILGATE,
    )


def left_deck(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The deck is empty again and has stayed so."""
    return inputs.weight.deck == Deck.EMPTY and _elapsed(
        inputs.now_us, inputs.weight.since_us, settings.empty_settle_us
    )


def in_position(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Beams and arm loops at both ends are clear and the scale sees the whole of one vehicle."""
    return (
        deck_occupied(lane, inputs, settings)
        and _end_clear(inputs, End.YARD)
        and _end_clear(inputs, End.ROAD)
        and inputs.weight.status
        not in (WeighingStatus.NOT_FULLY_ON, WeighingStatus.TAILGATE, WeighingStatus.IDLE)
    )


def out_of_position(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A beam or arm loop is blocked, an axle is off the deck or a second vehicle touches it."""
    return any(
        Presence.BLOCKED in (here.arm.state, here.beam_low.state, here.beam_high.state)
        for here in inputs.ends
    ) or inputs.weight.status in (WeighingStatus.NOT_FULLY_ON, WeighingStatus.TAILGATE)


def over_capacity(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The load lies above Max + 9 e."""
    return inputs.weight.deck == Deck.OVER_RANGE


def cells_disagree(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A load cell cannot be believed."""
    return inputs.weight.status == WeighingStatus.CELL_FAULT


def weighed_and_read(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight stands, and the plate and its papers are known or have had their time."""
    passage, weight = lane.passage, inputs.weight
    if passage is None or not _weight_of(lane, inputs) or not in_position(lane, inputs, settings):
        return False
    informed = passage.vehicle is not None and passage.vehicle.plate == passage.plate != ""
    return informed or _elapsed(inputs.now_us, weight.accepted_us, settings.plate_wait_us)


def _weight_of(lane: Lane, inputs: InputImage) -> bool:
    """Whether a weight stands that was accepted after this vehicle had come on the deck."""
    passage, weight = lane.passage, inputs.weight
    return (
        passage is not None
        and weight.status == WeighingStatus.ACCEPTED
        and weight.weight_g is not None
        and weight.accepted_us is not None
        and passage.boarded_us is not None
        and passage.boarded_us <= weight.accepted_us <= inputs.now_us
    )


def on_deck_too_long(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle has been on the deck for longer than any honest weighing takes."""
    return lane.passage is not None and _elapsed(
        inputs.now_us, lane.passage.boarded_us, settings.on_deck_us_max
    )


def _durable(lane: Lane, decision: Decision) -> bool:
    passage = lane.passage
    return (
        passage is not None
        and passage.intent is None
        and passage.part > 0
        and passage.decision == decision
    )


def durable_release(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The record that releases the vehicle is on disk."""
    return _durable(lane, Decision.RELEASE)


def durable_return(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The record that sends the vehicle back is on disk."""
    return _durable(lane, Decision.RETURN)


def durable_hold(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The record that holds the vehicle for a person is on disk."""
    return _durable(lane, Decision.HOLD)


def weight_withdrawn(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight decided on did not stand, or is another's, before the vehicle was shown green."""
    passage = lane.passage
    if passage is None or passage.weight is None or passage.by_person or passage.leave_by is None:
        return False
    if inputs.ends[passage.leave_by].boom.position == BoomPosition.OPEN:
        return False
    return (
        inputs.weight.status == WeighingStatus.WITHDRAWN
        or inputs.weight.weighing_id != passage.weight.weighing_id
    )


def second_vehicle(lane: Lane, inputs: InputImage) -> bool:
    """Something stands in the entry behind the vehicle that the rules are about to release.

    A person who releases has looked; it may be the vehicle's own tail.
    """
    entry, passage = _entry(lane), lane.passage
    if entry is None or passage is None or passage.by_person or lane.phase != Phase.RELEASING:
        return False
    here = inputs.ends[entry]
    return Presence.BLOCKED in (here.beam_low.state, here.beam_high.state)


def entry_not_closed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The boom behind the vehicle does not come down, so the one before it may not rise."""
    entry = _entry(lane)
    return (
        entry is not None
        and inputs.ends[entry].boom.position != BoomPosition.CLOSED
        and inputs.ends[entry.other].boom.position == BoomPosition.CLOSED
        and not second_vehicle(lane, inputs)
        and _elapsed(inputs.now_us, lane.since_us, settings.entry_close_us_max)
    )


def breaks_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle sent back goes the other way instead."""
    passage = lane.passage
    if passage is None or passage.leave_by is None:
        return False
    far = inputs.ends[passage.leave_by.other]
    return Presence.BLOCKED in (far.beam_low.state, far.beam_high.state)


def _may_ask(lane: Lane) -> bool:
    return lane.passage is not None and lane.passage.intent is None


def release_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person releases the held vehicle, with a reason."""
    return _may_ask(lane) and leave_end(lane, inputs, RequestKind.RELEASE) is not None


def send_back_asked(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person sends the held vehicle back, with a reason."""
    return _may_ask(lane) and leave_end(lane, inputs, RequestKind.SEND_BACK) is not None


def plate_confirmed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A named person has said the plate, its papers are looked up, and the weight still stands."""
    passage = lane.passage
    return (
        passage is not None
        and passage.intent is None
        and passage.asked
        and passage.weight is not None
        and passage.weight.weighing_id == inputs.weight.weighing_id
        and not passage.emptied
        and _weight_of(lane, inputs)
        and in_position(lane, inputs, settings)
        and passage.vehicle is not None
        and passage.vehicle.plate == passage.plate
    )


def leave_end(lane: Lane, inputs: InputImage, kind: RequestKind) -> End | None:
    """The end by which a request lets the vehicle leave; None where there is no such request.

    A vehicle whose entry was not seen leaves by the end that the person names; for any other, a
    request that names the wrong end is refused.
    """
    request = request_of(lane, inputs, kind)
    if request is None:
        return None
    entry = _entry(lane)
    if entry is None:
        return request.end
    way = entry.other if kind == RequestKind.RELEASE else entry
    return way if request.end in (None, way) else None


def moves_off(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle reaches the boom by which it may leave, or has left the deck."""
    leave = lane.passage.leave_by if lane.passage is not None else None
    if inputs.weight.deck == Deck.EMPTY:
        return True
    if leave is None:
        return False
    here = inputs.ends[leave]
    return here.boom.position == BoomPosition.OPEN and Presence.BLOCKED in (
        here.arm.state,
        here.beam_low.state,
        here.beam_high.state,
    )


def lane_clear(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Deck empty, both ends clear for the settling time, both booms down."""
    return (
        left_deck(lane, inputs, settings)
        and booms_closed(inputs)
        and all(_quiet(inputs, end, settings.clear_settle_us) for end in End)
    )


def occupied_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The deck was empty, its interval is accounted for, and it is loaded again."""
    passage = lane.passage
    return (
        passage is not None
        and passage.emptied
        and passage.accounted
        and passage.intent is None
        and not passage.owed
        and deck_occupied(lane, inputs, settings)
    )


def boards_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle that had backed off before its weighing comes in again by the open entry."""
    passage = lane.passage
    if passage is None or passage.entry is None or passage.leave_by is not None:
        return False
    return (
        occupied_again(lane, inputs, settings)
        and passage.weight is None
        and inputs.ends[passage.entry].boom.position in (BoomPosition.OPEN, BoomPosition.BETWEEN)
        and inputs.ends[passage.entry.other].boom.position == BoomPosition.CLOSED
    )


def comes_back(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The deck was empty and is loaded again: another interval, of a vehicle not invited."""
    if lane.passage is None:
        return deck_occupied(lane, inputs, settings)
    return occupied_again(lane, inputs, settings)


def followed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle has left, the boom behind it is down, and another is on the deck."""
    passage = lane.passage
    if passage is None or passage.leave_by is None or passage.intent is not None:
        return False
    leave = inputs.ends[passage.leave_by]
    return (
        leave.boom.position == BoomPosition.CLOSED
        and deck_occupied(lane, inputs, settings)
        and under_boom_clear(leave, inputs.now_us, settings.clear_settle_us)
    )


def boards_late(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle that had turned away or hesitated comes on the deck after all."""
    passage = lane.passage
    return (
        passage is not None
        and passage.entry is not None
        and passage.leave_by is None
        and not passage.accounted
        and deck_occupied(lane, inputs, settings)
    )


def still_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The time to leave is over and the deck is not known to be empty."""
    return timed_out(lane, inputs, settings) and inputs.weight.deck != Deck.EMPTY


def record_owed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The time is over and the ledger still owes a record."""
    passage = lane.passage
    return timed_out(lane, inputs, settings) and passage is not None and passage.intent is not None


def zero_returned(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The scale is back on zero and every record of the passage is on disk."""
    passage = lane.passage
    books_closed = passage is None or (
        passage.intent is None
        and not passage.owed
        and (passage.accounted or passage.boarded_us is None)
    )
    return (
        books_closed
        and inputs.weight.deck == Deck.EMPTY
        and inputs.weight.zero_ok
        and booms_closed(inputs)
    )


_LIMITS: dict[Phase, str] = {
    Phase.STARTING: "start_us_max",
    Phase.APPROACH: "approach_us_max",
    Phase.BOARDING: "boarding_us_max",
    Phase.POSITIONING: "position_us_max",
    Phase.WEIGHING: "weighing_us_max",
    Phase.DECIDING: "deciding_us_max",
    Phase.RELEASING: "releasing_us_max",
    Phase.HOLDING: "holding_us_max",
    Phase.RETURNING: "returning_us_max",
    Phase.DEPARTING: "departing_us_max",
    Phase.ZERO_CHECK: "zero_us_max",
    Phase.MANUAL: "manual_us_max",
    Phase.FAULTED: "attention_us_max",
    Phase.EMERGENCY: "attention_us_max",
}


def timed_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The phase has lasted as long as it may."""
    limit_us: int = getattr(settings, _LIMITS[lane.phase])
    return _elapsed(inputs.now_us, lane.since_us, limit_us)


def limit_name(phase: Phase) -> str | None:
    """The setting that limits this phase; None for IDLE, which waits for a vehicle."""
    return _LIMITS.get(phase)


def _entry(lane: Lane) -> End | None:
    return lane.passage.entry if lane.passage is not None else None


def _end_clear(inputs: InputImage, end: End) -> bool:
    """Beams and arm loop: where a drawbar passes both beams, the loop still feels the trailer."""
    here = inputs.ends[end]
    return all(sensor.state in _OFF for sensor in (here.arm, here.beam_low, here.beam_high))


def _quiet(inputs: InputImage, end: End, settle_us: int) -> bool:
    return under_boom_clear(inputs.ends[end], inputs.now_us, settle_us)
