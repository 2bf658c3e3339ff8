"""How far a vehicle has come in by its entry, as the loops there tell it: they feel no person."""

from __future__ import annotations

from controller.core.guards.common import elapsed
from controller.core.images import InputImage
from controller.core.kinds import BLOCKED, CLEAR, DECK_UNKNOWN, WayIn
from controller.core.passage import Passage
from controller.core.settings import LaneSettings


def way_in(passage: Passage, inputs: InputImage, settings: LaneSettings) -> WayIn:
    """Return how far it has come, after this image.

    Who goes in is off the approach loop before he is off the loop under the boom; who backs off
    stands on it then, and so does a train of which a loop does not feel the middle: what he does
    next tells.  Where the scale says something, or a loop nothing, nothing is made of it.
    """
    before, weight = passage.way_in, inputs.weight
    if passage.entry is None or (before == WayIn.INSIDE and weight.deck == DECK_UNKNOWN):
        return before
    here = inputs.ends[passage.entry]
    loops = (here.approach, here.arm)
    if any(loop.state not in (CLEAR, BLOCKED) for loop in loops):
        return WayIn.OUTSIDE
    if not all(elapsed(inputs.now_us, loop.since_us, settings.pulse_us) for loop in loops):
        return before
    outer, inner = (loop.state == BLOCKED for loop in loops)
    if outer and (inner or before == WayIn.ASTRIDE):
        return WayIn.ASTRIDE
    if inner:
        return WayIn.OUTSIDE if before == WayIn.OUTSIDE else WayIn.PAST_APPROACH
    inside = before == WayIn.PAST_APPROACH and not outer and weight.deck == DECK_UNKNOWN
    return WayIn.INSIDE if inside else WayIn.OUTSIDE
