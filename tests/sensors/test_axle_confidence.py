"""What is said of the confidence in axle loads, spacings and the count of axles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.commands.weigh_axles import report_axles
from controller.commands.weigh_truth import judge_trace
from sensors.axle_confidence import Between, between, climb, one_axle
from sensors.weighing import Status
from sim.recordings.passage import make_passage
from sim.recordings.store import write_passage

Make = Callable[..., Any]
LEGS = [(3.0, 0.0), (9.5, 1.8), (60.0, 0.0)]
TRUCK = ((0.0, 6000.0), (3.5, 9000.0), (4.9, 9000.0))


@settings(max_examples=50, derandomize=True)
@given(
    ticks=st.integers(1, 60),
    swing=st.floats(0, 0.1),
    accel=st.floats(-2, 2),
    axles=st.integers(1, 5),
)
def test_more_swing_harder_braking_and_fewer_ticks_make_a_load_less_sure(
    ticks: int, swing: float, accel: float, axles: int
) -> None:
    share = Between(6e6, ticks, swing, accel).share_sigma(axles)
    assert Between(6e6, ticks, swing + 0.02, accel).share_sigma(axles) > share
    assert Between(6e6, ticks, swing, accel + np.copysign(0.5, accel)).share_sigma(axles) > share
    assert Between(6e6, ticks + 20, swing, accel).share_sigma(axles) < share
    assert Between(6e6, 0, swing, accel).share_sigma(axles) > 0.08
    assert 0 < share < 0.35


def test_the_deck_between_two_steps_is_measured() -> None:
    found = between([(6e6, 1.8), (6.2e6, 1.6), (5.8e6, 1.3)], 0.5, 9e9)
    assert found.load_g == pytest.approx(6e6)
    assert found.ticks == 3
    assert found.swing == pytest.approx(np.std([6e6, 6.2e6, 5.8e6]) / 6e6)
    assert found.accel_mps2 == pytest.approx(-1.0)
    assert between([], -0.1, 7e6) == Between(7e6, 0, 0.0, 0.0)


def test_a_way_is_less_sure_with_a_long_lever_and_a_swinging_body() -> None:
    calm, wild = Between(6e6, 20, 0.005, 0.0), Between(6e6, 20, 0.04, 0.0)
    near = climb(5e6, calm, 1, 3.5, (3.5, 0.0))
    assert climb(5e6, calm, 1, 3.5, (9.0, 5.5)).way_sigma_m > near.way_sigma_m
    assert climb(5e6, wild, 1, 3.5, (3.5, 0.0)).way_sigma_m > 2 * near.way_sigma_m
    assert near.before_sigma_g == pytest.approx(6e6 * calm.share_sigma(1))


def test_a_step_that_leaves_no_load_or_too_much_is_hardly_one_axle() -> None:
    assert one_axle(6e6, 4.8e6) > 0.999
    assert one_axle(0.0, 4.8e6) < 0.1
    assert one_axle(9.6e6, 4.8e6) < 0.6
    assert 0.9 < one_axle(None, 4.8e6) < 0.99


def test_what_is_said_covers_the_truth(passage: Make) -> None:
    last = passage(LEGS, axles=TRUCK).run().snapshot()
    assert last.status == Status.ACCEPTED
    assert last.axles_confidence_ppm > 950_000
    assert len(last.axle_loads_u95_g) == 3
    assert len(last.axle_spacings_u95_mm) == 2
    for load_g, u95_g, (_, kg) in zip(last.axle_loads_g, last.axle_loads_u95_g, TRUCK, strict=True):
        assert abs(load_g - 1000 * kg) <= u95_g <= 0.2 * load_g


def test_u95_covers_the_truth_of_generated_passages(tmp_path: Path) -> None:
    traces = [
        tmp_path / f"{write_passage(make_passage(seed, ('ok',)), tmp_path)}.csv"
        for seed in range(9600, 9604)
    ]
    judged = [judge_trace(trace).axles for trace in traces]
    said = report_axles([each for each in judged if each is not None])
    assert said is not None
    assert said.right == said.passages >= 3
    assert (said.loads_covered or 0) >= 0.85
    assert (said.spacings_covered or 0) >= 0.85


def test_a_bouncing_body_makes_axle_loads_less_sure(passage: Make) -> None:
    calm = passage(LEGS, axles=TRUCK, bounce=0.01).run().snapshot()
    wild = passage(LEGS, axles=TRUCK, bounce=0.10).run().snapshot()
    assert calm.axle_loads_u95_g[0] < wild.axle_loads_u95_g[0]
    assert calm.axle_spacings_u95_mm[0] < wild.axle_spacings_u95_mm[0]


@pytest.mark.parametrize(
    ("gap_m", "kg", "sure_ppm"), [(0.4, 6000.0, 300_000), (0.4, 2500.0, 900_000)]
)
def test_an_axle_hidden_behind_another_lowers_the_confidence(
    passage: Make, gap_m: float, kg: float, sure_ppm: int
) -> None:
    """Their loads come with one jump, and the level that follows is too high for it."""
    hidden = ((0.0, 6000.0), (3.6, 10_000.0), (3.6 + gap_m, kg), (8.5, 6000.0))
    last = passage([(3.0, 0.0), (10.5, 1.8), (60.0, 0.0)], axles=hidden).run().snapshot()
    assert last.axles == 3
    assert last.axles_confidence_ppm < sure_ppm


def test_before_the_gross_is_known_the_last_axle_is_vague(passage: Make) -> None:
    rolls = passage(LEGS, axles=TRUCK, seconds=13.2).run().snapshot()
    assert rolls.weight_g is None
    assert rolls.axles == 3
    assert rolls.axle_loads_u95_g[-1] >= 0.4 * rolls.axle_loads_g[-1]
    assert rolls.axles_confidence_ppm < 990_000
