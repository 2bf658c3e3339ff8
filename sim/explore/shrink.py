"""Making a failing plan small: leave out, shorten, take what is usual; keep what still fails.

Greedy and without chance, so that one seed shrinks to the same file everywhere, unless its time
is up.  A smaller plan counts when the same check finds something in it, be it at another time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy

import msgspec
from msgspec import Struct

from sim.explore.dealing.times import seconds
from sim.explore.patience import patience
from sim.explore.plan import Plan, Table
from sim.explore.ride import ride
from sim.finding import Finding

RIDES_MAX = 60
CPU_S_MAX = 600.0
"""After so much of the processor no other run is begun; one of a full day may take minutes."""
_LISTS = (
    "kill",
    "disk",
    "platform",
    "fault",
    "device",
    "hand",
    "load",
    "person",
    "request",
    "truck",
)
_USUAL = {
    "followed_by": None,
    "driver": "good",
    "plate_state": "clean",
    "papers": "known",
    "unloads": None,
    "away": None,
    "fetches": None,
    "comes_back_as": None,
}
_USUAL_DAY = {"light": "day", "sky": "clear", "wind": "calm", "begins": "2026-11-22 08:00"}

Fails = Callable[[Plan], Finding | None]


class Shrunk(Struct, frozen=True, kw_only=True):
    """The small plan, what is found in it, and how many runs it took."""

    plan: Plan
    finding: Finding
    rides: int


def shrink(plan: Plan, finding: Finding, rides_max: int = RIDES_MAX) -> Shrunk:
    """Make a plan as small as ``rides_max`` runs allow, in which the same check still fails."""

    def fails(smaller: Plan) -> Finding | None:
        with patience(CPU_S_MAX):
            found = ride(smaller).findings
        return next((one for one in found if one.check == finding.check), None)

    return shrunk(plan, finding, fails, rides_max)


def shrunk(plan: Plan, finding: Finding, fails: Fails, rides_max: int) -> Shrunk:
    """The same with any way to tell whether a plan fails."""
    until_s = time.process_time() + CPU_S_MAX
    rides, progress = 0, True
    while progress:
        progress = False
        # Whoever shrinks asks the plan as it is now, so each success begins a new round.
        for table in _smaller(plan.table):
            if rides >= rides_max or time.process_time() >= until_s:
                return _told(plan, finding, rides)
            rides += 1
            smaller = msgspec.structs.replace(plan, table=table)
            found = fails(smaller)
            if found is not None:
                plan, finding, progress = smaller, found, True
                break
    return _told(plan, finding, rides)


def as_it_is(plan: Plan, finding: Finding) -> Shrunk:
    """The plan, not made any smaller."""
    return _told(plan, finding, 0)


def _told(plan: Plan, finding: Finding, rides: int) -> Shrunk:
    found = {
        "seed": plan.name if plan.branch else plan.seed,
        "check": finding.check,
        "seen": f"{finding.at_us / 1e6:.2f} s: {finding.seen}",
        "state": "open",
    }
    plan = msgspec.structs.replace(plan, table={"found": found} | plan.table)
    return Shrunk(plan=plan, finding=finding, rides=rides)


def _smaller(table: Table) -> Iterator[Table]:
    """Every plan that is one step smaller, the boldest steps first."""
    # A cheat that is left out is never seen, which would find nothing of the lane.
    kept = ("device", "hand") if "cheat" in table else ()
    for key in (key for key in _LISTS if key not in kept):
        if len(table.get(key, [])) > 1 or (table.get(key) and key != "truck"):
            yield from _without(table, key)
    for key, usual in _USUAL.items():
        yield from _with_usual(table, key, usual)
    for key in ("fault", "disk"):
        for i, trouble in enumerate(table.get(key, [])):
            shorter = _shorter(trouble)
            if shorter is not None:
                yield _with(table, key, i, shorter)
    for i, kill in enumerate(table.get("kill", [])):
        for manner in (("power",), ("within", "calls")):
            if manner[0] in kill:
                plainer = {name: part for name, part in kill.items() if name not in manner}
                yield _with(table, "kill", i, plainer)
    for key, usual in _USUAL_DAY.items():
        if table["day"].get(key, usual) != usual:
            yield table | {"day": table["day"] | {key: usual}}


def _without(table: Table, key: str) -> Iterator[Table]:
    """Without all of them, without each half, without each one."""
    entries = table[key]
    n = len(entries)
    cuts = [(0, n), (0, n // 2), (n // 2, n), *((i, i + 1) for i in range(n))]
    for first, last in dict.fromkeys(cuts):
        left = entries[:first] + entries[last:]
        if last > first and (left or key != "truck"):
            smaller = {name: part for name, part in table.items() if name != key}
            yield smaller | ({key: left} if left else {})


def _with_usual(table: Table, key: str, usual: str | None) -> Iterator[Table]:
    for i, truck in enumerate(table["truck"]):
        if key in truck and truck[key] != usual:
            smaller = deepcopy(table)
            smaller["truck"][i].pop(key)
            if usual is not None:
                smaller["truck"][i][key] = usual
            yield smaller


def _with(table: Table, key: str, i: int, entry: Table) -> Table:
    smaller = deepcopy(table)
    smaller[key][i] = entry
    return smaller


def _shorter(fault: Table) -> Table | None:
    """The first half of a fault that is longer than a second."""
    from_s, until_s = (float(fault[key].split()[0]) for key in ("from", "until"))
    if until_s - from_s < 1.0:
        return None
    return fault | {"until": seconds((from_s + until_s) / 2)}
