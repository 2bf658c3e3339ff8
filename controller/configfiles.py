"""The configuration of a lane in its folder: what runs, what is next, what to go back to.

``config/running.json`` is written by the lane at every start, ``candidate.toml`` and ``next.toml``
by the console, ``pending.json`` by the lane while a commit waits to be confirmed.  Every file is
replaced whole; the folder is this user's alone, since a site file may hold passwords.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from board.calibration_writer import replace_whole
from hal.schema import FILE_BYTES_MAX

FOLDER = "config"
RUNNING, PENDING = "running.json", "pending.json"
CANDIDATE, NEXT = "candidate.toml", "next.toml"

T = TypeVar("T", bound=Struct)


class Running(Struct, frozen=True, kw_only=True):
    """What a lane runs: the site file it was started with, and the text of one that it reads."""

    site: str
    text: bytes
    sha256: str


class Pending(Struct, frozen=True, kw_only=True):
    """A commit that waits for its confirmation, and the text to go back to without one.

    ``deadline_ms`` is wall time, for people: a lane that starts anew goes back at once, since no
    clock tells how long it was away.
    """

    site: str
    back: bytes
    back_sha256: str
    deadline_ms: int


class ConfigFileError(ValueError):
    """A file of the lane's configuration that cannot be read or written."""


def read(folder: Path, name: str, kind: type[T]) -> T | None:
    """A file of this folder, None where there is none; raises ConfigFileError."""
    data = read_bytes(folder, name)
    try:
        return None if data is None else msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise ConfigFileError(f"{folder / FOLDER / name}: {error}; take the file away") from error


def read_bytes(folder: Path, name: str) -> bytes | None:
    """The bytes of a file of this folder, None where there is none; raises ConfigFileError."""
    path = folder / FOLDER / name
    try:
        with path.open("rb") as file:
            return file.read(2 * FILE_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigFileError(f"{path}: cannot be read: {error.strerror}") from error


def write(folder: Path, name: str, what: Struct | bytes) -> Path:
    """Put a file in its place, durably; raises ConfigFileError."""
    path = folder / FOLDER / name
    try:
        (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
        replace_whole(path, what if isinstance(what, bytes) else msgspec.json.encode(what))
    except OSError as error:
        raise ConfigFileError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def remove(folder: Path, name: str) -> None:
    """Take a file away, durably; raises ConfigFileError where it cannot be."""
    path = folder / FOLDER / name
    try:
        with suppress(FileNotFoundError):
            path.unlink()
            handle = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except OSError as error:
        raise ConfigFileError(f"{path}: cannot be removed: {error.strerror}") from error
