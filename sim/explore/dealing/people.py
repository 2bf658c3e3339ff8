"""Who else is about: people on foot, and maintenance with what it asks for.

People put in again what they rightly ask for, as they do.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import in_s, seconds
from sim.explore.plan import Table
from sim.world import ENDS

_ASK_AGAIN_S = (5, 25, 75)


def deal_walkers(rng: Random, span_s: float) -> list[Table]:
    """People in the line of a boom."""
    return [_walker(rng, span_s) for _ in range(rng.choices((0, 1, 2), (7, 2, 1))[0])]


def _walker(rng: Random, span_s: float) -> Table:
    from_s = rng.uniform(2, span_s)
    until_s = from_s + rng.uniform(1, 20)
    return {"end": rng.choice(ENDS), "from": seconds(from_s), "until": seconds(until_s)}


def deal_requests(rng: Random, faults: list[Table], span_s: float) -> list[Table]:
    """What maintenance asks for, mostly because of these faults, in the order of time."""
    found: list[tuple[float, str, str]] = []
    cells = [fault for fault in faults if fault["device"].startswith("cell")]
    if cells:
        end_s = max(in_s(fault["until"]) for fault in cells)
        found += [(end_s + s, "clear_cells", "repaired and checked") for s in _ASK_AGAIN_S]
        if rng.random() < 0.4:
            found.append((in_s(cells[0]["from"]) + 5, "allow_degraded", "electrician is called"))
            found.append((end_s + 3, "forbid_degraded", "repaired"))
        if rng.random() < 0.3:
            found.append((in_s(cells[0]["from"]) + 8, "clear_cells", "looks well to me"))
    for fault in faults:
        if fault["device"] == "estop":
            end_s = in_s(fault["until"])
            found += [(end_s + s, "reset", "looked at, free") for s in _ASK_AGAIN_S]
    if rng.random() < 0.1:
        at_s = rng.uniform(1, span_s)
        found.append((at_s, "enter_manual", "a look at the boom"))
        handed_s = at_s + rng.uniform(5, 40)
        found += [(handed_s + s, "leave_manual", "done") for s in (0, *_ASK_AGAIN_S)]
    return [
        {"kind": kind, "who": "maintenance 李", "why": why, "at": seconds(at_s)}
        for at_s, kind, why in sorted(found)
    ]
