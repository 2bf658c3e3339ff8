"""Without a ledger that takes records nobody is let in or out; once it is back the lane goes on."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import board, weigh

from controller.core.faults import Fault
from controller.core.kinds import (
    BoomPosition,
    Deck,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
)


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def take_away(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)


def bring_back(rig: Rig) -> None:
    rig.plant.ledger_answers = True
    rig.plant.ledger = replace(rig.plant.ledger, ready=True)


def waiting(rig: Rig, kilograms: int = 48_000) -> None:
    """A truck on the deck whose decision cannot be stored."""
    board(rig)
    rig.run(4)
    take_away(rig)
    weigh(rig, kilograms)
    rig.run_until(Phase.LEDGER_AWAY, 10)


def closed(rig: Rig) -> bool:
    return all(boom.position == BoomPosition.CLOSED for boom in rig.plant.booms)


def kinds(rig: Rig) -> list[RecordKind]:
    return [kind for kind, _, _ in rig.plant.records]


def test_a_truck_on_the_deck_is_held_and_told_why(rig: Rig) -> None:
    waiting(rig)
    for _ in range(3):
        rig.run(400)
        assert rig.lane.phase == Phase.LEDGER_AWAY
        assert closed(rig)
        assert rig.out.sign.message == Message.NO_RECORDS
        assert Fault.LEDGER_AWAY in rig.out.alarms
        assert Lamp.GREEN not in (*rig.out.deck_lamps, *rig.out.approach_lamps)
    assert rig.plant.records == []


@pytest.mark.parametrize(
    ("kilograms", "then", "way"),
    [(48_000, Phase.RELEASING, End.YARD.other), (60_000, Phase.RETURNING, End.YARD)],
)
def test_when_it_is_back_the_record_is_stored_and_the_truck_goes_its_way(
    rig: Rig, kilograms: int, then: Phase, way: End
) -> None:
    waiting(rig, kilograms)
    entry = rig.lane.passage.entry if rig.lane.passage is not None else None
    assert entry is not None
    rig.run(30)
    bring_back(rig)
    rig.run_until(then, 5)
    rig.run(5)
    assert kinds(rig) == [RecordKind.PASSAGE]
    out = entry.other if then == Phase.RELEASING else entry
    assert rig.plant.booms[out].position == BoomPosition.OPEN
    assert rig.plant.booms[out.other].position == BoomPosition.CLOSED


def test_a_person_releases_nobody_without_a_record_either(rig: Rig) -> None:
    board(rig, ppm=400_000)
    weigh(rig, 48_000, None)
    rig.run_until(Phase.HOLDING, 12)
    rig.run(1)
    take_away(rig)
    rig.request(RequestKind.RELEASE)
    rig.run(60)
    assert rig.lane.phase == Phase.LEDGER_AWAY
    assert closed(rig)
    for _ in range(5):
        rig.request(RequestKind.RELEASE)
        rig.run(10)
    assert closed(rig)
    assert kinds(rig) == [RecordKind.PASSAGE]
    bring_back(rig)
    rig.run_until(Phase.RELEASING, 5)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.RELEASE]


def test_nobody_new_is_let_in(rig: Rig) -> None:
    take_away(rig)
    rig.run(1)
    assert rig.lane.phase == Phase.LEDGER_AWAY
    for end in End:
        rig.plant.sense(end, "approach", Presence.BLOCKED)
    rig.run(700)
    assert rig.lane.phase == Phase.LEDGER_AWAY
    assert closed(rig)
    assert rig.out.sign.message == Message.NO_RECORDS
    bring_back(rig)
    rig.run_until(Phase.APPROACH, 10)


def test_who_was_invited_but_has_not_come_finds_the_boom_down(rig: Rig) -> None:
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 2)
    rig.run(4)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    take_away(rig)
    rig.run_until(Phase.LEDGER_AWAY, 20)
    assert closed(rig)
    bring_back(rig)
    rig.run_until(Phase.APPROACH, 10)


def test_who_is_already_coming_on_the_deck_is_weighed_and_waits_there(rig: Rig) -> None:
    board(rig)
    take_away(rig)
    rig.run(4)
    weigh(rig, 48_000)
    rig.run_until(Phase.LEDGER_AWAY, 20)
    assert rig.lane.passage is not None
    assert rig.lane.passage.intent is not None
    assert rig.lane.passage.intent.weight is not None
    assert closed(rig)


def test_who_has_its_record_leaves_though_the_ledger_goes(rig: Rig) -> None:
    board(rig)
    rig.run(4)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 20)
    take_away(rig)
    rig.run(5)
    assert rig.lane.phase == Phase.RELEASING
    passage = rig.lane.passage
    assert passage is not None
    assert passage.leave_by is not None
    assert rig.plant.booms[passage.leave_by].position == BoomPosition.OPEN


def test_who_breaks_out_while_waiting_is_on_record_afterwards(rig: Rig) -> None:
    waiting(rig)
    rig.run(10)
    rig.plant.empty()
    rig.run(5)
    bring_back(rig)
    rig.run_until(Phase.IDLE, 60)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert rig.plant.intents[-1].reasons == ("left without release",)
    assert rig.plant.ledger.permit is None


def test_a_stranger_on_the_deck_is_an_interval_of_its_own(rig: Rig) -> None:
    take_away(rig)
    rig.run(1)
    rig.plant.load(deck=Deck.LOADED)
    rig.run(10)
    bring_back(rig)
    rig.run_until(Phase.HOLDING, 10)
    assert Fault.UNEXPECTED_LOAD in rig.out.alarms
    rig.run(1)
    assert kinds(rig) == [RecordKind.VOID]
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 60)


def test_a_stranger_that_has_gone_again_has_its_void(rig: Rig) -> None:
    take_away(rig)
    rig.run(1)
    rig.plant.load(deck=Deck.LOADED)
    rig.run(10)
    rig.plant.empty()
    rig.run(5)
    bring_back(rig)
    rig.run_until(Phase.IDLE, 60)
    assert kinds(rig) == [RecordKind.VOID]


def test_a_device_that_fails_meanwhile_is_no_way_round_it(rig: Rig) -> None:
    waiting(rig)
    rig.plant.estop = Presence.BLOCKED
    rig.run_until(Phase.EMERGENCY, 1)
    rig.plant.estop = Presence.CLEAR
    rig.request(RequestKind.RESET)
    rig.run(30)
    rig.run_until(Phase.FAULTED, 1)
    assert closed(rig)
    bring_back(rig)
    rig.run_until(Phase.HOLDING, 10)
    rig.run(2)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert rig.plant.ledger.permit is None
    assert closed(rig)


def test_a_record_that_is_stored_counts_though_there_is_no_room_for_another(rig: Rig) -> None:
    """A full disk keeps the next one out; whoever has its record leaves."""
    board(rig)
    rig.run(4)
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.plant.ledger_answers = False
    weigh(rig, 48_000)
    rig.run_until(Phase.LEDGER_AWAY, 20)
    rig.plant.ledger_answers = True
    rig.scan()
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.run_until(Phase.RELEASING, 1)


def test_a_ledger_that_says_nothing_is_another_alarm_than_one_that_refuses(rig: Rig) -> None:
    board(rig)
    rig.run(4)
    rig.plant.ledger_answers = False
    weigh(rig, 48_000)
    rig.run_until(Phase.LEDGER_AWAY, 20)
    assert Fault.LEDGER_SILENT in rig.out.alarms
    assert Fault.LEDGER_AWAY not in rig.out.alarms


def test_zero_is_looked_after_while_nobody_is_let_in(rig: Rig) -> None:
    take_away(rig)
    rig.run(1)
    rig.plant.weight = replace(rig.plant.weight, zero_ok=False, zero_offset_g=30_000)
    rig.run(1)
    assert rig.out.zero
    rig.plant.weight = replace(rig.plant.weight, zero_ok=True, zero_offset_g=0)
    bring_back(rig)
    rig.run_until(Phase.IDLE, 10)


def test_a_word_that_comes_with_the_stored_record_waits_for_its_own_turn(rig: Rig) -> None:
    """The record decides; who asks in that very scan has not asked a lane that holds."""
    waiting(rig, 60_000)
    bring_back(rig)
    rig.scan()
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RETURNING, 5)
    assert kinds(rig) == [RecordKind.PASSAGE]


def test_another_truck_behind_the_one_that_left_is_no_heir_to_its_record(rig: Rig) -> None:
    waiting(rig)
    rig.plant.empty()
    rig.run(0.5)
    rig.plant.load(weighing_id=2)
    rig.run(2)
    bring_back(rig)
    rig.run_until(Phase.HOLDING, 10)
    rig.run(3)
    assert closed(rig)
    assert rig.plant.ledger.permit is None
