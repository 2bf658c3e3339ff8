from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.plates import PlateType
from vision.relation import End, Relation, VotedPlate, relation_of
from vision.tracks import Dated, Look, Quad, overlap_of
from vision.vote import Outcome, Refusal, Votes, VoteSettings, worth_of

FRONT, REAR = End.FRONT, End.REAR
TICK_US = 100_000


def quad(x: float, y: float, wide: float = 90, high: float = 28) -> Quad:
    return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def look(
    text: str,
    x: float = 200,
    y: float = 100,
    *,
    p: float = 0.95,
    ptype: PlateType = PlateType.YELLOW1,
    sharp: float = 1.0,
    wide: float = 90,
) -> Look:
    return Look(
        quad=quad(x, y, wide),
        text=text,
        probabilities=(p,) * len(text),
        ptype=ptype,
        ptype_p=0.9,
        sharpness=sharp,
    )


def passage(*texts: str, end: End = FRONT, left_us: int | None = None) -> Votes:
    votes = Votes(entered_us=0, left_us=left_us)
    for at, text in enumerate(texts):
        votes.add(end, at, at * TICK_US, [look(text, 100 + 12 * at)])
    return votes


def front(votes: Votes) -> VotedPlate:
    plate = votes.outcome().front
    assert plate is not None
    return plate


def test_two_agreeing_frames_settle_a_plate_and_one_does_not() -> None:
    assert not front(passage("晋A12345")).settled
    assert not front(passage("晋A12345", "晋A12346")).settled
    plate = front(passage("晋A12345", "晋A12346", "晋A12345"))
    assert plate.settled
    assert (plate.text, plate.frames, plate.frames_agree) == ("晋A12345", 3, 2)
    assert (plate.first_us, plate.last_us) == (0, 2 * TICK_US)
    assert plate.probabilities[6] == plate.confidence < plate.probabilities[0]
    assert plate.ptype is PlateType.YELLOW1


def test_what_is_no_plate_is_never_settled() -> None:
    assert not front(passage("?A12345", "?A12345", "?A12345")).settled
    assert not front(passage("晋A1234", "晋A1234")).settled


def test_a_still_picture_repeated_is_worth_little_more_than_one() -> None:
    def seen(step: float) -> float:
        votes = Votes(entered_us=0)
        for at in range(20):
            votes.add(FRONT, at, at * TICK_US, [look("晋A12345", 100 + step * at, p=0.7)])
        return front(votes).confidence

    assert 0.7 < seen(0) < 0.75
    assert seen(0) < seen(12) < 0.9


def test_frames_outside_the_passage_are_refused_and_counted() -> None:
    votes = Votes(entered_us=1000, left_us=2000)
    assert votes.add(FRONT, 1, 999, [look("晋A12345")]) is Refusal.EARLY
    assert votes.add(FRONT, 2, 2001, [look("晋A12345")]) is Refusal.LATE
    assert votes.add(FRONT, 3, 1500, []) is Refusal.EMPTY
    assert votes.add(FRONT, 4, 1600, [look("晋A12345")]) is None
    assert votes.add(FRONT, 5, 1600, [look("晋A12345")]) is Refusal.REPEATED
    assert votes.add(REAR, 6, 1600, [look("晋A12345")]) is None
    refused = votes.outcome().refused
    assert [refused[one] for one in Refusal] == [1, 1, 1, 1, 0]


def test_the_next_vehicle_loses_its_vote_when_the_lane_says_when_this_one_left() -> None:
    votes = passage("晋A12345", "晋A12345", "鲁B99999", "鲁B99999", "鲁B99999")
    assert votes.outcome().contested == (FRONT,)
    votes.bound(FRONT, left_us=TICK_US)
    outcome = votes.outcome()
    assert outcome.others == ()
    assert outcome.front is not None
    assert (outcome.front.text, outcome.front.frames) == ("晋A12345", 2)
    assert outcome.refused[Refusal.LATE] == 3
    votes.close(10 * TICK_US)
    assert votes.add(FRONT, 9, 5 * TICK_US, [look("鲁B99999")]) is Refusal.LATE
    votes.close(0)
    assert front(votes).frames == 1


def test_a_stranger_seen_once_contests_nothing() -> None:
    outcome = passage("晋A12345", "晋A12345", "鲁B99999").outcome()
    assert [other.text for other in outcome.others] == ["鲁B99999"]
    assert outcome.contested == ()


