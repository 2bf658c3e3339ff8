"""A ride that passes over what cannot happen comes to the same outcome, byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from controller.core.images import InputImage
from controller.core.kinds import Phase
from controller.scan import Scan
from protocol.record import Record
from sim.explore.plan import Plan
from sim.explore.ride import ride
from sim.scale import Cells, Converter

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
