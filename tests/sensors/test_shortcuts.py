"""What is put off, kept or skipped to spare the processor changes no bit of what is said."""

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.axle_steps import Peak, PeakFinder, both_sides
from sensors.cells import CALM_E, CellWatch, _median_of_others
from sensors.despike import FLOOR_G, SHARE, Despike
from sensors.history import History
from sensors.slow import GRID_US, Slow
from sensors.step_fit import ROWS, StepFit
from sensors.sums import column_means, mean, row_sums, span, total
from sensors.tamper import TamperWatch
from sensors.window import NOISE_E, NOISE_LEFT, NOISE_MEMORY, Window
from sensors.wiring import RAIL_COUNTS, WiringWatch
from tests.sensors.conftest import make_scale

Floats = npt.NDArray[np.float64]
SCALE = make_scale()
seeds = st.integers(0, 2**32 - 1)


def same(one: Any, two: Any) -> bool:
    """Whether two arrays agree to the last bit."""
    return np.asarray(one).tobytes() == np.asarray(two).tobytes()


@given(seeds, st.integers(1, 300), st.integers(1, 17))
def test_sums_are_those_of_numpy(seed: int, rows: int, columns: int) -> None:
    table = np.random.default_rng(seed).normal(1e6, 1e5, (rows, columns))
    line = table.ravel()
    assert total(line) == float(line.sum())
    assert mean(line) == float(line.mean())
    assert span(line) == float(np.ptp(line))
    assert same(column_means(table), table.mean(axis=0))
    assert same(row_sums(table), table.sum(axis=1))
    assert same(row_sums(table) / columns, table.mean(axis=1))


@given(seeds, st.lists(st.sampled_from(["append", "shift", "ask"]), max_size=30))
def test_kept_means_follow_the_samples(seed: int, steps: list[str]) -> None:
    rng, history, at_us = np.random.default_rng(seed), History(40, 6), 0
    for step in ["append", *steps]:
        if step == "append":
            rows = rng.normal(0, 1e4, (int(rng.integers(1, 12)), 6))
            history.append(at_us + np.arange(len(rows)), rows, SCALE.x_m())
            at_us += len(rows)
        elif step == "shift":
            history.shift(rng.normal(0, 10, 6), SCALE.x_m())
        for last in (1, 8, 20):
            assert same(history.cell_means_g(last), history.cells_g(last).mean(axis=0))
            assert history.load_g(last) == float(history.sum_g(last).mean())


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from([37.0, 80.0]), st.integers(10, 46))
def test_points_do_not_depend_on_when_they_are_asked_for(
    seed: int, rate_hz: float, keep: int
) -> None:
    rng = np.random.default_rng(seed)
    often, seldom = Slow(2, rate_hz, keep), Slow(2, rate_hz, keep)
    at_us = 5_000_000
    for _ in range(150):
        n = int(rng.integers(1, 12))
        silent_us = int(rng.choice([0, 200_000, 4_000_000], p=[0.97, 0.02, 0.01]))
        t_us = at_us + silent_us + np.cumsum(rng.integers(1, round(2e6 / rate_hz), n))
        at_us = int(t_us[-1])
        piece = t_us, rng.normal(0, 1, (n, 2)), rng.random(n) < rng.choice([0.3, 1.0], p=[0.1, 0.9])
        for slow in (often, seldom):
            slow.push(*piece)
        often.since(0, 1)
    assert all(map(same, often.since(0, keep), seldom.since(0, keep)))
    assert at_us - 4_000_000 > keep * GRID_US


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 400))
def test_roughness_is_that_of_even_pieces_of_all_that_was_usable(seed: int, rows: int) -> None:
    rng, window = np.random.default_rng(seed), Window(SCALE, 1)
    load_g, usable = rng.normal(0, 5e3, (rows, 1)), rng.random(rows) < 0.9
    for start in range(0, rows, 7):
        piece = slice(start, start + 7)
        window.push(np.arange(rows)[piece] * 16_667, load_g[piece], usable[piece])
    good_g, rough_g = load_g[usable, 0], []
    per_look = 6
    for begin in range(0, len(good_g) - per_look - 1, per_look):
        look_g = good_g[begin : begin + per_look + 2]
        rough_g.append(float(np.mean(np.abs(np.diff(look_g, n=2) / 2))))
    newest_g = float(np.median(rough_g[-NOISE_MEMORY:])) if rough_g else 0.0
    assert window.noise_g() == NOISE_E * SCALE.e_g + NOISE_LEFT * newest_g


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 2.0]), min_size=2, max_size=16))
def test_the_median_of_the_others_is_that_of_numpy(level: list[float]) -> None:
    others = [float(np.median(level[:i] + level[i + 1 :])) for i in range(len(level))]
    assert _median_of_others(level) == others


