"""The fates of a hunt as a page for ``docs/mutants.md``, and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from sim.mutants.hunt import Fate

_HEAD = """# Is the judge awake?

Each line below is a change to the real program, a way in which real code goes wrong. They are
written down in `sim/mutants/*.toml` with the text that is replaced. `make mutants` lays each over a
copy of the program and drives the explorer's shifts through it, those first that have the most in
them that none before had, until a check speaks that is silent for the program itself at that seed.

Changes that another layer makes up for are not in the set: an interlock that asks for less where
the lane asks for enough, a beam that the lane forgets and the scale does not.
"""
_AREAS = {
    "lane": "The lane",
    "safety": "The interlock and what it sees",
    "rules": "The rules and the decision",
    "weighing": "The weighing",
    "records": "Records, ledger, journal, restart",
}


def summed(fates: Sequence[Fate]) -> dict[str, Any]:
    """How many were killed, of how many, in how many shifts, by what."""
    killed = [fate for fate in fates if fate.killed]
    return {
        "mutants": len(fates),
        "killed": len(killed),
        "rate": round(100 * len(killed) / len(fates), 1) if fates else 0.0,
        "median": median([fate.plans for fate in killed]) if killed else None,
        "most": max((fate.plans for fate in killed), default=None),
        "by": dict(Counter(fate.check for fate in killed).most_common()),
        "live": [fate.name for fate in fates if not fate.killed],
        "cpu_s": round(sum(fate.cpu_s for fate in fates), 1),
    }


def page(seeds: str, fates: Sequence[Fate]) -> str:
    """The whole page."""
    return "\n".join(_lines(seeds, fates)) + "\n"


def _lines(seeds: str, fates: Sequence[Fate]) -> Iterator[str]:
    whole = summed(fates)
    yield _HEAD
    yield (
        f"Of {whole['mutants']} mutants {whole['killed']} are killed ({whole['rate']} %) within "
        f"the shifts of seeds {seeds}; the median takes {whole['median']:g} shifts, the longest "
        f"{whole['most']}."
    )
    by = ", ".join(f"{check} {times}" for check, times in whole["by"].items())
    yield f"The first to speak was: {by} (`sim/finding.py`, `docs/explore.md`)."
    for area in dict.fromkeys(fate.area for fate in fates):
        yield f"\n## {_AREAS.get(area, area)}"
        yield "| mutant | what goes wrong | killed by | shifts |"
        yield "|---|---|---|---|"
        for fate in fates:
            if fate.area == area:
                check = fate.check or "**lives**"
                yield f"| {fate.name} | {fate.meaning} | {check} | {fate.plans} |"
