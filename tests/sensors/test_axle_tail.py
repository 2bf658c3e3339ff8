"""A step of the load is an axle only where the load stays; what comes on without one is told."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from sensors.axle_books import AxleBooks
from sensors.axle_confidence import Climb
from sensors.axle_steps import AxleStep, End
from sensors.axle_tail import Edge, Tail, explaining
from sensors.calibration import Scale
from sensors.estimator import Estimate
from sensors.standing import StandingLoad
from sensors.weighing import Status

Make = Callable[..., Any]

LEGS = [(3.0, 0.0), (4.5, 1.8), (4.0, 0.0), (4.5, 1.8), (60.0, 0.0)]
"""Stops for four seconds with its first axle 5 m on the deck, and the second 1.5 m."""
BRAKES_S = 7.6
CREEP_MPS = 0.26
AXLES = 3


def edge(at_s: float, mass_g: int, travel_mm: int = 3000, load_g: float = 0.0) -> Edge:
    step = AxleStep(
        at_us=round(1e6 * at_s),
        mass_g=round(0.8 * mass_g),
        end=End.ENTRY,
        travel_mm=travel_mm,
        standing=False,
    )
    return Edge(step, 0.0, load_g, Climb(0.8 * mass_g, 0.0, 0.0))


@pytest.mark.parametrize(
    ("rest_t", "others", "axles"), [(4.5, 3, 4), (9.0, 3, 5), (9.0, 2, 3), (6.0, 4, 5)]
)
def test_an_axle_that_stopped_on_the_edge_is_no_heavier_than_any_other(
    rest_t: float, others: int, axles: int
) -> None:
    books = AxleBooks()
    books.front = End.ENTRY
    for i in range(others + 1):
        level_g = i * 10_000_000.0
        books.enter(edge(5.0 + 3 * i, 9_000_000, load_g=level_g), level_g if i else None)
    half = edge(25.0, round(1e6 * rest_t), 400)
    if not books.join(half):
        books.enter(half, (others + 1) * 10_000_000.0)
    assert books.count() == axles


@pytest.mark.parametrize(
    ("masses_t", "rise_t", "expected"),
    [
        ((6.0,), 6.1, (True,)),
        ((6.0,), 3.9, (True,)),
        ((6.0,), 0.4, (False,)),
        ((3.0, -3.5, 2.5), 0.1, (False, False, False)),
        ((10.0, 4.0), 9.9, (True, False)),
        ((7.0, 7.0, 7.0), 20.0, (True, True, True)),
        ((-6.0,), -5.5, (True,)),
    ],
)
def test_what_stays_of_the_load_tells_which_steps_were_axles(
    masses_t: tuple[float, ...], rise_t: float, expected: tuple[bool, ...]
) -> None:
    assert explaining(masses_t, rise_t) == expected


def test_a_step_that_was_struck_out_comes_back_with_its_load() -> None:
    tail = Tail()
    tail.add(edge(5.0, 6_000_000))
    assert tail.judge(500_000)
    assert not tail.lasting()
    assert tail.judge(5_500_000)
    assert len(tail.lasting()) == 1


def test_the_way_of_a_step_that_was_none_belongs_to_the_next_one() -> None:
    tail = Tail()
    for one in (edge(5.0, 3_000_000, 2100), edge(6.0, 7_000_000, 1400)):
        tail.add(one)
    tail.judge(7_000_000)
    assert [one.step.travel_mm for one in tail.lasting()] == [3500]


def test_steps_once_judged_are_not_judged_by_the_load_that_comes_later() -> None:
    books = AxleBooks()
    books.front = End.ENTRY
    books.enter(edge(5.0, 6_000_000))
    books.enter(edge(8.0, 9_000_000, load_g=6_000_000), 6_000_000.0)
    books.see_level(15_000_000)
    assert books.count() == 2
    books.see_level(6_200_000)
    assert [step.at_us for step in books.climbed()] == [5_000_000]


@pytest.mark.parametrize(("level_t", "axles"), [(21.2, 3), (13.2, 2)])
def test_a_step_that_seemed_undone_is_an_axle_where_the_load_has_stayed(
    level_t: float, axles: int
) -> None:
    """Who brakes as an axle climbs on makes it look like a swing there and back."""
    books = AxleBooks()
    books.front = End.ENTRY
    books.enter(edge(5.0, 6_400_000))
    books.enter(edge(6.0, 6_500_000), 6_400_000.0)
    books.enter(edge(7.50, 7_000_000), 12_900_000.0)
    for one in (edge(7.76, -6_000_000), edge(7.94, 7_700_000), edge(8.51, -5_100_000)):
        books.enter(one)
    books.see_level(1e6 * level_t)
    assert books.count() == axles


@pytest.mark.parametrize(("more_t", "count"), [(0.3, 2), (2.0, 2), (4.5, -1), (7.0, -1)])
def test_more_than_the_steps_explain_makes_the_count_unknown(more_t: float, count: int) -> None:
    books = AxleBooks()
    books.front = End.ENTRY
    books.enter(edge(5.0, 6_000_000))
    books.enter(edge(8.0, 9_000_000, load_g=6_000_000), 6_000_000.0)
    books.see_level(15_000_000)
    if books.unexplained_g(15_000_000 + 1e6 * more_t):
        books.lose()
    assert books.count() == count


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_a_body_that_brakes_half_on_the_deck_is_no_axle(
    passage: Make, add_load: Make, share: float
) -> None:
    half_on = passage(LEGS, seconds=30.0)
    since = (half_on.t_us - half_on.t_us[0]) / 1e6 - BRAKES_S
    pushed = np.clip(since / 0.15, 0, 1) - np.clip((since - 0.7) / 0.5, 0, 1)
    add_load(half_on, 15_000.0 * share * pushed, 3.0)
    seen = half_on.run().snapshot()
    assert seen.status == Status.ACCEPTED
    assert seen.axles == AXLES


@pytest.mark.parametrize("reverse", [False, True])
def test_who_creeps_has_his_axles_counted(passage: Make, reverse: bool) -> None:
    masses = ((0.0, 5000.0), (3.5, 3600.0), (8.0, 2000.0), (9.3, 2000.0), (10.6, 2000.0))
    creeping = passage(
        [(3.0, 0.0), (63.0, CREEP_MPS), (60.0, 0.0)],
        axles=masses,
        bounce=0.005,
        seconds=78.0,
        start_m=-2.0,
        reverse=reverse,
    )
    seen = creeping.run().snapshot()
    assert seen.status == Status.ACCEPTED
    assert seen.axles == len(masses)


def test_who_stood_with_an_axle_on_the_edge_is_weighed_when_he_has_moved_on(passage: Make) -> None:
    """The axle stands with half of its tyre on the deck; what comes on later is its own."""
    legs = [(3.0, 0.0), (5.04, 1.8), (6.0, 0.0), (2.6, 0.8), (60.0, 0.0)]
    seen = passage(legs, seconds=34.0).run().snapshot()
    assert seen.status == Status.ACCEPTED
    assert seen.weight_g == pytest.approx(24_000_000, abs=20_000)
    assert seen.axles in (AXLES, -1)


TRAIN = ((0.0, 5000.0), (3.5, 3600.0), (8.0, 2000.0), (9.3, 2000.0), (10.6, 1700.0))
LORRY = ((0.0, 3600.0), (4.5, 2700.0), (10.6, 2700.0))
LAST_M = 10.6


GOES_ON = [(4.0, 0.45)]


def stops_on_the_edge(
    make: Make,
    beyond_m: float,
    axles: tuple[tuple[float, float], ...] = TRAIN,
    goes_on: list[tuple[float, float]] = GOES_ON,
) -> Any:
    """Brakes with its last axle so far past the edge, stands for six seconds, and goes on."""
    brakes = [(0.4, 0.9), (0.4, 0.5), (0.8, 0.25)]
    way_m = 2.0 + LAST_M + beyond_m - sum(seconds * mps for seconds, mps in brakes)
    legs = [(3.0, 0.0), (way_m / 1.2, 1.2), *brakes, (6.0, 0.0), *goes_on, (60.0, 0.0)]
    return make(legs, axles=axles, bounce=0.005, start_m=-2.0, seconds=way_m / 1.2 + 30.0)


@pytest.mark.parametrize("beyond_m", [-0.2, -0.12, 0.0, 0.08, 0.12, 0.15, 0.18, 0.3])
def test_an_axle_that_comes_to_stand_on_the_edge_is_counted(passage: Make, beyond_m: float) -> None:
    """Too slow for a step as it stops, and less than a whole one as it goes on."""
    seen = stops_on_the_edge(passage, beyond_m).run().snapshot()
    assert (seen.status, seen.axles) == (Status.ACCEPTED, len(TRAIN))
    before_mm, last_mm = seen.axle_offsets_mm[-2:]
    assert last_mm - before_mm == pytest.approx(1300, abs=200)


@pytest.mark.parametrize("beyond_m", [-0.1, 0.1, 0.18, 0.28])
def test_who_stops_and_goes_on_over_the_edge_is_not_two_behind_a_gap(
    passage: Make, beyond_m: float
) -> None:
    """Beams look through under its body; it rolled as it came, or rolls as it goes on."""
    gapped = stops_on_the_edge(passage, beyond_m, LORRY)
    gapped.beams[(gapped.way_m > 8.5) & (gapped.way_m < 10.0), 0] = 0
    seen = gapped.run().snapshot()
    assert (seen.status, seen.axles) == (Status.ACCEPTED, len(LORRY))


@pytest.mark.parametrize("beyond_m", [0.14, 0.18])
def test_what_creeps_on_from_the_edge_is_the_same_axle(passage: Make, beyond_m: float) -> None:
    """It rolls too slowly at first to be known to roll."""
    seen = stops_on_the_edge(passage, beyond_m, LORRY, [(2.0, 0.12), (5.0, 0.45)]).run().snapshot()
    assert (seen.status, seen.axles) == (Status.ACCEPTED, len(LORRY))


def test_what_comes_to_stand_on_the_deck_beside_a_clear_beam_is_not_counted(passage: Make) -> None:
    """Nothing says that it is an axle, so that the count is not known any more."""
    strange = stops_on_the_edge(passage, 0.21)
    strange.beams[:, 0] = 0
    assert strange.run().snapshot().axles == -1


@pytest.mark.parametrize(("more_t", "one"), [(13.0, True), (14.0, False)])
def test_what_is_too_heavy_beside_the_others_is_not_one_axle(more_t: float, one: bool) -> None:
    books = AxleBooks()
    books.front = End.ENTRY
    books.enter(edge(5.0, 6_000_000))
    books.enter(edge(8.0, 9_000_000, load_g=6_000_000), 6_000_000.0)
    books.enter(edge(11.0, 9_000_000, load_g=15_000_000), 15_000_000.0)
    assert books.may_be_one(1e6 * more_t) == one


@pytest.mark.parametrize(("in_beam", "gained"), [(True, False), (False, True)])
def test_what_was_on_the_deck_while_it_stood_in_the_beam_is_no_load_to_gain_on(
    scale: Scale, in_beam: bool, gained: bool
) -> None:
    load = StandingLoad(scale, lambda kind, value, at_us=None: None)
    level = Estimate(weight_g=20e6, u95_g=4000.0, window_us=1_000_000)
    load.follow_level(level, 1_000_000, in_beam=in_beam)
    load.out_of_beam()
    load.follow_level(msgspec.structs.replace(level, weight_g=21e6), 5_000_000, in_beam=False)
    assert load.changed == gained
