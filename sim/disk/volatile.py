"""A disk with a volatile cache: what was done to a folder, and what a power cut may leave of it.

The model, and what it leaves out, is in docs/powercut.md.  Paths are relative to the folder, with
``/``; a file is its inode number, so that a renamed or unlinked file stays the same file.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from controller.lanekey import KEY_FILE

SECTOR = 512
FOLDER = 0
"""The inode number of every folder: only names in it matter."""


class Write(Struct, frozen=True):
    """Bytes written at an offset; volatile until the file is synced."""

    inode: int
    offset: int
    data: bytes


class Truncate(Struct, frozen=True):
    """The file cut off, or extended with zeros, at ``size``; volatile until the file is synced."""

    inode: int
    size: int


class Name(Struct, frozen=True):
    """Names set at once: a creation, an unlink (None), or both for a rename.

    Volatile until every folder in which a name changed is synced.
    """

    bindings: tuple[tuple[str, int | None], ...]


class SyncFile(Struct, frozen=True):
    """fsync or fdatasync of a file: its bytes and its size are durable, its name is not."""

    inode: int


class SyncFolder(Struct, frozen=True):
    """fsync of a folder: the names in it are durable, the bytes of its files are not."""

    folder: str


class FailedSync(Struct, frozen=True):
    """fsync that reported an error: the kernel has dropped what was not yet on disk.

    The pages count as clean afterwards, so that a later sync does not bring them back.
    """

    inode: int


class Told(Struct, frozen=True):
    """Somebody was told that all records up to ``count`` are durable; from here they must be."""

    count: int


Change: TypeAlias = Write | Truncate | Name
Operation: TypeAlias = Change | SyncFile | FailedSync | SyncFolder | Told


class Kept(Struct, frozen=True):
    """What became of one unsynced operation: the sectors of its write that reached the disk.

    ``sectors`` None means all of it.  ``grown`` means that the file has the size that the write
    would have given it, with zeros where nothing arrived.
    """

    sectors: frozenset[int] | None = None
    grown: bool = False


WHOLE = Kept()
LOST = Kept(sectors=frozenset())
SIZE_ONLY = Kept(sectors=frozenset(), grown=True)


class Image(Struct, frozen=True):
    """What is on the disk: the bytes of every inode, and the names."""

    contents: Mapping[int, bytes]
    names: Mapping[str, int]

    def files(self) -> dict[str, bytes]:
        """The files that can be reached by name; without its folder's name a file is gone."""
        return {
            path: self.contents.get(inode, b"")
            for path, inode in self.names.items()
            if inode != FOLDER and self._reachable(path)
        }

    def folders(self) -> list[str]:
        """The folders that can be reached, parents first."""
        found = [path for path, inode in self.names.items() if inode == FOLDER]
        return sorted(path for path in found if self._reachable(path))

    def _reachable(self, path: str) -> bool:
        parent = folder_of(path)
        while parent:
            if self.names.get(parent) != FOLDER:
                return False
            parent = folder_of(parent)
        return True


def folder_of(path: str) -> str:
    """The folder that holds a name; the top folder is the empty string."""
    return path.rpartition("/")[0]


def apply(image: Image, changes: Iterable[tuple[Change, Kept]]) -> Image:
    """The image after changes of which parts are kept, in their order."""
    contents, names = dict(image.contents), dict(image.names)
    opened: dict[int, bytearray] = {}
    for change, kept in changes:
        if isinstance(change, Name):
            if kept is WHOLE:
                _bind(names, change)
            continue
        if kept is LOST:
            continue
        data = opened.get(change.inode)
        if data is None:
            data = opened[change.inode] = bytearray(contents.get(change.inode, b""))
        _put(data, change, kept)
    contents.update((inode, bytes(data)) for inode, data in opened.items())
    return Image(contents, names)


def sectors(write: Write) -> range:
    """The numbers of the sectors of the file that a write touches."""
    return range(write.offset // SECTOR, (write.offset + len(write.data) - 1) // SECTOR + 1)


def lay_out(image: Image, folder: Path) -> None:
    """Make a folder anew as an image has it; what keeps a key is for its owner alone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in image.folders():
        (folder / name).mkdir()
    for name, data in image.files().items():
        path = folder / name
        path.write_bytes(data)
        if KEY_FILE in path.name:
            path.chmod(0o600)


class Disk:
    """The durable image and the unsynced changes, moved forward operation by operation."""

    def __init__(self, image: Image | None = None) -> None:
        self.durable = image or Image({}, {})
        self.pending: list[Change] = []
        self.told = 0
        self._halves: dict[int, set[str]] = {}

    def take(self, operation: Operation) -> None:
        """One more operation of the log."""
        match operation:
            case Told(count):
                self.told = count
            case SyncFile(inode):
                self._settle([c for c in self.pending if _of_file(c, inode)])
            case FailedSync(inode):
                self.pending = [c for c in self.pending if not _of_file(c, inode)]
            case SyncFolder(folder):
                self._settle([c for c in self.pending if self._named_in(c, folder)])
            case _:
                self.pending.append(operation)

    def live(self) -> Image:
        """What a running program sees: everything, synced or not."""
        return apply(self.durable, ((change, WHOLE) for change in self.pending))

    def _named_in(self, change: Change, folder: str) -> bool:
        """True if this sync completes the change; a rename between folders needs both synced."""
        if not isinstance(change, Name):
            return False
        wanted = {folder_of(path) for path, _ in change.bindings}
        if folder not in wanted:
            return False
        done = self._halves.setdefault(id(change), set())
        done.add(folder)
        return done == wanted

    def _settle(self, settled: list[Change]) -> None:
        gone = {id(change) for change in settled}
        self.durable = apply(self.durable, ((change, WHOLE) for change in settled))
        self.pending = [change for change in self.pending if id(change) not in gone]
        for identity in gone:
            self._halves.pop(identity, None)


def _of_file(change: Change, inode: int) -> bool:
    return not isinstance(change, Name) and change.inode == inode


def _bind(names: dict[str, int], change: Name) -> None:
    for path, inode in change.bindings:
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _put(data: bytearray, change: Write | Truncate, kept: Kept) -> None:
    if isinstance(change, Truncate):
        del data[change.size :]
        data.extend(bytes(change.size - len(data)))
        return
    start, end = change.offset, change.offset + len(change.data)
    if kept.sectors is None:
        data.extend(bytes(max(0, start - len(data))))
        data[start:end] = change.data
        return
    for sector in sorted(kept.sectors):
        low, high = max(start, sector * SECTOR), min(end, (sector + 1) * SECTOR)
        data.extend(bytes(max(0, low - len(data))))
        data[low:high] = change.data[low - start : high - start]
    if kept.grown:
        data.extend(bytes(max(0, end - len(data))))
