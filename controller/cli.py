"""The ``steelyard`` command: every subcommand prints facts, errors go to stderr, status says it."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Controller for truck-weighing checkpoints.",
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object, or one per line.")]


@contextmanager
def _plain_errors(status: int = 1) -> Iterator[None]:
    """Errors of the user's input or machine: what, where and what to do, and the exit status."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        for line in (f"error: {error}", *getattr(error, "__notes__", ())):
            # Names of files, and what stands in them, are not to steer a terminal.
            shown = "\n".join(_later("controller.summary:plain")(p, 2000) for p in line.split("\n"))
            typer.echo(shown, err=True)
        raise typer.Exit(status) from error


def _later(target: str) -> Callable[..., Any]:
    """A function by its name; the simulator and the readers are imported only when asked for."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        typer.echo(f"{key}: {json.dumps(value, ensure_ascii=False)}")


@app.command()
def judge(
    facts: Annotated[Path, typer.Argument(help="FACTS.json: what is known of one vehicle.")],
    json_: Json = False,
) -> None:
    """Judge stated facts by the rules: over-limit, overload, dimensions."""
    with _plain_errors():
        _print(_later("controller.commands.judge:judge_file")(facts), json_)


@app.command()
def weigh(
    traces: Annotated[
        list[Path], typer.Argument(help="Recorded counts: CSV files, folders, or - for rows.")
    ],
    scale: Annotated[
        Path | None, typer.Option("--scale", help="SCALE.toml [default: NAME.calib.toml].")
    ] = None,
    json_: Json = False,
    truth: Annotated[
        bool, typer.Option("--truth", help="Hold against NAME.truth.json, class by class.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw to out.png or out.html; {} = the trace's name.")
    ] = None,
    mode: Annotated[str, typer.Option(help="static, or rolling for a truck that drives on.")] = (
        "static"
    ),
    estimator: Annotated[str, typer.Option(help="product, or window: the usual rule.")] = "product",
    jobs: Annotated[int, typer.Option(min=1, help="Processes for --truth.")] = 1,
) -> None:
    """Run the weighing pipeline on recorded traces."""
    with _plain_errors():
        request = _later("controller.commands.weigh_many:Request")(
            scale=scale,
            mode=mode,
            estimator=estimator,
            plot=plot,
            truth=truth,
            jobs=jobs,
            as_json=json_,
        )
        good = _later("controller.commands.weigh_many:run")(traces, request)
    if not good:
        raise typer.Exit(1)


@app.command()
def read(
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders of them.")],
    crop: Annotated[bool, typer.Option("--crop", help="The image is a plate cut-out.")] = False,
    draw: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write annotated pictures into this folder.")
    ] = None,
    json_: Json = False,
) -> None:
    """Read plates from photographs; one result per line."""
    with _plain_errors():
        request = _later("controller.commands.read:Request")(crop=crop, draw=draw, as_json=json_)
        good = _later("controller.commands.read:run")(images, request)
    if not good:
        raise typer.Exit(1)


@app.command()
def check(
    site: Annotated[Path, typer.Argument(help="SITE.toml, or the name of a packaged profile.")],
    json_: Json = False,
) -> None:
    """Validate a site file: every key, unit, pin and driver."""
    with _plain_errors():
        today = datetime.date.today()
        _print(_later("controller.commands.check:check_site")(site, today), json_)


@app.command()
def demo(
    trucks: Annotated[
        int | None, typer.Option(min=1, max=200, help="At most so many trucks; 8 in a morning.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the yard.")] = 1,
    scenario: Annotated[
        str, typer.Option(help="morning, cell_fails, …: a file of sim/scenarios, or your own.")
    ] = "morning",
    out: Annotated[
        Path | None, typer.Option(help="Folder that keeps the ledger and the page.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Recorded input instead: a folder of traces and plates.")
    ] = None,
    json_: Json = False,
) -> None:
    """Run a morning in the simulated yard, or on recorded input, with the real core."""
    with _plain_errors():
        if trace is not None:
            _later("controller.commands.demo_trace:run")(trace, trucks or 8, out, json_)
        else:
            _later("sim.demo:run")(trucks, seed, out, json_, scenario)


@app.command()
def explore(
    seeds: Annotated[str | None, typer.Option(help="A:B, as 0:200; B is not among them.")] = None,
    seed: Annotated[
        str | None, typer.Option(help="This seed alone, or a branch of one: 17, 17.3.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A shift that was kept, as in tests/scenarios.")
    ] = None,
    follow: Annotated[
        int, typer.Option(min=0, help="Branches of each shift that reaches something new.")
    ] = 1,
    minutes: Annotated[
        float, typer.Option(min=0, help="Begin no seed after this time; 0 = no limit.")
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    shrink: Annotated[
        int, typer.Option(min=0, help="Make so many of the findings small, one of each check.")
    ] = 4,
    out: Annotated[
        Path | None, typer.Option(help="Folder for small shifts [default: out/explore].")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Draw the run of --seed or --file to this page instead.")
    ] = None,
    json_: Json = False,
) -> None:
    """Deal shifts full of faults from seeds, judge the lane in each; status 1 = findings."""
    with _plain_errors(2):
        request = _later("sim.explore.campaign:request")(
            seeds,
            seed,
            file,
            follow=follow,
            minutes=minutes,
            jobs=jobs,
            shrink_max=shrink,
            out=out,
            as_json=json_,
        )
        if html is None:
            sound = _later("sim.explore.campaign:run")(request)
        else:
            sound = _later("sim.explore.page.draw:run")(request.plan, html, json_)
    if not sound:
        raise typer.Exit(1)


@app.command()
def run(
    site: Annotated[Path, typer.Argument(help="SITE.toml, or the name of a packaged profile.")],
    out: Annotated[Path, typer.Option(help="Folder of the ledger and the pictures.")],
    seconds: Annotated[float, typer.Option(min=0, help="Stop after this time; 0 = never.")] = 0,
    json_: Json = False,
) -> None:
    """Run the controller on the board that a site file describes."""
    with _plain_errors():
        _later("controller.commands.run:run")(site, out, seconds, json_)


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="A data folder, or an evidence bundle crash-*.")],
    seq: Annotated[int | None, typer.Argument(min=1, help="Only this record.")] = None,
    json_: Json = False,
) -> None:
    """Run journals through today's core and hold outputs and records against the stored bytes."""
    with _plain_errors():
        same = _later("controller.commands.replay:run")(folder, seq, json_)
    if not same:
        raise typer.Exit(1)


