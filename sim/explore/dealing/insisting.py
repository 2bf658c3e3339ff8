"""People who press twice as nothing seems to happen, void what is on the screen, or say stop."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import in_s, seconds
from sim.explore.plan import Table
from sim.scenario import ON_SCREEN

_INSISTS = 0.1
_VOIDS = 0.1
_STOPS = 0.5
_AFTER_THE_DISK_S = 40.0
"""A slow disk answers so late what it was asked in its last second."""
_STOPS_FALLING = 0.1
_HELD_DOWN = ("raise_boom", "lower_boom")
"""These ask again by themselves for as long as the button is held."""
_VOID = {
    "kind": "void",
    "who": "operator 09 赵",
    "why": "a car of the yard, no load",
    "passage": ON_SCREEN,
}


def deal_insisting(rng: Random, table: Table) -> None:
    """Let some of what is asked for in a shift be asked for twice, and a passage be voided."""
    if "cheat" in table:
        return
    found: list[Table] = []
    if rng.random() < _VOIDS:
        found.append(_VOID | {"at": seconds(_waits_s(rng, table))})
        found += _again(rng, found[0], 0.6)
    if rng.random() < _INSISTS:
        for asked in table["request"]:
            found += _again(rng, asked, 0.5)
    if found:
        asked_of = [*table["request"], *found]
        table["request"] = sorted(asked_of, key=lambda one: in_s(one["at"]))


def ask_after_the_disk(table: Table) -> None:
    """Have cells cleared once more where that was asked for while the disk was in trouble.

    Such a word counts once it is recorded; whoever sees that nothing has come of it asks again.
    """
    asked = [one for one in table.get("request", []) if one["kind"] == "clear_cells"]
    disk = table.get("disk", [])
    if not asked or not disk:
        return
    well_s = max(in_s(one["until"]) for one in disk)
    if in_s(asked[-1]["at"]) < well_s + _AFTER_THE_DISK_S:
        again = asked[-1] | {"at": seconds(well_s + _AFTER_THE_DISK_S)}
        table["request"] = sorted([*table["request"], again], key=lambda one: in_s(one["at"]))


def deal_stops(rng: Random, table: Table) -> None:
    """Let somebody say stop to some of the booms that are moved by hand, and then go on or not."""
    if "cheat" in table:
        return
    found: list[Table] = []
    for asked in table["request"]:
        if asked["kind"] == "raise_boom" and rng.random() < _STOPS:
            times = [in_s(asked["at"]) + rng.uniform(0.1, 2.5)]
            times += [times[0] + rng.uniform(3.0, 9.0)] if rng.random() < 0.5 else []
            found += [_stop(asked, at_s) for at_s in times]
        if asked["kind"] == "lower_boom" and rng.random() < _STOPS_FALLING:
            found.append(_stop(asked, in_s(asked["at"]) + rng.uniform(0.05, 0.35)))
    if found:
        asked_of = [*table["request"], *found]
        table["request"] = sorted(asked_of, key=lambda one: in_s(one["at"]))


def _stop(asked: Table, at_s: float) -> Table:
    named = {"kind": "stop_boom", "who": asked["who"], "why": "somebody stands there"}
    return named | {"at": seconds(at_s)}


def _waits_s(rng: Random, table: Table) -> float:
    """Some time in which one of the trucks is about to be weighed, or has been."""
    truck = rng.choice(table["truck"])
    return in_s(truck["at"]) + rng.uniform(12.0, 60.0)


def _again(rng: Random, asked: Table, chance: float) -> list[Table]:
    """The same once more, at once or after a while."""
    if rng.random() >= chance or asked["kind"] in _HELD_DOWN:
        return []
    later_s = rng.choice((rng.uniform(0.1, 1.0), rng.uniform(1.0, 4.0), rng.uniform(4.0, 20.0)))
    return [asked | {"at": seconds(in_s(asked["at"]) + later_s)}]
