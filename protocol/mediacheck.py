"""The files that records name: each is there with its digest, or a RETENTION record says why."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from protocol.chain import Finding
from protocol.files import open_plain
from protocol.media import SHARED, digest_of, file_name
from protocol.record import Record
from protocol.rows import Medium, named_by

REMEMBERED = 4096
SHOWN = 5


class MediaCheck:
    """``sound`` counts the files found as named; the same one again within REMEMBERED is not.

    A file that is not in ``folder`` may lie in one of the ``others``.
    """

    def __init__(self, db: sqlite3.Connection, folder: Path, others: Sequence[Path] = ()) -> None:
        self._db = db
        self._folder = folder
        self._others = others
        self._seen: OrderedDict[tuple[bytes, str], str] = OrderedDict()
        self._shared: set[bytes] = set()
        self.sound = 0

    def look(self, record: Record) -> Iterator[Finding]:
        """Hold every file that a record names to its digest."""
        for row in named_by(record):
            if row.kind in SHARED:
                self._shared.add(row.digest)
            code = self._state(row)
            if code == "media_damaged":
                name = file_name(row.kind, row.digest)
                yield Finding(code=code, seq=record.seq, message=f"{name} has other bytes")
            elif code == "media_missing" and not self._was_dropped(row):
                name = file_name(row.kind, row.digest)
                yield Finding(
                    code=code,
                    seq=record.seq,
                    message=f"{name} is not there, and no RETENTION record removed it",
                )

    def leftovers(self) -> list[str]:
        """Files in the folder that no record names, in words; there may be very many."""
        found: list[str] = []
        count = 0
        for entry in self._folder.iterdir() if self._folder.is_dir() else ():
            if not self._is_named(entry.name):
                count += 1
                if len(found) < SHOWN:
                    found.append(entry.name)
        if not count:
            return []
        return [f"{count} files in {self._folder.name} are named by no record: {', '.join(found)}"]

    def _is_named(self, name: str) -> bool:
        digest = digest_of(name)
        if digest is None:
            return False
        row = self._db.execute("SELECT 1 FROM media WHERE digest = ? LIMIT 1", (digest,)).fetchone()
        return row is not None or digest in self._shared

    def _state(self, row: Medium) -> str:
        key = (row.digest, row.kind)
        if key in self._seen:
            self._seen.move_to_end(key)
            return self._seen[key]
        name = file_name(row.kind, row.digest)
        state = _held_to(self._folder / name, row.digest)
        for other in self._others:
            state = state and _held_to(other / name, row.digest)
        self.sound += state == ""
        self._seen[key] = state
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return state

    def _was_dropped(self, row: Medium) -> bool:
        found = self._db.execute(
            "SELECT 1 FROM dropped WHERE digest = ? AND seq > ? LIMIT 1", (row.digest, row.seq)
        ).fetchone()
        return found is not None


def _held_to(path: Path, digest: bytes) -> str:
    try:
        with open_plain(path) as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return "media_missing"
    except OSError:
        return "media_damaged"
    return "" if found == digest else "media_damaged"


def is_file_of(path: Path, digest: bytes) -> bool:
    """Whether there is a plain file with this SHA-256."""
    return _held_to(path, digest) == ""
