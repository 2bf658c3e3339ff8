"""Many seeds over many processes: ``steelyard explore``.

What comes out is told in the order in which the shifts were begun, so that two runs say the same.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sim.explore.days import deal_days
from sim.explore.deal import deal
from sim.explore.order import Order
from sim.explore.outcome import Ride, erred, meaning
from sim.explore.patience import patience
from sim.explore.plan import Plan, read_plan, seed_of, written
from sim.explore.pool import Call, DiedError, Pool
from sim.explore.ride import ride, sweep
from sim.explore.shrink import RIDES_MAX, Shrunk, as_it_is, shrink
from sim.explore.tally import Tally
from sim.explore.turns import deal_turn
from sim.finding import Finding
from sim.units import ScenarioError

AHEAD = 8
"""Shifts begun before the first of them is told, however few processes there are."""
DAY_CPU_S = 600.0
"""What a day may take of the processor: a few seconds are usual, minutes rare."""


class Request(Struct, frozen=True, kw_only=True):
    """What to explore: seeds, or the one plan of a seed, a branch, or a file that was kept.

    A ride has so many ``days``, or is a short one with its troubles about one of its ``turns``.
    ``follow`` is the number of branches of each shift that reached something new; ``shrink_max``
    findings are made small.
    """

    seeds: range = range(0)
    days: int = 1
    turns: bool = False
    plan: Plan | None = None
    follow: int = 1
    minutes: float = 0.0
    jobs: int = 1
    out: Path | None = None
    shrink_max: int = 4
    rides_max: int = RIDES_MAX
    as_json: bool = False


def request(
    seeds: str | None,
    seed: str | None,
    file: Path | None,
    *,
    days: int = 1,
    turns: bool = False,
    **how: Any,
) -> Request:
    """What the command line asks for: just one of the three.

    Several days have no branches, and are not made small: that takes hours.  Nor has a turn any.

    Raises:
        ValueError: none or several are given, or one that is no seed, or days or turns of no seed.
        ScenarioError: the file cannot be run.
    """
    if sum(given is not None for given in (seeds, seed, file)) != 1:
        raise ValueError("say what to explore: one of --seeds A:B, --seed S, --file FILE.toml")
    if days > 1 and turns:
        raise ValueError(f"--days {days} --turns: one or the other")
    if file is not None and (days > 1 or turns):
        asked = "--turns" if turns else f"--days {days}"
        raise ValueError(f"{asked}: {file} is one ride; write --seed or --seeds")
    if turns:
        how |= {"follow": 0}
    if days > 1:
        how |= {"follow": 0, "shrink_max": 0}
    if seeds is not None:
        return Request(seeds=seeds_of(seeds), days=days, turns=turns, **how)
    plan = read_plan(file) if file is not None else _plan_of(seed or "", days, turns=turns)
    # A kept file is small already.
    shrink_max = 0 if file is not None else how.pop("shrink_max", 0)
    return Request(plan=plan, **how | {"follow": 0, "shrink_max": shrink_max})


def _plan_of(name: str, days: int, *, turns: bool) -> Plan:
    seed, branch = seed_of(name)
    if branch and (days > 1 or turns):
        asked = "--turns" if turns else f"--days {days}"
        raise ValueError(f"--seed {name} {asked}: a branch is one shift; write a seed")
    if turns:
        return deal_turn(seed)
    return deal(seed, branch) if days == 1 else deal_days(seed, days)


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
    total = Tally()
    order = Order(_plans(request), request.follow)
    last_s = began + request.minutes * 60 if request.minutes else None
    with Pool(request.jobs, sweep) as pool, _bar(console) as bar:
        task = bar.add_task("explore", total=len(request.seeds) or 1)
        ahead, cpu_s = max(AHEAD, request.jobs), request.days * DAY_CPU_S
        for one in _ridden(pool, order, ahead, last_s, cpu_s):
            new = total.take(one)
            if new:
                order.reached_new(one.plan)
            _tell(one, new, bar.console, request.as_json)
            bar.advance(task, not one.plan.branch)
        about_s = time.monotonic() - began
        _make_small(pool, total, request, bar)
    about = total.about(about_s)
    print(json.dumps(about, ensure_ascii=False) if request.as_json else total.conclude(about))
    return not total.findings


def _plans(request: Request) -> Iterator[Plan]:
    if request.plan is not None:
        return iter((request.plan,))
    if request.turns:
        return map(deal_turn, request.seeds)
    if request.days == 1:
        return map(deal, request.seeds)
    return (deal_days(seed, request.days) for seed in request.seeds)


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
    pool: Pool, order: Order, ahead: int, last_s: float | None, cpu_s: float
) -> Iterator[Ride]:
    """The runs in the order in which they were begun; after ``last_s`` none is."""
    waiting: deque[tuple[Plan, Call[Ride]]] = deque()
    while True:
        while len(waiting) < ahead and (last_s is None or time.monotonic() < last_s):
            plan = next(order, None)
            if plan is None:
                break
            waiting.append((plan, pool.submit(_limited, plan, cpu_s)))
        if not waiting:
            return
        yield _came_of(*waiting.popleft())


def _limited(plan: Plan, cpu_s: float) -> Ride:
    with patience(cpu_s):
        return ride(plan)


def _came_of(plan: Plan, call: Call[Ride]) -> Ride:
    """The run of a plan; one that broke, or whose process died, has that for its finding.

    Raises:
        ScenarioError: the plan cannot be run at all.
    """
    try:
        return call.result()
    except ScenarioError:
        raise
    except DiedError as error:
        return erred(plan, str(error))
    except Exception as error:  # One shift must not cost the others.
        return erred(plan, f"{type(error).__name__}: {error}")


def _tell(one: Ride, new: int, console: Console, as_json: bool) -> None:
    name = one.plan.name
    for found in one.findings:
        if as_json:
            line = {"seed": name, "at_s": found.at_us / 1e6, "check": found.check}
            print(json.dumps(line | {"seen": found.seen}, ensure_ascii=False), flush=True)
        else:
            print(_line(name, found), flush=True)
    if new:
        console.print(f"seed {name}: {new} new cells", highlight=False)


def _line(name: str, found: Finding) -> str:
    at_s = found.at_us / 1e6
    return f"seed {name}  {at_s:.2f} s  {found.check}  {found.seen}  ({meaning(found.check)})"


def _make_small(pool: Pool, total: Tally, request: Request, bar: Progress) -> None:
    """Shrink the first finding of each check, at most so many, into files."""
    first: dict[str, tuple[Ride, Finding]] = {}
    for one, found in total.findings:
        first.setdefault(found.check, (one, found))
    chosen = list(first.values())[: request.shrink_max]
    if not chosen:
        return
    task = bar.add_task("make the failing ones small", total=len(chosen))
    tasks = [_shrinking(pool, one, found, request.rides_max) for one, found in chosen]
    folder = request.out or Path("out/explore")
    for small in (_shrunk(*each) for each in zip(tasks, chosen, strict=True)):
        path = folder / f"{small.finding.check.lower()}-seed-{small.plan.name}.toml"
        _keep(small, path)
        total.files.append(str(path))
        told_of = f"{path}: {_size(small.plan)} after {small.rides} runs"
        bar.console.print(told_of, highlight=False)
        bar.advance(task)


def _shrinking(pool: Pool, one: Ride, found: Finding, rides_max: int) -> Call[Shrunk]:
    if one.lost:
        # What took its process away may not come again, or takes the next one.
        return pool.submit(as_it_is, one.plan, found)
    return pool.submit(shrink, one.plan, found, rides_max)


def _shrunk(call: Call[Shrunk], failed: tuple[Ride, Finding]) -> Shrunk:
    """What was made of a plan; the plan as it is where a process died over that."""
    one, found = failed
    try:
        return call.result()
    except DiedError:
        return as_it_is(one.plan, found)


def _keep(small: Shrunk, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(small.plan), encoding="utf-8")


def _size(plan: Plan) -> str:
    return ", ".join(
        f"{len(plan.table.get(key, ()))} {key}s" for key in ("truck", "fault", "kill", "request")
    )
