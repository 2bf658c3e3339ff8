"""When the lane's process dies, how, and for how long."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import seconds
from sim.explore.plan import Table


def deal_deaths(rng: Random, span_s: float) -> list[Table]:
    """Deaths over the shift, none to three."""
    return [_death(rng, span_s) for _ in range(rng.choices((0, 1, 2, 3), (3, 4, 2, 1))[0])]


def _death(rng: Random, span_s: float) -> Table:
    dead = rng.choice(("0.10 s", "0.40 s", "1.50 s", "8.00 s"))
    return {"at": seconds(rng.uniform(0.5, span_s)), "dead": dead}


def deal_manners(rng: Random, deaths: list[Table]) -> list[Table]:
    """The same deaths, some of them power cuts, most of them within a scan."""
    return [death | _manner(rng) for death in deaths]


def _manner(rng: Random) -> Table:
    found: Table = {"power": "cut"} if rng.random() < 0.4 else {}
    within = rng.choices(("", "scan", "store", "record", "start"), (3, 2, 2, 4, 1))[0]
    if within:
        # A scan has some thousand calls, a start up to ten; early ones come as often as late ones.
        decades = 4.0 if within == "start" else 3.5
        found |= {"within": within, "calls": round(10 ** rng.uniform(0.0, decades))}
    return found
