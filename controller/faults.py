"""Reads the fault catalogue: for every code what it means, what causes it, what to do first."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from controller.core.faults import Fault

LEDGER_CODES = 4
CATALOGUE_FILE = Path(__file__).parent / "core" / "faults.toml"

_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Code = Annotated[int, Meta(ge=100, le=999)]


class CatalogueError(ValueError):
    """A fault catalogue that cannot be used; the message names file, key path and remedy."""


class EntryIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file; its heading is the name."""

    code: _Code
    meaning: _Text
    zh: _Text
    likely_cause: _Text
    first_action: _Text
    stops: bool


class Entry(EntryIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault or alarm; ``stops`` says that the lane takes no vehicle while it is present."""

    name: str

    @property
    def line(self) -> str:
        """The fault in one line for a log or a console."""
        return f"{self.code} {self.name}: {self.meaning} {self.zh}. First: {self.first_action}"


class Catalogue(Struct, frozen=True):
    """All entries by code."""

    entries: Mapping[int, Entry]

    def __getitem__(self, code: int) -> Entry:
        """The entry of a code; KeyError for a code that no release has had."""
        return self.entries[code]

    def named(self, name: str) -> Entry:
        """The entry that a driver's ``DeviceFault.name`` means.

        Raises CatalogueError, with the nearest known name, for one that is not in the catalogue:
        a driver that invents a fault is a programming error.
        """
        for entry in self.entries.values():
            if entry.name == name:
                return entry
        known = [entry.name for entry in self.entries.values()]
        raise CatalogueError(f"{name!r} is not in the fault catalogue{_hint(name, known)}")

    def stopping_codes(self) -> frozenset[int]:
        """Codes of the faults that stop the lane."""
        return frozenset(code for code, entry in self.entries.items() if entry.stops)


@cache
def load_catalogue(path: Path = CATALOGUE_FILE) -> Catalogue:
    """Read the catalogue; it must know every ``Fault`` and nothing else.

    Raises CatalogueError for a file that is missing, malformed or not in step with the codes.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not valid TOML: {error}") from error
    entries = [_entry(path, name, table) for name, table in tables.items()]
    missing = [fault.name for fault in Fault if fault.name not in tables]
    if missing:
        raise CatalogueError(f"{path}: no table for {', '.join(missing)}; write one for each")
    by_code = {entry.code: entry for entry in sorted(entries, key=lambda entry: entry.code)}
    return Catalogue(MappingProxyType(by_code))


def stopping_codes() -> frozenset[int]:
    """Codes of the shipped catalogue that stop the lane."""
    return load_catalogue().stopping_codes()


def faulting_codes() -> frozenset[int]:
    """Codes that end what is under way in FAULTED.

    The ledger's are not among them: it says itself that it is not ready, and the lane has a phase
    for that, in which whoever has a durable record still leaves.
    """
    return frozenset(code for code in stopping_codes() if code // 100 != LEDGER_CODES)


def _entry(path: Path, name: str, table: object) -> Entry:
    known = [fault.name for fault in Fault]
    if name not in known:
        raise CatalogueError(f"{path}: {name}: no such fault{_hint(name, known)}")
    try:
        read = msgspec.convert(table, EntryIn)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{path}: {name}: {_explained(str(error))}") from error
    if read.code != Fault[name]:
        raise CatalogueError(f"{path}: {name}.code: {read.code}, but it is {Fault[name].value}")
    return Entry(name=name, **msgspec.structs.asdict(read))


def _explained(text: str) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", text)
    if unknown is None:
        return text
    return text + _hint(unknown[1], EntryIn.__struct_fields__)


def _hint(word: str, known: tuple[str, ...] | list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
