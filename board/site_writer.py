"""Saving settings to the program's own end of a site file: whole or not at all, none forgotten.

The file in force is copied to ``history/`` first, then replaced in one rename, then the new one is
copied, as a calibration is (``board/calibration_writer.py``).  What people wrote stays as it is.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from board.calibration_file import digest_of, folder_of, kept_path, versions_of
from board.calibration_writer import FolderError, one_writer, replace_whole
from board.machine_block import (
    VERSIONS_MAX,
    Block,
    BlockError,
    Change,
    check_text,
    human_part,
    read_block,
    with_block,
)
from board.profile import ProfileError, profile_path, read_profile
from hal.schema import load_bytes


class SiteFileError(ValueError):
    """A site file that cannot be written, or a version that is not there; says what to do."""


def writable(site: str | Path) -> Path:
    """The site file's own path; raises SiteFileError for a packaged profile."""
    path = profile_path(site)
    packaged = profile_path("sim").parent
    if path.parent.resolve() == packaged.resolve():
        raise SiteFileError(
            f"{path.stem}: a packaged profile is not written to: begin a site file of your own "
            f"with `steelyard site {path.stem} DIR` and run that"
        )
    return path


def save(
    path: Path,
    changes: Sequence[Change],
    *,
    seen: bytes,
    author: str,
    reason: str,
    date: datetime.datetime,
) -> Block:
    """Put these changes, and no others, into the block of a site file; returns the new block.

    ``seen`` are the bytes of the file that the changes were made for.

    Raises:
        SiteFileError: the file has changed since, is a packaged profile, a text cannot be kept, or
            the disk refuses; the old settings stand, unless the message says otherwise.
        ProfileError: the site would not be right with them; nothing was written.
    """
    named = writable(path)
    path = Path(os.path.realpath(named))
    try:
        check_text("author", author)
        check_text("reason", reason)
        with one_writer(path.parent):
            if load_bytes(path) != seen:
                raise SiteFileError(
                    f"{path}: has changed since it was read; nothing was written: look at it, then "
                    "save again"
                )
            block = Block(
                version=_next_version(path, seen),
                author=author,
                date=date,
                reason=reason,
                changes=tuple(changes),
            )
            data = with_block(human_part(seen), block)
            read_profile(named, text=data)
            _write(path, seen, data, block.version)
            return block
    except (SiteFileError, ProfileError):
        raise
    except (BlockError, FolderError, ValueError) as error:
        raise SiteFileError(f"{path}: {error}") from error


def history(path: Path) -> list[dict[str, Any]]:
    """Every saved version, newest first, as rows of plain values.

    ``rollback`` is the number that ``saved_before`` takes, ``settings`` how many keys it sets;
    ``problem`` is why it cannot be gone back to, else None; ``version``, ``author``, ``date`` and
    ``reason`` are those of the save.
    """
    rows = []
    for back, (file, number) in enumerate(_saved(Path(os.path.realpath(path)))):
        row: dict[str, Any] = {"rollback": back, "version": number, "problem": None}
        try:
            block = _block_of(file, number)
        except SiteFileError as error:
            block, row["problem"] = Block(), str(error)
        row["author"], row["reason"] = block.author, block.reason
        row["date"] = block.date.isoformat() if block.date is not None else None
        row["settings"] = len(block.changes)
        rows.append(row)
    return rows


def saved_before(path: Path, back: int) -> Block:
    """The block as it was saved so many times before the last; 0 is the last one saved.

    Raises SiteFileError where there is none, or it was changed by hand.
    """
    saved = _saved(Path(os.path.realpath(path)))
    if not 0 <= back < len(saved):
        raise SiteFileError(
            f"{path}: {len(saved)} saved versions are here, the newest is 0; {back} is none of them"
        )
    return _block_of(*saved[back])


def _saved(path: Path) -> list[tuple[Path, int]]:
    """Files with their versions, the newest first.

    What was saved last may not have been copied to the history yet when the power went.
    """
    try:
        now = _version_of(load_bytes(path))
    except ValueError as error:
        raise SiteFileError(str(error)) from error
    kept = versions_of(path)
    standing = [] if now is None else [(path, now)]
    return standing + [
        (kept[number], number) for number in sorted(kept, reverse=True) if number != now
    ]


def _block_of(file: Path, number: int) -> Block:
    try:
        block = read_block(load_bytes(file))
    except ValueError as error:
        raise SiteFileError(f"{file}: {error}") from error
    if block.version != number:
        raise SiteFileError(f"{file}: says that it is version {block.version}; choose another one")
    return block


def _next_version(path: Path, data: bytes) -> int:
    number = max(_version_of(data) or 0, *versions_of(path), 0) + 1
    if number > VERSIONS_MAX:
        raise SiteFileError(
            f"{path}: {VERSIONS_MAX} versions are kept; move {folder_of(path)} away and save again"
        )
    return number


def _version_of(data: bytes) -> int | None:
    """The version of a site file's block, None where that was changed by hand."""
    try:
        return read_block(data).version
    except BlockError:
        return None


def _write(path: Path, old: bytes, new: bytes, version: int) -> None:
    like = path.stat()
    try:
        folder_of(path).mkdir(exist_ok=True)
        _keep(path, old, like)
        replace_whole(path, new, like)
    except OSError as error:
        raise SiteFileError(
            f"{error.filename or path}: {error.strerror}; the settings saved before still stand"
        ) from error
    try:
        replace_whole(kept_path(path, version), new, like)
    except OSError as error:
        raise SiteFileError(
            f"{path}: version {version} is saved, but {error.filename} cannot be written: "
            f"{error.strerror}; mend that and copy the file there"
        ) from error


def _keep(path: Path, data: bytes, like: os.stat_result) -> None:
    """Copy what stands to the history; what people changed since it was saved goes by its hash."""
    version = _version_of(data)
    name = kept_path(path, version or 0)
    if version is None or (name.exists() and name.read_bytes() != data):
        name = folder_of(path) / f"{path.stem}.edited-{digest_of(data)[:12]}.toml"
    if not name.exists():
        replace_whole(name, data, like)
