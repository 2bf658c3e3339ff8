"""The calibration file: owned by the machine, sealed by its hash, chained to all before it.

`steelyard calibrate` writes it and nobody else. Every version stays in `history/` beside it. A
sheet without a seal, as a workshop writes it, is version 0 until the first calibration.

`board.calibration_writer` does the writing.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from board.machine_block import site_table
from hal.schema import load_toml

HISTORY = "history"
RECORD_KEYS = ("calibration", "seal")
_SEAL = re.compile(rb'\n\[seal\]\nsha256 = "([0-9a-f]{64})"\n\Z')


class CalibrationFileError(ValueError):
    """A calibration file that cannot be believed or written; the message says what to do."""


class Standing(Struct, frozen=True, kw_only=True):
    """A calibration file as it stands: its table, its version and its hash.

    `sha256` is the seal, or for a sheet without one the hash of the whole file (version 0).
    """

    path: Path
    data: bytes
    table: dict[str, Any]
    version: int
    sha256: str

    @property
    def sheet(self) -> dict[str, Any]:
        """The table without the record of its making."""
        return {key: value for key, value in self.table.items() if key not in RECORD_KEYS}


def calibration_path(site: Path) -> Path:
    """The calibration file that a site file names.

    Raises CalibrationFileError where the site file cannot be read or states its cells itself.
    """
    try:
        data, _ = load_toml(site)
    except ValueError as error:
        raise CalibrationFileError(str(error)) from error
    try:
        table = site_table(data)
    except ValueError as error:
        raise CalibrationFileError(f"{site}: {error}") from error
    scale = table.get("scale")
    name = scale.get("file") if isinstance(scale, dict) else None
    if not isinstance(name, str) or not name:
        raise CalibrationFileError(
            f"{site}: scale.file: missing; a calibration is written to a file of its own: make one "
            "of the cells stated here by steelyard calibrate SITE --adopt NAME.calib.toml"
        )
    return site.parent / name


def read_standing(path: Path) -> Standing:
    """Read the calibration in force.

    Raises CalibrationFileError where it cannot be read, was changed by hand or taken back by hand.
    """
    try:
        data, table = load_toml(path)
    except ValueError as error:
        raise CalibrationFileError(str(error)) from error
    return standing_of(path, data, table)


def standing_of(path: Path, data: bytes, table: dict[str, Any]) -> Standing:
    """Say which version a file's bytes are; raises CalibrationFileError as `read_standing`."""
    standing = sealed(path, data, table)
    kept = versions_of(path)
    newest = max(kept, default=0)
    if newest > standing.version:
        what = f"is version {standing.version}" if standing.version else "has no seal"
        raise CalibrationFileError(
            f"{path}: {what}, but {HISTORY}/ holds version {newest}: it was put back by hand; "
            f"if that version is wanted, say so by steelyard calibrate SITE --to {newest}"
        )
    return standing


def sealed(path: Path, data: bytes, table: dict[str, Any]) -> Standing:
    match = _SEAL.search(data)
    stated = [key for key in RECORD_KEYS if key in table]
    if match is None and not stated:
        digest = digest_of(data)
        return Standing(path=path, data=data, table=table, version=0, sha256=digest)
    record = table.get("calibration", {})
    version = record.get("version") if isinstance(record, dict) else None
    whole = match is not None and digest_of(data[: match.start()]) == match[1].decode()
    if match is None or not whole or not isinstance(version, int) or version < 1:
        raise CalibrationFileError(
            f"{path}: changed by hand since steelyard calibrate wrote it"
            f"{_by(record)}: its content does not fit its seal; put a version back by "
            f"steelyard calibrate SITE --to {version if isinstance(version, int) else 'VERSION'}, "
            "or calibrate anew after that"
        )
    sha256 = match[1].decode()
    return Standing(path=path, data=data, table=table, version=version, sha256=sha256)


def _by(record: object) -> str:
    if not isinstance(record, dict) or "author" not in record:
        return ""
    return f" (version {record.get('version')}, {record['author']}, {record.get('date')})"


def history(path: Path) -> list[dict[str, Any]]:
    """Every version kept, oldest first: version, author, date, reason, restores, sha256, problem.

    `problem` says what is wrong with its seal or with its link to the one before, else None.
    """
    kept = versions_of(path)
    # What was changed by hand is kept too when it is replaced, so that the chain goes through it.
    edited = folder_of(path).glob(f"{path.stem}.edited-*.toml")
    known = {digest_of(b""), *(digest_of(file.read_bytes()) for file in edited)}
    rows = []
    for number in sorted(kept):
        row, link = _history_row(kept[number], number)
        if row["problem"] is None and number > 0 and link not in known:
            row["problem"] = "does not follow from any version kept before it"
        known.add(row["sha256"])
        rows.append(row)
    return rows


def _history_row(file: Path, number: int) -> tuple[dict[str, Any], str | None]:
    row: dict[str, Any] = {"version": number, "file": f"{HISTORY}/{file.name}", "problem": None}
    try:
        data, table = load_toml(file)
        standing = sealed(file, data, table)
    except ValueError as error:
        return {**row, "sha256": "", "problem": str(error)}, None
    record = table.get("calibration", {})
    if standing.version != number:
        row["problem"] = f"says that it is version {standing.version}"
    for key in ("author", "date", "reason", "restores"):
        value = record.get(key)
        row[key] = value.isoformat() if isinstance(value, datetime) else value
    return {**row, "sha256": standing.sha256}, record.get("previous_sha256")


def folder_of(path: Path) -> Path:
    """Where the versions of a calibration file are kept."""
    return path.parent / HISTORY


def kept_path(path: Path, version: int) -> Path:
    """Where one version of a calibration file is kept."""
    return folder_of(path) / f"{path.stem}.v{version:04d}.toml"


def versions_of(path: Path) -> dict[int, Path]:
    """The versions kept of a calibration file, by number."""
    pattern = re.compile(re.escape(path.stem) + r"\.v(\d{4})\.toml")
    try:
        names = os.listdir(folder_of(path))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = ((pattern.fullmatch(name), name) for name in names)
    return {int(match[1]): folder_of(path) / name for match, name in found if match}


def digest_of(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def with_seal(body: bytes) -> bytes:
    """The body of a file (ending in a line break) with its hash after it."""
    return body + f'\n[seal]\nsha256 = "{digest_of(body)}"\n'.encode()
