from collections.abc import Sequence

import pytest

from vision.plates import PlateType
from vision.relation import End
from vision.suspicion import (
    Sighting,
    Sign,
    Suspicion,
    SuspicionSettings,
    VehicleFacts,
    seen_before,
    suspicions,
)
from vision.tracks import Look
from vision.vote import Outcome, Votes

BLUE, GREEN, LARGE = PlateType.BLUE1, PlateType.GREEN8, PlateType.YELLOW_GREEN8
ONE, TWO = PlateType.YELLOW1, PlateType.YELLOW2
MINUTE_US = 60_000_000


def outcome(
    front: tuple[str, PlateType | None] | None = None,
    rear: tuple[str, PlateType | None] | None = None,
    *,
    frames: int = 3,
    p: float = 0.95,
    next_front: str = "",
) -> Outcome:
    votes = Votes(entered_us=0)
    for at in range(frames):
        for end, plate in ((End.FRONT, front), (End.REAR, rear)):
            if plate is not None:
                votes.add(end, at, at * 100_000, [_look(*plate, 100 + 30 * at, p)])
    for at in range(frames if next_front else 0):
        votes.add(End.FRONT, 90 + at, (90 + at) * 100_000, [_look(next_front, ONE, 100, p)])
    return votes.outcome()


def _look(text: str, ptype: PlateType | None, x: float, p: float) -> Look:
    quad = ((x, 50.0), (x + 90, 50.0), (x + 90, 78.0), (x, 78.0))
    return Look(quad=quad, text=text, probabilities=(p,) * len(text), ptype=ptype, ptype_p=p)


def signs(found: Sequence[Suspicion]) -> list[Sign]:
    return [one.sign for one in found]


@pytest.mark.parametrize(
    ("front", "rear", "vehicle"),
    [
        (("晋A12345", ONE), ("晋A6789挂", TWO), VehicleFacts(axles=6, gross_g=49_000_000)),
        (("晋A12345", ONE), ("晋A12345", TWO), VehicleFacts(axles=4, gross_g=31_000_000)),
        (("晋A12345", BLUE), ("晋A12345", BLUE), VehicleFacts(axles=2, gross_g=4_400_000)),
        (("晋A12345D", LARGE), ("晋A12345D", LARGE), VehicleFacts(axles=4, gross_g=30_000_000)),
        (("晋A12345D", GREEN), None, VehicleFacts(axles=4, gross_g=30_000_000)),
        (("晋AD12345", GREEN), None, VehicleFacts(axles=2, gross_g=4_000_000)),
        (("晋A12345", None), None, VehicleFacts(axles=6)),
        (("晋A12345", ONE), ("晋A6789挂", TWO), VehicleFacts()),
        (None, None, VehicleFacts(axles=6, gross_g=49_000_000)),
    ],
)
def test_what_is_lawful_or_unknown_raises_no_sign(
    front: tuple[str, PlateType | None] | None,
    rear: tuple[str, PlateType | None] | None,
    vehicle: VehicleFacts,
) -> None:
    assert suspicions(outcome(front, rear), vehicle) == ()


