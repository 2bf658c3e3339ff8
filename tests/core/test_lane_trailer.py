"""A drawbar that nothing sees lies across the boom line: nothing falls on it or is weighed."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from test_lane_passages import board, read, weigh

from controller.core.faults import Fault
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
    RequestKind,
    WeighingStatus,
)

BLOCKED, CLEAR = Presence.BLOCKED, Presence.CLEAR
MAY_HANG = "a trailer may be left behind"


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def phase(rig: Rig) -> Phase:
    return Phase(rig.lane.phase)


def come(rig: Rig, entry: End) -> None:
    """Drive on until the towing vehicle is past the arm loop, the trailer on the approach."""
    plant = rig.plant
    plant.sense(entry, "approach", BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    plant.plates = (read(rig),)
    rig.run(3)
    plant.sense(entry, "arm", BLOCKED)
    plant.load(motion=True)
    rig.run_until(Phase.BOARDING, 1)
    rig.run(2)
    plant.sense(entry, "arm", CLEAR)


def stop(rig: Rig, **weight: object) -> None:
    rig.plant.load(
        **{
            "status": WeighingStatus.ACCEPTED,
            "motion": False,
            "weight_g": 6_280_000,
            "indicated_g": 6_280_000,
            "u95_g": 9_000,
            "accepted_us": rig.plant.now_us,
            "axles": 2,
            **weight,
        }
    )


def lowers(rig: Rig, seconds: float) -> bool:
    """Whether any boom is driven down in so long."""
    commands: list[BoomCommand] = []
    for _ in range(round(seconds * 50)):
        commands += rig.scan().booms
    return BoomCommand.LOWER in commands


@pytest.mark.parametrize("entry", list(End))
def test_a_train_that_pauses_astride_the_boom_is_asked_forward_and_then_held(
    rig: Rig, entry: End
) -> None:
    come(rig, entry)
    assert not lowers(rig, 4)
    assert phase(rig) == Phase.BOARDING
    stop(rig)
    rig.run(0.1)
    assert rig.out.sign.message == Message.FORWARD
    assert not lowers(rig, 29)
    assert phase(rig) == Phase.POSITIONING
    assert rig.plant.records == []
    rig.run_until(Phase.HOLDING, 2)
    assert rig.lane.outcome == MAY_HANG
    assert rig.out.alarms == (Fault.TRAILER_BEHIND,)
    assert not lowers(rig, 5)
    assert rig.plant.booms[entry].position == BoomPosition.OPEN
    assert rig.plant.intents[0].reasons == (MAY_HANG,)


def test_a_train_that_drives_on_is_weighed_whole(rig: Rig) -> None:
    come(rig, End.ROAD)
    stop(rig)
    rig.run(5)
    plant = rig.plant
    plant.load(motion=True)
    plant.sense(End.ROAD, "arm", BLOCKED)
    rig.run(2)
    plant.sense(End.ROAD, "approach", CLEAR)
    rig.run(1)
    plant.sense(End.ROAD, "arm", CLEAR)
    rig.run(0.1)
    assert phase(rig) == Phase.WEIGHING
    assert lowers(rig, 3)
    weigh(rig, 34_000)
    rig.run_until(Phase.RELEASING, 12)


def test_nobody_is_called_short_who_has_only_just_passed_the_arm_loop(rig: Rig) -> None:
    """Few indicators say so soon that the load moves."""
    come(rig, End.YARD)
    stop(rig)
    rig.run(0.9)
    assert phase(rig) == Phase.BOARDING
    rig.run(0.3)
    assert phase(rig) == Phase.POSITIONING


def test_while_it_moves_it_is_not_held(rig: Rig) -> None:
    come(rig, End.YARD)
    stop(rig)
    rig.run(29)
    rig.plant.load(motion=True)
    rig.run(5)
    assert phase(rig) == Phase.POSITIONING


@pytest.mark.parametrize("place", ["far in", "came later"])
def test_the_next_one_of_a_queue_is_no_trailer(rig: Rig, place: str) -> None:
    """Who stands so far in pulls nothing unseen; and a trailer is there before the arm is clear."""
    come(rig, End.ROAD)
    if place == "came later":
        rig.plant.sense(End.ROAD, "approach", CLEAR)
        rig.run(0.2)
        rig.plant.sense(End.ROAD, "approach", BLOCKED)
    stop(rig, far_in=place == "far in")
    rig.run(1.2)
    assert phase(rig) == Phase.WEIGHING
    assert lowers(rig, 1)


@pytest.mark.parametrize("opposite", [False, True])
def test_a_lane_that_sees_no_place_believes_a_front_at_the_far_end(
    rig: Rig, opposite: bool
) -> None:
    """It stands there, unless another has come up to that boom from outside."""
    come(rig, End.ROAD)
    stop(rig, status=WeighingStatus.RUNNING)
    rig.run(5)
    if opposite:
        rig.plant.sense(End.YARD, "approach", BLOCKED)
    rig.plant.sense(End.YARD, "arm", BLOCKED)
    rig.run(1)
    assert rig.out.sign.message == Message.BACK
    rig.plant.sense(End.YARD, "arm", CLEAR)
    rig.run(0.1)
    assert (phase(rig) == Phase.WEIGHING) == (not opposite)
    rig.plant.sense(End.ROAD, "arm", BLOCKED)
    rig.run(1)
    rig.plant.sense(End.ROAD, "arm", CLEAR)
    rig.run(0.1)
    assert phase(rig) == Phase.POSITIONING


def test_a_place_that_is_not_known_any_more_takes_the_weighing_back(rig: Rig) -> None:
    come(rig, End.ROAD)
    stop(rig, far_in=True, status=WeighingStatus.RUNNING)
    rig.run_until(Phase.WEIGHING, 3)
    stop(rig, far_in=False)
    rig.run(1)
    assert phase(rig) == Phase.POSITIONING
    assert rig.plant.records == []


@pytest.mark.parametrize("back", [False, True])
def test_no_boom_falls_behind_the_first_half_of_a_train_that_leaves(rig: Rig, back: bool) -> None:
    board(rig)
    weigh(rig, 60_000 if back else 30_000)
    rig.run_until(Phase.RETURNING if back else Phase.RELEASING, 12)
    rig.run(6)
    plant, end = rig.plant, End.YARD if back else End.ROAD
    for sensor in ("beam_low", "arm"):
        plant.sense(end, sensor, BLOCKED)
    rig.run(1)
    plant.sense(end, "approach", BLOCKED)
    rig.run(2)
    assert phase(rig) == Phase.DEPARTING
    for sensor in ("beam_low", "arm"):
        plant.sense(end, sensor, CLEAR)
    plant.load(motion=False, far_in=True)
    assert not lowers(rig, 10)
    assert plant.booms[end].position == BoomPosition.OPEN
    # Who drives it out is out himself, and a green would be for whoever follows.
    assert rig.out.deck_lamps[end] == (Lamp.GREEN if back else Lamp.RED)
    plant.sense(end, "arm", BLOCKED)
    rig.run(2)
    plant.empty()
    plant.sense(end, "arm", CLEAR)
    assert lowers(rig, 3)


def test_after_a_restart_a_boom_that_stands_up_stays_so_beside_whoever_waits(rig: Rig) -> None:
    come(rig, End.ROAD)
    stop(rig)
    rig.run(1)
    rig.restart()
    rig.run_until(Phase.HOLDING, 10)
    assert not lowers(rig, 10)
    rig.request(RequestKind.RELEASE, end=End.YARD)
    rig.run_until(Phase.RELEASING, 2)
    assert not lowers(rig, 5)
    rig.plant.sense(End.ROAD, "approach", CLEAR)
    assert lowers(rig, 3)
