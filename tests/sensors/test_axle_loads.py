"""Axle loads and spacings from the climb, and which steps under a standing vehicle count."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.axle_doubt import LAST_US
from sensors.axle_steps import End
from sensors.axles import AxleTracker
from sensors.calibration import Scale
from sensors.history import History
from sensors.weighing import EventKind, Status

Make = Callable[..., Any]
Legs = list[tuple[float, float]]

TICK = 6
TRUCK = ((0.0, 6000.0), (3.5, 9000.0), (4.9, 9000.0))
STANDS_S = 16.0


def followed(passage: Any, until_s: float = 1e9) -> AxleTracker:
    """The tracker after a passage, told the true speed and whether the vehicle stands."""
    tracker = AxleTracker(passage.scale)
    history = History(240, len(passage.scale.cells))
    cells_g, on = 1000 * passage.kg, passage.way_m > 0
    speed = np.gradient(passage.way_m, passage.t_us / 1e6)
    for start in range(0, len(cells_g) - TICK, TICK):
        rows = slice(start, start + TICK)
        if passage.t_us[start] - passage.t_us[0] > 1e6 * until_s:
            break
        history.append(passage.t_us[rows], cells_g[rows], passage.scale.x_m())
        now = float(speed[start])
        tracker.update(history, TICK, now, bool(on[start]) and abs(now) < 0.05)
    return tracker


def masses_g(tracker: AxleTracker) -> list[int]:
    return [step.mass_g for step in tracker.books.climbed()]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("speed_mps", [0.9, 1.8])
def test_each_axle_weighs_what_the_level_rose_by(
    passage: Make, speed_mps: float, reverse: bool
) -> None:
    legs = [(3.0, 0.0), (17.1 / speed_mps, speed_mps), (60.0, 0.0)]
    tracker = followed(passage(legs, axles=TRUCK, reverse=reverse, seconds=30.0))
    assert tracker.books.front == (End.EXIT if reverse else End.ENTRY)
    # The last axle has no step after it, so its level is only known with the gross.
    assert masses_g(tracker)[:-1] == pytest.approx([6e6, 9e6], rel=0.04)
    assert tracker.books.loads_g(24_000_000) == pytest.approx((6e6, 9e6, 9e6), rel=0.05)


def test_the_bounce_of_the_step_itself_is_not_weighed(passage: Make, stop_legs: Legs) -> None:
    """The jump at the edge is off by the bounce; the level between the steps is not."""
    apart = ((0.0, 6000.0), (6.0, 9000.0), (12.0, 9000.0))
    tracker = followed(passage(stop_legs, axles=apart, bounce=0.12))
    assert masses_g(tracker)[:-1] == pytest.approx([6e6, 9e6], rel=0.03)


@pytest.mark.parametrize("spacings_m", [(3.5, 1.4), (5.0, 1.3), (2.8, 6.0)])
def test_the_spacing_comes_from_the_moment(
    passage: Make, stop_legs: Legs, spacings_m: tuple[float, float]
) -> None:
    one, two = spacings_m
    axles = ((0.0, 6000.0), (one, 9000.0), (one + two, 9000.0))
    tracker = followed(passage(stop_legs, axles=axles))
    expected = (0, 1000 * one, 1000 * (one + two))
    assert tracker.books.offsets_mm() == pytest.approx(expected, rel=0.12)


# The fixture only hands over a function.
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kg=st.lists(st.integers(6000, 9000), min_size=2, max_size=4),
    gap_m=st.floats(3.0, 4.5),
    gross_kg=st.integers(10_000, 45_000),
)
def test_the_loads_sum_to_the_gross(
    passage: Make, kg: list[int], gap_m: float, gross_kg: int
) -> None:
    axles = tuple((i * gap_m, float(load)) for i, load in enumerate(kg))
    legs = [(3.0, 0.0), (9.9, 1.8), (60.0, 0.0)]
    books = followed(passage(legs, axles=axles, seconds=16.0)).books
    true_g = 1000 * sum(kg)
    assert len(books.climbed()) == len(kg)
    assert sum(books.loads_g(true_g)) == true_g
    assert books.loads_g(true_g) == pytest.approx([1000 * load for load in kg], rel=0.12)
    # A gross that the last axle cannot explain is shared by all, each rounded to a gram.
    assert sum(books.loads_g(1000 * gross_kg)) == pytest.approx(1000 * gross_kg, abs=len(kg))
    assert min(books.loads_g(1000 * gross_kg)) > 0


def test_without_a_gross_or_with_an_axle_gone_the_steps_stand(passage: Make) -> None:
    legs = [(3.0, 0.0), (11.8, 1.8), (60.0, 0.0)]
    tracker = followed(passage(legs))
    books = tracker.books
    assert books.gone_off() == 1
    assert books.loads_g(18_000_000) == books.loads_g(None) == tuple(masses_g(tracker))


def test_an_empty_deck_has_no_axles(scale: Scale) -> None:
    tracker = AxleTracker(scale)
    books = tracker.books
    assert books.loads_g(24_000_000) == books.offsets_mm() == ()
    assert books.loads_u95_g(24_000_000, 9_000) == books.spacings_u95_mm() == ()
    assert tracker.answers(24_000_000, None).confidence == 0.0


def lift(passage: Any, kg: float, seconds: float, at_m: float, add_load: Make) -> None:
    """A load that comes onto a standing vehicle's deck within 0.1 s and goes after a while."""
    since = (passage.t_us - passage.t_us[0]) / 1e6 - STANDS_S
    shape = np.clip(since / 0.1, 0, 1) - np.clip((since - seconds) / 0.1, 0, 1)
    add_load(passage, kg * shape, at_m)


