"""``steelyard metrology TEST``: the R 76 tests of a scale, as a dated report with pass or fail."""

from __future__ import annotations

import datetime
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console

from controller.metrology import outputs
from controller.metrology.guide import Guide
from controller.metrology.instrument import Tested, of_calibration, of_site
from controller.metrology.live import Talk, Terminal, open_deck
from controller.metrology.page import page
from controller.metrology.plans import guided
from controller.metrology.readings import TESTS, report_of
from controller.metrology.recorded import ON_RUNS, run_of
from controller.metrology.tables import lay_out
from controller.metrology.words import LANGUAGES
from hal.recording import Recording, read_recording
from sensors.metrology.look import with_named
from sensors.metrology.report import Conditions, Report, SetError
from sensors.metrology.runs import stability_of

SUFFIXES = (".html", ".json", ".md")
ERRORS = ("initial", "in-service")
DISPLAYS = ("estimate", "indication")
PIPE_WIDTH = 110
TRACES_MAX = 100


class Request(Struct, frozen=True, kw_only=True):
    """What was asked for besides the test: where the readings come from, and how to say it."""

    readings: Path | None = None
    traces: tuple[Path, ...] = ()
    scale: Path | None = None
    site: Path | None = None
    errors: str | None = None
    by: str | None = None
    at: str | None = None
    temperature_c: float | None = None
    display: str = DISPLAYS[0]
    out: Path | None = None
    language: str = LANGUAGES[0]
    as_json: bool = False


def run(test: str, request: Request) -> bool:
    """Do one test, print its report, and return whether the scale passed.

    Raises:
        ValueError: what was given decides nothing; what, where and what to do is said.
        OSError: a file cannot be read or written.
    """
    _check(test, request)
    report = measure(test, request)
    made_at = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    software = f"steelyard {version('steelyard')}"
    if request.out is not None:
        _write(request.out, _file(report, request, made_at, software))
    if request.as_json:
        print(_json(report, made_at, software))
    else:
        laid = lay_out(report, made_at, software, request.language)
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = PIPE_WIDTH
        console.print(outputs.on_terminal(laid, request.language))
    return report.passed


def measure(test: str, request: Request) -> Report:
    """The report from whichever source was named; raises ValueError."""
    if request.readings is not None:
        tested = _tested(request)
        return report_of(request.readings, test, None if tested is None else tested.instrument)
    return _on_traces(test, request) if request.traces else at_scale(test, request, Terminal())


def at_scale(test: str, request: Request, talk: Talk) -> Report:
    """Guide a technician through the test at the site; raises ValueError."""
    assert request.site is not None
    instrument = of_site(request.site).instrument
    deck = open_deck(request.site, test)
    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        by = request.by or talk.ask("Who tests?", deck.poll) or None
        told = msgspec.structs.replace(
            _conditions(request), by=by, at=now, source="live at the scale"
        )
        return guided(test, Guide(deck=deck, talk=talk, scale=instrument, conditions=told))
    except SetError as error:
        raise ValueError(f"{request.site}: {error}") from error


def _check(test: str, request: Request) -> None:
    """What can be refused before anything is read."""
    if test not in TESTS:
        raise ValueError(f"'{test}' is no test: the tests are {', '.join(TESTS)}")
    _check_choice("--language", request.language, LANGUAGES)
    _check_choice("--display", request.display, DISPLAYS)
    _check_choice("--errors", request.errors or ERRORS[0], ERRORS)
    if request.out is not None and request.out.suffix not in SUFFIXES:
        raise ValueError(f"--out {request.out}: name a file that ends in {', '.join(SUFFIXES)}")
    typed, taped = request.readings is not None, bool(request.traces)
    if typed + taped != 1 and (typed or request.site is None):
        raise ValueError(
            "name where the readings come from: --readings FILE.toml, typed in, or "
            "--trace FILE.csv, recorded, not both, or --site SITE.toml alone to be guided at the "
            "scale (docs/metrology.md shows the files)"
        )
    if request.scale is not None and request.site is not None:
        raise ValueError("--scale and --site both name the scale: leave one out")
    if request.readings is not None and (request.errors or request.by or request.at):
        raise ValueError("--errors, --by and --at stand in the file of readings: state them there")
    if len(request.traces) > TRACES_MAX:
        raise ValueError(f"{len(request.traces)} recordings; the limit is {TRACES_MAX}")


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value}: the choices are {', '.join(allowed)}")


def _tested(request: Request) -> Tested | None:
    if request.site is not None:
        return of_site(request.site)
    return None if request.scale is None else of_calibration(request.scale)


def _on_traces(test: str, request: Request) -> Report:
    decide = ON_RUNS.get(test)
    if decide is None:
        raise ValueError(
            f"'{test}' cannot be told from a recording, which does not say what loads were on: "
            f"use --readings; recordings serve {', '.join(ON_RUNS)}"
        )
    tested = _tested(request)
    if tested is None:
        raise ValueError("name the scale of the recordings: --scale SCALE.toml or --site SITE.toml")
    runs = [run_of(test, _trace(path, tested), tested.scale) for path in request.traces]
    conditions = _conditions(request)
    try:
        if decide is stability_of:
            live = request.display == DISPLAYS[1]
            return stability_of(runs, tested.instrument, conditions, live=live)
        report = decide(runs, tested.instrument, conditions)
        return with_named(report, [look for run in runs for look in run.looks])
    except SetError as error:
        where = request.traces[0] if len(request.traces) == 1 else f"{len(runs)} recordings"
        raise ValueError(f"{where}: {error}") from error


def _trace(path: Path, tested: Tested) -> Recording:
    trace = read_recording(path, len(tested.scale.cells))
    if tested.scale.has_beams and trace.entry_beam is None:
        raise ValueError(
            f"{path}: line 1: the columns entry_beam and exit_beam are missing, but the scale has "
            "beams; add them, or set has_beams = false"
        )
    return trace


def _conditions(request: Request) -> Conditions:
    ambient: tuple[tuple[str, str], ...] = ()
    if request.temperature_c is not None:
        ambient = (("temperature_c", f"{request.temperature_c:g}"),)
    return Conditions(
        resolution_g=0.0,
        source="recorded counts, " + ", ".join(path.name for path in request.traces),
        in_service=request.errors == "in-service",
        at=None if request.at is None else _moment(request.at),
        by=request.by,
        ambient=ambient,
    )


def _moment(text: str) -> str:
    try:
        return datetime.datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"--at {text}: write a date and time, as 2026-11-22T09:30+08:00") from None


def _json(report: Report, made_at: str, software: str) -> str:
    said: dict[str, Any] = outputs.as_json(report, made_at, software)
    return json.dumps(said, ensure_ascii=False)


def _file(report: Report, request: Request, made_at: str, software: str) -> str:
    assert request.out is not None
    if request.out.suffix == ".json":
        return _json(report, made_at, software) + "\n"
    laid = lay_out(report, made_at, software, request.language)
    if request.out.suffix == ".md":
        return outputs.as_markdown(laid, request.language)
    return page(report, laid, request.language)


def _write(out: Path, body: str) -> None:
    """All of it or nothing; an older report is left as it was when the disk is full."""
    beside = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(body, encoding="utf-8")
        os.replace(beside, out)
    except OSError as error:
        raise OSError(
            f"{out}: the report cannot be written: {error.strerror or error}; "
            "give a folder that can be written to and has space"
        ) from error
