"""``steelyard verify`` of a commissioning report: who signed it, and what stands beside it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from msgspec import Struct

from controller.commands.outcome import finding_line
from controller.commands.sources import Trust
from controller.commissioning.report import CONTENT_TYPE, local, page_of
from controller.commissioning.result import Report
from controller.explain.words import finding as meaning
from controller.summary import plain
from protocol.chain import Finding
from protocol.files import open_plain
from protocol.keys import PublicKey, readable
from protocol.seal import SealError
from protocol.statement import BYTES_MAX, START, check, content

_LINE_MAX = 400


class Checked(Struct, frozen=True, kw_only=True):
    """What was found; ``report`` is None where its bytes are none."""

    path: str
    report: Report | None
    fingerprint: str
    anchored: bool
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """One object with every finding."""
        return {
            "sound": not self.findings,
            "what": "commissioning report",
            "path": self.path,
            "passed": self.report is not None and self.report.passed,
            "key": self.fingerprint,
            "key_compared": self.anchored,
            "findings": [
                {"code": f.code, "seq": None, "message": f.message, "meaning": meaning(f.code).en}
                for f in self.findings
            ],
        }


def is_report(target: Path) -> bool:
    """Whether a file begins as a signed report does."""
    if not target.is_file():
        return False
    with open_plain(target) as file:
        return file.read(len(START)) == START


def check_report(path: Path, given: Trust) -> Checked:
    """Check the signature, the key, and the page and JSON that stand beside the file.

    Raises:
        OSError: the file cannot be read.
    """
    with open_plain(path) as file:
        data = file.read(BYTES_MAX + 1001)
    report, kid, findings = None, b"", []
    try:
        payload, kid = content(data, CONTENT_TYPE)
        report = msgspec.json.decode(payload, type=Report)
        key = given.anchor or PublicKey(bytes.fromhex(report.key))
        check(data, CONTENT_TYPE, key)
        findings += [*_revoked(report, kid, given), *_beside(path, report, payload)]
    except SealError as error:
        findings.append(Finding(code=error.code, seq=None, message=str(error)))
    except ValueError as error:
        findings.append(Finding(code="undecodable", seq=None, message=f"no report: {error}"))
    return Checked(
        path=str(path),
        report=report,
        fingerprint=readable(kid) if kid else "",
        anchored=given.anchor is not None and given.anchor.kid == kid,
        findings=tuple(findings),
    )


def _revoked(report: Report, kid: bytes, given: Trust) -> Iterator[Finding]:
    """A key that counts from no record on at all, or not on the day of the report."""
    date = int(f"{local(report, report.began_ms):%Y%m%d}")
    for entry in given.revoked:
        if entry.kid != kid or (entry.from_date is not None and date < entry.from_date):
            continue
        if entry.from_seq is None or entry.from_date is not None:
            yield Finding(code="key", seq=None, message=f"the key is revoked: {entry.why}")


def _beside(path: Path, report: Report, payload: bytes) -> Iterator[Finding]:
    """What people read must be what was signed."""
    for suffix, due in ((".json", payload), (".md", page_of(report).encode())):
        other = path.with_suffix(suffix)
        if other.is_file() and other.read_bytes() != due:
            text = f"{other.name} is not what was signed"
            yield Finding(code="file", seq=None, message=text)


def show(found: Checked) -> None:
    """Print the findings, what the report says, and how far its key is known."""
    for one in found.findings:
        typer.echo(f"FINDING {finding_line(one)}")
    report = found.report
    if report is not None:
        when = datetime.datetime.isoformat(local(report, report.began_ms), timespec="seconds")
        said = "PASSED" if report.passed else "NOT PASSED"
        what = f"commissioning of lane {report.lane}, {report.site}, {when}, by {report.who}"
        typer.echo(plain(f"{what}: {said}", _LINE_MAX))
    typer.echo(f"key: {found.fingerprint or 'none'}")
    typer.echo(
        "key compared with the one given: the same"
        if found.anchored
        else "KEY NOT COMPARED: the report names its own key; give --key lane.pub from outside"
    )
    verdict = "NOT SOUND" if found.findings else "SOUND"
    if not found.findings and not found.anchored:
        verdict += ", if the key is the lane's (NOT COMPARED)"
    typer.echo(f"{plain(found.path, _LINE_MAX)}: {verdict}")
