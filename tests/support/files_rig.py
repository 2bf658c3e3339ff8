"""Rig for the media store: a disk that fails when told, and knows what a power cut would leave."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from protocol.files import Files, Space

OPERATIONS = ("write", "sync", "replace", "sync_folder", "unlink", "make_folder")
Fails = Callable[[int, str, Path], int]


def sound(number: int, operation: str, path: Path) -> int:
    """A disk without faults."""
    return 0


class ModelFiles(Files):
    """Real files that fail by rule: ``fails(number, operation, path)`` gives an errno, or 0.

    ``durable`` is what a power cut now would leave at the very least: names whose folder was
    synced after a file that had itself been synced got them.  ``log`` is every operation done.
    """

    def __init__(self, fails: Fails = sound) -> None:
        self.fails = fails
        self.log: list[tuple[str, Path]] = []
        self.durable: dict[Path, bytes] = {}
        self.free = Space(total=1_000_000_000, free=900_000_000)
        self._synced: dict[Path, bytes] = {}
        self._named: dict[Path, bytes | None] = {}

    @property
    def syncs(self) -> int:
        """How many times the disk was asked to make something durable."""
        return sum(operation in ("sync", "sync_folder") for operation, _ in self.log)

    def write_new(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        with suppress(FileNotFoundError):
            path.unlink()
        self._synced.pop(path, None)
        code = self._next("write", path)
        path.write_bytes(data if not code else data[: len(data) // 2])
        self._raise(code, path)
        self._raise(self._next("sync", path), path)
        self._synced[path] = data

    def replace(self, source: Path, target: Path) -> None:
        self._raise(self._next("replace", target), target)
        super().replace(source, target)
        self._named[source] = None
        self._named[target] = self._synced.pop(source, None) or self.durable.get(source)

    def sync_folder(self, folder: Path) -> None:
        self._raise(self._next("sync_folder", folder), folder)
        for path in [path for path in self._named if path.parent == folder]:
            data = self._named.pop(path)
            self.durable.pop(path, None)
            if data is not None:
                self.durable[path] = data

    def unlink(self, path: Path) -> None:
        self._raise(self._next("unlink", path), path)
        super().unlink(path)
        self._named[path] = None

    def make_folder(self, folder: Path) -> None:
        self._raise(self._next("make_folder", folder), folder)
        folder.mkdir(parents=True, exist_ok=True)

    def space(self, folder: Path) -> Space:
        return self.free

    def _next(self, operation: str, path: Path) -> int:
        code = self.fails(len(self.log), operation, path)
        self.log.append((operation, path))
        return code

    def _raise(self, code: int, path: Path) -> None:
        if code:
            raise OSError(code, os.strerror(code), str(path))


FULL, BROKEN = errno.ENOSPC, errno.EIO
