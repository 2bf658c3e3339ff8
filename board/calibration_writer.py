"""Writing a calibration file so that a kill at any instant leaves the old one or the new one.

The version in force is copied to the history first, then the file is replaced in one rename, then
the new version is copied. What a kill leaves out of the history, the next write puts in.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from board.calibration_file import (
    RECORD_KEYS,
    CalibrationFileError,
    Standing,
    digest_of,
    folder_of,
    kept_path,
    read_standing,
    sealed,
    versions_of,
    with_seal,
)
from board.calibration_sheet import changes
from board.tomltext import to_toml
from hal.schema import load_toml

TEXT_MAX = 200
VERSIONS_MAX = 9_999
_HEADER = (
    "# Written by `steelyard calibrate`. A change by hand breaks the seal at the end, and the\n"
    "# lane will not start on it.\n"
)


class Note(Struct, frozen=True, kw_only=True):
    """Who writes a version, when, why, and by which loads; `restores` names an old version."""

    author: str
    date: datetime
    reason: str
    loads: Sequence[Mapping[str, Any]] = ()
    restores: int | None = None


def write_version(standing: Standing, sheet: Mapping[str, Any], note: Note) -> Standing:
    """Put a new version in force and return it.

    Raises CalibrationFileError where the file has changed since `standing` was read, a text of the
    note cannot be kept, or the disk refuses; the old version is then still in force, unless the
    message says otherwise.
    """
    path = standing.path
    _check_note(note)
    with _locked(path):
        if _bytes(path) != standing.data:
            raise CalibrationFileError(
                f"{path}: has changed since this calibration began; nothing was written: begin anew"
            )
        return _write(standing, sheet, note)


def restore(path: Path, version: int, note: Note) -> Standing:
    """Put an old version's values in force as a new version, also over a file that is damaged.

    Raises CalibrationFileError where the history has no such version, or a damaged one.
    """
    _check_note(note)
    with _locked(path):
        present = _as_it_is(path)
        old = _kept(path, version)
        restoring = Note(author=note.author, date=note.date, reason=note.reason, restores=version)
        return _write(present, old.sheet, restoring)


def adopt(path: Path, sheet: Mapping[str, Any], note: Note) -> Standing:
    """Write version 1 of values from elsewhere; raises CalibrationFileError if it exists."""
    _check_note(note)
    if path.exists() or versions_of(path):
        raise CalibrationFileError(f"{path}: exists already; choose another name")
    with _locked(path):
        nothing = Standing(path=path, data=b"", table={}, version=0, sha256=digest_of(b""))
        return _write(nothing, sheet, note)


def _write(present: Standing, sheet: Mapping[str, Any], note: Note) -> Standing:
    path = present.path
    number = max(present.version, *versions_of(path), 0) + 1
    if number > VERSIONS_MAX:
        raise CalibrationFileError(f"{path}: {number} versions; begin a new file (--adopt)")
    data = _text(present, sheet, note, number)
    try:
        folder_of(path).mkdir(exist_ok=True)
        if present.data:
            _keep(present)
        replace_whole(path, data)
    except OSError as error:
        raise CalibrationFileError(
            f"{error.filename or path}: {error.strerror}; the old calibration is still in force"
        ) from error
    try:
        replace_whole(kept_path(path, number), data)
    except OSError as error:
        raise CalibrationFileError(
            f"{path}: version {number} is in force, but {error.filename} cannot be written: "
            f"{error.strerror}; mend that and copy the file there"
        ) from error
    return read_standing(path)


def _text(present: Standing, sheet: Mapping[str, Any], note: Note, number: int) -> bytes:
    record: dict[str, Any] = {
        "version": number,
        "author": note.author,
        "date": note.date,
        "reason": note.reason,
        **({} if note.restores is None else {"restores": note.restores}),
        "previous_sha256": present.sha256,
        "loads": list(note.loads),
        "changes": changes(present.sheet, sheet),
    }
    return with_seal((_HEADER + to_toml({**sheet, "calibration": record})).encode())


def _keep(present: Standing) -> None:
    """Copy what is in force to the history; a file changed by hand is kept under its hash."""
    name = kept_path(present.path, present.version)
    if name.exists():
        known = name.read_bytes() == present.data
    else:
        known = present.version > 0 or not (_is_marked(present) or versions_of(present.path))
    if not known:
        name = folder_of(present.path) / (
            f"{present.path.stem}.edited-{digest_of(present.data)[:12]}.toml"
        )
    if not name.exists():
        replace_whole(name, present.data)


def _is_marked(present: Standing) -> bool:
    return any(key in present.table for key in RECORD_KEYS)


def replace_whole(path: Path, data: bytes, like: os.stat_result | None = None) -> None:
    """Write a file so that it holds either what it held or all of `data`; raises OSError.

    It gets the mode of `like` and, where this user may give it away, its owner.
    """
    spare = path.with_name(f".{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
    file = os.open(spare, flags, 0o644 if like is None else 0o600)
    try:
        if like is not None:
            _make_like(file, like)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(spare, path)
    _sync_folder(path.parent)


def _make_like(file: int, like: os.stat_result) -> None:
    with suppress(PermissionError):
        os.fchown(file, like.st_uid, like.st_gid)
    os.fchmod(file, like.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _as_it_is(path: Path) -> Standing:
    """The file in force, also where its seal is broken or it is no TOML at all."""
    data = _bytes(path)
    try:
        table = tomllib.loads(data.decode("utf-8"))
        return sealed(path, data, table)
    except ValueError:
        # A record without a seal marks it as changed by hand.
        marked: dict[str, Any] = {"calibration": {}}
        return Standing(path=path, data=data, table=marked, version=0, sha256=digest_of(data))


def _kept(path: Path, version: int) -> Standing:
    kept = versions_of(path)
    if version not in kept:
        known = ", ".join(str(number) for number in sorted(kept)) or "none"
        raise CalibrationFileError(f"{path}: no version {version} in the history; kept: {known}")
    try:
        data, table = load_toml(kept[version])
    except ValueError as error:
        raise CalibrationFileError(str(error)) from error
    old = sealed(kept[version], data, table)
    if old.version != version:
        raise CalibrationFileError(
            f"{kept[version]}: says that it is version {old.version}; choose another version"
        )
    return old


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise CalibrationFileError(f"{path}: cannot be read: {error.strerror}") from error


def _check_note(note: Note) -> None:
    for name in ("author", "reason"):
        text = getattr(note, name)
        if not text.strip() or len(text) > TEXT_MAX or not text.isprintable():
            raise CalibrationFileError(
                f"{name}: {text!r}: 1 to {TEXT_MAX} printable characters are needed"
            )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time."""
    try:
        with one_writer(path.parent):
            yield
    except FolderError as error:
        raise CalibrationFileError(f"{path}: {error}") from error


class FolderError(ValueError):
    """A folder that cannot be written now; the message says what to do."""


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Keep other writers of site and calibration files out; the lock falls with its process.

    Raises FolderError where another one writes, or there is no such folder.
    """
    import fcntl  # noqa: PLC0415 - a site file must be readable where this module is not to be had

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FolderError(f"{folder}: {error.strerror}; check the path") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            text = "another file is being written in this folder; try again when it is done"
            raise FolderError(text) from error
        yield
    finally:
        os.close(handle)
