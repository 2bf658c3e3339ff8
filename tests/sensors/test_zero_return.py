"""Zero after every vehicle: how far off, where it lies, and where it is going."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.calibration import Scale
from sensors.zero_return import (
    HOUR_US,
    RestPlace,
    TrendKeeper,
    ZeroReturn,
    ZeroReturnLimits,
    ZeroReturnWatch,
    theil_sen,
)

Floats = npt.NDArray[np.float64]
KG = 1000.0
TICK_US = 100_000
LOAD_G = np.array([4.0, 4.1, 8.0, 7.7, 2.0, 2.2]) * 1e6
SCALE: list[Scale] = []


@pytest.fixture(autouse=True)
def _scale(scale: Scale) -> None:
    SCALE[:] = [scale]


def passage(
    watch: ZeroReturnWatch,
    rest_g: Floats,
    seed: int = 1,
    start_us: int = 0,
    swing_kg: float = 0.0,
    after_s: float = 10.0,
) -> list[ZeroReturn]:
    """Four seconds empty, three loaded, then empty with a rest and a swing that dies away."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(round(10 * (7 + after_s))):
        empty = not 40 <= k < 70
        cells_g = rng.normal(0, 0.5 * KG, 6)
        if not empty:
            cells_g += LOAD_G
        elif k >= 70:
            wave = swing_kg * KG * np.exp(-(k - 70) / 20) * np.sin(0.9 * k)
            cells_g += rest_g + wave / 6
        said = watch.update(start_us + k * TICK_US, cells_g, empty)
        out += [] if said is None else [said]
    return out


