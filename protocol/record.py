"""One record: what a passage, a release, an amendment, a void, a moved boom or a service leaves.

``encode`` and ``decode`` are each other's inverse on exactly one encoding (``protocol/cbor.py``).
``record.cddl`` states the same form for readers who do not use this program.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from protocol import cbor, custody, parts
from protocol.fields import FIELDS, Field
from protocol.frames import FramesError, is_frames, unpack_frames
from protocol.parts import (
    Code,
    Digest,
    Direction,
    Kind,
    Number,
    Outcome,
    Permit,
    Seq,
    Text,
    Time,
)

SCHEMA = 1

Json: TypeAlias = "int | str | bool | list[Json] | dict[str, Json] | None"


class RecordError(ValueError):
    """A record that may not be written, or bytes that are not a record."""


class Record(Struct, frozen=True, kw_only=True):
    """One record, whole.  ``seq`` 0 and an empty ``prev_hash`` mean: not yet in a ledger.

    ``(passage_id, part)`` names a record for ever, and a second part refers to an earlier record
    without altering it; the ledger's own records have neither.  Masses in grams, see
    ``protocol/parts.py`` for the other units.
    """

    schema: Annotated[int, Meta(ge=1)] = SCHEMA
    kind: Kind
    seq: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    prev_hash: Annotated[bytes, Meta(max_length=32)] = b""
    site: Code
    lane: Code
    passage_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    part: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    refers_to: Seq | None = None
    direction: Direction | None = None
    times: parts.Times
    plate: Code | None = None
    plates: Annotated[tuple[parts.Plate, ...], Meta(max_length=64)] = ()
    axles: parts.Axles | None = None
    vehicle: parts.Vehicle | None = None
    weighing: parts.Weighing | None = None
    verdicts: parts.Verdicts | None = None
    decision: parts.Decision | None = None
    permit: Permit = Permit.NONE
    reweigh: parts.Reweigh | None = None
    person: parts.Person | None = None
    amendment: parts.Amendment | None = None
    void: Text | None = None
    move: parts.Move | None = None
    scale: parts.Scale | None = None
    curve: parts.Curve | None = None
    images: Annotated[tuple[parts.Image, ...], Meta(max_length=64)] = ()
    phases: Annotated[tuple[tuple[Code, Time], ...], Meta(max_length=1000)] = ()
    flags: Annotated[tuple[Code, ...], Meta(max_length=64)] = ()
    software: Code | None = None
    config_hash: Digest | None = None
    unit_code: Code | None = None
    device_sn: Code | None = None
    degraded: parts.Degraded | None = None
    service: parts.Servicing | None = None
    identification: parts.Identification | None = None
    code: Number | None = None
    usability: custody.Usability | None = None
    media: Annotated[tuple[custody.Media, ...], Meta(max_length=64)] = ()
    clips: Annotated[tuple[custody.Clip, ...], Meta(max_length=16)] = ()
    cargo: parts.Cargo | None = None
    tables: Annotated[tuple[custody.RuleTable, ...], Meta(max_length=16)] = ()
    key: custody.KeyChange | None = None
    manifest: custody.Manifest | None = None
    retention: custody.Retention | None = None
    recovery: custody.Recovery | None = None


_NEEDS: dict[Kind, tuple[str, ...]] = {
    Kind.PASSAGE: ("decision",),
    Kind.RELEASE: ("person", "decision"),
    Kind.AMENDMENT: ("refers_to",),
    Kind.VOID: ("void",),
    Kind.MANUAL_MOVE: ("move",),
    Kind.SERVICE: ("service", "person"),
    Kind.KEY: ("key",),
    Kind.MANIFEST: ("manifest",),
    Kind.RETENTION: ("retention",),
    Kind.RECOVERY: ("recovery",),
}
LEDGER_KINDS = frozenset({Kind.KEY, Kind.MANIFEST, Kind.RETENTION, Kind.RECOVERY})
"""The kinds that a ledger writes by itself; they belong to no passage."""


def encode(record: Record) -> bytes:
    """Encode a record as deterministic CBOR; raises RecordError naming the field that is wrong.

    What was written is read back at once: nothing may enter a ledger that cannot be read again.
    """
    wire = _to_wire(record)
    try:
        body = cbor.encode(wire)
        # These bytes are the one encoding of the wire by their making; ``decode`` has to find out.
        again = cbor.load(body)
    except cbor.CborError as error:
        raise RecordError(str(error)) from error
    if again != wire or _of_wire(again) != record:
        raise RecordError("the record does not read back as it was written")
    return body


def decode(body: bytes) -> Record:
    """Decode and check a record; raises RecordError for anything but an encoding by ``encode``."""
    try:
        wire = cbor.decode(body)
    except cbor.CborError as error:
        raise RecordError(str(error)) from error
    record = _of_wire(wire)
    if _to_wire(record) != wire:
        raise RecordError("an absent value is written as null, an empty list or a default")
    return record


def _of_wire(wire: cbor.Value) -> Record:
    """The record of a decoded wire, checked; only its form is not."""
    _check_schema(wire)
    try:
        record = msgspec.convert(_from_wire(wire, "Record"), Record, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise RecordError(str(error)) from error
    _check_contents(record)
    return record


def to_json(record: Record, *, chinese: bool = False) -> dict[str, Json]:
    """The readable view: names for keys, hexadecimal for bytes, lower-case words for kinds.

    With ``chinese`` the keys are the official field names (中文名称) of ``protocol/fields.py``.
    """
    return _view(record, chinese)


def _check_schema(wire: cbor.Value) -> None:
    if not isinstance(wire, dict) or type(wire.get(1)) is not int:
        raise RecordError("not a record: a map with the schema version under key 1 is expected")
    schema = wire[1]
    if isinstance(schema, int) and schema > SCHEMA:
        raise RecordError(
            f"record schema {schema} is newer than {SCHEMA}, the newest this program reads; "
            "use a newer program"
        )


def _check_contents(record: Record) -> None:
    """Refuse what the types alone allow; each message names the field."""
    for name in _NEEDS[record.kind]:
        if getattr(record, name) is None:
            raise RecordError(f"a {record.kind.name} record needs {name!r}")
    own = record.kind in LEDGER_KINDS
    if own != (record.passage_id == 0) or (own and record.part != 0):
        raise RecordError(
            "a record of a passage has its passage_id; one of the ledger's own has 0 and part 0"
        )
    if len(record.prev_hash) != (32 if record.seq else 0):
        raise RecordError("prev_hash has 32 bytes once the record has a seq, and none before")
    if record.seq and record.refers_to is not None and record.refers_to >= record.seq:
        raise RecordError(f"refers_to {record.refers_to} is not earlier than seq {record.seq}")
    chain = record.reweigh
    if record.seq and chain and not chain.first_seq <= chain.previous_seq < record.seq:
        raise RecordError("reweigh must name earlier records, first_seq before previous_seq")
    _check_weight(record)
    _check_degraded(record)
    _check_usability(record)


def _check_degraded(record: Record) -> None:
    """Without evidence there is no weighing, no verdict, and no way out but a person's."""
    found = record.degraded
    if found is None:
        return
    for name in ("weighing", "verdicts"):
        if getattr(record, name) is not None:
            raise RecordError(f"degraded is never evidence: leave out {name!r} beside it")
    if (found.weight_g is None) == (found.reason is None):
        raise RecordError("degraded needs a weight_g, or a reason why there is none")
    decided = record.decision is not None and record.decision.outcome is not Outcome.HOLD
    if record.person is None and (decided or record.permit is not Permit.NONE):
        raise RecordError("degraded decides nothing: a release or return needs 'person'")


