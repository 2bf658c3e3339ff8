"""The subcommands that measure: the program, and the scale."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.kit import Json, app, later, plain_errors, show


@app.command()
def bench(
    what: Annotated[
        str | None,
        typer.Argument(
            help="weigh: all rules; modes: all estimators; memory: a day; read: the reader; "
            "evidence: records, commits, replay; wire: codecs; hil: firmware, pin to pin; "
            "console: keys answered, scans with and without a monitor."
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
    with plain_errors():
        if what == "weigh":
            later("controller.commands.bench_show:run")(folder, plot, jobs, json_)
        elif what == "modes":
            later("controller.commands.bench_candidates_show:run")(folder, jobs, json_)
        elif what == "memory":
            later("controller.commands.bench_day:run")(folder, json_)
        elif what == "evidence":
            later("controller.commands.bench_evidence_show:run")(folder, json_)
        elif what in ("wire", "hil", "console"):
            show(later(f"controller.commands.bench:{what}")(), json_)
        elif what == "read":
            request = later("controller.commands.bench_read:Request")(
                folder=folder,
                plot=plot,
                threads=threads,
                held_only=held_only,
                no_plates=no_plates,
                failures=failures,
                as_json=json_,
            )
            good = later("controller.commands.bench_read:run")(request)
        else:
            show(later("controller.commands.bench:measure")(what, plot), json_)
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
    with plain_errors(2):
        request = later("controller.commands.metrology:Request")(
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
        passed = later("controller.commands.metrology:run")(test, request)
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
    with plain_errors():
        request = later("controller.commands.calibrate:Request")(
            site=site,
            now=datetime.datetime.now().astimezone().replace(microsecond=0),
            author=author,
            reason=reason,
            answers=answers,
            seconds=seconds,
            first=first,
            as_json=json_,
        )
        done = later("controller.commands.calibrate:run")(
            request, history=history, rollback=rollback, to=to, adopt_as=adopt
        )
    if not done:
        raise typer.Exit(1)
