"""Guards about a vehicle that comes: waiting, turning away, boarding."""

from __future__ import annotations

from controller.core.guards.behind import trailer_behind
from controller.core.guards.common import (
    OFF,
    booms_closed,
    deck_occupied,
    elapsed,
    end_clear,
    entry_of,
    quiet,
    surely_blocked,
)
from controller.core.guards.leaving import comes_back
from controller.core.images import InputImage
from controller.core.interlock import under_boom_clear
from controller.core.kinds import (
    BETWEEN,
    BLOCKED,
    CLEAR,
    CLOSED,
    EMPTY,
    NOT_FITTED,
    OPEN,
    End,
    WeighingStatus,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings


def arrival_end(lane: Lane, inputs: InputImage, settings: LaneSettings) -> End | None:
    """The end at which a vehicle waits; the preferred one when both have one."""
    waiting = [
        end
        for end in (settings.preferred, settings.preferred.other)
        if surely_blocked(inputs.ends[end].approach, inputs, settings)
        and not lane.ignored_until_us[end]
    ]
    return waiting[0] if waiting else None


def vehicle_waits(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle stands before a boom, and the lane is free, closed, on zero and able to record.

    The disk knows by then that the one before has left, so that a restart takes no vehicle for it.
    """
    return (
        arrival_end(lane, inputs, settings) is not None
        and inputs.weight.deck == EMPTY
        and inputs.weight.zero_ok
        and inputs.ledger.ready
        and not inputs.ledger.on_deck
        and booms_closed(inputs)
    )


def nobody_waits(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Every fitted sensor of the entry is clear and the deck is empty: the vehicle has gone."""
    entry = entry_of(lane)
    return (
        entry is not None
        and inputs.weight.deck == EMPTY
        and all(sensor.state in OFF for sensor in inputs.ends[entry].sensors)
    )


def turned_away(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle that waited is gone again, without having come on the deck."""
    entry = entry_of(lane)
    if entry is None:
        return True
    approach = inputs.ends[entry].approach
    return (
        inputs.weight.deck == EMPTY
        and approach.state == CLEAR
        and elapsed(inputs.now_us, approach.since_us, settings.turn_away_us)
        and under_boom_clear(inputs.ends[entry], inputs.now_us, settings.turn_away_us)
    )


def comes_on(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """Something comes on the deck that is no person: heavy enough, or a vehicle in the entry."""
    entry = entry_of(lane)
    if entry is None or not deck_occupied(lane, inputs, settings):
        return False
    return inputs.weight.status != WeighingStatus.IDLE or _vehicle_stands_in(inputs, entry)


def _vehicle_stands_in(inputs: InputImage, entry: End) -> bool:
    """As the loop and a beam say with one voice, where both are fitted.

    People walk on the deck: neither a beam that lies meanwhile nor a loop makes a vehicle of them,
    nor does one that says nothing beside one that is clear.
    """
    here = inputs.ends[entry]
    beams = [one.state for one in (here.beam_low, here.beam_high) if one.state != NOT_FITTED]
    return here.arm.state != CLEAR and (BLOCKED in beams or CLEAR not in beams)


def _may_stand_in(inputs: InputImage, entry: End) -> bool:
    """Something is under the boom there, or no sensor is fitted that could tell."""
    here = inputs.ends[entry]
    under = [one.state for one in (here.arm, here.beam_low, here.beam_high)]
    return all(state == NOT_FITTED for state in under) or not end_clear(inputs, entry)


def boarded_whole(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle is on the deck, and the entry behind it is clear of it and of any trailer."""
    entry = entry_of(lane)
    return (
        entry is not None
        and deck_occupied(lane, inputs, settings)
        and end_clear(inputs, entry)
        and quiet(inputs, entry, settings.empty_settle_us)
        and not trailer_behind(lane, inputs)
    )


def stopped_short(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The vehicle stands, but not whole on the deck, for all that is known, or not alone."""
    if inputs.weight.motion:
        return False
    if inputs.weight.status in (WeighingStatus.NOT_FULLY_ON, WeighingStatus.TAILGATE):
        return True
    entry = entry_of(lane)
    if entry is None or not trailer_behind(lane, inputs):
        return False
    return quiet(inputs, entry, settings.empty_settle_us)


def boards_again(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle that had backed off before its weighing comes in again by the open entry.

    Nobody comes in unseen: what weighs under no sensor of the entry is an unexpected load.
    """
    passage = lane.passage
    if passage is None or passage.entry is None or passage.leave_by is not None:
        return False
    return (
        passage.stay is None
        and comes_back(lane, inputs, settings)
        and _may_stand_in(inputs, passage.entry)
        and passage.weight is None
        and inputs.ends[passage.entry].boom.position in (OPEN, BETWEEN)
        and inputs.ends[passage.entry.other].boom.position == CLOSED
    )


def boards_late(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """A vehicle that had turned away or hesitated comes on the deck after all."""
    passage = lane.passage
    return (
        passage is not None
        and passage.entry is not None
        and passage.leave_by is None
        and not passage.accounted
        and passage.boarded_us is not None
        and deck_occupied(lane, inputs, settings)
    )
