"""What `steelyard weigh` shows: one passage in words, or classes against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from controller.commands.weigh_axles import report_axles
from controller.commands.weigh_axles import words as axle_words
from controller.commands.weigh_truth import GOOD, ClassReport, Judged, report

WIDTH_MIN = 118
MISSES_MAX = 40
PLAIN_EVENTS = ("vehicle_on", "vehicle_off", "standing")


def say(result: dict[str, Any]) -> None:
    """One passage in a few lines; what the mode does not know is left out."""
    head = f"{result['trace']}: {result['verdict']}"
    weight_kg = result.get("weight_kg", result.get("gross_kg"))
    if weight_kg is not None:
        head += f", {weight_kg:.1f} kg ± {result['u95_kg']:.1f} kg"
    if result.get("weight_rounded_kg") is not None:
        head += f", shown as {result['weight_rounded_kg']:g} kg"
    typer.echo(head)
    for words in _details(result):
        typer.echo(f"  {words}")


def _details(result: dict[str, Any]) -> list[str]:
    lines = []
    if result.get("accepted_at_s") is not None:
        stop = result.get("stop_at_s")
        seen = "" if stop is None else f", seen to stand since {stop:.2f} s"
        lines.append(f"accepted at {result['accepted_at_s']} s{seen}")
    if result.get("withdrawn"):
        lines.append(f"withdrawn later: {result['withdrawn']}")
    if result.get("axles"):
        loads = _measured(result, "axle_loads", "kg", 0, " + ")
        ways = _measured(result, "axle_spacings", "m", 2, ", ")
        sure = result.get("axles_confidence")
        count = f"{result['axles']} axles" + ("" if sure is None else f" ({100 * sure:.1f} % sure)")
        lines.append(f"{count}: {loads or '?'} kg; {ways or '?'} m apart")
    cells = result.get("cells", ())
    bad = [f"cell {i} {health}" for i, health in enumerate(cells) if health != "ok"]
    if cells:
        lines.append(", ".join(bad) if bad else f"all {len(cells)} cells ok")
    return lines + [_event(event) for event in result.get("events", ())]


def _measured(result: dict[str, Any], name: str, unit: str, places: int, join: str) -> str:
    """Values of one kind, each with its uncertainty where the mode states one."""
    values = result.get(f"{name}_{unit}") or ()
    u95 = result.get(f"{name}_u95_{unit}") or [None] * len(values)
    return join.join(
        f"{value:.{places}f}" + ("" if u is None else f" ± {u:.{places}f}")
        for value, u in zip(values, u95, strict=True)
    )


def _event(event: dict[str, Any]) -> str:
    rest = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in event.items()
        if name not in ("t_s", "event") and not (name == "value" and event["event"] in PLAIN_EVENTS)
    ]
    return f"{event['t_s']:9.3f} s  {event['event']:<14} {', '.join(rest)}".rstrip()


def truth_table(by_class: Sequence[ClassReport], judged: Sequence[Judged]) -> None:
    """The classes against the truth, and every trace that is not as it should be."""
    console = Console()
    if console.width < WIDTH_MIN and not console.is_terminal:
        console = Console(width=WIDTH_MIN)
    table = Table(title="Weighed against the truth", title_justify="left", header_style="bold")
    table.add_column("class")
    for name in (
        "traces",
        "right\nverdict",
        "weights\ngiven",
        "right\nweight",
        "too\nearly",
        "outside\nMPE",
        "s after stop\np50 / p95",
        "|error| / e\np50 / p95",
        "u95\ncovers",
    ):
        table.add_column(name, justify="right")
    for each in by_class:
        table.add_row(*_row(each), end_section=each.cls == GOOD)
    if len(by_class) > 1:
        table.add_section()
        table.add_row(*_row(report("all", judged)), style="bold")
    console.print(table)
    if any(row.in_time for row in by_class):
        console.print("+ n: the right weight, given before the passage went bad", style="dim")
    axles = report_axles([each.axles for each in judged if each.axles is not None])
    if axles is not None:
        console.print(axle_words(axles), highlight=False, soft_wrap=True)
    for words in _misses(judged):
        console.print(words, highlight=False, markup=False)


def _row(row: ClassReport) -> list[str]:
    alarm = "[red]{}[/red]"
    wrong = [alarm.format(n) if n else "0" for n in (row.early, row.outside_mpe)]
    right = str(row.right) + (f" + {row.in_time}" if row.in_time else "")
    if row.right + row.in_time < row.traces:
        right = f"[yellow]{right}[/yellow]"
    return [
        row.cls,
        str(row.traces),
        right,
        str(row.accepted),
        str(row.within_mpe),
        *wrong,
        pair(row.after_stop_s_p50, row.after_stop_s_p95),
        pair(row.error_e_p50, row.error_e_p95),
        "" if row.covered is None else f"{100 * row.covered:.0f} %",
    ]


def pair(low: float | None, high: float | None) -> str:
    """Two numbers of a column, nothing where there are none."""
    return "" if low is None or high is None else f"{low:.2f} / {high:.2f}"


def _misses(judged: Sequence[Judged]) -> list[str]:
    missed = [each for each in judged if each.wrong or not each.right]
    lines = [f"{each.trace} ({each.cls}): {_why(each)}" for each in missed[:MISSES_MAX]]
    if len(missed) > MISSES_MAX:
        lines.append(f"and {len(missed) - MISSES_MAX} more; --json names every trace")
    return lines


def _why(row: Judged) -> str:
    if row.failure is not None:
        return "refused"
    if row.error_e is None:
        return f"{row.verdict} instead of {row.expected}"
    state = "right weight" if not row.wrong else "too early" if not row.valid else "outside MPE"
    said = f"weight given ({state}, {row.error_e:+.2f} e)"
    return said if row.right else f"{said} instead of {row.expected}"