_Key = Annotated[
    Path | None, typer.Option("--key", help="lane.pub as you got it from outside, to compare.")
]
_Revoked = Annotated[
    Path | None, typer.Option("--revoked", help="FILE.toml: keys that count no more.")
]
_Manifests = Annotated[
    list[Path] | None,
    typer.Option("--manifest", help="FILE.cose kept outside; may be repeated."),
]
_Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


@app.command()
def verify(
    target: Annotated[Path, typer.Argument(help="Data folder, ledger.sqlite, or exported file.")],
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Check seals, chain, manifests, media; exit status 0 = sound, 1 = findings, 2 = cannot."""
    with _plain_errors(2):
        given = _later("controller.commands.sources:trust")(key, revoked, manifest or ())
        sound = _later("controller.commands.verify:run")(target, given, json_=json_)
    if not sound:
        raise typer.Exit(1)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Data folder.")],
    seq: Annotated[int, typer.Argument(min=1, help="Number of a record of the passage.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    chain: Annotated[bool, typer.Option("--chain", help="With its whole re-weigh chain.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Even if it does not verify; the file says so.")
    ] = False,
    force: _Force = False,
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Write one passage with all its evidence as one file, which verify checks alone."""
    with _plain_errors(2):
        given = _later("controller.commands.sources:trust")(key, revoked, manifest or ())
        request = _later("controller.commands.export:Request")(
            folder=folder, seq=seq, out=out, chain=chain, anyway=anyway, force=force
        )
        result = _later("controller.commands.export:run")(request, given)
    if result is None:
        raise typer.Exit(1)
    _print(result, json_)


@app.command()
def explain(
    source: Annotated[Path, typer.Argument(help="Data folder, or exported file.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="page.html")],
    seq: Annotated[
        int | None, typer.Argument(min=1, help="Number of a record; a bundle has but one passage.")
    ] = None,
    appeal: Annotated[
        Path | None, typer.Option(help="FILE.toml with [appeal]: how a driver may object.")
    ] = None,
    force: _Force = False,
    key: _Key = None,
    revoked: _Revoked = None,
    manifest: _Manifests = None,
    json_: Json = False,
) -> None:
    """Write a page that explains one passage to its driver; status 1 = it does not verify."""
    with _plain_errors(2):
        given = _later("controller.commands.sources:trust")(key, revoked, manifest or ())
        request = _later("controller.commands.explain:Request")(
            source=source,
            seq=seq,
            out=out,
            appeal=appeal,
            force=force,
            now=datetime.datetime.now().astimezone().replace(microsecond=0),
        )
        valid, result = _later("controller.commands.explain:run")(request, given)
    _print(result, json_)
    if not valid:
        raise typer.Exit(1)


@app.command()
def bench(
    what: Annotated[
        str | None,
        typer.Argument(
            help="weigh: all rules; modes: all estimators; memory: a day; read: the reader; "
            "evidence: records, commits, replay."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Traces with truth (else made here), pictures with labels.csv, or for evidence a "
            "folder on the disk to be measured."
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the rules to out.png.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes for the traces.")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=8, help="Threads of the reader.")] = 1,
    held_only: Annotated[
        bool, typer.Option("--held-only", help="Only plates kept aside from all training.")
    ] = False,
    no_plates: Annotated[
        bool, typer.Option("--no-plates", help="Pictures without any plate: count false ones.")
    ] = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="Name each plate that was not read exactly.")
    ] = False,
    json_: Json = False,
) -> None:
    """Measure the numbers of the design, side by side."""
    good = True
    with _plain_errors():
        if what == "weigh":
            _later("controller.commands.bench_show:run")(folder, plot, jobs, json_)
        elif what == "modes":
            _later("controller.commands.bench_candidates_show:run")(folder, jobs, json_)
        elif what == "memory":
            _later("controller.commands.bench_day:run")(folder, json_)
        elif what == "evidence":
            _later("controller.commands.bench_evidence_show:run")(folder, json_)
        elif what == "read":
            request = _later("controller.commands.bench_read:Request")(
                folder=folder,
                plot=plot,
                threads=threads,
                held_only=held_only,
                no_plates=no_plates,
                failures=failures,
                as_json=json_,
            )
            good = _later("controller.commands.bench_read:run")(request)
        else:
            _print(_later("controller.commands.bench:measure")(what, plot), json_)
    if not good:
        raise typer.Exit(1)


@app.command()
def metrology(
    test: Annotated[
        str,
        typer.Argument(
            help="weighing, repeatability, eccentricity, discrimination, creep, zero-return, "
            "stability or zero."
        ),
    ],
    readings: Annotated[
        Path | None, typer.Option(help="FILE.toml: readings typed in by the technician.")
    ] = None,
    trace: Annotated[
        list[Path] | None, typer.Option(help="FILE.csv: recorded counts; may be repeated.")
    ] = None,
    scale: Annotated[Path | None, typer.Option(help="SCALE.toml: a calibration sheet.")] = None,
    site: Annotated[
        Path | None, typer.Option(help="SITE.toml: its scale; alone, a guided test at the scale.")
    ] = None,
    errors: Annotated[str | None, typer.Option(help="initial (default) or in-service.")] = None,
    by: Annotated[str | None, typer.Option(help="Who tests.")] = None,
    at: Annotated[str | None, typer.Option(help="When it was recorded.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Degrees Celsius.")] = None,
    display: Annotated[
        str, typer.Option(help="What stability takes as shown: estimate or indication.")
    ] = "estimate",
    out: Annotated[Path | None, typer.Option(help="report.html, .json or .md")] = None,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    json_: Json = False,
) -> None:
    """Test the scale by R 76; exit status 0 = pass, 1 = fail, 2 = nothing could be decided."""
    with _plain_errors(2):
        request = _later("controller.commands.metrology:Request")(
            readings=readings,
            traces=tuple(trace or ()),
            scale=scale,
            site=site,
            errors=errors,
            by=by,
            at=at,
            temperature_c=temperature,
            display=display,
            out=out,
            language=language,
            as_json=json_,
        )
        passed = _later("controller.commands.metrology:run")(test, request)
    if not passed:
        raise typer.Exit(1)


@app.command()
def calibrate(
    site: Annotated[Path, typer.Argument(help="SITE.toml; its scale.file is what is written.")],
    author: Annotated[str | None, typer.Option(help="Who calibrates; kept in the file.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept in the file.")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="FILE.toml: the steps, instead of questions.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Length of a reading.")] = 5.0,
    first: Annotated[
        bool, typer.Option("--first", help="The present zero and span are no guide.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="List the versions kept.")] = False,
    rollback: Annotated[
        int | None, typer.Option(min=1, help="Go so many versions back, as a new one.")
    ] = None,
    to: Annotated[int | None, typer.Option(min=0, help="Go back to this version.")] = None,
    adopt: Annotated[
        str | None, typer.Option(help="NAME.calib.toml: take over cells stated in the site file.")
    ] = None,
    json_: Json = False,
) -> None:
    """Calibrate the scale step by step, list its versions, or go back to an old one."""
    with _plain_errors():
        request = _later("controller.commands.calibrate:Request")(
            site=site,
            now=datetime.datetime.now().astimezone().replace(microsecond=0),
            author=author,
            reason=reason,
            answers=answers,
            seconds=seconds,
            first=first,
            as_json=json_,
        )
        done = _later("controller.commands.calibrate:run")(
            request, history=history, rollback=rollback, to=to, adopt_as=adopt
        )
    if not done:
        raise typer.Exit(1)


@app.command()
def keygen(
    file: Annotated[
        Path | None, typer.Argument(help="LANE.key: the new file; LANE.pub beside it.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Name the key in FILE; make its .pub again.")
    ] = False,
    rotate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Hand the ledger of this data folder to the next key."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="NEW.key: the next key, if it is made already.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The present key, where the site names another file.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Who rotates.")] = None,
    why: Annotated[str | None, typer.Option(help="Why.")] = None,
    json_: Json = False,
) -> None:
    """Make the key that a lane seals its records with, or hand over to the next one."""
    with _plain_errors():
        rotation = None
        if rotate is not None:
            rotation = _later("controller.commands.keygen:Rotation")(
                folder=rotate, to=to, present=key, who=who, why=why
            )
        elif to or key or who or why:
            raise ValueError("--to, --key, --who and --why belong to --rotate")
        _later("controller.commands.keygen:run")(file, rotation, public=public, json_=json_)


def main() -> None:
    """Entry point of the ``steelyard`` command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8")
    app()
