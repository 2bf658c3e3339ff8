"""A loose wire says for a moment what is not so: nothing begins by that."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from test_lane_passages import board, weigh

from controller.core.images import Boom
from controller.core.kinds import BoomPosition, End, Phase, Presence, RecordKind


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def phase(rig: Rig) -> Phase:
    return Phase(rig.lane.phase)


def pulse(rig: Rig, end: End, sensor: str, seconds: float) -> None:
    """Let a sensor say BLOCKED for so long."""
    rig.plant.sense(end, sensor, Presence.BLOCKED)
    rig.run(seconds)
    rig.plant.sense(end, sensor, Presence.CLEAR)


def test_a_pulse_of_the_approach_loop_is_no_vehicle(rig: Rig) -> None:
    pulse(rig, End.YARD, "approach", 0.1)
    rig.run(0.5)
    assert phase(rig) == Phase.IDLE
    pulse(rig, End.YARD, "approach", 0.3)
    assert phase(rig) == Phase.APPROACH


def test_a_pulse_of_a_limit_switch_is_no_boom_moved_by_hand(rig: Rig) -> None:
    closed = rig.plant.booms[End.ROAD]
    for _ in range(20):
        rig.plant.booms[End.ROAD] = Boom(BoomPosition.BETWEEN, rig.plant.now_us, closed.raised_us)
        rig.run(0.1)
        rig.plant.booms[End.ROAD] = Boom(BoomPosition.CLOSED, rig.plant.now_us, closed.raised_us)
        rig.run(0.1)
    assert phase(rig) == Phase.IDLE
    assert rig.plant.records == []


@pytest.mark.parametrize("sensor", ["arm", "beam_low"])
def test_a_pulse_under_the_boom_is_no_vehicle_that_moves_off(rig: Rig, sensor: str) -> None:
    board(rig)
    weigh(rig, 60_000)
    rig.run_until(Phase.RETURNING, 12)
    rig.run(6)
    for end in End:
        pulse(rig, end, sensor, 0.1)
        rig.run(0.3)
        assert phase(rig) == Phase.RETURNING
    rig.plant.sense(End.YARD, "beam_high", Presence.BLOCKED)
    pulse(rig, End.YARD, "arm", 0.3)
    assert phase(rig) == Phase.DEPARTING
    assert [kind for kind, *_ in rig.plant.records] == [RecordKind.PASSAGE]
