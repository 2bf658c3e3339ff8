"""Braking is told from pitching: standing is seen soon after the stop, and never while it rolls."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.deckwatch import STANDS
from sensors.stopping import LEAST, MOST, Stop, StopFinder

Floats = npt.NDArray[np.float64]
STEP_S: Final = 0.05
CASES: Final = 40
FINDER: Final = StopFinder(STEP_S)


def pitch(rng: np.random.Generator, t_s: Floats, stop_s: float) -> Floats:
    """0.1 to 0.2 m at 1.3 to 3.5 Hz, ringing down once the vehicle stands, and sensor noise."""
    fading = np.exp(-rng.uniform(0.2, 0.8) * np.clip(t_s - stop_s, 0, None))
    turn = 2 * np.pi * rng.uniform(1.3, 3.5) * t_s + rng.uniform(0, 2 * np.pi)
    return rng.uniform(0.1, 0.2) * fading * np.sin(turn) + rng.normal(0, 0.004, len(t_s))


def braking(seed: int) -> tuple[Floats, Floats]:
    """Times before and after the stop, and places: rolling, then a parabola, then standing."""
    rng = np.random.default_rng(seed)
    stop_s = 6.0 + rng.uniform(0, STEP_S)
    mps2 = rng.uniform(0.6, 2.5)
    begins_s = stop_s - rng.uniform(1, 3) / mps2
    t_s = np.arange(0, 9, STEP_S)
    left = np.clip(stop_s - t_s, 0, None) ** 2 - np.clip(begins_s - t_s, 0, None) ** 2
    return t_s - stop_s, 8.0 - 0.5 * mps2 * left + pitch(rng, t_s, stop_s)


def rolling(seed: int) -> tuple[float, Floats]:
    rng = np.random.default_rng(seed)
    t_s = np.arange(0, 6, STEP_S)
    mps = rng.uniform(0.5, 3.0) * rng.choice([-1, 1])
    return mps, mps * t_s + pitch(rng, t_s, np.inf)


def looks(place_m: Floats) -> list[Stop | None]:
    return [FINDER.look(place_m[: k + 1]) for k in range(len(place_m))]


@pytest.mark.parametrize("seed", range(CASES))
def test_a_braking_vehicle_stands_within_half_a_second_and_not_before(seed: int) -> None:
    after_s, place_m = braking(seed)
    for at_s, look in zip(after_s, looks(place_m), strict=True):
        if look is None:
            assert at_s < -4.0
        elif at_s < -0.3:
            assert look.stands < STANDS
        elif at_s > 0.5:
            assert look.stands >= STANDS


@pytest.mark.parametrize("seed", range(CASES))
def test_the_moment_of_the_stop_is_known_to_a_quarter_second(seed: int) -> None:
    after_s, place_m = braking(seed)
    last = int(np.searchsorted(after_s, 0.5))
    found = FINDER.look(place_m[: last + 1])
    assert found is not None
    assert found.since_s == pytest.approx(after_s[last], abs=0.25)
    assert abs(found.speed_mps) < 0.1


@pytest.mark.parametrize("seed", range(CASES))
def test_rolling_never_stands_and_its_speed_is_known(seed: int) -> None:
    mps, place_m = rolling(seed)
    found = looks(place_m)
    assert all(look.stands < 0.5 for look in found[30:] if look)
    assert all(look.stands < STANDS for look in found if look)
    speeds = [look.speed_mps for look in found[MOST:] if look]
    assert float(np.median(speeds)) == pytest.approx(mps, abs=0.25)


@given(st.integers(0, LEAST - 1))
def test_too_few_places_say_nothing(n: int) -> None:
    assert FINDER.look(np.linspace(0, 1, n)) is None
    assert FINDER.look(np.linspace(0, 1, LEAST)) is not None


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(MOST, 170), st.floats(-30, 30))
def test_only_the_newest_places_and_only_their_differences_count(
    seed: int, last: int, by_m: float
) -> None:
    _, place_m = braking(seed)
    newest = place_m[last - MOST : last]
    near, far = FINDER.look(newest), FINDER.look(np.append(np.full(7, 1e3), newest + by_m))
    assert near is not None
    assert far is not None
    assert 0 <= near.stands <= 1 + 1e-9
    assert far.stands == pytest.approx(near.stands, abs=1e-6)
    assert far.speed_mps == pytest.approx(near.speed_mps, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 170))
def test_the_other_way_is_judged_alike(seed: int, last: int) -> None:
    _, place_m = braking(seed)
    there, back = FINDER.look(place_m[:last]), FINDER.look(-place_m[:last])
    assert there is not None
    assert back is not None
    assert back.stands == pytest.approx(there.stands, abs=1e-6)
    assert back.since_s == there.since_s
    assert back.speed_mps == pytest.approx(-there.speed_mps, abs=1e-6)