def _check_usability(record: Record) -> None:
    found = record.usability
    if found is not None and found.usable == bool(found.objections):
        raise RecordError("usability is usable without objections, or not usable with their reason")


def _check_weight(record: Record) -> None:
    curve = record.curve
    if curve is not None:
        if len(curve.t_us) != len(curve.g):
            raise RecordError(f"curve has {len(curve.t_us)} times and {len(curve.g)} masses")
        if curve.sha256 != parts.Curve.digest(curve.t_us, curve.g):
            raise RecordError("curve.sha256 does not belong to the curve")
    weighing = record.weighing
    if weighing is not None and weighing.raw is not None and is_frames(weighing.raw):
        _check_frames(weighing, weighing.raw)
    if weighing and weighing.purpose is parts.Purpose.TARE and weighing.indicated_g is None:
        raise RecordError("a tare weighing needs weighing.indicated_g")


def _check_frames(weighing: parts.Weighing, raw: bytes) -> None:
    """An indicator's weight is one that it has shown (I5), not one computed from its frames."""
    try:
        frames = unpack_frames(raw)
    except FramesError as error:
        raise RecordError(f"weighing.raw: {error}") from error
    if all(frame.gross_g != weighing.gross_g for frame in frames):
        raise RecordError(f"weighing.raw: no frame shows gross_g, {weighing.gross_g} g")


