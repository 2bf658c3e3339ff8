"""Several days of one lane: the shifts of several seeds, a night of nobody between each two.

What a lane does once a day, or only after long, no single shift meets: the day of the ledger ends,
the zero follows a deck that nobody drives on, what waits for the platform becomes more and more.
"""

from __future__ import annotations

from random import Random
from typing import Final

from sim.explore.deal import deal
from sim.explore.dealing.times import in_s, seconds
from sim.explore.plan import Plan, Table

NEXT_SEED: Final = 1_000_000
"""From one day to the next the seed of a shift grows by this."""
DAY_S: Final = 86_400.0
_FIRST_ONLY: Final = ("day", "cheat", "device")
"""What is of the whole time, or counts vehicles from the first one."""
_TIMES: Final = ("at", "from", "until")
_NIGHT_S: Final = (3_600.0, 80_000.0)
"""Between these times after a shift has begun nobody comes, and all that was dealt is over."""
_DARK: Final = 0.4
_PLATFORM: Final = 0.7


def deal_days(seed: int, days: int) -> Plan:
    """The plan of so many days, the first of them that of the seed: always the same.

    In some nights the cabinet has no power for hours.  The platform is away until the last day, or
    for good.
    """
    rng = Random(f"explore {seed} of {days} days")
    table: Table = {}
    for day in range(days):
        for part, entries in deal(seed + NEXT_SEED * day).table.items():
            if part in _FIRST_ONLY:
                table.setdefault(part, entries)
            elif part != "platform":
                table[part] = [*table.get(part, []), *(_on(day, part, entry) for entry in entries)]
        if day and rng.random() < _DARK:
            table["kill"] = [*table.get("kill", []), _night(rng, DAY_S * (day - 1))]
    if rng.random() < _PLATFORM:
        from_s = rng.uniform(0, 600) + DAY_S * (days - 1)
        table["platform"] = [{"from": seconds(from_s), "until": seconds(from_s + DAY_S)}]
    return Plan(seed=seed, table=table)


def _on(day: int, part: str, entry: Table) -> Table:
    """An entry of a later day; a place on the deck is called ``at``, too.

    What lies on the deck for good is swept off before the night.
    """
    if part == "load":
        entry = {"from": seconds(0)} | entry | {"until": entry.get("until", seconds(_NIGHT_S[0]))}
    return {
        key: seconds(in_s(value) + DAY_S * day) if key in _TIMES and value.endswith(" s") else value
        for key, value in entry.items()
    }


def _night(rng: Random, from_s: float) -> Table:
    """The cabinet is without power."""
    out_s, back_s = sorted(rng.uniform(*_NIGHT_S) for _ in range(2))
    return {"at": seconds(from_s + out_s), "dead": seconds(back_s - out_s), "power": "cut"}
