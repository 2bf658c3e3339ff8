"""Nobody leaves but by a record that lets him; a person may say so, too (I8, I16, T2, T4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from audit_rig import (
    SECOND,
    Day,
    amended,
    held_for_nothing,
    no_record,
    overloaded_and_released,
    second_vehicle_on_one_release,
)
from msgspec.structs import replace

from protocol import parts
from protocol.record import Record
from sim.truth import Touch
from sim.world import Fault


def released_without_verdict(day: Day) -> None:
    undetermined = parts.Verdict(result=parts.Result.UNDETERMINED)
    papers = parts.Vehicle(licence_gvm_g=None)
    day.records = [day.record(verdicts=day.verdicts(over_limit=undetermined), vehicle=papers)]


def held_with_a_permit(day: Day) -> None:
    day.records.append(amended(day, permit=parts.Permit.ROAD))


def released_backwards(day: Day) -> None:
    day.records = [day.record(permit=parts.Permit.YARD)]
    day.yard.truth.crossings[0] = replace(day.crossing, end=0)


def crossed_before_the_record(day: Day) -> None:
    times = day.times(decided_us=45 * SECOND, wall_ms=day.yard.options.wall_start_ms + 45_000)
    day.records = [day.record(times=times)]


def after(day: Day, part: int, kind: parts.Kind, **fields: Any) -> Record:
    """A word of a person on the passage of the day."""
    return Record(
        kind=kind,
        site="SIM001",
        lane="1",
        passage_id=1,
        part=part,
        refers_to=1,
        times=parts.Times(at_us=50 * SECOND),
        person=parts.Person(who="L. Chen", why="a test truck"),
        **fields,
    )


def voided_by_a_person(day: Day) -> None:
    day.records.append(after(day, 2, parts.Kind.VOID, void="a test truck"))


def voided_by_nobody(day: Day) -> None:
    day.records.append(replace(after(day, 2, parts.Kind.VOID, void="said again"), person=None))


def voided_twice(day: Day) -> None:
    voided_by_a_person(day)
    day.records.append(after(day, 3, parts.Kind.VOID, void="a test truck"))


def voided_with_a_permit(day: Day) -> None:
    void = after(day, 2, parts.Kind.VOID, void="a test truck", permit=parts.Permit.ROAD)
    day.records.append(void)


def voided_and_let_go_by_rule(day: Day) -> None:
    voided_by_a_person(day)
    gone = {"decision": parts.Decision(outcome=parts.Outcome.RELEASE), "permit": parts.Permit.ROAD}
    day.records.append(replace(after(day, 3, parts.Kind.AMENDMENT, **gone), person=None))


def voided_and_weighed_again(day: Day) -> None:
    voided_by_a_person(day)
    later = after(day, 3, parts.Kind.AMENDMENT, weighing=day.weighing())
    day.records.append(replace(later, times=day.times()))


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (released_without_verdict, ["I8", "T9"]),
        (held_with_a_permit, ["I8", "T5"]),
        (released_backwards, ["I8"]),
        (crossed_before_the_record, ["T2"]),
        (second_vehicle_on_one_release, ["T2", "T8"]),
        (overloaded_and_released, ["T4"]),
        (voided_by_a_person, []),
        (voided_by_nobody, ["I4", "I4", "T5"]),
        (voided_twice, ["I16"]),
        (voided_with_a_permit, ["I16", "I8"]),
        (voided_and_let_go_by_rule, ["I16"]),
        (voided_and_weighed_again, ["I16"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


def test_a_release_by_a_person_answers_for_an_overloaded_truck() -> None:
    day = Day()
    overloaded_and_released(day)
    held_for_nothing(day)
    assert "T4" not in day.checks()


def test_a_truck_that_breaks_through_is_no_fault_of_the_lane() -> None:
    day = Day()
    hold = parts.Decision(outcome=parts.Outcome.HOLD)
    day.records = [day.record(decision=hold, permit=parts.Permit.NONE, plate=None)]
    assert "T2" in day.checks()
    day.yard.truth.touches.append(Touch(at_us=40 * SECOND, end=1, by_boom=False, what="vehicle 0"))
    assert "T2" not in day.checks()


@pytest.mark.parametrize(("who", "wrong"), [("operator 07", False), (None, True)])
def test_t2_a_person_may_let_the_second_of_one_passage_go_too(who: str | None, wrong: bool) -> None:
    day = Day()
    second_vehicle_on_one_release(day)
    first = day.record()
    person = parts.Person(who=who, why="papers seen") if who else None
    kind = parts.Kind.RELEASE if who else parts.Kind.AMENDMENT
    again = replace(first, kind=kind, part=2, refers_to=1, person=person)
    times = replace(again.times, at_us=42 * SECOND, decided_us=42 * SECOND)
    more = [replace(again, times=times), replace(again, part=3, times=times)]
    day.records = [first, *more]
    assert ("T2" in day.checks()) is wrong


def test_t2_who_leaves_by_a_boom_that_opens_by_itself_was_not_let_out() -> None:
    for device, from_s, wrong in (
        ("road.boom", 39, False),
        ("road.boom", 60, True),
        ("yard.boom", 39, True),
    ):
        day = Day()
        no_record(day)
        opens = Fault(device=device, kind="opens by itself", from_us=from_s * SECOND)
        day.yard.options = replace(day.yard.options, faults=(opens,))
        assert ("T2" in day.checks()) is wrong


@pytest.mark.parametrize(
    ("moved", "wrong"),
    [
        ({}, False),
        ({"permit": parts.Permit.YARD}, True),
        ({"person": None}, True),
        ({"at_us": 45 * SECOND}, True),
        ({"lowered": True}, True),
    ],
)
def test_t2_who_drives_out_by_a_boom_that_a_person_raised_by_hand(
    moved: dict[str, Any], wrong: bool
) -> None:
    day = Day()
    moved = dict(moved)
    lowered, at_us = moved.pop("lowered", False), moved.pop("at_us", 32 * SECOND)
    bare: dict[str, Any] = {"weighing": None, "verdicts": None, "decision": None}
    held = day.record(decision=parts.Decision(outcome=parts.Outcome.HOLD), permit=parts.Permit.NONE)
    times = day.times(at_us=at_us, decided_us=at_us)
    by_hand: dict[str, Any] = {
        "kind": parts.Kind.MANUAL_MOVE,
        "refers_to": 1,
        "person": parts.Person(who="maintenance 02", why="yearly round"),
        "times": times,
        **bare,
    }
    move = parts.Move(end=parts.End.ROAD, motion=parts.Motion.RAISE)
    day.records = [held, day.record(part=2, move=move, **(by_hand | moved))]
    if lowered:
        move = replace(move, motion=parts.Motion.LOWER)
        none = parts.Permit.NONE
        day.records.append(day.record(part=3, move=move, **(by_hand | {"permit": none})))
    assert ("T2" in day.checks()) is wrong
