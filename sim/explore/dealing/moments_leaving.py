"""Moments in which somebody comes in or leaves, and what tells of it fails him."""

from __future__ import annotations

from random import Random

from sim.explore.dealing.learned import learned_s
from sim.explore.dealing.times import seconds
from sim.explore.dealing.traffic import far_end
from sim.explore.plan import Table
from sim.faults import CELLS
from sim.world import ENDS

_OPERATOR: Table = {"who": "operator 09 赵", "why": "papers seen at the window"}
_MAINTENANCE: Table = {"who": "maintenance 李", "why": "repaired and checked"}
_SMALL: Table = {"configuration": "3-axle truck"}
"""One whose times are known: it is before the deck, on it and off it always at about the same."""
_KNOWN: Table = {"weighs": "legal", "plate_state": "clean", "papers": "known"} | _SMALL
_CRASHES: Table = _KNOWN | {"driver": "crashes the boom"}
_NOT_LEARNED = (8.0, 25.0, 27.0, 32.0, 70.0, 85.0, 87.0, 92.0)
"""Of who is not let go at once, in s."""

_LATER = [(240.0 + 20.0 * i, ENDS[i % 2]) for i in range(20)]
"""When, and by which end, the operator who comes back lets go whoever is left."""


def welded_lamp(rng: Random, table: Table) -> Table:
    """Nobody tells a tailgater to go back, and a lamp that has welded shows him green."""
    lamp = f"{far_end(table['truck'][0])}.deck_lamp"
    return _stays_alone(rng, table, lamp, ("stays green",), rng.uniform(3, 5))


def loop_lies(rng: Random, table: Table) -> Table:
    """Nobody tells a tailgater to go back, and a loop keeps the boom up by which the first went."""
    loop = f"{far_end(table['truck'][0])}.arm"
    return _stays_alone(rng, table, loop, ("flapping", "says blocked"), rng.uniform(-4, 12))


def _stays_alone(
    rng: Random, table: Table, device: str, kinds: tuple[str, ...], later_s: float
) -> Table:
    """A tailgater stays as the first is let go, and a device is in trouble from a while later."""
    first = table["truck"][0]
    near, far = first["comes_from"], far_end(first)
    released_s = rng.uniform(95, 110)
    stuck = {"from": seconds(released_s + 4), "until": "190 s"}
    lies = {"kind": rng.choice(kinds), "from": seconds(released_s + later_s), "until": "190 s"}
    fault = [
        {"device": "sign", "kind": "dark", "from": "2 s", "until": "190 s"},
        {"device": device} | lies,
        {"device": f"{far}.approach", "kind": "says clear"} | stuck,
        {"device": f"{near}.arm", "kind": "says blocked"} | stuck,
    ]
    asked = _OPERATOR | {"kind": "release"}
    released = [asked | {"end": far, "at": seconds(released_s)}]
    released += [asked | {"end": end, "at": seconds(at_s)} for at_s, end in _LATER]
    table["day"]["operator"] = "absent"
    driven = {"driver": "good", "plate_state": "unreadable", "followed_by": "tailgater"} | _SMALL
    return {"driven": driven, "fault": fault, "request": released}


def unseen(rng: Random, table: Table) -> Table:
    """All cells are silent from before somebody is on the deck until he has broken out."""
    from_s = rng.uniform(11, 17)
    until_s = from_s + rng.uniform(60, 100)
    cells = {"device": "cells", "kind": rng.choice(("silent", "silent", "stuck"))}
    table["truck"][0].pop("followed_by", None)
    return {
        "driven": _CRASHES,
        "fault": [cells | {"from": seconds(from_s), "until": seconds(until_s)}],
        "request": cleared(until_s),
    }


def two_leap(rng: Random, table: Table) -> Table:
    """A cell fails as somebody waits for his green, and then two others leap for a moment."""
    from_s = rng.uniform(7, 13)
    until_s = from_s + rng.uniform(30, 60)
    bad, *leaping = rng.sample(range(CELLS), 3)
    cell = {"device": f"cell{bad}", "kind": "unknown"}
    fault = [cell | {"from": seconds(from_s), "until": seconds(until_s)}]
    at_s = from_s + rng.uniform(3, 15)
    times = {"from": seconds(at_s), "until": seconds(at_s + rng.uniform(0.1, 0.3))}
    fault += [{"device": f"cell{one}", "kind": "jumps", "by": "2 t"} | times for one in leaping]
    return {"driven": {"driver": "late"}, "fault": fault, "request": cleared(until_s)}


