"""``steelyard verify``: a data folder, a ledger, a bundle or a report; findings in plain words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from controller.commands import verify_report
from controller.commands.outcome import Outcome, as_json, show
from controller.commands.sources import Source, Trust, source_of
from protocol.bundle import Opened, read_bundle
from protocol.bundlecheck import check_bundle
from protocol.outside import against_bundle, against_ledger
from protocol.verify import verify_folder

Ticks = Callable[[int, int], None]


def run(target: Path, given: Trust, *, json_: bool) -> bool:
    """Check and print; True without findings.

    Raises SourceError, BundleError or LedgerError for what cannot be checked at all.
    """
    if verify_report.is_report(target):
        return _run_report(target, given, json_=json_)
    source = source_of(target)
    outcome = check(source, given)
    if json_:
        typer.echo(json.dumps(as_json(outcome), ensure_ascii=False))
    else:
        show(outcome)
    return outcome.sound


def _run_report(target: Path, given: Trust, *, json_: bool) -> bool:
    found = verify_report.check_report(target, given)
    if json_:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        verify_report.show(found)
    return not found.findings


def check(source: Source, given: Trust) -> Outcome:
    """The whole check of a ledger with its folder, or of a bundle."""
    if source.bundle:
        return of_bundle(read_bundle(source.path), str(source.path), given)
    return of_ledger(source, given)


def of_bundle(opened: Opened, path: str, given: Trust) -> Outcome:
    """The check of a bundle by itself."""
    report = check_bundle(opened.bundle, anchor=given.anchor, revoked=given.revoked)
    findings, notes = against_bundle(opened.bundle, given.kept)
    return Outcome(
        what="bundle",
        path=path,
        records=report.records,
        sealed=report.sealed,
        media=report.media,
        manifests=report.manifests,
        fingerprint=report.key.fingerprint if report.key is not None else "",
        anchored=report.anchored,
        findings=(*opened.findings, *report.findings, *findings),
        notes=(*report.notes, *notes),
    )


def of_ledger(source: Source, given: Trust) -> Outcome:
    """The check of a ledger with everything in its folder."""
    with ticking() as ticks:
        # A ledger named by itself may have lost its media; a folder may not.
        target = source.folder if source.whole else source.path
        report = verify_folder(target, anchor=given.anchor, revoked=given.revoked, progress=ticks)
    return Outcome(
        what="ledger",
        path=str(source.path),
        records=report.records,
        sealed=report.sealed,
        media=report.media,
        manifests=report.manifests,
        fingerprint=report.fingerprint,
        anchored=report.anchored,
        findings=(*report.findings, *against_ledger(source.path, given.kept)),
        notes=report.notes,
        lost=report.lost,
    )


@contextmanager
def ticking() -> Iterator[Ticks]:
    """A progress bar on the terminal's error stream; nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("checking", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
