"""Deterministic CBOR: one value, one encoding, in both directions (RFC 8949 §4.2.1)."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol import cbor

SCALARS = (
    st.integers(cbor.INT_MIN, cbor.INT_MAX)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.booleans()
    | st.none()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(cbor.INT_MIN, cbor.INT_MAX), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_round_trip(value: cbor.Value) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@given(st.permutations([(key, key * 7) for key in (0, 1, 23, 24, 255, 256, -1, -24, -25, 2**40)]))
def test_map_order_of_the_writer_does_not_matter(items: list[tuple[int, int]]) -> None:
    assert cbor.encode(dict(items)) == cbor.encode(dict(sorted(items)))


def test_keys_are_sorted_bytewise_not_by_length() -> None:
    # 0x20 (-1) is shorter than 0x1864 (100) but comes after it bytewise.
    assert cbor.encode({-1: 0, 100: 0, 10: 0}).hex() == "a30a00186400" + "2000"


@given(st.lists(st.integers(cbor.INT_MIN, cbor.INT_MAX), unique=True, max_size=12))
@settings(max_examples=100, derandomize=True)
def test_keys_stand_in_the_order_of_their_encodings(keys: list[int]) -> None:
    found = cbor.load(cbor.encode(dict.fromkeys(keys, True)))
    assert isinstance(found, dict)
    encoded = [cbor2.dumps(key) for key in found]
    assert encoded == sorted(encoded)


@given(st.binary(max_size=40))
@example(bytes.fromhex("a201000100"))
def test_any_bytes_are_refused_or_are_the_one_encoding(body: bytes) -> None:
    try:
        value = cbor.decode(body)
    except cbor.CborError:
        return
    assert cbor.encode(value) == body


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("duplicate key", "a201010102"),
        ("unsorted keys", "a202010101"),
        ("non-minimal integer", "1801"),
        ("non-minimal 64-bit integer", "1b0000000000000001"),
        ("non-minimal text length", "780161"),
        ("non-minimal array length", "980101"),
        ("trailing byte", "0000"),
        ("indefinite array", "9f01ff"),
        ("indefinite map", "bf0102ff"),
        ("indefinite bytes", "5f4101ff"),
        ("float", "f93c00"),
        ("undefined", "f7"),
        ("simple value", "f0"),
        ("tag", "c100"),
        ("bignum that fits", "c24101"),
        ("bignum", "c249010000000000000000"),
        ("text key", "a1616101"),
        ("boolean key", "a1f501"),
        ("truncated", "a101"),
        ("empty", ""),
        ("broken UTF-8", "61ff"),
        ("surrogate in UTF-8", "63eda080"),
        ("huge array", "9b0000010000000000"),
        ("huge bytes", "5b7fffffffffffffff00"),
        ("deep nesting", "81" * 5000 + "01"),
    ],
)
def test_refused_bytes(what: str, body: str) -> None:
    with pytest.raises(cbor.CborError):
        cbor.decode(bytes.fromhex(body))


@pytest.mark.parametrize(
    "value",
    [1.0, (1, 2), 2**64, -(2**64) - 1, {"a": 1}, {True: 1}, {1: 1.5}, "\ud800", [object()], {1}],
)
def test_refused_values(value: object) -> None:
    with pytest.raises(cbor.CborError):
        cbor.encode(value)  # type: ignore[arg-type]


def test_depth_and_size_are_bounded() -> None:
    deep: cbor.Value = 1
    for _ in range(cbor.DEPTH_MAX + 1):
        deep = [deep]
    with pytest.raises(cbor.CborError, match="deeper"):
        cbor.encode(deep)
    with pytest.raises(cbor.CborError, match="bytes"):
        cbor.encode(b"x" * cbor.BYTES_MAX)
    with pytest.raises(cbor.CborError, match="too many"):
        cbor.decode(b"\x00" * (cbor.BYTES_MAX + 1))


@given(VALUES)
def test_agrees_with_cbor2_where_both_orders_are_the_same(value: cbor.Value) -> None:
    assert cbor2.loads(cbor.encode(value)) == value
