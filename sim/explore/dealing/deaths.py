"""When the lane's process dies, and for how long."""

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
