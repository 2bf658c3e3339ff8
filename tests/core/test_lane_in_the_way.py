"""A vehicle that stands where the lane needs room is told where to move, and the operator of it."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import PAPERS, board, rig, weigh

from controller.core.faults import Fault
from controller.core.images import OutputImage, Weight
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
)

__all__ = ["rig"]

RED = (Lamp.RED, Lamp.RED)
STILL = (BoomCommand.HOLD, BoomCommand.HOLD)


def no_zero(rig: Rig) -> Weight:
    """What the scale says of the deck before its first zero, which waits for a clear way."""
    return Weight(deck=Deck.UNKNOWN, since_us=rig.plant.now_us)


def before_the_boom(end: End) -> Rig:
    """A lane that has just started, with a truck whose nose is over the loop under the boom."""
    rig = Rig(lane_settings())
    rig.plant.sense(end, "approach", Presence.BLOCKED)
    rig.plant.sense(end, "arm", Presence.BLOCKED)
    rig.plant.weight = no_zero(rig)
    return rig


def told(out: OutputImage) -> tuple[Message, bool]:
    assert out.approach_lamps == RED
    assert out.deck_lamps == RED
    return out.sign.message, Fault.WAY_NOT_CLEAR in out.alarms


@pytest.mark.parametrize("end", list(End))
def test_who_stands_before_the_boom_at_a_start_is_told_to_go_back(end: End) -> None:
    rig = before_the_boom(end)
    rig.run(4)
    assert told(rig.out) == (Message.CLOSED, False)
    rig.run(2)
    assert told(rig.out) == (Message.BACK, True)
    assert rig.out.booms == STILL
    rig.plant.sense(end, "arm", Presence.CLEAR)
    rig.run(0.1)
    assert told(rig.out) == (Message.CLOSED, False)
    rig.plant.empty()
    rig.run_until(Phase.APPROACH, 6)
    assert rig.lane.passage is not None
    assert rig.lane.passage.entry == end


def test_who_never_moves_is_named_to_the_operator_and_starts_nothing() -> None:
    rig = before_the_boom(End.YARD)
    rig.run(70)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.FAULTED, "not ready")
    assert told(rig.out) == (Message.BACK, True)
    assert Fault.START_NOT_READY in rig.out.alarms
    rig.plant.sense(End.YARD, "arm", Presence.CLEAR)
    rig.plant.empty()
    rig.run_until(Phase.APPROACH, 8)


def test_nobody_is_moved_while_something_else_is_wrong() -> None:
    rig = before_the_boom(End.YARD)
    for estop, bad_cells in ((Presence.UNKNOWN, ()), (Presence.CLEAR, (3,))):
        rig.plant.estop = estop
        rig.plant.weight = replace(no_zero(rig), bad_cells=bad_cells)
        rig.run(6)
        assert told(rig.out) == (Message.CLOSED, False)
    rig.plant.weight = no_zero(rig)
    rig.plant.sense(End.ROAD, "beam_low", Presence.UNKNOWN)
    rig.run(6)
    assert told(rig.out) == (Message.CLOSED, False)


def test_a_person_in_the_beams_is_no_vehicle_to_be_moved() -> None:
    rig = Rig(lane_settings())
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    rig.plant.weight = no_zero(rig)
    rig.run(10)
    assert told(rig.out) == (Message.CLOSED, False)


def test_who_was_let_go_before_the_restart_is_told_to_drive_on(rig: Rig) -> None:
    """Its tail is less than any first zero."""
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(8)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.restart()
    rig.plant.weight = no_zero(rig)
    rig.run(6)
    assert told(rig.out) == (Message.FORWARD, True)
    assert rig.out.booms == STILL
    between = replace(rig.plant.booms[End.ROAD], position=BoomPosition.BETWEEN)
    rig.plant.booms[End.ROAD] = between
    rig.run(0.1)
    assert told(rig.out) == (Message.CLOSED, True)


def test_who_waits_before_the_boom_of_one_let_go_is_told_to_go_back(rig: Rig) -> None:
    """The lane has stopped with that boom up, off zero, and waits for a way without anybody."""
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(8)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.plant.empty()
    rig.restart()
    rig.plant.weight = replace(rig.plant.weight, zero_ok=False)
    rig.run(6)
    assert told(rig.out) == (Message.FORWARD, True)
    rig.plant.sense(End.ROAD, "arm", Presence.CLEAR)
    rig.run(6)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert told(rig.out) == (Message.BACK, True)


def test_below_a_closed_boom_stands_another_than_the_one_let_go(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.plant.empty()
    rig.restart()
    rig.plant.booms[End.ROAD] = replace(rig.plant.booms[End.ROAD], position=BoomPosition.CLOSED)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.plant.weight = no_zero(rig)
    rig.run(6)
    assert told(rig.out) == (Message.BACK, True)


def test_who_waits_too_close_while_the_lane_clears_is_told_to_go_back(rig: Rig) -> None:
    """Not before the one that leaves is gone: until then the sign is for that one."""
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(6)
    rig.plant.sense(End.YARD, "arm", Presence.BLOCKED)
    for sensor in ("beam_low", "arm"):
        rig.plant.sense(End.ROAD, sensor, Presence.BLOCKED)
    rig.run_until(Phase.DEPARTING, 2)
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.plant.empty()
    rig.run(6)
    assert rig.out.sign.message == Message.PASS
    rig.plant.sense(End.ROAD, "arm", Presence.CLEAR)
    rig.run(6)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    assert told(rig.out) == (Message.BACK, True)
    assert rig.out.sign.gross_g is None
    rig.plant.sense(End.YARD, "arm", Presence.CLEAR)
    rig.run_until(Phase.IDLE, 4)


def test_a_zero_that_waits_for_the_queue_sends_it_out_of_sight(rig: Rig) -> None:
    """Zero is asked of a lane without any vehicle in sight, on the approach loop either."""
    rig.plant.weight = replace(rig.plant.weight, zero_ok=False)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.ZERO_CHECK, 3)
    rig.run(4)
    assert told(rig.out) == (Message.CLOSED, False)
    rig.run(2)
    assert told(rig.out) == (Message.BACK, True)
    assert not rig.out.zero
    rig.plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.run(0.1)
    assert rig.out.zero


def test_who_waits_where_zero_is_lost_without_records_is_told_once_they_are_back(rig: Rig) -> None:
    """He came back to the loop of an end that was not to count for a while, which is over."""
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.run_until(Phase.LEDGER_AWAY, 5)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.lane = replace(rig.lane, ignored_until_us=(rig.plant.now_us + 20_000_000, 0))
    rig.plant.weight = Weight(deck=Deck.EMPTY, since_us=rig.plant.now_us, zero_ok=False)
    rig.run(30)
    assert rig.out.sign.message == Message.NO_RECORDS
    rig.plant.ledger = replace(rig.plant.ledger, ready=True)
    rig.run(1)
    assert told(rig.out) == (Message.BACK, True)
    rig.plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 10)