def steps_in_behind(rng: Random, table: Table, seed: int) -> Table:
    """Somebody steps into the beams behind a driver who sets off on his green."""
    leaves_s = _times(seed, table, _CRASHES)[3]
    person = {"end": table["truck"][0]["comes_from"]} | _from(leaves_s - rng.uniform(0.8, 2.4), 6)
    return {"driven": _CRASHES, "person": [person]}


def boom_says_nothing(rng: Random, table: Table, seed: int) -> Table:
    """A boom says nothing for a moment as a driver sets off below it."""
    leaves_s = _times(seed, table, _CRASHES)[3]
    boom = {"device": f"{far_end(table['truck'][0])}.boom", "kind": "silent"}
    silent = _from(leaves_s - rng.uniform(0.8, 2.4), rng.uniform(0.4, 1.0))
    return {"driven": _CRASHES, "fault": [boom | silent]}


def voided_on_the_way(rng: Random, table: Table, seed: int) -> Table:
    """A tare is voided as its vehicle comes again, full."""
    fetches = {"comes_from": "road", "weighs": "empty", "fetches": "legal"}
    driven = _KNOWN | fetches | {"away": seconds(rng.uniform(20, 40)), "driver": "good"}
    table["day"]["operator"] = "believes tickets"
    seen_s, let_go_s = _times(seed, table, driven)[4:6]
    void = {"who": "maintenance 李", "why": "yearly round", "kind": "void", "passage": 1}
    asked = void | {"at": seconds(rng.uniform(seen_s + 1, let_go_s - 6))}
    return {"driven": driven, "request": [asked]}


def shaken_and_let_in(rng: Random, table: Table) -> Table:
    """Who shakes the deck on the way in has his weight taken back, is let in, and comes again."""
    fetches = {"comes_from": "road", "weighs": "empty", "fetches": "legal"}
    away = {"away": seconds(rng.uniform(20, 40)), "driver": "rocks the deck"}
    table["day"]["operator"] = "lets everyone go"
    configuration = {"configuration": rng.choice(("3-axle truck", "4-axle truck"))}
    return {"driven": _KNOWN | fetches | away | configuration}


def sent_back_coming_in(rng: Random, table: Table) -> Table:
    """The lane starts anew as a train comes in, and an operator sends it back at once."""
    killed_s = rng.uniform(10, 14)
    asked = _OPERATOR | {"kind": "send_back", "end": table["truck"][0]["comes_from"]}
    train = {"configuration": "6-axle train", "driver": rng.choice(("good", "overshoots"))}
    return {
        "driven": _KNOWN | train,
        "kill": [{"at": seconds(killed_s), "dead": "0.10 s"}],
        "request": [asked | {"at": seconds(killed_s + rng.uniform(5, 9))}],
    }


def without_evidence(rng: Random, table: Table, seed: int) -> Table:
    """A cell goes bad on who is let go, and the remaining ones are to weigh without evidence."""
    driven = _KNOWN | {"driver": "late"}
    _seen, let_go_s, green_s, *_ = _times(seed, table, driven)
    from_s = rng.uniform(let_go_s, green_s)
    lasts_s = rng.uniform(1, 8)
    cell = {"device": f"cell{rng.randrange(CELLS)}", "kind": "reads too much", "by": "20 %"}
    allowed = _MAINTENANCE | {"kind": "allow_degraded", "at": seconds(from_s - rng.uniform(1, 10))}
    return {
        "driven": driven,
        "fault": [cell | _from(from_s, lasts_s)],
        "request": [allowed, *cleared(from_s + lasts_s)],
    }


def _times(seed: int, table: Table, driven: Table) -> list[float]:
    """When the first vehicle is seen, let go, shown its green and gone, twice, in s: learned_s."""
    found = learned_s(seed, table["day"], table["truck"][0] | driven)
    return [*found, *_NOT_LEARNED[len(found) :]]


def _from(from_s: float, lasts_s: float) -> Table:
    return {"from": seconds(from_s), "until": seconds(from_s + lasts_s)}


def cleared(until_s: float) -> list[Table]:
    """Maintenance clears the cells after they are well again: it asks three times."""
    asked = _MAINTENANCE | {"kind": "clear_cells"}
    return [asked | {"at": seconds(until_s + s)} for s in (3.0, 20.0, 60.0)]
