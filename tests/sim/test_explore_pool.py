"""Nothing that befalls one ride takes the campaign down: it is a finding, and the others go on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

import controller.scan
import sim.explore.ride
from controller.core.images import InputImage, OutputImage
from controller.scan import Scan
from protocol.keys import KeyFileError
from sim.checker import Checker
from sim.explore import campaign
from sim.explore.campaign import Request
from sim.explore.outcome import Ride, erred
from sim.explore.plan import Plan, read_plan
from sim.explore.pool import DiedError, Pool
from sim.explore.ride import ride, sweep
from sim.finding import Finding
from sim.units import ScenarioError
from sim.world import Yard

SHORT = Plan(seed=3, table={"day": {}, "truck": [{"configuration": "2-axle truck"}]})
LAST_S = 30.0
BEFALLS = {1: "killed", 2: "raises", 4: "ends"}


class ForeignError(Exception):
    """As third parties write them: it cannot be made again of what it says."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def told(text: str) -> str:
    return text


def number(_: str) -> int:
    return os.getpid()


def refused(text: str) -> str:
    raise ForeignError(text, " twice")


def killed(text: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return text


def waits_for(name: str) -> str:
    until_s = time.monotonic() + LAST_S
    while not Path(name).exists() and time.monotonic() < until_s:
        time.sleep(0.01)
    return name


def befallen(plan: Plan) -> Ride:
    """Stands for a ride to which something happens with some seeds."""
    match BEFALLS.get(plan.seed):
        case "killed":
            killed("")
        case "raises":
            raise KeyFileError(Path("lane.key"), "cannot be read", "make it anew")
        case "ends":
            os._exit(3)
    return replace(erred(plan, "the judge has seen this one"), lost=False)


def cannot_be_run(plan: Plan) -> Ride:
    raise ScenarioError("needs apsw")


@pytest.mark.parametrize("jobs", [1, 3])
def test_of_a_process_that_dies_it_is_known_what_it_was_at(jobs: int) -> None:
    buried: list[int] = []
    with Pool(jobs, buried.append) as pool:
        calls = [pool.submit(work, "here") for work in (told, killed, told, killed, told)]
        for i in (0, 2, 4):
            assert calls[i].result() == "here"
        for i in (1, 3):
            with pytest.raises(DiedError, match="killed by SIGKILL"):
                calls[i].result()
    assert len(set(buried)) == 2


def test_one_that_is_killed_while_it_has_nothing_to_do_is_replaced() -> None:
    with Pool(1, lambda _: None) as pool:
        first = pool.submit(number, "").result()
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert pool.submit(number, "").result() != first


def test_an_error_that_pickle_cannot_make_again_comes_back_with_its_words() -> None:
    with Pool(1, lambda _: None) as pool:
        call = pool.submit(refused, "said")
        with pytest.raises(RuntimeError, match="ForeignError: said twice"):
            call.result()
        assert pool.submit(told, "goes on").result() == "goes on"


def test_processes_work_beside_each_other_and_end_with_the_pool(tmp_path: Path) -> None:
    name = str(tmp_path / "mark")
    with Pool(2, lambda _: None) as pool:
        waits, later = pool.submit(waits_for, name), pool.submit(number, "")
        one = later.result()
        Path(name).touch()
        assert waits.result() == name
        pool.submit(waits_for, str(tmp_path / "never"))
    with pytest.raises(ProcessLookupError):
        os.kill(one, 0)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_campaign_goes_on_over_rides_that_are_killed_raise_or_end(
    jobs: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "ride", befallen)
    monkeypatch.setattr(campaign, "shrink", killed_over)
    asked = Request(seeds=range(6), follow=0, jobs=jobs, as_json=True, out=tmp_path)
    assert not campaign.run(asked)
    *lines, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert {line["seed"]: (line["check"], line["seen"]) for line in lines} == {
        "0": ("error", "the judge has seen this one"),
        "1": ("error", "its process was killed by SIGKILL"),
        "2": ("error", "KeyFileError: lane.key: cannot be read; make it anew"),
        "3": ("error", "the judge has seen this one"),
        "4": ("error", "its process ended with status 3"),
        "5": ("error", "the judge has seen this one"),
    }
    assert (last["seeds"], last["findings"]) == (6, {"error": 6})
    (kept,) = last["files"]
    assert 'state = "open"' in Path(kept).read_text(encoding="utf-8")


def killed_over(plan: Plan, finding: Finding, rides_max: int) -> None:
    assert plan.seed not in BEFALLS
    killed("")


def test_what_took_its_process_away_is_not_tried_again_and_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "ride", befallen)
    monkeypatch.setattr(campaign, "shrink", raises)
    plan = replace(SHORT, seed=1)
    assert not campaign.run(Request(plan=plan, follow=0, as_json=True, out=tmp_path))
    (kept,) = json.loads(capsys.readouterr().out.splitlines()[-1])["files"]
    found = {"seed": 1, "check": "error", "seen": "0.00 s: its process was killed by SIGKILL"}
    table = {"found": found | {"state": "open"}} | plan.table
    assert read_plan(Path(kept)).table == {k: v for k, v in table.items() if v}


def raises(*_: object) -> None:
    raise AssertionError


def test_a_plan_that_cannot_be_run_at_all_ends_the_campaign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaign, "ride", cannot_be_run)
    with pytest.raises(ScenarioError, match="needs apsw"):
        campaign.run(Request(seeds=range(2), follow=0, shrink_max=0))


def test_a_ride_whose_folder_vanishes_is_a_finding() -> None:
    def takes_away(yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        if yard.now_us > 5_000_000:
            shutil.rmtree(lane.bookkeeper.ledger.path.parent, ignore_errors=True)

    done = ride(SHORT, takes_away)
    assert {"error"} <= {found.check for found in done.findings}
    assert "steelyard-explore" not in str(done.findings)


def test_a_judge_that_errs_loses_nothing_of_what_was_found_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no way on")

    monkeypatch.setattr(controller.scan, "step", fails)
    monkeypatch.setattr(sim.explore.ride, "kept", unreadable)
    monkeypatch.setattr(Checker, "finish", unreadable)
    seen = [found.seen for found in ride(SHORT).findings]
    assert seen == [
        "KeyFileError: lane.pub: cannot be written; make room",
        "KeyFileError: lane.pub: cannot be written; make room",
        "RuntimeError: no way on",
    ]


def unreadable(*_: object) -> None:
    raise KeyFileError(Path("lane.pub"), "cannot be written", "make room")


def test_the_folders_of_one_that_died_are_removed_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sim.explore.ride, "_SHM", tmp_path)
    theirs, others = (tmp_path / f"steelyard-explore-{n}-ab" for n in ("12", "123"))
    for folder in (theirs, others):
        (folder / "0").mkdir(parents=True)
    sweep(12)
    assert [path for path in (theirs, others) if path.exists()] == [others]
