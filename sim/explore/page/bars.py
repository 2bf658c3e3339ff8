"""What a plan lays over time, whatever it is: faults, deaths, people, things, and what comes yet.

Entries are told by their keys alone, so that a list that a plan learns tomorrow is drawn too.
"""

from __future__ import annotations

from typing import Any

from sim.explore.plan import Table
from sim.units import ScenarioError, length_m, time_us

NOT_TROUBLE = ("truck", "request")
"""Lists that are drawn as something else."""

_BEGINS, _ENDS, _LASTS = ("from", "at"), ("until", "to"), ("dead", "for", "lasts")


def bars_of(table: Table) -> list[dict[str, Any]]:
    """Every entry with a time: its list, what it is about, when (ms; no ``until``: for good)."""
    found = []
    for key, entries in table.items():
        if key in NOT_TROUBLE or not isinstance(entries, list):
            continue
        found += [bar for bar in (_bar(key, entry) for entry in entries) if bar is not None]
    return found


def _bar(key: str, entry: Table) -> dict[str, Any] | None:
    begins = next((t for t in (_ms(entry.get(name)) for name in _BEGINS) if t is not None), None)
    if begins is None:
        return None
    ends = next((t for t in (_ms(entry.get(name)) for name in _ENDS) if t is not None), None)
    if ends is None:
        lasts = next((t for t in (_ms(entry.get(name)) for name in _LASTS) if t is not None), None)
        ends = None if lasts is None else begins + lasts
    about = {name: str(value) for name, value in entry.items()}
    bar: dict[str, Any] = {"list": key, "from": begins, "about": about}
    if ends is not None:
        bar["until"] = ends
    place = _metres(entry.get("at"))
    if place is not None:
        bar["x"] = place
    return bar


def short(key: str, entry: Table) -> str:
    """An entry in a few words, without the times that its bar shows."""
    timed = _bar(key, entry) is not None
    about = {
        name: str(value)
        for name, value in entry.items()
        if not (timed and name in ("from", "until"))
    }
    if key == "kill":
        return ", ".join(f"{name} {value}" for name, value in about.items())
    return " ".join(about.values())


def _ms(value: object) -> int | None:
    try:
        return None if value is None else time_us(value, "") // 1000
    except ScenarioError:
        return None


def _metres(value: object) -> float | None:
    try:
        return None if value is None else length_m(value, "")
    except ScenarioError:
        return None