@given(seeds, st.integers(7, 20))
def test_no_jump_is_found_among_leaps_that_nobody_looks_at(seed: int, rows: int) -> None:
    rng, calm_g = np.random.default_rng(seed), CALM_E * SCALE.e_g
    leap = rng.choice([-calm_g, 0.0, calm_g], (rows, 6), p=[0.1, 0.8, 0.1])
    assert CellWatch(SCALE)._lone_jump(leap) == -1


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_steps_are_found_though_small_changes_are_passed_over(seed: int) -> None:
    rng, history, floor_g = np.random.default_rng(seed), History(240, 6), 400_000.0
    passing, looking = PeakFinder(), PeakFinder()
    found: tuple[list[Peak], list[Peak]] = [], []
    load_g = np.repeat(np.cumsum(rng.normal(0, 3e5, 40)), 4)[:, None] / 6
    for start in range(0, 160, 8):
        rows_g = load_g[start : start + 8] + rng.normal(0, 1e3, (8, 6))
        history.append(np.arange(start, start + 8), rows_g, SCALE.x_m())
        if len(history) < 40:
            continue
        for finder, peaks in zip((passing, looking), found, strict=True):
            least_g = 0.0 if finder is looking or finder.rising else floor_g
            seen = (finder.follow(s, floor_g, False) for s in both_sides(history, 8, 16, least_g))
            peaks += [peak for peak in seen if peak is not None]
    assert found[0] == found[1]


@given(st.lists(st.sampled_from([300_000, 0, 5_000, RAIL_COUNTS, -RAIL_COUNTS]), max_size=14))
def test_wires_that_are_quiet_need_no_look(counts: list[int]) -> None:
    quick, thorough = WiringWatch(SCALE), WiringWatch(SCALE)
    thorough._nearest = np.inf
    for count in counts:
        rows = np.full((6, len(SCALE.cells)), 300_000, np.int64)
        rows[2:, 1] = count
        assert all(map(same, quick.update(rows), thorough.update(rows)))
        assert same(quick.dead, thorough.dead)


@given(seeds, st.floats(0.1, 3.0))
def test_a_spike_is_found_whatever_lies_around_it(seed: int, size: float) -> None:
    rng, despike = np.random.default_rng(seed), Despike(6)
    rows = rng.normal(0, 100, (30, 6))
    rows[rng.integers(1, 29), rng.integers(6)] += rng.choice([-1, 1]) * size * FLOOR_G
    before, middle, after = rows[:-2], rows[1:-1], rows[2:]
    limit = FLOOR_G + SHARE * np.abs((before + after) / 2)
    away = np.maximum(middle - np.maximum(before, after), np.minimum(before, after) - middle)
    expected = np.where(away > limit, (before + after) / 2, middle)
    found = [despike.push(np.arange(i, i + 3), rows[i : i + 3])[1] for i in range(0, 30, 3)]
    assert same(np.concatenate(found), expected)


@given(seeds, st.floats(0, 1e6), st.integers(0, ROWS))
def test_no_step_is_larger_than_the_most_it_can_be(seed: int, step_g: float, at: int) -> None:
    load_g = np.random.default_rng(seed).normal(0, 1e3, ROWS) + step_g * (np.arange(ROWS) >= at)
    assert abs(FIT.step(load_g).value) <= FIT.most(load_g)


FIT = StepFit(0.1)


@settings(deadline=None)
@given(seeds, st.sampled_from([0.0, 0.02, 0.2]))
def test_quiet_ticks_are_counted_as_if_looked_at(seed: int, odd: float) -> None:
    rng, watch, empty = np.random.default_rng(seed), TamperWatch(SCALE), True
    for tick in range(140):
        axle, beam, half_off, turns, gap = rng.random(5) < odd * np.array([1, 1, 1, 1, 0.1])
        empty ^= bool(turns)
        load_g = rng.normal(0, 1e3, 6) + (0.0 if empty else 2e6)
        now_us = 100_000 * tick + 10**6 * int(gap)
        flags = bool(axle), bool(beam), bool(half_off)
        watch.update(now_us, load_g, not empty, empty, *flags)
        ticks = watch._ticks
        noisy = any(one.event or one.half_off for one in ticks)
        alike = all(one.empty == ticks[0].empty for one in ticks)
        assert watch._is_quiet() == (len(ticks) == ROWS and not noisy and alike)
