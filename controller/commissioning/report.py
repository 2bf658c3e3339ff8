"""The dated report of a commissioning: a page to sign, and the same as JSON."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec

from controller.commissioning.result import Report


def write_report(report: Report, folder: Path) -> Path:
    """Write ``commission-YYYYMMDD-HHMMSS.md`` and ``.json``; return the page's path.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"commission-{_local(report, report.began_ms):%Y%m%d-%H%M%S}"
    page = folder / f"{stem}.md"
    with page.open("x", encoding="utf-8") as file:
        file.write(page_of(report))
    (folder / f"{stem}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    return page


def page_of(report: Report) -> str:
    """The report as a page of Markdown."""
    lines = [
        f"# Commissioning of lane {report.lane}, {report.site}",
        "",
        f"**{'PASSED' if report.passed else 'NOT PASSED'}**",
        "",
        f"- begun {_local(report, report.began_ms):%Y-%m-%d %H:%M:%S}, "
        f"ended {_local(report, report.ended_ms):%H:%M:%S}",
        f"- by {_plain(report.who)}: {_plain(report.why)}",
        f"- scale {_plain(report.scale)}, software {report.software}",
        f"- configuration `{report.config_hash}`",
        "",
        "| at | test | device | outcome | seen |",
        "|---|---|---|---|---|",
    ]
    for one in report.results:
        at = f"{_local(report, one.at_ms):%H:%M:%S}"
        cells = (at, one.test, one.device, one.outcome.value, _plain(one.seen))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Signature of the technician: ______________________", ""]
    return "\n".join(lines)


def _local(report: Report, ms: int) -> datetime.datetime:
    zone = datetime.timezone(datetime.timedelta(minutes=report.offset_min))
    return datetime.datetime.fromtimestamp(ms / 1000, zone)


def _plain(text: str) -> str:
    """Text of people and devices in one cell of the table."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).replace("|", "¦")
