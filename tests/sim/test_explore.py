"""The explorer: dealt shifts can be run, one seed gives one result, failures become small files.

The files of tests/scenarios are shifts in which something was found once.  A closed one must find
nothing any more; an open one must still find what it was kept for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

import controller.scan
from controller.core.images import InputImage, OutputImage
from controller.core.interlock import interlock
from controller.core.kinds import BoomCommand, Presence
from controller.core.settings import InterlockSettings
from sim.explore import campaign
from sim.explore.coverage import Cell, part_of, table_of, told
from sim.explore.deal import deal
from sim.explore.order import Order
from sim.explore.plan import Plan, read_plan, seed_of, written
from sim.explore.ride import ride
from sim.explore.shrink import shrunk
from sim.faults import TABLE
from sim.finding import Finding
from sim.units import ScenarioError

KEPT = sorted((Path(__file__).parents[1] / "scenarios").glob("*.toml"))
SHORT = Plan(
    seed=3,
    table={
        "day": {"begins": "2026-11-22 23:59"},
        "truck": [{"configuration": "2-axle truck", "weighs": "legal"}],
        "fault": [
            {"device": "yard.beam_low", "kind": "flapping", "from": "2 s", "until": "6 s"},
            {"device": "cells", "kind": "slow", "from": "12 s", "until": "14 s"},
        ],
        "kill": [{"at": "20 s", "dead": "1.5 s"}],
    },
)
GUARDS = ("arm", "beam_low", "beam_high")


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_what_was_found_once(path: Path) -> None:
    plan = read_plan(path)
    found = {finding.check for finding in ride(plan).findings}
    about = plan.table["found"]
    if about["state"] == "open":
        assert about["check"] in found, f"{path.name} finds it no more: write state = 'closed'"
    else:
        assert not found


def test_one_seed_gives_the_same_bytes_in_two_processes_with_other_hash_seeds() -> None:
    code = "from test_explore import SHORT; from sim.explore.ride import ride; r = ride(SHORT); "
    code += "print(r.digest, r.records, r.kills, [str(f) for f in r.findings], sorted(r.cells))"
    tasks = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "4711")
    ]
    one, two = (task.communicate()[0] for task in tasks)
    assert one == two
    digest, records, kills, findings, *_ = one.split(maxsplit=4)
    assert (len(digest), kills, findings) == (64, "1", "[]")
    assert int(records) >= 2


def test_every_seed_deals_a_shift_that_can_be_run_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    for seed in range(60):
        plan = deal(seed)
        assert plan == deal(seed)
        assert plan.yard().drivers
        found = {"seed": seed, "check": "T1", "seen": 'a "word"\n', "state": "open"}
        kept = Plan(seed=seed, table={"found": found} | plan.table)
        path.write_text(written(kept), encoding="utf-8")
        assert read_plan(path) == kept
        assert read_plan(path).kills() == plan.kills()


def test_of_the_guards_of_a_boom_at_most_one_lies_at_a_time_and_every_fault_ends() -> None:
    lies = 0
    for seed in range(400):
        liars: dict[str, list[tuple[float, float]]] = {}
        for fault in deal(seed).table.get("fault", []):
            end, _, part = fault["device"].partition(".")
            assert float(fault["from"].split()[0]) < float(fault["until"].split()[0])
            if part in GUARDS and TABLE[part][fault["kind"]].lies:
                times = float(fault["from"].split()[0]), float(fault["until"].split()[0])
                assert all(u < times[0] or times[1] < f for f, u in liars.get(end, []))
                liars.setdefault(end, []).append(times)
                lies += 1
    assert lies > 20


def test_a_lane_that_lowers_a_boom_on_whoever_is_under_it_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(
        inputs: InputImage, wanted: OutputImage, settings: InterlockSettings
    ) -> OutputImage:
        out = interlock(inputs, wanted, settings)
        blocked = (end.beam_low.state == Presence.BLOCKED for end in inputs.ends)
        pairs = zip(out.booms, blocked, strict=True)
        return replace(out, booms=tuple(BoomCommand.LOWER if b else c for c, b in pairs))

    monkeypatch.setattr(controller.scan, "interlock", careless)
    plan = Plan(seed=3, table={"day": {}, "truck": SHORT.table["truck"]})
    assert {"I2", "T1", "replay"} <= {finding.check for finding in ride(plan).findings}


def test_an_error_of_the_program_is_a_finding_and_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no way on")

    monkeypatch.setattr(controller.scan, "step", fails)
    (found,) = ride(SHORT).findings
    assert (found.check, found.seen, found.at_us) == ("error", "RuntimeError: no way on", 0)


def test_a_failing_plan_is_made_as_small_as_it_goes() -> None:
    plan = next(p for p in map(deal, range(999)) if _big(p))
    device = plan.table["fault"][-1]["device"]
    finding = Finding(check="T1", at_us=5_000_000, seen="a boom")

    def fails(smaller: Plan) -> Finding | None:
        """What is found needs one fault of that device, and a death."""
        devices = [fault["device"] for fault in smaller.table.get("fault", [])]
        return finding if device in devices and smaller.kills() else None

    small = shrunk(plan, finding, fails, 500).plan.table
    assert [fault["device"] for fault in small["fault"]] == [device]
    assert (len(small["truck"]), len(small["kill"])) == (1, 1)
    assert "person" not in small
    assert "request" not in small
    assert small["truck"][0]["driver"] == "good"
    assert small["day"]["wind"] == "calm"
    assert small["found"]["check"] == "T1"


def _big(plan: Plan) -> bool:
    table = plan.table
    return all(len(table.get(key, ())) > 1 for key in ("truck", "fault", "kill", "request"))


def test_shrinking_ends_after_its_runs() -> None:
    finding = Finding(check="T1", at_us=0, seen="")
    assert shrunk(deal(1), finding, lambda plan: None, 3).rides == 3


def test_what_has_been_reached_is_told_as_a_table() -> None:
    cells: Iterable[Cell] = [
        ("IDLE", "none", "nobody"),
        ("IDLE", "none", "good"),
        ("HOLDING", "beam_low stuck", "good"),
    ]
    assert table_of(cells) == {
        "IDLE": {"none": ["good", "nobody"]},
        "HOLDING": {"beam_low stuck": ["good"]},
    }
    head, stuck, none = told(cells).splitlines()
    assert head.split() == ["IDLE", "HOLDIN"]
    assert stuck.split() == ["beam_low", "stuck", "·", "1"]
    assert none.split() == ["none", "2", "·"]
    assert [part_of(d) for d in ("cell7", "cells", "road.boom")] == ["cell", "cells", "boom"]


@pytest.mark.parametrize("seeds", ["7", "9:9", "a:b", "5:", "-1:4"])
def test_seeds_that_are_none_are_refused(seeds: str) -> None:
    with pytest.raises(ValueError, match="write A:B"):
        campaign.request(seeds, None, None)


def test_just_one_of_the_ways_to_name_a_shift() -> None:
    assert campaign.request("3:5", None, None).seeds == range(3, 5)
    assert campaign.request(None, "0", None).plan == deal(0)
    assert campaign.request(None, "17.3", None).plan == deal(17, (3,))
    for given in ((None, None, None), ("1:2", "3", None)):
        with pytest.raises(ValueError, match="one of"):
            campaign.request(*given)


def test_a_kept_file_that_does_not_say_what_was_found_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[found]\nstate = "open"\n[[truck]]\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match="needs seed"):
        read_plan(path)


def test_a_branch_is_its_seed_with_a_part_or_two_dealt_anew() -> None:
    lists = ("truck", "fault", "person", "kill")
    changed = set()
    for number in range(1, 40):
        seed, branch = deal(11).table, deal(11, (number,)).table
        assert branch["day"] | {"operator": ""} == seed["day"] | {"operator": ""}
        anew = {key for key in lists if branch.get(key) != seed.get(key)}
        assert len(anew) <= 2 or "truck" in anew, "all times hang on when the last truck comes"
        changed |= anew
        assert deal(11, (number,)) == deal(11, (number,))
    assert changed == set(lists)
    assert deal(11, (3, 1)) != deal(11, (3,))


def test_what_reached_something_new_is_followed_before_the_next_seed() -> None:
    order = Order(map(deal, range(3)), follow=2)
    ran = [next(order)]
    order.reached_new(ran[0])
    ran.append(next(order))
    order.reached_new(ran[1])
    ran += list(order)
    assert [plan.name for plan in ran] == ["0", "0.1", "1", "0.2", "2", "0.1.1"]


@pytest.mark.parametrize("name", ["", "x", "3.", "-1", "3.x", "١"])
def test_a_name_that_is_no_seed_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="write a number"):
        seed_of(name)
    assert seed_of("17.3.1") == (17, (3, 1))
