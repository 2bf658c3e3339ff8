"""Prints ``docs/phases.md`` from the phase table.

Run ``python -m controller.diagram > docs/phases.md`` after a change of the table.  Drawing and
tables are made of ``controller.core.table.ROWS`` and the defaults of the settings alone, so that
they cannot say anything else; a test fails when the file is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec

from controller.core.guards import limit_name
from controller.core.kinds import Phase
from controller.core.settings import MINUTE, SECOND, LaneSettings
from controller.core.table import ROWS, Row
from controller.faults import load_catalogue

WIDE_PHASES_MIN = 6
_TIMERS = ("timed_out", "still_loaded")

_HEAD = """\
# The phases of the lane

This page is made from `controller/core/table.py`. Change the table, not the page, then run
`python -m controller.diagram > docs/phases.md`. In each scan the first row that names the present
phase, and whose guard holds, is taken; at most one row a scan. One truck's way through the rows is
told in [life-of-a-passage.md](life-of-a-passage.md).
"""


def page(rows: Sequence[Row] = ROWS) -> str:
    """The whole page as Markdown."""
    parts = (
        _HEAD,
        "## The drawing\n",
        "A label reads *guard / outcome*. A row that holds anywhere at work is drawn once, from\n"
        "the frame; the same row from a phase outside the frame is drawn from that phase.\n",
        "```mermaid\n" + drawing(rows) + "```\n",
        "## Every row\n",
        "In this order; the alarm is shown while the phase lasts that the row leads to.\n",
        _rows_table(rows),
        "## How long each phase may last\n",
        "No wait is without a limit, but for IDLE, which waits for a vehicle. The default may be\n"
        "changed in the site file.\n",
        _limits_table(rows),
        "## Other times\n",
        _other_times(),
    )
    return "\n".join(parts)


def drawing(rows: Sequence[Row]) -> str:
    """The table as a mermaid state diagram."""
    inside = _inside(rows)
    lines = ["stateDiagram-v2", "    [*] --> STARTING", "    state AT_WORK {"]
    lines += [f"        {phase.name}" for phase in Phase if phase in inside]
    for row in rows:
        if not inside <= set(row.phases):
            both_in = [phase for phase in row.phases if phase in inside and row.to in inside]
            lines += [f"        {_edge(phase.name, row)}" for phase in both_in]
    lines.append("    }")
    for row in rows:
        wide = inside <= set(row.phases)
        if wide:
            lines.append(f"    {_edge('AT_WORK', row)}")
        crossing = [p for p in row.phases if not (p in inside and (wide or row.to in inside))]
        lines += [f"    {_edge(phase.name, row)}" for phase in crossing]
    return "\n".join(lines) + "\n"


def _inside(rows: Sequence[Row]) -> set[Phase]:
    """The phases that every row with many phases has in common: the lane at work."""
    wide = [set(row.phases) for row in rows if len(row.phases) >= WIDE_PHASES_MIN]
    return set.intersection(*wide) if wide else set()


def _edge(start: str, row: Row) -> str:
    return f"{start} --> {row.to.name}: {_name(row)} / {row.outcome}"


def _name(row: Row) -> str:
    return str(getattr(row.guard, "__name__", row.guard))


def _rows_table(rows: Sequence[Row]) -> str:
    inside = _inside(rows)
    return _table(
        ("from", "when", "", "to", "outcome", "alarm"),
        (
            (
                _phases(row.phases, inside),
                f"`{_name(row)}`",
                _sentence(row),
                row.to.name,
                row.outcome,
                _alarm(row),
            )
            for row in rows
        ),
    )


def _phases(phases: Iterable[Phase], inside: set[Phase]) -> str:
    named = [phase for phase in phases if phase not in inside]
    if inside <= set(phases):
        return ", ".join([*(phase.name for phase in named), "anywhere at work"])
    return ", ".join(phase.name for phase in phases)


def _sentence(row: Row) -> str:
    """The guard's docstring up to its first paragraph, on one line."""
    text = (row.guard.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(text.split())


def _alarm(row: Row) -> str:
    if row.alarm is None:
        return ""
    entry = load_catalogue()[int(row.alarm)]
    return f"{entry.code} {entry.zh}"


def _limits_table(rows: Sequence[Row]) -> str:
    return _table(
        ("phase", "setting", "default", "then"),
        (
            (phase.name, f"`{name}`", duration(_default_us(name)), _after(rows, phase))
            for phase in Phase
            if (name := limit_name(phase)) is not None
        ),
    )


def _after(rows: Sequence[Row], phase: Phase) -> str:
    late = [row for row in rows if phase in row.phases and _name(row) in _TIMERS]
    return "; ".join(f"{row.to.name}, “{row.outcome}”" for row in late)


def _other_times() -> str:
    limits = {limit_name(phase) for phase in Phase}
    return _table(
        ("setting", "default"),
        (
            (f"`{field.name}`", duration(_default_us(field.name)))
            for field in msgspec.structs.fields(LaneSettings)
            if "_us" in field.name and field.name not in limits
        ),
    )


def _default_us(name: str) -> int:
    for field in msgspec.structs.fields(LaneSettings):
        if field.name == name and isinstance(field.default, int):
            return field.default
    raise KeyError(f"{name}: no such time in LaneSettings, or it has no default")


def duration(time_us: int) -> str:
    """A time in microseconds as people write it."""
    if time_us >= 5 * MINUTE and time_us % MINUTE == 0:
        return f"{time_us // MINUTE} min"
    return f"{time_us / SECOND:g} s"


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(page())
