"""Who did not come when the way was open is offered it again, ever more seldom."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import board, leave, rig, weigh

from controller.core.faults import Fault
from controller.core.kinds import End, Phase, Presence
from controller.core.passage import MISSED_MAX

__all__ = ["rig"]


def wait(rig: Rig, end: End = End.YARD) -> None:
    rig.plant.sense(end, "approach", Presence.BLOCKED)


def offered_s(rig: Rig, times: int) -> list[float]:
    """How long after the last offer was over each next one comes."""
    pauses: list[float] = []
    while len(pauses) < times:
        rig.run_until(Phase.APPROACH, 700)
        rig.run_until(Phase.DEPARTING, 70)
        over_us = rig.lane.since_us
        rig.run_until(Phase.APPROACH, 700)
        pauses.append((rig.lane.since_us - over_us) / 1e6)
    return pauses


@pytest.mark.parametrize(("end", "times"), [(End.YARD, 6), (End.ROAD, 2)])
def test_the_pauses_grow_up_to_a_limit(rig: Rig, end: End, times: int) -> None:
    wait(rig, end)
    pauses = [60, 120, 240, 480, 600, 600][:times]
    assert offered_s(rig, times) == pytest.approx(pauses, abs=0.1)


def test_who_is_still_there_after_a_minute_boards(rig: Rig) -> None:
    wait(rig)
    offered_s(rig, 1)
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)


def test_the_operator_hears_of_who_waits_and_did_not_come(rig: Rig) -> None:
    wait(rig)
    rig.run(59)
    assert Fault.DID_NOT_BOARD not in rig.out.alarms
    offered_s(rig, 1)
    for seconds in (1, 70, 100):
        rig.run(seconds)
        assert rig.out.alarms == (Fault.DID_NOT_BOARD,)
    rig.plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.run(70)
    assert (rig.lane.phase, rig.out.alarms) == (Phase.IDLE, ())


def test_another_one_begins_with_the_first_pause(rig: Rig) -> None:
    wait(rig)
    offered_s(rig, 3)
    rig.run_until(Phase.DEPARTING, 70)
    rig.plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.run(0.1)
    wait(rig)
    assert offered_s(rig, 1) == pytest.approx([60], abs=0.1)


def test_the_next_of_a_queue_need_not_wait_for_who_came_late(rig: Rig) -> None:
    """The loop is never clear between them."""
    wait(rig)
    rig.run_until(Phase.DEPARTING, 70)
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.run_until(Phase.BOARDING, 2)
    rig.run(2)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.plant.sense(End.YARD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.WEIGHING, 5)
    assert rig.out.alarms == ()
    weigh(rig, 48_000, None)
    rig.run_until(Phase.HOLDING, 20)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 30)
    rig.run_until(Phase.APPROACH, 1)
    assert rig.lane.passage is not None
    assert rig.lane.passage.entry == End.YARD


def test_the_other_end_goes_on_meanwhile(rig: Rig) -> None:
    wait(rig, End.YARD)
    rig.run_until(Phase.DEPARTING, 70)
    rig.run_until(Phase.IDLE, 10)
    board(rig, End.ROAD)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    leave(rig, End.YARD)
    rig.run_until(Phase.IDLE, 10)


def test_a_limit_that_is_shorter_counts(rig: Rig) -> None:
    rig = Rig(replace(lane_settings(), ignore_us_max=20_000_000))
    wait(rig)
    assert offered_s(rig, 2) == pytest.approx([20, 20], abs=0.1)


def test_a_loop_that_is_stuck_for_days_is_counted_no_further(rig: Rig) -> None:
    wait(rig)
    rig.run_until(Phase.APPROACH, 1)
    rig.lane = replace(rig.lane, missed=(MISSED_MAX, 0))
    assert offered_s(rig, 1) == pytest.approx([600], abs=0.1)
    assert rig.lane.missed == (MISSED_MAX, 0)
