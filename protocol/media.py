"""Media beside the ledger: content-addressed files, durable before a record names them.

One flat folder; a file is named by the SHA-256 of its bytes and a suffix that says its kind to
people.  A file is written under another name, synced, and given its own name; then the folder is
synced once for all files of a record.  So a file with a name is whole, unless the disk or a hand
has spoiled it since, and then it is set aside and written anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from protocol import quarantine
from protocol.errors import LedgerError, from_os
from protocol.files import PART, Files

FOLDER = "media"
QUARANTINE = "quarantine"
SUFFIXES = {
    "plate": "png",
    "frame": "png",
    "journal": "journal",
    "counts": "counts",
    "frames": "frames",
    "settings": "settings",
    "config": "toml",
    "calibration": "toml",
    "rules": "toml",
    "video": "mp4",
    "stills": "zip",
}
"""The suffix of each kind; any other kind has OTHER."""
OTHER = "bin"
SHARED = frozenset({"settings", "config", "calibration", "rules"})
"""Kinds that every record names again; few and small, they are never removed."""
_SHARED_SUFFIXES = frozenset(SUFFIXES[kind] for kind in SHARED)
_COPIES_MAX = 1000


class Blob(Struct, frozen=True, kw_only=True, dict=True):
    """The bytes of one file of a record, and their kind as the record's media name it."""

    kind: str
    data: bytes

    @cached_property
    def sha256(self) -> bytes:
        """The name of these bytes for ever."""
        return hashlib.sha256(self.data).digest()

    @property
    def name(self) -> str:
        """The name of its file."""
        return file_name(self.kind, self.sha256)


def file_name(kind: str, sha256: bytes) -> str:
    """The name under which a medium of this kind lies in the folder."""
    return f"{sha256.hex()}.{SUFFIXES.get(kind, OTHER)}"


def digest_of(name: str) -> bytes | None:
    """The digest that a name in the folder stands for, None for any other name."""
    stem, _, suffix = name.partition(".")
    if len(stem) != 64 or suffix not in {*SUFFIXES.values(), OTHER}:
        return None
    try:
        return bytes.fromhex(stem) if stem == stem.lower() else None
    except ValueError:
        return None


def folders_of(ledger: Path) -> tuple[Path, ...]:
    """Where the media of a ledger lie; those of one in the quarantine stayed in its data folder."""
    home = quarantine.home(ledger)
    if home == ledger.parent:
        return (ledger.parent / FOLDER,)
    kept = home / QUARANTINE / FOLDER
    return (ledger.parent / FOLDER, home / FOLDER, kept)