@pytest.mark.parametrize(
    ("front", "rear", "vehicle", "expected"),
    [
        (("晋A12345", BLUE), None, VehicleFacts(axles=6), [Sign.SMALL_PLATE_MANY_AXLES]),
        (("晋AD12345", GREEN), None, VehicleFacts(axles=3), [Sign.SMALL_PLATE_MANY_AXLES]),
        (("晋AD12345", None), None, VehicleFacts(axles=3), [Sign.SMALL_PLATE_MANY_AXLES]),
        (
            ("晋A12345", BLUE), None, VehicleFacts(axles=2, gross_g=12_000_001),
            [Sign.SMALL_PLATE_HEAVY],
        ),
        (("晋AD12345", BLUE), None, VehicleFacts(axles=2), [Sign.COLOUR_AGAINST_TEXT]),
        (("晋A12345", GREEN), None, VehicleFacts(), [Sign.COLOUR_AGAINST_TEXT]),
        (("晋A1234挂", BLUE), None, VehicleFacts(), [Sign.COLOUR_AGAINST_TEXT]),
        (("晋A12345", ONE), ("鲁B6666挂", TWO), VehicleFacts(axles=2),
         [Sign.TRAILER_PLATE_NO_TRAILER]),
        (("晋A12345", ONE), ("鲁B6666挂", TWO), VehicleFacts(axles=4, trailer=False),
         [Sign.TRAILER_PLATE_NO_TRAILER]),
        (("晋A12345", ONE), ("鲁B66688", TWO), VehicleFacts(axles=6),
         [Sign.TWO_ROWS_NO_TRAILER_MARK]),
        (("晋A12345", ONE), ("鲁B66688", ONE), VehicleFacts(axles=2), [Sign.FRONT_AGAINST_REAR]),
        (("晋A12345", ONE), ("晋A12845", TWO), VehicleFacts(axles=2), [Sign.FRONT_ALMOST_REAR]),
        (("晋A1234挂", TWO), ("晋A1234挂", TWO), VehicleFacts(), [Sign.TRAILER_PLATE_IN_FRONT]),
    ],
)  # fmt: skip
def test_what_does_not_fit_raises_its_sign_and_no_other(
    front: tuple[str, PlateType | None],
    rear: tuple[str, PlateType | None] | None,
    vehicle: VehicleFacts,
    expected: list[Sign],
) -> None:
    found = suspicions(outcome(front, rear), vehicle)
    assert signs(found) == expected
    assert found[0].about
    assert found[0].value != found[0].limit


def test_a_plate_seen_once_or_of_doubtful_colour_raises_none() -> None:
    heavy = VehicleFacts(axles=6, gross_g=49_000_000)
    assert suspicions(outcome(("晋A12345", BLUE), ("鲁B66688", ONE), frames=1), heavy) == ()
    assert suspicions(outcome(("晋A12345", BLUE), p=0.5), heavy) == ()
    strict = SuspicionSettings(agree_min=1, sure_p_min=0.4)
    assert suspicions(outcome(("晋A12345", BLUE), frames=1, p=0.5), heavy, strict)


def test_a_second_plate_at_one_end_is_named_with_both() -> None:
    seen = outcome(("晋A12345", ONE), next_front="鲁B66688")
    (found,) = suspicions(seen, VehicleFacts())
    assert (found.sign, found.value) == (Sign.SECOND_PLATE_AT_ONE_END, 2.0)


def sighting(minute: float, **change: object) -> Sighting:
    whole: dict[str, object] = {
        "front": "晋A12345", "rear": "", "first_us": round(minute * MINUTE_US),
        "last_us": round(minute * MINUTE_US) + 1_000_000, "axles": 6,
    }  # fmt: skip
    return Sighting(**{**whole, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (sighting(0), []),
        (sighting(9.5), [Sign.SEEN_TOO_SOON]),
        (sighting(10.2), [Sign.SEEN_TOO_SOON]),
        (sighting(9.5, front="鲁B66688"), []),
        (sighting(9.5, front="?A12345"), []),
        (sighting(9.5, front="", rear="晋A12345"), [Sign.SEEN_TOO_SOON]),
        (sighting(0, distance_m=20_000.0), []),
        (sighting(9, distance_m=20_000.0), [Sign.SEEN_TOO_FAR]),
        (sighting(20, distance_m=20_000.0), []),
        (sighting(11, distance_m=20_000.0), [Sign.SEEN_TOO_FAR]),
        (sighting(0, axles=2), []),
    ],
)
def test_the_same_plate_within_an_impossible_time(other: Sighting, expected: list[Sign]) -> None:
    assert signs(seen_before(sighting(10), [other])) == expected


def test_the_same_two_plates_on_other_axles() -> None:
    rear = {"rear": "晋A1234挂"}
    now = sighting(30, **rear)
    assert signs(seen_before(now, [sighting(0, axles=3, **rear)])) == [
        Sign.SEEN_ON_OTHER_AXLES, Sign.SEEN_ON_OTHER_AXLES
    ]  # fmt: skip
    assert seen_before(now, [sighting(0, axles=None, **rear)]) == ()
    assert seen_before(now, [sighting(0, axles=3, rear="鲁B6666挂")]) == ()
    assert seen_before(sighting(10, front=""), [sighting(10, front="")]) == ()
