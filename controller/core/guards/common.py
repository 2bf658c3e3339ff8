"""What several guards ask: durations, requests, the ends of the deck."""

from __future__ import annotations

from controller.core.images import EndInputs, InputImage, Request, Sensor
from controller.core.interlock import under_boom_clear
from controller.core.kinds import (
    BLOCKED,
    CLEAR,
    CLOSED,
    EMPTY,
    LOADED,
    NOT_FITTED,
    OVER_RANGE,
    End,
    RequestKind,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

OFF = (CLEAR, NOT_FITTED)


def elapsed(now_us: int, since_us: int | None, limit_us: int) -> bool:
    """Whether what began at ``since_us`` has lasted for ``limit_us``; never if it has not."""
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


def entry_of(lane: Lane) -> End | None:
    """The end by which the vehicle came; None where it was not seen coming."""
    return lane.passage.entry if lane.passage is not None else None


def end_clear(inputs: InputImage, end: End) -> bool:
    """Beams and arm loop: where a drawbar passes both beams, the loop still feels the trailer."""
    here = inputs.ends[end]
    return all(sensor.state in OFF for sensor in (here.arm, here.beam_low, here.beam_high))


def surely_blocked(sensor: Sensor, inputs: InputImage, settings: LaneSettings) -> bool:
    """A sensor sees something for longer than a loose wire or a bouncing contact does.

    What makes the lane begin something asks this; what keeps somebody from harm asks for no time.
    """
    return sensor.state == BLOCKED and elapsed(inputs.now_us, sensor.since_us, settings.pulse_us)


def vehicle_at(here: EndInputs, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether a vehicle is under this boom: a loop, where one is fitted, feels no person."""
    if here.arm.state != NOT_FITTED:
        return surely_blocked(here.arm, inputs, settings)
    return any(surely_blocked(one, inputs, settings) for one in (here.beam_low, here.beam_high))


def quiet(inputs: InputImage, end: End, settle_us: int) -> bool:
    """Everything under the boom of this end has been clear for the settling time."""
    return under_boom_clear(inputs.ends[end], inputs.now_us, settle_us)


def booms_closed(inputs: InputImage) -> bool:
    """Both booms are known to be down."""
    yard, road = inputs.ends
    return yard.boom.position == CLOSED and road.boom.position == CLOSED


def deck_occupied(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Something stands on the deck."""
    return inputs.weight.deck in (LOADED, OVER_RANGE)


def load_stays(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Something stands on the deck and has stayed: steps of a walker and bad samples do not."""
    return deck_occupied(lane, inputs, settings) and elapsed(
        inputs.now_us, inputs.weight.since_us, settings.load_settle_us
    )


def left_deck(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The deck is empty again and has stayed so."""
    return inputs.weight.deck == EMPTY and elapsed(
        inputs.now_us, inputs.weight.since_us, settings.empty_settle_us
    )
