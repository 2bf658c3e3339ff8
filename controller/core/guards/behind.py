"""Guards about what may hang behind a vehicle: a trailer whose drawbar nothing sees."""

from __future__ import annotations

from controller.core.guards.common import OFF, elapsed, entry_of
from controller.core.images import EndInputs, InputImage
from controller.core.kinds import BLOCKED, CLEAR, EMPTY, NOT_FITTED, UNDER_RANGE, End
from controller.core.passage import Lane
from controller.core.settings import LaneSettings


def trailer_behind(lane: Lane, inputs: InputImage) -> bool:
    """Whether a trailer of the vehicle on the deck may still stand before its entry."""
    entry = entry_of(lane)
    return entry is not None and hangs_out(lane, inputs, entry)


def hangs_out(lane: Lane, inputs: InputImage, end: End) -> bool:
    """Whether a drawbar that nothing sees may lie across this end, under its boom.

    What tells a trailer from a queue that has come up as closely is how far in the vehicle on the
    deck stands, or that its front was seen at the far end, as long as it does not go back out.
    """
    passage, weight = lane.passage, inputs.weight
    if passage is None or weight.deck in (EMPTY, UNDER_RANGE):
        return False
    if not is_seen_as_drawbar(inputs.ends[end]):
        return False
    # It goes by this end, or nobody saw how it came.
    if passage.entry is None or end == passage.leave_by:
        return True
    return end == passage.entry and not (weight.far_in or passage.reached)


def is_seen_as_drawbar(here: EndInputs) -> bool:
    """Whether the sensors of an end say what they say of a high drawbar across it.

    Beams look over or under it, and no loop feels it.  The trailer it pulls, or the vehicle that
    pulls it, stands on the approach loop then, and has not left it since the arm loop saw the last
    of what is on the deck.
    """
    under = (here.arm, here.beam_low, here.beam_high)
    if here.approach.state in OFF or any(one.state not in OFF for one in under):
        return False
    return here.approach.state != BLOCKED or here.approach.since_us <= cleared_us(here)


def cleared_us(here: EndInputs) -> int:
    """When the last of a vehicle went from under this boom; by the beams where no loop is."""
    if here.arm.state != NOT_FITTED:
        return here.arm.since_us
    beams = (here.beam_low, here.beam_high)
    return max((one.since_us for one in beams if one.state == CLEAR), default=0)


def trailer_not_ruled_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle has stood long enough where a trailer may hang behind it."""
    return (
        trailer_behind(lane, inputs)
        and not inputs.weight.motion
        and elapsed(inputs.now_us, lane.since_us, settings.trailer_us_max)
    )
