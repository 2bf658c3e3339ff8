"""Where damaged files go: ``quarantine/NNNN``, with a note of what was found.

A note counts once what it speaks of has happened; until a RECOVERY record names its folder, the
next start writes that record.  Nothing is ever removed from here by the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from protocol.files import Files

FOLDER = "quarantine"
NOTE = "found.json"
SEQ_MAX = 10**12
"""More records than a lane writes in ten thousand years; passages are numbered on from here."""


class Found(Struct, frozen=True, kw_only=True):
    """What a start found: ``rebuilt`` if the ledger was made anew from what could be read.

    ``kept`` is the seq up to which it was, ``seen`` the highest that anything still named.  A note
    whose values no RECOVERY record could have is none: whoever planted it must stop no start.
    """

    cause: Annotated[str, Meta(pattern="^[a-z_]{1,32}$")]
    detail: Annotated[str, Meta(min_length=1)]
    rebuilt: bool = False
    kept: Annotated[int, Meta(ge=0, le=SEQ_MAX)] | None = None
    seen: Annotated[int, Meta(ge=0, le=SEQ_MAX)] | None = None
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None
    wall_ms: int | None = None


def folder_of(path: Path, number: int) -> Path:
    """The folder with this number for a ledger's file."""
    return path.parent / FOLDER / f"{number:04}"


def home(path: Path) -> Path:
    """The data folder that a ledger's file belongs to, also where it lies in the quarantine."""
    folder = path.absolute().parent
    return folder.parents[1] if folder.parent.name == FOLDER else path.parent


def name_of(number: int) -> str:
    """How a RECOVERY record calls that folder."""
    return f"{FOLDER}/{number:04}"


def numbers(path: Path) -> list[int]:
    """The folders that are there, in order."""
    folder = path.parent / FOLDER
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdecimal() and len(name) == 4)


def begin(path: Path, files: Files) -> int:
    """A folder for what is found now: the first number that holds nothing final yet."""
    present = numbers(path)
    number = (present[-1] if present else 0) + 1
    if present and final(path, present[-1]) is None:
        number = present[-1]
    files.make_folder(folder_of(path, number))
    return number


def write(path: Path, number: int, found: Found, files: Files) -> None:
    """Write the note."""
    data = msgspec.json.format(msgspec.json.encode(found))
    files.write_whole(folder_of(path, number) / NOTE, data)


def read(path: Path, number: int) -> Found | None:
    """The note in a folder, None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder_of(path, number) / NOTE).read_bytes(), type=Found)
    except (OSError, msgspec.DecodeError):
        return None


def final(path: Path, number: int) -> Found | None:
    """The note, if what it speaks of has happened."""
    found = read(path, number)
    moved = (folder_of(path, number) / path.name).exists()
    return found if found is not None and (moved or not found.rebuilt) else None


def finals(path: Path) -> Iterator[tuple[int, Found]]:
    """Every note of what has happened."""
    for number in numbers(path):
        found = final(path, number)
        if found is not None:
            yield number, found


def move(path: Path, number: int, source: Path, files: Files) -> None:
    """Move a file of the ledger's folder there; the caller syncs the folders."""
    if source.exists():
        files.replace(source, folder_of(path, number) / source.name)
