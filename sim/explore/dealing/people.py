"""Who else is about: people on foot, maintenance with what it asks for, and who does wrong.

People put in again what they rightly ask for, as they do.  Most drive and work as they should.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.times import in_s, seconds
from sim.explore.dealing.traffic import far_end
from sim.explore.plan import Table
from sim.people import MANNERS
from sim.truck import draw_plate_text
from sim.world import ENDS

_ASK_AGAIN_S = (5, 25, 75)
_ODD = ("early", "late", "impatient", "backs out", "rocks the deck", "leaves the cab")
_WRONG = ("release", "send_back", "confirm_plate", "reset", "clear_cells", "raise_boom")
_TROUBLE = ("person", "fault", "kill", "disk", "request")
_FIRST_S = 12.0
"""By then the first vehicle waits at the earliest, and an incident before it is told."""
_ON_NOBODY = {"from": "3.50 s", "until": "5.50 s"}
_MUST_BE_SEEN = {
    "number": "K9",
    "wants": "a gate that can be opened past the lane, tried out while nobody is there",
    "must": "an incident with a record, though no vehicle was there",
    "caught": ["alarm BOOM_MOVED", "reason boom moved by hand"],
}
_WHY = "it will be all right"
_FACES = ("approach", "deck")
_MAINTENANCE = "maintenance 李"
_HOLDS_S = 0.4
"""How often a button that is held asks again."""
_FIRST_RELEASE_S, _RELEASES_S, _RELEASES = 60.0, 25.0, 8
_KEPT_UP = 0.5


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
    jogs: list[Table] = []
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
        if rng.random() < 0.6:
            jogs = _jogs(rng, at_s, handed_s)
    asked = [
        {"kind": kind, "who": _MAINTENANCE, "why": why, "at": seconds(at_s)}
        for at_s, kind, why in sorted(found)
    ]
    return sorted([*asked, *jogs], key=lambda one: in_s(one["at"])) if jogs else asked


def _jogs(rng: Random, from_s: float, until_s: float) -> list[Table]:
    """A boom that is asked up, and asked down for as long as the button is held."""
    end, up_s = rng.choice(ENDS), rng.uniform(from_s, until_s)
    asked: Table = {"who": _MAINTENANCE, "why": "a look at the boom", "end": end}
    down = (up_s + 4.0 + _HOLDS_S * i for i in range(rng.choice((3, 10, 25))))
    return [
        asked | {"kind": "raise_boom", "at": seconds(up_s)},
        *(asked | {"kind": "lower_boom", "at": seconds(at_s)} for at_s in down if at_s < until_s),
    ]


def deal_service(rng: Random, table: Table, span_s: float) -> None:
    """A technician at the console: tries things out by hand, or asks from where he should not."""
    if rng.random() >= 0.15 or "cheat" in table:
        return
    at_s = rng.uniform(1, span_s)
    entries = {truck["comes_from"] for truck in table["truck"]}
    found = _by_hand(rng, at_s, entries) if rng.random() < 0.5 else []
    found += [_at_any_moment(rng, span_s) for _ in range(rng.choice((1, 2, 4)))]
    table["request"] = sorted([*table["request"], *found], key=lambda one: in_s(one["at"]))


def _by_hand(rng: Random, at_s: float, entries: set[str]) -> list[Table]:
    """A round of tests: a boom goes up, lamps are tried out beside it and beside the other one.

    It is one by which vehicles only come in: under an exit that is left open one may come to stand
    that overshoots, and only hands get it out again.
    """
    asked: Table = {"who": _MAINTENANCE, "why": "yearly round"}
    end = rng.choice(sorted(entries))
    tests: list[Table] = [
        {"kind": "test_lamp", "end": end, "detail": "approach"},
        {"kind": "test_lamp", "end": end, "detail": "deck"},
        {"kind": "test_lamp", "end": ENDS[1 - ENDS.index(end)], "detail": rng.choice(_FACES)},
        {"kind": "test_sign"},
        {"kind": "zero"},
    ]
    rng.shuffle(tests)
    opened: list[Table] = [{"kind": "raise_boom", "end": end}] if len(entries) == 1 else []
    steps: list[Table] = [{"kind": "enter_manual"}, *opened, *tests]
    found = [asked | step | {"at": seconds(at_s + 4.0 * i)} for i, step in enumerate(steps)]
    done_s = at_s + 4.0 * len(steps)
    handed = ({"kind": "leave_manual", "at": seconds(done_s + s)} for s in (0, *_ASK_AGAIN_S))
    return [*found, *(asked | one for one in handed)]


def _at_any_moment(rng: Random, span_s: float) -> Table:
    kind = rng.choice(("zero", "zero", "test_lamp", "test_sign", "configure", "void", "void"))
    asked: Table = {"kind": kind, "who": _MAINTENANCE, "why": _WHY}
    if kind == "test_lamp":
        asked |= {"end": rng.choice(ENDS), "detail": rng.choice(_FACES)}
    if kind == "configure":
        asked["detail"] = "timing.jog_max = 5 s"
    if kind == "void":
        asked["passage"] = rng.choice((1, 1, 2, 3))
    return asked | {"at": seconds(rng.uniform(1, span_s))}


def deal_conduct(rng: Random, table: Table, span_s: float) -> None:
    """Let some of the people of a shift do otherwise: drive oddly, ask wrongly, cheat."""
    for truck in table["truck"]:
        if truck["driver"] == "good" and rng.random() < 0.2:
            truck["driver"] = rng.choice(_ODD)
        if "unloads" in truck and rng.random() < 0.15:
            truck["comes_back_as"] = draw_plate_text(rng, "yellow").text
    if rng.random() < 0.15:
        table["day"]["operator"] = rng.choice(MANNERS[1:])
    if rng.random() < 0.2:
        asked = [_wrong_request(rng, span_s) for _ in range(rng.choice((1, 2, 4)))]
        table["request"] = sorted([*table["request"], *asked], key=lambda one: in_s(one["at"]))
    table["hand"] = [_hand(rng, span_s)] if rng.random() < 0.05 else []
    if table["hand"] and rng.random() < 0.5 and _quiet_before(table, _FIRST_S):
        table["hand"] = [{"end": rng.choice(ENDS), "does": "raises"} | _ON_NOBODY]
        table["cheat"] = _MUST_BE_SEEN
    table["device"] = [_device(rng, len(table["truck"]))] if rng.random() < 0.05 else []
    table["load"] = [_stroller(rng, span_s)] if rng.random() < 0.08 else []
    followed = [truck for truck in table["truck"] if "followed_by" in truck]
    if followed and rng.random() < 0.4:
        _nobody_tells(rng, table, followed[0])


def _nobody_tells(rng: Random, table: Table, first: Table) -> None:
    """The sign is dark, so that nobody tells a tailgater to go back; the first is let go."""
    far = far_end(first)
    at_s = [in_s(first["at"]) + _FIRST_RELEASE_S + _RELEASES_S * i for i in range(_RELEASES)]
    if not any(fault["device"] == "sign" for fault in table["fault"]):
        dark = {"device": "sign", "kind": "dark", "from": "1.00 s", "until": seconds(at_s[-1])}
        table["fault"] = [dark, *table["fault"]]
    asked: Table = {"kind": "release", "who": "operator 09 赵", "why": _WHY, "end": far}
    released = [asked | {"at": seconds(s + rng.uniform(0, 5))} for s in at_s]
    table["request"] = sorted([*table["request"], *released], key=lambda one: in_s(one["at"]))
    if rng.random() < _KEPT_UP:
        _keeps_up(rng, table, far, at_s[0])


def _keeps_up(rng: Random, table: Table, far: str, released_s: float) -> None:
    """Somebody in the beams, or the loop under it, keeps up the boom behind one that was let go."""
    from_s = released_s + rng.uniform(5, 15)
    times = {"from": seconds(from_s), "until": seconds(from_s + rng.uniform(90, 160))}
    sound = not any(fault["device"].startswith(far) for fault in table["fault"])
    if sound and rng.random() < 0.5:
        hangs = {"device": f"{far}.arm", "kind": "says blocked"} | times
        table["fault"] = sorted([*table["fault"], hangs], key=lambda one: in_s(one["from"]))
    else:
        table["person"] = [*table["person"], {"end": far} | times]


def _quiet_before(table: Table, until_s: float) -> bool:
    """Whether nothing goes wrong, dies or is asked for until then, so that nothing excuses."""
    begins = [entry.get("from", entry.get("at", "0 s")) for key in _TROUBLE for entry in table[key]]
    return all(in_s(at) > until_s for at in begins)


def _wrong_request(rng: Random, span_s: float) -> Table:
    """Something that somebody at the desk asks for at any moment, rightly or not."""
    kind = rng.choice(_WRONG)
    asked: Table = {"kind": kind, "who": "operator 09 赵", "why": _WHY}
    if kind in ("release", "send_back", "raise_boom"):
        asked["end"] = rng.choice(ENDS)
    if kind == "confirm_plate":
        asked["plate"] = draw_plate_text(rng, "yellow").text
    return asked | {"at": seconds(rng.uniform(1, span_s))}


def _hand(rng: Random, span_s: float) -> Table:
    """A hand that raises or holds a boom; nobody lowers one that he does not look under."""
    from_s = rng.uniform(5, span_s)
    until_s = from_s + rng.uniform(1, 10)
    does = rng.choice(("raises", "raises", "holds"))
    times = {"from": seconds(from_s), "until": seconds(until_s)}
    return {"end": rng.choice(ENDS), "does": does} | times


def _device(rng: Random, vehicles: int) -> Table:
    number = rng.randrange(vehicles) + 1
    by = rng.choice(("1 %", "2 %", "5 %", "15 %", "30 %"))
    return {
        "from": f"{seconds(rng.uniform(0, 6))} after vehicle {number} stands",
        "until": f"1 s after vehicle {number} is gone",
        "weighs": rng.choice(("less", "less", "more")),
        "by": by,
        "grows_in": rng.choice(("0 s", "0 s", "2 s")),
    }


def _stroller(rng: Random, span_s: float) -> Table:
    """Somebody who walks over the deck."""
    from_s = rng.uniform(5, span_s)
    return {
        "what": "person",
        "at": f"{rng.uniform(1, 19):.1f} m",
        "walks_to": f"{rng.uniform(1, 19):.1f} m",
        "side": rng.choice(("left", "middle", "right")),
        "from": seconds(from_s),
        "until": seconds(from_s + rng.uniform(3, 30)),
    }
