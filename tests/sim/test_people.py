"""People who do otherwise than they should: what they do, and that the lane comes to terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.core.images import InputImage, OutputImage
from controller.scan import Scan
from hal.ports import Contact
from protocol.parts import Kind, Outcome
from protocol.record import Record
from sim.cab import Mind
from sim.driver import Driver
from sim.explore.deal import deal
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.world import Yard

SHORT = "2-axle truck"


def played(table: dict[str, Any], *facts: Callable[[Yard, Driver], bool]) -> tuple[bool, ...]:
    """Whether each fact held of the first driver at some time of a shift without a finding."""
    seen = [False] * len(facts)

    def watch(yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        for i, fact in enumerate(facts):
            seen[i] = seen[i] or fact(yard, yard.drivers[0])

    found = ride(Plan(seed=5, table=table), watch).findings
    assert [one.seen for one in found] == []
    return tuple(seen)


def goes_under_a_moving_boom(yard: Yard, driver: Driver) -> bool:
    boom = yard.booms[driver.vehicle.end]
    return driver.mind is Mind.ENTERING and not boom.is_open and driver.vehicle.s_m < -1.0


def waits_beyond_the_line(yard: Yard, driver: Driver) -> bool:
    return driver.mind is Mind.APPROACHING and driver.vehicle.s_m > 1.0 - yard.layout.stop_line_m


def backs_with_wheels_on_the_deck(yard: Yard, driver: Driver) -> bool:
    return driver.mind is Mind.YIELDING and driver.vehicle.axles_on_deck() > 0


def rolls_back_on_the_deck(yard: Yard, driver: Driver) -> bool:
    return driver.vehicle.wholly_on_deck() and driver.vehicle.v_mps < -0.05


def is_under_the_boom(yard: Yard, driver: Driver) -> bool:
    outside = driver.mind is Mind.OUTSIDE
    return outside and any(walker.under_boom(yard.now_us) for walker in yard.walkers)


@pytest.mark.parametrize(
    ("driver", "fact"),
    [
        ("early", goes_under_a_moving_boom),
        ("impatient", waits_beyond_the_line),
        ("backs out", backs_with_wheels_on_the_deck),
        ("rocks the deck", rolls_back_on_the_deck),
        ("leaves the cab", is_under_the_boom),
    ],
)
def test_an_odd_driver_does_it_and_gets_through(
    driver: str, fact: Callable[[Yard, Driver], bool]
) -> None:
    truck = {"configuration": SHORT, "weighs": "legal", "driver": driver}
    gone = played({"truck": [truck]}, fact, lambda yard, one: one.left_by == 1)
    assert gone == (True, True)


@pytest.mark.parametrize(("left_g", "comes_again"), [(5_000_000, True), (0, False)])
def test_who_has_nothing_left_to_unload_goes_home(left_g: int, comes_again: bool) -> None:
    truck = {"at": "0 s", "configuration": SHORT, "weighs": "overloaded", "unloads": "enough"}
    yard = Plan(seed=5, table={"truck": [truck]}).yard()
    driver = yard.drivers[0]
    driver.vehicle.load(left_g)
    driver.was_over, driver.mind, driver.vehicle.s_m = True, Mind.BACKING, -200.0
    driver.think(0, yard)
    assert (driver.mind is Mind.AWAY) == comes_again


def test_who_leaves_the_cab_is_seen_by_the_beams_though_the_truck_stands_still() -> None:
    truck = {"configuration": SHORT, "weighs": "legal", "driver": "leaves the cab"}

    def said(yard: Yard, wanted: Contact) -> bool:
        there = [walker for walker in yard.walkers if walker.there(yard.now_us)]
        return any(yard.presence(one.end, "beam_low") is wanted for one in there)

    def seen(yard: Yard, driver: Driver) -> bool:
        return said(yard, Contact.BLOCKED)

    def unseen(yard: Yard, driver: Driver) -> bool:
        return said(yard, Contact.CLEAR)

    assert played({"truck": [truck]}, seen, unseen) == (True, False)


def test_who_leaves_the_cab_takes_the_own_weight_along() -> None:
    truck = {"configuration": SHORT, "weighs": "legal", "driver": "leaves the cab"}

    def lighter(yard: Yard, driver: Driver) -> bool:
        return yard.burden_g(yard.now_us) == -80_000

    def whole_again(yard: Yard, driver: Driver) -> bool:
        return driver.mind is Mind.LEAVING and yard.burden_g(yard.now_us) == 0

    assert played({"truck": [truck]}, lighter, whole_again) == (True, True)


@pytest.mark.parametrize(
    ("manner", "outcomes", "own_plate"),
    [
        ("names wrong plates", [Outcome.RELEASE], False),
        ("sends everyone back", [Outcome.RETURN], True),
        ("asks twice", [Outcome.RELEASE], True),
    ],
)
def test_an_operator_who_does_wrong_stands_in_the_record(
    manner: str, outcomes: list[Outcome], own_plate: bool
) -> None:
    kept: list[Record] = []
    table = {
        "day": {"operator": manner},
        "truck": [
            {"configuration": SHORT, "weighs": "legal", "papers": "missing", "plate": "皖C55P01"}
            | {"plate_state": "unreadable"}
        ],
    }
    assert ride(Plan(seed=5, table=table), keep=kept.extend).findings == ()
    by_person = [r for r in kept if r.person is not None and r.decision is not None]
    decided = [r.decision.outcome for r in by_person if r.decision is not None]
    assert [one for one in decided if one is not Outcome.HOLD] == outcomes
    assert (by_person[-1].plate == "皖C55P01") == own_plate
    assert all(r.kind is not Kind.MANUAL_MOVE for r in kept)


def test_most_of_what_is_dealt_is_ordinary_and_all_of_the_rest_is_dealt() -> None:
    tables = [deal(seed).table for seed in range(300)]
    drivers = [truck["driver"] for table in tables for truck in table["truck"]]
    assert drivers.count("good") > 0.35 * len(drivers)
    odd = {"early", "late", "impatient", "backs out", "rocks the deck", "leaves the cab"}
    assert odd <= set(drivers)
    for key, most in (("hand", 60), ("device", 60), ("load", 120)):
        assert 3 <= sum(key in table for table in tables) <= most
    assert 10 <= sum("operator" in table["day"] for table in tables) <= 90
    kinds = {asked["kind"] for table in tables for asked in table.get("request", ())}
    assert {"release", "send_back", "confirm_plate", "raise_boom"} <= kinds
