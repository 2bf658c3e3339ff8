"""The evidence bundle: one file with everything about one passage, checked without the ledger.

An archive of one form (``protocol/archive.py``), so equal bundles are equal files.  Every entry but
the index, the README and the public keys is sealed, or named by its digest in something sealed; the
index can be made anew from the others, and is compared.

    README.txt            how to check it without this program
    bundle.json           what is in it; Merkle paths; faults that were known when it was made
    lane.pub              the key that the ledger began its seals with
    record.cose .json     the first record of the passage, sealed and as text
    records/N.cose .json  later ones about it, its tare, its chain, KEY, MANIFEST, RETENTION records
    keys/N.pub            the key that KEY record N handed over to
    media/…               the files that the records name
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from protocol import archive, keys
from protocol.archive import ARCHIVE_BYTES_MAX, ArchiveError
from protocol.chain import Finding
from protocol.envelope import is_sealed, opened
from protocol.keys import PublicKey
from protocol.parts import Kind
from protocol.readme import readme
from protocol.record import Record, RecordError, to_json

FORMAT = "steelyard evidence bundle"
VERSION = 1
INDEX, README, FIRST_KEY = "bundle.json", "README.txt", "lane.pub"

_RECORD = re.compile(r"(?:record|records/(\d{1,19}))\.(cose|cbor)")


class BundleError(ValueError):
    """A file that is no bundle, or a passage that cannot become one: what, where, what to do."""


class Proof(Struct, frozen=True, kw_only=True):
    """That a record is one of those of a manifest (RFC 9162, 2.1.3); hashes in hexadecimal."""

    record: int
    manifest: int
    index: int
    count: int
    path: tuple[str, ...]


class Fault(Struct, frozen=True, kw_only=True):
    """A finding of the ledger's check when the bundle was made."""

    code: str
    record: int | None
    message: str


class Bundle(Struct, frozen=True, kw_only=True):
    """One passage with its evidence; ``bodies`` are sealed records by seq, ``media`` by file name.

    ``first_key`` is what the source says of itself; nothing inside can vouch for it.  ``faults``
    are findings about this passage, ``elsewhere`` those about other records of its ledger.
    """

    site: str
    lane: str
    seq: int
    first_key: PublicKey
    bodies: dict[int, bytes]
    media: dict[str, bytes]
    proofs: tuple[Proof, ...] = ()
    faults: tuple[Fault, ...] = ()
    elsewhere: tuple[Fault, ...] = ()

    @property
    def records(self) -> dict[int, Record]:
        """Those that can be read, their seals not asked for."""
        found = ((seq, record_of(body)) for seq, body in sorted(self.bodies.items()))
        return {seq: record for seq, record in found if record is not None}


class Opened(Struct, frozen=True):
    """A bundle as it was read: what is in it, and what is wrong with the file itself."""

    bundle: Bundle
    findings: tuple[Finding, ...]


def pack(bundle: Bundle) -> bytes:
    """The file of a bundle; raises BundleError where it would be too large."""
    try:
        return archive.pack(_with_index(bundle, _entries(bundle)))
    except ArchiveError as error:
        raise BundleError(f"record {bundle.seq}: {error}; leave the chain out") from error


def read_bundle(path: Path) -> Opened:
    """Read a bundle file; raises BundleError for anything that is not one."""
    try:
        with path.open("rb") as file:
            data = file.read(ARCHIVE_BYTES_MAX + 1)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}; check the path") from error
    try:
        return unpack(data)
    except (ArchiveError, BundleError) as error:
        raise BundleError(
            f"{path}: not a whole evidence bundle: {error}; get the file anew, just as "
            "`steelyard export` wrote it"
        ) from error


def unpack(data: bytes) -> Opened:
    """Take a bundle apart; raises BundleError or ArchiveError.  Nothing in it is proven yet."""
    entries, damaged = archive.unpack(data)
    index = _index_of(entries)
    bundle = Bundle(
        site=index["site"],
        lane=index["lane"],
        seq=index["record"],
        first_key=_first_key(entries),
        bodies=_bodies(entries, index["record"]),
        media={_base(name): body for name, body in entries.items() if name.startswith("media/")},
        proofs=_parts(index, "proofs", Proof),
        faults=_parts(index, "faults", Fault),
        elsewhere=_parts(index, "elsewhere", Fault),
    )
    if bundle.seq not in bundle.bodies:
        raise BundleError("record.cose is missing")
    return Opened(bundle, (*_damage(damaged), *_differences(bundle, entries)))


def record_of(body: bytes) -> Record | None:
    """The record in an envelope, its seal not asked for; None where it cannot be read."""
    try:
        return opened(body)
    except RecordError:
        return None


