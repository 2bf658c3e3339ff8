"""The green of who was let go is not for who follows, though the boom has to stay up."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from test_lane_passages import board, weigh

from controller.core.kinds import BoomPosition, End, Lamp, Phase, Presence


@pytest.fixture
def rig() -> Rig:
    """A lane whose vehicle was let go, and stands with its front on the loop under the boom."""
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    board(rig)
    weigh(rig, 30_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(6)
    for sensor in ("beam_low", "arm"):
        rig.plant.sense(End.ROAD, sensor, Presence.BLOCKED)
    rig.run(1)
    assert rig.lane.phase == Phase.DEPARTING
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    return rig


def flaps(rig: Rig, state: Presence, times: int) -> list[Lamp]:
    """The loop under the boom says this and nothing by turns, 0.3 s each; the lamp in each scan."""
    seen = []
    for now in (state, Presence.UNKNOWN) * times:
        rig.plant.sense(End.ROAD, "arm", now)
        for _ in range(15):
            rig.scan()
            seen.append(rig.out.deck_lamps[End.ROAD])
    return seen


def test_a_loop_that_flaps_keeps_the_boom_up_but_not_the_green(rig: Rig) -> None:
    flaps(rig, Presence.CLEAR, 1)
    assert set(flaps(rig, Presence.CLEAR, 5)) == {Lamp.RED}
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    assert set(flaps(rig, Presence.BLOCKED, 2)) == {Lamp.RED}


def test_who_stands_on_a_loop_that_flaps_has_his_green(rig: Rig) -> None:
    assert set(flaps(rig, Presence.BLOCKED, 5)) == {Lamp.GREEN}


def test_an_approach_loop_that_hangs_on_keeps_the_boom_up_but_not_the_green(rig: Rig) -> None:
    """The trailer of a train may stand on it, whose drawbar nothing sees; its driver is out."""
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run(1)
    rig.plant.sense(End.ROAD, "arm", Presence.CLEAR)
    rig.run(3)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert rig.out.deck_lamps[End.ROAD] == Lamp.RED
