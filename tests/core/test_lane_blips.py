"""A load that is gone within a second is nobody, whatever the lane is doing meanwhile."""

from __future__ import annotations

import pytest
from lane_rig import STOPPING, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import board, rig, weigh

from controller.core.faults import Fault
from controller.core.kinds import Deck, End, Phase, Presence, RecordKind, RequestKind
from controller.core.kinds import WeighingStatus as Status

__all__ = ["rig"]

SHORT_S, LONG_S = 0.8, 1.2


def blip(rig: Rig, seconds: float, **weight: object) -> None:
    """A step of a walker, or a few wild samples; of longer ones, somebody."""
    rig.plant.load(**weight)
    rig.run(seconds)
    rig.plant.empty()
    rig.run(1.5)


def left(rig: Rig) -> list[RecordKind]:
    """A passage whose vehicle has left the deck and stands in the beams still; its records."""
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(8)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.plant.empty()
    rig.run(2)
    assert rig.lane.phase == Phase.DEPARTING
    return kinds(rig)


def kinds(rig: Rig) -> list[RecordKind]:
    return [kind for kind, _, _ in rig.plant.records]


def fail(rig: Rig) -> None:
    rig.plant.faults = (STOPPING,)
    rig.run_until(Phase.FAULTED, 1)


def mend(rig: Rig) -> None:
    rig.plant.faults = ()


@pytest.mark.parametrize(("seconds", "more"), [(SHORT_S, 0), (LONG_S, 1)])
def test_behind_who_has_left_a_stopped_lane(rig: Rig, seconds: float, more: int) -> None:
    before = left(rig)
    fail(rig)
    blip(rig, seconds)
    assert kinds(rig) == [*before, *[RecordKind.VOID] * more]


@pytest.mark.parametrize(("seconds", "more"), [(SHORT_S, 0), (LONG_S, 1)])
def test_behind_who_has_left_a_lane_by_hand(rig: Rig, seconds: float, more: int) -> None:
    before = left(rig)
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    blip(rig, seconds)
    assert kinds(rig) == [*before, *[RecordKind.VOID] * more]


@pytest.mark.parametrize(("seconds", "more"), [(SHORT_S, 0), (LONG_S, 1)])
def test_who_works_by_hand_and_steps_on_the_deck(rig: Rig, seconds: float, more: int) -> None:
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    rig.run(1)
    blip(rig, seconds)
    assert kinds(rig) == [RecordKind.VOID] * more


@pytest.mark.parametrize(("seconds", "more"), [(SHORT_S, 0), (LONG_S, 1)])
def test_before_who_waits_as_the_lane_stops(rig: Rig, seconds: float, more: int) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    fail(rig)
    blip(rig, seconds)
    assert kinds(rig) == [RecordKind.VOID] * more
    mend(rig)
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == [RecordKind.VOID] * more


def hide(rig: Rig, status: Status) -> None:
    """A cell is named bad, so that the deck is unknown; the others feel a vehicle, or none."""
    rig.plant.load(deck=Deck.UNKNOWN, status=status, bad_cells=(7,))


def bid(rig: Rig) -> None:
    """Somebody is bidden onto the deck as a cell fails."""
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    hide(rig, Status.IDLE)
    rig.run(1)


@pytest.mark.parametrize(("seconds", "more"), [(SHORT_S, 0), (LONG_S, 1)])
def test_who_comes_on_as_a_cell_fails_and_goes_again(rig: Rig, seconds: float, more: int) -> None:
    bid(rig)
    rig.run_until(Phase.FAULTED, 3)
    for _ in range(2 - more):
        hide(rig, Status.CELL_FAULT)
        rig.run(seconds)
        hide(rig, Status.IDLE)
        rig.run(0.1)
    assert rig.plant.ledger.on_deck == more
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == [RecordKind.VOID] * more
    assert not rig.plant.ledger.on_deck


@pytest.mark.parametrize(("seconds", "there"), [(SHORT_S, 0), (LONG_S, 1)])
def test_who_is_on_the_deck_as_the_lane_stops_for_a_bad_cell(
    rig: Rig, seconds: float, there: int
) -> None:
    bid(rig)
    hide(rig, Status.CELL_FAULT)
    rig.run(seconds)
    assert (rig.lane.phase, rig.plant.ledger.on_deck) == (Phase.APPROACH, 0)
    fail(rig)
    rig.run(0.1)
    assert rig.plant.ledger.on_deck == there


def test_on_a_deck_that_says_nothing_at_all_nobody_is_felt(rig: Rig) -> None:
    bid(rig)
    rig.plant.load(deck=Deck.UNKNOWN, status=Status.CELL_FAULT)
    fail(rig)
    rig.run(5)
    assert rig.plant.ledger.on_deck == 0


