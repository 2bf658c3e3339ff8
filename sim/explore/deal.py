"""What a seed deals: trucks and how they are driven, who else is about, faults, deaths.

Every fault ends.  Of the sensors that guard one boom at most one lies (stuck, slow) at a time:
against two liars no lane can know better.  Any number of them may say that they do not know.
People put in again what they rightly ask for, as they do.
"""

from __future__ import annotations

from random import Random

from sim.explore.plan import Plan, Table
from sim.world import ENDS

_LIES = ("stuck", "slow")
_KINDS: dict[str, tuple[str, ...]] = {
    "approach": ("silent", "stuck", "flapping", "slow"),
    "arm": ("silent", "stuck", "flapping", "slow"),
    "beam_low": ("silent", "stuck", "flapping", "slow"),
    "beam_high": ("silent", "stuck", "flapping", "slow"),
    "boom": ("silent", "stuck", "flapping", "slow"),
    "camera": ("silent", "stuck", "flapping", "slow"),
    "approach_lamp": ("silent", "flapping"),
    "deck_lamp": ("silent", "flapping"),
    "cells": ("silent", "stuck", "flapping", "slow"),
    "cell": ("silent", "stuck", "unknown", "flapping"),
    "estop": ("silent", "flapping", "pressed"),
    "sign": ("silent", "flapping"),
    "register": ("silent", "flapping"),
    "clock": ("unknown", "flapping"),
}
_AT_AN_END = tuple(_KINDS)[:8]
_GUARDS = ("arm", "beam_low", "beam_high")
_ASK_AGAIN_S = (5, 25, 75)


def deal(seed: int) -> Plan:
    """Return the plan of a seed: the same for the same seed, on every machine."""
    rng = Random(f"explore {seed}")
    trucks, last_s = _trucks(rng)
    span_s = last_s + 55.0 * len(trucks)
    table: Table = {"day": _day(rng), "truck": trucks}
    table["person"] = [_person(rng, span_s) for _ in range(rng.choices((0, 1, 2), (7, 2, 1))[0])]
    table["fault"] = Faults(rng, span_s).dealt()
    table["kill"] = [_kill(rng, span_s) for _ in range(rng.choices((0, 1, 2, 3), (3, 4, 2, 1))[0])]
    table["request"] = _requests(rng, table["fault"], span_s)
    return Plan(seed=seed, table={key: part for key, part in table.items() if part})


def seconds(value: float) -> str:
    """A time as a plan states it, to the hundredth."""
    return f"{value:.2f} s"


def _day(rng: Random) -> Table:
    begins = rng.choice(("08:00", "13:30", "19:00", "23:58", "23:59"))
    return {
        "title": "Dealt by the explorer",
        "begins": f"2026-11-22 {begins}",
        "light": rng.choices(("day", "dusk", "night"), (3, 1, 1))[0],
        "wind": rng.choices(("calm", "breeze", "strong"), (1, 3, 1))[0],
    }


def _trucks(rng: Random) -> tuple[list[Table], float]:
    at_s, trucks = 0.0, []
    for _ in range(rng.choices((1, 2, 3, 4), (3, 4, 2, 1))[0]):
        trucks.append(_truck(rng, at_s))
        last_s = at_s
        at_s += rng.uniform(0.0, 60.0)
    return trucks, last_s


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


def _person(rng: Random, span_s: float) -> Table:
    from_s = rng.uniform(2, span_s)
    until_s = from_s + rng.uniform(1, 20)
    return {"end": rng.choice(ENDS), "from": seconds(from_s), "until": seconds(until_s)}


def _kill(rng: Random, span_s: float) -> Table:
    dead = rng.choice(("0.10 s", "0.40 s", "1.50 s", "8.00 s"))
    return {"at": seconds(rng.uniform(0.5, span_s)), "dead": dead}


class Faults:
    """Deals the faults of a shift: how many, single or in bursts, short or long."""

    def __init__(self, rng: Random, span_s: float) -> None:
        self._rng = rng
        self._span_s = span_s
        self._taken: list[tuple[str, float, float]] = []

    def dealt(self) -> list[Table]:
        """The faults, in the order of time."""
        rng = self._rng
        faults: list[Table] = []
        for _ in range(rng.choices((0, 1, 2, 4, 8), (1, 2, 4, 4, 2))[0]):
            faults += self._episode()
        return sorted(faults, key=lambda fault: float(fault["from"].split()[0]))

    def _episode(self) -> list[Table]:
        """One device that misbehaves, once or in a burst."""
        rng = self._rng
        part = rng.choice(tuple(_KINDS))
        kind = rng.choice(_KINDS[part])
        device = _device(rng, part)
        times = rng.choices((1, 2, 3, 5), (6, 1, 1, 1))[0]
        low, high = rng.choice(((0.1, 1.0), (1.0, 8.0), (8.0, 90.0)))
        at_s = rng.uniform(1, self._span_s)
        found: list[Table] = []
        for _ in range(times):
            until_s = at_s + rng.uniform(low, high)
            if self._free(device, part, kind, at_s, until_s):
                times_ = {"from": seconds(at_s), "until": seconds(until_s)}
                found.append({"device": device, "kind": kind} | times_)
            at_s = until_s + rng.uniform(0.2, 6.0)
        return found

    def _free(self, device: str, part: str, kind: str, at_s: float, until_s: float) -> bool:
        """Whether neither the device nor, for a liar, another guard of its boom is taken."""
        keys = [device]
        if part in _GUARDS and kind in _LIES:
            keys.append(f"{device.split('.', maxsplit=1)[0]} lies")
        if any(k in keys and f <= until_s + 0.2 and at_s <= u + 0.2 for k, f, u in self._taken):
            return False
        self._taken += [(key, at_s, until_s) for key in keys]
        return True


def _device(rng: Random, part: str) -> str:
    if part in _AT_AN_END:
        return f"{rng.choice(ENDS)}.{part}"
    return f"cell{rng.randrange(8)}" if part == "cell" else part


def _requests(rng: Random, faults: list[Table], span_s: float) -> list[Table]:
    found: list[tuple[float, str, str]] = []
    cells = [fault for fault in faults if fault["device"].startswith("cell")]
    if cells:
        end_s = max(_s(fault["until"]) for fault in cells)
        found += [(end_s + s, "clear_cells", "repaired and checked") for s in _ASK_AGAIN_S]
        if rng.random() < 0.4:
            found.append((_s(cells[0]["from"]) + 5, "allow_degraded", "electrician is called"))
            found.append((end_s + 3, "forbid_degraded", "repaired"))
        if rng.random() < 0.3:
            found.append((_s(cells[0]["from"]) + 8, "clear_cells", "looks well to me"))
    for fault in faults:
        if fault["device"] == "estop":
            end_s = _s(fault["until"])
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


def _s(time: str) -> float:
    return float(time.split(maxsplit=1)[0])
