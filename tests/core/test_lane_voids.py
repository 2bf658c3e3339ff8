"""A passage that a named person voids: on record with its weight, and let go by a person only."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings
from test_lane_passages import PAPERS, board, leave, weigh

from controller.core.intents import VOIDED
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Decision,
    End,
    Lamp,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
)

VOID = RequestKind.VOID


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def ask(rig: Rig, kind: RequestKind = VOID, **about: object) -> None:
    rig.request(kind, **about)
    rig.scan()


def kinds(rig: Rig) -> list[tuple[RecordKind, int, int]]:
    return [(one.kind, one.passage_id, one.part) for one in rig.plant.intents]


def held(rig: Rig, ppm: int = 700_000) -> Rig:
    """A lawful vehicle, weighed, whose plate nobody has confirmed yet."""
    board(rig, ppm=ppm)
    weigh(rig, 48_000)
    rig.run_until(Phase.HOLDING, 60)
    return rig


def stays(rig: Rig, seconds: float) -> bool:
    """Whether the lane holds for so long: no green, the far boom stays, the near one comes down."""
    for _ in range(int(seconds * 50)):
        out = rig.scan()
        green = Lamp.GREEN in (*out.deck_lamps, *out.approach_lamps)
        if green or out.booms[End.ROAD] != BoomCommand.HOLD:
            return False
    closed = all(boom.position == BoomPosition.CLOSED for boom in rig.plant.booms)
    return closed and rig.lane.phase == Phase.HOLDING


def test_a_passage_under_way_is_voided_with_its_weight_and_held(rig: Rig) -> None:
    board(rig, ppm=700_000)
    weigh(rig, 48_000)
    rig.run_until(Phase.CONFIRMING, 12)
    ask(rig, passage_id=1, who="L. Chen", why="a test truck")
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.HOLDING, VOIDED)
    (intent,) = rig.plant.intents
    assert (intent.kind, intent.part, intent.permit) == (RecordKind.VOID, 1, None)
    assert (intent.who, intent.why, intent.reasons) == ("L. Chen", "a test truck", (VOIDED,))
    assert intent.weight is not None
    assert intent.weight.weight_g == 48_000_000
    assert stays(rig, 30)


def test_no_rule_lets_a_voided_vehicle_go_whatever_plate_is_confirmed(rig: Rig) -> None:
    held(rig)
    ask(rig, passage_id=1)
    rig.run(0.1)
    assert rig.plant.intents[-1].kind == RecordKind.VOID
    ask(rig, RequestKind.CONFIRM_PLATE, plate=PAPERS.plate)
    assert stays(rig, 5)
    rig.restart()
    rig.plant.vehicle = PAPERS
    rig.run_until(Phase.HOLDING, 20)
    weigh(rig, 48_000)
    rig.run(1)
    ask(rig, RequestKind.CONFIRM_PLATE, plate=PAPERS.plate)
    assert stays(rig, 5)
    voids = kinds(rig)
    ask(rig, passage_id=1)
    rig.run(0.2)
    assert kinds(rig) == voids


def test_a_person_lets_it_go_and_no_later_record_has_its_weight_again(rig: Rig) -> None:
    held(rig)
    first = rig.plant.intents[0]
    assert first.weight is not None
    ask(rig, passage_id=1)
    rig.run(0.1)
    ask(rig, RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 2)
    void, release = rig.plant.intents[-2:]
    assert (void.kind, void.weight) == (RecordKind.VOID, first.weight)
    assert (release.kind, release.weight, release.judgement) == (RecordKind.RELEASE, None, None)
    assert release.decision == Decision.RELEASE
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)


def test_a_void_says_which_passage_and_once_is_enough(rig: Rig) -> None:
    held(rig)
    before = kinds(rig)
    for passage_id in (None, 2, 99):
        ask(rig, passage_id=passage_id)
        rig.run(0.2)
    assert kinds(rig) == before
    for _ in range(3):
        ask(rig, passage_id=1)
        rig.run(0.2)
    assert [kind for kind, *_ in kinds(rig)[len(before) :]] == [RecordKind.VOID]


def test_who_is_on_the_deck_as_the_lane_starts_is_voided_once_it_has_taken_him_up(
    rig: Rig,
) -> None:
    held(rig)
    assert rig.plant.ledger.on_deck == 1
    before = kinds(rig)
    rig.restart()
    ask(rig, passage_id=1)
    assert rig.lane.recall is None
    rig.run_until(Phase.HOLDING, 10)
    rig.run(1)
    for _ in range(2):
        ask(rig, passage_id=1)
        rig.run(0.5)
    assert [kind for kind, *_ in kinds(rig)[len(before) :]].count(RecordKind.VOID) == 1


@pytest.mark.parametrize("missing", [{"who": ""}, {"why": ""}])
def test_an_anonymous_void_is_none(rig: Rig, missing: dict[str, str]) -> None:
    held(rig)
    before = kinds(rig)
    ask(rig, VOID, passage_id=1, **missing)
    rig.run(0.2)
    assert kinds(rig) == before


def test_a_vehicle_that_may_leave_is_not_voided_under_way(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    ask(rig, passage_id=1)
    rig.run(0.2)
    assert rig.lane.phase == Phase.RELEASING
    assert [kind for kind, *_ in kinds(rig)] == [RecordKind.PASSAGE]


def gone(rig: Rig) -> Rig:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)
    return rig


def test_a_passage_that_is_over_is_voided_by_one_more_record_of_it(rig: Rig) -> None:
    gone(rig)
    ask(rig, passage_id=1, who="L. Chen", why="drove on twice", second="W. Fang")
    rig.run(0.2)
    void = rig.plant.intents[-1]
    assert kinds(rig) == [(RecordKind.PASSAGE, 1, 1), (RecordKind.VOID, 1, 2)]
    assert (void.refers_to, void.permit, void.weight) == (1, None, None)
    assert (void.who, void.why, void.second) == ("L. Chen", "drove on twice", "W. Fang")
    assert (rig.lane.phase, rig.out.recall) == (Phase.IDLE, 0)
    assert rig.plant.ledger.recalled is None
    ask(rig, passage_id=1)
    rig.run(0.2)
    assert len(rig.plant.intents) == 2


def test_two_voids_of_one_passage_before_the_first_is_on_disk_are_one(rig: Rig) -> None:
    gone(rig)
    rig.plant.ledger_answers = False
    for _ in range(3):
        ask(rig, passage_id=1)
        rig.run(0.2)
        ask(rig, RequestKind.CONFIGURE, detail="key = 1")
    rig.plant.ledger_answers = True
    rig.run(0.5)
    assert [kind for kind, *_ in kinds(rig)].count(RecordKind.VOID) == 1


@pytest.mark.parametrize("passage_id", [0, -1, 2, 7, 2**80])
def test_what_is_no_account_of_a_passage_is_not_voided(rig: Rig, passage_id: int) -> None:
    gone(rig)
    ask(rig, RequestKind.CONFIGURE, detail="key = 1")
    rig.run(0.1)
    before = kinds(rig)
    assert before[-1] == (RecordKind.SERVICE, 2, 1)
    ask(rig, passage_id=passage_id)
    rig.run(0.5)
    assert kinds(rig) == before
    assert rig.lane.recall is None


def test_a_void_of_another_takes_back_no_permit(rig: Rig) -> None:
    gone(rig)
    rig.plant.plates = ()
    rig.run(25)
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    permit = rig.plant.ledger.permit
    ask(rig, passage_id=1)
    rig.run(0.5)
    assert kinds(rig)[-1] == (RecordKind.VOID, 1, 2)
    assert rig.plant.ledger.permit == permit
    assert permit is not None
    leave(rig, End.ROAD)
    rig.run_until(Phase.IDLE, 10)


def test_what_was_never_weighed_is_voided_as_its_account(rig: Rig) -> None:
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run(3)
    rig.plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.plant.load(motion=False, status=WeighingStatus.NOT_FULLY_ON)
    rig.run_until(Phase.POSITIONING, 5)
    ask(rig, passage_id=1)
    rig.run(0.1)
    (intent,) = rig.plant.intents
    assert (intent.kind, intent.weight) == (RecordKind.VOID, None)
    assert stays(rig, 5)
