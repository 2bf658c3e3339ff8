"""What a site keeps, and how full its disk may be: the tables ``[retention]`` and ``[disk]``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from hal.quantity import Measure
from hal.schema import Bound, Problems, time
from protocol.media import SHARED, SUFFIXES
from protocol.retention import Policy, Rule

NEVER = "never"
WITHOUT = "without_acknowledgement"
KINDS = tuple(kind for kind in SUFFIXES if kind not in SHARED)

_DATA = Measure(
    name="data size",
    base="B",
    usual="MB",
    units=(("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)),
)
_ROOM = Bound(measure=_DATA, low=_DATA.parse("8 MB"), high=_DATA.parse("100 GB"))
_KEEP = time("1 d", "36500 d")
_PERCENT = re.compile(r"([0-9]{1,2})\s*%", re.ASCII)
_LEVELS = {"alarm": "filling_ppm", "critical": "critical_ppm"}
_LEVEL_MIN, _LEVEL_MAX = 10, 99
_PPM, _US = 10_000, 1_000


def read_storage(retention: dict[str, Any], disk: dict[str, Any], problems: Problems) -> Policy:
    """Return the rules of both tables; a kind that ``[retention]`` leaves out is kept for ever."""
    values: dict[str, int] = {}
    for name, value in disk.items():
        if name in _LEVELS:
            values[_LEVELS[name]] = _percent(value, f"disk.{name}", problems)
        elif name == "room":
            values["room_bytes"] = _bounded(_ROOM, value, "disk.room", problems)
        else:
            problems.unread(f"disk.{name}", name, (*_LEVELS, "room"), value)
    policy = Policy(rules=_rules(retention, problems), **values)
    if policy.filling_ppm >= policy.critical_ppm:
        text = f"not below disk.critical = {policy.critical_ppm // _PPM} %; alarm first, then act"
        problems.add("disk.alarm", text, disk.get("alarm", "80 %"))
    return policy


def _rules(table: dict[str, Any], problems: Problems) -> tuple[Rule, ...]:
    without = _names(table.get(WITHOUT, []), problems)
    rules: list[Rule] = []
    for name, value in table.items():
        key = f"retention.{name}"
        if name == WITHOUT:
            continue
        if name in SHARED:
            problems.add(key, "every record names it; it is kept for ever", value)
        elif name not in KINDS:
            problems.unread(key, name, (*KINDS, WITHOUT), value)
        elif value != NEVER:
            keep_ms = _bounded(_KEEP, value, key, problems) // _US
            rules.append(Rule(kind=name, keep_ms=keep_ms, acknowledged=name not in without))
    for name in sorted(without - {rule.kind for rule in rules}):
        problems.add(f"retention.{WITHOUT}", f"{name!r} has no age here that it could reach", name)
    return tuple(rules)


def _names(value: object, problems: Problems) -> set[str]:
    known: Iterable[object] = value if isinstance(value, list) else ()
    names = {name for name in known if isinstance(name, str) and name in KINDS}
    if not isinstance(value, list) or len(names) != len(value):
        text = f"a list of kinds is needed here, each once: {', '.join(KINDS)}"
        problems.add(f"retention.{WITHOUT}", text, value)
    return names


def _bounded(bound: Bound, value: object, key: str, problems: Problems) -> int:
    try:
        return bound.read(value)
    except ValueError as error:
        never = f'; or "{NEVER}"' if bound is _KEEP else ""
        problems.add(key, f"{error}{never}", value)
        return bound.high


def _percent(value: object, key: str, problems: Problems) -> int:
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not _LEVEL_MIN <= int(found[1]) <= _LEVEL_MAX:
        text = f'a whole share of the disk is needed here, "{_LEVEL_MIN} %" to "{_LEVEL_MAX} %"'
        problems.add(key, text, value)
        return Policy().critical_ppm if key.endswith("critical") else Policy().filling_ppm
    return int(found[1]) * _PPM
