"""How sure a plate must be and what a person's word does: auto, confirm, hold, and the time-out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lane_rig import READS, Rig, lane_settings
from msgspec.structs import replace

from controller.core.images import PlateRead, Vehicle
from controller.core.kinds import (
    Decision,
    End,
    Message,
    Phase,
    PlateStand,
    Presence,
    RecordKind,
    RequestKind,
    View,
    WeighingStatus,
)
from controller.core.passage import Passage
from controller.core.plates import settle, sureness
from controller.core.settings import LaneSettings

PLATE, OTHER = "晋A12345", "晋A12346"
SETTINGS = lane_settings()


def voted(text: str = PLATE, ppm: int = 950_000, agree: int = 3, **about: object) -> PlateRead:
    base = PlateRead(
        end=End.YARD,
        text=text,
        char_ppm=(ppm,) * len(text),
        frames=agree,
        agree=agree,
        first_us=0,
        last_us=0,
        captured_us=0,
        track=1,
        picture_sha256="",
    )
    return replace(base, **about)


@pytest.mark.parametrize(
    ("reads", "stand", "text"),
    [
        ((voted(),), PlateStand.AUTO, PLATE),
        ((voted(agree=1),), PlateStand.PROPOSED, PLATE),
        ((voted(ppm=899_999),), PlateStand.PROPOSED, PLATE),
        ((voted(ppm=600_000),), PlateStand.PROPOSED, PLATE),
        ((voted(ppm=599_999),), PlateStand.HELD, ""),
        ((voted(valid=False),), PlateStand.HELD, ""),
        ((voted("?A12345"),), PlateStand.HELD, ""),
        ((voted(char_ppm=()),), PlateStand.HELD, ""),
        ((voted("晋A1234挂"),), PlateStand.HELD, ""),
        ((voted(), voted("晋B1234挂", view=View.REAR)), PlateStand.AUTO, PLATE),
        ((voted(), voted(OTHER)), PlateStand.HELD, ""),
        ((voted(), voted(OTHER, ppm=700_000)), PlateStand.PROPOSED, PLATE),
        ((voted(), voted(OTHER, ppm=500_000)), PlateStand.AUTO, PLATE),
        ((voted(), voted(view=View.REAR)), PlateStand.AUTO, PLATE),
        ((voted(), voted(OTHER, view=View.REAR)), PlateStand.HELD, ""),
        ((voted(view=View.REAR),), PlateStand.PROPOSED, PLATE),
        ((voted(ppm=700_000), voted(OTHER, ppm=800_000)), PlateStand.PROPOSED, OTHER),
        ((), PlateStand.HELD, ""),
    ],
)
def test_what_the_plates_come_to(
    reads: tuple[PlateRead, ...], stand: PlateStand, text: str
) -> None:
    assert settle(reads, SETTINGS) == (stand, text)
    assert settle(reads[::-1], SETTINGS) == (stand, text)


def test_the_site_decides_how_far_a_plate_goes_by_itself() -> None:
    for policy, stand in (
        (PlateStand.AUTO, PlateStand.AUTO),
        (PlateStand.PROPOSED, PlateStand.PROPOSED),
        (PlateStand.HELD, PlateStand.HELD),
    ):
        settings = replace(SETTINGS, plate_policy=policy)
        assert settle((voted(),), settings)[0] == stand


@given(
    reads=st.lists(READS, max_size=5).map(tuple),
    auto=st.integers(500_000, 1_000_000),
    more=st.integers(0, 500_000),
    agree=st.integers(1, 5),
)
def test_a_stricter_site_never_lets_a_plate_go_further(
    reads: tuple[PlateRead, ...], auto: int, more: int, agree: int
) -> None:
    lax = replace(SETTINGS, plate_auto_ppm=auto, plate_confirm_ppm=auto // 2, plate_agree_min=agree)
    found, text = settle(reads, lax)
    if found == PlateStand.AUTO:
        named = [one for one in reads if one.text == text]
        assert any(sureness(one) >= auto and one.agree >= agree for one in named)
        assert all(one.valid and "?" not in one.text for one in named if sureness(one) >= auto)
    strict = replace(lax, plate_auto_ppm=min(auto + more, 1_000_000), plate_agree_min=agree + 1)
    if settle(reads, strict)[0] == PlateStand.AUTO:
        assert settle(reads, lax)[0] in (PlateStand.AUTO, PlateStand.HELD)


@pytest.fixture
def rig() -> Rig:
    rig = Rig(SETTINGS)
    rig.run_until(Phase.IDLE, 10)
    return rig


def board(rig: Rig, *reads: PlateRead) -> None:
    """Bring a vehicle on the deck with these plates, and let its weight settle at 48 t."""
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    at_us = plant.now_us
    plant.plates = tuple(
        replace(read, first_us=at_us, last_us=at_us, captured_us=at_us) for read in reads
    )
    rig.run(3)
    plant.sense(End.YARD, "approach", Presence.CLEAR)
    plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    plant.load(motion=True)
    rig.run(2)
    plant.sense(End.YARD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.WEIGHING, 3)
    plant.load(
        status=WeighingStatus.ACCEPTED,
        motion=False,
        weight_g=48_000_000,
        accepted_us=plant.now_us,
        axles=6,
    )


def papers(rig: Rig, plate: str) -> None:
    rig.plant.vehicle = Vehicle(plate=plate, axles=6, kind="train", single_drive_axle=False)


def passage_of(rig: Rig) -> Passage:
    assert rig.lane.passage is not None
    return rig.lane.passage


def test_a_plate_to_be_confirmed_waits_for_a_person_with_the_booms_down(rig: Rig) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.CONFIRMING, 1)
    assert rig.out.proposal == PLATE
    assert rig.out.lookup == ""
    assert 220 in rig.out.alarms
    assert rig.out.sign.message == Message.WAIT_FOR_OPERATOR
    rig.run(10)
    assert rig.lane.phase == Phase.CONFIRMING
    assert rig.plant.records == []


@pytest.mark.parametrize(
    ("plate", "stand"), [(PLATE, PlateStand.CONFIRMED), (OTHER, PlateStand.CORRECTED)]
)
def test_the_word_of_a_person_decides_and_both_texts_stay(
    rig: Rig, plate: str, stand: PlateStand
) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.CONFIRMING, 1)
    rig.request(RequestKind.CONFIRM_PLATE, plate=plate)
    rig.scan()
    assert rig.out.lookup == plate
    papers(rig, plate)
    rig.run_until(Phase.RELEASING, 3)
    assert rig.plant.records == [(RecordKind.PASSAGE, 1, End.ROAD)]
    passage = passage_of(rig)
    assert (passage.plate, passage.proposal, passage.stand) == (plate, PLATE, stand)
    assert passage.plate_by == "operator 7"


def test_the_papers_of_a_confirmed_plate_are_waited_for(rig: Rig) -> None:
    """The time for the papers begins with the word, not with the weight."""
    board(rig, voted(ppm=700_000))
    rig.run(10)
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.run(1)
    assert rig.lane.phase == Phase.CONFIRMING
    rig.run(SETTINGS.plate_wait_us / 1e6)
    assert rig.plant.records != []


def test_without_an_answer_in_time_the_vehicle_is_held_and_may_still_be_confirmed(
    rig: Rig,
) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.HOLDING, 25)
    passage = passage_of(rig)
    assert passage.decision == Decision.HOLD
    assert passage.reasons[0] == "plate not confirmed"
    assert passage.plate == ""
    assert rig.out.proposal == PLATE
    assert rig.plant.records == [(RecordKind.PASSAGE, 1, None)]
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.scan()
    papers(rig, PLATE)
    rig.run_until(Phase.RELEASING, 3)
    assert rig.plant.records[-1] == (RecordKind.AMENDMENT, 1, End.ROAD)
    assert passage_of(rig).stand == PlateStand.CONFIRMED


def test_nobody_in_particular_confirms_nothing(rig: Rig) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.CONFIRMING, 1)
    for about in ({"who": ""}, {"why": ""}, {"plate": ""}, {"passage_id": 99}):
        rig.request(RequestKind.CONFIRM_PLATE, **{"plate": PLATE, **about})
        rig.run(1)
        assert passage_of(rig).plate == ""


def test_a_person_may_answer_before_the_weight_stands(rig: Rig) -> None:
    plant = rig.plant
    board(rig, voted(ppm=700_000))
    plant.load(status=WeighingStatus.RUNNING)
    rig.run(1)
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.run(1)
    assert rig.out.proposal == ""
    papers(rig, PLATE)
    plant.load(
        status=WeighingStatus.ACCEPTED, motion=False, weight_g=48_000_000, accepted_us=plant.now_us
    )
    rig.run_until(Phase.RELEASING, 3)
    assert Phase.CONFIRMING not in [phase for phase, _ in passage_of(rig).timeline]


def test_a_plate_that_stands_by_itself_is_not_said_away_before_the_decision(rig: Rig) -> None:
    board(rig, voted())
    rig.run(0.1)
    rig.request(RequestKind.CONFIRM_PLATE, plate=OTHER)
    rig.run(1)
    assert (passage_of(rig).plate, passage_of(rig).stand) == (PLATE, PlateStand.AUTO)


def test_a_vote_that_comes_in_late_still_counts(rig: Rig) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.CONFIRMING, 1)
    papers(rig, PLATE)
    rig.plant.plates = tuple(replace(read, char_ppm=(980_000,) * 7) for read in rig.plant.plates)
    rig.run_until(Phase.RELEASING, 3)
    assert passage_of(rig).stand == PlateStand.AUTO


def test_a_word_given_is_not_taken_back_by_a_later_vote(rig: Rig) -> None:
    board(rig, voted(ppm=700_000))
    rig.request(RequestKind.CONFIRM_PLATE, plate=OTHER)
    rig.scan()
    rig.plant.plates = tuple(replace(read, char_ppm=(980_000,) * 7) for read in rig.plant.plates)
    rig.run(1)
    assert passage_of(rig).plate == OTHER
    assert passage_of(rig).reads[0].char_ppm[0] == 980_000


def test_a_weight_that_goes_while_a_person_is_asked_is_weighed_again(rig: Rig) -> None:
    board(rig, voted(ppm=700_000))
    rig.run_until(Phase.CONFIRMING, 1)
    rig.plant.load(status=WeighingStatus.RUNNING)
    rig.run(0.1)
    assert rig.lane.phase == Phase.WEIGHING
    assert rig.lane.outcome == "weighs again"


@pytest.mark.parametrize(
    "about",
    [
        {"end": End.ROAD},
        {"first_us": -6_000_000},
        {"last_us": 10**12},
    ],
)
def test_plates_of_another_time_or_end_are_not_this_vehicles(
    rig: Rig, about: dict[str, object]
) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    now_us = plant.now_us
    shifted = {
        name: value + now_us if name == "first_us" and isinstance(value, int) else value
        for name, value in about.items()
    }
    here = voted(first_us=now_us, last_us=now_us, captured_us=now_us)
    plant.plates = (replace(here, **shifted),)
    rig.run(0.1)
    assert passage_of(rig).reads == ()
    plant.plates = (here,)
    rig.run(0.1)
    assert passage_of(rig).plate == PLATE


def test_the_next_vehicle_in_the_queue_does_not_name_this_one(rig: Rig) -> None:
    """Neither beside this one's plate, nor when this one's was never seen."""
    for first in ((voted(),), ()):
        one = Rig(rig.settings)
        one.run_until(Phase.IDLE, 10)
        board(one, *first)
        now_us = one.plant.now_us
        following = voted(OTHER, track=2, first_us=now_us, last_us=now_us, captured_us=now_us)
        one.plant.plates = (*one.plant.plates, following)
        one.run(1)
        passage = one.lane.passage
        assert passage is not None
        assert OTHER not in [read.text for read in passage.reads]
        assert passage.plate == (PLATE if first else "")


def test_where_the_camera_counts_no_vehicles_the_next_one_is_told_by_time(rig: Rig) -> None:
    board(rig, voted(track=0))
    now_us = rig.plant.now_us
    following = voted(OTHER, track=0, first_us=now_us, last_us=now_us, captured_us=now_us)
    rig.plant.plates = (*rig.plant.plates, following)
    rig.run(0.1)
    assert passage_of(rig).plate == PLATE


def test_who_is_first_seen_as_this_front_leaves_the_view_does_not_name_this_one(rig: Rig) -> None:
    """A camera that counts no vehicles sees the one behind before the arm's loop feels this one."""
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run(3)
    now_us = plant.now_us
    plant.plates = (voted(OTHER, track=0, first_us=now_us, last_us=now_us, captured_us=now_us),)
    rig.run(0.4)
    assert passage_of(rig).plate == OTHER
    plant.sense(End.YARD, "arm", Presence.BLOCKED)
    rig.run(0.1)
    assert (passage_of(rig).plate, passage_of(rig).stand) == ("", PlateStand.HELD)
    assert passage_of(rig).reads == ()
    plant.sense(End.YARD, "arm", Presence.CLEAR)
    rig.run(0.1)
    assert passage_of(rig).plate == OTHER, "who backs off again is seen anew"


