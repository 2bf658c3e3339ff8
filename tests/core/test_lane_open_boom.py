"""A vehicle comes to stand under the boom ahead of it, which somebody has left open by hand."""

from __future__ import annotations

from lane_rig import Rig
from msgspec.structs import replace
from test_lane_passages import PAPERS, board, rig, weigh

from controller.core.faults import Fault
from controller.core.images import Boom, Stay, Weight
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Decision,
    Deck,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
)

__all__ = ["rig"]

RED = (Lamp.RED, Lamp.RED)


def opened(rig: Rig, end: End = End.ROAD) -> None:
    """Somebody has opened a boom, and nobody drives it any more."""
    rig.plant.booms[end] = Boom(BoomPosition.OPEN, rig.plant.now_us, rig.plant.now_us)


def overshoots(rig: Rig) -> None:
    for sensor in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, sensor, Presence.BLOCKED)
    rig.plant.load(motion=False, status=WeighingStatus.NOT_FULLY_ON, indicated_g=40_000_000)


def backs_off(rig: Rig) -> None:
    for sensor in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, sensor, Presence.CLEAR)
    rig.plant.load(motion=True)


def taken_by_hand(rig: Rig) -> None:
    """A person works the lane by hand, leaves the road boom open, and hands the lane back."""
    rig.plant.vehicle = PAPERS
    board(rig)
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    opened(rig)
    overshoots(rig)
    rig.run(1)
    rig.request(RequestKind.LEAVE_MANUAL)
    rig.run_until(Phase.HOLDING, 6)


def stay_of(rig: Rig) -> Stay:
    stay = rig.plant.ledger.stay
    assert stay is not None
    return stay


def told(rig: Rig) -> tuple[Message, bool]:
    assert rig.out.approach_lamps == RED
    assert rig.out.deck_lamps == RED
    return rig.out.sign.message, Fault.UNDER_OPEN_BOOM in rig.out.alarms


def test_who_is_held_under_an_open_boom_backs_off_and_the_boom_comes_down(rig: Rig) -> None:
    taken_by_hand(rig)
    rig.run(6)
    assert told(rig) == (Message.BACK, True)
    assert rig.out.booms[End.ROAD] != BoomCommand.LOWER
    backs_off(rig)
    rig.run(1)
    assert told(rig) == (Message.WAIT_FOR_OPERATOR, False)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    rig.run(4)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_who_is_sent_back_from_under_an_open_boom_first_lets_it_come_down(rig: Rig) -> None:
    """Only then may the one behind him rise."""
    taken_by_hand(rig)
    rig.run(4)
    assert rig.plant.booms[End.YARD].position == BoomPosition.CLOSED
    rig.request(RequestKind.SEND_BACK)
    rig.run_until(Phase.RETURNING, 2)
    rig.run(8)
    assert told(rig) == (Message.BACK, True)
    assert rig.plant.booms[End.YARD].position == BoomPosition.CLOSED
    backs_off(rig)
    rig.run(8)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    assert rig.plant.booms[End.YARD].position == BoomPosition.OPEN
    assert rig.out.sign.message == Message.BACK_OUT


def test_who_drives_off_under_it_though_sent_back_has_that_in_a_record(rig: Rig) -> None:
    taken_by_hand(rig)
    rig.run(1)
    rig.request(RequestKind.SEND_BACK)
    rig.run_until(Phase.RETURNING, 2)
    rig.run(3)
    rig.plant.empty()
    rig.run(0.1)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.HOLDING, "went the other way")
    rig.run(1.5)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.DEPARTING, "left without release")
    backs_off(rig)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 10)
    last = rig.plant.intents[-1]
    assert (last.kind, last.reasons) == (RecordKind.AMENDMENT, ("left without release",))
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_below_a_closed_boom_nobody_has_gone(rig: Rig) -> None:
    taken_by_hand(rig)
    rig.run(4)
    rig.request(RequestKind.SEND_BACK)
    rig.run_until(Phase.RETURNING, 2)
    backs_off(rig)
    rig.plant.empty()
    rig.run(0.1)
    assert rig.plant.booms[End.YARD].position == BoomPosition.CLOSED
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.HOLDING, "went the other way")


def test_who_leaves_by_the_boom_that_he_was_given_has_not_gone_the_other_way(rig: Rig) -> None:
    """Though another waits with his nose at the far boom, and that one is not quite down."""
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 54_320)
    rig.run_until(Phase.RETURNING, 12)
    rig.run(4)
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    opened(rig)
    rig.plant.empty()
    rig.run(0.1)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.DEPARTING, "moves off")


def test_who_was_released_and_does_not_clear_the_boom_is_not_called_back(rig: Rig) -> None:
    """He may have broken down half way out: a person looks."""
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(6)
    for sensor in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, sensor, Presence.BLOCKED)
    rig.run_until(Phase.DEPARTING, 2)
    rig.run_until(Phase.HOLDING, 130)
    rig.run(8)
    assert told(rig) == (Message.WAIT_FOR_OPERATOR, False)


def test_who_rolls_through_the_sensors_is_not_called_back(rig: Rig) -> None:
    """What follows one upon the other is a vehicle under way."""
    taken_by_hand(rig)
    for _ in range(5):
        backs_off(rig)
        rig.run(0.2)
        overshoots(rig)
        rig.run(3)
        assert told(rig) == (Message.WAIT_FOR_OPERATOR, False)


def test_a_boom_opened_at_the_gate_is_told_while_he_positions_himself(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    opened(rig)
    overshoots(rig)
    rig.run(0.5)
    assert rig.lane.phase == Phase.POSITIONING
    assert rig.out.sign.message == Message.BACK
    rig.run(5)
    assert told(rig) == (Message.BACK, True)
    assert Fault.BOOM_MOVED in rig.out.alarms
    rig.plant.booms[End.ROAD] = replace(rig.plant.booms[End.ROAD], raised_us=0)
    backs_off(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(6)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_a_boom_raised_by_hand_lets_nobody_go_at_the_next_start(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    rig.run(6)
    rig.request(RequestKind.RAISE_BOOM, end=End.ROAD)
    rig.run(3)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    overshoots(rig)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(6)
    assert told(rig) == (Message.BACK, True)


def test_whom_only_a_hand_has_raised_a_boom_for_is_not_told_to_drive_on(rig: Rig) -> None:
    """Its tail alone is on the loop, and the scale has no zero: a person looks."""
    test_a_boom_raised_by_hand_lets_nobody_go_at_the_next_start(rig)
    rig.restart()
    rig.plant.ledger = replace(
        rig.plant.ledger, stay=replace(stay_of(rig), leave_by=End.ROAD, decision=Decision.HOLD)
    )
    rig.plant.weight = Weight(deck=Deck.UNKNOWN, since_us=rig.plant.now_us)
    rig.run(7)
    assert rig.lane.phase == Phase.STARTING
    assert rig.out.sign.message == Message.CLOSED
    assert Fault.WAY_NOT_CLEAR in rig.out.alarms
