"""The rule by which readings of an indicator are a weight, and the uncertainty of that weight."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from shown import E_G, EVERY_US, Bridge, evenly

from protocol.frames import FrameState, RawFrame
from sensors.indicated_rule import Rule, slopes, stable_g, u95_g
from sensors.indication import mpe_in_service_g

LOAD_G = 18_000_000
BRIDGE, RULE = Bridge(), Rule()


def weight_of(frames: list[RawFrame]) -> int | None:
    return stable_g(frames, BRIDGE, RULE, EVERY_US)


def test_ten_equal_readings_are_a_weight() -> None:
    assert weight_of(evenly([LOAD_G] * 10)) == LOAD_G
    assert weight_of(evenly([LOAD_G] * 9)) is None


def test_only_the_last_readings_count() -> None:
    assert weight_of(evenly([0, 40_000_000, *[LOAD_G] * 10])) == LOAD_G


def test_readings_that_flicker_by_one_division_are_the_middle_one() -> None:
    flicker = [LOAD_G, LOAD_G + E_G] * 5
    assert weight_of(evenly(flicker)) in flicker


@given(
    at=st.integers(0, 9),
    off_d=st.integers(2, 900).flatmap(lambda n: st.sampled_from([n, -n])),
)
def test_one_reading_that_deviates_by_more_than_e_spoils_the_window(at: int, off_d: int) -> None:
    grams = [LOAD_G] * 10
    grams[at] += off_d * E_G
    assert weight_of(evenly(grams)) is None


@given(st.lists(st.booleans(), min_size=10, max_size=10))
def test_no_reading_may_say_that_it_is_in_motion(moves: list[bool]) -> None:
    frames = [
        replace(one, motion=motion)
        for one, motion in zip(evenly([LOAD_G] * 10), moves, strict=True)
    ]
    assert (weight_of(frames) is None) == any(moves)


@pytest.mark.parametrize("state", [s for s in FrameState if s is not FrameState.OK])
def test_no_reading_may_be_without_a_weight(state: FrameState) -> None:
    frames = evenly([LOAD_G] * 10)
    frames[4] = replace(frames[4], state=state, gross_g=None)
    assert weight_of(frames) is None
    frames[4] = replace(frames[4], state=state, gross_g=LOAD_G)
    assert weight_of(frames) is None


@pytest.mark.parametrize("at", range(1, 10))
def test_no_frame_may_be_missing(at: int) -> None:
    frames = evenly([LOAD_G] * 11)
    del frames[at]
    assert weight_of(frames) is None


def test_frames_may_come_a_little_unevenly() -> None:
    frames = evenly([LOAD_G] * 10)
    uneven = [replace(f, t_us=f.t_us + (i % 3) * 30_000) for i, f in enumerate(frames)]
    assert weight_of(uneven) == LOAD_G


@pytest.mark.parametrize("said", [{"d_g": 50_000}, {"d_g": 10_000}])
def test_another_division_is_no_weight(said: dict[str, int]) -> None:
    assert weight_of(evenly([LOAD_G] * 10, **said)) is None
    assert weight_of(evenly([LOAD_G] * 10, d_g=E_G)) == LOAD_G


def test_a_reading_that_no_division_has_is_no_weight() -> None:
    assert weight_of(evenly([LOAD_G + 10_000] * 10)) is None


def test_readings_that_rise_by_half_a_division_a_second_are_no_weight() -> None:
    """One division in two seconds is the limit: of 10 readings the last alone rises faster."""
    rises = [LOAD_G] * 5 + [LOAD_G + E_G] * 5
    assert weight_of(evenly(rises)) is None
    wide = Rule(readings=40)
    late = [LOAD_G] * 20 + [LOAD_G + E_G] * 20
    slow = stable_g(evenly(late), BRIDGE, wide, EVERY_US)
    assert slow is not None
    assert slopes(evenly(late), late, E_G) is False


@given(st.lists(st.integers(-4, 4), min_size=10, max_size=10))
def test_the_slope_is_that_of_least_squares(steps: list[int]) -> None:
    grams = [LOAD_G + step * E_G for step in steps]
    frames = evenly(grams)
    t_s = [f.t_us / 1e6 for f in frames]
    mean_t, mean_g = sum(t_s) / 10, sum(grams) / 10
    rise = sum((t - mean_t) * (g - mean_g) for t, g in zip(t_s, grams, strict=True))
    g_per_s = abs(rise / sum((t - mean_t) ** 2 for t in t_s))
    if abs(g_per_s - E_G / 2) > 1e-3:
        assert slopes(frames, grams, E_G) == (g_per_s > E_G / 2)


def test_a_window_lasts_as_long_at_every_rate() -> None:
    assert RULE.wanted(100_000) == 10
    assert RULE.wanted(33_000) == 31
    assert RULE.wanted(250_000) == 10


@pytest.mark.parametrize(("load_g", "d_g"), [(5_000_000, E_G), (LOAD_G, E_G), (LOAD_G, 10_000)])
def test_the_uncertainty_holds_95_of_a_hundred_true_masses(load_g: int, d_g: int) -> None:
    """Counted over a grid of errors within the MPE in service and of roundings within d/2."""
    bridge = Bridge(d_g=d_g)
    most_g, grid = mpe_in_service_g(load_g, E_G), range(-500, 501)
    errors = [most_g * i / 500 for i in grid]
    roundings = [d_g / 2 * i / 500 for i in range(-500, 501, 10)]
    within = sum(
        abs(a + b) <= u95_g(load_g, bridge) for a, b in itertools.product(errors, roundings)
    )
    share = within / (len(errors) * len(roundings))
    assert 0.945 < share < 0.96


def test_the_uncertainty_of_a_fine_division_is_that_of_the_mpe() -> None:
    assert u95_g(LOAD_G, Bridge(d_g=2_000)) == 38_000
    assert u95_g(LOAD_G, BRIDGE) == 41_056


@given(st.integers(0, 10_000 * E_G), st.sampled_from([2_000, 5_000, 10_000, E_G]))
def test_the_uncertainty_is_never_better_than_the_division(load_g: int, d_g: int) -> None:
    assert d_g <= u95_g(load_g, Bridge(d_g=d_g)) <= mpe_in_service_g(load_g, E_G) + d_g


def test_beyond_class_iii_there_is_no_uncertainty() -> None:
    with pytest.raises(ValueError, match="class III"):
        u95_g(10_001 * E_G, BRIDGE)
