"""`steelyard weigh` on whatever the command line names: traces, folders, standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from controller.commands.weigh import TraceError, make_estimator, read_scale, scale_of, weigh_trace
from controller.commands.weigh_axles import report_axles
from controller.commands.weigh_stream import weigh_stream
from controller.commands.weigh_table import say, truth_table
from controller.commands.weigh_truth import Judged, judge_all, report, reports

MODES = ("static", "rolling")
STDIN = Path("-")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `steelyard weigh` asks for."""

    scale: Path | None = None
    mode: str = "static"
    estimator: str = "product"
    plot: Path | None = None
    truth: bool = False
    jobs: int = 1
    as_json: bool = False


def run(sources: Sequence[Path], request: Request) -> bool:
    """Weigh everything that is named and print it; returns whether nothing was refused.

    Raises:
        TraceError: the call itself makes no sense; the message says what to change.
    """
    traces = expand(sources)
    _check(traces, request)
    if request.truth:
        return _truth(traces, request)
    good = True
    for result in weigh_all(traces, request):
        if "error" in result:
            good = False
            typer.echo(f"error: {result['error']}", err=True)
        if request.as_json:
            typer.echo(msgspec.json.encode(result).decode())
        elif "error" not in result:
            say(result)
    return good


def expand(sources: Sequence[Path]) -> list[Path]:
    """The traces that are named: files as they are, of a folder every `*.csv` in it.

    Raises TraceError for a folder without any.
    """
    traces: list[Path] = []
    for source in sources:
        if source != STDIN and source.is_dir():
            found = sorted(source.glob("*.csv"))
            if not found:
                raise TraceError(f"{source}: no *.csv in this folder; name the one with the traces")
            traces += found
        else:
            traces.append(source)
    return traces


def _check(traces: Sequence[Path], request: Request) -> None:
    if request.mode not in MODES:
        raise TraceError(f"--mode {request.mode}: unknown; choose one of {', '.join(MODES)}")
    if STDIN in traces and (len(traces) > 1 or request.truth or request.mode == "rolling"):
        raise TraceError("-: standard input is weighed alone, with --scale and nothing else")
    if STDIN in traces and request.plot is not None:
        raise TraceError("--plot: needs a file as its trace; standard input is not kept")
    if request.truth and request.mode == "rolling":
        raise TraceError("--truth: holds static weighings only; leave --mode rolling out")
    if request.plot is not None:
        import_module("controller.commands.weigh_plot").check_target(request.plot, len(traces))


def weigh_all(traces: Sequence[Path], request: Request) -> Iterator[dict[str, Any]]:
    """One result a trace as it is made; a refused trace gives `trace` and `error` instead."""
    for trace in traces:
        try:
            yield _weigh(trace, request)
        except (ValueError, OSError) as error:
            yield {"trace": str(trace), "error": str(error)}


def _weigh(trace: Path, request: Request) -> dict[str, Any]:
    if trace == STDIN:
        return weigh_stream(
            sys.stdin.buffer, request.scale, request.estimator, lambda s: typer.echo(s, err=True)
        )
    if request.mode == "rolling":
        rolling: Callable[[Path, Path], dict[str, Any]] = import_module(
            "controller.commands.weigh_rolling"
        ).weigh_rolling
        return {"trace": str(trace), **rolling(trace, scale_of(trace, request.scale))}
    if request.plot is not None:
        draw = import_module("controller.commands.weigh_plot").weigh_and_draw
        result: dict[str, Any] = draw(trace, request)
        return result
    return weigh_trace(trace, request.scale, request.estimator)


def _truth(traces: Sequence[Path], request: Request) -> bool:
    if request.scale is not None:
        make_estimator(request.estimator, read_scale(request.scale))
    judged = _judge_with_bar(traces, request)
    for each in judged:
        if each.failure is not None:
            typer.echo(f"error: {each.failure}", err=True)
    by_class = reports(judged)
    if request.plot is not None:
        draw = import_module("controller.commands.weigh_plot").weigh_and_draw
        for trace in traces:
            draw(trace, request)
    if request.as_json:
        typer.echo(msgspec.json.encode(_as_object(judged)).decode())
    else:
        truth_table(by_class, judged)
    return all(each.failure is None for each in judged)


def _judge_with_bar(traces: Sequence[Path], request: Request) -> list[Judged]:
    columns = (TextColumn("weighing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(traces))
        return judge_all(
            traces,
            request.scale,
            request.estimator,
            request.jobs,
            lambda _: bar.advance(task),
        )


def _as_object(judged: Sequence[Judged]) -> dict[str, Any]:
    """Everything that the table shows, and every trace."""
    good = [each for each in judged if each.expected == "ok"]
    bad = [each for each in judged if each.expected != "ok"]
    return {
        "traces": len(judged),
        "classes": reports(judged),
        "good": report("good", good),
        "bad": report("bad", bad),
        "axles": report_axles([each.axles for each in judged if each.axles is not None]),
        "judged": judged,
    }
