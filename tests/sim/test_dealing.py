"""What comes together in a dealt shift: a wet yard, and people who press twice."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from sim.explore.deal import deal
from sim.explore.dealing.moments import LEARNED, MOMENTS
from sim.explore.dealing.times import in_s
from sim.explore.plan import Plan
from sim.scenario import ON_SCREEN
from sim.scenario import deal as deal_day
from sim.units import ScenarioError
from sim.world import Yard


@cache
def dealt() -> list[Plan]:
    return [deal(seed) for seed in range(300)]


def test_a_wet_yard_has_mud_from_the_beginning_and_more_dirty_plates() -> None:
    wet = [plan for plan in dealt() if any(one["what"] == "mud" for one in _loads(plan.table))]
    assert 15 <= len(wet) <= 60
    for plan in wet:
        assert not plan.yard().loads[0].acts(-2, -1)
        assert any("from" not in one for one in _loads(plan.table) if one["what"] == "mud")
        assert "cheat" not in plan.table
    plates = Counter(truck["plate_state"] for plan in wet for truck in plan.table["truck"])
    assert plates["dirty"] > plates["clean"]
    assert any(_soaked(plan.table) for plan in wet)


def test_what_falls_on_the_deck_is_no_load_of_its_own_and_some_of_it_is_picked_up() -> None:
    things = [one for plan in dealt() for one in _loads(plan.table) if one["what"] == "thing"]
    assert 15 <= len(things) <= 60
    assert {one["weighs"] for one in things} == {"10 kg", "25 kg", "60 kg"}
    assert 0 < sum("until" in one for one in things) < len(things)
    assert all(in_s(one["until"]) > in_s(one["from"]) >= 3 for one in things if "until" in one)


def _loads(table: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    return table.get("load", [])


def _soaked(table: dict[str, list[dict[str, str]]]) -> bool:
    return any(
        fault["kind"] == "loses pictures" and in_s(fault["until"]) - in_s(fault["from"]) > 50
        for fault in table.get("fault", [])
    )


def test_what_is_asked_is_asked_again_but_no_button_that_is_held() -> None:
    again = Counter(
        asked["kind"]
        for plan in dealt()
        for asked, times in _alike(plan.table)
        if len(times) > 1 and max(times) - min(times) <= 20
    )
    assert again["void"] > 5
    assert again["zero"] > 0


def _alike(table: dict[str, list[dict[str, str]]]) -> list[tuple[dict[str, str], list[float]]]:
    """Each request of a passage on the screen or a zero, with all times at which it is made."""
    found: dict[str, tuple[dict[str, str], list[float]]] = {}
    for asked in table.get("request", []):
        if asked["kind"] in ("void", "zero"):
            rest = {key: value for key, value in asked.items() if key != "at"}
            found.setdefault(repr(rest), (asked, []))[1].append(in_s(asked["at"]))
    return [*found.values()]


def void(passage: object) -> dict[str, object]:
    asked = {"kind": "void", "who": "operator", "why": "no load", "at": "1 s", "passage": passage}
    return {"request": [asked]}


@pytest.mark.parametrize(("screen", "asked"), [(7, [7]), (None, [])])
def test_who_voids_what_is_on_the_screen_names_that_passage_and_else_nothing(
    screen: int | None, asked: list[int]
) -> None:
    visits, options = deal_day(void(ON_SCREEN), 1)
    yard = Yard(1, visits, options)
    yard.screen = screen
    yard.advance(1_200_000)
    assert [one.passage_id for one in yard.operator.take()] == asked


def test_a_passage_is_a_number_or_that_on_the_screen() -> None:
    with pytest.raises(ScenarioError, match='a passage is expected, or "on screen"'):
        deal_day(void("the last"), 1)


def test_cells_are_cleared_after_the_last_trouble_of_the_disk() -> None:
    """For a word counts once it is recorded, and who sees nothing come of it asks again."""
    both = 0
    for plan in dealt():
        asked = [in_s(one["at"]) for one in plan.table.get("request", []) if _clears(one)]
        disk = [in_s(one["until"]) for one in plan.table.get("disk", [])]
        both += bool(asked and disk)
        assert not (asked and disk) or max(asked) > max(disk) + 30
    assert both >= 10


def _clears(asked: dict[str, str]) -> bool:
    return asked["kind"] == "clear_cells"


def test_somebody_says_stop_to_booms_that_are_moved_by_hand() -> None:
    stopped = [plan for plan in dealt() if "stop_boom" in _kinds(plan.table)]
    assert len(stopped) > 5
    for plan in stopped:
        raised = _times_of(plan.table, "raise_boom")
        lowered = _times_of(plan.table, "lower_boom")
        for at_s in _times_of(plan.table, "stop_boom"):
            falls = any(0.0 <= at_s - down_s <= 0.4 for down_s in lowered)
            assert falls or any(0.1 <= at_s - up_s <= 11.5 for up_s in raised)


def _kinds(table: dict[str, list[dict[str, str]]]) -> set[str]:
    return {asked["kind"] for asked in table.get("request", [])}


def _times_of(table: dict[str, list[dict[str, str]]], kind: str) -> list[float]:
    return [in_s(asked["at"]) for asked in table["request"] if asked["kind"] == kind]


def test_each_moment_comes_in_some_shifts_and_its_title_tells() -> None:
    names = Counter(plan.table["day"]["title"].partition(": ")[2] for plan in dealt())
    assert {*names} == {"", *MOMENTS, *LEARNED}
    assert 75 <= len(dealt()) - names[""] <= 130
    assert min(names.values()) >= 2


def test_what_comes_together_comes_in_the_order_of_time_and_no_device_fails_twice_at_once() -> None:
    for plan in dealt():
        for part in ("fault", "request"):
            times = [in_s(one.get("from", one.get("at"))) for one in plan.table.get(part, [])]
            assert times == sorted(times), plan.name
        assert not _two_at_once(plan.table.get("fault", [])), plan.name


def _two_at_once(faults: list[dict[str, str]]) -> bool:
    """Whether a device has two faults at one time; faults are in the order of their beginnings."""
    ends: dict[str, float] = {}
    for fault in faults:
        if in_s(fault["from"]) < ends.get(fault["device"], 0.0):
            return True
        ends[fault["device"]] = in_s(fault["until"])
    return False


def test_nobody_is_at_the_window_but_where_he_comes_back_later() -> None:
    """Else a held vehicle would stand there for ever: nothing of a moment is left without it."""
    alone = [plan for plan in dealt() if plan.table["day"].get("operator") == "absent"]
    assert alone
    assert all(": a tailgater before" in plan.table["day"]["title"] for plan in alone)
    assert all(max(_times_of(plan.table, "release")) > 600 for plan in alone)


def test_who_waits_with_a_moment_to_come_drives_as_it_wants() -> None:
    waits = [plan for plan in dealt() if plan.table["day"]["title"].endswith("driver waits")]
    for plan in waits:
        first, *_ = plan.table["truck"]
        assert first["driver"] == "impatient"
        dark = f"{first['comes_from']}.approach_lamp"
        assert any(one["device"] == dark for one in plan.table["fault"])
