"""A signed statement: what was signed comes out, and not one altered byte does."""

from __future__ import annotations

from contextlib import suppress

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.keys import PrivateKey
from protocol.seal import CONTENT_TYPE as RECORD
from protocol.seal import SealError, seal
from protocol.seal import check as check_seal
from protocol.statement import BYTES_MAX, check, content, sign

ONCE = settings(max_examples=100, deadline=None, derandomize=True)
KIND = "application/vnd.example+json"
KEY, OTHER = PrivateKey(bytes(31) + b"\x01"), PrivateKey(bytes(31) + b"\x02")
GOOD = sign(b'{"passed":true}', KIND, KEY)


def test_what_was_signed_comes_out_and_the_bytes_are_always_these() -> None:
    assert check(GOOD, KIND, KEY.public) == b'{"passed":true}'
    assert content(GOOD, KIND) == (b'{"passed":true}', KEY.public.kid)
    assert sign(b'{"passed":true}', KIND, KEY) == GOOD
    tag = cbor2.loads(GOOD)
    assert (tag.tag, tag.value[2]) == (18, b'{"passed":true}')


@ONCE
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_altered_byte_passes(at: int, change: int) -> None:
    bad = bytearray(GOOD)
    bad[at] ^= change
    with pytest.raises(SealError):
        check(bytes(bad), KIND, KEY.public)


@ONCE
@given(st.binary(max_size=300))
def test_garbage_is_refused_in_words(data: bytes) -> None:
    for wrong in (data, GOOD[:4] + data, GOOD + data):
        with suppress(SealError):
            assert check(wrong, KIND, KEY.public) == b'{"passed":true}'
            assert wrong == GOOD


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (sign(b"x", KIND, OTHER), "key"),
        (sign(b"x", RECORD, KEY), "seal"),
        (GOOD[:-1], "seal"),
        (GOOD + b"\x00", "seal"),
        (b"", "seal"),
        (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "signature"),
    ],
)
def test_what_is_wrong_has_its_code(data: bytes, code: str) -> None:
    with pytest.raises(SealError) as caught:
        check(data, KIND, KEY.public)
    assert caught.value.code == code


def test_a_statement_is_no_record_s_seal_and_a_seal_no_statement() -> None:
    with pytest.raises(SealError):
        check_seal(GOOD, KEY.public)
    with pytest.raises(SealError):
        check(seal(b"x", KEY), KIND, KEY.public)


def test_bounds() -> None:
    for wrong in (b"", bytes(BYTES_MAX + 1)):
        with pytest.raises(ValueError, match="a statement has 1 to"):
            sign(wrong, KIND, KEY)
