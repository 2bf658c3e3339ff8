"""`steelyard bench read`: the plate reader on a folder of labelled pictures, or of none at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from controller.commands import bench_read_show
from controller.commands.bench_read_count import (
    CROPS,
    SCENES,
    BenchReadError,
    Label,
    Outcome,
    Row,
    Seen,
    match,
    quantile,
    read_labels,
    rows,
)
from controller.commands.bench_read_eyes import Eyes, model_bytes, open_eyes, resident_mib
from controller.commands.read import expand
from vision.pictures import PictureError, load_picture

Stages = dict[str, dict[str, float]]
"""Median and 95 % of the milliseconds of each stage."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `steelyard bench read` asks for."""

    folder: Path | None = None
    plot: Path | None = None
    threads: int = 1
    held_only: bool = False
    no_plates: bool = False
    failures: bool = False
    as_json: bool = False


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading of a folder cost; `stages` by kind of picture."""

    threads: int
    stages_ms: dict[str, Stages]
    models_bytes: dict[str, int]
    resident_mib: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Labels against reads; `extra` are reads of photographs that no label asked for."""

    folder: str
    held_only: bool
    pictures: int
    rows: list[Row]
    extra_plates: int
    extra_accepted: int
    cost: Cost
    errors: list[str]
    failures: list[Outcome] | None = None
    extra: list[Seen] | None = None


class Blank(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in pictures that hold no plate."""

    folder: str
    frames: int
    frames_with: int
    false_plates: int
    false_accepted: int
    false_per_thousand: float
    accepted_per_thousand: float
    cost: Cost
    errors: list[str]
    extra: list[Seen] | None = None


class Tally:
    """What the pictures of one run gave: reads and times by file, and what could not be read."""

    def __init__(self) -> None:
        self.reads: dict[str, list[Seen]] = {}
        self.took_ms: dict[str, float] = {}
        self.errors: list[str] = []
        self._stages: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, eyes: Eyes, path: Path, name: str, kind: str) -> None:
        """Read one picture; a bad one is named in `errors` and gives no reads."""
        try:
            pixels = load_picture(path)
        except PictureError as error:
            self.errors.append(str(error))
            return
        read = eyes.crop if kind == CROPS else eyes.frame
        self.reads[name], laps = read(name, pixels)
        self.took_ms[name] = laps["total"]
        for stage, took in laps.items():
            self._stages[kind][stage].append(took)

    def cost(self, threads: int) -> Cost:
        """Return the quantiles of the times so far, and memory and models as they are now."""
        stages = {
            kind: {
                stage: {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
                for stage, times in by_stage.items()
            }
            for kind, by_stage in self._stages.items()
        }
        return Cost(
            threads=threads,
            stages_ms=stages,
            models_bytes=model_bytes(),
            resident_mib=resident_mib(),
        )


def run(request: Request) -> bool:
    """Measure, show a bar meanwhile and the tables after; returns whether each picture was read.

    Raises BenchReadError where there is nothing to measure.
    """
    if request.folder is None:
        raise BenchReadError("bench read: name a folder with labels.csv, or one for --no-plates")
    if request.plot is not None:
        raise BenchReadError(
            "--plot: only the weighing rules are drawn: bench weigh --plot out.png"
        )
    if request.no_plates and request.held_only:
        raise BenchReadError("--held-only: goes by labels; leave it out with --no-plates")
    report = _with_bar(request)
    for error in report.errors:
        typer.echo(f"error: {error}", err=True)
    if request.as_json:
        typer.echo(msgspec.json.encode(report).decode())
    elif isinstance(report, Blank):
        bench_read_show.show_blank(report)
    else:
        bench_read_show.show(report)
    return not report.errors


def _with_bar(request: Request) -> Report | Blank:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("reading", total=None)

        def advance(total: int) -> None:
            bar.update(task, total=total, advance=1)

        measured = measure_blank if request.no_plates else measure
        return measured(request, open_eyes(request.threads), advance)


def measure(request: Request, eyes: Eyes, done: Callable[[int], None]) -> Report:
    """Read every labelled picture of a folder; `done` is told the number of all after each."""
    folder = request.folder or Path()
    by_file: dict[str, list[Label]] = defaultdict(list)
    for label in read_labels(folder, request.held_only):
        by_file[label.file].append(label)
    tally, outcomes, extra = Tally(), list[Outcome](), list[Seen]()
    for name, labels in by_file.items():
        tally.add(eyes, folder / name, name, labels[0].kind)
        matched, spare = match(labels, tally.reads.get(name, []))
        outcomes += matched
        extra += spare
        done(len(by_file))
    return Report(
        folder=str(folder),
        held_only=request.held_only,
        pictures=len(by_file),
        rows=rows(outcomes, tally.took_ms),
        extra_plates=len(extra),
        extra_accepted=sum(seen.accepted for seen in extra),
        cost=tally.cost(request.threads),
        errors=tally.errors,
        failures=[o for o in outcomes if o.distance] if request.failures else None,
        extra=extra if request.failures else None,
    )


def measure_blank(request: Request, eyes: Eyes, done: Callable[[int], None]) -> Blank:
    """Read every picture of a folder in which there is no plate: whatever is read is false."""
    folder = request.folder or Path()
    tally, paths = Tally(), expand([folder])
    for path in paths:
        tally.add(eyes, path, path.name, SCENES)
        done(len(paths))
    false = [seen for reads in tally.reads.values() for seen in reads]
    accepted = sum(seen.accepted for seen in false)
    frames = len(tally.reads)
    return Blank(
        folder=str(folder),
        frames=frames,
        frames_with=sum(bool(reads) for reads in tally.reads.values()),
        false_plates=len(false),
        false_accepted=accepted,
        false_per_thousand=per_thousand(len(false), frames),
        accepted_per_thousand=per_thousand(accepted, frames),
        cost=tally.cost(request.threads),
        errors=tally.errors,
        extra=false if request.failures else None,
    )


def per_thousand(count: int, frames: int) -> float:
    """Return count a thousand frames; 0 of no frames."""
    return round(1000 * count / frames, 2) if frames else 0.0
