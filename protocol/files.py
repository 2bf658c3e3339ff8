"""The few things that a ledger's folder is asked to do, behind one small class.

Everything beside the SQLite file (media, manifests, keys, quarantine) goes through a ``Files``, so
that a test can stand under it: count the syncs, fill the disk, or cut the power at any of them.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from msgspec import Struct

PART = ".part"


class Space(Struct, frozen=True):
    """What a disk holds and what this user may still write, in bytes."""

    total: int
    free: int

    @property
    def used_ppm(self) -> int:
        """The share in use, in millionths; what nobody but root may write counts as used."""
        return 1_000_000 if self.total <= 0 else (self.total - self.free) * 1_000_000 // self.total


def open_plain(path: Path) -> BufferedReader:
    """Open a file to read it; raises OSError for anything but a plain file.

    A named pipe in its place would keep whoever checks the folder waiting for ever.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return os.fdopen(fd, "rb")


class Files:
    """Files of this machine.  Every method raises OSError as the system gives it."""

    def write_new(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Write a file whole and sync it; its name is durable only once the folder is synced."""
        # What a failed sync left behind is never synced again under the same file: begin anew.
        with suppress(FileNotFoundError):
            path.unlink()
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(fd, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, in one step; what had that name before is gone."""
        source.replace(target)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def unlink(self, path: Path) -> None:
        """Remove a file; one that is not there is removed already."""
        path.unlink(missing_ok=True)

    def make_folder(self, folder: Path) -> None:
        """Make a folder and its name durable; one that is there is left as it is.

        A name may come from a life that ended before its sync, so it is synced in any case, but in
        a folder that this user may not read: the name is then of another's making.
        """
        if not folder.parent.is_dir():
            self.make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        with suppress(PermissionError):
            self.sync_folder(folder.parent)

    def read(self, path: Path) -> bytes:
        """Everything in a plain file."""
        with open_plain(path) as file:
            return file.read()

    def size(self, path: Path) -> int | None:
        """The length of a file in bytes, None where there is none."""
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None

    def names(self, folder: Path) -> Iterator[str]:
        """The names in a folder in the order of the disk; none where there is no folder."""
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name

    def space(self, folder: Path) -> Space:
        """How full the disk under a folder is."""
        found = os.statvfs(folder)
        return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)

    def write_whole(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Put a file in place so that it is never seen half, and make it durable."""
        part = path.with_name(path.name + PART)
        self.write_new(part, data, mode)
        self.replace(part, path)
        self.sync_folder(path.parent)


class SteadyFiles(Files):
    """Files of this machine on a disk that never fills, for runs that must come out the same."""

    def space(self, folder: Path) -> Space:
        """Room as on an empty disk."""
        return Space(10**12, 10**12)