class MediaStore:
    """The media of one ledger, in ``folder``; what is no good goes to ``quarantine``.

    Media are read from the ``others``, too, where a ledger in the quarantine has left them;
    ``spoiled`` counts the files that had other bytes than their names promise.
    """

    def __init__(
        self, folder: Path, files: Files | None = None, others: Iterable[Path] = ()
    ) -> None:
        self.folder = folder
        self.quarantine = folder.parent / QUARANTINE / folder.name
        self.files = files or Files()
        self.spoiled = 0
        self._others = tuple(others)
        self._made = False
        # Names given in a life that ended before its sync of the folder may not be durable yet.
        self._unsynced = True
        self._new: set[str] | None = set()

    def put(self, blobs: Iterable[Blob]) -> None:
        """Make these blobs durable; when this returns a record may name them.

        Raises LedgerError (DISK_FULL, READ_ONLY, IO); putting them again goes on from there.
        """
        wanted = {blob.name: blob for blob in blobs}
        if not wanted:
            return
        try:
            if not self._made:
                self.files.make_folder(self.folder)
                self._made = True
            if self._new is not None:
                self._new.update(wanted)
            for name, blob in wanted.items():
                if not self._stands(self.folder / name, blob):
                    self._write(self.folder / name, blob)
            if self._unsynced:
                self.files.sync_folder(self.folder)
                self._unsynced = False
        except OSError as error:
            self._made = False
            raise _failed(error, self.folder) from error

    def has(self, sha256: bytes, kind: str | None = None) -> bool:
        """Whether a file of that name is there; ``read`` also looks into it."""
        return self._find(sha256, kind) is not None

    def read(self, sha256: bytes, kind: str | None = None) -> bytes:
        """The bytes of that digest.

        Raises FileNotFoundError where there are none, DamagedMediaError where they are others, and
        OSError where they cannot be read.
        """
        path = self._find(sha256, kind)
        if path is None:
            raise FileNotFoundError(f"{self.folder}: no file {sha256.hex()}; it is not kept here")
        data = self.files.read(path)
        if hashlib.sha256(data).digest() != sha256:
            raise DamagedMediaError(f"{path}: the bytes are not those of its name")
        return data

    def names(self) -> Iterator[str]:
        """Every medium by its file name, in the order of the disk; leftovers are not among them."""
        return (name for name in self.files.names(self.folder) if digest_of(name) is not None)

    def strays(self) -> Iterator[str]:
        """Every medium that some record should name, but those of the shared kinds."""
        return (name for name in self.names() if name.rpartition(".")[2] not in _SHARED_SUFFIXES)

    def is_old(self, name: str) -> bool:
        """Whether a file was there before this life; until ``forget_new``."""
        return self._new is not None and name not in self._new

    def forget_new(self) -> None:
        """Remember no longer which files are new; none is old any more."""
        self._new = None

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, durably; what allowed it must be on disk before.

        One that cannot be removed does not keep the others.  Raises LedgerError for the first.
        """
        failed: OSError | None = None
        for name in names:
            try:
                self.files.unlink(self.folder / name)
            except OSError as error:
                failed = failed or error
        try:
            self.files.sync_folder(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            failed = failed or error
        if failed is not None:
            raise _failed(failed, self.folder) from failed

    def sweep(self) -> int:
        """Remove what a power cut left half written; return how many files.  Raises LedgerError.

        No record can name them: they never had the name of a medium.
        """
        try:
            left = [name for name in self.files.names(self.folder) if name.endswith(PART)]
        except OSError as error:
            raise _failed(error, self.folder) from error
        if left:
            self.remove(left)
        return len(left)

    def set_aside(self, name: str) -> Path:
        """Move a file to the quarantine, where it takes no other's name.  Raises OSError."""
        self.files.make_folder(self.quarantine)
        for copy in range(_COPIES_MAX):
            target = self.quarantine / (f"{name}.{copy}" if copy else name)
            if self.files.size(target) is None:
                break
        self.files.replace(self.folder / name, target)
        self.files.sync_folder(self.quarantine)
        self._unsynced = True
        return target

    def _find(self, sha256: bytes, kind: str | None) -> Path | None:
        suffixes = [SUFFIXES.get(kind, OTHER)] if kind is not None else [*SUFFIXES.values(), OTHER]
        for folder in (self.folder, *self._others):
            for suffix in dict.fromkeys(suffixes):
                path = folder / f"{sha256.hex()}.{suffix}"
                if self.files.size(path) is not None:
                    return path
        return None

    def _stands(self, path: Path, blob: Blob) -> bool:
        """Whether the file is there with the right bytes; one with others is set aside."""
        size = self.files.size(path)
        if size is None:
            return False
        # A file that cannot be read is as good as damaged; its bytes are at hand.
        with suppress(OSError):
            if size == len(blob.data) and self.files.read(path) == blob.data:
                return True
        self.set_aside(path.name)
        self.spoiled += 1
        return False

    def _write(self, path: Path, blob: Blob) -> None:
        part = path.with_name(path.name + PART)
        try:
            self.files.write_new(part, blob.data)
        except OSError:
            # Half a file on a full disk would keep the room that the next attempt needs.
            with suppress(OSError):
                self.files.unlink(part)
            raise
        self._unsynced = True
        self.files.replace(part, path)


class DamagedMediaError(ValueError):
    """A medium whose bytes are not those that its name promises."""


def _failed(error: OSError, folder: Path) -> LedgerError:
    return error if isinstance(error, LedgerError) else from_os(error, folder)
