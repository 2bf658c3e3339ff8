"""Whatever the converter delivers, the weigher answers; and zero stays away from loads."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.calibration import Cell, Scale
from sensors.weigher import Weigher
from sensors.weighing import DeckState, Status, Weighing
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
    assert loaded.snapshot().deck == DeckState.LOADED
    assert loaded.snapshot().status == Status.IDLE
    assert not loaded.snapshot().zero_ok


def test_a_vehicle_found_at_power_up_is_no_fault_of_the_cells_under_it() -> None:
    weigher = Weigher(small_scale())
    counts = np.full((500, CELLS), 200_000) + np.array([100, 100, 400, 400]) * 1000
    counts += np.random.default_rng(3).integers(-100, 101, counts.shape)
    weigher.push(np.arange(500) * 20_000, counts, [0] * 500, [0] * 500)
    assert weigher.snapshot().deck == DeckState.LOADED
    assert not any(weigher.snapshot().cells)


def test_a_cell_that_no_wheel_shakes_at_power_up_is_not_stuck() -> None:
    weigher = Weigher(small_scale())
    rng = np.random.default_rng(4)
    noise = rng.normal(0.0, 1.0, (200, CELLS)) * np.array([900.0, 20.0, 900.0, 900.0])
    counts = np.round(200_000 + np.array([40_000, 0, 200_000, 200_000]) + noise).astype(np.int64)
    weigher.push(np.arange(200) * 20_000, counts, [0] * 200, [0] * 200)
    assert not any(weigher.snapshot().cells)


def test_one_broken_cell_at_power_up_is_no_vehicle() -> None:
    weigher = Weigher(small_scale())
    counts = 200_000 + np.random.default_rng(5).integers(-100, 101, (150, CELLS))
    counts[:, 1] += 300_000
    weigher.push(np.arange(150) * 20_000, counts, [0] * 150, [0] * 150)
    assert weigher.snapshot().deck == DeckState.UNKNOWN


def test_what_drives_off_a_deck_found_loaded_leaves_it_unknown_until_zero_is_set() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 2.0, 3000.0, 0.0)
    weigher.allow_zero(False)
    now = feed(weigher, 2.0, 0.0, now)
    assert weigher.snapshot().deck == DeckState.UNKNOWN
    weigher.allow_zero(True)
    feed(weigher, 1.0, 0.0, now)
    assert weigher.snapshot().deck == DeckState.EMPTY


def test_power_up_waits_for_a_clear_beam_and_for_the_lane() -> None:
    blocked, held = Weigher(small_scale()), Weigher(small_scale())
    feed(blocked, 3.0, 0.0, 0.0, beam=1)
    assert blocked.snapshot().deck == DeckState.UNKNOWN
    held.allow_zero(False)
    feed(held, 3.0, 0.0, 0.0)
    assert held.snapshot().deck == DeckState.UNKNOWN


def test_a_bad_cell_leaves_nothing_in_the_first_zero() -> None:
    weigher = Weigher(small_scale())
    counts = 200_000 + np.random.default_rng(5).integers(-100, 101, (900, CELLS))
    counts[:300, 1] = 600_000
    counts[300:600, 1] = 260_000
    stages = [(rows, np.arange(900)[rows] * 20_000) for rows in _thirds()]
    for rows, t_us in stages:
        if rows.start == 600:
            weigher.clear_cells()
        weigher.push(t_us, counts[rows], [0] * 300, [0] * 300)
    assert not any(weigher.snapshot().cells)
    assert abs(weigher.snapshot().zero_offset_g) < 20_000


def _thirds() -> tuple[slice, ...]:
    return tuple(slice(start, start + 300) for start in (0, 300, 600))


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


def test_who_stops_on_the_empty_deck_is_not_taken_for_its_zero() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    now = feed(weigher, 29.0, 70.0, now)
    assert not weigher.request_zero()
    now = feed(weigher, 2.0, 0.0, now)
    now = feed(weigher, 29.0, 70.0, now)
    assert not weigher.request_zero()


def test_what_lies_on_the_empty_deck_for_long_is_its_zero() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    feed(weigher, 32.0, 70.0, now)
    assert weigher.request_zero()
    assert weigher.snapshot().zero_offset_g == pytest.approx(70_000, abs=2000)


def test_what_fell_off_a_vehicle_is_zero_as_soon_as_it_has_left() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    now = feed(weigher, 6.0, 5000.0, now)
    feed(weigher, 4.0, 70.0, now)
    assert weigher.request_zero()


def test_what_was_taken_off_the_deck_is_zero_at_once() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    feed(weigher, 2.0, -70.0, now)
    assert weigher.request_zero()


def test_a_request_for_zero_is_refused_beyond_its_range_and_under_a_vehicle() -> None:
    weigher = Weigher(small_scale())
    now = feed(weigher, 4.0, 0.0, 0.0)
    now = feed(weigher, 34.0, 350.0, now)
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


HUNDREDTH_G: Final = 0.01 * 20_000
Counts = npt.NDArray[np.int64]
Passing = tuple[Any, Weighing]


@pytest.fixture(params=[((3.0, 0.0), (9.5, 1.8)), ((3.0, 0.0), (5.0, 1.5), (2.0, 3.0), (3.4, 1.1))])
def passing(request: pytest.FixtureRequest, passage: Callable[..., Any]) -> Passing:
    """A bouncing vehicle that stops on the deck, and what the weigher says of it."""
    record = passage([*request.param, (60.0, 0.0)], seconds=16.0, bounce=0.05)
    said = weigh(record, record.scale, record.counts)
    assert said.status == Status.ACCEPTED
    assert said.weight_g == pytest.approx(24_000_000, abs=20_000)
    return record, said


def weigh(record: Any, scale: Scale, counts: Counts, cuts: tuple[int, ...] = (6,)) -> Weighing:
    """Push the counts in pieces whose sizes repeat; the last word."""
    weigher, start, turn = Weigher(scale), 0, 0
    while start < len(counts):
        rows = slice(start, start + cuts[turn % len(cuts)])
        weigher.push(record.t_us[rows], counts[rows], *record.beams[rows].T)
        start, turn = rows.stop, turn + 1
    return weigher.snapshot()


def recalibrated(scale: Scale, gain: float = 1.0, zero: int = 0) -> Scale:
    cells = tuple(
        msgspec.structs.replace(
            cell,
            counts_per_kg=cell.counts_per_kg * gain,
            zero_counts=cell.zero_counts * gain + zero,
        )
        for cell in scale.cells
    )
    return msgspec.structs.replace(scale, cells=cells)


def assert_same(found: Weighing, said: Weighing) -> None:
    assert found.status == Status.ACCEPTED
    assert found.weight_g == pytest.approx(said.weight_g, abs=HUNDREDTH_G)
    assert found.u95_g == pytest.approx(said.u95_g, abs=HUNDREDTH_G)
    assert found.accepted_us == said.accepted_us
    assert found.axles == said.axles


fixed = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@fixed
@given(order=st.permutations(range(6)))
def test_the_order_of_the_cells_makes_no_difference(passing: Passing, order: list[int]) -> None:
    record, said = passing
    cells = tuple(record.scale.cells[i] for i in order)
    scale = msgspec.structs.replace(record.scale, cells=cells)
    assert_same(weigh(record, scale, record.counts[:, order]), said)


@fixed
@given(by=st.integers(-400_000, 2_000_000))
def test_the_place_of_the_zero_makes_no_difference(passing: Passing, by: int) -> None:
    record, said = passing
    found = weigh(record, recalibrated(record.scale, zero=by), record.counts + by)
    assert_same(found, said)
    assert found.zero_offset_g == said.zero_offset_g


@fixed
@given(gain=st.floats(0.7, 4.0))
def test_the_size_of_a_count_makes_no_difference(passing: Passing, gain: float) -> None:
    record, said = passing
    cell = record.scale.cells[0]
    counts = np.round((record.kg * cell.counts_per_kg + cell.zero_counts) * gain).astype(np.int64)
    assert_same(weigh(record, recalibrated(record.scale, gain), counts), said)


@fixed
@given(cuts=st.lists(st.integers(1, 200), min_size=1, max_size=5))
def test_pieces_of_the_stream_make_no_difference(passing: Passing, cuts: list[int]) -> None:
    record, said = passing
    found = weigh(record, record.scale, record.counts, tuple(cuts))
    assert_same(found, said)
    assert found.events == said.events
    assert found.axle_loads_g == said.axle_loads_g
