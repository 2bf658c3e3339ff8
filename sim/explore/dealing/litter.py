"""What falls on the deck and lies there: a lump of coal, a wedge, a rolled tarpaulin."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import seconds
from sim.explore.plan import Table

_SHARE = 0.1
_KG = (10, 25, 60)
_MORE_KG = 10
"""From 100 kg on what lies there is a load of its own, for which the lane calls somebody."""
_PICKED_UP = 0.5
_SIDES = ("left", "middle", "right")


def deal_litter(rng: Random, table: Table, span_s: float) -> None:
    """Let a thing or two fall in a few of the dry shifts; half of them are picked up again."""
    muddy = any(load["what"] == "mud" for load in table.get("load", []))
    if rng.random() >= _SHARE or muddy or "cheat" in table:
        return
    for kg in (rng.choice(_KG), _MORE_KG)[: rng.choice((1, 1, 2))]:
        from_s = rng.uniform(3, span_s)
        thing = {
            "what": "thing",
            "weighs": f"{kg} kg",
            "at": f"{rng.uniform(1, 19):.1f} m",
            "side": rng.choice(_SIDES),
            "from": seconds(from_s),
        }
        if rng.random() < _PICKED_UP:
            thing["until"] = seconds(from_s + rng.uniform(20, 120))
        table.setdefault("load", []).append(thing)
