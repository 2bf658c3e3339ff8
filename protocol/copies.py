"""Sealed copies of the manifests beside the ledger, one file each, ready to be sent away.

A copy outlives the ledger's newest records: where it stands for a record that the ledger does not
have, newer records were cut off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from protocol.files import Files, open_plain
from protocol.parts import Kind

FOLDER = "manifests"
SUFFIX = ".cose"
NEWEST = 40
"""How many of the newest manifests are copied again at a start, where their copy is missing."""


def folder_of(path: Path) -> Path:
    """The folder of the copies for a ledger's file."""
    return path.parent / FOLDER


def keep(path: Path, seq: int, body: bytes, files: Files) -> None:
    """Write the copy of one manifest; a disk that cannot take it now gets it at a later start."""
    with suppress(OSError):
        files.make_folder(folder_of(path))
        files.write_whole(folder_of(path) / f"{seq}{SUFFIX}", body)


def keep_missing(path: Path, db: sqlite3.Connection, files: Files) -> None:
    """Write the copies of the newest manifests that have none."""
    present = set(numbers(path))
    for seq, body in _newest(db):
        if seq not in present:
            keep(path, seq, body, files)


def numbers(path: Path) -> list[int]:
    """The seqs of which there are copies, in order."""
    folder = folder_of(path)
    names = folder.iterdir() if folder.is_dir() else ()
    stems = (name.stem for name in names if name.suffix == SUFFIX)
    return sorted(int(stem) for stem in stems if stem.isdecimal() and len(stem) <= 12)


def strange(path: Path, db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """The copies that are not of this ledger as it stands, each with what is wrong."""
    newest = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()[0]
    for seq in numbers(path):
        if seq > newest:
            yield seq, f"a manifest is kept of seq {seq}, the ledger ends at {newest}: cut off"
            continue
        row = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
        if row is None or not _holds(folder_of(path) / f"{seq}{SUFFIX}", row[0]):
            yield seq, f"the manifest kept of seq {seq} is not the one in the ledger"


def _holds(copy: Path, body: object) -> bool:
    """Whether a copy has these bytes; one that cannot be read has not."""
    if not isinstance(body, bytes):
        return False
    try:
        with open_plain(copy) as file:
            return file.read(len(body) + 1) == body
    except OSError:
        return False


def without(path: Path, db: sqlite3.Connection) -> list[str]:
    """The newest manifests that have no copy, in words."""
    present = set(numbers(path))
    lacking = [seq for seq, _ in _newest(db) if seq not in present]
    return [f"no copy of the manifest of seq {seq} is kept" for seq in lacking]


def _newest(db: sqlite3.Connection) -> list[tuple[int, bytes]]:
    return db.execute(
        "SELECT seq, body FROM record WHERE kind = ? AND passage_id = 0 ORDER BY seq DESC LIMIT ?",
        (int(Kind.MANIFEST), NEWEST),
    ).fetchall()
