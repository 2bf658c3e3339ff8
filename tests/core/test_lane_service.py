"""Zero, trials and notes: a named person's word that counts once its record is on disk."""

from __future__ import annotations

import pytest
from lane_rig import STOPPING, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import board

from controller.core.images import RecordIntent, Request
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
from controller.core.notes import NOTES_MAX

RED = (Lamp.RED, Lamp.RED)
ZERO, LAMP, SIGN = RequestKind.ZERO, RequestKind.TEST_LAMP, RequestKind.TEST_SIGN
CONFIGURE, CALIBRATE = RequestKind.CONFIGURE, RequestKind.CALIBRATE


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def ask(rig: Rig, kind: RequestKind, **about: object) -> None:
    rig.request(kind, **about)
    rig.scan()


def by_hand(rig: Rig) -> Rig:
    ask(rig, RequestKind.ENTER_MANUAL)
    assert rig.lane.phase == Phase.MANUAL
    return rig


def raised(rig: Rig, end: End) -> Rig:
    ask(by_hand(rig), RequestKind.RAISE_BOOM, end=end)
    rig.run(4)
    assert rig.plant.booms[end].position == BoomPosition.OPEN
    return rig


def zeroed(rig: Rig, seconds: float) -> int:
    """In how many scans the scale is asked for its zero."""
    return sum(rig.scan().zero for _ in range(int(seconds * 50)))


def shown(rig: Rig) -> Message:
    return rig.out.sign.message


def services(rig: Rig) -> list[RecordIntent]:
    return [intent for intent in rig.plant.intents if intent.kind == RecordKind.SERVICE]


def test_a_named_person_sets_zero_once_and_the_record_says_where_it_was(rig: Rig) -> None:
    rig.plant.weight = replace(rig.plant.weight, zero_offset_g=37_000)
    rig.plant.ledger_answers = False
    ask(rig, ZERO, who="L. Chen", why="snow swept off")
    assert zeroed(rig, 2) == 0
    rig.plant.ledger_answers = True
    assert zeroed(rig, 10) == 1
    (intent,) = services(rig)
    assert (intent.service, intent.who, intent.why) == (ZERO, "L. Chen", "snow swept off")
    assert intent.weight is not None
    assert intent.weight.zero_offset_g == 37_000
    assert rig.lane.phase == Phase.IDLE


@pytest.mark.parametrize("missing", [{"who": ""}, {"why": ""}])
@pytest.mark.parametrize("kind", [ZERO, LAMP, SIGN, CONFIGURE, CALIBRATE])
def test_an_anonymous_word_is_none(rig: Rig, kind: RequestKind, missing: dict[str, str]) -> None:
    by_hand(rig)
    ask(rig, kind, end=End.YARD, detail="deck", **missing)
    rig.run(1)
    assert rig.plant.intents == []


def test_a_zero_waits_for_a_deck_that_stands_still_but_not_for_long(rig: Rig) -> None:
    rig.plant.weight = replace(rig.plant.weight, motion=True)
    ask(rig, ZERO)
    assert zeroed(rig, 3) == 0
    rig.plant.weight = replace(rig.plant.weight, motion=False)
    assert zeroed(rig, 3) == 1
    rig.plant.weight = replace(rig.plant.weight, motion=True)
    ask(rig, ZERO)
    assert zeroed(rig, 6) == 0
    rig.plant.weight = replace(rig.plant.weight, motion=False)
    assert zeroed(rig, 3) == 0


def test_a_zero_is_not_asked_of_a_scale_that_a_sensor_speaks_against(rig: Rig) -> None:
    by_hand(rig)
    rig.plant.sense(End.ROAD, "beam_high", Presence.BLOCKED)
    ask(rig, ZERO)
    assert zeroed(rig, 2) == 0
    assert rig.lane.zeroing is not None
    rig.plant.sense(End.ROAD, "beam_high", Presence.CLEAR)
    assert zeroed(rig, 2) == 1


@pytest.mark.parametrize("deck", [Deck.LOADED, Deck.UNKNOWN, Deck.UNDER_RANGE])
def test_no_zero_under_a_load(rig: Rig, deck: Deck) -> None:
    by_hand(rig)
    rig.plant.weight = replace(rig.plant.weight, deck=deck)
    ask(rig, ZERO)
    assert zeroed(rig, 8) == 0
    assert services(rig) == []


