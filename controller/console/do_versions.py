"""Versions of the calibration: what is in force, what was before, and one put back."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from board.calibration_file import CalibrationFileError, Standing, read_standing
from board.calibration_sheet import changes
from board.calibration_writer import Note, restore
from controller.calibrating.versions import versions, writable_path
from controller.console.answer import Answer, CommandError
from controller.console.clean import printable
from controller.console.context import Context
from controller.console.do_common import REASON, both, require_ledger, site_of, whole
from controller.console.do_record import make_known
from controller.console.grammar import Argument, Command
from controller.console.roles import Role

VERSION_MAX = 9_999
SHOWN_MAX = 40
_T = TypeVar("_T")


def show(ctx: Context, given: dict[str, str]) -> Answer:
    """The calibration that the site file names, and whether it is what the lane runs with."""
    state = ctx.link.state()
    profile = site_of(state)
    site = profile.scale
    running = profile.sha256 == state.about.config_sha256
    today = datetime.date.today()
    until = site.certificate_valid_until
    left = (until - today).days if until is not None else None
    cells = [
        {
            "cell": number,
            "counts_per_kg": cell.counts_per_kg,
            "zero_counts": cell.zero_counts,
            "corner_factor": cell.corner_factor,
        }
        for number, cell in enumerate(site.scale.cells)
    ]
    data = {
        "serial": site.serial,
        "version": site.calibration_version,
        "sha256": site.calibration_hash,
        "max_kg": site.scale.max_g / 1000,
        "e_kg": site.scale.e_g / 1000,
        "certificate_no": site.certificate_no,
        "certificate_valid_until": None if until is None else until.isoformat(),
        "certificate_days_left": left,
        "running": running,
        "cells": cells,
    }
    return Answer(data=data, text=tuple(_shown(ctx, data)))


def _shown(ctx: Context, data: dict[str, Any]) -> list[str]:
    until = data["certificate_valid_until"]
    days = data["certificate_days_left"]
    lines = [
        f"scale {printable(data['serial'])}: Max {data['max_kg']:g} kg, e {data['e_kg']:g} kg, "
        f"version {data['version']} ({data['sha256'][:12]})",
        f"certificate {printable(str(data['certificate_no']))}"
        + (f", valid until {until} ({days} days)" if until else ", no date stated"),
    ]
    lines += [
        f"cell {row['cell']}: {row['counts_per_kg']:.4f} counts/kg, zero {row['zero_counts']:.0f}, "
        f"corner {row['corner_factor']:.5f}"
        for row in data["cells"]
    ]
    if not data["running"]:
        lines.append(
            both(
                ctx,
                "the lane runs with another configuration: this takes effect when it is taken up",
                "车道当前运行的是另一份配置：本标定将在重新加载后生效",
            )
        )
    return lines


def history(ctx: Context, given: dict[str, str]) -> Answer:
    """Every version that was kept, the newest first."""
    found = _asked(lambda: versions(Path(site_of(ctx.link.state()).path)))
    rows = list(reversed(found["versions"]))
    lines = []
    for row in rows[:SHOWN_MAX]:
        mark = "*" if row["version"] == found["in_force"] else " "
        made = f"{row.get('date')} {row.get('author')}: {row.get('reason')}"
        back = f" (restores {row['restores']})" if row.get("restores") is not None else ""
        said = printable(made if row.get("author") else "the sheet as it was first", 120)
        wrong = f"  PROBLEM: {printable(row['problem'])}" if row["problem"] else ""
        lines.append(f"{mark}{row['version']:4}  {row['sha256'][:12]:12}  {said}{back}{wrong}")
    if not rows:
        lines.append("no version has been kept: it was never calibrated here")
    whole_ = "every seal and link holds" if found["whole"] else "NOT WHOLE: 'selftest' says why"
    return Answer(data=found, text=(*lines, f"{found['file']}: {whole_}"))


def rollback(ctx: Context, given: dict[str, str]) -> Answer:
    """Put an old version in force as a new one, on record."""
    number = whole(given["version"], "version", 0, VERSION_MAX, "is a version's number")
    require_ledger(ctx.link.state())
    path = _asked(lambda: writable_path(Path(site_of(ctx.link.state()).path)))
    before = _standing(path)
    note = Note(
        author=ctx.account.name,
        date=datetime.datetime.now(datetime.UTC).astimezone().replace(microsecond=0),
        reason=given["reason"],
    )
    made = _asked(lambda: restore(path, number, note))
    changed = [] if before is None else changes(before.sheet, made.sheet)
    values = [(row["key"], row.get("after", "removed")) for row in changed]
    digest = "damaged" if before is None else before.sha256
    known = make_known(ctx, digest, made, values, given["reason"])
    data = {**known, "restores": number, "changes": changed}
    return Answer(data=data, text=(f"version {number} is put back", *known["text"]))


def record(ctx: Context, given: dict[str, str]) -> Answer:
    """Have the calibration in force recorded and taken up, where either failed before."""
    path = _asked(lambda: writable_path(Path(site_of(ctx.link.state()).path)))
    standing = _asked(lambda: read_standing(path))
    values = [("calibration.version", standing.version)]
    previous = str(standing.table.get("calibration", {}).get("previous_sha256", "unknown"))
    known = make_known(ctx, previous, standing, values, given["reason"])
    if known["seq"] is None:
        raise CommandError(known["text"][-1])
    return Answer(data=known, text=(*known["text"],))


def _standing(path: Path) -> Standing | None:
    """The version in force; None where its seal is broken, which is a reason to put one back."""
    try:
        return read_standing(path)
    except CalibrationFileError:
        return None


def _asked(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except CalibrationFileError as error:
        raise CommandError(printable(str(error), 600)) from error


COMMANDS = (
    Command(
        words="show calibration",
        help_en="the calibration in force and its certificate",
        help_zh="当前标定与检定证书",
        run=show,
    ),
    Command(
        words="show calibration history",
        help_en="every version of the calibration that was kept",
        help_zh="标定历史版本",
        run=history,
    ),
    Command(
        words="calibrate rollback",
        help_en="put an old version of the calibration in force",
        help_zh="恢复旧版标定",
        run=rollback,
        role=Role.ADMIN,
        manual=True,
        armed=True,
        arguments=(
            Argument(name="version", help_en="which version", help_zh="版本号"),
            REASON,
        ),
    ),
    Command(
        words="calibrate record",
        help_en="record the calibration in force and have the lane take it up",
        help_zh="补记并启用当前标定",
        run=record,
        role=Role.ADMIN,
        arguments=(REASON,),
    ),
)
