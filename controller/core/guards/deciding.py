"""Guards about weighing, deciding and being held."""

from __future__ import annotations

from controller.core.faults import Fault
from controller.core.guards.behind import trailer_behind
from controller.core.guards.common import (
    deck_occupied,
    elapsed,
    end_clear,
    entry_of,
    left_deck,
    request_of,
)
from controller.core.images import InputImage, Weight
from controller.core.kinds import (
    BLOCKED,
    OVER_RANGE,
    Decision,
    End,
    PlateStand,
    RequestKind,
    WeighingStatus,
    Withdrawal,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_TAKEN_BACK = (WeighingStatus.WITHDRAWN, WeighingStatus.CELL_FAULT, WeighingStatus.TAMPERED)
_UNDER_WAY = (WeighingStatus.WITHDRAWN, WeighingStatus.RUNNING, WeighingStatus.UNSTABLE)
# A driver who is early or restless; whatever else takes a weight back is for a person to look at.
_RESTLESS = (Withdrawal.MOVED, Withdrawal.ROCKING)


def in_position(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Beams and arm loops at both ends are clear and the scale sees the whole of one vehicle.

    Where a trailer may be left behind on the road, it may not.
    """
    return (
        deck_occupied(lane, inputs, settings)
        and end_clear(inputs, End.YARD)
        and end_clear(inputs, End.ROAD)
        and inputs.weight.status
        not in (WeighingStatus.NOT_FULLY_ON, WeighingStatus.TAILGATE, WeighingStatus.IDLE)
        and not trailer_behind(lane, inputs)
    )


def out_of_position(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A beam or arm loop is blocked, an axle or a trailer may be off the deck, or another is on."""
    return (
        any(
            BLOCKED in (here.arm.state, here.beam_low.state, here.beam_high.state)
            for here in inputs.ends
        )
        or inputs.weight.status in (WeighingStatus.NOT_FULLY_ON, WeighingStatus.TAILGATE)
        or trailer_behind(lane, inputs)
    )


def over_capacity(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The load lies above Max + 9 e."""
    return inputs.weight.deck == OVER_RANGE


def cells_disagree(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A load cell cannot be believed."""
    return inputs.weight.status == WeighingStatus.CELL_FAULT


def weight_under_radio(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A remote-control device was heard while the vehicle stood on the deck."""
    return inputs.weight.status == WeighingStatus.TAMPERED and Fault.RF_ALARM in inputs.faults


def weight_tampered(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The load changed as no vehicle changes it."""
    return inputs.weight.status == WeighingStatus.TAMPERED


def _weight_of(lane: Lane, inputs: InputImage) -> bool:
    """Whether a weight stands that was accepted after this vehicle had come on the deck."""
    passage, weight = lane.passage, inputs.weight
    return (
        passage is not None
        and weight.status == WeighingStatus.ACCEPTED
        and weight.degraded is None
        and weight.weight_g is not None
        and weight.accepted_us is not None
        and passage.boarded_us is not None
        and passage.boarded_us <= weight.accepted_us <= inputs.now_us
    )


def weighed_and_read(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight stands, and the plate and its papers are known or have had their time."""
    passage = lane.passage
    if passage is None or not _weight_of(lane, inputs) or not in_position(lane, inputs, settings):
        return False
    if _awaits_withdrawal(lane, inputs.weight):
        return False
    if passage.vehicle is not None and passage.vehicle.plate == passage.plate != "":
        return True
    known_us = max(inputs.weight.accepted_us or 0, passage.plate_us or 0)
    waited = elapsed(inputs.now_us, known_us, settings.plate_wait_us)
    return waited and passage.stand != PlateStand.PROPOSED


def _awaits_withdrawal(lane: Lane, weight: Weight) -> bool:
    """Whether the record that takes back an earlier weight is still owed, or nothing came after it.

    Until it is on disk, so is the permit of that weight.
    """
    passage = lane.passage
    if passage is None or not passage.accounted or passage.weight is None:
        return False
    owes = passage.intent is not None or bool(passage.owed)
    return owes or weight.accepted_us == passage.weight.accepted_us


def plate_proposed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight stands, and the plate was read, but not so surely that it stands by itself."""
    passage = lane.passage
    return (
        passage is not None
        and passage.stand == PlateStand.PROPOSED
        and _weight_of(lane, inputs)
        and in_position(lane, inputs, settings)
    )


def weight_gone(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight does not stand any more."""
    return not _weight_of(lane, inputs)


def weighed_degraded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The remaining cells have said what they can, and the plate is known or had its time."""
    passage, found = lane.passage, inputs.weight.degraded
    if passage is None or found is None or inputs.weight.status != WeighingStatus.DEGRADED:
        return False
    if passage.boarded_us is None or found.settled_us is None:
        return False
    own = passage.boarded_us <= found.settled_us <= inputs.now_us
    if not own or not in_position(lane, inputs, settings):
        return False
    return bool(passage.plate) or elapsed(inputs.now_us, found.settled_us, settings.plate_wait_us)


def on_deck_too_long(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle has been on the deck for longer than any honest weighing takes."""
    return lane.passage is not None and elapsed(
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
    """The weight decided on did not stand, or is another's, before the vehicle was shown green.

    A weight of which a cell is now named bad does not stand either, nor one that has another after
    it, whatever the lane saw of what came between.
    """
    passage, now = lane.passage, inputs.weight
    if passage is None or passage.weight is None or passage.by_person or passage.leave_by is None:
        return False
    if passage.shown_green:
        return False
    weighed = passage.weight
    return (
        now.status in _TAKEN_BACK
        or (now.status in _UNDER_WAY and now.withdrawn != Withdrawal.NONE)
        or (now.status == WeighingStatus.ACCEPTED and now.accepted_us != weighed.accepted_us)
        or now.degraded is not None
        or now.weighing_id != weighed.weighing_id
    )


def weighs_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The weight decided on did not stand for no other reason than that the vehicle moved."""
    passage, now = lane.passage, inputs.weight
    return (
        weight_withdrawn(lane, inputs, settings)
        and passage is not None
        and passage.weight is not None
        and now.withdrawn in _RESTLESS
        and now.status in _UNDER_WAY
        and now.weighing_id == passage.weight.weighing_id
        and now.degraded is None
        and not now.bad_cells
        and passage.withdrawals < settings.weigh_again_max
    )


def not_weighed_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The second weight is another, does not come in time, or more speaks against the first."""
    passage, now = lane.passage, inputs.weight
    if passage is None or passage.weight is None or passage.withdrawn == Withdrawal.NONE:
        return False
    if _weight_of(lane, inputs):
        return _differ(passage.weight, now, settings.scale.e_g)
    late = elapsed(inputs.now_us, lane.since_us, settings.weigh_again_us_max)
    return late or now.withdrawn not in (Withdrawal.NONE, *_RESTLESS)


def _differ(before: Weight, now: Weight, e_g: int) -> bool:
    """Whether a vehicle that only moved cannot have both weights."""
    first_g = before.weight_g if before.estimate_g is None else before.estimate_g
    second_g = now.weight_g if now.estimate_g is None else now.estimate_g
    if first_g is None or second_g is None:
        return True
    return abs(second_g - first_g) > e_g + (before.u95_g or 0) + (now.u95_g or 0)


def left_weighed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle that was to be weighed again has left the deck, with nothing that lets it go."""
    passage = lane.passage
    return passage is not None and passage.withdrawals > 0 and left_deck(lane, inputs, settings)


def _may_ask(lane: Lane) -> bool:
    return lane.passage is not None and lane.passage.intent is None


def leave_end(lane: Lane, inputs: InputImage, kind: RequestKind) -> End | None:
    """The end by which a request lets the vehicle leave; None where there is no such request.

    A vehicle whose entry was not seen leaves by the end that the person names; for any other, a
    request that names the wrong end is refused.
    """
    request = request_of(lane, inputs, kind)
    if request is None:
        return None
    entry = entry_of(lane)
    if entry is None:
        return request.end
    way = entry.other if kind == RequestKind.RELEASE else entry
    return way if request.end in (None, way) else None


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
        and passage.mode is None
        and passage.asked
        and passage.weight is not None
        and passage.weight.weighing_id == inputs.weight.weighing_id
        and not passage.emptied
        and _weight_of(lane, inputs)
        and in_position(lane, inputs, settings)
        and passage.vehicle is not None
        and passage.vehicle.plate == passage.plate
    )
