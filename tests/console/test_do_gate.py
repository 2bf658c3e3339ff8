"""Booms by hand at the console: on record, watched to their limits, stopped by any key, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_rig import until
from do_rig import Console, console

from controller.assembly import LEDGER_FILE
from controller.console.answer import Answer, CommandError
from controller.console.roles import Role
from controller.core.kinds import BoomCommand, BoomPosition, End, Phase, Presence
from protocol.ledger import Ledger
from protocol.parts import Kind


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path, Role.MAINTAINER) as made:
        yield made


def yard_of(at: Console) -> Any:
    return at.running.board.bus.share("yard", lambda: None)


def block(at: Console, device: str) -> None:
    yard_of(at).fault(device, "says blocked")
    end, role = device.split(".")

    def is_blocked() -> bool:
        here = at.ctx.link.state().inputs.ends[End[end.upper()]]
        return getattr(here, role).state is Presence.BLOCKED

    until(is_blocked)


def position(at: Console) -> BoomPosition:
    return at.ctx.link.state().inputs.ends[End.ROAD].boom.position


def held(at: Console) -> bool:
    return at.ctx.link.state().outputs.booms == (BoomCommand.HOLD, BoomCommand.HOLD)


def test_a_boom_goes_up_and_comes_down_with_each_move_on_record(at: Console) -> None:
    at.by_hand()
    up = at.do("gate raise road limit switch was set")
    assert (up.data["position"], up.data["done"]) == ("OPEN", True)
    assert up.data["elapsed_s"] > 0.5
    assert any("BETWEEN" in line and "RAISE" in line for line in at.said)
    down = at.do("gate lower road limit switch was set")
    assert (down.data["position"], down.data["done"]) == ("CLOSED", True)
    assert any("LOWER" in line for line in at.said)
    with Ledger.open(at.ctx.folder / LEDGER_FILE, read_only=True) as ledger:
        moves = [one for one in ledger.records() if one.kind is Kind.MANUAL_MOVE]
    assert {(one.person.who, one.person.why) for one in moves if one.person} == {
        ("li.wei", "limit switch was set")
    }
    assert len(moves) == 2


def test_nothing_moves_without_manual_and_arm(at: Console) -> None:
    with pytest.raises(CommandError, match="'manual enter REASON' first"):
        at.do("gate raise road x")
    with pytest.raises(CommandError, match="by hand only"):
        at.do("arm")
    at.do("manual enter x")
    with pytest.raises(CommandError, match="not armed"):
        at.do("gate raise road x")
    assert position(at) is BoomPosition.CLOSED


def test_a_key_in_the_middle_lets_the_boom_stand_where_it_is(at: Console) -> None:
    at.by_hand()
    answers = at.answers("gate raise road x")
    for answer in answers:
        if answer.data["position"] == "BETWEEN":
            break
    answers.close()  # type: ignore[attr-defined]
    until(lambda: held(at))
    stood = position(at)
    assert stood is BoomPosition.BETWEEN
    at.do("gate stop road")
    assert position(at) is stood


def test_a_boom_over_something_is_held_and_the_beam_is_named(at: Console) -> None:
    at.by_hand()
    at.do("gate raise road x")
    block(at, "road.beam_low")
    with pytest.raises(CommandError, match=r"road boom is held: road\.beam_low.*BLOCKED"):
        at.do("gate lower road x")
    assert position(at) is BoomPosition.OPEN
    yard_of(at).heal("road.beam_low")
    at.do("gate lower road x")


def test_what_steps_under_a_falling_boom_ends_the_move_for_good(at: Console) -> None:
    at.by_hand()
    at.do("gate raise road x")

    def step_through(answer: Answer) -> None:
        if answer.data["drive"] == "LOWER":
            yard_of(at).fault("road.beam_low", "says blocked")
        else:
            yard_of(at).heal("road.beam_low")

    with pytest.raises(CommandError, match="is held"):
        at.do("gate lower road x", step_through)
    yard_of(at).heal("road.beam_low")
    until(lambda: held(at))
    assert position(at) is not BoomPosition.CLOSED


def test_a_boom_that_sticks_is_told_with_where_to_look(at: Console) -> None:
    at.by_hand()
    yard_of(at).fault("road.boom", "stuck")
    with pytest.raises(CommandError, match=r"not at its limit.*limit switches"):
        at.do("gate raise road x")
    until(lambda: held(at))


def test_an_emergency_stop_takes_the_lane_out_of_hand_and_is_reset(at: Console) -> None:
    with pytest.raises(CommandError, match="no emergency to reset"):
        at.do("reset x")
    at.by_hand()
    yard_of(at).estop_pressed = True
    until(lambda: at.ctx.link.state().phase is Phase.EMERGENCY)
    with pytest.raises(CommandError, match="pull it out first"):
        at.do("reset x")
    with pytest.raises(CommandError, match="the emergency stop holds the lane"):
        at.do("manual enter x")
    yard_of(at).estop_pressed = False
    until(lambda: at.ctx.link.state().inputs.estop is Presence.CLEAR)
    assert at.do("reset beam mended").data["before"] == "EMERGENCY"


def test_giving_the_lane_back_disarms(at: Console) -> None:
    at.by_hand()
    assert at.ctx.armed.left_s > 500
    assert at.do("manual leave done").data["phase"] != "MANUAL"
    assert at.ctx.armed.left_s == 0
    until(lambda: at.ctx.link.state().phase is Phase.IDLE)


def test_an_arm_that_ran_out_on_the_way_down_stops_the_boom(at: Console) -> None:
    at.by_hand()
    at.do("gate raise road x")

    def run_out(answer: Answer) -> None:
        if answer.data["drive"] == "LOWER":
            at.ctx.armed.disarm()

    with pytest.raises(CommandError, match="not armed any more"):
        at.do("gate lower road x", run_out)
    until(lambda: held(at))
    assert position(at) is not BoomPosition.CLOSED


def test_an_operator_moves_nothing(tmp_path: Path) -> None:
    with console(tmp_path, Role.OPERATOR) as at:
        for line in ("arm", "manual enter x", "gate raise road x", "gate stop road", "reset x"):
            with pytest.raises(CommandError, match="needs the role maintainer"):
                at.do(line)


@pytest.mark.parametrize("seconds", ["0", "601", "-5", "1e3", "x", "٣٠"])
def test_arming_takes_seconds_within_bounds(at: Console, seconds: str) -> None:
    at.do("manual enter x")
    with pytest.raises(CommandError, match="5 to 600 s"):
        at.do(f"arm {seconds}")
    assert at.ctx.armed.left_s == 0