def test_a_zero_that_a_vehicle_comes_before_is_forgotten(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    ask(rig, ZERO)
    rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.plant.ledger_answers = True
    assert zeroed(rig, 2) == 0
    assert rig.lane.zeroing is None


def test_no_zero_is_taken_while_a_vehicle_is_on_its_way(rig: Rig) -> None:
    board(rig)
    rig.plant.empty()
    ask(rig, ZERO)
    assert services(rig) == []


@pytest.mark.parametrize(
    ("detail", "approach", "deck"),
    [("approach", (Lamp.GREEN, Lamp.RED), RED), ("deck", RED, (Lamp.GREEN, Lamp.RED))],
)
def test_one_lamp_is_tried_out_for_a_time(
    rig: Rig, detail: str, approach: object, deck: object
) -> None:
    raised(rig, End.YARD)
    ask(rig, LAMP, end=End.YARD, detail=detail)
    rig.run(1)
    assert (rig.out.approach_lamps, rig.out.deck_lamps) == (approach, deck)
    assert services(rig)[-1].detail == f"yard {detail}"
    rig.run(4.2)
    assert (rig.out.approach_lamps, rig.out.deck_lamps) == (RED, RED)


def test_a_lamp_is_not_tried_out_beside_a_boom_that_is_down_nor_towards_a_load(rig: Rig) -> None:
    by_hand(rig)
    ask(rig, LAMP, end=End.ROAD, detail="deck")
    for _ in range(100):
        assert rig.scan().deck_lamps == RED
    raised(rig, End.ROAD)
    rig.plant.load()
    ask(rig, LAMP, end=End.ROAD, detail="approach")
    for _ in range(100):
        assert rig.scan().approach_lamps == RED


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("face", ["approach", "deck"])
def test_a_lamp_that_is_tried_out_bids_nobody_to_drive(rig: Rig, face: str, early: bool) -> None:
    def somebody_comes() -> None:
        if face == "deck":
            rig.plant.load()
        else:
            rig.plant.sense(End.YARD, "approach", Presence.BLOCKED)

    raised(rig, End.YARD)
    if early:
        somebody_comes()
    ask(rig, LAMP, end=End.YARD, detail=face)
    rig.run(0.5)
    lit = Lamp.GREEN in (*rig.out.approach_lamps, *rig.out.deck_lamps)
    assert lit != early
    somebody_comes()
    for _ in range(20):
        assert (rig.scan().approach_lamps, rig.out.deck_lamps) == (RED, RED)
    assert len(services(rig)) == (0 if early else 1)


@pytest.mark.parametrize("about", [{}, {"end": End.YARD}, {"end": None, "detail": "deck"}])
def test_a_lamp_that_is_not_named_whole_is_none(rig: Rig, about: dict[str, object]) -> None:
    by_hand(rig)
    ask(rig, LAMP, **about)
    rig.run(0.1)
    assert services(rig) == []


@pytest.mark.parametrize("kind", [LAMP, SIGN])
def test_nothing_is_tried_out_but_by_hand(rig: Rig, kind: RequestKind) -> None:
    ask(rig, kind, end=End.YARD, detail="deck")
    rig.run(0.1)
    assert services(rig) == []


def test_the_sign_shows_its_test_page_for_a_time_once_that_is_on_record(rig: Rig) -> None:
    by_hand(rig)
    rig.plant.ledger_answers = False
    ask(rig, SIGN)
    rig.run(1)
    assert shown(rig) == Message.CLOSED
    rig.plant.ledger_answers = True
    rig.run(1)
    assert shown(rig) == Message.TEST
    rig.run(4.2)
    assert shown(rig) == Message.CLOSED


def test_a_trial_ends_with_the_lane_handed_back_and_with_an_emergency(rig: Rig) -> None:
    raised(rig, End.YARD)
    ask(rig, LAMP, end=End.YARD, detail="deck")
    rig.run(0.5)
    rig.plant.faults = (STOPPING,)
    ask(rig, RequestKind.LEAVE_MANUAL)
    assert rig.out.deck_lamps == RED
    ask(rig, RequestKind.ENTER_MANUAL)
    rig.run(0.1)
    assert rig.lane.phase == Phase.MANUAL
    assert rig.out.deck_lamps == RED


def test_a_trial_whose_record_comes_after_the_lane_was_handed_back_shows_nothing(rig: Rig) -> None:
    by_hand(rig)
    rig.plant.ledger_answers = False
    ask(rig, SIGN)
    ask(rig, RequestKind.LEAVE_MANUAL)
    rig.plant.ledger_answers = True
    rig.scan()
    ask(rig, RequestKind.ENTER_MANUAL)
    rig.run(1)
    assert rig.out.sign.message == Message.CLOSED


def test_a_note_is_taken_in_any_phase_and_changes_nothing(rig: Rig) -> None:
    board(rig)
    before = rig.lane
    ask(rig, CONFIGURE, detail="before=0 after=1\ntiming.jog_max = 5 s")
    ask(rig, CALIBRATE, detail="span of cell 3")
    rig.run(0.2)
    assert [(i.service, i.detail) for i in services(rig)] == [
        (CONFIGURE, "before=0 after=1\ntiming.jog_max = 5 s"),
        (CALIBRATE, "span of cell 3"),
    ]
    assert replace(rig.lane, next_id=before.next_id) == before


def test_a_note_without_a_detail_is_none(rig: Rig) -> None:
    ask(rig, CONFIGURE)
    rig.run(0.1)
    assert services(rig) == []


def test_notes_wait_for_the_ledger_in_their_order_and_no_more_than_so_many(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    for n in range(NOTES_MAX + 5):
        ask(rig, CONFIGURE, detail=f"key = {n}")
    rig.plant.ledger_answers = True
    rig.run(2)
    # The first is no longer in the queue: the ledger owes its record.
    assert [i.detail for i in services(rig)] == [f"key = {n}" for n in range(NOTES_MAX + 1)]
    assert [i.passage_id for i in services(rig)] == list(range(1, NOTES_MAX + 2))


def test_a_word_of_the_same_scan_goes_before_a_note(rig: Rig) -> None:
    rig.plant.requests = tuple(
        Request(id=n, kind=kind, who="a", why="b", detail="c")
        for n, kind in enumerate((CONFIGURE, RequestKind.FORBID_DEGRADED))
    )
    rig.scan()
    rig.run(0.2)
    assert [i.service for i in services(rig)] == [RequestKind.FORBID_DEGRADED, CONFIGURE]
