"""``steelyard bench``: what is divided by what in the yard's figures; no times."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from controller.commands import bench_yard


def test_the_empty_lane_is_what_a_later_vehicle_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    def ridden(trucks: list[dict[str, Any]]) -> tuple[float, float]:
        last_s = int(trucks[-1]["at"].split()[0])
        return 60.0 + last_s, len(trucks) * 2.0 + last_s / 1000

    monkeypatch.setattr(bench_yard, "_ride", ridden)
    assert bench_yard.measure() == {"passage": 30.0, "empty_lane": 1000.0, "shift": 184.8}


def test_a_yard_with_findings_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    def ridden(plan: object) -> SimpleNamespace:
        return SimpleNamespace(findings=("a boom came down",), lane_us=1)

    monkeypatch.setattr("sim.explore.ride.ride", ridden)
    with pytest.raises(RuntimeError, match="a boom came down"):
        bench_yard.measure()
