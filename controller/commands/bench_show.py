"""`steelyard bench weigh` in a terminal: rules side by side, bound, uncertainty and cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from controller.commands.bench_reports import PRODUCT, Calibration, RuleReport, Trace
from controller.commands.bench_weigh import measure_traces
from controller.commands.weigh_table import pair

WIDTH_MIN = 132


def run(folder: Path | None, plot: Path | None, jobs: int, as_json: bool) -> None:
    """Measure and show; raises TraceError where there is nothing to measure or to draw with."""
    if plot is not None:
        # A missing library is better known before the minutes of measuring.
        from controller.commands import bench_plot  # noqa: PLC0415

        bench_plot.check_target(plot)
    result, traces = _with_bar(folder, jobs)
    if plot is not None:
        bench_plot.draw(result, traces, plot)
    if as_json:
        typer.echo(msgspec.json.encode(result).decode())
    else:
        show(result)


def _with_bar(folder: Path | None, jobs: int) -> tuple[dict[str, Any], list[Trace]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=quiet
    ) as bar:
        total = None if folder is None else len(list(folder.glob("*.csv")))
        task = bar.add_task("weighing, then timing", total=total)
        return measure_traces(folder, jobs, lambda _: bar.advance(task))


def show(result: dict[str, Any]) -> None:
    """Print what `measure_traces` found as tables; the cost only where it was measured."""
    console = Console()
    if console.width < WIDTH_MIN and not console.is_terminal:
        console = Console(width=WIDTH_MIN)
    console.print(_rules(result["rules"], result["good"], result["bad"]))
    if result["bad"]:
        console.print(_wrong(result["rules"]))
    console.print(_bound(result), highlight=False)
    console.print(_calibration(result["calibration"]))
    if "streaming" in result:
        console.print(_cost(result), highlight=False)


def _rules(rules: Sequence[RuleReport], good: int, bad: int) -> Table:
    table = Table(
        title=f"{good} good traces, {bad} bad ones, every rule on each",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("rule", no_wrap=True)
    for name in (
        "good\naccepted",
        "s after stop\np50 / p95",
        "times\nbound",
        "|error| / e\np95",
        "too\nearly",
        "outside\nMPE",
        "wrong\nof good",
        "wrong\nof bad",
        "CPU\nms / s",
        "times\nplain",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for rule in rules:
        table.add_row(*_row(rule), style="bold" if rule.rule == PRODUCT else None)
    return table


def _row(rule: RuleReport) -> list[str]:
    return [
        rule.rule,
        _percent(rule.accepted),
        pair(rule.after_stop_s_p50, rule.after_stop_s_p95),
        "" if rule.over_bound_p50 is None else f"{rule.over_bound_p50:.2f}",
        "" if rule.error_e_p95 is None else f"{rule.error_e_p95:.2f}",
        str(rule.early),
        str(rule.outside_mpe),
        _percent(rule.wrong),
        str(rule.wrong_bad_total),
        f"{rule.cpu_ms_per_s:.2f}",
        f"{rule.cpu_ratio:.0f}",
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _wrong(rules: Sequence[RuleReport]) -> Table:
    table = Table(
        title="Wrong weights of bad traces, by class", title_justify="left", header_style="bold"
    )
    table.add_column("rule")
    classes = sorted({name for rule in rules for name in rule.wrong_bad})
    for name in classes:
        table.add_column(name, justify="right")
    for rule in rules:
        counts = [rule.wrong_bad.get(name, 0) for name in classes]
        shown = [f"[red]{count}[/red]" if count else "0" for count in counts]
        table.add_row(rule.rule, *shown)
    return table


def _bound(result: dict[str, Any]) -> str:
    bound = result["bound"]
    names = {
        "rows_s": "cells by row",
        "sum_s": "sum alone",
        "known_s": "modes known",
        "classic_s": "sizes unknown",
    }
    said = [
        f"{words} {pair(bound[name]['p50'], bound[name]['p95'])} s"
        for name, words in names.items()
        if bound[name]["p50"] is not None
    ]
    if not said:
        return "Cramér–Rao bound: no good trace stands long enough.\n"
    return (
        f"Cramér–Rao bound on samples since the stop, p50 / p95 of {bound['traces']} good traces: "
        f"{'; '.join(said)}.\nA rule below 1 x bound has used samples from before the stop "
        "(docs/weighing-bound.md).\n"
    )


def _calibration(rules: Sequence[Calibration]) -> Table:
    table = Table(
        title="Is the uncertainty honest? |error| / u against the half-normal",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("rule")
    table.add_column("weights", justify="right")
    table.add_column("u95 covers", justify="right")
    percents = list(rules[0].quantiles) if rules else []
    for percent in percents:
        table.add_column(f"p{percent}", justify="right")
    for rule in rules:
        seen = [f"{rule.quantiles[p][0]:.2f}" for p in percents if p in rule.quantiles]
        table.add_row(rule.rule, str(rule.weights), _percent(rule.covered), *seen)
    if rules:
        due = [f"{rules[0].quantiles[percent][1]:.2f}" for percent in percents]
        table.add_row("half-normal", "", "95.0 %", *due, style="dim")
    return table


def _cost(result: dict[str, Any]) -> str:
    spent = result["streaming"]
    return (
        f"Streaming {spent.cells} cells at {spent.rate_hz:g} Hz: median {spent.median_percent} %, "
        f"p99 {spent.p99_percent} %, worst {spent.worst_percent} % of one core over "
        f"{spent.seconds} seconds of signal. One look at an empty deck {spent.empty_tick_us:g} us, "
        f"at a loaded one {spent.loaded_tick_us:g} us (medians). "
        "Memory over a day: steelyard bench memory."
    )
