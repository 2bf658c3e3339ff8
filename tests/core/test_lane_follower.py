"""Who has followed one that was let go does not pass for that one, whatever keeps the boom up."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import board, weigh

from controller.core.faults import Fault
from controller.core.kinds import (
    BoomPosition,
    End,
    Lamp,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
)

BLOCKED, CLEAR, UNKNOWN = Presence.BLOCKED, Presence.CLEAR, Presence.UNKNOWN
ANOTHER, THE_SAME = ("unexpected load", 2), ("did not clear", 1)
Step = tuple[End, str, Presence]


@pytest.fixture
def rig() -> Rig:
    """A lane whose vehicle was let go, and stands with its front on the loop under the boom."""
    return let_go("beam_low", "beam_high", "arm")


def let_go(*felt_by: str) -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    board(rig)
    rig.plant.sense(End.YARD, "arm", CLEAR)
    weigh(rig, 30_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(6)
    see(rig, *at_exit(BLOCKED, *felt_by))
    assert rig.lane.phase == Phase.DEPARTING
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    return rig


def see(rig: Rig, *steps: Step) -> None:
    """Sensors change one after the other, half a second apart."""
    for end, name, state in steps:
        rig.plant.sense(end, name, state)
        rig.run(0.5)


def at_exit(state: Presence, *names: str) -> tuple[Step, ...]:
    return tuple((End.ROAD, name, state) for name in names)


def at_entry(*steps: tuple[str, Presence]) -> tuple[Step, ...]:
    return tuple((End.YARD, name, state) for name, state in steps)


def held_for(rig: Rig) -> tuple[str, int]:
    """Why the lane holds whoever is on the deck when the time is over, as which passage."""
    rig.plant.load(motion=False)
    rig.run_until(Phase.HOLDING, 130)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    passage = rig.lane.passage
    assert passage is not None
    return rig.lane.outcome, passage.id


SOMEBODY_STAYS = at_exit(BLOCKED, "beam_high")
COMES_IN = at_entry(("approach", BLOCKED), ("arm", BLOCKED), ("approach", CLEAR), ("arm", CLEAR))
BACKS_OFF = at_entry(("approach", BLOCKED), ("arm", BLOCKED), ("arm", CLEAR), ("approach", CLEAR))
WAITS_BEHIND = at_entry(("approach", BLOCKED))
GOES = at_exit(CLEAR, "beam_low", "beam_high", "arm")


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        ((), THE_SAME),
        (COMES_IN, ANOTHER),
        (BACKS_OFF, THE_SAME),
        ((*COMES_IN, *WAITS_BEHIND), ANOTHER),
        (BACKS_OFF[:-1], THE_SAME),
        ((*COMES_IN, (End.YARD, "approach", UNKNOWN), (End.YARD, "approach", CLEAR)), THE_SAME),
        ((*GOES, *SOMEBODY_STAYS), ANOTHER),
        ((*GOES, *at_exit(BLOCKED, "approach", "beam_high")), ANOTHER),
        ((*at_exit(BLOCKED, "approach"), *GOES, *SOMEBODY_STAYS), THE_SAME),
        ((*at_exit(BLOCKED, "approach"), *GOES, *COMES_IN), ANOTHER),
    ],
    ids=[
        "stands-at-the-exit",
        "exit-loop-hangs-and-one-comes-in",
        "exit-loop-hangs-and-one-backs-off",
        "exit-loop-hangs-one-comes-in-and-one-waits",
        "exit-loop-hangs-and-one-backs-off-and-waits",
        "exit-loop-hangs-and-nobody-knows-which-way",
        "is-out-and-somebody-stands-in-the-beam",
        "is-out-and-one-comes-there",
        "a-train-may-stand-across-the-exit",
        "stands-outside-and-one-comes-in",
    ],
)
def test_who_is_on_the_deck_when_the_time_is_over(
    rig: Rig, steps: tuple[Step, ...], held: tuple[str, int]
) -> None:
    see(rig, *steps)
    assert held_for(rig) == held


GOES_OUT = (
    *at_exit(BLOCKED, "approach"),
    *at_exit(CLEAR, "beam_low", "beam_high"),
    *SOMEBODY_STAYS,
    *at_exit(CLEAR, "arm", "approach"),
)
COMES_BACK = (*GOES_OUT[:-2], *at_exit(CLEAR, "approach", "arm"))


def test_behind_one_who_was_seen_to_go_another_is_held_at_once(rig: Rig) -> None:
    see(rig, *GOES_OUT)
    rig.plant.load(motion=True)
    rig.run_until(Phase.HOLDING, 3)
    passage = rig.lane.passage
    assert passage is not None
    assert (rig.lane.outcome, passage.id) == ANOTHER
    assert rig.out.deck_lamps[End.ROAD] == Lamp.RED
    see(rig, *at_exit(CLEAR, "beam_high"))
    rig.run(10)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_where_the_loop_under_the_boom_hangs_the_beams_tell_that_he_is_gone(rig: Rig) -> None:
    see(rig, *GOES_OUT[:3], *at_exit(CLEAR, "approach"))
    rig.plant.load(motion=True)
    rig.run_until(Phase.HOLDING, 3)
    assert rig.lane.passage is not None
    assert (rig.lane.outcome, rig.lane.passage.id) == ANOTHER


@pytest.mark.parametrize("two", [True, False])
def test_where_the_outer_loop_hangs_the_second_of_two_is_told_as_he_has_come_in(
    rig: Rig, two: bool
) -> None:
    see(rig, *at_exit(BLOCKED, "approach"), *COMES_IN, *GOES)
    status = WeighingStatus.TAILGATE if two else WeighingStatus.RUNNING
    rig.plant.weight = replace(rig.plant.weight, status=status)
    rig.run(3)
    assert (rig.lane.phase == Phase.HOLDING) == two


def test_who_comes_back_from_before_the_boom_is_no_other(rig: Rig) -> None:
    see(rig, *COMES_BACK)
    rig.plant.load(motion=True)
    rig.run(10)
    assert rig.lane.phase == Phase.DEPARTING


def test_who_is_held_as_another_leaves_on_a_record_of_his_own(rig: Rig) -> None:
    see(rig, *GOES, *SOMEBODY_STAYS)
    assert held_for(rig) == ANOTHER
    assert Fault.UNEXPECTED_LOAD in rig.out.alarms
    see(rig, *at_exit(CLEAR, "beam_high"))
    rig.run(5)
    rig.request(RequestKind.RELEASE, end=End.ROAD)
    rig.run_until(Phase.RELEASING, 2)
    assert [(kind, passage) for kind, passage, _ in rig.plant.records] == [
        (RecordKind.PASSAGE, 1),
        (RecordKind.VOID, 2),
        (RecordKind.RELEASE, 2),
    ]


def test_who_comes_while_a_record_is_owed_of_who_has_left_waits_for_it() -> None:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    board(rig)
    rig.plant.ledger_answers = False
    rig.plant.empty()
    rig.run_until(Phase.DEPARTING, 3)
    rig.plant.load(motion=False)
    rig.run_until(Phase.FAULTED, 130)
    assert Fault.LEDGER_SILENT in rig.out.alarms
    rig.plant.ledger_answers = True
    rig.run_until(Phase.HOLDING, 10)
    rig.run(1)
    assert [(kind, passage) for kind, passage, _ in rig.plant.records] == [
        (RecordKind.VOID, 1),
        (RecordKind.VOID, 2),
    ]


@pytest.mark.parametrize(
    ("steps", "lamp"),
    [
        (at_exit(CLEAR, "beam_low"), Lamp.GREEN),
        (at_exit(CLEAR, "beam_low", "beam_high"), Lamp.RED),
        (at_exit(CLEAR, "arm"), Lamp.RED),
        (at_exit(UNKNOWN, "arm"), Lamp.GREEN),
    ],
    ids=["still-in-a-beam", "loop-hangs", "beams-hang", "loop-says-nothing"],
)
def test_the_green_ends_with_who_is_by_though_a_sensor_hangs(
    rig: Rig, steps: tuple[Step, ...], lamp: Lamp
) -> None:
    see(rig, *steps)
    rig.run(1.2)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert rig.out.deck_lamps[End.ROAD] == lamp


def test_who_has_been_in_one_beam_only_is_not_by() -> None:
    rig = let_go("beam_low", "arm")
    see(rig, *at_exit(CLEAR, "beam_low"))
    rig.run(1.2)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN


def test_the_gap_behind_a_cab_does_not_end_the_green(rig: Rig) -> None:
    for name in ("beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, name, CLEAR)
    rig.run(1.4)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    rig.run(0.2)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.RED


def test_who_backs_out_has_his_green_until_he_is_out() -> None:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    board(rig)
    weigh(rig, 60_000)
    rig.run_until(Phase.RETURNING, 12)
    rig.run(6)
    beams = ("beam_low", "beam_high")
    see(rig, *at_entry(*((name, BLOCKED) for name in (*beams, "arm"))))
    see(rig, *at_entry(*((name, CLEAR) for name in beams)))
    rig.run(2)
    assert rig.lane.phase == Phase.DEPARTING
    assert rig.out.deck_lamps[End.YARD] == Lamp.GREEN