def test_a_step_under_a_standing_vehicle_counts_once_it_has_lasted(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    stepped = passage(stop_legs)
    lift(stepped, 6000.0, 60.0, 0.2, add_load)
    early = followed(stepped, until_s=STANDS_S + 0.8)
    assert len(early.books.steps) == 3
    assert early.stepping
    late = followed(stepped)
    assert [step.standing for step in late.books.steps] == [False, False, False, True]
    assert late.books.steps[-1].mass_g == pytest.approx(6e6, rel=0.1)
    assert late.books.steps[-1].at_us == pytest.approx(1e6 * (STANDS_S + 1.05), abs=100_000)
    assert not late.stepping


@pytest.mark.parametrize("seconds", [0.2, 0.35])
def test_a_step_that_goes_back_within_its_time_is_no_axle(
    passage: Make, stop_legs: Legs, add_load: Make, seconds: float
) -> None:
    assert 1e6 * seconds < LAST_US
    rocked = passage(stop_legs)
    lift(rocked, 6000.0, seconds, 0.2, add_load)
    tracker = followed(rocked)
    assert [step.standing for step in tracker.books.steps] == [False, False, False]
    assert not tracker.stepping


def test_load_that_moves_about_the_middle_is_no_axle(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    stepped = passage(stop_legs)
    lift(stepped, 6000.0, 60.0, 8.0, add_load)
    assert len(followed(stepped).books.steps) == 3


def paused(first_s: float) -> Legs:
    """A stop on the way and a truck's start from it, 0.6 m/s2, to the usual place."""
    start = [(0.5, 0.3), (0.5, 0.6), (0.5, 0.9), (0.5, 1.2), (0.5, 1.5)]
    way_m = 1.8 * first_s + sum(seconds * mps for seconds, mps in start)
    return [(3.0, 0.0), (first_s, 1.8), (5.0, 0.0), *start, ((17.1 - way_m) / 1.8, 1.8), (60.0, 0)]


@pytest.mark.parametrize("beams", [True, False])
@pytest.mark.parametrize("first_s", [3.0, 4.0, 4.6])
def test_a_vehicle_that_drives_on_after_a_pause_is_no_second_one(
    passage: Make, beams: bool, first_s: float
) -> None:
    weigher = passage(paused(first_s), seconds=26.0, has_beams=beams).run(beams=beams)
    last = weigher.snapshot()
    assert EventKind.TAILGATE not in [event.kind for event in last.events]
    assert last.status == Status.ACCEPTED
    assert last.axles == 3
    assert sum(last.axle_loads_g) == last.weight_g


def test_an_axle_that_climbs_on_while_the_first_vehicle_stands_is_its_own(
    passage: Make, stop_legs: Legs, add_load: Make
) -> None:
    tailed = passage(stop_legs, has_beams=False)
    since = (tailed.t_us - tailed.t_us[0]) / 1e6 - STANDS_S
    add_load(tailed, 6000 * np.clip(since / 0.4, 0, 1), np.clip(since, 0.0, 0.5))
    last = tailed.run(beams=False).snapshot()
    assert EventKind.TAILGATE in [event.kind for event in last.events]
    assert last.status != Status.ACCEPTED


def test_a_dip_of_a_standing_vehicle_strikes_out_no_axle(scale: Scale) -> None:
    """A rocked body dips and comes back soon after its axle climbed on: that axle stays."""
    tracker, history = AxleTracker(scale), History(240, len(scale.cells))
    t_us = np.arange(0, 5_000_000, 16_667)
    load_g = np.interp(t_us / 1e6, [2.0, 2.15, 2.55, 2.7, 2.85, 3.0], [0, 8e6, 8e6, 2e6, 2e6, 8e6])
    cells_g = np.zeros((len(t_us), len(scale.cells)))
    cells_g[:, scale.x_m() == scale.x_m().min()] = load_g[:, None] / 2
    for start in range(0, len(t_us) - TICK, TICK):
        rows = slice(start, start + TICK)
        history.append(t_us[rows], cells_g[rows], scale.x_m())
        tracker.update(history, TICK, 0.9, bool(t_us[start] > 2_400_000))
    assert [step.mass_g > 0 for step in tracker.books.steps] == [True]