def _to_wire(value: Struct) -> dict[int, cbor.Value]:
    """Map a struct to integer keys; None and empty lists are left out, so one form remains."""
    wire: dict[int, cbor.Value] = {}
    for key, name in _NAMED[type(value).__name__]:
        item = getattr(value, name)
        if item is not None and item != ():
            wire[key] = item if type(item) in _AS_IT_IS else _wire_item(item)
    return wire


def _wire_item(item: object) -> cbor.Value:
    if isinstance(item, Struct):
        return _to_wire(item)
    if isinstance(item, tuple):
        plain = {type(element) for element in item} <= _AS_IT_IS
        return list(item) if plain else [_wire_item(element) for element in item]
    if isinstance(item, str):
        return str(item)
    return int(item) if isinstance(item, int) else item  # type: ignore[return-value]  # cbor.encode refuses what is not a Value


def _from_wire(wire: cbor.Value, name: str) -> dict[str, object]:
    """Map integer keys to names; the types are checked afterwards, all at once."""
    if not isinstance(wire, dict):
        raise RecordError(f"{name}: a map is expected")
    fields = _BY_KEY[name]
    if not wire.keys() <= fields.keys():
        unknown = min(wire.keys() - fields.keys())
        raise RecordError(f"{name} has no key {unknown} in schema {SCHEMA}")
    return {fields[key].name: _named(item, fields[key].of) for key, item in wire.items()}


def _named(item: cbor.Value, of: str) -> object:
    if not of:
        return item
    if isinstance(item, list):
        return [_from_wire(element, of) for element in item]
    return _from_wire(item, of)


def _view(value: Struct, chinese: bool) -> dict[str, Json]:
    view: dict[str, Json] = {}
    for field in FIELDS[type(value).__name__]:
        item = getattr(value, field.name)
        if item is not None and item != ():
            view[field.chinese if chinese else field.name] = _view_item(item, chinese)
    return view


def _view_item(item: object, chinese: bool) -> Json:
    if isinstance(item, Struct):
        return _view(item, chinese)
    if isinstance(item, tuple):
        return [_view_item(element, chinese) for element in item]
    if isinstance(item, bytes):
        return item.hex()
    if isinstance(item, Kind):
        return item.name.lower()
    assert isinstance(item, bool | int | str), f"{type(item).__name__} is no part of a record"
    return item if isinstance(item, bool | int) else str(item)


_AS_IT_IS = frozenset({str, int, bool, bytes})
_NAMED = {
    name: tuple((field.key, field.name) for field in fields) for name, fields in FIELDS.items()
}
_BY_KEY: dict[str, dict[int, Field]] = {
    name: {field.key: field for field in fields} for name, fields in FIELDS.items()
}
