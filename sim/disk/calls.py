"""Under everything but SQLite: the calls of ``os`` by which Python changes a folder, logged.

Bytes that reach a file by another way are found when the file is synced, renamed or removed, and
logged there (``Recorder.catch_up``), so code that forgets a sync cannot hide its write.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.disk.recorder import Recorder
from sim.disk.vfs import Connection, RecordingVFS


@contextmanager
def recording(root: Path, recorder: Recorder | None = None) -> Iterator[Recorder]:
    """Log what this process does under ``root`` while the block runs."""
    recorder = recorder or Recorder(root)
    vfs = RecordingVFS(recorder)
    calls = _Calls(recorder)

    def connect(database: Any, timeout: float = 5.0, uri: bool = False, **more: Any) -> Connection:
        return Connection(vfs, database, uri=uri, timeout=timeout)

    try:
        with (
            _in_place(sqlite3, {"connect": connect}),
            _in_place(os, {name: getattr(calls, name) for name in CALLS}),
        ):
            yield recorder
    finally:
        vfs.unregister()


@contextmanager
def _in_place(module: ModuleType, stand_ins: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Functions of a module replaced while the block runs."""
    real = {name: getattr(module, name) for name in stand_ins}
    for name, function in stand_ins.items():
        setattr(module, name, function)
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(module, name, function)


CALLS = (
    *("open", "close", "fdopen", "fsync", "fdatasync", "truncate"),
    *("unlink", "remove", "link", "rename", "replace", "mkdir", "rmdir"),
)


class _Calls:
    """Stand-ins for functions of ``os``; outside the folder they are the same."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._by_fd: dict[int, str] = {}
        self._real = {name: getattr(os, name) for name in CALLS}

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        """A file that is created is a new name; an open one is known by its descriptor."""
        name = self._recorder.inside(path)
        if name is not None and flags & os.O_ACCMODE == os.O_RDONLY:
            self._recorder.reads()
        if name is not None and flags & os.O_CREAT:
            if not self._recorder.known(name) and flags & os.O_EXCL == 0 and os.path.exists(path):
                raise AssertionError(f"{path} is there, but not in the log")
            if not (flags & os.O_EXCL and self._recorder.known(name)):
                self._recorder.created(name)
        fd: int = self._real["open"](path, flags, mode, **more)
        if name is not None:
            self._by_fd[fd] = name
            if flags & os.O_TRUNC and self._recorder.content(self._recorder.inode(name)):
                self._recorder.truncated(self._recorder.inode(name), 0)
        return fd

    def close(self, fd: int) -> None:
        """A descriptor given back; it may stand for another file next."""
        self._by_fd.pop(fd, None)
        self._real["close"](fd)

    def fdopen(self, fd: int, *arguments: Any, **more: Any) -> Any:
        """A file object over a descriptor; its writes are logged before they are done."""
        file = self._real["fdopen"](fd, *arguments, **more)
        name = self._by_fd.get(fd)
        return file if name is None else _Handle(self._recorder, self._by_fd, name, file)

    def fsync(self, fd: int) -> None:
        """A file or a folder made durable."""
        name = self._by_fd.get(fd)
        if name is None:
            self._real["fsync"](fd)
        elif (self._recorder.root / name).is_dir():
            self._recorder.synced_folder(name)
            self._real["fsync"](fd)
        else:
            self._recorder.catch_up(name)
            self._recorder.synced(self._recorder.inode(name))
            self._real["fsync"](fd)

    fdatasync = fsync

    def truncate(self, path: Any, size: int) -> None:
        """A file cut off by its name."""
        name = self._recorder.inside(path)
        if name is not None:
            self._recorder.catch_up(name)
            self._recorder.truncated(self._recorder.inode(name), size)
        self._real["truncate"](path, size)

    def unlink(self, path: Any, **more: Any) -> None:
        """A name removed; the call decides whether there is one."""
        name = self._recorder.inside(path)
        if name is not None and self._recorder.known(name):
            self._recorder.removed(name)
        self._real["unlink"](path, **more)

    remove = unlink

    def mkdir(self, path: Any, mode: int = 0o777, **more: Any) -> None:
        """A folder made; the call decides whether it can be."""
        name = self._recorder.inside(path)
        if name and not os.path.exists(path) and os.path.isdir(os.path.dirname(os.fspath(path))):
            self._recorder.made_folder(name)
        self._real["mkdir"](path, mode, **more)

    def rmdir(self, path: Any, **more: Any) -> None:
        """A folder removed."""
        name = self._recorder.inside(path)
        if name and self._recorder.known(name):
            self._recorder.removed(name)
        self._real["rmdir"](path, **more)

    def rename(self, source: Any, target: Any, **more: Any) -> None:
        """A file or folder renamed; nobody renames into the folder or out of it."""
        old, new = self._recorder.inside(source), self._recorder.inside(target)
        assert (old is None) == (new is None), f"{source} to {target} crosses the log's border"
        if old is not None and new is not None and self._recorder.known(old):
            self._recorder.catch_up(old)
            self._recorder.renamed(old, new)
        self._real["replace"](source, target, **more)

    replace = rename

    def link(self, source: Any, target: Any, **more: Any) -> None:
        """A second name for a file, where there is none yet."""
        old, new = self._recorder.inside(source), self._recorder.inside(target)
        if old is not None and new is not None and not self._recorder.known(new):
            self._recorder.linked(old, new)
        self._real["link"](source, target, **more)


class _Handle:
    """A file object whose writes are logged first."""

    def __init__(self, recorder: Recorder, by_fd: dict[int, str], name: str, file: Any) -> None:
        self._recorder = recorder
        self._by_fd = by_fd
        self._name = name
        self._file = file

    def write(self, data: Any) -> int:
        """Log and write at the file's own position."""
        self._recorder.wrote(self._name, self._file.tell(), bytes(data))
        return int(self._file.write(data))

    def __enter__(self) -> _Handle:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; its descriptor may stand for another one next."""
        if not self._file.closed:
            self._by_fd.pop(self._file.fileno(), None)
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
