"""The end of a site file that the program writes: settings made at the console, each with its name.

Everything above the marker line belongs to people and is never written.  What stands below goes
before it, key by key, and ends with a SHA-256 of its own, so that a change by hand is told.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from board.tomltext import plain

SECTION = "machine"
MARKER = b"\n# ======== written by the program from here to the end; write above this line ========"
_ABOUT = """
# `steelyard console`: set KEY VALUE, commit, save REASON.  Each goes before what stands above; a
# change by hand breaks the sum at the end, and the lane will not start on it.
"""
ONLY_THE_PROGRAM = "only the program writes this table, below its marker line: take it out"
_SEAL = re.compile(rb'\n\[machine\.seal\]\nsha256 = "([0-9a-f]{64})"\n\Z')
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){1,4}")

CHANGES_MAX = 500
TEXT_MAX = 200
VALUE_TEXT_MAX = 4_096
VALUE_ITEMS_MAX = 100
VERSIONS_MAX = 9_999

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]


class BlockError(ValueError):
    """A machine-owned block that cannot be believed, or one that cannot be written."""


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One key set by a person, or taken out (``value`` None); ``was`` None: nothing was stated."""

    key: Text
    value: Any = None
    was: Any = None
    who: Text
    why: Text
    at: datetime.datetime

    def __post_init__(self) -> None:
        """Refuse what a site file could not hold, or a terminal not show."""
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"'{self.key}' is no path of a key, as timing.plate_wait")
        for name in ("who", "why"):
            check_text(name, getattr(self, name))
        for value in (self.value, self.was):
            check_value(self.key, value)


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that was saved last, with who saved it; version 0 is a site file without a block."""

    version: Annotated[int, Meta(ge=0, le=VERSIONS_MAX)] = 0
    author: str = ""
    date: datetime.datetime | None = None
    reason: str = ""
    changes: Annotated[tuple[Change, ...], Meta(max_length=CHANGES_MAX)] = field(
        name="set", default=()
    )

    def change_of(self, key: str) -> Change | None:
        """Who set this key, None where nobody has."""
        return next((one for one in self.changes if one.key == key), None)


def human_part(data: bytes) -> bytes:
    """What people wrote of a site file, byte for byte."""
    return data.partition(MARKER)[0]


def read_block(data: bytes) -> Block:
    """The block of a site file's bytes, one of version 0 where there is none.

    Raises:
        BlockError: it was changed by hand or cut off; the message says where and what to do.
    """
    human, marker, rest = data.partition(MARKER)
    if not marker:
        return Block()
    stated, line = _alone(marker + rest), human.count(b"\n") + 2
    if not _is_whole(marker + rest) or stated is None:
        raise BlockError(
            f"{SECTION} (line {line} to the end): changed by hand or cut off{_by(stated)}: it does "
            "not fit its sha256; copy that part from the newest history/*.v*.toml beside this file "
            f"or, to go without it, take line {line} and all below it out.  Own settings belong "
            f"above line {line}"
        )
    try:
        return msgspec.convert(
            {name: value for name, value in stated.items() if name != "seal"}, Block, strict=True
        )
    except (ValueError, RecursionError) as error:
        raise BlockError(f"{SECTION} (line {line} to the end): {error}") from error


def with_block(human: bytes, block: Block) -> bytes:
    """A site file of what people wrote and this block; raises BlockError."""
    if MARKER in human:
        raise BlockError(f"{SECTION}: the marker line stands in the part of the people already")
    if len(block.changes) > CHANGES_MAX:
        raise BlockError(
            f"{len(block.changes)} settings; the limit is {CHANGES_MAX}: put some of "
            "them into the site file by hand"
        )
    body = MARKER + _ABOUT.encode() + "\n".join(_lines(block)).encode() + b"\n"
    digest = hashlib.sha256(body).hexdigest()
    return human + body + f'\n[{SECTION}.seal]\nsha256 = "{digest}"\n'.encode()


def set_key(table: dict[str, Any], key: str, value: object) -> str | None:
    """Set a key of nested tables by its path, or take it out with None.

    Returns what is in the way where it cannot be set.
    """
    *parents, last = key.split(".")
    for name in parents:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            return f"'{name}' is no table, so this cannot be set"
    if value is None:
        table.pop(last, None)
    else:
        table[last] = value
    return None


def site_table(data: bytes) -> dict[str, Any]:
    """The tables of a site file's bytes with what its block sets; raises ValueError."""
    table = tomllib.loads(human_part(data).decode("utf-8"))
    for change in read_block(data).changes:
        if trouble := set_key(table, change.key, change.value):
            raise BlockError(f"{change.key}: {trouble}")
    return table


def check_text(name: str, text: str) -> None:
    """Raise ValueError for a name or a reason that cannot be kept."""
    if not text.strip() or len(text) > TEXT_MAX or not text.isprintable():
        raise ValueError(f"{name}: {text!r}: 1 to {TEXT_MAX} printable characters are needed")


def check_value(key: str, value: object) -> None:
    """Raise ValueError for what is no plain value of TOML, or is larger than one may be."""
    if isinstance(value, list):
        if len(value) > VALUE_ITEMS_MAX:
            raise ValueError(f"{key}: {len(value)} entries; the limit is {VALUE_ITEMS_MAX}")
        for item in value:
            if isinstance(item, list):
                raise ValueError(f"{key}: a list in a list is not set here")
            check_value(key, item)
    elif isinstance(value, str):
        if len(value) > VALUE_TEXT_MAX:
            raise ValueError(f"{key}: {len(value)} characters; the limit is {VALUE_TEXT_MAX}")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{key}: {value} is no finite number")
    elif not isinstance(value, bool | int | datetime.date | None):
        raise ValueError(f"{key}: a table is set key by key")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{key}: {value} is too large")


def value_text(value: object, key: str = "") -> str:
    """A value as a site file writes it, lists in one line; raises ValueError."""
    if isinstance(value, list):
        return f"[{', '.join(plain(item, key) for item in value)}]"
    return plain(value, key)


def _lines(block: Block) -> Iterator[str]:
    saved = {"version": block.version, "date": block.date}
    texts = {"author": block.author or None, "reason": block.reason or None}
    yield f"\n[{SECTION}]"
    yield from _row({**saved, **texts})
    for change in block.changes:
        yield f"\n[[{SECTION}.set]]"
        yield from _row({name: getattr(change, name) for name in change.__struct_fields__})


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if value is not None:
            yield f"{name} = {value_text(value, name)}"


def _is_whole(part: bytes) -> bool:
    match = _SEAL.search(part)
    return match is not None and (
        hashlib.sha256(part[: match.start()]).hexdigest() == match[1].decode()
    )


def _alone(part: bytes) -> dict[str, Any] | None:
    try:
        stated = tomllib.loads(part.decode("utf-8")).get(SECTION)
    except ValueError:
        return None
    return stated if isinstance(stated, dict) else None


def _by(stated: object) -> str:
    if not isinstance(stated, dict) or "author" not in stated:
        return ""
    return f" since version {stated.get('version')} ({stated['author']}, {stated.get('date')})"


def merged(changes: Sequence[Change], change: Change) -> tuple[Change, ...]:
    """The changes with this one in place of an older one of its key."""
    return (*(one for one in changes if one.key != change.key), change)
