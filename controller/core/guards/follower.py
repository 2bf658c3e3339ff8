"""Guards about who is on the deck when one who was let go is out, or its time is over."""

from __future__ import annotations

from controller.core.guards.behind import cleared_us
from controller.core.guards.common import OFF, elapsed, entry_of, load_stays, quiet
from controller.core.guards.limits import still_loaded
from controller.core.images import EndInputs, InputImage
from controller.core.kinds import BLOCKED, CLEAR, NOT_FITTED, End, WeighingStatus
from controller.core.passage import Lane
from controller.core.settings import LaneSettings


def left_behind(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """On the deck is another than was let go: that one was seen to go, or its time is over.

    Whatever keeps the boom up meanwhile, somebody in its beams or a sensor that hangs, he would
    pass for the first.
    """
    passage = lane.passage
    if passage is None or passage.leave_by is None or not load_stays(lane, inputs, settings):
        return False
    here, entry = inputs.ends[passage.leave_by], inputs.ends[passage.leave_by.other]
    came_in = _came_in(lane, entry, inputs, settings)
    if _seen_out(lane, here, came_in, inputs, settings):
        return True
    another = came_in or _is_out(here, inputs, settings)
    return another and still_loaded(lane, inputs, settings)


def _seen_out(
    lane: Lane, here: EndInputs, came_in: bool, inputs: InputImage, settings: LaneSettings
) -> bool:
    """Whether it has gone from under the boom and then from the loop before it.

    Who comes back onto the deck goes from them the other way round.  Where the loop under the boom
    hangs, both beams tell; and where the other does, that a second one of two has come in.
    """
    approach = here.approach
    beams = tuple(one for one in (here.beam_low, here.beam_high) if one.state != NOT_FITTED)
    under = (here.arm,) if here.arm.state == CLEAR or not beams else beams
    if any(one.state != CLEAR or one.since_us <= lane.since_us for one in under):
        return False
    gone_us = max(one.since_us for one in under)
    if approach.state == CLEAR and approach.since_us > gone_us:
        return elapsed(inputs.now_us, approach.since_us, settings.clear_settle_us)
    two = inputs.weight.status == WeighingStatus.TAILGATE
    return two and came_in and elapsed(inputs.now_us, gone_us, settings.clear_settle_us)


def _is_out(here: EndInputs, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether nothing of a vehicle is under this boom, nor outside what may pull a trailer."""
    felt = (here.beam_low, here.beam_high) if here.arm.state == NOT_FITTED else (here.arm,)
    since_us, approach = cleared_us(here), here.approach
    if any(one.state not in OFF for one in felt):
        return False
    if not elapsed(inputs.now_us, since_us, settings.pulse_us):
        return False
    return approach.state in OFF or (approach.state == BLOCKED and approach.since_us > since_us)


def _came_in(lane: Lane, here: EndInputs, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether a vehicle has gone in by this end since the other one was at its way out.

    Who backs off from under the boom is on the approach loop as the one under it gets clear.
    """
    arm, approach = here.arm, here.approach
    if arm.state != CLEAR or arm.since_us <= lane.since_us:
        return False
    if not elapsed(inputs.now_us, arm.since_us, settings.pulse_us):
        return False
    if approach.state == CLEAR:
        return approach.since_us <= arm.since_us
    return approach.state == BLOCKED and approach.since_us > arm.since_us


def is_past(lane: Lane, inputs: InputImage, end: End, settings: LaneSettings) -> bool:
    """Whether who leaves by this end is by, were it for a moment, or the front of who drives out.

    One sensor under the boom that hangs does not keep that one there: it has gone from the loop, or
    from all beams, and for longer than the gap behind a cab takes, since it came there.
    """
    if quiet(inputs, end, settings.pulse_us):
        return True
    here = inputs.ends[end]
    if entry_of(lane) in (None, end):
        return False
    if here.arm.state == CLEAR and here.arm.since_us > lane.since_us:
        return elapsed(inputs.now_us, here.arm.since_us, settings.pulse_us)
    beams = [one for one in (here.beam_low, here.beam_high) if one.state != NOT_FITTED]
    return bool(beams) and all(
        one.state == CLEAR
        and one.since_us > lane.since_us
        and elapsed(inputs.now_us, one.since_us, settings.clear_settle_us)
        for one in beams
    )
