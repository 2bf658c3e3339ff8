"""Keys that no longer count: a list that whoever verifies keeps beside the ledger, in TOML.

    [[key]]
    fingerprint = "fafd f00f a6fa 61d0 4b53 291c c316 ae33 c0d5 c4b7 f7f1 bd87 4b85 455a 6988 a198"
    from_seq = 1200
    why = "the box was stolen"

``from_seq`` or ``from_date`` says from which record on; without either the key never counted.
A thief can write any date into a record, so a seq is the better point where it is known.
"""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from protocol.parts import Date, Digest, Seq, Text

FILE_BYTES_MAX = 1024 * 1024


class RevocationError(ValueError):
    """A revocation list that cannot be read: what, where, and what to do."""


class Revocation(Struct, frozen=True, kw_only=True):
    """One revoked key, named by its COSE Key Thumbprint, and from where on it does not count."""

    kid: Digest
    from_seq: Seq | None = None
    from_date: Date | None = None
    why: Text


class _Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fingerprint: str
    from_seq: Seq | None = None
    from_date: datetime.date | None = None
    why: Text


class _List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key: Annotated[tuple[_Row, ...], Meta(max_length=10_000)]


def read_revoked(path: Path) -> tuple[Revocation, ...]:
    """Read a revocation list; raises RevocationError naming the file, the key and the value."""
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
        if len(text) > FILE_BYTES_MAX:
            raise ValueError(f"longer than {FILE_BYTES_MAX} bytes")
        found = tomllib.loads(text.decode())
        rows = msgspec.convert(found, _List, builtin_types=(datetime.date,)).key
    except OSError as error:
        raise RevocationError(f"{path}: {error.strerror}; check the path") from error
    except ValueError as error:
        raise RevocationError(f"{path}: {error}; correct the list") from error
    return _distinct(path, [_revocation(path, number, row) for number, row in enumerate(rows, 1)])


def _revocation(path: Path, number: int, row: _Row) -> Revocation:
    place = f"{path}: key {number}"
    try:
        kid = bytes.fromhex(row.fingerprint)
    except ValueError as error:
        raise RevocationError(f"{place}: fingerprint is not hexadecimal; copy it whole") from error
    if len(kid) != 32:
        raise RevocationError(
            f"{place}: fingerprint has {2 * len(kid)} digits instead of 64; copy it whole"
        )
    if row.from_seq is not None and row.from_date is not None:
        raise RevocationError(f"{place}: from_seq and from_date; state one of them")
    date = None
    if row.from_date is not None:
        date = row.from_date.year * 10_000 + row.from_date.month * 100 + row.from_date.day
    return Revocation(kid=kid, from_seq=row.from_seq, from_date=date, why=row.why)


def _distinct(path: Path, found: list[Revocation]) -> tuple[Revocation, ...]:
    seen: dict[bytes, int] = {}
    for number, revocation in enumerate(found, 1):
        first = seen.setdefault(revocation.kid, number)
        if first != number:
            raise RevocationError(
                f"{path}: keys {first} and {number} are the same key; keep the earlier point"
            )
    return tuple(found)
