"""Weighing with a bad cell: by a named word only, on record, and never judged by a rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rig import IMAGES, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import PAPERS, PLATE, board, leave, weigh

from controller.core.actions import NO_EVIDENCE
from controller.core.images import Degraded, InputImage, Mode, RecordIntent, Request
from controller.core.kinds import (
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
from controller.core.lane import step
from controller.core.passage import Lane
from controller.core.service import SITE_FILE
from controller.core.settings import SECOND

ALLOW, FORBID = RequestKind.ALLOW_DEGRADED, RequestKind.FORBID_DEGRADED
CLEAR = RequestKind.CLEAR_CELLS


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def ask(rig: Rig, kind: RequestKind, **about: object) -> None:
    rig.request(kind, **about)
    rig.scan()
    rig.run(0.1)


def settle(rig: Rig, weight_kg: int | None = 40_790) -> None:
    """The remaining cells have weighed the vehicle on the deck, or cannot."""
    found = Degraded(
        cells=(3,),
        settled_us=rig.plant.now_us,
        weight_g=None if weight_kg is None else 1000 * weight_kg,
        u95_g=None if weight_kg is None else 500_000,
        method="" if weight_kg is None else "lean",
        reason="no pair of cells is whole" if weight_kg is None else "",
    )
    rig.plant.load(status=WeighingStatus.DEGRADED, motion=False, bad_cells=(3,), degraded=found)


def weigh_degraded(rig: Rig, weight_kg: int | None = 40_790) -> RecordIntent:
    ask(rig, ALLOW)
    board(rig)
    rig.plant.vehicle = PAPERS
    settle(rig, weight_kg)
    rig.run_until(Phase.HOLDING, 12)
    return rig.plant.intents[-1]


def test_nobody_has_said_anything_so_it_is_off(rig: Rig) -> None:
    rig.run(2)
    assert not rig.out.degraded
    assert rig.plant.records == []


def test_a_word_counts_once_its_record_is_on_disk(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    ask(rig, ALLOW)
    rig.run(2)
    assert rig.out.record is not None
    assert not rig.out.degraded
    rig.plant.ledger_answers = True
    rig.run(0.1)
    assert rig.out.degraded
    (intent,) = rig.plant.intents
    assert (intent.kind, intent.service) == (RecordKind.SERVICE, ALLOW)
    assert (intent.who, intent.why) == ("operator 7", "tested")
    assert intent.permit is None


@pytest.mark.parametrize("missing", [{"who": ""}, {"why": ""}])
def test_an_anonymous_word_is_none(rig: Rig, missing: dict[str, object]) -> None:
    for kind in (ALLOW, CLEAR):
        ask(rig, kind, **missing)
    assert not rig.out.degraded
    assert rig.out.cells_cleared == 0
    assert rig.plant.records == []


def test_the_site_file_may_allow_it_and_a_person_forbid_it() -> None:
    rig = Rig(replace(lane_settings(), degraded_why="spare cell on order until 12-01"))
    rig.run_until(Phase.IDLE, 10)
    assert rig.out.degraded
    ask(rig, FORBID)
    assert not rig.out.degraded
    ask(rig, ALLOW)
    assert rig.out.degraded


def test_of_two_words_at_once_the_stricter_counts(rig: Rig) -> None:
    words = [Request(id=n, kind=k, who="a", why="b") for n, k in enumerate((ALLOW, FORBID))]
    rig.plant.requests = tuple(words)
    rig.scan()
    rig.run(0.1)
    assert not rig.out.degraded
    assert [intent.service for intent in rig.plant.intents] == [FORBID]


def test_a_vehicle_weighed_without_evidence_is_held_and_not_judged(rig: Rig) -> None:
    intent = weigh_degraded(rig)
    assert intent.kind == RecordKind.PASSAGE
    assert (intent.decision, intent.permit, intent.reasons) == (Decision.HOLD, None, (NO_EVIDENCE,))
    assert intent.plate == PLATE
    assert (intent.facts, intent.judgement) == (None, None)
    assert intent.mode == Mode(on=True, who="operator 7", why="tested")
    assert intent.weight is not None
    assert intent.weight.weight_g is None
    assert intent.weight.degraded is not None
    assert intent.weight.degraded.weight_g == 40_790_000
    assert rig.out.sign.message == Message.WAIT_FOR_OPERATOR
    assert rig.out.sign.gross_g is None
    rig.run(700)
    assert rig.lane.phase == Phase.HOLDING
    assert all(boom.position == BoomPosition.CLOSED for boom in rig.plant.booms)


def test_a_named_person_lets_it_out_and_the_record_says_without_evidence(rig: Rig) -> None:
    weigh_degraded(rig)
    rig.request(RequestKind.RELEASE, who="operator 9", why="papers seen")
    rig.run_until(Phase.RELEASING, 2)
    release = rig.plant.intents[-1]
    assert (release.kind, release.permit) == (RecordKind.RELEASE, End.ROAD)
    assert (release.who, release.why) == ("operator 9", "papers seen")
    assert NO_EVIDENCE in release.reasons
    assert release.judgement is None
    assert release.mode is not None
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)


def test_cells_that_give_no_weight_hold_the_vehicle_too(rig: Rig) -> None:
    intent = weigh_degraded(rig, None)
    assert intent.weight is not None
    assert intent.weight.degraded is not None
    assert intent.weight.degraded.reason == "no pair of cells is whole"


def test_what_a_rule_said_of_an_earlier_weight_does_not_stand_beside_it(rig: Rig) -> None:
    ask(rig, ALLOW)
    board(rig)
    weigh(rig, 30_000)
    rig.run_until(Phase.RELEASING, 12)
    weight = rig.plant.weight
    moved = replace(weight, status=WeighingStatus.UNSTABLE, withdrawn=Withdrawal.ROCKING)
    rig.plant.weight = moved
    rig.run_until(Phase.WEIGHING, 2)
    settle(rig)
    rig.run_until(Phase.HOLDING, 12)
    intent = rig.plant.intents[-1]
    assert (intent.kind, intent.reasons) == (RecordKind.AMENDMENT, (NO_EVIDENCE,))
    assert (intent.facts, intent.judgement, intent.tare_seq) == (None, None, None)


def test_no_confirmed_plate_turns_it_into_a_judgement(rig: Rig) -> None:
    """Not even when the cells are forgotten and a weight of the whole deck stands."""
    weigh_degraded(rig)
    ask(rig, CLEAR)
    weigh(rig, 40_790)
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.scan()
    rig.run(5)
    assert rig.lane.phase == Phase.HOLDING
    assert {intent.judgement for intent in rig.plant.intents} == {None}


@pytest.mark.parametrize("status", [WeighingStatus.DEGRADED, WeighingStatus.CELL_FAULT])
def test_a_cell_that_dies_under_an_accepted_weight_takes_the_permit_back(
    rig: Rig, status: WeighingStatus
) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    found = Degraded(cells=(3,)) if status == WeighingStatus.DEGRADED else None
    rig.plant.weight = replace(rig.plant.weight, status=status, degraded=found)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(1)
    assert rig.plant.records[-1] == (RecordKind.AMENDMENT, 1, None)


def test_a_settled_estimate_of_another_vehicle_is_not_this_one_s(rig: Rig) -> None:
    ask(rig, ALLOW)
    board(rig)
    settle(rig)
    old = rig.plant.weight.degraded
    assert old is not None
    before = replace(old, settled_us=rig.lane.passage.boarded_us - 1)  # type: ignore[union-attr,operator]
    rig.plant.weight = replace(rig.plant.weight, degraded=before)
    rig.run(10)
    assert rig.lane.phase == Phase.WEIGHING


def test_cell_faults_are_forgotten_by_name_and_only_at_rest(rig: Rig) -> None:
    board(rig)
    ask(rig, CLEAR)
    assert rig.out.cells_cleared == 0
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)
    ask(rig, CLEAR, why="cell 3 wired again")
    intent = rig.plant.intents[-1]
    assert (intent.service, intent.why) == (CLEAR, "cell 3 wired again")
    assert rig.out.cells_cleared == intent.passage_id > 0
    rig.run(1)
    assert rig.out.cells_cleared == intent.passage_id


def test_a_word_in_between_takes_no_number_from_a_passage(rig: Rig) -> None:
    ask(rig, ALLOW)
    board(rig)
    ask(rig, FORBID)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)
    numbers = [(intent.passage_id, intent.part) for intent in rig.plant.intents]
    assert numbers == [(1, 1), (3, 1), (2, 1)]


def test_a_word_that_waits_for_the_ledger_keeps_its_number(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    ask(rig, ALLOW)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    assert rig.out.record is not None
    assert rig.out.record.passage_id != rig.out.passage_id


def test_a_weight_that_comes_along_with_the_estimate_is_not_recorded(rig: Rig) -> None:
    ask(rig, ALLOW)
    board(rig)
    rig.plant.vehicle = PAPERS
    settle(rig)
    rig.plant.weight = replace(rig.plant.weight, weight_g=40_000_000, u95_g=9_000)
    rig.run_until(Phase.HOLDING, 12)
    recorded = rig.plant.intents[-1].weight
    assert recorded is not None
    assert (recorded.weight_g, recorded.u95_g) == (None, None)


WORDS = st.lists(IMAGES, min_size=1, max_size=10)


@given(WORDS, st.sampled_from(Phase))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_whatever_comes_a_weight_without_evidence_is_never_judged(
    images: list[InputImage], phase: Phase
) -> None:
    allowed = replace(lane_settings(), degraded_why="any")
    lane = Lane(since_us=images[0].now_us, phase=phase)
    for inputs in images:
        lane, out = step(lane, inputs, allowed)
        intent = out.record
        if intent is None or intent.mode is None:
            continue
        assert intent.weight is not None
        assert intent.weight.weight_g is None
        assert intent.judgement is None
        assert intent.permit is None or intent.who
        assert intent.decision == Decision.HOLD or intent.who
        assert intent.mode.who in (SITE_FILE, "operator 7")


@given(st.integers(-5 * SECOND, 5 * SECOND), st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_accepted_weight_beside_the_remaining_cells_is_not_taken(
    offset_us: int, informed: bool
) -> None:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    ask(rig, ALLOW)
    board(rig)
    rig.plant.vehicle = PAPERS if informed else None
    weigh(rig, 48_000)
    found = Degraded(cells=(1,), settled_us=rig.plant.now_us + offset_us, weight_g=48_000_000)
    rig.plant.weight = replace(rig.plant.weight, degraded=found)
    rig.run(8)
    assert rig.lane.phase != Phase.RELEASING
    assert all(intent.judgement is None for intent in rig.plant.intents)
