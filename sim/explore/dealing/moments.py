"""What comes together at one moment: the same troubles hours apart would do nothing.

A campaign met each of these once in hundreds of shifts that deal every trouble at a time of its
own.  Most are about the first vehicle, for only it waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sim.explore.dealing.moments_leaving import (
    boom_says_nothing,
    cleared,
    loop_lies,
    sent_back_coming_in,
    shaken_and_let_in,
    steps_in_behind,
    two_leap,
    unseen,
    voided_on_the_way,
    welded_lamp,
    without_evidence,
)
from sim.explore.dealing.times import in_s, seconds
from sim.explore.dealing.traffic import far_end
from sim.explore.plan import Table
from sim.faults import CELLS
from sim.scenario import ON_SCREEN
from sim.world import ENDS

SHARE = 0.4
_ALONE = 0.5
"""In this share nothing else goes wrong, for that would mostly keep the moment from coming."""
_ELSE = ("person", "fault", "kill", "disk", "request", "hand", "device", "load")
_MAINTENANCE: Table = {"who": "maintenance 李", "why": "yearly round"}
_SIDES = ("left", "middle", "right")

Moment = Callable[[Random, Table], Table]
"""What a moment adds to a shift, by the parts of its table; it may change the first truck."""
LearnedMoment = Callable[[Random, Table, int], Table]


def deal_moments(rng: Random, seed: int, table: Table) -> None:
    """Let one moment in some of the shifts bring several troubles at once; the title says which."""
    if rng.random() >= SHARE or "cheat" in table:
        return
    if rng.random() < _ALONE:
        table |= {part: [] for part in _ELSE}
    name = rng.choice([*MOMENTS, *LEARNED])
    learned = LEARNED.get(name)
    added = learned(rng, table, seed) if learned else MOMENTS[name](rng, table)
    table["fault"] = _without(table["fault"], added.get("fault", []))
    table["day"]["title"] += f": {name}"
    table["truck"][0] |= added.pop("driven", {})
    for part, found in added.items():
        table[part] = sorted([*table.get(part, []), *found], key=_begins_s)


def _begins_s(entry: Table) -> float:
    return in_s(entry["from"] if "from" in entry else entry.get("at", "0 s"))


def _without(faults: list[Table], added: list[Table]) -> list[Table]:
    """Leave out what comes upon a device in trouble, or a cell together with all of them."""
    return [one for one in faults if not any(_overlap(one, other) for other in added)]


def _overlap(one: Table, other: Table) -> bool:
    return (
        _of_one_device(one["device"], other["device"])
        and in_s(one["from"]) <= in_s(other["until"])
        and in_s(other["from"]) <= in_s(one["until"])
    )


def _of_one_device(one: str, other: str) -> bool:
    return one == other or ("cells" in (one, other) and one[:4] == other[:4] == "cell")


def _near_a_boom(rng: Random, _: Table) -> Table:
    """The lane starts anew as a driver waits with his nose under the boom."""
    dead = {"at": seconds(rng.uniform(4, 13)), "dead": seconds(rng.uniform(2, 8))}
    return {"driven": {"driver": "impatient"}, "kill": [dead]}


def _passers_by(rng: Random, table: Table) -> Table:
    """People cross the deck of a lane that waits for who is late; mostly a sensor there lies."""
    from_s, at_m = rng.uniform(10, 16), rng.uniform(2, 14)
    found = []
    for _number in range(rng.choice((2, 2, 3))):
        begins_s, begins_m = from_s + rng.uniform(0, 0.6), at_m + rng.uniform(0, 1.5)
        found.append(
            {
                "what": "person",
                "weighs": f"{rng.choice((70, 80, 90))} kg",
                "at": f"{begins_m:.1f} m",
                "walks_to": f"{begins_m + 4:.1f} m",
                "side": rng.choice(_SIDES),
                "from": seconds(begins_s),
                "until": seconds(begins_s + rng.uniform(3, 5)),
            }
        )
    sensor = f"{table['truck'][0]['comes_from']}.{rng.choice(('beam_low', 'beam_high', 'arm'))}"
    times = {"from": seconds(from_s - rng.uniform(1, 4)), "until": seconds(from_s + 6)}
    lies = {"device": sensor, "kind": rng.choice(("says blocked", "flapping"))} | times
    return {
        "driven": {"driver": "late"},
        "load": found,
        "fault": [lies] if rng.random() < 0.6 else [],
    }


def _cell_as_he_waits(rng: Random, table: Table) -> Table:
    """A cell fails as a driver who sees no green waits with his nose under the boom."""
    end = table["truck"][0]["comes_from"]
    from_s = rng.uniform(10, 24)
    times = {"from": seconds(from_s), "until": seconds(from_s + rng.uniform(6, 20))}
    dark = {"device": f"{end}.approach_lamp", "kind": "silent", "from": "2 s", "until": "45 s"}
    cell = _a_cell(rng, ("unknown", "reads too much", "silent")) | times
    return {
        "driven": {"driver": "impatient"},
        "fault": [dark, cell],
        "request": cleared(in_s(cell["until"])),
    }


def _cell_over_a_start(rng: Random, _: Table) -> Table:
    """The lane starts anew with a vehicle on its deck, which leaves it with a bad cell."""
    at_s = rng.uniform(18, 36)
    from_s = at_s + rng.uniform(0, 20)
    times = {"from": seconds(from_s), "until": seconds(from_s + rng.uniform(50, 100))}
    cell = _a_cell(rng, ("stuck", "stuck", "stuck", "jumps", "silent")) | times
    dead = {"at": seconds(at_s), "dead": rng.choice(("0.10 s", "1.50 s"))}
    return {"kill": [dead], "fault": [cell], "request": cleared(in_s(cell["until"]))}


def _holes_as_he_boards(rng: Random, _: Table) -> Table:
    """The converter of all cells is gone again and again as a vehicle climbs onto the deck."""
    at_s = rng.uniform(13, 19)
    if rng.random() < 0.5:
        times = {"from": seconds(at_s), "until": seconds(at_s + rng.uniform(6, 16))}
        return {"fault": [{"device": "cells", "kind": "restarts"} | times]}
    found = []
    for _hole in range(rng.choice((3, 6))):
        times = {"from": seconds(at_s), "until": seconds(at_s + rng.uniform(0.4, 0.9))}
        found.append({"device": "cells", "kind": "silent"} | times)
        at_s += rng.uniform(1.5, 3.0)
    return {"fault": found}


def _back_and_forward(rng: Random, table: Table) -> Table:
    """Who has to go back for somebody in the far beams goes forward again as he is gone."""
    end = far_end(table["truck"][0])
    from_s = rng.uniform(16, 24)
    times = {"from": seconds(from_s), "until": seconds(from_s + rng.uniform(6, 16))}
    return {"driven": {"driver": "pauses"}, "person": [{"end": end} | times]}


def _two_records(rng: Random, _: Table) -> Table:
    """The disk refuses the records of two words, and then takes both at once."""
    at_s = rng.uniform(3, 80)
    asked: list[tuple[float, Table]] = [
        (0.0, {"kind": "enter_manual"}),
        (2.0, _configured("5 s")),
        (2.0 + rng.uniform(0.1, 1.5), {"kind": "raise_boom", "end": rng.choice(ENDS)}),
        (20.0, {"kind": "leave_manual"}),
        (40.0, {"kind": "leave_manual"}),
        (150.0, _configured("8 s")),
        (190.0, _configured("6 s")),
    ]
    times = {"from": seconds(at_s + 1.0), "until": seconds(at_s + rng.uniform(5, 12))}
    requests = [_MAINTENANCE | one | {"at": seconds(at_s + later_s)} for later_s, one in asked]
    return {"disk": [{"kind": "failing"} | times], "request": requests}


def _configured(jog_max: str) -> Table:
    return {"kind": "configure", "detail": f"timing.jog_max = {jog_max}"}


def _zero_in_vain(rng: Random, table: Table) -> Table:
    """Zero is asked for, again and again, while somebody stands in the beams."""
    at_s = in_s(table["truck"][-1]["at"]) + rng.uniform(50, 110)
    times = {"from": seconds(at_s - 3.0), "until": seconds(at_s + rng.uniform(15, 45))}
    asked = _MAINTENANCE | {"kind": "zero"}
    requests = [asked | {"at": seconds(at_s + s)} for s in (0.0, rng.uniform(2, 9))]
    return {"person": [{"end": rng.choice(ENDS)} | times], "request": requests}


def _stands_on_the_deck(rng: Random, table: Table) -> Table:
    """Somebody stands still on the empty deck until the next vehicle is on it."""
    at_s = in_s(table["truck"][-1]["at"]) + rng.uniform(70, 90)
    table["truck"][-1]["at"] = seconds(at_s)
    person = {
        "what": "person",
        "weighs": f"{rng.choice((50, 70, 90))} kg",
        "at": f"{rng.uniform(2, 18):.1f} m",
        "side": rng.choice(_SIDES),
        "from": seconds(at_s - rng.uniform(5, 25)),
        "until": seconds(at_s + rng.uniform(14, 25)),
    }
    return {"load": [person]}


def _said_and_lost(rng: Random, _: Table) -> Table:
    """The power fails as the plate that a person has said is to become a record."""
    dead = {"at": seconds(rng.uniform(28, 60)), "dead": "1.00 s", "power": "cut"}
    within = {"within": "record", "calls": round(10 ** rng.uniform(0, 2.5))}
    return {"driven": {"plate_state": "unreadable"}, "kill": [dead | within]}


def _boom_moved_and_voided(rng: Random, _: Table) -> Table:
    """A vehicle is weighed empty, and somebody voids that; mostly a boom is raised by hand too."""
    at_s = rng.uniform(27, 36)
    by_hand: list[tuple[float, Table]] = [
        (0.0, {"kind": "enter_manual"}),
        (4.0, {"kind": "raise_boom", "end": rng.choice(ENDS)}),
        (rng.uniform(25, 35), {"kind": "leave_manual"}),
        (60.0, {"kind": "leave_manual"}),
    ]
    void = {"kind": "void", "passage": rng.choice((1, 1, ON_SCREEN))}
    asked = [*(by_hand if rng.random() < 0.7 else ()), (rng.uniform(25, 90), void)]
    requests = [_MAINTENANCE | one | {"at": seconds(at_s + later_s)} for later_s, one in asked]
    empty = {"comes_from": "road", "weighs": "empty", "papers": "known", "plate_state": "clean"}
    fetches = empty | {"fetches": "legal", "away": seconds(rng.uniform(30, 60))}
    driver = rng.choice(("leaves the cab", "leaves the cab", "late", "good"))
    return {"driven": fetches | {"driver": driver}, "request": requests}


def _a_cell(rng: Random, kinds: tuple[str, ...]) -> Table:
    return {"device": f"cell{rng.randrange(CELLS)}", "kind": rng.choice(kinds)}


MOMENTS: dict[str, Moment] = {
    "a start with somebody near a boom": _near_a_boom,
    "passers-by before a late driver": _passers_by,
    "a cell fails as a driver waits": _cell_as_he_waits,
    "a bad cell over a start": _cell_over_a_start,
    "holes as a vehicle boards": _holes_as_he_boards,
    "back and forward again": _back_and_forward,
    "two records at once": _two_records,
    "a zero in vain": _zero_in_vain,
    "somebody stands on the deck": _stands_on_the_deck,
    "a plate said and lost": _said_and_lost,
    "a boom moved and the passage voided": _boom_moved_and_voided,
    "a tailgater before a welded lamp": welded_lamp,
    "a tailgater before a loop that lies": loop_lies,
    "in and out unseen": unseen,
    "two cells leap": two_leap,
    "shaken, and let in": shaken_and_let_in,
    "sent back as he comes in": sent_back_coming_in,
}
"""By the words in the title of the shift."""

LEARNED: dict[str, LearnedMoment] = {
    "somebody steps in behind": steps_in_behind,
    "a boom says nothing as he leaves": boom_says_nothing,
    "a tare voided on the way": voided_on_the_way,
    "to be weighed without evidence": without_evidence,
}
"""Those that need to know when the lane comes to what, in a shift of that seed."""
