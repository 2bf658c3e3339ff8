"""The mean beside the fit: over holes in time it says nothing, and never divides by it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_rig import make_scale

from sensors.estimator import TaperedMean

SCALE = make_scale()
CELLS = len(SCALE.cells)
LOAD_G = 30e6


def fed(t_us: list[int]) -> TaperedMean:
    mean = TaperedMean(SCALE)
    mean.restart(0)
    times = np.array(t_us, np.int64)
    cells_g = np.full((len(times), CELLS), LOAD_G / CELLS)
    mean.push(times, cells_g, np.ones(len(times), np.bool_))
    return mean


def steady(from_us: int, until_us: int) -> list[int]:
    return list(range(from_us, until_us, round(1e6 / SCALE.rate_hz)))


def test_a_line_that_was_pulled_for_all_but_the_last_sample_gives_no_weight() -> None:
    mean = fed([*steady(12_500, 1_500_000), 3_000_000])
    assert mean.estimate(None) is None
    assert mean.estimate(None) is None


def test_a_whole_window_gives_the_load() -> None:
    mean = fed(steady(12_500, 3_000_000))
    mean.estimate(None)
    found = mean.estimate(None)
    assert found is not None
    assert abs(found.weight_g - LOAD_G) < 1.0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 239), unique=True, min_size=1),
    st.integers(0, 3_000_000),
)
def test_whatever_samples_are_lost_it_gives_the_load_or_nothing(
    lost: list[int], later_us: int
) -> None:
    kept = [t for i, t in enumerate(steady(12_500, 3_000_000)) if i not in set(lost)]
    mean = fed([*kept, *([kept[-1] + later_us] if kept and later_us else [])])
    for _ in range(2):
        found = mean.estimate(None)
        assert found is None or abs(found.weight_g - LOAD_G) < 1.0
