"""Old versions of a calibration put back, cells of a site file taken over, the history listed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from board import calibration_file, calibration_writer
from board.calibration_file import (
    CalibrationFileError,
    Standing,
    calibration_path,
    read_standing,
)
from board.calibration_sheet import stated_sheet
from board.calibration_writer import Note
from board.profile import profile_path, read_profile

DEFAULT_REASONS = {"restore": "put back", "adopt": "taken over from the site file"}
COPY_FIRST = (
    "{site}: a packaged profile is not calibrated in place: copy its .toml and .calib.toml to a "
    "folder of your own and name that copy"
)


class Request(Struct, frozen=True, kw_only=True):
    """What is asked of one call; times in seconds."""

    site: Path
    now: datetime
    author: str | None = None
    reason: str | None = None
    answers: Path | None = None
    seconds: float = 5.0
    first: bool = False
    as_json: bool = False


def restore(request: Request, to: int | None, back: int | None) -> dict[str, Any]:
    """Put an old version in force as a new one: by its number, or so many versions back."""
    path = writable_path(request.site)
    version = to
    if version is None:
        newest = max((row["version"] for row in calibration_file.history(path)), default=0)
        version = newest - (back or 0)
        if version < 0:
            raise CalibrationFileError(
                f"--rollback {back}: {path} is at version {newest}; state at most {newest}"
                if newest
                else f"--rollback: {path} was never calibrated here; there is nothing to go back to"
            )
    note = _note(request, DEFAULT_REASONS["restore"])
    done = calibration_writer.restore(path, version, note)
    return {"file": str(path), "restores": version, **written(done)}


def adopt(request: Request, name: str) -> dict[str, Any]:
    """Write the cells that a site file states into a calibration file beside it."""
    profile = read_profile(request.site)
    path = Path(profile.folder) / name
    if is_packaged(request.site):
        raise CalibrationFileError(COPY_FIRST.format(site=request.site))
    note = _note(request, DEFAULT_REASONS["adopt"])
    done = calibration_writer.adopt(path, stated_sheet(profile.scale.scale), note)
    return {
        "file": str(path),
        **written(done),
        "next": f'in [scale] of {profile.path}, write file = "{name}" in place of max, e, d, '
        "platform_length, rate_hz, has_beams and the [[scale.cells]] tables",
    }


def versions(site: Path) -> dict[str, Any]:
    """The history of a site's calibration: ``versions`` oldest first, ``whole`` if none is broken.

    Raises CalibrationFileError where the site names no calibration file.
    """
    path = calibration_path(profile_path(site))
    rows = calibration_file.history(path)
    problem = None
    try:
        in_force = read_standing(path).version
    except CalibrationFileError as error:
        in_force, problem = None, str(error)
    whole = problem is None and all(row["problem"] is None for row in rows)
    return {
        "file": str(path),
        "in_force": in_force,
        "whole": whole,
        "problem": problem,
        "versions": rows,
    }


def is_packaged(site: Path) -> bool:
    """Whether this is a profile that came with the program."""
    return profile_path(site) != Path(site)


def writable_path(site: Path) -> Path:
    """The calibration file of a site; raises CalibrationFileError for a packaged profile."""
    if is_packaged(site):
        raise CalibrationFileError(COPY_FIRST.format(site=site))
    return calibration_path(site)


def author_of(request: Request) -> str:
    """Who is named; raises CalibrationFileError where nobody is."""
    if not request.author:
        raise CalibrationFileError("--author: missing; a calibration names the person who did it")
    return request.author


def _note(request: Request, default: str) -> Note:
    return Note(author=author_of(request), date=request.now, reason=request.reason or default)


def written(standing: Standing) -> dict[str, Any]:
    """What every deed says of the version that it has put in force."""
    return {"written": True, "version": standing.version, "sha256": standing.sha256}
