"""A shift that goes round in circles ends, and is a finding."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest

from sim.explore import campaign, shrink
from sim.explore.campaign import Request
from sim.explore.outcome import Ride, erred
from sim.explore.patience import HangsError, patience
from sim.explore.plan import Plan
from sim.finding import Finding

PLAN = Plan(seed=3, table={"day": {}, "truck": [{"at": f"{i} s"} for i in range(6)]})
LONG_S = 30.0


def spin(_: Plan | None = None) -> Ride:
    """Work as long as a test may last at most."""
    until_s = time.process_time() + LONG_S
    while time.process_time() < until_s:
        pass
    return erred(PLAN, "nobody ended it")


def test_who_swallows_the_error_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.explore.patience.AGAIN_S", 0.05)
    told = 0
    with patience(0.05):
        for _ in range(2):
            try:
                spin()
            except HangsError:
                told += 1
    assert told == 2


def test_nobody_is_told_once_it_is_over() -> None:
    with patience(0.05):
        pass
    until_s = time.process_time() + 0.2
    while time.process_time() < until_s:
        pass


def test_a_shift_without_end_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "ride", spin)
    monkeypatch.setattr(campaign, "DAY_CPU_S", 0.2)
    assert not campaign.run(Request(plan=PLAN, follow=0, as_json=True, out=tmp_path))
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert line["seen"] == "HangsError: no end after 0.2 s of the processor"


def test_making_small_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Plan) -> Finding:
        next(clock)
        return finding

    finding = Finding(check="T2", at_us=0, seen="")
    clock = itertools.count(0.0, shrink.CPU_S_MAX / 3)
    monkeypatch.setattr(time, "process_time", clock.__next__)
    assert shrink.shrunk(PLAN, finding, fails, rides_max=60).rides == 1
