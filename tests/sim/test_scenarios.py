"""Scenario files: those that come along can be run, and a mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.scenario import deal, names, read_scenario
from sim.units import ScenarioError
from sim.world import Yard

TRUCK: dict[str, Any] = {"configuration": "3-axle truck"}


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_comes_along_is_a_day_with_trucks(name: str) -> None:
    visits, options = read_scenario(name, seed=1)
    assert visits
    assert options.title


def test_the_scenarios_of_the_issue_are_there() -> None:
    wanted = {"legal", "overloaded_reweigh", "unreadable_plate", "tailgater", "tare_and_gross"}
    assert wanted | {"stops_short", "morning"} <= set(names())


def test_a_scenario_means_what_it_says() -> None:
    over = read_scenario("overloaded_reweigh", 3)[0][0]
    assert over.truck.tare_g + over.load_g > over.truck.limit_g
    assert over.habits.unload_g is not None
    assert over.truck.tare_g + over.load_g - over.habits.unload_g < over.truck.limit_g
    assert read_scenario("unreadable_plate", 3)[0][0].truck.plate_dirt == 1.0
    assert read_scenario("stops_short", 3)[0][0].habits.stop_error_m < -0.6
    fetch = read_scenario("tare_and_gross", 3)[0][0]
    assert fetch.end == 1
    assert fetch.load_g == 0
    assert fetch.habits.fetch_g
    assert [v.habits.tailgates for v in read_scenario("tailgater", 3)[0]] == [False, True]


def test_the_same_seed_deals_the_same_day_and_another_another() -> None:
    assert read_scenario("morning", 1) == read_scenario("morning", 1)
    assert read_scenario("morning", 1) != read_scenario("morning", 2)


def test_more_trucks_do_not_change_the_first_ones_kind_set() -> None:
    assert len([v for v in read_scenario("morning", 1, 30)[0] if not v.habits.tailgates]) == 30
    assert len(Yard.from_scenario("morning", 1, trucks=0).drivers) == 0


def test_every_kind_comes_at_least_once_in_a_morning() -> None:
    visits = read_scenario("morning", 8)[0]
    assert any(v.truck.plate_dirt == 1.0 for v in visits)
    assert any(v.habits.fetch_g for v in visits)
    assert any(v.habits.tailgates for v in visits)
    assert any(v.habits.unload_g for v in visits)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"days": {}}, ["'days'", "did you mean 'day'"]),
        ({"truck": TRUCK}, ["[[truck]]", "double brackets"]),
        ({"day": {"lite": "day"}}, ["[day]", "'lite'"]),
        ({"day": {"light": "bright"}}, ["[day] light", "'bright'", "'night'"]),
        ({"day": {"begins": "8 am"}}, ["[day] begins", "2026-11-22 08:00"]),
        ({"day": {"trucks": "many"}, "truck": [TRUCK]}, ["trucks = 'many'", "whole number"]),
        ({"day": {"mix": True}}, ["at least one [[truck]]"]),
        ({"day": {"mix": True}, "truck": [{**TRUCK, "share": 0}]}, ["share", "above 0"]),
        ({"truck": [{"configuration": "7-axle truck"}]}, ["[[truck]] 1 configuration", "mean"]),
        ({"truck": [{**TRUCK, "weighs": "32"}]}, ["weighs", "'32'", "48.3 t"]),
        ({"truck": [{**TRUCK, "weighs": "leagl"}]}, ["weighs", "did you mean 'legal'"]),
        ({"truck": [{**TRUCK, "weighs": "2 t"}]}, ["less than the empty 3-axle truck"]),
        ({"truck": [{**TRUCK, "driver": "asleep"}]}, ["driver", "stops short"]),
        ({"truck": [{**TRUCK, "at": 5}]}, ["[[truck]] 1 at", "90 s"]),
        ({"truck": [TRUCK, {**TRUCK, "plate": "皖A1"}]}, ["[[truck]] 2 plate", "7 characters"]),
        ({"person": [{"end": "yard", "from": "1 s"}]}, ["[[person]] 1 until"]),
        ({"fault": [{"device": "yard.bom", "kind": "silent"}]}, ["device", "'yard.boom'"]),
        ({"fault": [{"device": "cells", "kind": "odd", "from": "1 s"}]}, ["kind", "stuck"]),
        ({"fault": [{"device": "cell8", "kind": "stuck", "from": "1 s"}]}, ["device", "'cell"]),
        ({"request": [{"kind": "keyed_weight", "who": "a", "why": "b"}]}, ["[[request]] 1 kind"]),
        ({"request": [{"kind": "clear_cells", "why": "b"}]}, ["[[request]] 1 who", "names"]),
        ({"request": [{"kind": "clear_cells", "who": "a", "why": "b"}]}, ["[[request]] 1 at"]),
        ({"truck": [{"same_as": 1}]}, ["[[truck]] 1 same_as", "before"]),
        ({"truck": [TRUCK, {**TRUCK, "same_as": 1}]}, ["[[truck]] 2 configuration", "truck]] 1"]),
        ({"cheat": {"number": "K15", "hole": "-"}}, ["[cheat] number", "'K15'"]),
        ({"cheat": {"number": "K1", "caught": ["alarm BOOM_MVED"]}}, ["caught", "no such alarm"]),
        ({"cheat": {"number": "K1", "caught": ["smell fish"]}}, ["caught", "write one of"]),
        ({"cheat": {"number": "K1", "wants": "-", "must": "-"}}, ["[cheat]", "hole"]),
        ({"device": [{"from": "now", "weighs": "less", "by": "5 %"}]}, ["[[device]] 1 from"]),
        (
            {"device": [{"from": "1 s after vehicle 1 sings", "weighs": "less", "by": "5 %"}]},
            ["[[device]] 1 from", "2 s after vehicle 1 stands"],
        ),
        ({"device": [{"from": "1 s", "weighs": "odd", "by": "5 %"}]}, ["weighs", "'odd'"]),
        ({"device": [{"from": "1 s", "weighs": "less", "by": "5 %", "cells": [9]}]}, ["cells"]),
        ({"hand": [{"from": "1 s", "end": "yard", "does": "raise"}]}, ["does", "'raises'"]),
    ],
)
def test_a_mistake_is_named_with_its_place(table: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        deal(table, seed=1, where="day.toml")
    assert str(caught.value).startswith("day.toml")
    for word in words:
        assert word in str(caught.value)


def test_a_missing_file_and_a_broken_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such scenario file"):
        read_scenario(tmp_path / "none.toml", 1)
    broken = tmp_path / "broken.toml"
    broken.write_text("[day\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="cannot be read as TOML"):
        read_scenario(broken, 1)
    with pytest.raises(ScenarioError, match="did you mean 'morning'"):
        read_scenario("mornin", 1)


def test_faults_of_a_scenario_come_and_go() -> None:
    fault = {"device": "yard.arm", "kind": "unknown", "from": "2 s", "until": "4 s"}
    visits, options = deal({"fault": [fault]}, seed=1)
    yard = Yard(1, visits, options)
    seen = []
    for _ in range(6):
        seen.append(yard.fault_of("yard.arm"))
        yard.advance(1_000_000)
    assert seen == [None, None, "unknown", "unknown", None, None]
