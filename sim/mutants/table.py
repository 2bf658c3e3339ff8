"""The fates of a hunt as a page for ``docs/mutants.md``, and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from sim.mutants.catalogue import Mutant
from sim.mutants.hunt import Fate

Hunted = tuple[str, Sequence[Fate]]

_HEAD = """# Is the judge awake?

Each line of the tables is a change to the real program, a way in which real code goes wrong. They
stand in `sim/mutants/*.toml` with the text that is replaced. `python -m sim.mutants` lays each over
a copy of the program and drives shifts through it until a check speaks that is silent for the
program itself in that shift: those written by hand (`--small`, `sim/mutants/plans`), the one that
is meant for the mutant first, or dealt ones (`make mutants`), first those that have in them what
the mutant touches, then by turns the calmest and the one with the most that is new.

Changes that another layer makes up for are not in the set, for no shift can tell them apart:

- an interlock that asks for less where the lane asks for enough, a beam that the lane forgets and
  the scale does not, ends that the scale confuses: the lane asks its beams itself;
- a weight judged before the stop: the count of sure looks begins anew as long as nothing stands;
- a cell that repeats itself and is named late: it is doubtful at once, and with a doubtful cell no
  weight is taken;
- a journal that is not paused while the lane is empty: no state changes meanwhile, and its replay
  gives the same;
- the former plate in a new passage: only who comes again from the deck begins one with a passage
  before him, and that is the same vehicle;
- axles counted that go over the far edge and come back: no driver of the yard does that.
"""
_AREAS = {
    "lane": "The lane",
    "safety": "The interlock and what it sees",
    "rules": "The rules and the decision",
    "weighing": "The weighing",
    "records": "Records, ledger, journal, restart",
}


def summed(fates: Sequence[Fate]) -> dict[str, Any]:
    """How many were killed, of how many that were ridden, in how many shifts, by what."""
    fates = [fate for fate in fates if fate.plans]
    killed = [fate for fate in fates if fate.killed]
    return {
        "mutants": len(fates),
        "killed": len(killed),
        "rate": _percent(len(killed), len(fates)),
        "median": median([fate.plans for fate in killed]) if killed else None,
        "most": max((fate.plans for fate in killed), default=None),
        "by": dict(Counter(fate.check for fate in killed).most_common()),
        "live": [fate.name for fate in fates if not fate.killed],
        "cpu_s": round(sum(fate.cpu_s for fate in fates), 1),
    }


def page(mutants: Sequence[Mutant], hunts: Sequence[Hunted]) -> str:
    """The whole page: ``hunts`` are the seeds and the fates of each."""
    return "\n".join(_lines(mutants, hunts)) + "\n"


def _lines(mutants: Sequence[Mutant], hunts: Sequence[Hunted]) -> Iterator[str]:
    yield _HEAD
    yield "| shifts | mutants ridden | killed | median shifts to kill | most | most ridden |"
    yield "|---|---|---|---|---|---|"
    for seeds, fates in hunts:
        yield _sum(seeds, summed(fates), max((fate.plans for fate in fates), default=0))
    by = Counter(fate.check for _, fates in hunts for fate in fates if fate.killed)
    told = ", ".join(f"{check} {times}" for check, times in by.most_common())
    yield f"\nThe first to speak was: {told} (`sim/finding.py`, `docs/explore.md`)."
    known = [{fate.name: fate for fate in fates if fate.plans} for _, fates in hunts]
    dead = {fate.name for _, fates in hunts for fate in fates if fate.killed}
    ridden = {name for fates in known for name in fates}
    yield (
        f"In all {len(dead)} of the {len(mutants)} are killed "
        f"({_percent(len(dead), len(mutants))} %); {len(mutants) - len(ridden)} were not ridden."
    )
    yield from _living([m for m in mutants if m.name in ridden - dead])
    for area in dict.fromkeys(mutant.area for mutant in mutants):
        yield f"\n## {_AREAS.get(area, area)}"
        yield "| mutant | what goes wrong |" + "".join(f" {_shifts(s)} |" for s, _ in hunts)
        yield "|---|---|" + "---|" * len(hunts)
        for mutant in mutants:
            if mutant.area == area:
                cells = (_cell(fates.get(mutant.name)) for fates in known)
                yield f"| {mutant.name} | {mutant.meaning} | {' | '.join(cells)} |"


def _sum(seeds: str, whole: dict[str, Any], ridden: int) -> str:
    middle = "-" if whole["median"] is None else f"{whole['median']:g}"
    killed = f"{whole['killed']} ({whole['rate']} %)"
    most = whole["most"] or "-"
    return f"| {_shifts(seeds)} | {whole['mutants']} | {killed} | {middle} | {most} | {ridden} |"


def _living(mutants: Sequence[Mutant]) -> Iterator[str]:
    if mutants:
        yield "\n## Those that live"
        yield "| mutant | why |"
        yield "|---|---|"
        for mutant in mutants:
            yield f"| {mutant.name} | {mutant.lives or 'not known'} |"


def _shifts(seeds: str) -> str:
    return "by hand" if seeds == "small" else f"dealt, {seeds}"


def _cell(fate: Fate | None) -> str:
    if fate is None:
        return ""
    return f"{fate.check}, {fate.plans}" if fate.killed else f"**lives**, {fate.plans}"


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
