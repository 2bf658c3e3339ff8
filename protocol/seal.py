"""The seal of a record: COSE_Sign1 with Ed25519, in exactly one form.

Every byte of an envelope but the key's name, the payload and the signature is fixed, so that a
sealed record has one encoding only; whatever deviates is refused with the deviation named.
Source: RFC 9052 §4.2 (COSE_Sign1), §4.4 (Sig_structure), RFC 9053 §2.2 (EdDSA), RFC 8949 §4.2.1.
"""

from __future__ import annotations

import cbor2
from msgspec import Struct

from protocol import cbor
from protocol.keys import PrivateKey, PublicKey

CONTENT_TYPE = "application/vnd.steelyard.record+cbor"
ALG_EDDSA = -8
TAG_SIGN1 = 18
SIGNATURE_BYTES = 64

_KID_BYTES = 32
# The protected header {1: -8, 3: CONTENT_TYPE, 4: kid} up to its last 32 bytes, which are the kid.
_HEADER = b"\xa3\x01\x27\x03" + cbor2.dumps(CONTENT_TYPE) + b"\x04\x58\x20"
_HEADER_BYTES = len(_HEADER) + _KID_BYTES
# Tag 18, array of four, the protected header as bytes; behind it the empty unprotected header.
_START = b"\xd2\x84\x58" + bytes([_HEADER_BYTES]) + _HEADER
_MIDDLE = b"\xa0"
BODY_START = len(_START) + _KID_BYTES + len(_MIDDLE)
"""Where the payload begins, with its own length, in every envelope."""
_SIGNATURE = b"\x58\x40"
OVERHEAD_BYTES_MAX = BODY_START + 5 + len(_SIGNATURE) + SIGNATURE_BYTES


class SealError(ValueError):
    """An envelope that is not a seal of this form; ``code`` is that of its finding."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(code, message)

    def __str__(self) -> str:
        _, message = self.args
        return str(message)


class Sealed(Struct, frozen=True):
    """What an envelope holds; nothing in it is proven until the signature is checked."""

    payload: bytes
    kid: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The Sig_structure, which is what the signature stands for (RFC 9052 §4.4)."""
        return sig_structure(_HEADER + self.kid, self.payload)


def seal(payload: bytes, key: PrivateKey) -> bytes:
    """Seal ``payload``; the same payload and key always give the same bytes."""
    if not 0 < len(payload) <= cbor.BYTES_MAX:
        raise ValueError(f"a payload has 1 to {cbor.BYTES_MAX} bytes, this one {len(payload)}")
    kid = key.public.kid
    signature = key.sign(sig_structure(_HEADER + kid, payload))
    return _envelope(Sealed(payload, kid, signature))


def unseal(sealed: bytes) -> Sealed:
    """Take an envelope apart without asking who sealed it.

    Raises SealError: code ``unsealed`` for a bare record (a ledger of schema 1), else ``seal``.
    """
    if len(sealed) > cbor.BYTES_MAX + OVERHEAD_BYTES_MAX:
        raise SealError("seal", f"{len(sealed)} bytes are too many for a sealed record")
    parts = _take_apart(sealed)
    if parts is None:
        raise _explained(sealed)
    return parts


def check(sealed: bytes, key: PublicKey) -> Sealed:
    """Take an envelope apart and prove that ``key`` sealed it.

    Raises SealError with the code ``unsealed``, ``seal``, ``key`` or ``signature``.
    """
    parts = unseal(sealed)
    if parts.kid != key.kid:
        raise SealError("key", f"sealed with another key, {parts.kid.hex()}")
    if not key.verify(parts.signature, parts.signed):
        raise SealError("signature", "the signature does not belong to these bytes")
    return parts


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """What a COSE_Sign1 signature is made of; ``protected`` is the encoded header."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _envelope(parts: Sealed) -> bytes:
    return b"".join(
        (_START, parts.kid, _MIDDLE, cbor2.dumps(parts.payload), _SIGNATURE, parts.signature)
    )


def _take_apart(sealed: bytes) -> Sealed | None:
    """Cut at the fixed places, put together again, and compare: one form, no second parser."""
    head = _head_bytes(sealed[BODY_START : BODY_START + 1])
    end = len(sealed) - len(_SIGNATURE) - SIGNATURE_BYTES
    if head == 0 or end <= BODY_START + head:
        return None
    parts = Sealed(
        payload=sealed[BODY_START + head : end],
        kid=sealed[len(_START) : BODY_START - len(_MIDDLE)],
        signature=sealed[end + len(_SIGNATURE) :],
    )
    return parts if _envelope(parts) == sealed else None


def _head_bytes(first: bytes) -> int:
    """How many bytes the head of a byte string has (RFC 8949 §3.1), 0 if it is none."""
    if not first or not 0x40 <= first[0] <= 0x5A:
        return 0
    return {0x58: 2, 0x59: 3, 0x5A: 5}.get(first[0], 1)


def _explained(sealed: bytes) -> SealError:
    """Say why an envelope is refused; that it is refused is decided already."""
    if sealed and 0xA0 <= sealed[0] <= 0xBF:
        return SealError("unsealed", "a bare record without a seal")
    if sealed.startswith(_START) and sealed[BODY_START - 1 : BODY_START] not in (b"", _MIDDLE):
        return SealError("seal", "headers stand outside the signature, where anyone can write")
    try:
        # Strict, for a map of numbers that were chosen to collide would take hours to read.
        message = cbor2.loads(sealed, max_depth=cbor.DEPTH_MAX, strict_hashable_types=True)
        return SealError("seal", _deviation(message))
    except (cbor2.CBORError, ValueError, OverflowError, TypeError) as error:
        return SealError("seal", f"not a COSE_Sign1 message: {error}")


def _deviation(message: object) -> str:  # noqa: PLR0911  (one deviation, one line)
    if not isinstance(message, cbor2.CBORTag):
        return "no COSE_Sign1: it begins without tag 18"
    if message.tag != TAG_SIGN1:
        return f"tag {message.tag} instead of 18 (COSE_Sign1)"
    parts = message.value
    if not isinstance(parts, list | tuple) or len(parts) != 4:
        return "COSE_Sign1 is an array of four"
    protected, _, payload, signature = parts
    if not isinstance(protected, bytes) or not 0 < len(protected) <= 4 * _HEADER_BYTES:
        return "the protected header is missing or too long"
    if not isinstance(payload, bytes) or not payload:
        return "the payload is missing"
    if not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
        return f"a signature has {SIGNATURE_BYTES} bytes"
    return _header_deviation(cbor2.loads(protected, max_depth=cbor.DEPTH_MAX))


def _header_deviation(header: object) -> str:
    if not isinstance(header, dict):
        return "the protected header is no map"
    if header.get(1) != ALG_EDDSA:
        return f"algorithm {header.get(1)!r} instead of {ALG_EDDSA} (EdDSA)"
    if header.get(3) != CONTENT_TYPE:
        return f"content type {header.get(3)!r} instead of {CONTENT_TYPE!r}"
    kid = header.get(4)
    if not isinstance(kid, bytes) or len(kid) != _KID_BYTES:
        return f"the key's name (kid) is to have {_KID_BYTES} bytes"
    if len(header) != 3:
        return "the protected header has more than algorithm, content type and key"
    return "not deterministic: trailing bytes, or a length or key longer or in another order"
