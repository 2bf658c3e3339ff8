"""What a seed deals: trucks and how they are driven, who else is about, faults, deaths.

Each part draws from a generator of its own, so that a new part never shifts the others.  That
gives a seed its neighbours: branch 3 of seed 17, written 17.3, is the shift of seed 17 with one or
two parts dealt anew, and may have branches in its turn.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.deaths import deal_deaths, deal_manners
from sim.explore.dealing.disk import deal_disk, deal_platform
from sim.explore.dealing.faults import deal_faults, deal_loose
from sim.explore.dealing.insisting import ask_after_the_disk, deal_insisting, deal_stops
from sim.explore.dealing.litter import deal_litter
from sim.explore.dealing.moments import deal_moments
from sim.explore.dealing.people import deal_conduct, deal_requests, deal_service, deal_walkers
from sim.explore.dealing.traffic import deal_day, deal_stands, deal_trucks
from sim.explore.dealing.weather import deal_mud
from sim.explore.plan import Plan, Table, name_of

_ANEW = (
    "trucks",
    "faults",
    "walkers",
    "requests",
    "deaths",
    "manners",
    "disk",
    "platform",
    "conduct",
)
PARTS = (
    "day",
    *_ANEW,
    "loose",
    "calm",
    "service",
    "mud",
    "litter",
    "insisting",
    "stops",
    "stands",
    "moments",
)
CALM = 0.1
"""This share of the shifts has drivers and no other trouble: nothing excuses the lane."""


def deal(seed: int, branch: tuple[int, ...] = ()) -> Plan:
    """Return the plan of a seed or a branch: always the same, on every machine."""
    dealt_at = _dealt_at(seed, branch)

    def rng(part: str) -> Random:
        return Random(f"explore {dealt_at[part]} {part}")

    trucks, last_s = deal_trucks(rng("trucks"))
    span_s = last_s + 55.0 * len(trucks)
    faults = deal_loose(rng("loose"), deal_faults(rng("faults"), span_s), span_s)
    table: Table = {
        "day": deal_day(rng("day")),
        "truck": trucks,
        "person": deal_walkers(rng("walkers"), span_s),
        "fault": faults,
        "kill": deal_manners(rng("manners"), deal_deaths(rng("deaths"), span_s)),
        "disk": deal_disk(rng("disk"), span_s),
        "platform": deal_platform(rng("platform"), span_s),
        "request": deal_requests(rng("requests"), faults, span_s),
    }
    deal_conduct(rng("conduct"), table, span_s)
    deal_service(rng("service"), table, span_s)
    deal_stands(rng("stands"), trucks)
    deal_mud(rng("mud"), table, span_s)
    deal_litter(rng("litter"), table, span_s)
    deal_insisting(rng("insisting"), table)
    deal_stops(rng("stops"), table)
    if rng("calm").random() < CALM:
        table = {key: table[key] for key in ("day", "truck")}
    else:
        deal_moments(rng("moments"), seed, table)
        ask_after_the_disk(table)
    kept = {key: part for key, part in table.items() if part}
    return Plan(seed=seed, branch=branch, table=kept)


def _dealt_at(seed: int, branch: tuple[int, ...]) -> dict[str, str]:
    """By which name each part was dealt last, on the way from the seed to the branch."""
    found = dict.fromkeys(PARTS, str(seed))
    for depth in range(1, len(branch) + 1):
        name = name_of(seed, branch[:depth])
        rng = Random(f"explore {name}")
        for part in rng.sample(_ANEW, rng.choice((1, 2))):
            found[part] = name
    return found
