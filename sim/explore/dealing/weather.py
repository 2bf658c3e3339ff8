"""A wet yard: plates that nobody has wiped, mud on the deck, a camera behind a soaked plug.

What comes of one cause comes together: each alone a lane may bear, and not all of them at once.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import in_s, seconds
from sim.explore.plan import Table
from sim.world import ENDS

_MUDDY = 0.12
_LAY_KG = (30, 120, 250, 400)
"""What lay there before the scale was switched on; it is the zero of the day."""
_SPREAD_KG = 200
"""More than this lies spread about the middle: heaped on one pair of cells it passes for bad ones,
and the lane rightly waits for somebody to sweep."""
_FALLS_KG = (8, 20, 40)
_SIDES = ("left", "middle", "right")


def deal_mud(rng: Random, table: Table, span_s: float) -> None:
    """Make a few of the shifts those of a wet yard."""
    if rng.random() >= _MUDDY or "cheat" in table:
        return
    day, loads = table["day"], table.setdefault("load", [])
    day["sky"] = rng.choices(("rain", day["sky"]), (3, 1))[0]
    for truck in table["truck"]:
        if truck["plate_state"] == "clean" and rng.random() < 0.6:
            truck["plate_state"] = "dirty"
    loads.append(_mud(rng, rng.choice(_LAY_KG)))
    for _ in range(rng.choice((0, 1, 1, 2))):
        loads.append(_mud(rng, rng.choice(_FALLS_KG)) | _times(rng, span_s))
    if rng.random() < 0.3:
        _soaked(rng, table, span_s)


def _mud(rng: Random, kg: int) -> Table:
    heaped = kg <= _SPREAD_KG
    at_m, side = rng.uniform(1, 19) if heaped else rng.uniform(7, 12), rng.choice(_SIDES)
    where = {"at": f"{at_m:.1f} m", "side": side if heaped else "middle"}
    return {"what": "mud", "weighs": f"{kg} kg"} | where


def _times(rng: Random, span_s: float) -> Table:
    """When it falls; some of it is swept off again."""
    from_s = rng.uniform(3, span_s)
    swept = {"until": seconds(from_s + rng.uniform(20, 120))} if rng.random() < 0.3 else {}
    return {"from": seconds(from_s)} | swept


def _soaked(rng: Random, table: Table, span_s: float) -> None:
    """A camera loses most of its pictures from the first to the last truck."""
    camera = f"{rng.choice(ENDS)}.camera"
    if any(fault["device"] == camera for fault in table["fault"]):
        return
    fault = {"device": camera, "kind": "loses pictures", "rate": rng.choice(("30 %", "80 %"))}
    times = {"from": "1.00 s", "until": seconds(span_s)}
    table["fault"] = sorted([fault | times, *table["fault"]], key=lambda one: in_s(one["from"]))
