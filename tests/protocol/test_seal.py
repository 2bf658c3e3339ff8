"""The seal: a published COSE example, one form only, and no change that goes unnoticed."""

from __future__ import annotations

import random

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, seal
from protocol.keys import PrivateKey
from protocol.seal import SealError

KEY, OTHER = PrivateKey(b"\x07" * 32), PrivateKey(b"\x08" * 32)
# cose-wg/Examples, eddsa-examples/eddsa-sig-01: the key of RFC 8032 test 1, COSE_Sign1 (RFC 9052).
PUBLISHED_KEY = PrivateKey(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
PUBLISHED = bytes.fromhex(
    "d28445a201270300a10442313154546869732069732074686520636f6e74656e742e"
    "58407142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb87"
    "11497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d"
)
SIZES = [1, 23, 24, 255, 256, 65_535, 65_536, 200_000]


def test_the_published_example() -> None:
    """Its signature is ours over the same protected header and payload."""
    protected, _, payload, signature = cbor2.loads(PUBLISHED).value
    assert PUBLISHED_KEY.sign(seal.sig_structure(protected, payload)) == signature
    with pytest.raises(SealError, match="not a COSE_Sign1"):
        seal.unseal(PUBLISHED)


@pytest.mark.parametrize("size", SIZES)
def test_a_seal_is_the_deterministic_encoding_of_its_parts(size: int) -> None:
    """Encoded a second time by the library, part by part, it gives the same bytes."""
    payload = bytes(range(256)) * (size // 256 + 1)
    sealed = seal.seal(payload[:size], KEY)
    protected = {1: -8, 3: "application/vnd.steelyard.record+cbor", 4: KEY.public.kid}
    message = cbor2.loads(sealed)
    assert message.tag == 18
    assert cbor2.loads(message.value[0]) == protected
    parts = [cbor2.dumps(protected, canonical=True), {}, payload[:size], message.value[3]]
    assert cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True) == sealed
    assert seal.check(sealed, KEY.public).payload == payload[:size]
    assert len(sealed) <= size + seal.OVERHEAD_BYTES_MAX


@given(st.binary(min_size=1, max_size=400))
def test_what_was_sealed_is_proven_and_given_back(payload: bytes) -> None:
    sealed = seal.seal(payload, KEY)
    assert sealed == seal.seal(payload, KEY)
    found = seal.check(sealed, KEY.public)
    assert (found.payload, found.kid) == (payload, KEY.public.kid)


@pytest.mark.parametrize("size", [0, cbor.BYTES_MAX + 1])
def test_nothing_and_too_much_are_not_sealed(size: int) -> None:
    with pytest.raises(ValueError, match=f"this one {size}"):
        seal.seal(bytes(size), KEY)


def test_too_much_is_not_opened() -> None:
    with pytest.raises(SealError, match="too many"):
        seal.unseal(bytes(cbor.BYTES_MAX + seal.OVERHEAD_BYTES_MAX + 1))


def test_every_single_bit_counts() -> None:
    """Each of its bits flipped in turn: never again a seal of this key."""
    sealed = seal.seal(b"\xa1\x01\x02", KEY)
    codes = set()
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError) as caught:
            seal.check(bytes(changed), KEY.public)
        codes.add(caught.value.code)
    assert codes == {"seal", "key", "signature"}


def test_every_cut_is_noticed() -> None:
    sealed = seal.seal(b"\xa1\x01\x02" * 20, KEY)
    for size in range(len(sealed)):
        with pytest.raises(SealError):
            seal.unseal(sealed[:size])
        with pytest.raises(SealError):
            seal.unseal(sealed + sealed[:size] + b"\0")


def test_another_key_is_named() -> None:
    with pytest.raises(SealError, match=OTHER.public.kid.hex()) as caught:
        seal.check(seal.seal(b"text", OTHER), KEY.public)
    assert caught.value.code == "key"


@pytest.mark.parametrize("first", range(0xA0, 0xC0))
def test_a_bare_record_is_told_from_damage(first: int) -> None:
    with pytest.raises(SealError) as caught:
        seal.unseal(bytes([first]) + b"\x01\x02")
    assert caught.value.code == "unsealed"


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(SealError) as caught:
        seal.unseal(data)
    assert caught.value.code in ("seal", "unsealed")
    assert str(caught.value)


def test_any_damage_is_refused_in_words() -> None:
    """Pieces of a seal removed, doubled and overwritten: an answer, never another error."""
    chance, sealed = random.Random(5), seal.seal(b"\xa1\x01\x02" * 30, KEY)
    for _ in range(2000):
        start, end = sorted(chance.sample(range(len(sealed) + 1), 2))
        patch = chance.choice([b"", sealed[start:end] * 2, chance.randbytes(end - start)])
        changed = sealed[:start] + patch + sealed[end:]
        if changed == sealed:
            continue
        with pytest.raises(SealError):
            seal.check(changed, KEY.public)


def test_numbers_chosen_to_collide_do_not_hold_it_up() -> None:
    """Keys that hash alike would make a map of them take a time that grows with its square."""
    keys = b"".join(cbor2.dumps(n * (2**61 - 1)) + b"\0" for n in range(1, 200_000))
    message = b"\xd2\x84\x41\xa0\xba" + (199_999).to_bytes(4, "big") + keys
    with pytest.raises(SealError, match="COSE_Sign1"):
        seal.unseal(message)
