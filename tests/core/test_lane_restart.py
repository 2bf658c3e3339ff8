"""A lane that starts again in the middle of a passage, on the ideal plant."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import IMAGES, STAYS, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import PAPERS, board, rig, weigh
from test_lane_walks import PASSING, Walk

from controller.core.faults import Fault
from controller.core.images import InputImage, Stay, Weight
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Decision,
    Deck,
    End,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
)
from controller.core.lane import step
from controller.core.passage import Lane

__all__ = ["rig"]

SETTINGS = lane_settings()
ACCOUNTS = (RecordKind.PASSAGE, RecordKind.VOID)


def released(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)


def driven_up(rig: Rig, phase: Phase, seconds: float = 10) -> bool:
    """Run to a phase; whether any boom was driven upwards on the way."""
    for _ in range(int(seconds * 50)):
        if BoomCommand.RAISE in rig.scan().booms:
            return True
        if rig.lane.phase == phase:
            return False
    raise AssertionError(f"{rig.lane.phase.name}, wanted {phase.name}")


def kinds(rig: Rig) -> list[tuple[RecordKind, int]]:
    return [(kind, passage) for kind, passage, _ in rig.plant.records]


def test_a_released_truck_found_whole_is_held_in_its_own_passage(rig: Rig) -> None:
    released(rig)
    first = rig.plant.intents[0]
    rig.restart()
    assert not driven_up(rig, Phase.HOLDING)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.PASSAGE, 1), (RecordKind.AMENDMENT, 1)]
    amendment = rig.plant.intents[1]
    assert (amendment.part, amendment.refers_to, amendment.entry) == (2, 1, first.entry)
    assert amendment.reasons == ("found on deck at start",)
    assert rig.plant.ledger.permit is None
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 3)
    rig.run(8)
    assert rig.plant.intents[2].refers_to == 1
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN


@pytest.mark.parametrize("other", ["beam_low", "beam_high", "approach"])
def test_a_truck_under_the_boom_that_it_may_leave_by_drives_on(rig: Rig, other: str) -> None:
    released(rig)
    rig.run(8)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    for name in ("arm", other):
        rig.plant.sense(End.ROAD, name, Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.restart()
    assert not driven_up(rig, Phase.DEPARTING)
    # Its tail is less than any first zero, and zero is not set while it stands in the beams.
    rig.plant.weight = Weight(deck=Deck.UNKNOWN, since_us=rig.plant.now_us)
    rig.run(6)
    assert rig.lane.phase == Phase.DEPARTING
    rig.plant.empty()
    rig.run(2)
    for name in ("arm", other):
        rig.plant.sense(End.ROAD, name, Presence.CLEAR)
    rig.run_until(Phase.IDLE, 20)
    assert kinds(rig) == [(RecordKind.PASSAGE, 1)]


def test_a_loop_that_hangs_does_not_take_who_is_on_the_deck_for_who_was_let_go(rig: Rig) -> None:
    """The first one may have gone while the lane was dead, and another may have followed."""
    released(rig)
    rig.run(8)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.restart()
    assert not driven_up(rig, Phase.HOLDING)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.PASSAGE, 1), (RecordKind.AMENDMENT, 1)]


def test_who_is_found_coming_in_and_sent_back_has_not_moved_off_by_coming_in(rig: Rig) -> None:
    for name in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, name, Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    rig.request(RequestKind.SEND_BACK, end=End.ROAD)
    rig.run_until(Phase.RETURNING, 3)
    rig.run(6)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    for name in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, name, Presence.CLEAR)
    rig.run(3)
    assert rig.lane.phase == Phase.RETURNING
    for name in ("beam_low", "beam_high", "arm"):
        rig.plant.sense(End.ROAD, name, Presence.BLOCKED)
    rig.run_until(Phase.DEPARTING, 1)


@pytest.mark.parametrize(
    ("first", "then", "goes"), [("arm", "approach", True), ("approach", "arm", False)]
)
def test_who_is_found_and_let_go_by_one_in_the_beams_moves_off_over_the_loops(
    rig: Rig, first: str, then: str, goes: bool
) -> None:
    """Somebody on foot stays there; a trailer that still comes in is on the outer loop first."""
    for name in ("beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, name, Presence.BLOCKED)
    rig.plant.load()
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    rig.request(RequestKind.RELEASE, end=End.ROAD)
    rig.run_until(Phase.RELEASING, 3)
    rig.run(6)
    rig.plant.sense(End.ROAD, first, Presence.BLOCKED)
    rig.run(2)
    assert rig.lane.phase == Phase.RELEASING
    rig.plant.sense(End.ROAD, then, Presence.BLOCKED)
    rig.run(1)
    assert rig.lane.phase == (Phase.DEPARTING if goes else Phase.RELEASING)


def test_whom_only_a_moved_boom_let_go_is_not_told_to_pass_once_he_has_gone(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    rig.run(2)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 3)
    rig.request(RequestKind.RAISE_BOOM, end=End.ROAD)
    rig.run(1)
    assert kinds(rig)[-1] == (RecordKind.MANUAL_MOVE, 1)
    rig.plant.empty()
    rig.restart()
    rig.run_until(Phase.DEPARTING, 5)
    assert rig.out.sign.message == Message.CLOSED


def test_a_bad_cell_under_a_truck_that_leaves_stops_the_lane_after_a_start_too(rig: Rig) -> None:
    released(rig)
    rig.run(8)
    for name in ("arm", "beam_high"):
        rig.plant.sense(End.ROAD, name, Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.restart()
    assert not driven_up(rig, Phase.DEPARTING)
    rig.plant.weight = Weight(deck=Deck.UNKNOWN, since_us=rig.plant.now_us, bad_cells=(2,))
    rig.run(6)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.FAULTED, "blind")


def test_under_a_closed_boom_a_recorded_release_counts_no_more(rig: Rig) -> None:
    released(rig)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(30)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    assert kinds(rig)[-1] == (RecordKind.AMENDMENT, 1)


def test_a_truck_not_yet_recorded_keeps_its_passage_and_its_entry(rig: Rig) -> None:
    rig.plant.vehicle = PAPERS
    board(rig)
    rig.run(2)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.VOID, 1)]
    rig.request(RequestKind.SEND_BACK)
    rig.run_until(Phase.RETURNING, 3)
    assert rig.plant.intents[-1].permit == End.YARD


@pytest.mark.parametrize("recorded", [False, True])
def test_a_truck_that_left_while_the_lane_was_dead_has_one_account(
    rig: Rig, recorded: bool
) -> None:
    if recorded:
        released(rig)
    else:
        board(rig)
    rig.plant.empty()
    rig.restart()
    rig.run_until(Phase.IDLE, 30)
    assert len(kinds(rig)) == 1
    assert rig.plant.ledger.on_deck == 0
    if not recorded:
        assert rig.plant.intents[0].kind == RecordKind.VOID
        assert rig.plant.intents[0].reasons == ("gone at start",)
        assert rig.plant.intents[0].boarded_us is None


def test_another_truck_than_before_has_an_account_of_its_own(rig: Rig) -> None:
    released(rig)
    rig.plant.load(motion=False, indicated_g=15_000_000)
    rig.restart(600)
    rig.run_until(Phase.HOLDING, 5)
    rig.run(2)
    assert kinds(rig)[-1] == (RecordKind.VOID, 2)
    assert rig.plant.intents[-1].entry is None
    assert Fault.UNEXPECTED_LOAD in rig.out.alarms


def test_the_same_truck_with_another_zero_is_the_same_truck(rig: Rig) -> None:
    released(rig)
    rig.plant.load(motion=False, indicated_g=49_900_000)
    rig.restart()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(5)
    assert {passage for _, passage in kinds(rig)} == {1}


def test_who_comes_after_the_one_that_left_is_another(rig: Rig) -> None:
    """Gone at the start, and a stranger boards before the lane works: two intervals."""
    released(rig)
    rig.plant.empty()
    rig.restart()
    rig.run(0.5)
    assert rig.lane.phase == Phase.STARTING
    rig.plant.load(motion=True)
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.PASSAGE, 1), (RecordKind.VOID, 2)]


def test_who_comes_while_the_account_of_the_one_that_left_is_on_its_way_is_another(
    rig: Rig,
) -> None:
    board(rig)
    rig.plant.empty()
    rig.restart()
    rig.plant.ledger_answers = False
    rig.run(0.5)
    rig.plant.load(motion=True)
    rig.run(0.2)
    rig.plant.ledger_answers = True
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.VOID, 1), (RecordKind.VOID, 2)]


def test_nobody_boards_as_invited_by_a_lane_that_is_dead(rig: Rig) -> None:
    """The entry boom still stands up; whoever comes by it after the start was not asked in."""
    board(rig)
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    rig.plant.empty()
    rig.restart()
    rig.run_until(Phase.DEPARTING, 5)
    assert rig.plant.booms[End.YARD].position == BoomPosition.OPEN
    rig.plant.load(motion=True)
    rig.run_until(Phase.HOLDING, 5)
    rig.run(1)
    assert kinds(rig) == [(RecordKind.VOID, 1), (RecordKind.VOID, 2)]


def test_nobody_is_invited_before_the_disk_knows_that_the_deck_is_free(rig: Rig) -> None:
    rig.plant.ledger = replace(rig.plant.ledger, on_deck=3)
    rig.plant.ledger_answers = False
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run(3)
    assert rig.lane.phase == Phase.IDLE
    rig.plant.ledger_answers = True
    rig.run_until(Phase.APPROACH, 1)


def test_the_disk_hears_of_an_interval_from_boarding_until_it_is_accounted_for(rig: Rig) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    assert rig.out.on_deck == 0
    rig.plant.load(motion=True)
    rig.scan()
    assert rig.out.on_deck == 1
    rig.plant.ledger_answers = False
    rig.plant.empty()
    rig.plant.sense(End.YARD, "arm", Presence.BLOCKED)
    rig.run(3)
    assert rig.out.record is not None
    assert rig.out.on_deck == 1
    rig.plant.ledger_answers = True
    rig.run(1)
    assert rig.lane.phase == Phase.DEPARTING
    assert rig.out.on_deck == 0


@given(st.lists(IMAGES, min_size=1, max_size=8), STAYS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_whatever_the_disk_says_nothing_moves_while_the_lane_starts(
    images: list[InputImage], stay: Stay
) -> None:
    lane = Lane(since_us=images[0].now_us)
    for inputs in images:
        # As ``fact_at_start`` has it: no number is given again that the disk knows.
        following = max(inputs.ledger.next_passage_id, stay.passage_id + 1)
        ledger = replace(inputs.ledger, stay=stay, permit=None, next_passage_id=following)
        told = replace(inputs, ledger=ledger)
        lane, wanted = step(lane, told, SETTINGS)
        if lane.phase == Phase.STARTING:
            assert wanted.booms == (BoomCommand.HOLD, BoomCommand.HOLD)
            assert lane.passage is not None
            assert lane.passage.id >= stay.passage_id
        if wanted.record is not None and wanted.record.passage_id == stay.passage_id:
            assert wanted.record.part > stay.part
            assert not (stay.accounted and wanted.record.kind in ACCOUNTS)
        if lane.phase == Phase.DEPARTING and lane.outcome == "leaves as recorded":
            assert stay.leave_by is not None
            assert stay.decision in Decision


class _Mortal(Walk):
    """A walk in which the lane dies now and then, at any moment."""

    def take(self, step: str) -> None:
        super().take(step)
        if self.rng.random() < 0.25:
            self.rig.restart(self.rng.choice((0.02, 1.5, 40)))
            self.rig.run(self.rng.choice((0.02, 0.5, 5)))


@pytest.mark.parametrize("seed", range(30))
def test_every_interval_has_one_account_however_often_the_lane_dies(seed: int) -> None:
    walk = _Mortal(seed, PASSING)
    walk.end()
    accounts = Counter(passage for kind, passage in kinds(walk.rig) if kind in ACCOUNTS)
    assert max(accounts.values(), default=0) <= 1, "two accounts of one passage"
    assert len(accounts) >= walk.intervals, "an interval left no record"
