"""The day, its trucks and how they are driven."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import seconds
from sim.explore.plan import Table
from sim.world import ENDS

_STANDS_TWICE = 0.06


def deal_day(rng: Random) -> Table:
    """Light, wind and hour."""
    begins = rng.choice(("08:00", "13:30", "19:00", "23:58", "23:59"))
    return {
        "title": "Dealt by the explorer",
        "begins": f"2026-11-22 {begins}",
        "light": rng.choices(("day", "dusk", "night"), (3, 1, 1))[0],
        "wind": rng.choices(("calm", "breeze", "strong"), (1, 3, 1))[0],
        "sky": rng.choices(("clear", "rain", "glare"), (4, 1, 1))[0],
    }


def deal_trucks(rng: Random) -> tuple[list[Table], float]:
    """The trucks, and when the last one sets out, in seconds."""
    at_s, trucks = 0.0, []
    for _ in range(rng.choices((1, 2, 3, 4), (3, 4, 2, 1))[0]):
        trucks.append(_truck(rng, at_s))
        last_s = at_s
        at_s += rng.uniform(0.0, 60.0)
    return trucks, last_s


def deal_stands(rng: Random, trucks: list[Table]) -> None:
    """Some good drivers stop on the deck, look where they stand, and drive on to the middle."""
    for truck in trucks:
        if rng.random() < _STANDS_TWICE and truck["driver"] == "good":
            truck["driver"] = "stands twice"


def far_end(truck: Table) -> str:
    """The end that a truck of the table does not come from."""
    return ENDS[1 - ENDS.index(truck["comes_from"])]


def _truck(rng: Random, at_s: float) -> Table:
    truck: Table = {"at": seconds(at_s), "comes_from": rng.choice(ENDS)}
    truck["weighs"] = rng.choices(("legal", "overloaded", "empty"), (6, 3, 1))[0]
    if truck["weighs"] == "overloaded" and rng.random() < 0.7:
        truck |= {"unloads": "enough", "away": seconds(rng.uniform(15, 60))}
    elif rng.random() < 0.1:
        truck |= {"fetches": "legal", "away": seconds(rng.uniform(15, 60))}
    drivers = ("good", "stops short", "overshoots", "pauses", "crashes the boom")
    truck["driver"] = rng.choices(drivers, (12, 3, 2, 3, 1))[0]
    truck["plate_state"] = rng.choices(("clean", "dirty", "unreadable"), (8, 1, 1))[0]
    truck["papers"] = rng.choices(("known", "missing"), (8, 1))[0]
    if rng.random() < 0.12:
        truck["followed_by"] = "tailgater"
    return truck
