"""Guards about who stands where the lane needs the way clear before it can start or go on."""

from __future__ import annotations

from controller.core.guards.common import elapsed, end_clear, vehicle_at
from controller.core.guards.whole import ends_known, fault_present
from controller.core.images import EndInputs, InputImage
from controller.core.kinds import (
    BLOCKED,
    CLOSED,
    DECK_UNKNOWN,
    EMPTY,
    End,
    Phase,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_STOPPED = (Phase.STARTING, Phase.FAULTED, Phase.LEDGER_AWAY)
_NEEDS_ROOM = (*_STOPPED, Phase.DEPARTING, Phase.ZERO_CHECK)


def in_the_way(lane: Lane, inputs: InputImage, settings: LaneSettings) -> End | None:
    """The end at which a vehicle that is not on the deck keeps the lane from going on.

    None while something else does, too, and while another vehicle is on its way out: the sign is
    for that one.
    """
    if lane.phase not in _NEEDS_ROOM or inputs.weight.deck not in (DECK_UNKNOWN, EMPTY):
        return None
    leave = lane.passage.leave_by if lane.passage is not None else None
    if lane.phase in _STOPPED:
        if not _else_in_order(lane, inputs, settings):
            return None
    elif leave is not None and inputs.ends[leave].boom.position != CLOSED:
        return None
    ends = (leave, leave.other) if leave is not None else tuple(End)
    return next((end for end in ends if _stands_at(lane, inputs, settings, end)), None)


def leaves_there(lane: Lane, inputs: InputImage, end: End) -> bool:
    """Whether who stands at this end is the one that the lane has let go by it.

    No boom falls before that one has come out from under it, so below a closed one stands another.
    Who stands before an open one, on the approach loop alone, faces the sign: that one is another.
    """
    passage = lane.passage
    leaves = passage is not None and passage.leave_by == end
    return leaves and inputs.ends[end].boom.position != CLOSED and not end_clear(inputs, end)


def _else_in_order(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Whether nothing is unknown but the deck, whose first zero waits for the way to be clear."""
    return (
        inputs.ledger.ready
        and not inputs.weight.bad_cells
        and not fault_present(lane, inputs, settings)
        and ends_known(inputs)
    )


def _stands_at(lane: Lane, inputs: InputImage, settings: LaneSettings, end: End) -> bool:
    here, now_us = inputs.ends[end], inputs.now_us
    if vehicle_at(here, inputs, settings):
        return any(
            one.state == BLOCKED and elapsed(now_us, one.since_us, settings.in_way_us)
            for one in (here.arm, here.beam_low, here.beam_high)
        )
    return _zero_waits_for(lane, here, inputs, settings) and not lane.ignored_until_us[end]


def _zero_waits_for(
    lane: Lane, here: EndInputs, inputs: InputImage, settings: LaneSettings
) -> bool:
    """Whether zero, which is asked of a lane without any vehicle in sight, waits for this one."""
    return (
        lane.phase != Phase.DEPARTING
        and inputs.weight.deck == EMPTY
        and not inputs.weight.zero_ok
        and elapsed(inputs.now_us, lane.since_us, settings.in_way_us)
        and here.approach.state == BLOCKED
        and elapsed(inputs.now_us, here.approach.since_us, settings.in_way_us)
    )
