"""The dated report of a commissioning: a page to sign, the same as JSON, and signed."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

import msgspec

from controller.commissioning.result import Report
from protocol.keys import PrivateKey, PublicKey
from protocol.statement import sign

CONTENT_TYPE = "application/vnd.steelyard.commissioning+json"


def write_report(report: Report, folder: Path, key: PrivateKey) -> Path:
    """Write ``commission-YYYYMMDD-HHMMSS.md``, ``.json`` and ``.cose``; return the page's path.

    The last holds the bytes of the JSON, signed with the lane's key, whose public part the report
    names: ``steelyard verify`` checks it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"commission-{local(report, report.began_ms):%Y%m%d-%H%M%S}"
    page = folder / f"{stem}.md"
    with page.open("x", encoding="utf-8") as file:
        file.write(page_of(report))
    text = json_of(report)
    (folder / f"{stem}.json").write_bytes(text)
    (folder / f"{stem}.cose").write_bytes(sign(text, CONTENT_TYPE, key))
    return page


def json_of(report: Report) -> bytes:
    """The report as JSON, which is what is signed."""
    return msgspec.json.format(msgspec.json.encode(report)) + b"\n"


def page_of(report: Report) -> str:
    """The report as a page of Markdown."""
    lines = [
        f"# Commissioning of lane {report.lane}, {report.site}",
        "",
        f"**{'PASSED' if report.passed else 'NOT PASSED'}**",
        "",
        f"- begun {local(report, report.began_ms):%Y-%m-%d %H:%M:%S}, "
        f"ended {local(report, report.ended_ms):%H:%M:%S}",
        f"- by {_plain(report.who)}: {_plain(report.why)}",
        f"- scale {_plain(report.scale)}, software {report.software}",
        f"- configuration `{report.config_hash}`",
        "",
        "| at | test | device | outcome | seen |",
        "|---|---|---|---|---|",
    ]
    for one in report.results:
        at = f"{local(report, one.at_ms):%H:%M:%S}"
        cells = (at, one.test, one.device, one.outcome.value, _plain(one.seen))
        lines.append(f"| {' | '.join(cells)} |")
    if report.key:
        digest = hashlib.sha256(json_of(report)).hexdigest()
        lines += [
            "",
            f"Signed with the lane's key {PublicKey(bytes.fromhex(report.key)).fingerprint};",
            f"SHA-256 of what is signed: {digest}",
        ]
    lines += ["", "Signature of the technician: ______________________", ""]
    return "\n".join(lines)


def local(report: Report, ms: int) -> datetime.datetime:
    """A time of the report on the clock of its lane."""
    zone = datetime.timezone(datetime.timedelta(minutes=report.offset_min))
    return datetime.datetime.fromtimestamp(ms / 1000, zone)


def _plain(text: str) -> str:
    """Text of people and devices in one cell of the table."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).replace("|", "¦")