rests = st.lists(st.floats(-300, 300), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(rests, st.integers(0, 10**6))
def test_the_rest_is_measured_once_per_vehicle(rest_kg: list[float], seed: int) -> None:
    rest_g = np.array(rest_kg) * KG
    (said,) = passage(ZeroReturnWatch(SCALE[0]), rest_g, seed)
    assert said.sum_g == pytest.approx(float(rest_g.sum()), abs=said.u95_g + 1000)
    assert np.allclose(said.cells_g, rest_g, atol=1500)
    assert said.settled
    if abs(float(rest_g.sum())) < 8 * KG:
        assert said.passed
    if abs(float(rest_g.sum())) > 12 * KG:
        assert not said.passed
    if said.place == RestPlace.NOWHERE:
        assert said.passed


@pytest.mark.parametrize(
    ("rest_kg", "place", "cell"),
    [
        ([0, 1, -1, 0, 2, 0], RestPlace.NOWHERE, None),
        ([0, 0, 40, 2, 0, -1], RestPlace.ONE_CELL, 2),
        ([0, 0, 0, 0, 0, -25], RestPlace.ONE_CELL, 5),
        ([0, 0, 20, 25, 1, 0], RestPlace.ONE_ROW, None),
        ([10, 9, 11, 10, 12, 9], RestPlace.UNIFORM, None),
        ([60, 50, 1, 0, -55, -50], RestPlace.TILTED, None),
        ([30, 20, 5, 10, 30, 2], RestPlace.SPREAD, None),
    ],
)
def test_the_rest_says_where_it_lies(
    rest_kg: list[float], place: RestPlace, cell: int | None
) -> None:
    (said,) = passage(ZeroReturnWatch(SCALE[0]), np.array(rest_kg) * KG)
    assert (said.place, said.cell) == (place, cell)


def test_it_waits_until_the_deck_is_calm() -> None:
    (said,) = passage(ZeroReturnWatch(SCALE[0]), np.zeros(6), swing_kg=300.0, after_s=20)
    assert said.settled
    assert said.passed
    assert said.at_us > 12e6


def test_a_deck_that_never_calms_down_is_said_to_be_unsettled() -> None:
    """Its zero passes no test and is not what the next vehicle is held against."""
    limits = ZeroReturnLimits(wait_us_max=5_000_000, return_e=3.0)
    watch = ZeroReturnWatch(SCALE[0], limits)
    (first,) = passage(watch, np.zeros(6), after_s=2)
    rng = np.random.default_rng(2)
    assert watch.update(10_000_000, LOAD_G, False) is None
    said = [
        watch.update(10_100_000 + k * TICK_US, rng.normal(0, 30 * KG, 6), True) for k in range(100)
    ]
    (one,) = [each for each in said if each is not None]
    assert not one.settled
    assert abs(one.sum_g) < one.limit_g < one.u95_g + abs(one.sum_g)
    assert not one.passed
    watch.update(30_000_000, LOAD_G, False)
    said = [watch.update(30_100_000 + k * TICK_US, np.zeros(6), True) for k in range(20)]
    (last,) = [each for each in said if each is not None]
    assert first.at_us <= last.before_us < 10_000_000


def test_a_tyre_on_the_edge_is_not_the_zero_before_the_vehicle() -> None:
    watch = ZeroReturnWatch(SCALE[0])
    said = []
    for k in range(120):
        empty = not 40 <= k < 70
        cells_g = np.full(6, 10.0 * (-1) ** k) + (0.0 if empty else LOAD_G)
        cells_g[0] += 9 * KG if 35 <= k < 40 else 0.0
        said.append(watch.update(k * TICK_US, cells_g, empty))
    (one,) = [each for each in said if each is not None]
    assert abs(one.sum_g) < 500


def test_a_vehicle_too_close_behind_is_counted() -> None:
    watch = ZeroReturnWatch(SCALE[0])
    assert passage(watch, np.zeros(6), after_s=0.8) == []
    assert watch.missed == 0
    assert passage(watch, np.zeros(6), start_us=8_000_000)
    assert watch.missed == 0
    passage(watch, np.zeros(6), start_us=30_000_000, after_s=0.8)
    watch.update(60_000_000, LOAD_G, False)
    assert watch.missed == 1


def test_bad_ticks_restart_the_look() -> None:
    watch = ZeroReturnWatch(SCALE[0])
    passage(watch, np.zeros(6), after_s=1.0)
    assert watch.update(8_000_000, np.full(6, np.nan), True) is None
    for k in range(14):
        assert watch.update(8_100_000 + k * TICK_US, np.zeros(6), True) is None
    assert watch.update(8_000_000, np.zeros(6), True) is None
    said = [watch.update(9_600_000 + k * TICK_US, np.zeros(6), True) for k in range(15)]
    assert [each is not None for each in said] == [False] * 14 + [True]


def keeper(g_per_h: float, hours: float, seed: int = 0, mud: bool = False) -> TrendKeeper:
    rng = np.random.default_rng(seed)
    out = TrendKeeper(SCALE[0], ZeroReturnLimits())
    for hour in np.arange(0, hours, 0.25):
        zero_g = g_per_h * hour + rng.normal(0, 3 * KG)
        if mud and rng.random() < 0.2:
            zero_g += rng.uniform(20, 200) * KG
        out.add(round(hour * HOUR_US), float(zero_g))
    return out


@settings(max_examples=40, deadline=None)
@given(st.floats(-60_000, 60_000), st.integers(0, 10**6), st.booleans())
def test_the_trend_finds_the_slope_beside_clods_of_mud(
    g_per_h: float, seed: int, mud: bool
) -> None:
    trend = keeper(g_per_h, 24, seed, mud).trend()
    assert trend is not None
    width = trend.high_g_per_h - trend.low_g_per_h
    assert trend.low_g_per_h <= trend.g_per_h <= trend.high_g_per_h
    assert abs(trend.g_per_h - g_per_h) < 2 * width
    assert width < 3 * KG


def test_the_limits_of_the_slope_hold_it_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        trend = keeper(500.0, 12, seed).trend()
        assert trend is not None
        held += trend.low_g_per_h <= 500.0 <= trend.high_g_per_h
    assert 0.91 <= held / 200 <= 0.99


def test_it_warns_a_day_before_the_zero_leaves_the_tracking_range() -> None:
    """2 % of 100 t are 2000 kg: at 60 kg/h after 12 h that is 21 h away, at 30 kg/h 55 h."""
    fast, slow, still = (keeper(slope * KG, 12).trend() for slope in (60, 30, 0))
    assert fast is not None
    assert slow is not None
    assert still is not None
    assert (fast.warn, slow.warn, still.warn) == (True, False, False)
    assert fast.leaves_us == pytest.approx(2_000 / 60 * HOUR_US, rel=0.05)


def test_a_slope_that_may_be_chance_does_not_warn() -> None:
    limits = ZeroReturnLimits(range_share=5e-5)
    trend_keeper = TrendKeeper(SCALE[0], limits)
    rng = np.random.default_rng(8)
    for k in range(8):
        trend_keeper.add(k * HOUR_US, float(rng.normal(0, 3 * KG)))
    trend = trend_keeper.trend()
    assert trend is not None
    assert trend.low_g_per_h < 0 < trend.high_g_per_h
    assert trend.leaves_us is not None
    assert trend.leaves_us - trend.at_us < limits.warn_ahead_us
    assert not trend.warn


def test_the_trend_forgets_and_stays_small() -> None:
    trend_keeper = TrendKeeper(SCALE[0], ZeroReturnLimits(points_max=50))
    for k in range(5000):
        trend_keeper.add(k * 60_000_000, 0.0, after_vehicle=k % 3 == 0)
    assert len(trend_keeper._points) == 50
    trend_keeper.add(200 * 24 * HOUR_US, 0.0)
    assert len(trend_keeper._points) == 1
    assert trend_keeper.trend() is None


def test_theil_and_sen_on_a_line() -> None:
    x = np.arange(10.0)
    assert theil_sen(x, 3 * x + 1) == (3.0, 3.0, 3.0)
