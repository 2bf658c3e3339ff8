"""By hand: a person's word to stop lets every boom stand in that scan, whatever else is asked."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings

from controller.core.kinds import BoomCommand, BoomPosition, End, Phase, RequestKind

HELD = (BoomCommand.HOLD, BoomCommand.HOLD)


@pytest.fixture
def by_hand() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 60)
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    return rig


def until_driven(rig: Rig, command: BoomCommand) -> None:
    for _ in range(300):
        rig.scan()
        if rig.out.booms[End.YARD] is command:
            return
        if command is BoomCommand.LOWER:
            rig.request(RequestKind.LOWER_BOOM, end=End.YARD)
    raise AssertionError(f"never driven to {command.name}")


def test_a_rising_boom_stops_and_does_not_go_on(by_hand: Rig) -> None:
    by_hand.request(RequestKind.RAISE_BOOM, end=End.YARD)
    until_driven(by_hand, BoomCommand.RAISE)
    by_hand.request(RequestKind.STOP_BOOM, end=End.YARD)
    for _ in range(100):
        by_hand.scan()
        assert by_hand.out.booms == HELD
    assert by_hand.plant.booms[End.YARD].position is not BoomPosition.OPEN


def test_a_falling_boom_stops_before_the_held_button_would(by_hand: Rig) -> None:
    by_hand.request(RequestKind.RAISE_BOOM, end=End.YARD)
    until_driven(by_hand, BoomCommand.RAISE)
    for _ in range(250):
        by_hand.scan()
    until_driven(by_hand, BoomCommand.LOWER)
    by_hand.request(RequestKind.STOP_BOOM)
    by_hand.scan()
    assert by_hand.out.booms == HELD
