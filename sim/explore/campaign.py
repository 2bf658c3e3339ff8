"""Many seeds over many processes: ``steelyard explore``.

What comes out is told in the order of the seeds, so that two runs say the same.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sim.explore.coverage import Cell, table_of, told
from sim.explore.deal import deal
from sim.explore.plan import Plan, read_plan, written
from sim.explore.ride import Ride, meaning, ride
from sim.explore.shrink import RIDES_MAX, Shrunk, shrink
from sim.finding import Finding

AHEAD = 2
"""How many seeds a process is given beforehand."""


class Request(Struct, frozen=True, kw_only=True):
    """What to explore: seeds, or one kept plan; ``shrink_max`` findings are made small."""

    seeds: range = range(0)
    plan: Path | None = None
    minutes: float = 0.0
    jobs: int = 1
    out: Path | None = None
    shrink_max: int = 4
    rides_max: int = RIDES_MAX
    as_json: bool = False


class Sum(Struct, kw_only=True):
    """What a campaign came to."""

    seeds: int = 0
    lane_us: int = 0
    trucks: int = 0
    faults: int = 0
    kills: int = 0
    records: int = 0
    cells: set[Cell] = set()
    fresh: dict[int, int] = {}
    findings: list[tuple[int, Finding]] = []
    files: list[str] = []

    def take(self, one: Ride) -> int:
        """Add one run; return how many new cells it reached."""
        new = len(one.cells - self.cells)
        self.cells |= one.cells
        self.seeds += 1
        self.lane_us += one.lane_us
        self.trucks += one.trucks
        self.faults += one.faults
        self.kills += one.kills
        self.records += one.records
        self.findings += [(one.seed, found) for found in one.findings]
        if new:
            self.fresh[one.seed] = new
        return new


def request(seeds: str | None, seed: int | None, plan: Path | None, **how: Any) -> Request:
    """What the command line asks for: just one of the three.  Raises ValueError."""
    if sum(given is not None for given in (seeds, seed, plan)) != 1:
        raise ValueError("say what to explore: one of --seeds A:B, --seed S, --file FILE.toml")
    if plan is not None:
        return Request(plan=plan, **how)
    return Request(
        seeds=range(seed, seed + 1) if seed is not None else seeds_of(seeds or ""), **how
    )


def seeds_of(text: str) -> range:
    """The seeds of ``A:B``, without B.  Raises ValueError."""
    first, _, last = text.partition(":")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last)):
        raise ValueError(f"--seeds {text}: write A:B with A below B, for example 0:200")
    return range(int(first), int(last))


def run(request: Request) -> bool:
    """Explore, tell each finding in a line, then the sum; True if nothing was found."""
    console = Console(stderr=True)
    began = time.monotonic()
    total = Sum()
    plans = [read_plan(request.plan)] if request.plan is not None else map(deal, request.seeds)
    count = 1 if request.plan is not None else len(request.seeds)
    with ProcessPoolExecutor(request.jobs) as pool, _bar(console) as bar:
        task = bar.add_task("explore", total=count)
        last_s = began + request.minutes * 60 if request.minutes else None
        digest = ""
        for one in _ridden(pool, plans, request.jobs * AHEAD, last_s):
            digest = one.digest
            new = total.take(one)
            _tell(one, new, bar.console, request.as_json)
            bar.advance(task)
        took_s = time.monotonic() - began
        if request.plan is None and request.shrink_max:
            bar.add_task("make the failing ones small", total=None)
            _make_small(pool, total, request, bar.console)
    about = _about(total, took_s) | ({"digest": digest} if total.seeds == 1 else {})
    if request.as_json:
        print(json.dumps(about, ensure_ascii=False))
    else:
        _conclude(total, about)
    return not total.findings


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _ridden(
    pool: ProcessPoolExecutor, plans: Iterable[Plan], ahead: int, last_s: float | None
) -> Iterator[Ride]:
    """The runs in the order of the plans; after ``last_s`` none is begun."""
    waiting: deque[Future[Ride]] = deque()
    for plan in plans:
        if last_s is not None and time.monotonic() >= last_s:
            break
        waiting.append(pool.submit(ride, plan))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _tell(one: Ride, new: int, console: Console, as_json: bool) -> None:
    for found in one.findings:
        if as_json:
            line = {"seed": one.seed, "at_s": found.at_us / 1e6, "check": found.check}
            print(json.dumps(line | {"seen": found.seen}, ensure_ascii=False), flush=True)
        else:
            print(_line(one.seed, found), flush=True)
    if new:
        console.print(f"seed {one.seed}: {new} new cells", highlight=False)


def _line(seed: int, found: Finding) -> str:
    at_s = found.at_us / 1e6
    return f"seed {seed}  {at_s:.2f} s  {found.check}  {found.seen}  ({meaning(found.check)})"


def _make_small(pool: ProcessPoolExecutor, total: Sum, request: Request, console: Console) -> None:
    """Shrink the first finding of each check, at most so many, into files."""
    first: dict[str, tuple[int, Finding]] = {}
    for seed, found in total.findings:
        first.setdefault(found.check, (seed, found))
    chosen = list(first.values())[: request.shrink_max]
    tasks = [
        pool.submit(shrink, deal(seed), found, rides_max=request.rides_max)
        for seed, found in chosen
    ]
    folder = request.out or Path("out/explore")
    for task in tasks:
        small = task.result()
        path = folder / f"{small.finding.check.lower()}-seed-{small.plan.seed}.toml"
        _keep(small, path)
        total.files.append(str(path))
        told_of = f"{path}: {_size(small.plan)} after {small.rides} runs"
        console.print(told_of, highlight=False)


def _keep(small: Shrunk, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(small.plan), encoding="utf-8")


def _size(plan: Plan) -> str:
    return ", ".join(
        f"{len(plan.table.get(key, ()))} {key}s" for key in ("truck", "fault", "kill", "request")
    )


def _about(total: Sum, took_s: float) -> dict[str, Any]:
    lane_s = total.lane_us / 1e6
    return {
        "seeds": total.seeds,
        "simulated_h": round(lane_s / 3600, 2),
        "took_s": round(took_s, 1),
        "times_real_time": round(lane_s / took_s, 1) if took_s else 0.0,
        "trucks": total.trucks,
        "faults": total.faults,
        "kills": total.kills,
        "records": total.records,
        "findings": dict(sorted(Counter(found.check for _, found in total.findings).items())),
        "failing_seeds": sorted({seed for seed, _ in total.findings}),
        "files": total.files,
        "cells": len(total.cells),
        "fresh": {str(seed): new for seed, new in total.fresh.items()},
        "coverage": table_of(total.cells),
    }


def _conclude(total: Sum, about: dict[str, Any]) -> None:
    print(told(total.cells))
    print(f"{len(total.cells)} cells of phase, fault and people; above, people met in each")
    best = sorted(total.fresh.items(), key=lambda item: (-item[1], item[0]))[:8]
    print("new cells by: " + ", ".join(f"seed {seed} ({new})" for seed, new in best))
    counts = ", ".join(f"{n} {check}" for check, n in about["findings"].items()) or "none"
    print(
        f"{about['seeds']} seeds, {about['trucks']} vehicles, {about['faults']} faults, "
        f"{about['kills']} deaths: {about['simulated_h']} h of the lane in {about['took_s']} s "
        f"({about['times_real_time']} x)"
    )
    print(f"findings: {counts}; in {len(about['failing_seeds'])} seeds")
    if "digest" in about:
        print(f"sha256 of outputs, records and findings: {about['digest']}")
