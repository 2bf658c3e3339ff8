"""What a campaign came to: added up, as an object, and in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct

from sim.explore.coverage import Cell, table_of, told
from sim.explore.outcome import Ride
from sim.finding import Finding


class Tally(Struct, kw_only=True):
    """Everything that the runs of a campaign reached and found; shifts go by their names."""

    seeds: int = 0
    branches: int = 0
    lane_us: int = 0
    trucks: int = 0
    faults: int = 0
    kills: int = 0
    records: int = 0
    cells: set[Cell] = set()
    fresh: dict[str, int] = {}
    findings: list[tuple[Ride, Finding]] = []
    files: list[str] = []
    digest: str = ""

    def take(self, one: Ride) -> int:
        """Add one run; return how many new cells it reached."""
        new = len(one.cells - self.cells)
        self.cells |= one.cells
        self.seeds += not one.plan.branch
        self.branches += bool(one.plan.branch)
        self.lane_us += one.lane_us
        self.trucks += one.trucks
        self.faults += one.faults
        self.kills += one.kills
        self.records += one.records
        self.findings += [(one, found) for found in one.findings]
        self.digest = one.digest
        if new:
            self.fresh[one.plan.name] = new
        return new

    def about(self, took_s: float) -> dict[str, Any]:
        """The campaign as one object for JSON, after ``took_s`` seconds of the wall's clock."""
        lane_s = self.lane_us / 1e6
        about = {
            "seeds": self.seeds,
            "branches": self.branches,
            "simulated_h": round(lane_s / 3600, 2),
            "took_s": round(took_s, 1),
            "times_real_time": round(lane_s / took_s, 1) if took_s else 0.0,
            "trucks": self.trucks,
            "faults": self.faults,
            "kills": self.kills,
            "records": self.records,
            "findings": dict(sorted(Counter(found.check for _, found in self.findings).items())),
            "failing_seeds": list(dict.fromkeys(one.plan.name for one, _ in self.findings)),
            "files": self.files,
            "cells": len(self.cells),
            "fresh": self.fresh,
            "coverage": table_of(self.cells),
        }
        return about | ({"digest": self.digest} if self.seeds + self.branches == 1 else {})

    def conclude(self, about: dict[str, Any]) -> str:
        """The campaign for people: what was reached, how much was run, what was found."""
        best = sorted(self.fresh.items(), key=lambda item: -item[1])[:8]
        counts = ", ".join(f"{n} {check}" for check, n in about["findings"].items()) or "none"
        lines = [
            told(self.cells),
            f"{len(self.cells)} cells of phase, fault and people; above, people met in each",
            "new cells by: " + ", ".join(f"seed {name} ({new})" for name, new in best),
            f"{about['seeds']} seeds and {about['branches']} branches of theirs, "
            f"{about['trucks']} vehicles, {about['faults']} faults, {about['kills']} deaths: "
            f"{about['simulated_h']} h of the lane in {about['took_s']} s "
            f"({about['times_real_time']} x)",
            f"findings: {counts}; in {len(about['failing_seeds'])} shifts",
        ]
        if "digest" in about:
            lines.append(f"sha256 of outputs, records and findings: {about['digest']}")
        return "\n".join(lines)
