"""Troubles that come together as the lane turns to something else.

A shift without any is ridden first, to learn when what the lane shows and does changes.  Two to
four troubles then begin within seconds of one such moment, in which the lane decides or moves.
"""

from __future__ import annotations

from random import Random

from controller.core.images import InputImage, OutputImage
from controller.scan import Scan
from sim.explore.dealing.deaths import deal_manners
from sim.explore.dealing.faults import Faults
from sim.explore.dealing.insisting import ask_after_the_disk
from sim.explore.dealing.people import deal_requests
from sim.explore.dealing.times import in_s, seconds
from sim.explore.plan import Plan, Table
from sim.explore.ride import ride
from sim.scenario import ON_SCREEN
from sim.world import ENDS, Yard

_DRIVERS = (
    "good",
    "stops short",
    "overshoots",
    "pauses",
    "crashes the boom",
    "impatient",
    "backs out",
    "late",
    "early",
    "rocks the deck",
    "leaves the cab",
    "stands twice",
)
_OPERATOR: Table = {"who": "operator 07 王", "why": "it will be all right"}
_LEAVES_MANUAL_S = (2.0, 7.0, 22.0, 60.0)


def deal_turn(seed: int) -> Plan:
    """Return the short shift of a seed with its troubles: always the same, as for ``deal``."""
    plan = Plan(seed=seed, table=_short(Random(f"turn {seed} trucks")))
    turns_s = _turns_s(plan)
    if not turns_s:
        return plan
    rng = Random(f"turn {seed}")
    return Plan(seed=seed, table=_troubled(rng, plan.table, rng.choice(turns_s)))


def _short(rng: Random) -> Table:
    """One to three vehicles, one close behind the other, and nothing else."""
    at_s, trucks = 0.0, []
    for _ in range(rng.choices((1, 2, 3), (2, 2, 1))[0]):
        truck: Table = {"at": seconds(at_s), "comes_from": rng.choice(ENDS)}
        truck["weighs"] = rng.choices(("legal", "overloaded", "empty"), (6, 2, 2))[0]
        truck["driver"] = rng.choice(("good", *_DRIVERS))
        truck["plate_state"] = rng.choices(("clean", "unreadable"), (3, 1))[0]
        if truck["weighs"] == "empty" and rng.random() < 0.5:
            truck |= {"fetches": "legal", "away": seconds(rng.uniform(15, 40))}
        if rng.random() < 0.3:
            truck["followed_by"] = "tailgater"
        trucks.append(truck)
        at_s += rng.uniform(0, 15)
    operator = rng.choice(("good", "believes tickets"))
    day = {"title": "Dealt around a turn", "begins": "2026-11-22 08:00", "operator": operator}
    return {"day": day, "truck": trucks}


def _turns_s(plan: Plan) -> list[float]:
    """When the sign, the passage or the command of a boom changes."""
    found: list[float] = []
    shown: list[object] = [None]

    def watch(yard: Yard, lane: Scan, inputs: InputImage, outputs: OutputImage) -> None:
        shows = outputs.sign.message, outputs.passage_id, outputs.booms
        if shows != shown[0]:
            shown[0] = shows
            found.append(yard.now_us / 1e6)

    ride(plan, watch, leaps=True)
    return found


def _troubled(rng: Random, table: Table, turn_s: float) -> Table:
    """The table with two to four troubles about that time."""
    faults, added = Faults(rng, turn_s), dict[str, list[Table]]()
    for _ in range(rng.choice((2, 2, 3, 4))):
        part = rng.choices(
            ("fault", "kill", "disk", "person", "load", "request"), (12, 2, 2, 2, 1, 3)
        )[0]
        at_s = max(0.5, turn_s + rng.uniform(-1.5, 1.5))
        found = faults.episode(at_s) if part == "fault" else _OTHERS[part](rng, at_s)
        added.setdefault(part, []).extend(found)
    added["kill"] = deal_manners(rng, added.get("kill", []))
    asked = deal_requests(rng, added.get("fault", []), turn_s)
    added["request"] = [*added.get("request", []), *asked]
    for found in added.values():
        found.sort(key=lambda one: in_s(one["from"] if "from" in one else one["at"]))
    troubled: Table = table | {part: found for part, found in added.items() if found}
    ask_after_the_disk(troubled)
    return troubled


def _death(rng: Random, at_s: float) -> list[Table]:
    return [{"at": seconds(at_s), "dead": rng.choice(("0.10 s", "0.40 s", "1.50 s", "8.00 s"))}]


def _disk(rng: Random, at_s: float) -> list[Table]:
    kind = rng.choice(("failing", "full", "slow"))
    takes = {"takes": rng.choice(("0.30 s", "2.00 s"))} if kind == "slow" else {}
    return [{"kind": kind} | takes | _stretch(rng, at_s)]


def _walker(rng: Random, at_s: float) -> list[Table]:
    return [{"end": rng.choice(ENDS)} | _stretch(rng, at_s)]


def _on_the_deck(rng: Random, at_s: float) -> list[Table]:
    from_m = rng.uniform(1, 19)
    walks = {"at": f"{from_m:.1f} m", "walks_to": f"{rng.uniform(1, 19):.1f} m"}
    side = rng.choice(("left", "middle", "right"))
    return [{"what": "person", "side": side} | walks | _stretch(rng, at_s)]


def _stretch(rng: Random, at_s: float) -> Table:
    return {"from": seconds(at_s), "until": seconds(at_s + rng.uniform(1.5, 8))}


def _request(rng: Random, at_s: float) -> list[Table]:
    kind = rng.choice(("void", "send_back", "release", "enter_manual", "zero", "allow_degraded"))
    asked = _OPERATOR | {"kind": kind, "at": seconds(at_s)}
    if kind in ("send_back", "release"):
        asked["end"] = rng.choice(ENDS)
    if kind == "void":
        asked["passage"] = rng.choice((ON_SCREEN, 1, 2))
    if kind != "enter_manual":
        return [asked]
    raised = {"kind": "raise_boom", "end": rng.choice(ENDS), "at": seconds(at_s + 0.5)}
    left = [_OPERATOR | {"kind": "leave_manual", "at": seconds(at_s + s)} for s in _LEAVES_MANUAL_S]
    return [asked, *([_OPERATOR | raised] if rng.random() < 0.6 else []), *left]


_OTHERS = {
    "kill": _death,
    "disk": _disk,
    "person": _walker,
    "load": _on_the_deck,
    "request": _request,
}
