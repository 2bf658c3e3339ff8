"""The ring of raw counts keeps the newest samples whole, in a memory that does not grow."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.recording.ring import CountsRing
from protocol.counts import unpack
from sensors.calibration import IntArray

RATE_HZ, KEPT_S, CELLS = 10.0, 4.0, 2
SIZE = 40


def ring() -> CountsRing:
    return CountsRing(RATE_HZ, CELLS, KEPT_S)


def batch(times: list[int]) -> tuple[IntArray, IntArray]:
    t_us = np.array(times, np.int64)
    return t_us, np.stack([t_us * 3 - 7, -t_us], axis=1)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.integers(0, 500), max_size=60), max_size=12),
    st.integers(0, 500),
    st.integers(0, 500),
)
def test_it_holds_the_newest_rising_samples(batches: list[list[int]], one: int, two: int) -> None:
    kept, model = ring(), [-1]
    for times in batches:
        kept.add(*batch(times))
        for at_us in times:
            if at_us > model[-1]:
                model.append(at_us)
    wanted = [at_us for at_us in model[1:][-SIZE:] if min(one, two) <= at_us <= max(one, two)]
    packed = kept.packed(min(one, two), max(one, two))
    if packed is None:
        assert wanted == []
        return
    raw = unpack(packed)
    assert raw.t_us.tolist() == wanted
    assert raw.counts.tolist() == batch(wanted)[1].tolist()
    assert raw.rate_mhz == 10_000


def test_its_memory_is_taken_once() -> None:
    kept = ring()
    before = kept.memory_bytes
    for start in range(0, 10_000, 100):
        kept.add(*batch(list(range(start, start + 100))))
    assert kept.memory_bytes == before
    packed = kept.packed(0)
    assert packed is not None
    assert len(unpack(packed).t_us) == SIZE


def test_what_no_converter_gives_is_left_out() -> None:
    kept = ring()
    kept.add(np.array([1, 2], np.int64), np.array([[0, 0], [2**60, 0]], np.int64))
    assert kept.packed(0) is None
    assert ring().packed(0) is None
