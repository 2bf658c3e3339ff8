"""What a seed deals: trucks and how they are driven, who else is about, faults, deaths.

Each part draws from a generator of its own, so that a new part never shifts the others.
"""

from __future__ import annotations

from random import Random

from sim.explore.dealing.deaths import deal_deaths
from sim.explore.dealing.faults import deal_faults
from sim.explore.dealing.people import deal_requests, deal_walkers
from sim.explore.dealing.traffic import deal_day, deal_trucks
from sim.explore.plan import Plan, Table


def deal(seed: int) -> Plan:
    """Return the plan of a seed: the same for the same seed, on every machine."""

    def rng(part: str) -> Random:
        return Random(f"explore {seed} {part}")

    trucks, last_s = deal_trucks(rng("trucks"))
    span_s = last_s + 55.0 * len(trucks)
    faults = deal_faults(rng("faults"), span_s)
    table: Table = {
        "day": deal_day(rng("day")),
        "truck": trucks,
        "person": deal_walkers(rng("walkers"), span_s),
        "fault": faults,
        "kill": deal_deaths(rng("deaths"), span_s),
        "request": deal_requests(rng("requests"), faults, span_s),
    }
    return Plan(seed=seed, table={key: part for key, part in table.items() if part})