def test_a_fleet_queued_with_consecutive_numbers_is_not_one_truck() -> None:
    votes = passage("晋A12345", "晋A12345")
    votes.add(FRONT, 7, 30 * TICK_US, [look("晋A12346", 100)])
    votes.add(FRONT, 8, 31 * TICK_US, [look("晋A12346", 100)])
    texts = {plate.text for plate in (front(votes), *votes.outcome().others)}
    assert texts == {"晋A12345", "晋A12346"}
    assert votes.outcome().contested == (FRONT,)


def test_another_plate_at_the_same_place_is_another_track() -> None:
    votes = Votes(entered_us=0)
    for at, text in enumerate(["晋A12345", "晋A12345", "鲁B98X76", "鲁B98X76"]):
        votes.add(FRONT, at, at * TICK_US, [look(text)])
    assert len(votes.outcome().others) == 1


def test_a_camera_that_counts_vehicles_parts_them() -> None:
    votes = Votes(entered_us=0)
    for at, vehicle in enumerate([3, 3, 4, 4]):
        votes.add(FRONT, at, at * TICK_US, [look("晋A12345")], vehicle=vehicle)
    assert [front(votes).frames, votes.outcome().others[0].frames] == [2, 2]


def test_a_fast_plate_is_followed_by_its_motion_though_it_cannot_be_read() -> None:
    votes = Votes(entered_us=0)
    for at, text in enumerate(["晋A12345", "?A1234", "?K72X", "晋A12345"]):
        votes.add(
            FRONT, at, at * TICK_US, [look(text, 100 + 70 * at, p=0.95 if at % 3 == 0 else 0.3)]
        )
    assert votes.outcome().others == ()
    assert front(votes).text == "晋A12345"


def test_two_plates_in_a_frame_are_two_tracks_and_the_nearer_one_stands() -> None:
    votes = Votes(entered_us=0)
    for at in range(4):
        both = [look("鲁B98X76", 400, wide=40), look("晋A12345", 100 + 9 * at)]
        votes.add(FRONT, at, at * TICK_US, both)
    outcome = votes.outcome()
    assert outcome.front is not None
    assert outcome.front.text == "晋A12345"
    assert [other.text for other in outcome.others] == ["鲁B98X76"]
    assert outcome.contested == (FRONT,)


def test_the_best_cut_out_is_the_sharpest_that_was_read_right_and_surely() -> None:
    votes = Votes(entered_us=0)
    seen = [("晋A12345", 0.9, 5.0), ("晋A12345", 0.8, 9.0), ("晋A12845", 0.9, 20.0)]
    for at, (text, p, sharp) in enumerate([*seen, ("晋A12345", 0.2, 12.0)]):
        votes.add(FRONT, at, at * TICK_US, [look(text, 100 + at, p=p, sharp=sharp)])
    plate = front(votes)
    assert (plate.best_frame, plate.best_us, plate.best_quad) == (1, TICK_US, quad(101, 100))


def test_memory_is_bounded_and_what_goes_is_counted() -> None:
    limits = VoteSettings(frames_max=5, tracks_max=3, looks_max=2)
    votes = Votes(entered_us=0, settings=limits)
    for at in range(40):
        many = [look(f"晋A1{at:02}4{i}", 80 * i, 9 * at, p=0.5 + 0.1 * i) for i in range(4)]
        votes.add(FRONT, at, 2 * at * TICK_US, many)
    for at in range(40):
        votes.add(REAR, at, at * TICK_US, [look("晋A1234挂", sharp=9 if at == 17 else 1)])
    outcome = votes.outcome()
    plates = [plate for plate in (outcome.front, outcome.rear, *outcome.others) if plate]
    assert len(plates) == 3
    assert outcome.rear is not None
    assert outcome.rear.frames == 5
    assert (outcome.rear.first_us, outcome.rear.last_us) == (0, 39 * TICK_US)
    assert outcome.rear.best_frame == 17
    assert outcome.refused[Refusal.CROWDED] >= 40 * 2