def test_a_load_as_the_lane_recovers_is_not_the_one_that_has_left(rig: Rig) -> None:
    """Its interval is another, and its record, too, however soon the lane works again."""
    before = left(rig)
    fail(rig)
    mend(rig)
    rig.run(1.9)
    rig.plant.load()
    rig.run_until(Phase.HOLDING, 3)
    rig.run(0.1)
    assert kinds(rig) == [*before, RecordKind.VOID]
    assert rig.plant.intents[-1].passage_id == 2
    assert Fault.UNEXPECTED_LOAD in rig.out.alarms


def test_a_load_as_the_lane_recovers_holds_nothing_if_it_goes(rig: Rig) -> None:
    before = left(rig)
    fail(rig)
    mend(rig)
    rig.run(1.9)
    blip(rig, SHORT_S)
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == before


def test_a_load_as_the_lane_starts_holds_nothing_if_it_goes() -> None:
    rig = Rig(lane_settings())
    rig.run(0.9)
    assert rig.lane.phase == Phase.STARTING
    blip(rig, SHORT_S)
    rig.run_until(Phase.IDLE, 10)
    assert kinds(rig) == []


def test_behind_who_has_left_without_a_ledger(rig: Rig) -> None:
    """The decision that is stored is of the one who has left, and goes for nobody else."""
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.run_until(Phase.LEDGER_AWAY, 1)
    blip(rig, LONG_S)
    assert kinds(rig) == [RecordKind.VOID]
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.plant.load(deck=Deck.LOADED)
    rig.run(0.1)
    assert rig.lane.phase == Phase.LEDGER_AWAY


@pytest.mark.parametrize(("seconds", "held"), [(SHORT_S, False), (LONG_S, True)])
def test_as_the_boom_has_come_down_behind_who_left(rig: Rig, seconds: float, held: bool) -> None:
    before = left(rig)
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    rig.run(6)
    rig.plant.load()
    rig.run(seconds)
    assert Phase(rig.lane.phase) == (Phase.HOLDING if held else Phase.DEPARTING)
    rig.plant.empty()
    rig.plant.sense(End.YARD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.IDLE, 30)
    assert (len(kinds(rig)) > len(before)) == held


def test_behind_who_would_not_come(rig: Rig) -> None:
    """A walker over the deck of a lane that closes again has not boarded for him."""
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run_until(Phase.DEPARTING, 70)
    blip(rig, SHORT_S, status=Status.IDLE)
    rig.run_until(Phase.IDLE, 30)
    assert kinds(rig) == []


@pytest.mark.parametrize(
    ("lying", "boards"),
    [
        (["beam_low"], False),
        (["beam_low", "beam_high"], False),
        (["arm"], False),
        (["arm", "beam_low"], True),
    ],
)
def test_people_before_who_waits_board_by_no_one_sensor(
    rig: Rig, lying: list[str], boards: bool
) -> None:
    """A loop does not tell of people, so what it and a beam tell of together is a vehicle."""
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    for sensor in lying:
        rig.plant.sense(End.YARD, sensor, Presence.BLOCKED)
    rig.plant.load(status=Status.IDLE)
    rig.run(2)
    assert (Phase(rig.lane.phase) == Phase.BOARDING) == boards


@pytest.mark.parametrize(("beam_high", "boards"), [("CLEAR", False), ("UNKNOWN", True)])
def test_a_beam_that_says_nothing_makes_no_vehicle_beside_one_that_is_clear(
    rig: Rig, beam_high: str, boards: bool
) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.plant.sense(End.YARD, "arm", Presence.BLOCKED)
    rig.plant.sense(End.YARD, "beam_low", Presence.UNKNOWN)
    rig.plant.sense(End.YARD, "beam_high", Presence[beam_high])
    rig.plant.load(status=Status.IDLE)
    rig.run(2)
    assert (Phase(rig.lane.phase) == Phase.BOARDING) == boards


def test_who_would_not_come_and_comes_after_all_boards(rig: Rig) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run_until(Phase.DEPARTING, 70)
    rig.plant.load()
    rig.run(0.1)
    assert rig.lane.passage is not None
    assert Phase.BOARDING in [phase for phase, _ in rig.lane.passage.timeline]


def test_who_stays_on_the_deck_of_a_lane_that_closes_again_has_a_record(rig: Rig) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run_until(Phase.DEPARTING, 70)
    blip(rig, LONG_S, status=Status.IDLE)
    assert kinds(rig) == [RecordKind.VOID]
