"""``steelyard calibrate``: zero, span and corners step by step; versions kept and put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from board import calibration_writer
from board.calibration_file import (
    CalibrationFileError,
    Standing,
    read_standing,
)
from board.calibration_sheet import changes
from board.calibration_writer import Note
from board.profile import read_profile
from controller.calibrating.proposing import (
    LEFTOVER_E,
    leftover_e,
    readable_sheet,
    require_good,
)
from controller.calibrating.reader import DeckReader
from controller.calibrating.session import Session
from controller.calibrating.steps import Answers, Step, read_answers
from controller.calibrating.table import (
    loads_table,
    row_facts,
    summary_lines,
    versions_text,
    written_text,
)
from controller.calibrating.talk import Dialogue, again, confirm, say
from controller.calibrating.versions import (
    Request,
    adopt,
    author_of,
    restore,
    versions,
    writable_path,
    written,
)
from sensors.adjustment import Adjustment
from sensors.corners import AdjustmentError


def run(
    request: Request, *, history: bool, rollback: int | None, to: int | None, adopt_as: str | None
) -> bool:
    """Do what one command line asks and print it; False where nothing was written, or not whole.

    Raises ValueError as the functions below, and for two deeds at once.
    """
    asked = [history, rollback is not None, to is not None, adopt_as is not None]
    if sum(asked) > 1:
        raise CalibrationFileError("--history, --rollback, --to and --adopt: give one of them")
    if history:
        result = versions(request.site)
        _print(result, request, versions_text)
        return bool(result["whole"])
    if adopt_as is not None:
        result = adopt(request, adopt_as)
    elif rollback is not None or to is not None:
        result = restore(request, to, rollback)
    else:
        result = calibrate(request)
    _print(result, request, written_text)
    return bool(result["written"])


def calibrate(request: Request) -> dict[str, Any]:
    """Guide one calibration and write it if it is accepted; ``written`` says whether it was.

    Raises:
        ValueError: a site, an answers file, a step or a calibration file that cannot be used;
            nothing is written then. typer.Abort where the person breaks off.
    """
    author = author_of(request)
    path = writable_path(request.site)
    standing = read_standing(path)
    profile = read_profile(request.site)
    answers = _answers(request, len(profile.scale.scale.cells))
    session = Session(profile.scale, first=request.first)
    folder = request.answers.parent if request.answers else Path(profile.folder)
    reader = DeckReader(profile, round(request.seconds * 1e6), folder)
    if answers is None:
        say(f"{profile.site.name}: scale {profile.scale.serial}, version {standing.version}")
        dialogue = Dialogue(profile.scale.scale, session, moves=not reader.places_loads)
        _take_all(dialogue.steps(), session, reader, ask=True, quiet=False)
    else:
        _take_all(answers.steps, session, reader, ask=False, quiet=request.as_json)
    done = _proposal(session, answers)
    if not request.as_json:
        _show(done, session)
    sheet = readable_sheet(standing, done)
    result = _result(standing, done, sheet, session)
    if _accepted(done, answers):
        loads = [row_facts(row, done.after.e_g) for row in done.rows]
        reason = request.reason or _ask_reason(answers)
        note = Note(author=author, date=request.now, reason=reason, loads=loads)
        result |= written(calibration_writer.write_version(standing, sheet, note))
    return result


def _answers(request: Request, cells: int) -> Answers | None:
    """The answers file; what a run without questions needs is asked for before its first step."""
    if request.answers is None:
        if request.as_json:
            raise CalibrationFileError("--json: a dialogue is no JSON; give --answers FILE.toml")
        return None
    answers = read_answers(request.answers, cells)
    if not (request.reason or answers.reason):
        raise CalibrationFileError(
            f"{request.answers}: reason: missing; state it there or by --reason"
        )
    return answers


def _print(result: dict[str, Any], request: Request, text: Callable[[dict[str, Any]], str]) -> None:
    say(json.dumps(result, ensure_ascii=False) if request.as_json else text(result))


def _ask_reason(answers: Answers | None) -> str:
    if answers is not None and answers.reason:
        return answers.reason
    return str(typer.prompt("Why was it calibrated, as 'yearly' or 'after repair of cell2'"))


def _take_all(
    steps: Iterable[Step], session: Session, reader: DeckReader, *, ask: bool, quiet: bool
) -> None:
    for number, step in enumerate(steps):
        said = None
        while said is None:
            try:
                said = session.take(step, reader.counts_of(step))
            except AdjustmentError as error:
                if not ask:
                    raise AdjustmentError(f"step[{number}] ({step.do}): {error}") from error
                say(f"  Not taken: {error}.")
                if not again():
                    break
        if said is not None and not quiet:
            say(f"  {' '.join((step.do, step.where)).strip()}: {said}")


def _proposal(session: Session, answers: Answers | None) -> Adjustment:
    if answers is not None:
        return session.proposal(
            linearise=answers.linearise, temperature=answers.temperature, creep=answers.creep
        )
    straight = session.proposal()
    left_e = leftover_e(straight)
    if left_e > LEFTOVER_E:
        say(f"\nA straight line through all span loads leaves up to {left_e:.2f} e.")
        if confirm("Correct that by a point at each load?"):
            return session.proposal(linearise=True)
    return straight


def _show(done: Adjustment, session: Session) -> None:
    console = Console()
    if done.rows:
        console.print(loads_table(done))
    for line in summary_lines(done.before, done.after):
        say(line)
    for warning in session.warnings():
        say(f"warning: {warning}")


def _accepted(done: Adjustment, answers: Answers | None) -> bool:
    require_good(done)
    if answers is not None:
        return answers.accept
    return confirm("Accept this calibration?")


def _result(
    standing: Standing, done: Adjustment, sheet: dict[str, Any], session: Session
) -> dict[str, Any]:
    e_g = done.after.e_g
    repeats_g = session.repeatability_g
    return {
        "written": False,
        "file": str(standing.path),
        "version": standing.version,
        "sha256": standing.sha256,
        "loads": [row_facts(row, e_g) for row in done.rows],
        "changes": changes(standing.sheet, sheet),
        "repeatability_e": None if repeats_g is None else round(repeats_g / e_g, 3),
        "warnings": session.warnings(),
    }
