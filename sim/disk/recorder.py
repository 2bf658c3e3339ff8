"""The log of everything a program does to a folder, through SQLite and through ``os``.

``Recorder`` is the log with the state of the folder as the program sees it.  Two taps feed it:
``vfs`` stands under SQLite, ``calls`` under the rest.  A tap asks before it acts, so that any
operation can be made to fail: ``before`` and ``before_read`` raise OSError.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from sim.disk.volatile import (
    FOLDER,
    Disk,
    FailedSync,
    Image,
    Name,
    Operation,
    SyncFile,
    SyncFolder,
    Told,
    Truncate,
    Write,
)

IGNORED = ("-shm", ".lock")
"""SQLite's shared memory is made anew at every first opening; a lock file has no bytes."""

Before = Callable[[Operation], None]


class Recorder:
    """Operations under ``root`` in their order; ``before`` sees each one before it is done.

    ``before_read`` is called before each read of a file, by SQLite or through ``os.open``; set it
    before a file is opened.
    """

    def __init__(self, root: Path, before: Before | None = None) -> None:
        self.root = Path(os.path.realpath(root))
        self.log: list[Operation] = []
        self.before = before
        self.before_read: Callable[[], None] | None = None
        self.mutex = threading.RLock()
        self._names: dict[str, int] = {}
        self._contents: dict[int, bytearray] = {}
        self._next = 1
        self._base: Image | None = None

    def begin_from(self, log: list[Operation]) -> None:
        """Go on from a log whose files lie under ``root`` as it left them, unsynced parts too."""
        disk = Disk()
        for operation in log:
            disk.take(operation)
        self._adopt(disk.live())
        self.log = list(log)

    def begin_with(self, image: Image) -> None:
        """Begin with a durable image that lies under ``root``."""
        self._adopt(image)
        self._base = image

    def reads(self) -> None:
        """A file is about to be read."""
        if self.before_read is not None:
            self.before_read()

    def inside(self, path: str | os.PathLike[str] | None) -> str | None:
        """The name of a path in the log, None if it is outside or of no account."""
        if path is None or not isinstance(path, str | os.PathLike):
            return None
        full = Path(os.path.abspath(path))
        if not full.is_relative_to(self.root) or full.name.endswith(IGNORED):
            return None
        return "" if full == self.root else full.relative_to(self.root).as_posix()

    def created(self, name: str) -> None:
        """A file opened for creation, which may be there already."""
        if name not in self._names:
            inode, self._next = self._next, self._next + 1
            self._emit(Name(((name, inode),)))
            self._names[name], self._contents[inode] = inode, bytearray()

    def wrote(self, name: str, offset: int, data: bytes) -> None:
        """Bytes written to a file."""
        self.wrote_inode(self._names[name], offset, data)

    def wrote_inode(self, inode: int, offset: int, data: bytes) -> None:
        """Bytes written to a file that may have no name any more."""
        if not data:
            return
        self._emit(Write(inode, offset, bytes(data)))
        content = self._contents[inode]
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data

    def truncated(self, inode: int, size: int) -> None:
        """A file cut off or extended."""
        self._emit(Truncate(inode, size))
        content = self._contents[inode]
        del content[size:]
        content.extend(bytes(size - len(content)))

    def synced(self, inode: int) -> None:
        """A file synced; a sync that fails has dropped what it should have made durable."""
        try:
            self._emit(SyncFile(inode))
        except OSError:
            self.log.append(FailedSync(inode))
            raise

    def synced_folder(self, name: str) -> None:
        """A folder synced."""
        self._emit(SyncFolder(name))

    def made_folder(self, name: str) -> None:
        """A folder made."""
        self._emit(Name(((name, FOLDER),)))
        self._names[name] = FOLDER

    def removed(self, name: str) -> None:
        """A name taken away from a file or a folder."""
        if name in self._names:
            self._emit(Name(((name, None),)))
            del self._names[name]

    def linked(self, old: str, new: str) -> None:
        """A second name for a file."""
        self._emit(Name(((new, self._names[old]),)))
        self._names[new] = self._names[old]

    def renamed(self, old: str, new: str) -> None:
        """A file or a whole folder given another name, in one step."""
        moved = {old: new} | {
            path: new + path[len(old) :] for path in self._names if path.startswith(old + "/")
        }
        inodes = {path: self._names[path] for path in moved}
        self._emit(Name(_rename(moved, inodes)))
        for path in moved:
            del self._names[path]
        for path, target in moved.items():
            self._names[target] = inodes[path]

    def told(self, count: int) -> None:
        """Somebody was told that the first ``count`` records are durable."""
        self._emit(Told(count))

    def inode(self, name: str) -> int:
        """The file of that name."""
        return self._names[name]

    def content(self, inode: int) -> bytes:
        """The bytes of a file as the program sees them."""
        return bytes(self._contents[inode])

    def known(self, name: str) -> bool:
        """Whether the log knows the name."""
        return name in self._names

    def catch_up(self, name: str) -> None:
        """Log what was written past the taps, so that no way of writing escapes the log."""
        inode = self._names.get(name, FOLDER)
        if inode == FOLDER:
            return
        actual, logged = (self.root / name).read_bytes(), self._contents[inode]
        if actual == logged:
            return
        if len(actual) < len(logged):
            self.truncated(inode, len(actual))
        first = next(
            (i for i, (a, b) in enumerate(zip(actual, logged, strict=False)) if a != b),
            len(logged),
        )
        self.wrote_inode(inode, first, actual[first:])

    def differences(self) -> list[str]:
        """Where the folder is not as the log says; anything here means that a tap leaks."""
        disk = Disk(self._base)
        for operation in self.log:
            disk.take(operation)
        logged = disk.live().files()
        actual = {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not path.name.endswith(IGNORED)
        }
        return sorted(
            name for name in logged.keys() | actual.keys() if logged.get(name) != actual.get(name)
        )

    def _emit(self, operation: Operation) -> None:
        with self.mutex:
            if self.before is not None:
                self.before(operation)
            self.log.append(operation)

    def _adopt(self, image: Image) -> None:
        self._names = dict(image.names)
        self._contents = {inode: bytearray() for inode in image.names.values()}
        self._contents.update((inode, bytearray(data)) for inode, data in image.contents.items())
        self._next = 1 + max([0, *self._contents, *self._names.values()])


def _rename(moved: dict[str, str], inodes: dict[str, int]) -> tuple[tuple[str, int | None], ...]:
    """The bindings of a rename: the old names gone, the new ones given."""
    gone: list[tuple[str, int | None]] = [(path, None) for path in moved]
    given: list[tuple[str, int | None]] = [(new, inodes[path]) for path, new in moved.items()]
    return (*gone, *given)
