"""A plan: one shift with its trouble, as a table that is dealt, run, made smaller, and kept.

It is a scenario file (``sim/scenario.py``) with four things more: ``[found]`` says what seed it
came from and what was found, ``[[kill]]`` when the lane's process dies and how long it is dead,
``[[disk]]`` when the disk is slow, full or failing, ``[[platform]]`` when the platform is there.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from msgspec import Struct

from sim.explore.disk import Trouble, trouble
from sim.explore.disk_platform import Reach, reach
from sim.scenario import deal as deal_day
from sim.units import ScenarioError, known_keys, time_us, word
from sim.world import Yard

Table = dict[str, Any]

STATES = ("open", "closed")
_FOUND = ("seed", "check", "seen", "state", "why")
_ORDER = (
    "truck",
    "person",
    "load",
    "device",
    "hand",
    "fault",
    "disk",
    "platform",
    "kill",
    "request",
)


_APART = ("found", "kill", "disk", "platform")
"""What of a plan the yard knows nothing of."""

POWER = ("kept", "cut")
WITHIN = ("scan", "store", "record", "start")


class Kill(Struct, frozen=True, kw_only=True):
    """The process of the lane dies at the first scan from ``at_us`` on, for ``dead_us``.

    ``cut``: the whole cabinet loses power, and the disk what was not synced.  It dies between two
    scans, or ``within`` one at its ``calls``-th call; within a *store* or a *record* it waits for a
    scan in which anything, or a record, is on its way to the ledger; within a *start* it dies
    between two scans and again at that call of the next start, and only then is the power cut.
    """

    at_us: int
    dead_us: int
    cut: bool = False
    within: str = ""
    calls: int = 0


class Plan(Struct, frozen=True, kw_only=True):
    """A seed with the table that it runs; the table says everything else."""

    seed: int
    table: Table
    branch: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The seed as it is written: ``17``, or ``17.3`` for its branch 3."""
        return name_of(self.seed, self.branch)

    def yard(self) -> Yard:
        """The yard of this shift, not yet begun.  Raises ScenarioError."""
        day = {key: part for key, part in self.table.items() if key not in _APART}
        visits, options = deal_day(day, self.seed, where=f"seed {self.seed}")
        yard = Yard(self.seed, visits, options)
        yard.paint = False
        return yard

    def kills(self) -> tuple[Kill, ...]:
        """The deaths, in the order of time.  Raises ScenarioError."""
        entries = self.table.get("kill", [])
        return tuple(sorted(map(_kill, entries), key=lambda kill: kill.at_us))

    def troubles(self) -> tuple[Trouble, ...]:
        """When the disk is slow, full or failing.  Raises ScenarioError."""
        return tuple(map(trouble, self.table.get("disk", [])))

    def reached(self) -> tuple[Reach, ...]:
        """When the platform can be reached, never where nothing says so.  Raises ScenarioError."""
        return tuple(map(reach, self.table.get("platform", [])))


def name_of(seed: int, branch: tuple[int, ...]) -> str:
    """The name of a seed or of one of its branches."""
    return ".".join(map(str, (seed, *branch)))


def seed_of(name: str) -> tuple[int, tuple[int, ...]]:
    """The seed and the branch of a name.  Raises ValueError."""
    numbers = name.split(".")
    if not all(number.isdecimal() and number.isascii() for number in numbers):
        raise ValueError(f"seed {name!r}: write a number, for example 17, or a branch, 17.3")
    seed, *branch = map(int, numbers)
    return seed, tuple(branch)


def _kill(entry: Table) -> Kill:
    known_keys(entry, ("at", "dead", "power", "within", "calls"), "[[kill]]")
    calls = entry.get("calls", 0)
    if isinstance(calls, bool) or not isinstance(calls, int) or (calls > 0) != ("within" in entry):
        raise ScenarioError(
            "[[kill]] calls: how many calls into a scan it dies, with within = 'scan', "
            "'store' or 'record', or into a 'start'"
        )
    return Kill(
        at_us=time_us(entry.get("at"), "[[kill]] at"),
        dead_us=time_us(entry.get("dead"), "[[kill]] dead"),
        cut=word(entry.get("power", "kept"), POWER, "[[kill]] power") == "cut",
        within=word(entry["within"], WITHIN, "[[kill]] within") if calls else "",
        calls=calls,
    )


def read_plan(path: Path) -> Plan:
    """Read a plan that was kept.

    Raises:
        ScenarioError: no TOML, or no ``[found]`` with a seed, a check and a state.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read as TOML: {error}") from error
    found = table.get("found", {})
    known_keys(found, _FOUND, f"{path}: [found]")
    word(found.get("state"), STATES, f"{path}: [found] state")
    name = found.get("seed")
    if isinstance(name, bool) or not isinstance(name, int | str):
        raise ScenarioError(f'{path}: [found] needs seed = a number, or "17.3" for a branch')
    if not isinstance(found.get("check"), str):
        raise ScenarioError(f"{path}: [found] needs check = a name")
    try:
        seed, branch = seed_of(str(name))
    except ValueError as error:
        raise ScenarioError(f"{path}: [found] {error}") from error
    return Plan(seed=seed, branch=branch, table=table)


def written(plan: Plan) -> str:
    """The plan as a file that people read."""
    lines: list[str] = []
    for key in ("found", "cheat", "day"):
        if plan.table.get(key):
            lines += [f"[{key}]", *_pairs(plan.table[key]), ""]
    for key in _ORDER:
        for entry in plan.table.get(key, []):
            lines += [f"[[{key}]]", *_pairs(entry), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _pairs(table: Table) -> list[str]:
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
