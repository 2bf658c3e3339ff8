"""Guards about leaving: by the right boom, by the wrong one, and who follows."""

from __future__ import annotations

from controller.core.guards.common import (
    booms_closed,
    elapsed,
    end_clear,
    entry_of,
    left_deck,
    load_stays,
    quiet,
    surely_blocked,
    vehicle_at,
)
from controller.core.images import EndInputs, InputImage
from controller.core.interlock import under_boom_clear
from controller.core.kinds import (
    BETWEEN,
    BLOCKED,
    CLEAR,
    CLOSED,
    EMPTY,
    OPEN,
    End,
    Phase,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_NOT_LET_GO = (Phase.POSITIONING, Phase.HOLDING, Phase.RETURNING)


def second_vehicle(lane: Lane, inputs: InputImage) -> bool:
    """Something stands in the entry behind the vehicle that the rules are about to release.

    A person who releases has looked; it may be the vehicle's own tail.  Whoever has been shown
    green may be driving: no boom comes down before him for what happens behind him.
    """
    entry, passage = entry_of(lane), lane.passage
    if entry is None or passage is None or passage.by_person or lane.phase != Phase.RELEASING:
        return False
    here = inputs.ends[entry]
    return not passage.shown_green and BLOCKED in (here.beam_low.state, here.beam_high.state)


def entry_not_closed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The boom behind the vehicle does not come down, so the one before it may not rise."""
    entry = entry_of(lane)
    return (
        entry is not None
        and inputs.ends[entry].boom.position != CLOSED
        and inputs.ends[entry.other].boom.position == CLOSED
        and not second_vehicle(lane, inputs)
        and elapsed(inputs.now_us, lane.since_us, settings.entry_close_us_max)
    )


def breaks_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle sent back goes the other way instead.

    One that stood in a far beam already when it was sent back has to come out of it first, unless
    it has left the deck by there.
    """
    passage = lane.passage
    if passage is None or passage.leave_by is None:
        return False
    far = inputs.ends[passage.leave_by.other]
    if inputs.weight.deck == EMPTY and _gone_by_far_end(inputs, passage.leave_by):
        return True
    beams = (far.beam_low, far.beam_high)
    stood_there = any(beam.state == BLOCKED and beam.since_us < lane.since_us for beam in beams)
    return not stood_there and any(surely_blocked(beam, inputs, settings) for beam in beams)


def _gone_by_far_end(inputs: InputImage, leave: End) -> bool:
    """Whether who has left the deck cannot have left it by the boom that it was given."""
    here, far = inputs.ends[leave], inputs.ends[leave.other]
    if far.boom.position == CLOSED:
        return False
    return here.boom.position == CLOSED or (
        end_clear(inputs, leave) and not end_clear(inputs, leave.other)
    )


def under_open_boom(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle stands under the boom ahead of it, which stands up though no rule has raised it.

    It cannot come down, and the one behind the vehicle may not rise meanwhile.
    """
    passage = lane.passage
    if passage is None or lane.phase not in _NOT_LET_GO:
        return False
    back = passage.entry if passage.leave_by is None else passage.leave_by
    released = any(phase == Phase.RELEASING for phase, _ in passage.timeline)
    if back is None or released:
        return False
    far = inputs.ends[back.other]
    return far.boom.position in (BETWEEN, OPEN) and any(
        one.state == BLOCKED and elapsed(inputs.now_us, one.since_us, settings.in_way_us)
        for one in (far.arm, far.beam_low, far.beam_high)
    )


def moves_off(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle reaches the boom by which it may leave, or has left the deck.

    One that was not seen coming may still be on its way in by there: what it stood in when it was
    let go does not tell, where the loops do not see it go out.
    """
    leave = lane.passage.leave_by if lane.passage is not None else None
    if inputs.weight.deck == EMPTY:
        return True
    if leave is None:
        return False
    here = inputs.ends[leave]
    stood_in = any(
        one.state == BLOCKED and one.since_us < lane.since_us
        for one in (here.arm, here.beam_low, here.beam_high)
    )
    if entry_of(lane) is None and stood_in and not _goes_out_over_loops(lane, here):
        return False
    at_boom = here.boom.position == OPEN and vehicle_at(here, inputs, settings)
    # It comes through both beams: what a loop alone feels is not it, or the loop lies.
    return at_boom and not here.beam_low.state == here.beam_high.state == CLEAR


def _goes_out_over_loops(lane: Lane, here: EndInputs) -> bool:
    """Who is let go came on the loop under the boom first, and then on the one before it.

    Who is sent back may have a trailer that still comes in, of which a loop misses the middle.
    """
    return (
        lane.phase == Phase.RELEASING
        and here.arm.state == here.approach.state == BLOCKED
        and lane.since_us <= here.arm.since_us < here.approach.since_us
    )


def lane_clear(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Deck empty, both ends clear for the settling time, both booms down."""
    return (
        left_deck(lane, inputs, settings)
        and booms_closed(inputs)
        and all(quiet(inputs, end, settings.clear_settle_us) for end in End)
    )


def comes_back(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The deck was empty, its interval is accounted for, and it is loaded again: another one."""
    passage = lane.passage
    another = passage is None or (
        passage.emptied and passage.accounted and passage.intent is None and not passage.owed
    )
    return another and load_stays(lane, inputs, settings)


def followed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle has left, the boom behind it is down, and another is on the deck."""
    passage = lane.passage
    if passage is None or passage.leave_by is None or passage.intent is not None:
        return False
    leave = inputs.ends[passage.leave_by]
    return (
        leave.boom.position == CLOSED
        and load_stays(lane, inputs, settings)
        and under_boom_clear(leave, inputs.now_us, settings.clear_settle_us)
    )
