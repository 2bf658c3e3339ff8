"""The judge knows when a vehicle may be weighed again without a person, and when not."""

from __future__ import annotations

import pytest
from ledger_rig import passage
from msgspec.structs import replace

from protocol.parts import Curve, Decision, Kind, Outcome, Permit, Person, Weighing
from protocol.record import Record
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.reweighcheck import WITHDRAWN, of_reweighing, takes_back

GROSS_G = 30_000_000
RELEASE = Decision(outcome=Outcome.RELEASE, reasons=("within",))


def part(number: int, weighed_us: int, gross_g: int = GROSS_G, **fields: object) -> Record:
    weighing = Weighing(
        gross_g=gross_g, indicated_g=gross_g, u95_g=9_000, stable_to_us=weighed_us, raw=b"1"
    )
    bare = replace(
        passage(7),
        seq=number,
        part=number,
        kind=Kind.PASSAGE if number == 1 else Kind.AMENDMENT,
        refers_to=None if number == 1 else 1,
        weighing=weighing,
        decision=RELEASE,
        permit=Permit.ROAD,
        curve=Curve.of((1, 2), (3, 4)),
    )
    return replace(bare, **fields)


def back(number: int, weighed_us: int, *why: str, permit: Permit = Permit.NONE) -> Record:
    held = Decision(outcome=Outcome.HOLD, reasons=(WITHDRAWN, *why))
    return part(number, weighed_us, decision=held, permit=permit)


FIRST, SECOND = part(1, 100), part(3, 200)
MOVED = back(2, 100, "it moved")


def seen(*records: Record) -> list[str]:
    return [found.seen for found in of_reweighing(records)]


def test_who_moved_is_weighed_again_and_goes() -> None:
    rocked = back(4, 200, "it was rocked")
    assert seen(FIRST) == []
    assert seen(FIRST, MOVED, SECOND) == []
    assert seen(FIRST, MOVED, SECOND, rocked, part(5, 300, GROSS_G + 20_000)) == []


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((FIRST, SECOND), "no record took the first weight back"),
        ((FIRST, back(2, 100, "it moved", permit=Permit.ROAD), SECOND), "still permits a boom"),
        ((FIRST, back(2, 100, "its load changed"), SECOND), "by rule after weight withdrawn, its"),
        ((FIRST, MOVED, part(3, 100)), "decided on the weight that seq 2 took back"),
        ((FIRST, MOVED, part(3, 200, GROSS_G + 60_000)), "60000 g from the first weight"),
        ((FIRST, MOVED, part(3, 200, curve=None)), "without its counts or its curve"),
        (
            (
                *(FIRST, MOVED, SECOND, back(4, 200, "it moved"), part(5, 300)),
                *(back(6, 300, "it moved"), part(7, 400)),
            ),
            "after 3 weights taken back",
        ),
    ],
)
def test_what_the_lane_may_not_do(records: tuple[Record, ...], words: str) -> None:
    assert len(seen(*records)) == 1
    assert words in seen(*records)[0]


def test_a_person_may_decide_on_any_weight_that_stands() -> None:
    person = Person(who="王", why="looked")
    assert seen(FIRST, back(2, 100, "its load changed"), part(3, 200, person=person)) == []


def test_a_hold_that_only_takes_a_weight_back_holds_nobody() -> None:
    assert takes_back(MOVED, (FIRST, MOVED, SECOND))
    assert not takes_back(MOVED, (FIRST, MOVED))
    assert not takes_back(FIRST, (FIRST, MOVED, SECOND))


def test_a_driver_who_rocks_the_deck_is_weighed_again_and_released() -> None:
    kept: list[object] = []
    truck = {"configuration": "4-axle train", "weighs": "legal", "driver": "rocks the deck"}
    found = ride(Plan(seed=3, table={"day": {}, "truck": [truck]}), keep=kept.extend)
    assert found.findings == ()
    told = [one for one in kept if isinstance(one, Record) and one.decision is not None]
    assert [one.decision.outcome for one in told if one.decision is not None] == [
        Outcome.RELEASE,
        Outcome.HOLD,
        Outcome.RELEASE,
    ]
    assert told[1].decision is not None
    assert told[1].decision.reasons == (WITHDRAWN, "it moved")
    assert told[0].weighing != told[2].weighing