def test_a_plate_seen_well_before_the_arm_stays_with_its_vehicle(rig: Rig) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    now_us = plant.now_us
    plant.plates = (voted(track=0, first_us=now_us, last_us=now_us, captured_us=now_us),)
    rig.run(1.2)
    plant.sense(End.YARD, "arm", Presence.BLOCKED)
    rig.run(0.5)
    assert passage_of(rig).plate == PLATE


def test_a_vehicle_that_goes_away_takes_its_plate_with_it(rig: Rig) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    now_us = plant.now_us
    plant.plates = (voted(first_us=now_us, last_us=now_us),)
    rig.run(0.1)
    assert passage_of(rig).plate == PLATE
    plant.sense(End.YARD, "approach", Presence.CLEAR)
    for _ in range(10):
        rig.scan()
        passage = passage_of(rig)
        assert (passage.plate, passage.reads, passage.track) == ("", (), None)
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run(0.1)
    assert passage_of(rig).reads == (), "the next one does not inherit it either"
    now_us = plant.now_us
    assert rig.out.seen_from_us <= now_us
    plant.plates = (*plant.plates, voted(OTHER, track=2, first_us=now_us, last_us=now_us))
    rig.run(0.1)
    assert passage_of(rig).plate == OTHER


def test_defaults_are_in_order() -> None:
    settings = LaneSettings(book=SETTINGS.book, scale=SETTINGS.scale)
    assert settings.plate_confirm_ppm < settings.plate_auto_ppm
    assert settings.plate_agree_min >= 2
    assert settings.confirm_us_max < settings.on_deck_us_max
