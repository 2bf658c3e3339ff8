"""Seals that are altered, or of another form: each stands in row 2 of 3."""

from __future__ import annotations

from collections.abc import Iterator

import cbor2

from protocol import seal
from protocol.keys import PrivateKey
from protocol.seal import ALG_EDDSA, CONTENT_TYPE, Sealed
from protocol.vectors.book import FIRST, Book, Expected, Vector

_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032, 5.1
_ROW = 2
_KID = cbor2.dumps(FIRST.public.kid)
_ALG = b"\x01" + cbor2.dumps(ALG_EDDSA)
_TYPE = b"\x03" + cbor2.dumps(CONTENT_TYPE)
_BY = b"\x04" + _KID


def envelopes() -> Iterator[Vector]:
    """Every vector whose fault lies in the envelope."""
    book = Book().passages(3)
    good = book.rows[_ROW - 1][1]
    yield from _flipped(book, good)
    yield from _signatures(book, good)
    yield from _messages(book, good)
    yield from _headers(book, good)


def _with(book: Book, name: str, title: str, row: bytes, code: str = "seal") -> Vector:
    found: Expected = (code, _ROW)
    rows = tuple((seq, row if seq == _ROW else kept) for seq, kept in book.rows)
    return Vector(name=name, title=title, rows=rows, findings=(found,))


def _flip(row: bytes, at: int) -> bytes:
    return row[:at] + bytes([row[at] ^ 1]) + row[at + 1 :]


