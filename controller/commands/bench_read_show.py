"""`steelyard bench read` in a terminal: counts by type, times by stage, failures by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from controller.commands.bench_read_count import ALL, Outcome, Row, Seen

if TYPE_CHECKING:
    from controller.commands.bench_read import Blank, Cost, Report

WIDTH_MIN = 110
NUMBERS = (
    "n",
    "exact",
    "rate",
    "accepted",
    "accepted\nwrong",
    "unread",
    "ms a picture\np50",
    "\np95",
)


def show(report: Report) -> None:
    """Print the counts of labelled pictures, and the failures where they were asked for."""
    console = _console()
    console.print(_counts(report))
    console.print(
        f"plates that no label asked for: {report.extra_plates}"
        f" ({report.extra_accepted} of them accepted)",
        highlight=False,
    )
    _cost(console, report.cost)
    if report.failures is not None:
        console.print(_failures(report.failures))
    if report.extra:
        console.print(_extra("Plates that no label asked for", report.extra))


def show_blank(report: Blank) -> None:
    """Print what was read in pictures without any plate."""
    console = _console()
    console.print(
        f"{report.frames} frames without a plate: {report.false_plates} false plates in"
        f" {report.frames_with} of them ({report.false_per_thousand:g} a thousand frames),"
        f" {report.false_accepted} accepted ({report.accepted_per_thousand:g} a thousand)",
        highlight=False,
    )
    _cost(console, report.cost)
    if report.extra:
        console.print(_extra("False plates", report.extra))


def _console() -> Console:
    console = Console()
    if console.width < WIDTH_MIN and not console.is_terminal:
        return Console(width=WIDTH_MIN)
    return console


def _table(title: str, texts: Iterable[str], numbers: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in texts:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _counts(report: Report) -> Table:
    threads = "1 thread" if report.cost.threads == 1 else f"{report.cost.threads} threads"
    held = ", kept aside from all training" if report.held_only else ""
    title = f"{report.pictures} pictures of {report.folder}{held}; {threads}"
    table = _table(title, ("kind", "type"), NUMBERS)
    for row in report.rows:
        table.add_row(*_row(row), style="bold" if row.ptype == ALL else None)
    return table


def _row(row: Row) -> list[str]:
    wrong = f"[red]{row.accepted_wrong}[/red]" if row.accepted_wrong else "0"
    counts = [str(row.n), str(row.exact), f"{100 * row.rate:.1f} %", str(row.accepted), wrong]
    times = [f"{row.ms_p50:.1f}", f"{row.ms_p95:.1f}"]
    return [row.kind, row.ptype, *counts, str(row.unread), *times]


def _cost(console: Console, cost: Cost) -> None:
    table = _table("ms a picture, p50 / p95", ("kind",), ("detect", "rectify", "recognise", "all"))
    for kind, stages in cost.stages_ms.items():
        shown = [
            f"{stages[name]['p50']:.1f} / {stages[name]['p95']:.1f}" if name in stages else ""
            for name in ("detect", "rectify", "recognise", "total")
        ]
        table.add_row(kind, *shown)
    console.print(table)
    sizes = ", ".join(f"{name} {size / 1000:.0f} kB" for name, size in cost.models_bytes.items())
    console.print(f"{sizes}; {cost.resident_mib:g} MiB resident", highlight=False)


def _failures(failures: Sequence[Outcome]) -> Table:
    table = _table(
        f"{len(failures)} labels not read exactly", ("file", "type", "label", "read"), ("edits",)
    )
    table.add_column("confidence", justify="right")
    for outcome in failures:
        read, label = outcome.read, outcome.label
        sure = "" if read is None else f"{read.confidence:.2f}{' accepted' * read.accepted}"
        table.add_row(
            label.file,
            label.ptype,
            label.text,
            "" if read is None else read.text,
            str(outcome.distance),
            sure,
            style="red" if outcome.accepted else None,
        )
    return table


def _extra(title: str, extra: Sequence[Seen]) -> Table:
    table = _table(title, ("file", "type", "read"), ("confidence",))
    for seen in extra:
        table.add_row(
            seen.file,
            seen.ptype,
            seen.text,
            f"{seen.confidence:.2f}{' accepted' * seen.accepted}",
            style="red" if seen.accepted else None,
        )
    return table
