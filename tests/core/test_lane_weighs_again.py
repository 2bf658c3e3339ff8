"""A weight that the vehicle's own moving took back: weighed again, and nothing else is."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from test_lane_attacks import kinds, released
from test_lane_passages import board, leave, weigh

from controller.core.faults import Fault
from controller.core.images import RecordIntent
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Decision,
    End,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
    Withdrawal,
)

RESTLESS = (Withdrawal.MOVED, Withdrawal.ROCKING)
OTHERS = tuple(why for why in Withdrawal if why not in (*RESTLESS, Withdrawal.NONE))


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def take_back(
    rig: Rig,
    why: Withdrawal = Withdrawal.MOVED,
    status: WeighingStatus = WeighingStatus.WITHDRAWN,
) -> None:
    rig.plant.load(status=status, withdrawn=why)


def newest(rig: Rig) -> RecordIntent:
    return rig.plant.intents[-1]


@pytest.mark.parametrize("why", RESTLESS)
@pytest.mark.parametrize("status", [WeighingStatus.WITHDRAWN, WeighingStatus.RUNNING])
def test_a_vehicle_that_moved_is_weighed_again_and_leaves_without_a_person(
    rig: Rig, why: Withdrawal, status: WeighingStatus
) -> None:
    """A tick later the weigher may say no more than that it looks."""
    released(rig)
    rig.run(0.3)
    take_back(rig, why, status)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(1)
    assert rig.plant.ledger.permit is None
    told = newest(rig)
    assert (told.kind, told.decision, told.permit) == (
        RecordKind.AMENDMENT,
        Decision.HOLD,
        None,
    )
    cause = {Withdrawal.MOVED: "it moved", Withdrawal.ROCKING: "it was rocked"}[why]
    assert told.reasons == ("weight withdrawn", cause)
    assert told.weight is not None
    assert told.weight.weight_g == 48_000_000
    weigh(rig, 48_020)
    rig.run_until(Phase.RELEASING, 3)
    again = newest(rig)
    assert (again.kind, again.decision, again.permit) == (
        RecordKind.AMENDMENT,
        Decision.RELEASE,
        End.ROAD,
    )
    assert again.weighed_again
    assert (told.taken_back, again.taken_back) == (True, False)
    assert again.weight is not None
    assert again.weight.weight_g == 48_020_000
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 20)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT, RecordKind.AMENDMENT]


@pytest.mark.parametrize("kg", [47_940, 48_060, 52_000])
def test_another_weight_the_second_time_is_for_a_person(rig: Rig, kg: int) -> None:
    """Who only moved weighs what he weighed; u95 is 9 kg, and e 20."""
    released(rig)
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(1)
    weigh(rig, kg)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(1)
    assert rig.out.alarms == (int(Fault.WEIGHT_WITHDRAWN),)
    assert newest(rig).reasons == ("not weighed again", "weight withdrawn", "it moved")
    assert rig.plant.ledger.permit is None


def test_a_load_that_turns_out_to_change_is_for_a_person_at_once(rig: Rig) -> None:
    released(rig)
    take_back(rig, Withdrawal.ROCKING)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(4)
    take_back(rig, Withdrawal.LOAD_CHANGED, WeighingStatus.RUNNING)
    rig.run_until(Phase.HOLDING, 0.1)
    rig.run(1)
    assert newest(rig).reasons == ("not weighed again", "weight withdrawn", "its load changed")


@pytest.mark.parametrize(
    ("status", "why", "said"),
    [
        (WeighingStatus.WITHDRAWN, Withdrawal.LOAD_CHANGED, ("its load changed",)),
        (WeighingStatus.TAMPERED, Withdrawal.NONE, ()),
    ],
)
def test_a_person_who_releases_after_that_is_told_that_no_weight_stands(
    rig: Rig, status: WeighingStatus, why: Withdrawal, said: tuple[str, ...]
) -> None:
    released(rig)
    take_back(rig, why, status)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(1)
    assert newest(rig).taken_back
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 2)
    told = newest(rig)
    assert told.kind == RecordKind.RELEASE
    assert told.taken_back
    assert told.reasons == ("release by a person", "weight withdrawn", *said)


def test_a_weight_that_does_not_come_again_in_time_is_for_a_person(rig: Rig) -> None:
    released(rig)
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(14)
    assert rig.lane.phase == Phase.WEIGHING
    rig.run_until(Phase.HOLDING, 2)
    assert rig.out.alarms == (int(Fault.WEIGHT_WITHDRAWN),)


@pytest.mark.parametrize("why", OTHERS)
def test_any_other_cause_is_for_a_person_and_named(rig: Rig, why: Withdrawal) -> None:
    released(rig)
    take_back(rig, why)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(1)
    assert newest(rig).reasons[0] == "weight withdrawn"
    assert len(newest(rig).reasons) == 2
    weigh(rig, 48_000)
    rig.run(5)
    assert rig.lane.phase == Phase.HOLDING


@pytest.mark.parametrize(
    ("status", "weight"),
    [
        (WeighingStatus.TAMPERED, {}),
        (WeighingStatus.CELL_FAULT, {}),
        (WeighingStatus.WITHDRAWN, {"bad_cells": (3,)}),
        (WeighingStatus.WITHDRAWN, {"weighing_id": 7}),
    ],
)
def test_a_vehicle_that_moved_is_held_where_more_speaks_against_its_weight(
    rig: Rig, status: WeighingStatus, weight: dict[str, object]
) -> None:
    released(rig)
    rig.plant.load(status=status, withdrawn=Withdrawal.MOVED, **weight)
    rig.run_until(Phase.HOLDING, 1)


def test_two_weights_are_taken_back_and_at_the_third_a_person_is_called(rig: Rig) -> None:
    released(rig)
    for kg in (48_020, 48_040):
        take_back(rig)
        rig.run_until(Phase.WEIGHING, 1)
        rig.run(1)
        weigh(rig, kg)
        rig.run_until(Phase.RELEASING, 3)
    take_back(rig)
    rig.run_until(Phase.HOLDING, 1)


def test_nothing_is_decided_before_the_first_permit_is_taken_back_on_disk(rig: Rig) -> None:
    released(rig)
    take_back(rig)
    rig.plant.ledger_answers = False
    rig.run_until(Phase.WEIGHING, 1)
    weigh(rig, 48_020)
    for _ in range(200):
        assert rig.scan().booms[End.ROAD] != BoomCommand.RAISE
        assert rig.lane.phase == Phase.WEIGHING
    rig.plant.ledger_answers = True
    rig.run_until(Phase.RELEASING, 3)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT, RecordKind.AMENDMENT]


def test_a_weight_taken_back_before_its_record_is_durable_is_told_behind_it(rig: Rig) -> None:
    board(rig)
    rig.plant.ledger_answers = False
    weigh(rig, 48_000)
    rig.run_until(Phase.DECIDING, 12)
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.plant.ledger_answers = True
    rig.run(1)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert newest(rig).reasons == ("weight withdrawn", "it moved")
    assert rig.plant.ledger.permit is None
    weigh(rig, 48_020)
    rig.run_until(Phase.RELEASING, 3)


def test_the_weight_that_was_taken_back_does_not_come_again(rig: Rig) -> None:
    released(rig)
    first = rig.plant.weight
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(1)
    rig.plant.weight = first
    rig.run(5)
    assert rig.lane.phase == Phase.WEIGHING


def test_another_weight_than_that_of_the_record_holds_though_nobody_saw_the_first_go(
    rig: Rig,
) -> None:
    """The host hung while it was taken back: nothing says why."""
    released(rig)
    rig.run(0.3)
    weigh(rig, 47_000)
    rig.run_until(Phase.HOLDING, 1)


def test_the_sign_shows_no_weight_that_does_not_stand(rig: Rig) -> None:
    released(rig)
    assert rig.out.sign.gross_g == 48_000_000
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    assert rig.out.sign.gross_g is None
    assert rig.out.sign.message in (Message.WEIGHING, Message.STAND_STILL)


def test_whoever_leaves_instead_of_being_weighed_again_has_left_without_release(rig: Rig) -> None:
    released(rig)
    take_back(rig)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(1)
    rig.plant.empty()
    rig.run_until(Phase.DEPARTING, 3)
    assert rig.lane.outcome == "left without release"
    rig.run_until(Phase.IDLE, 20)
    assert newest(rig).reasons == ("left without release", "weight withdrawn", "it moved")
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT, RecordKind.AMENDMENT]


def test_who_rolled_into_the_beam_is_told_to_come_back_and_the_boom_comes_down(rig: Rig) -> None:
    released(rig)
    rig.run(1.0)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.BETWEEN
    take_back(rig)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.run_until(Phase.POSITIONING, 1)
    assert rig.out.sign.message == Message.BACK
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.WEIGHING, 1)
    rig.run(6)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 3)


def test_the_entry_boom_does_not_rise_behind_who_is_weighed_again(rig: Rig) -> None:
    """A permit to go back out stands until the record that takes it back is on disk."""
    board(rig)
    rig.run(4)
    weigh(rig, 52_000)
    rig.run_until(Phase.RETURNING, 12)
    take_back(rig)
    rig.plant.ledger_answers = False
    rig.run_until(Phase.WEIGHING, 1)
    take_back(rig, status=WeighingStatus.NOT_FULLY_ON)
    for _ in range(100):
        assert BoomCommand.RAISE not in rig.scan().booms


def test_a_person_s_word_is_not_weighed_again(rig: Rig) -> None:
    released(rig)
    take_back(rig, Withdrawal.LOAD_CHANGED)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(1)
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 2)
    take_back(rig)
    rig.run(5)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
