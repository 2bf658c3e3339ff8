"""A signed statement that stands beside the ledger: COSE_Sign1 over bytes of a content type.

The content type stands in what is signed, so that no statement is ever taken for a record, nor one
kind for another.  One form only, as a record's seal has (``protocol/seal.py``).
Source: RFC 9052 §4.2 and §4.4, RFC 9053 §2.2 (EdDSA).
"""

from __future__ import annotations

import cbor2

from protocol import cbor
from protocol.keys import PrivateKey, PublicKey
from protocol.seal import ALG_EDDSA, SIGNATURE_BYTES, TAG_SIGN1, SealError, sig_structure

BYTES_MAX = 4_000_000
START = b"\xd2\x84\x58"
"""Tag 18, an array of four, a byte string: what every statement begins with."""
_KID_BYTES = 32
_PARTS = 4


def sign(payload: bytes, content_type: str, key: PrivateKey) -> bytes:
    """Sign a statement; the same bytes and key always give the same."""
    if not 0 < len(payload) <= BYTES_MAX:
        raise ValueError(f"a statement has 1 to {BYTES_MAX} bytes, this one {len(payload)}")
    protected = _header(content_type, key.public.kid)
    signature = key.sign(sig_structure(protected, payload))
    return _envelope(protected, payload, signature)


def content(data: bytes, content_type: str) -> tuple[bytes, bytes]:
    """The payload and the key's name, without asking who signed; raises SealError ("seal")."""
    protected, payload, _ = _take_apart(data)
    kid = protected[-_KID_BYTES:]
    if protected != _header(content_type, kid):
        raise SealError("seal", f"its header is not that of {content_type}")
    return payload, kid


def check(data: bytes, content_type: str, key: PublicKey) -> bytes:
    """The payload, once ``key`` is proven to have signed it.

    Raises SealError with the code "seal", "key" or "signature".
    """
    payload, kid = content(data, content_type)
    if kid != key.kid:
        raise SealError("key", f"signed with another key, {kid.hex()}")
    if not key.verify(data[-SIGNATURE_BYTES:], sig_structure(_header(content_type, kid), payload)):
        raise SealError("signature", "the signature does not belong to these bytes")
    return payload


def _header(content_type: str, kid: bytes) -> bytes:
    return cbor2.dumps({1: ALG_EDDSA, 3: content_type, 4: kid})


def _envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(TAG_SIGN1, [protected, {}, payload, signature]))


def _take_apart(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Decode, put together again, and compare: what deviates by a byte is refused."""
    if not data.startswith(START) or len(data) > BYTES_MAX + 1000:
        raise SealError("seal", "no COSE_Sign1 of this form")
    try:
        found = cbor2.loads(data, max_depth=cbor.DEPTH_MAX, strict_hashable_types=True)
    except (cbor2.CBORError, ValueError, OverflowError, TypeError) as error:
        raise SealError("seal", f"not a COSE_Sign1 message: {error}") from error
    parts = found.value if isinstance(found, cbor2.CBORTag) else None
    if not isinstance(parts, list | tuple) or len(parts) != _PARTS:
        raise SealError("seal", "COSE_Sign1 is an array of four")
    protected, _, payload, signature = parts
    whole = all(isinstance(part, bytes) for part in (protected, payload, signature))
    if not whole or _envelope(protected, payload, signature) != data:
        raise SealError("seal", "not deterministic, or with headers outside the signature")
    return protected, payload, signature