def _flipped(book: Book, good: bytes) -> Iterator[Vector]:
    parts = seal.unseal(good)
    yield _with(
        book,
        "bit-payload",
        "one bit of the payload is flipped (gross weight)",
        _flip(good, good.index(parts.payload) + len(parts.payload) // 2),
        "signature",
    )
    yield _with(
        book, "bit-signature", "one bit of R is flipped", _flip(good, len(good) - 64), "signature"
    )
    yield _with(
        book, "bit-scalar", "one bit of S is flipped", _flip(good, len(good) - 32), "signature"
    )
    kid = good.index(FIRST.public.kid)
    yield _with(book, "bit-kid", "one bit of the key's name is flipped", _flip(good, kid), "key")
    text = good.index(CONTENT_TYPE.encode())
    yield _with(
        book, "bit-header", "one bit of the content type is flipped", _flip(good, text + 20)
    )
    yield _with(book, "bit-algorithm", "one bit of the algorithm is flipped", _flip(good, 6))


def _signatures(book: Book, good: bytes) -> Iterator[Vector]:
    scalar = int.from_bytes(good[-32:], "little") + _ORDER
    yield _with(
        book,
        "signature-not-reduced",
        "S + L in the place of S, which a lax verifier takes",
        good[:-32] + scalar.to_bytes(32, "little"),
        "signature",
    )
    yield _with(book, "signature-zero", "R and S are zero", good[:-64] + bytes(64), "signature")
    parts = seal.unseal(good)
    header = _protected(_ALG, _TYPE, _BY)
    yield _with(
        book,
        "signature-context",
        "signed as 'Signature' (COSE_Sign), not 'Signature1'",
        _message(header, parts.payload, context="Signature"),
        "signature",
    )
    yield _with(
        book,
        "signature-aad",
        "signed with external data that nobody else knows",
        _message(header, parts.payload, aad=b"lane 1"),
        "signature",
    )
    yield _with(
        book,
        "signature-payload-only",
        "the signature is of the payload alone",
        good[:-64] + FIRST.sign(parts.payload),
        "signature",
    )


def _messages(book: Book, good: bytes) -> Iterator[Vector]:
    parts = seal.unseal(good)
    length = cbor2.dumps(parts.payload)[: -len(parts.payload)]
    wide = b"\x5a" + len(parts.payload).to_bytes(4, "big")
    for name, title, row in (
        ("tag-missing", "no tag before the array", good[1:]),
        ("tag-sign", "tag 98 (COSE_Sign) instead of 18", b"\xd8\x62" + good[1:]),
        ("tag-longer", "tag 18 in two bytes", b"\xd8\x12" + good[1:]),
        ("tag-twice", "tag 55799 (self-described CBOR) before it", b"\xd9\xd9\xf7" + good),
        ("array-indefinite", "an array of indefinite length", b"\xd2\x9f" + good[2:] + b"\xff"),
        ("array-three", "an array of three, the signature cut off", b"\xd2\x83" + good[2:-66]),
        ("array-five", "an array of five", b"\xd2\x85" + good[2:] + b"\x40"),
        ("payload-longer", "the payload's length in four bytes", good.replace(length, wide, 1)),
        (
            "payload-chunks",
            "the payload as a string of indefinite length",
            good.replace(length + parts.payload, b"\x5f" + length + parts.payload + b"\xff"),
        ),
        ("payload-detached", "null in the place of the payload", _detached(parts)),
        ("payload-empty", "an empty payload, properly signed", _message(_HEADER, b"")),
        ("signature-short", "a signature of 63 bytes", good[:-65] + b"\x3f" + good[-64:-1]),
        ("trailing", "a byte behind the envelope", good + b"\x00"),
        ("truncated", "the last byte is cut off", good[:-1]),
        ("empty", "no bytes at all", b""),
    ):
        yield _with(book, f"envelope-{name}", title, row)


def _headers(book: Book, good: bytes) -> Iterator[Vector]:
    payload = seal.unseal(good).payload
    other = b"\x03" + cbor2.dumps("application/cbor")
    note = b"\x18\x63" + cbor2.dumps("note")
    for name, title, header in (
        ("algorithm-es256", "algorithm ES256 is claimed", _protected(b"\x01\x26", _TYPE, _BY)),
        ("algorithm-19", "algorithm -19 (RFC 9864)", _protected(b"\x01\x32", _TYPE, _BY)),
        ("algorithm-missing", "no algorithm", _protected(_TYPE, _BY)),
        ("content-type-other", "another content type", _protected(_ALG, other, _BY)),
        ("content-type-missing", "no content type", _protected(_ALG, _BY)),
        ("kid-missing", "no key is named", _protected(_ALG, _TYPE)),
        ("kid-short", "31 bytes of the key's name", _protected(_ALG, _TYPE, _short_kid())),
        ("extra", "one header more", _protected(_ALG, _TYPE, _BY, note)),
        ("duplicate", "the algorithm twice", _protected(_ALG, _ALG, _TYPE, _BY)),
        ("unsorted", "the headers in another order", _protected(_TYPE, _ALG, _BY)),
        ("longer", "label 1 in two bytes", _protected(b"\x18" + _ALG, _TYPE, _BY)),
        ("empty", "an empty protected header", b""),
    ):
        yield _with(book, f"header-{name}", title, _message(header, payload))
    yield _with(
        book,
        "header-unprotected",
        "a header outside the signature",
        _message(_HEADER, payload, unprotected=b"\xa1" + note),
    )
    yield _with(
        book,
        "header-kid-unprotected",
        "the key is named outside the signature only",
        _message(_protected(_ALG, _TYPE), payload, unprotected=b"\xa1" + _BY),
    )


def _short_kid() -> bytes:
    return b"\x04" + cbor2.dumps(FIRST.public.kid[:31])


def _protected(*members: bytes) -> bytes:
    return bytes([0xA0 + len(members)]) + b"".join(members)


_HEADER = _protected(_ALG, _TYPE, _BY)


def _message(
    header: bytes,
    payload: bytes,
    *,
    unprotected: bytes = b"\xa0",
    context: str = "Signature1",
    aad: bytes = b"",
    key: PrivateKey = FIRST,
) -> bytes:
    """An envelope of any form, signed as that form asks."""
    signature = key.sign(cbor2.dumps([context, header, aad, payload]))
    parts = (cbor2.dumps(header), unprotected, cbor2.dumps(payload), cbor2.dumps(signature))
    return b"\xd2\x84" + b"".join(parts)


def _detached(parts: Sealed) -> bytes:
    tail = b"\xf6" + cbor2.dumps(parts.signature)
    return b"\xd2\x84" + cbor2.dumps(_HEADER) + b"\xa0" + tail
