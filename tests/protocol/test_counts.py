"""Packed raw counts: nothing is lost, and nothing else is taken for them."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocol.counts
from protocol import cbor
from protocol.counts import CountsError, RawCounts, pack, unpack

ONCE = settings(max_examples=100, deadline=None, derandomize=True)


def raw(rows: int = 5, cells: int = 2, t0_us: int = 1_000) -> RawCounts:
    return RawCounts(
        rate_mhz=80_000,
        t_us=np.arange(rows, dtype=np.int64) * 12_500 + t0_us,
        counts=np.arange(rows * cells, dtype=np.int64).reshape(rows, cells) ** 2 - 7,
    )


@st.composite
def samples(draw: st.DrawFn) -> RawCounts:
    rows, cells = draw(st.integers(1, 30)), draw(st.integers(1, 16))
    steps = draw(st.lists(st.integers(1, 2**40 - 1), min_size=rows, max_size=rows))
    edges = st.sampled_from([2**40 - 1, 1 - 2**40])
    count = st.one_of(st.integers(-300, 300), st.integers(-(2**31), 2**31), edges)
    counts = draw(st.lists(count, min_size=rows * cells, max_size=rows * cells))
    return RawCounts(
        rate_mhz=draw(st.integers(1, 2_000_000)),
        t_us=np.cumsum(np.array(steps, np.int64)),
        counts=np.array(counts, np.int64).reshape(rows, cells),
    )


def same(one: RawCounts, other: RawCounts) -> bool:
    return (
        one.rate_mhz == other.rate_mhz
        and np.array_equal(one.t_us, other.t_us)
        and np.array_equal(one.counts, other.counts)
    )


@ONCE
@given(samples())
def test_nothing_is_lost(given_raw: RawCounts) -> None:
    assert same(unpack(pack(given_raw)), given_raw)


@ONCE
@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(CountsError):
        unpack(data)


@ONCE
@given(samples(), st.data())
def test_a_flipped_bit_is_refused_or_gives_other_counts(
    given_raw: RawCounts, data: st.DataObject
) -> None:
    body = bytearray(pack(given_raw))
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    body[bit // 8] ^= 1 << bit % 8
    try:
        found = unpack(bytes(body))
    except CountsError:
        return
    # Only the header and zlib's own level hint can change without a trace in the numbers.
    assert not same(found, given_raw) or zlib_header_differs(bytes(body), pack(given_raw))


def zlib_header_differs(one: bytes, other: bytes) -> bool:
    heads = [cbor.decode(body) for body in (one, other)]
    assert all(isinstance(head, list) for head in heads)
    return heads[0] != heads[1]


def header(**changes: object) -> bytes:
    found = cbor.decode(pack(raw()))
    assert isinstance(found, list)
    names = ("version", "kind", "rate_mhz", "t0_us", "rows", "cells", "packed")
    return cbor.encode([changes.get(n, v) for n, v in zip(names, found, strict=True)])  # type: ignore[misc]


def packed(data: bytes) -> bytes:
    return zlib.compress(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (header(version=2), "version 2"),
        (header(kind="frames"), "'frames'"),
        (header(rows=0), "rows is 0"),
        (header(rows=10**9), "rows is 1000000000"),
        (header(cells=17), "cells is 17"),
        (header(rows=4), "numbers are packed"),
        (header(rate_mhz=0), "rate_mhz is 0"),
        (header(rate_mhz="80"), "four integers"),
        (header(t0_us=-1), "t0_us is -1"),
        (header(packed=b"no zlib"), "damaged"),
        (header(packed=packed(bytes(15))[:-3]), "cut short"),
        (header(packed=packed(bytes(15)) + b"x"), "followed by something"),
        (header(packed=packed(bytes(10**6))), "too long"),
        (header(packed=packed(bytes(14) + b"\x80")), "numbers are packed"),
        (header(packed=packed(bytes(15))), "do not rise"),
        (header(packed=packed(b"\x02" * 15)), "not at t0_us"),
        (header(packed=packed(b"\xff" * 5 + b"\x3f" + bytes(14))), "no count and no step"),
        (header(packed=packed(b"\x80" * 6 + bytes(15))), "7 groups"),
        (cbor.encode([1]), "begins with a version"),
        (cbor.encode({1: 1}), "begins with a version"),
        (bytes(3 * 2**20), "too many"),
    ],
)
def test_refused_with_its_reason(data: bytes, said: str) -> None:
    with pytest.raises(CountsError, match=said):
        unpack(data)


@pytest.mark.parametrize(
    ("t_us", "counts", "said"),
    [
        ([5, 5], [[1], [2]], "do not rise"),
        ([0], [[1], [2]], "no such samples"),
        ([0, 1], [[0], [2**40]], "no count and no step"),
        ([0, 1], [[-(2**40)], [0]], "no count and no step"),
        ([0, 2**40], [[0], [0]], "no count and no step"),
        ([-5, 1], [[0], [1]], "t0_us is -5"),
        ([], [[]], "no such samples"),
    ],
)
def test_what_cannot_be_packed(t_us: list[int], counts: list[list[int]], said: str) -> None:
    bad = RawCounts(
        rate_mhz=80_000, t_us=np.array(t_us, np.int64), counts=np.array(counts, np.int64)
    )
    with pytest.raises(CountsError, match=said):
        pack(bad)


def test_cddl_tool_accepts_packed_counts() -> None:
    pycddl = pytest.importorskip("pycddl", reason="pycddl checks the CDDL; it is not installed")
    text = Path(protocol.counts.__file__).with_suffix(".cddl").read_text(encoding="utf-8")
    pycddl.Schema(text).validate_cbor(pack(raw()))
