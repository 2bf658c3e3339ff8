"""Manifests that somebody else has kept, held against a ledger or a bundle.

A ledger cut short, or written anew by the owner of its key, is sound in itself; a list of one of
its days from before contradicts it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from protocol import cbor, errors, store
from protocol.bundle import Bundle
from protocol.chain import Finding
from protocol.custody import Manifest
from protocol.envelope import is_sealed, opened
from protocol.parts import Kind
from protocol.record import RecordError
from protocol.seal import OVERHEAD_BYTES_MAX

FILE_BYTES_MAX = cbor.BYTES_MAX + OVERHEAD_BYTES_MAX


class OutsideError(ValueError):
    """A file that is no sealed manifest: what, where, and what to do."""


class Kept(Struct, frozen=True):
    """A manifest kept outside: its file's name, its bytes, whose it is, and what it states."""

    name: str
    body: bytes
    owner: tuple[str, str]
    seq: int
    manifest: Manifest


def read_kept(path: Path) -> Kept:
    """Read a sealed manifest, as the folder ``manifests`` of a ledger has them."""
    try:
        with path.open("rb") as file:
            body = file.read(FILE_BYTES_MAX + 1)
        record = opened(body)
    except OSError as error:
        raise OutsideError(f"{path}: {error.strerror or error}; check the path") from error
    except RecordError as error:
        raise OutsideError(f"{path}: not a sealed manifest: {error}; {_REMEDY}") from error
    if record.kind is not Kind.MANIFEST or record.manifest is None or not is_sealed(body):
        raise OutsideError(f"{path}: a sealed record, but no manifest; {_REMEDY}")
    return Kept(path.name, body, (record.site, record.lane), record.seq, record.manifest)


_REMEDY = "name a .cose file of a folder manifests"


def against_ledger(path: Path, kept: Sequence[Kept]) -> list[Finding]:
    """What these manifests say against a ledger; raises LedgerError where it cannot be read."""
    if not kept:
        return []
    try:
        with closing(store.connect_reader(path)) as db:
            owner = db.execute("SELECT site, lane FROM identity").fetchone()
            last = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()[0]
            return [
                finding for one in kept for finding in _against(one, owner, _row(db, one.seq), last)
            ]
    except sqlite3.Error as error:
        raise errors.from_sqlite(error, path) from error


def _row(db: sqlite3.Connection, seq: int) -> bytes | None:
    row = db.execute("SELECT body FROM record WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else bytes(row[0] if isinstance(row[0], bytes) else b"")


def _against(
    one: Kept, owner: tuple[str, str] | None, row: bytes | None, last: int
) -> Iterator[Finding]:
    if owner is None or one.owner != tuple(owner):
        said = f"{one.name} is of {one.owner[0]} lane {one.owner[1]}, not of this ledger"
        yield Finding(code="lane", seq=None, message=said)
    elif row is None:
        said = f"{one.name} stands as record {one.seq}; this ledger ends at {last}: it was cut off"
        yield Finding(code="manifest", seq=one.seq, message=said)
    elif row != one.body:
        said = f"{one.name} was kept as record {one.seq}; here another stands: written anew"
        yield Finding(code="manifest", seq=one.seq, message=said)


def against_bundle(bundle: Bundle, kept: Sequence[Kept]) -> tuple[list[Finding], list[str]]:
    """What these manifests say against a bundle, and which of them say nothing about it."""
    findings, notes = [], []
    covering = {proof.manifest for proof in bundle.proofs if proof.record == bundle.seq}
    for one in kept:
        if one.owner != (bundle.site, bundle.lane):
            said = f"{one.name} is of {one.owner[0]} lane {one.owner[1]}, not of this bundle's"
            findings.append(Finding(code="lane", seq=None, message=said))
        elif one.seq in bundle.bodies and bundle.bodies[one.seq] != one.body:
            said = f"{one.name} was kept as record {one.seq}; another stands in the bundle"
            findings.append(Finding(code="manifest", seq=one.seq, message=said))
        elif not one.manifest.first <= bundle.seq <= one.manifest.last:
            notes.append(f"{one.name} is of other records ({_span(one.manifest)})")
        elif one.seq not in covering:
            said = f"{one.name} covers record {bundle.seq}, but the bundle has no path to it"
            findings.append(Finding(code="manifest", seq=bundle.seq, message=said))
    return findings, notes


def _span(manifest: Manifest) -> str:
    return f"{manifest.first} to {manifest.last}"