@pytest.mark.parametrize(
    ("ahead", "behind", "ptype", "relation"),
    [
        ("晋A12345", "晋A12345", PlateType.YELLOW2, Relation.RIGID),
        ("晋A12345", "?A12345", PlateType.YELLOW2, Relation.RIGID),
        ("晋A12345", "晋A6789挂", PlateType.YELLOW2, Relation.TRAILER),
        ("晋A12345", "?A6789挂", None, Relation.TRAILER),
        ("晋A12345", "晋A1234挂", PlateType.YELLOW2, Relation.TRAILER),
        ("晋A12345", "晋A67890", PlateType.YELLOW2, Relation.TRAILER),
        ("晋A12345", "晋A67890", PlateType.YELLOW1, Relation.DIFFERENT),
        ("晋A12345", "晋A12845", PlateType.YELLOW2, Relation.ALIKE),
        ("晋A1234挂", "晋A1234挂", PlateType.YELLOW2, Relation.TRAILER_IN_FRONT),
        ("晋A12345", None, None, Relation.FRONT_ONLY),
        (None, "晋A1234挂", None, Relation.REAR_ONLY),
        (None, None, None, Relation.NONE),
    ],
)
def test_front_and_rear(
    ahead: str | None, behind: str | None, ptype: PlateType | None, relation: Relation
) -> None:
    votes = Votes(entered_us=0)
    for at in range(3):
        if ahead:
            votes.add(FRONT, at, at * TICK_US, [look(ahead)])
        if behind:
            votes.add(REAR, at, at * TICK_US, [look(behind, ptype=ptype or PlateType.YELLOW1)])
    assert votes.outcome().relation is relation


def test_a_plate_seen_once_says_nothing_about_the_other_end() -> None:
    votes = passage("晋A12345", "晋A12345")
    votes.add(REAR, 9, 0, [look("鲁B98X76")])
    outcome = votes.outcome()
    assert outcome.relation is Relation.FRONT_ONLY
    assert (
        relation_of(outcome.front, outcome.rear, alike_min=0.8, agree_min=1) is Relation.DIFFERENT
    )


def test_late_and_early_frames_in_any_order_give_the_same_plate() -> None:
    frames = [(0, "晋A12345"), (1, "晋A12845"), (2, "晋A12345"), (3, "晋A12345")]

    def voted(order: tuple[tuple[int, str], ...]) -> Outcome:
        votes = Votes(entered_us=0)
        for at, text in order:
            votes.add(FRONT, at, at * TICK_US, [look(text, 100 + 12 * at)])
        return votes.outcome()

    outcomes = [voted(order) for order in permutations(frames)]
    assert all(one == outcomes[0] for one in outcomes)


def test_an_overlap_is_a_share() -> None:
    assert overlap_of((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap_of((0, 0, 1, 1), (1, 1, 2, 2)) == 0.0
    assert overlap_of((0, 0, 0, 0), (0, 0, 0, 0)) == 0.0


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 400)), min_size=1, max_size=12))
@settings(derandomize=True)
def test_frames_are_worth_at_least_one_and_at_most_their_number(
    places: list[tuple[float, float]],
) -> None:
    looks = [
        Dated(frame=at, captured_us=at, vehicle=None, look=look("晋A12345", x, y))
        for at, (x, y) in enumerate(places)
    ]
    worth = worth_of(looks, 0.9, 0.5)
    assert 1 - 1e-9 <= worth <= min(len(looks), 2) + 1e-9


@pytest.mark.parametrize(
    "broken",
    [
        {"text": "晋A12345" * 2},
        {"probabilities": (0.5,)},
        {"probabilities": (1.5,) * 7},
        {"probabilities": (float("nan"),) * 7},
        {"ptype_p": -0.1},
        {"quad": ((0.0, 0.0),) * 3},
        {"quad": ((0.0, float("inf")),) * 4},
        {"sharpness": float("nan")},
    ],
)
def test_a_look_that_would_spoil_a_vote_is_refused(broken: dict[str, object]) -> None:
    whole: dict[str, object] = {
        "quad": quad(0, 0), "text": "晋A12345", "probabilities": (0.5,) * 7
    }  # fmt: skip
    with pytest.raises(ValueError):
        Look(**{**whole, **broken})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "broken",
    [{"agree_min": 0}, {"frames_max": 1}, {"rho_still": 0.2}, {"voted_p_max": 1.0}],
)
def test_settings_under_which_a_vote_means_nothing_are_refused(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        VoteSettings(**broken)  # type: ignore[arg-type]
