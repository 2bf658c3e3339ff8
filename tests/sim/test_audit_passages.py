"""Who was on the deck is in one record, and nobody is held for nothing (I4, T5, T14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from audit_rig import (
    SECOND,
    Day,
    amended,
    hashes,
    held,
    held_for_nothing,
    image,
    no_record,
    record_of_nothing,
    second_void,
    service,
)
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import OutputImage, Sign
from controller.core.kinds import Message
from protocol import custody, parts
from sim.cheats import Moment, SignalDevice
from sim.checker import Checker
from sim.claimcheck import of_claims
from sim.loads import Thing
from sim.truth import OnDeck
from sim.world import Fault


def passage_told_of_twice(day: Day) -> None:
    day.yard.truth.on_deck.append(
        OnDeck(from_us=50 * SECOND, until_us=60 * SECOND, vehicles={0: 1})
    )
    late = day.times(at_us=55 * SECOND, entered_us=51 * SECOND, decided_us=55 * SECOND)
    late = replace(late, wall_ms=day.yard.options.wall_start_ms + 55_000)
    void = day.record(kind=parts.Kind.VOID, part=2, refers_to=1, void="again", times=late)
    bare = replace(void, weighing=None, verdicts=None, decision=None, permit=parts.Permit.NONE)
    day.records.append(bare)


def said_to_have_left(day: Day) -> None:
    left = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("left without release",))
    day.records.append(amended(day, decision=left))


def part_left_out(day: Day) -> None:
    day.records.append(amended(day, part=3))


def amended_without_reference(day: Day) -> None:
    day.records.insert(0, service(day))
    day.records.append(amended(day, refers_to=1))


def held_after_its_release(day: Day) -> None:
    day.records.append(amended(day))


def journal_of_another(day: Day) -> None:
    told = custody.Media(kind="journal", sha256=bytes(32), bytes=9)
    day.records[0] = replace(day.records[0], media=(told,))
    day.records.append(amended(day, media=(told,)))


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (no_record, ["I4", "I9", "I9", "T2"]),
        (second_void, ["I4", "T5"]),
        (record_of_nothing, ["I4"]),
        (passage_told_of_twice, ["I4", "T5"]),
        (said_to_have_left, ["I4", "T5"]),
        (part_left_out, ["I4", "T5"]),
        (amended_without_reference, ["I4", "T5"]),
        (held_for_nothing, ["T5"]),
        (held_after_its_release, ["T5"]),
        (journal_of_another, ["T12", "T5"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


@pytest.mark.parametrize(
    ("device", "died", "found"), [(True, True, []), (False, True, ["I4"]), (True, False, ["I4"])]
)
def test_a_device_may_make_another_load_of_one_that_stood_there_before_a_stop(
    device: bool, died: bool, found: list[str]
) -> None:
    day = Day()
    second_void(day)
    day.records[-1] = replace(day.records[-1], void="another than before the start")
    if device:
        on = SignalDevice(on=Moment(wait_us=0), off=None, gain_ppm=-300_000)
        day.yard.options = replace(day.yard.options, devices=(on,))
    checker = Checker(day.yard)
    if died:
        checker.restarted()
    records = day.sealed()
    told = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert told == found


def test_i4_what_lies_on_the_deck_from_the_beginning_is_no_load_that_came() -> None:
    for from_us, wrong in ((3 * SECOND, False), (0, True)):
        day = Day()
        record_of_nothing(day)
        day.yard.loads.append(Thing.lying(500_000, 6.0, from_us=from_us))
        assert ("I4" in day.checks()) is wrong


@pytest.mark.parametrize(
    ("came_s", "message", "wrong"),
    [(3, Message.CLOSED, False), (1, Message.CLOSED, True), (3, Message.DRIVE_ON, True)],
)
def test_i4_of_what_has_walked_off_again_a_stopped_lane_tells_then(
    came_s: int, message: Message, wrong: bool
) -> None:
    day = Day()
    record_of_nothing(day)
    times = replace(day.records[0].times, entered_us=came_s * SECOND)
    day.records[0] = replace(day.records[0], times=times)
    day.yard.loads.append(Thing.lying(280_000, 6.0, from_us=2 * SECOND, until_us=4 * SECOND))
    checker = Checker(day.yard)
    checker.observe(image(came_s), OutputImage(on_deck=2, sign=Sign(message=message)))
    records = day.sealed()
    told = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert ("I4" in told) is wrong


@pytest.mark.parametrize(
    ("at_s", "void", "of_vehicle"),
    [
        (30, "found on deck at start", True),
        (50, "found on deck at start", False),
        (50, "unexpected load", False),
        (50, "left without weighing", True),
        (70, "left without weighing", False),
    ],
)
def test_i4_what_lies_beside_a_vehicle_has_not_its_record(
    at_s: int, void: str, of_vehicle: bool
) -> None:
    day = Day()
    times = day.times(at_us=at_s * SECOND, entered_us=None, decided_us=at_s * SECOND)
    day.records = [held(day, void, times)]
    day.yard.loads.append(Thing.lying(500_000, 6.0, from_us=20 * SECOND))
    found = [one.seen for one in day.findings() if one.check == "I4"]
    assert ("vehicles [0] on the deck: none" not in found) is of_vehicle


@pytest.mark.parametrize(
    ("boarded_s", "told", "wrong"),
    [(1.5, True, False), (1.5, False, False), (0.9, True, True), (4.1, True, True)],
)
def test_i4_what_a_lying_scale_made_up_may_be_gone_at_the_start(
    boarded_s: float, told: bool, wrong: bool
) -> None:
    """Also where the lane died in the scan in which it took the load for a vehicle."""
    day = Day()
    record_of_nothing(day)
    day.records[0] = replace(day.records[0], void="gone at start")
    lies = Fault(device="cell0", kind="reads too much", from_us=SECOND, until_us=2 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    checker = Checker(day.yard)
    begun = OutputImage(on_deck=2)
    if told:
        checker.observe(image(boarded_s), begun)
    day.yard.now_us = round(boarded_s * SECOND)
    checker.died(None)
    checker.restarted()
    checker.observe(image(4.5), begun)
    records = day.sealed()
    ghosts = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert (ghosts == ["I4"]) is wrong


@pytest.mark.parametrize(("boarded_s", "wrong"), [(11, False), (46, True)])
def test_i4_a_cell_that_lies_after_the_start_has_not_made_up_who_was_there_before(
    boarded_s: int, wrong: bool
) -> None:
    day = Day()
    times = day.times(at_us=50 * SECOND, entered_us=None, decided_us=50 * SECOND)
    day.records = [held(day, "gone at start", times)]
    lies = Fault(device="cell0", kind="creeps", from_us=45 * SECOND, until_us=55 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    checker = Checker(day.yard)
    checker.observe(image(float(boarded_s)), OutputImage(on_deck=1))
    checker.restarted()
    records = day.sealed()
    found = [one.seen for one in checker.finish(records, hashes(records)) if one.check == "I4"]
    assert (found == ["vehicles [0] on the deck: none"]) is wrong


@pytest.mark.parametrize(
    ("void", "unbidden", "wrong"),
    [
        ("recovered with a load", 2, False),
        ("left without weighing", 2, True),
        ("left without weighing", 0, False),
    ],
)
def test_i4_what_a_lying_scale_makes_up_is_not_of_who_has_just_left(
    void: str, unbidden: int, wrong: bool
) -> None:
    """But where the lane awaited another, who has not come."""
    day = Day()
    day.unbidden = unbidden
    times = day.times(at_us=50 * SECOND, entered_us=49 * SECOND, decided_us=50 * SECOND)
    second_void(day)
    day.records[-1] = replace(day.records[-1], void=void, times=times)
    lies = Fault(device="cell0", kind="reads too much", from_us=45 * SECOND, until_us=55 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    assert ("I4" in day.checks()) is wrong


@pytest.mark.parametrize(("before", "wrong"), [(Message.CLOSED, False), (Message.DRIVE_ON, True)])
def test_i4_people_may_board_a_lane_that_has_only_just_let_somebody_in(
    before: Message, wrong: bool
) -> None:
    day = Day()
    record_of_nothing(day)
    times = replace(day.records[0].times, entered_us=3 * SECOND)
    day.records[0] = replace(day.records[0], void="left without weighing", times=times)
    people = [Thing.lying(90_000, 6.0, from_us=2 * SECOND, until_us=4 * SECOND) for _ in range(2)]
    day.yard.loads += people
    checker = Checker(day.yard)
    checker.observe(image(2.9), OutputImage(sign=Sign(message=before)))
    checker.observe(image(3.0), OutputImage(sign=Sign(message=Message.DRIVE_ON), on_deck=2))
    records = day.sealed()
    ghosts = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert (ghosts == ["I4"]) is wrong


@pytest.mark.parametrize(
    ("entered_s", "unbidden", "wrong"),
    [(2, 2, False), (1.9, 2, True), (1.9, 0, False), (5, 2, True), (5, 0, True), (None, 0, True)],
)
def test_i4_what_began_as_the_scale_lied_may_be_found_gone_late(
    entered_s: float | None, unbidden: int, wrong: bool
) -> None:
    """If it has stayed for a second, or the lane awaited somebody."""
    day = Day()
    day.unbidden = unbidden
    record_of_nothing(day)
    entered_us = None if entered_s is None else round(entered_s * SECOND)
    times = replace(day.records[0].times, entered_us=entered_us)
    day.records[0] = replace(day.records[0], void="left without weighing", times=times)
    lies = Fault(device="cell0", kind="reads too much", from_us=SECOND, until_us=2 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    assert ("I4" in day.checks()) is wrong


@pytest.mark.parametrize(
    ("kind", "device", "whole", "from_s", "until_s", "wrong"),
    [
        ("silent", "cells", False, 9, None, False),
        ("stuck", "cells", False, 9, 41, False),
        ("stuck", "cells", True, 9, 41, True),
        ("stuck", "cells", False, 11, 41, True),
        ("stuck", "cells", False, 9, 39, True),
        ("slow", "cells", False, 9, 41, True),
        ("silent", "cell3", False, 9, 41, True),
    ],
)
def test_i4_who_put_no_more_than_his_nose_on_a_deck_that_said_nothing(
    kind: str, device: str, whole: bool, from_s: int, until_s: int | None, wrong: bool
) -> None:
    day = Day()
    no_record(day)
    day.yard.truth.on_deck[0].whole = whole
    until_us = None if until_s is None else until_s * SECOND
    fault = Fault(device=device, kind=kind, from_us=from_s * SECOND, until_us=until_us)
    day.yard.options = replace(day.yard.options, faults=(fault,))
    found = [one.seen for one in day.findings() if one.check == "I4"]
    assert found == ["vehicles [0] on the deck: none"] * wrong


def test_i4_who_follows_before_the_deck_is_empty_has_a_record_of_his_own() -> None:
    for vehicles, void, wrong in (
        ((0, 1), "unexpected load", False),
        ((0, 1), "left without weighing", True),
        ((0,), "unexpected load", True),
    ):
        day = Day()
        day.yard.drivers += yard_with("2-axle truck").drivers
        day.yard.truth.on_deck[0].vehicles = dict.fromkeys(vehicles, day.mass_g)
        follower = held(day, void, day.times(at_us=35 * SECOND, decided_us=35 * SECOND))
        day.records.append(replace(follower, passage_id=2))
        assert ("I4" in day.checks()) is wrong


def test_t14_nobody_is_held_for_a_wait_that_was_not_waited_out() -> None:
    day = Day()
    for decided_s, wrong in ((31, True), (70, True), (71, False)):
        times = day.times(decided_us=decided_s * SECOND)
        found = of_claims([held(day, "not positioned", times)])
        assert [finding.check for finding in found] == (["T14"] if wrong else [])
    found = of_claims([held(day, "over capacity", day.times())])
    assert list(found) == []


@pytest.mark.parametrize(
    ("full_s", "died_s", "again_s", "wrong"),
    [
        (9, 41, 42, False),
        (None, 41, 42, True),
        (12, 41, 42, True),
        (9, 37, 37, True),
        (None, 9, 39, False),
        (None, 9, 37, True),
        (None, 11, 39, True),
    ],
)
def test_i4_no_record_is_due_of_whom_no_life_could_tell(
    full_s: int | None, died_s: int, again_s: int, wrong: bool
) -> None:
    """From before the vehicle boards until it is gone the lane is dead, or its disk is full."""
    day = Day()
    stay = day.yard.truth.on_deck[0]
    assert (stay.from_us, stay.until_us) == (10 * SECOND, 40 * SECOND)
    checker = Checker(day.yard)
    checker.observe(image(float(died_s)), OutputImage())
    checker.died(None if full_s is None else full_s * SECOND)
    day.yard.now_us = again_s * SECOND
    checker.restarted()
    assert ("I4" in [finding.check for finding in checker.finish([], hashes([]))]) is wrong
