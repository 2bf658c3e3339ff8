"""Payloads that the lane's own key sealed, but that are no record: each stands in row 2 of 3."""

from __future__ import annotations

from collections.abc import Iterator

from protocol import cbor
from protocol.record import Record, encode
from protocol.seal import seal
from protocol.vectors.book import Book, Vector

Members = list[tuple[bytes, bytes]]


def payloads() -> Iterator[Vector]:
    """Every vector whose fault lies in the payload."""
    for name, title, payload in (*_encodings(_record()), *_contents(_record())):
        book = Book().passages(1)
        book.append(seal(payload, book.key))
        book.passages(1)
        yield book.done(f"payload-{name}", title, ("undecodable", 2))


def _record() -> Record:
    book = Book().passages(1)
    return book.stamped(book.draft())


def _members(record: Record) -> Members:
    wire = cbor.decode(encode(record))
    assert isinstance(wire, dict)
    return [(cbor.encode(key), cbor.encode(value)) for key, value in wire.items()]


def _map(members: Members) -> bytes:
    assert len(members) < 24
    return bytes([0xA0 + len(members)]) + b"".join(key + value for key, value in members)


def _changed(members: Members, key: int, value: bytes) -> bytes:
    """The map with another value under one key, in its place."""
    name = cbor.encode(key)
    kept = [member for member in members if member[0] != name]
    return _map(sorted([*kept, (name, value)]))


def _encodings(record: Record) -> Iterator[tuple[str, str, bytes]]:
    members, good = _members(record), encode(record)
    part = cbor.encode(8)
    yield "duplicate-key", "one key twice, with two values", _map([*members, members[-1]])
    yield (
        "duplicate-weight",
        "the weighing twice: which one a reader sees depends on the reader",
        _map([*members[:-1], (cbor.encode(16), b"\xa2\x01\x18\x64\x03\x65gross"), members[-1]]),
    )
    yield "unsorted", "two keys in the other order", _map([members[1], members[0], *members[2:]])
    yield "number-longer", "a small number in two bytes", _changed(members, 8, b"\x18\x01")
    yield (
        "key-longer",
        "a small key in two bytes",
        _map([(b"\x18" + key if key == part else key, value) for key, value in members]),
    )
    yield (
        "text-indefinite",
        "a text of indefinite length",
        _changed(members, 6, b"\x7f\x611\xff"),
    )
    yield "map-indefinite", "a map of indefinite length", b"\xbf" + good[1:] + b"\xff"
    yield "float", "a floating-point number", _changed(members, 8, b"\xf9\x3c\x00")
    yield "tag", "a tagged value", _changed(members, 6, b"\xc0\x611")
    yield "bignum", "a number as a bignum", _changed(members, 8, b"\xc2\x41\x01")
    yield "undefined", "undefined in the place of a value", _changed(members, 12, b"\xf7")
    yield "text-invalid", "a text that is not UTF-8", _changed(members, 12, b"\x61\xff")
    yield "trailing", "a byte behind the map", good + b"\x00"
    yield "truncated", "the last byte is cut off", good[:-1]


def _contents(record: Record) -> Iterator[tuple[str, str, bytes]]:
    members = _members(record)
    yield "not-a-map", "a list in the place of the map", b"\x81" + encode(record)
    yield "schema-newer", "schema 2", _changed(members, 1, b"\x02")
    yield "schema-missing", "no schema", _map(members[1:])
    yield "kind-unknown", "kind 99", _changed(members, 2, b"\x18\x63")
    yield "key-unknown", "a key that schema 1 does not have", _changed(members, 99, b"\x01")
    yield "type-wrong", "a text in the place of a number", _changed(members, 7, b"\x612")
    yield "hash-short", "a prev_hash of 31 bytes", _changed(members, 4, b"\x58\x1f" + bytes(31))
    yield "null", "an absent value written as null", _changed(members, 20, b"\xf6")
    yield "list-empty", "an absent value written as an empty list", _changed(members, 13, b"\x80")
    undecided = [member for member in members if member[0] != cbor.encode(18)]
    yield "decision-missing", "a passage without a decision", _map(undecided)
    yield "refers-later", "it refers to a later record", _changed(members, 9, b"\x03")
    yield "passage-none", "a passage without a passage_id", _changed(members, 7, b"\x00")
