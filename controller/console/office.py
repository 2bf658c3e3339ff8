"""Where the console keeps its own: ``console/`` in the lane's folder, of its owner alone (0700).

``accounts.json`` people, ``attempts.json`` failed log-ins, ``setup.json`` a set-up code that waits,
``audit.jsonl`` who came and went, ``history/NAME`` lines typed, ``console.log`` what went wrong.
Several consoles (a terminal, a serial line, a socket) share them: ``alone`` keeps them apart.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.files import Files, open_plain

FOLDER = "console"
_OTHERS = 0o077
FILE_BYTES_MAX = 1 << 20


class OfficeError(ValueError):
    """A file of the console that cannot be used: which, why, and what to do."""


def office(lane_folder: Path) -> Path:
    """The console's folder, made where there is none.

    Raises:
        OfficeError: there is no lane's folder, or the console's own is not this user's alone.
    """
    folder = lane_folder / FOLDER
    if not lane_folder.is_dir():
        raise OfficeError(f"{lane_folder}: no such folder; name the one of steelyard run --out")
    try:
        folder.mkdir(mode=0o700)
        Files().sync_folder(lane_folder)
    except FileExistsError:
        pass
    except OSError as error:
        raise OfficeError(f"{folder}: cannot be made: {error.strerror}") from error
    _own(folder, os.stat(folder))
    return folder


def read(path: Path, bytes_max: int = FILE_BYTES_MAX) -> bytes | None:
    """What stands in a file of the console, None where there is none.

    Raises:
        OfficeError: others may read or write it, it belongs to another, or it cannot be read.
    """
    try:
        with open_plain(path) as file:
            _own(path, os.fstat(file.fileno()))
            data = file.read(bytes_max + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OfficeError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > bytes_max:
        raise OfficeError(f"{path}: longer than {bytes_max} bytes, so none of the console's")
    return data


def write(path: Path, data: bytes) -> None:
    """Put a file in place whole, durable, and of its owner alone.

    Raises:
        OfficeError: it cannot be written; what was there before is as it was.
    """
    try:
        Files().write_whole(path, data, 0o600)
    except OSError as error:
        raise OfficeError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other console changes a file of this folder meanwhile."""
    try:
        fd = os.open(folder / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OfficeError(f"{folder}: cannot be written: {error.strerror or error}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _own(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise OfficeError(
            f"{path}: belongs to user {found.st_uid}; run the console as that user "
            "(sudo -u), which is the controller's"
        )
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise OfficeError(
            f"{path}: group or others have rights on it ({stat.S_IMODE(found.st_mode):04o}), so "
            f"what stands there is not to be believed; look who changed it, then: chmod go= {path}"
        )
