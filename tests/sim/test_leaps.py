"""A ride that passes over what cannot happen comes to the same outcome, byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from controller.core.faults import Fault
from controller.core.images import InputImage
from controller.core.kinds import Phase
from controller.scan import Scan
from protocol.record import Record
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.scale import Cells, Converter
from sim.world import Yard

PLAN = Plan(
    seed=11,
    table={
        "day": {"begins": "2026-11-22 23:59"},
        "truck": [{"configuration": "2-axle truck", "weighs": "legal", "at": "34 s"}],
        "person": [{"end": "yard", "from": "15.33 s", "until": "15.47 s"}],
        "fault": [
            {"device": "cell3", "kind": "silent", "from": "8.01 s", "until": "8.93 s"},
            {"device": "clock", "kind": "unknown", "from": "20.05 s", "until": "20.3 s"},
        ],
        "kill": [{"at": "22.06 s", "dead": "1.5 s"}],
        "request": [{"kind": "clear_cells", "who": "王", "why": "repaired", "at": "10 s"}],
    },
)


def test_leaps_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    passed, again, rested, rest = [0], Scan.again, [0], Scan.rest

    busy = [0]

    def counted(lane: Scan) -> InputImage:
        passed[0] += 1
        busy[0] += lane.lane.phase is not Phase.IDLE
        return again(lane)

    def counted_rest(lane: Scan, *samples: Any) -> int:
        scans = rest(lane, *samples)
        rested[0] += scans
        return scans

    monkeypatch.setattr(Scan, "again", counted)
    monkeypatch.setattr(Scan, "rest", counted_rest)
    records: list[Record] = []
    leapt = ride(PLAN, keep=records.extend)
    assert passed[0] > 200
    assert rested[0] > 120
    assert busy[0] > 400
    the_same: list[Record] = []
    assert ride(PLAN, keep=the_same.extend, leaps=False) == leapt
    assert records
    assert the_same == records


IN_TROUBLE = Plan(
    seed=11,
    table={
        "day": {"begins": "2026-11-22 08:00"},
        "truck": [{"configuration": "2-axle truck", "weighs": "legal", "at": "1 s"}],
        "fault": [
            {"device": "yard.deck_lamp", "kind": "stays green", "from": "1 s", "until": "30 s"},
            {"device": "road.camera", "kind": "silent", "from": "2 s", "until": "20 s"},
            {"device": "clock", "kind": "unset", "from": "3 s", "until": "12 s"},
            {"device": "sign", "kind": "flapping", "from": "4 s", "until": "22 s"},
            {"device": "road.approach", "kind": "restarts", "from": "5 s", "until": "25 s"},
            {"device": "cell3", "kind": "unknown", "from": "14.01 s", "until": "15.93 s"},
            {"device": "cells", "kind": "silent", "from": "17.01 s", "until": "19.33 s"},
            {"device": "road.beam_low", "kind": "stuck", "from": "20 s", "until": "24 s"},
        ],
        "kill": [{"at": "2 s", "dead": "0.5 s", "within": "record", "calls": 40}],
        "platform": [{"from": "0 s", "until": "60 s"}],
        "request": [{"kind": "clear_cells", "who": "王", "why": "repaired", "at": "40 s"}],
    },
)


def test_scans_of_devices_whose_trouble_stands_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again, passed = Scan.again, set[str]()
    yards = list[Yard]()

    def kept(plan: Plan) -> Yard:
        yards.append(made(plan))
        return yards[-1]

    def counted(lane: Scan) -> InputImage:
        passed.update(trouble.kind for trouble in yards[-1].troubles.values())
        return again(lane)

    made = Plan.yard
    monkeypatch.setattr(Plan, "yard", kept)
    monkeypatch.setattr(Scan, "again", counted)
    leapt = ride(IN_TROUBLE)
    stated = {fault["kind"] for fault in IN_TROUBLE.table["fault"]}
    assert passed == stated
    assert leapt.kills == 1
    assert ride(IN_TROUBLE, leaps=False) == leapt


TOLD = Plan(
    seed=11,
    table={
        "day": {"begins": "2026-11-22 08:00"},
        "truck": [{"configuration": "2-axle truck", "weighs": "legal", "at": "1 s"}],
        "fault": [
            {"device": "clock", "kind": "ahead", "by": "9 s", "from": "2 s", "until": "3.01 s"},
            {"device": "sign", "kind": "silent", "from": "50 s", "until": "68 s"},
        ],
    },
)


def test_scans_in_which_something_stands_told_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again, told, done = Scan.again, [0], [0]
    yards = list[Yard]()

    def kept(plan: Plan) -> Yard:
        yards.append(made(plan))
        return yards[-1]

    def counted(lane: Scan) -> InputImage:
        inputs = again(lane)
        told[0] += int(Fault.CLOCK_STEPPED) in inputs.faults
        done[0] += yards[-1].done
        return inputs

    made = Plan.yard
    monkeypatch.setattr(Plan, "yard", kept)
    monkeypatch.setattr(Scan, "again", counted)
    leapt = ride(TOLD)
    # It is told for a minute, and the day is not over before the sign is well again.
    assert told[0] > 2_000
    assert done[0] > 200
    assert ride(TOLD, leaps=False) == leapt


def test_the_cells_say_the_same_however_often_they_are_read() -> None:
    def counts(pieces: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        converter = Converter(Cells(20.0, 1), np.random.default_rng(5))
        found = []
        for n in pieces:
            for _ in range(n):
                converter.rest()
            found.append(converter.take()[1])
        return np.concatenate(found)

    assert (counts([1, 2] * 600) == counts([1800])).all()


def test_the_cells_say_ahead_what_they_will_say() -> None:
    converter = Converter(Cells(20.0, 1), np.random.default_rng(5))
    for ticks in (3, 700, 1500, 40):
        t_us, counts = converter.ahead(ticks)
        converter.rest(ticks)
        then_us, then = converter.take()
        assert (t_us == then_us).all()
        assert (counts == then).all()
