"""Several days of one lane: each shift in its day, and nights in which the cabinet is dark."""

import pytest

from sim.explore.days import DAY_S, NEXT_SEED, deal_days
from sim.explore.deal import deal
from sim.explore.dealing.times import in_s

SEEDS = range(30)
_TIMES = ("at", "from", "until")


def test_each_day_is_the_shift_of_its_seed_at_its_time() -> None:
    for seed in SEEDS:
        trucks = deal_days(seed, 3).table["truck"]
        for day in range(3):
            one = deal(seed + NEXT_SEED * day).table["truck"]
            told, trucks = trucks[: len(one)], trucks[len(one) :]
            times = [in_s(truck["at"]) - DAY_S * day for truck in told]
            assert times == pytest.approx([in_s(truck["at"]) for truck in one])
        assert not trucks


def test_a_place_on_the_deck_is_no_time_and_nothing_lies_there_at_night() -> None:
    loads = [load for seed in SEEDS for load in deal_days(seed, 3).table.get("load", [])]
    assert {load["at"].split()[1] for load in loads} == {"m"}
    for load in loads:
        assert in_s(load["from"]) // DAY_S == in_s(load["until"]) // DAY_S


def test_nobody_comes_while_the_cabinet_is_dark() -> None:
    dark = 0
    for seed in SEEDS:
        table = deal_days(seed, 3).table
        for kill in table.get("kill", []):
            if in_s(kill["dead"]) < 60:
                continue
            dark += 1
            until_s = in_s(kill["at"]) + in_s(kill["dead"])
            parts = [table.get(part, []) for part in ("truck", "request", "person", "fault")]
            edges = [entry[k] for part in parts for entry in part for k in _TIMES if k in entry]
            assert not any(in_s(kill["at"]) <= in_s(edge) <= until_s for edge in edges)
    assert 10 <= dark <= 40


def test_the_platform_is_away_until_the_last_day() -> None:
    reached = [one.from_us for seed in SEEDS for one in deal_days(seed, 3).reached()]
    assert 15 <= len(reached) < len(SEEDS)
    assert min(reached) >= 2 * DAY_S * 1e6


def test_every_plan_of_days_can_be_run() -> None:
    for seed in SEEDS:
        plan = deal_days(seed, 2)
        assert plan.yard().drivers
        assert plan.table == deal_days(seed, 2).table
        plan.kills(), plan.troubles()
