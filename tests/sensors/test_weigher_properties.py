"""Whatever the converter delivers, the weigher answers; and zero stays away from loads."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.calibration import Cell, Scale
from sensors.weigher import Weigher
from sensors.weighing import DeckState, Status
from sensors.zero import ZeroKeeper

CELLS = 4


def small_scale() -> Scale:
    cells = tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=100.0, zero_counts=200_000.0, dead_load_g=2_000_000)
        for x in (0.2, 9.8)
        for y in (1.3, -1.3)
    )
    return Scale(
        max_g=60_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=50.0,
        platform_mm=10_000,
        has_beams=True,
        cells=cells,
    )


count = st.one_of(
    st.integers(-(2**23), 2**23 - 1),
    st.integers(190_000, 400_000),
    st.sampled_from([0, 200_000, -(2**23), 2**23 - 1]),
)
stretch = st.tuples(
    st.integers(1, 120),
    st.lists(count, min_size=CELLS, max_size=CELLS),
    st.integers(0, 2000),
    st.integers(-50_000, 200_000),
    st.integers(-1, 1),
    st.integers(-1, 1),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(stretch, min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_no_counts_raise_and_no_wrong_cell_gives_a_weight(stretches: list[Any], seed: int) -> None:
    weigher = Weigher(small_scale())
    rng = np.random.default_rng(seed)
    now_us = 0
    for n, level, noise, jump_us, entry, exit_ in stretches:
        t_us = now_us + jump_us + np.arange(1, n + 1) * 20_000
        now_us = int(t_us[-1])
        counts = np.array(level) + rng.integers(-noise, noise + 1, (n, CELLS))
        weigher.push(t_us, counts, np.full(n, entry), np.full(n, exit_))
        last = weigher.snapshot()
        if any(last.cells):
            assert last.deck == DeckState.UNKNOWN
            assert last.status != Status.ACCEPTED or not last.weighing_id
        assert len(last.events) <= 64
        assert last.indicated_g is None or last.indicated_g % 20_000 == 0


def test_wrong_shapes_are_programming_errors() -> None:
    weigher = Weigher(small_scale())
    with pytest.raises(ValueError, match="expected"):
        weigher.push([0, 1], np.zeros((2, 3)))
    with pytest.raises(ValueError, match="beam"):
        weigher.push([0, 1], np.zeros((2, CELLS)), entry_beam=[0])


def feed(weigher: Weigher, seconds: float, kg: float, start_s: float, beam: int = 0) -> float:
    n = round(seconds * 50)
    rng = np.random.default_rng(2)
    counts = 200_000 + 100 * (kg / CELLS + rng.normal(0.0, 1.0, (n, CELLS)))
    t_us = np.round((start_s + np.arange(n) / 50) * 1e6).astype(np.int64)
    weigher.push(t_us, np.round(counts).astype(np.int64), [beam] * n, [0] * n)
    return start_s + seconds


def test_power_up_sets_zero_over_mud_but_not_over_a_vehicle() -> None:
    muddy, loaded = Weigher(small_scale()), Weigher(small_scale())
    feed(muddy, 3.0, 180.0, 0.0)
    feed(loaded, 3.0, 3000.0, 0.0)
    assert muddy.snapshot().deck == DeckState.EMPTY
    assert muddy.snapshot().zero_offset_g == pytest.approx(180_000, abs=2000)
    assert loaded.snapshot().deck == DeckState.UNKNOWN
    assert not loaded.snapshot().zero_ok


def test_power_up_waits_for_a_clear_beam_and_for_the_lane() -> None:
    blocked, held = Weigher(small_scale()), Weigher(small_scale())
    feed(blocked, 3.0, 0.0, 0.0, beam=1)
    assert blocked.snapshot().deck == DeckState.UNKNOWN
    held.allow_zero(False)
    feed(held, 3.0, 0.0, 0.0)
    assert held.snapshot().deck == DeckState.UNKNOWN


@pytest.mark.parametrize("kg", [60.0, 150.0, 5000.0])
def test_zero_does_not_follow_anything_on_the_deck(kg: float) -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 5.0, 0.0, 0.0)
    before = weigher.snapshot().zero_offset_g
    feed(weigher, 30.0, kg, now)
    assert weigher.snapshot().zero_offset_g == pytest.approx(before, abs=600)


def test_zero_follows_rain_no_faster_than_half_a_division_a_second() -> None:
    keeper = ZeroKeeper(small_scale())
    keeper.set_initial(np.zeros(CELLS))
    for tick in range(100):
        before = keeper.sum_g()
        keeper.track(tick * 100_000, np.full(CELLS, 4000.0), 0.1)
        assert abs(keeper.sum_g() - before) <= 0.5 * 20_000 * 0.1 + 1e-6
    assert keeper.sum_g() == pytest.approx(16_000, abs=2000)


def test_a_request_for_zero_is_refused_beyond_its_range_and_under_a_vehicle() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    now = feed(weigher, 4.0, 350.0, now)
    assert weigher.request_zero()
    assert weigher.snapshot().gross_g == pytest.approx(0, abs=2000)
    feed(weigher, 4.0, 5000.0, now)
    assert not weigher.request_zero()


def test_display_is_blank_over_and_under_its_range() -> None:
    over, under = Weigher(small_scale()), Weigher(small_scale())
    feed(over, 3.0, 60_300.0, feed(over, 4.0, 0.0, 0.0))
    assert over.snapshot().deck == DeckState.OVER_RANGE
    assert over.snapshot().indicated_g is None
    feed(under, 1.5, -420.0, feed(under, 4.0, 0.0, 0.0))
    assert under.snapshot().deck == DeckState.UNDER_RANGE
    assert under.snapshot().indicated_g is None
