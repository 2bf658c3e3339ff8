"""`steelyard bench modes` in a terminal: candidates side by side, instant by instant."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from controller.commands.bench_candidates import CandidateReport, Instant, play_trace, reports
from controller.commands.bench_weigh import MADE, make_passages
from controller.commands.weigh import TraceError
from controller.commands.weigh_table import pair
from controller.commands.weigh_truth import in_processes
from sensors.candidates import SHIPPED

WIDTH_MIN = 170


def run(folder: Path | None, jobs: int, as_json: bool) -> None:
    """Measure and show; raises TraceError where there is nothing to measure."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            make_passages(Path(made), MADE)
            run(Path(made), jobs, as_json)
            return
    found = measure(folder, jobs)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        show(found)


def measure(folder: Path, jobs: int = 1) -> list[CandidateReport]:
    """Play all good traces of a folder to all candidates; raises TraceError without any."""
    paths = sorted(folder.glob("*.csv"))
    played = [trace for trace in in_processes(play_trace, paths, jobs) if trace is not None]
    if not played:
        raise TraceError(f"{folder}: no good trace (*.csv with *.calib.toml and *.truth.json)")
    return reports(played)


def show(found: Sequence[CandidateReport]) -> None:
    """Print the reports as two tables: instants after the stop, then belief and cost."""
    console = Console()
    if console.width < WIDTH_MIN and not console.is_terminal:
        console = Console(width=WIDTH_MIN)
    title = "After the stop: |error| / e p50 / p95, u95 covers (answered, where not all are)"
    instants = [f"{i.after_stop_s:g} s\n{i.traces} traces" for i in found[0].instants]
    cells = [[_cell(instant) for instant in row.instants] for row in found]
    console.print(_table(title, instants, cells, found))
    title = "Believed by u95 alone, two looks in a row at a standing vehicle; CPU of a look"
    columns = ("believed", "s\np50 / p95", "|error| / e\np95", "outside\nMPE", "CPU ms\np50 / p99")
    console.print(_table(title, columns, [_row(row) for row in found], found))


def _table(
    title: str,
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    found: Sequence[CandidateReport],
) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("estimator", no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for row, words in zip(found, cells, strict=True):
        table.add_row(row.name, *words, style="bold" if row.name == SHIPPED else None)
    return table


def _row(row: CandidateReport) -> list[str]:
    return [
        _percent(row.believed),
        pair(row.believed_s_p50, row.believed_s_p95),
        "" if row.believed_error_e_p95 is None else f"{row.believed_error_e_p95:.2f}",
        str(row.outside_mpe),
        pair(row.cpu_ms_p50, row.cpu_ms_p99),
    ]


def _cell(instant: Instant) -> str:
    if not instant.answered:
        return ""
    words = f"{pair(instant.error_e_p50, instant.error_e_p95)}  {_percent(instant.covered)}"
    return words if instant.answered == 1 else f"{words} ({_percent(instant.answered)})"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
