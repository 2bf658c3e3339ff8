"""The limit of every wait, and what is owed when it is over."""

from __future__ import annotations

from controller.core.guards.common import booms_closed, elapsed
from controller.core.images import InputImage
from controller.core.kinds import (
    EMPTY,
    Phase,
)
from controller.core.passage import Lane
from controller.core.settings import LaneSettings

_LIMITS: dict[Phase, str] = {
    Phase.STARTING: "start_us_max",
    Phase.APPROACH: "approach_us_max",
    Phase.BOARDING: "boarding_us_max",
    Phase.POSITIONING: "position_us_max",
    Phase.WEIGHING: "weighing_us_max",
    Phase.CONFIRMING: "confirm_us_max",
    Phase.DECIDING: "deciding_us_max",
    Phase.RELEASING: "releasing_us_max",
    Phase.HOLDING: "holding_us_max",
    Phase.RETURNING: "returning_us_max",
    Phase.DEPARTING: "departing_us_max",
    Phase.ZERO_CHECK: "zero_us_max",
    Phase.MANUAL: "manual_us_max",
    Phase.FAULTED: "attention_us_max",
    Phase.EMERGENCY: "attention_us_max",
    Phase.LEDGER_AWAY: "attention_us_max",
}


def timed_out(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The phase has lasted as long as it may."""
    limit_us: int = getattr(settings, _LIMITS[lane.phase])
    return elapsed(inputs.now_us, lane.since_us, limit_us)


def limit_name(phase: Phase) -> str | None:
    """The setting that limits this phase; None for IDLE, which waits for a vehicle."""
    return _LIMITS.get(phase)


def still_loaded(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The time to leave is over and the deck is not known to be empty."""
    return timed_out(lane, inputs, settings) and inputs.weight.deck != EMPTY


def record_owed(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The time is over and the ledger still owes a record."""
    passage = lane.passage
    return timed_out(lane, inputs, settings) and passage is not None and passage.intent is not None


def loaded_in_debt(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The ledger owes a record of who has left, and who is on the deck has to wait for it."""
    return record_owed(lane, inputs, settings) and still_loaded(lane, inputs, settings)


def refused_in_time(lane: Lane, inputs: InputImage, settings: LaneSettings) -> bool:
    """The time is over, and the ledger says that it cannot take the record."""
    return not inputs.ledger.ready and timed_out(lane, inputs, settings)


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
        and inputs.weight.deck == EMPTY
        and inputs.weight.zero_ok
        and booms_closed(inputs)
    )
