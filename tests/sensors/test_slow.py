"""The slow record lies on an even grid, keeps the body, loses the tones, and shows its holes."""

import pickle

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.slow import GRID_US, HALF_US, Slow

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
KEEP = 60
EVER_US = -(2**62)


def times(seconds: float, rate_hz: float = 80.0, start_us: int = 1_234_567) -> Times:
    return start_us + np.round(np.arange(0, seconds, 1 / rate_hz) * 1e6).astype(np.int64)


def record(
    t_us: Times,
    rows: Floats,
    usable: npt.NDArray[np.bool_] | None = None,
    pieces: tuple[int, ...] = (8,),
    keep: int = KEEP,
    rate_hz: float = 80.0,
) -> tuple[Times, Floats]:
    """All that is kept after pushing the samples in pieces, whose sizes repeat."""
    slow, start, turn = Slow(rows.shape[1], rate_hz, keep), 0, 0
    good = np.ones(len(t_us), np.bool_) if usable is None else usable
    while start < len(t_us):
        end = start + pieces[turn % len(pieces)]
        slow.push(t_us[start:end], rows[start:end], good[start:end])
        start, turn = end, turn + 1
    return slow.since(EVER_US, keep)


@given(st.integers(0, 2**45), st.sampled_from([20.0, 37.0, 60.0, 80.0, 160.0]))
def test_grid_is_even_and_lies_at_whole_multiples(start_us: int, rate_hz: float) -> None:
    t_us = times(2.0, rate_hz, start_us)
    grid_us, means = record(t_us, np.ones((len(t_us), 1)), pieces=(1,), rate_hz=rate_hz)
    assert len(grid_us) >= 36
    assert not (grid_us % GRID_US).any()
    assert (np.diff(grid_us) == GRID_US).all()
    assert means[3:] == pytest.approx(1.0)


@given(st.integers(0, 2**32 - 1))
def test_points_are_raised_cosine_means(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t_us = np.cumsum(rng.integers(6_000, 20_000, 160))
    rows = rng.normal(0.0, 1.0, (len(t_us), 2))
    grid_us, means = record(t_us, rows)
    for at_us, mean in zip(grid_us, means, strict=True):
        share = np.cos(np.clip((t_us - at_us) / HALF_US, -1, 1) * np.pi / 2) ** 2
        assert mean == pytest.approx(share @ rows / share.sum(), abs=1e-9)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_no_piece_changes_a_point(pieces: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    t_us = times(4.0)
    rows = rng.normal(20e6, 1e5, (len(t_us), 2))
    usable = rng.random(len(t_us)) > 0.2
    hole = int(rng.integers(80, 200))
    kept = np.delete(np.arange(len(t_us)), np.arange(hole, hole + 40))
    t_us, rows, usable = t_us[kept], rows[kept], usable[kept]
    # The first piece says where the record begins, so it is the same in both.
    whole = record(t_us, rows, usable, (1,))
    cut = record(t_us, rows, usable, (1, *pieces))
    assert (whole[0] == cut[0]).all()
    assert whole[1] == pytest.approx(cut[1], rel=1e-12, nan_ok=True)


def test_a_point_is_ready_as_soon_as_its_window_has_passed() -> None:
    t_us = times(2.0)
    slow = Slow(1, 80.0, KEEP)
    for i, at_us in enumerate(t_us):
        slow.push(t_us[i : i + 1], np.ones((1, 1)), np.ones(1, np.bool_))
        if i > 20:
            newest_us = int(slow.since(EVER_US, 1)[0][0])
            assert newest_us + HALF_US <= at_us < newest_us + HALF_US + GRID_US


@settings(max_examples=60)
@given(st.integers(20, 200), st.integers(1, 100), st.booleans())
def test_a_hole_shows_as_nan_and_nowhere_else(first: int, length: int, present: bool) -> None:
    t_us = times(4.0)
    gone = np.zeros(len(t_us), np.bool_)
    gone[first : first + length] = True
    rows = np.where(gone, 1e9, 5.0)[:, None] * np.ones((1, 2))
    if present:
        grid_us, means = record(t_us, rows, ~gone)
    else:
        grid_us, means = record(t_us[~gone], rows[~gone])
    near = np.abs(grid_us[:, None] - t_us[~gone][None]) < HALF_US
    many = near.sum(axis=1)
    holes = np.isnan(means[:, 0])
    assert holes[many < 2].all()
    assert not holes[many >= 5].any()
    assert means[~holes] == pytest.approx(5.0)


def test_memory_and_answers_are_bounded() -> None:
    slow = Slow(2, 80.0, KEEP)
    t_us, sizes = times(60.0), []
    usable = np.arange(len(t_us)) % 7 > 0
    for start in range(0, len(t_us), 8):
        rows = slice(start, start + 8)
        slow.push(t_us[rows], np.ones((len(t_us[rows]), 2)), usable[rows])
        sizes.append(len(pickle.dumps(slow)))
    assert len(slow.since(EVER_US, 10**6)[0]) == KEEP
    assert max(sizes[400:]) <= 1.05 * max(sizes[100:200])


@pytest.mark.parametrize(("hertz", "least", "most"), [(2.0, 0.93, 1.0), (30.0, 0.0, 0.06)])
def test_the_body_stays_and_engine_tones_go(hertz: float, least: float, most: float) -> None:
    t_us = times(3.0)
    rows = np.sin(2 * np.pi * hertz * t_us / 1e6)[:, None]
    grid_us, means = record(t_us, rows)
    wave = np.exp(2j * np.pi * hertz * grid_us / 1e6)
    left = np.abs(means[:, 0]).max() if hertz > 10 else 2 * abs(np.mean(means[:, 0] / wave))
    assert least <= left <= most


@settings(deadline=None)
@given(st.integers(0, 4_000_000), st.integers(1, 100))
def test_since_gives_only_windows_after_the_moment(after_us: int, most: int) -> None:
    t_us = times(3.0, start_us=0)
    slow = Slow(1, 80.0, KEEP)
    for i in range(len(t_us)):
        slow.push(t_us[i : i + 1], np.ones((1, 1)), np.ones(1, np.bool_))
    every, _ = slow.since(EVER_US, KEEP)
    assert len(every) > 50
    grid_us, means = slow.since(after_us, most)
    assert means.shape == (len(grid_us), 1)
    assert list(grid_us) == [t for t in every[-most:] if t - HALF_US >= after_us]


def test_after_a_long_silence_or_a_clear_nothing_old_is_left() -> None:
    t_us = times(2.0)
    slow = Slow(1, 80.0, KEEP)
    for at_us in (*t_us, *(t_us + 60_000_000)):
        slow.push(np.array([at_us]), np.ones((1, 1)), np.ones(1, np.bool_))
    grid_us, means = slow.since(EVER_US, KEEP)
    assert grid_us[0] > t_us[0] + 59_000_000
    assert int(np.isnan(means).sum()) <= 2
    slow.clear()
    assert len(slow.since(EVER_US, KEEP)[0]) == 0
