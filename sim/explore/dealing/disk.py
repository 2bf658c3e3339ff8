"""When the disk is slow, full or failing, and when the platform can be reached."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import seconds
from sim.explore.plan import Table


def deal_disk(rng: Random, span_s: float) -> list[Table]:
    """Troubles of the disk over the shift, none in most; a burst is one that comes again."""
    found: list[Table] = []
    for _ in range(rng.choices((0, 1, 2), (14, 5, 1))[0]):
        found += _episode(rng, span_s)
    return sorted(found, key=lambda one: float(one["from"].split()[0]))


def _episode(rng: Random, span_s: float) -> list[Table]:
    kind = rng.choice(("slow", "full", "failing"))
    low, high = rng.choice(((0.1, 2.0), (2.0, 15.0), (15.0, 90.0)))
    more = (
        {"takes": rng.choice(("0.30 s", "2.00 s", "8.00 s", "30.00 s"))} if kind == "slow" else {}
    )
    at_s, found = rng.uniform(0.0, span_s), []
    for _ in range(rng.choices((1, 3), (3, 1))[0]):
        until_s = at_s + rng.uniform(low, high)
        found.append({"kind": kind, "from": seconds(at_s), "until": seconds(until_s)} | more)
        at_s = until_s + rng.uniform(0.1, 10.0)
    return found


def deal_platform(rng: Random, span_s: float) -> list[Table]:
    """In most shifts the platform is out of reach, in some it is there for a while."""
    if rng.random() < 0.7:
        return []
    from_s = rng.choice((0.0, rng.uniform(0.0, span_s)))
    return [{"from": seconds(from_s), "until": seconds(from_s + rng.uniform(20.0, 2 * span_s))}]
