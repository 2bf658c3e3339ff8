"""What can go wrong with a device: the one table of devices and kinds, in plain words.

The table itself is ``sim/faults.toml``.  Scenario files name a device and a kind of it, the
explorer deals from it, the devices (``sim/devices``) behave by it, and ``python -m sim.faults``
prints it for the documentation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct

from sim.units import ScenarioError, mass_g, share, time_us, word

_FILE = Path(__file__).with_name("faults.toml")
CYCLE_US = 8_000_000
"""A device on a failing supply starts anew this often."""
BOOT_US = 1_500_000
"""How long it takes to start."""
SLOT_US = 60_000
"""The shortest false pulse: a bouncing contact behind an input filter."""
ENDS = ("yard", "road")
CELLS = 8


def _us(value: object, where: str) -> float:
    return float(time_us(value, where))


def _kg(value: object, where: str) -> float:
    return mass_g(value, where) / 1000


_UNITS: dict[str, Callable[[object, str], float]] = {"time": _us, "share": share, "mass": _kg}


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to misbehave, and which devices do; the head of the file says what the keys mean."""

    name: str
    devices: tuple[str, ...]
    does: str
    lies: bool = False
    rate: str = ""
    by: str = ""
    unit: str = ""
    rates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()


def _read() -> dict[str, dict[str, Kind]]:
    table: dict[str, dict[str, Kind]] = {}
    for entry in tomllib.loads(_FILE.read_text(encoding="utf-8"))["kind"]:
        kind = msgspec.convert(entry, Kind)
        for part in kind.devices:
            table.setdefault(part, {})[kind.name] = kind
    return table


TABLE = _read()
"""Each kind of device with the ways in which it misbehaves, as ``sim/faults.toml`` has them."""
AT_AN_END = (
    "approach",
    "arm",
    "beam_low",
    "beam_high",
    "boom",
    "camera",
    "approach_lamp",
    "deck_lamp",
)
GUARDS = ("arm", "beam_low", "beam_high")
"""The sensors that guard a boom: no lane can know better than two of them that lie."""
DEVICES = (
    *(f"cell{number}" for number in range(CELLS)),
    *(part for part in TABLE if part not in AT_AN_END and part != "cell"),
    *(f"{end}.{part}" for end in ENDS for part in AT_AN_END),
)


def part_of(device: str) -> str:
    """The kind of a device, whichever end or number it has."""
    name = device.rsplit(".", maxsplit=1)[-1]
    return "cell" if name[:-1] == "cell" and name[-1].isdigit() else name


class Amounts(Struct, frozen=True, kw_only=True):
    """How often and how much: the part of all words that are hit, and the unit's amount."""

    rate: float = 0.0
    by: float = 0.0


def amounts(device: object, kind: object, stated: Mapping[str, object], where: str) -> Amounts:
    """How often and how much, as stated by ``rate`` and ``by``, or as the table has it.

    Raises:
        ScenarioError: no such device, no such kind for it, or an amount that the kind has not.
    """
    kinds = TABLE[part_of(word(device, DEVICES, f"{where} device"))]
    entry = kinds[word(kind, kinds, f"{where} kind of {device}")]
    for key in ("rate", "by"):
        if key in stated and not getattr(entry, key):
            raise ScenarioError(f"{where}: '{kind}' of {device} has no '{key}'; leave it out")
    rate, by = stated.get("rate", entry.rate), stated.get("by", entry.by)
    return Amounts(
        rate=share(rate, f"{where} rate") if entry.rate else 0.0,
        by=_UNITS[entry.unit](by, f"{where} by") if entry.by else 0.0,
    )


class Trouble:
    """A fault that is present: since when, how often, how much, and its own chances.

    It lives as long as the fault, beside the device: a controller that starts anew finds it so.
    """

    __slots__ = ("_hit", "_slot", "amounts", "kind", "rng", "since_us", "tuned_away")

    def __init__(self, kind: str, since_us: int, amounts_: Amounts, rng: Random) -> None:
        self.kind = kind
        self.since_us = since_us
        self.amounts = amounts_
        self.rng = rng
        self.tuned_away = False
        self._slot = -1
        self._hit = False

    def pulses(self, now_us: int) -> bool:
        """Whether a false pulse is there now: the same however often it is asked."""
        slot = now_us // SLOT_US
        if slot != self._slot:
            self._slot = slot
            self._hit = self.rng.random() < self.amounts.rate
        return self._hit

    def boots(self, now_us: int) -> bool:
        """Whether a device that starts anew again and again is starting now."""
        return (now_us - self.since_us) % CYCLE_US < BOOT_US


_HEAD = """\
# How devices fail

Printed by `python -m sim.faults` from `sim/faults.toml`. A scenario or a plan states a trouble so:

    [[fault]]
    device = "cells"             # at an end: "yard.arm"; one cell: "cell0" to "cell7"
    kind = "loses samples"
    rate = "2 %"                 # the part of its words that are hit, where the table has a rate
    from = "12 s"                # the amount is by = "1 s", where the table has one
    until = "40 s"

*A lie*: the device says what is not so, and nothing in what it says tells.

## What nobody can know
The judge asks none of this of the lane:

- Of two liars among arm loop, low and high beam of one boom, which is right: one lies at a time.
- Whether a vehicle is under a boom one of whose guards is in trouble. A touch (T1) is told always.
- A stone on the deck from cells that read too much: such a load may have a record of no vehicle
  (`sim/audit.py`). What is off by less than the zero may drift shows in the history of known
  vehicles only, so that no gain below 3 % is dealt.
- Whether a lamp without read-back is dark or welded: lamps are judged by what the lane asks.
- That a wall clock is wrong which says that it is synchronised: records carry what it said.

Who steps under a falling boom while the host hangs is told as a touch all the same: for a second
the levels stand, and only a sensor wired to the gate itself could stop it.
"""


def table() -> str:
    """The table as the documentation has it."""
    merged: dict[tuple[str, ...], list[Kind]] = {}
    for kind in dict.fromkeys(kind for kinds in TABLE.values() for kind in kinds.values()):
        merged.setdefault(kind.devices, []).append(kind)
    lines = [_HEAD, "## The table", "| device | kind | what it does |", "|---|---|---|"]
    for parts, kinds in merged.items():
        lines += [f"| {', '.join(parts)} | {kind.name} | {_told(kind)} |" for kind in kinds]
    return "\n".join(lines)


def _told(kind: Kind) -> str:
    often = f"; {kind.rate} unless stated" if kind.rate else ""
    much = f"; by {kind.by} unless stated" if kind.by else ""
    return f"{kind.does}{often}{much}{' (a lie)' if kind.lies else ''}"


if __name__ == "__main__":
    print(table())