def _entries(bundle: Bundle) -> dict[str, bytes]:
    """Everything but the index, by its name in the archive."""
    found = {f"media/{name}": data for name, data in bundle.media.items()}
    found[FIRST_KEY] = keys.public_pem(bundle.first_key)
    for seq, body in bundle.bodies.items():
        stem = "record" if seq == bundle.seq else f"records/{seq:010d}"
        found[f"{stem}.{'cose' if is_sealed(body) else 'cbor'}"] = body
        record = record_of(body)
        if record is None:
            continue
        found[f"{stem}.json"] = _json(to_json(record))
        if record.kind is Kind.KEY and record.key is not None:
            found[f"keys/{seq:010d}.pub"] = _next_key(record.key.x)
    found[README] = readme(bundle.site, bundle.lane, bundle.seq)
    return found


def _next_key(x: bytes) -> bytes:
    try:
        return keys.public_pem(PublicKey(x))
    except ValueError as error:
        return f"not a usable key: {error}\n".encode()


def _with_index(bundle: Bundle, entries: Mapping[str, bytes]) -> dict[str, bytes]:
    index = {
        "format": FORMAT,
        "version": VERSION,
        "site": bundle.site,
        "lane": bundle.lane,
        "record": bundle.seq,
        "records": [_row(seq, body) for seq, body in sorted(bundle.bodies.items())],
        "files": [
            {"name": name, "bytes": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in sorted(entries.items())
        ],
        "proofs": msgspec.to_builtins(bundle.proofs),
        "faults": msgspec.to_builtins(bundle.faults),
        "elsewhere": msgspec.to_builtins(bundle.elsewhere),
    }
    return {**entries, INDEX: _json(index)}


def _row(seq: int, body: bytes) -> dict[str, Any]:
    record = record_of(body)
    kind = record.kind.name.lower() if record is not None else None
    return {"seq": seq, "kind": kind, "sha256": sha256(body).hexdigest()}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _index_of(entries: Mapping[str, bytes]) -> dict[str, Any]:
    data = entries.get(INDEX)
    if data is None:
        raise BundleError(f"there is no {INDEX} in it")
    try:
        index = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{INDEX} cannot be read: {error}") from error
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise BundleError(f"{INDEX} does not say {FORMAT!r}")
    version = index.get("version")
    if type(version) is not int or version > VERSION:
        raise BundleError(f"version {version!r} is newer than {VERSION}; use a newer program")
    wanted = {"site": str, "lane": str, "record": int}
    for name, kind in wanted.items():
        if type(index.get(name)) is not kind:
            raise BundleError(f"{INDEX}: {name} is missing")
    return index


def _parts(index: Mapping[str, Any], name: str, kind: type[Any]) -> tuple[Any, ...]:
    try:
        return tuple(msgspec.convert(index.get(name), list[kind]))  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise BundleError(f"{INDEX}: {name}: {error}") from error


def _first_key(entries: Mapping[str, bytes]) -> PublicKey:
    try:
        return keys.parse_public(entries.get(FIRST_KEY, b""))
    except ValueError as error:
        raise BundleError(f"{FIRST_KEY}: {error}") from error


def _bodies(entries: Mapping[str, bytes], head: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for name, body in entries.items():
        match = _RECORD.fullmatch(name)
        if match is None:
            continue
        seq = int(match[1]) if match[1] else head
        if seq in found:
            raise BundleError(f"record {seq} stands in it twice")
        found[seq] = body
    return found


def _base(name: str) -> str:
    return name.partition("/")[2]


def _damage(names: tuple[str, ...]) -> list[Finding]:
    """What the archive's own checksums and form say."""
    frame = "the frame of the file was altered: it is not as `steelyard export` wrote it"
    return [
        Finding(
            code="damaged",
            seq=None,
            message=f"{name}: its bytes are not those that were packed" if name else frame,
        )
        for name in names
    ]


def _differences(bundle: Bundle, entries: Mapping[str, bytes]) -> list[Finding]:
    """Entries that are not what the sealed ones make of them: readable views, keys, index."""
    due = _with_index(bundle, _entries(bundle))
    wrong = [_difference(name, due, entries) for name in sorted(due.keys() | entries.keys())]
    return [
        Finding(code="file", seq=_seq_of(name, bundle.seq), message=f"{name}: {what}")
        for name, what in zip(sorted(due.keys() | entries.keys()), wrong, strict=True)
        if what
    ]


def _difference(name: str, due: Mapping[str, bytes], entries: Mapping[str, bytes]) -> str:
    if name not in entries:
        return "is missing"
    if name not in due:
        return "belongs to no bundle"
    if entries[name] == due[name]:
        return ""
    if name == INDEX:
        return "does not list what is in the bundle"
    return "is not what the sealed record says"


def _seq_of(name: str, head: int) -> int | None:
    stem = name.rpartition("/")[2].partition(".")[0]
    if stem == "record":
        return head
    return int(stem) if stem.isdecimal() and len(stem) < 20 else None
