"""The mutants are well written, and a few of them die in small shifts: the judge is awake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.explore.outcome import OWN_CHECKS
from sim.explore.plan import Plan
from sim.finding import CHECKS
from sim.mutants.__main__ import main
from sim.mutants.catalogue import ROOT, Mutant, MutantError, chosen, read_all, small
from sim.mutants.hunt import Fate, Hunt, by_turns, rich_first, unrest, words_of
from sim.mutants.overlay import overlay
from sim.mutants.table import page, summed

MUTANTS = read_all()
SHORT = Plan(seed=1, table={"truck": [{"configuration": "3-axle truck", "suspension": "steel"}]})
SMOKE = ("ends-swapped-when-leaving", "row-of-three-axles", "commit-left-out")


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_changes_one_place_of_the_program_as_it_is_today(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    changed = mutant.applied(text)
    assert changed != text
    if mutant.file.endswith(".py"):
        compile(changed, mutant.file, "exec")


def test_there_are_enough_of_them_in_every_area_each_with_a_check_and_a_plan_that_are() -> None:
    assert len(MUTANTS) >= 60
    assert {mutant.area for mutant in MUTANTS} == {"lane", "safety", "rules", "weighing", "records"}
    plans = {plan.seed for plan in small()}
    for mutant in MUTANTS:
        assert mutant.plan in plans, mutant.name
        assert mutant.killers, mutant.name
        assert set(mutant.killers) <= {*CHECKS, *OWN_CHECKS}, mutant.name


def test_a_few_mutants_die_in_one_short_shift_and_the_program_itself_does_not() -> None:
    hunt = Hunt(ROOT, [SHORT])
    fates = hunt.run(chosen(MUTANTS, SMOKE), 1, lambda fate: None)
    assert {fate.name: fate.check for fate in fates} == {
        "ends-swapped-when-leaving": "I8",
        "row-of-three-axles": "T9",
        "commit-left-out": "I4",
    }
    assert hunt.unsound == {}


def test_an_overlay_holds_the_changed_file_and_leaves_the_tree_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "base" / "a" / "b").mkdir(parents=True)
    for name in ("a/b/one.py", "a/b/two.py", "a/three.py"):
        (tmp_path / "base" / name).write_text("x = 1\n", encoding="utf-8")
    mutant = made(file="a/b/one.py", find="1", replace="2")
    laid = overlay(tmp_path / "base", mutant, tmp_path / "laid")
    told = {p: (laid / p).read_text("utf-8") for p in ("a/b/one.py", "a/b/two.py", "a/three.py")}
    assert told == {"a/b/one.py": "x = 2\n", "a/b/two.py": "x = 1\n", "a/three.py": "x = 1\n"}
    assert (tmp_path / "base" / "a/b/one.py").read_text("utf-8") == "x = 1\n"


def made(**fields: object) -> Mutant:
    base = {"area": "lane", "name": "m", "file": "f", "find": "f", "replace": "r", "meaning": "w"}
    return Mutant(**{**base, "plan": 1, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "find find"])
def test_a_text_that_is_not_there_once_is_refused_with_the_mutants_name(text: str) -> None:
    with pytest.raises(MutantError, match=r"mutant m: its text is [02] times in f"):
        made(find="find").applied(text)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(MutantError, match="no mutant and no area is called x"):
        chosen(MUTANTS, ("x",))
    assert {mutant.area for mutant in chosen(MUTANTS, ("rules",))} == {"rules"}


def test_a_key_too_many_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[mutant]]\nname = "m"\nfail = "f"\n', encoding="utf-8")
    with pytest.raises(MutantError, match="mutant 1: fail"):
        read_all(tmp_path)


def test_calm_shifts_and_rich_ones_come_by_turns_and_first_what_a_mutant_needs() -> None:
    plans = by_turns(range(40))
    assert sorted(plan.seed for plan in plans) == list(range(40))
    assert unrest(plans[0]) == 0 < unrest(plans[1])
    wanting = made(needs=["disk kind slow"])
    order = Hunt(ROOT, plans)._order(wanting)
    slow = ["disk kind slow" in words_of(plan) for plan in order]
    assert slow == sorted(slow, reverse=True)
    assert any(slow)


def test_seeds_that_are_named_come_before_what_a_mutant_needs() -> None:
    plans = by_turns(range(40))
    needs = made(needs=["disk kind slow"])
    usual = [plan.seed for plan in Hunt(ROOT, plans)._order(needs)]
    named = {usual[7], usual[31]}
    asked = [plan.seed for plan in Hunt(ROOT, plans, first=sorted(named))._order(needs)]
    assert asked == [usual[7], usual[31], *(seed for seed in usual if seed not in named)]


def test_the_plan_with_the_most_new_for_its_trucks_comes_first() -> None:
    order = rich_first(range(12))
    assert sorted(plan.seed for plan in order) == list(range(12))
    worth = [len(words_of(plan)) / (1 + len(plan.table["truck"])) for plan in order]
    assert worth[0] == max(worth)


def test_fates_become_a_table_and_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = Fate(name="a", area="lane", meaning="wrong", plans=3, check="T1", seed=5, seen="-")
    live = Fate(name="b", area="rules", meaning="worse", plans=9)
    sums = summed([dead, live])
    assert (sums["killed"], sums["rate"], sums["median"], sums["live"]) == (1, 50.0, 3, ["b"])
    written = page([made(name="a", meaning="wrong"), made(name="b")], [("0:9", [dead, live])])
    assert "| a | wrong | T1, 3 |" in written
    assert "| b | w | **lives**, 9 |" in written
    assert "| dealt, 0:9 | 2 | 1 (50.0 %) | 3 | 3 | 9 |" in written
    assert "## Those that live\n| mutant | why |\n|---|---|\n| b | not known |" in written
    first, then = tmp_path / "first.json", tmp_path / "then.json"
    fate = {"name": MUTANTS[0].name, "area": "lane", "meaning": "wrong", "plans": 4}
    gone = {**fate, "name": "taken-out"}
    first.write_text(json.dumps({"seeds": "0:9", "fates": [fate, gone]}), encoding="utf-8")
    killed = {**fate, "plans": 3, "check": "T1"}
    then.write_text(json.dumps({"seeds": "0:9", "fates": [killed]}), encoding="utf-8")
    assert main(["--page", str(first), str(then)]) == 0
    assert "| dealt, 0:9 | 1 | 1 (100.0 %) | 3 | 3 | 3 |" in capsys.readouterr().out
    assert main(["--only", "nothing-of-that-name"]) == 2
    assert "no mutant" in capsys.readouterr().err
