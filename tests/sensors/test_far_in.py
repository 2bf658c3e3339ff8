"""How far in a vehicle must stand so that nothing it pulls can be left outside, unseen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensors.axle_books import AxleBooks
from sensors.axle_steps import AxleStep, End
from sensors.far_in import far_in
from sensors.weigher import Weigher

Make = Callable[..., Any]

TRUCK = ((0.0, 6000.0), (3.5, 9000.0), (4.9, 9000.0))
SEMI = ((0.0, 6000.0), (3.5, 9000.0), (10.0, 9000.0))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("axles", "way_m", "told"),
    [
        (TRUCK, 7.5, False),
        (TRUCK, 9.6, False),
        (TRUCK, 11.2, True),
        (SEMI, 11.8, False),
        (SEMI, 13.2, True),
    ],
)
def test_who_stands_just_inside_may_pull_something(
    passage: Make, axles: object, way_m: float, told: bool, reverse: bool
) -> None:
    """A towing vehicle's last axle is 2.6 m in, 4.7 m, 6.3 m; that of a long train 1.8 m, 3.2 m."""
    legs = [(2.0, 0.0), (way_m + 4.0, 1.0), (20.0, 0.0)]
    seen = passage(legs, axles=axles, reverse=reverse).run(loops=True).snapshot()
    assert seen.axles == len(axles)  # type: ignore[arg-type]
    assert seen.far_in == told


def test_nothing_is_said_before_an_axle_is_known_and_after_the_vehicle_has_gone(
    passage: Make,
) -> None:
    through = passage([(2.0, 0.0), (24.0, 1.5)])
    assert not through.run(until_us=3_000_000).snapshot().far_in
    assert not through.run().snapshot().far_in


def books_of(*steps: tuple[int, End, int]) -> AxleBooks:
    books = AxleBooks()
    books.front = End.ENTRY
    books.steps = [
        AxleStep(at_us=n, mass_g=mass_g, end=end, travel_mm=travel_mm, standing=False)
        for n, (mass_g, end, travel_mm) in enumerate(steps)
    ]
    return books


def test_steps_that_were_lost_tell_no_place_but_the_load_does() -> None:
    books = books_of((6_000_000, End.ENTRY, 0), (9_000_000, End.ENTRY, 4_500))
    assert far_in(books, 15e6, 8.5 * 15e6, was=False)
    books.lost = 1
    assert not far_in(books, 15e6, 8.5 * 15e6, was=False)
    assert far_in(books, 15e6, 9.1 * 15e6, was=False)


def test_an_axle_that_went_off_again_takes_the_place_with_it() -> None:
    steps = (6_000_000, End.ENTRY, 0), (9_000_000, End.ENTRY, 10_000)
    assert far_in(books_of(*steps), 15e6, 3 * 15e6, was=False)
    assert not far_in(books_of(*steps, (-9_000_000, End.ENTRY, 200)), 6e6, 3 * 6e6, was=False)


def test_a_body_that_sways_is_not_taken_for_one_that_moves() -> None:
    books = books_of((6_000_000, End.ENTRY, 0), (9_000_000, End.ENTRY, 4_500))
    assert not far_in(books, 15e6, 5.4 * 15e6, was=False)
    assert far_in(books, 15e6, 5.4 * 15e6, was=True)
    assert not far_in(books, 15e6, 4.9 * 15e6, was=True)


@pytest.mark.parametrize(
    ("drawbar", "way_m", "off_kg", "told"),
    [(True, 8.0, 400.0, False), (False, 8.0, 400.0, True), (True, 12.0, 800.0, True)],
)
def test_what_a_trailer_on_the_road_takes_off_is_no_device(
    passage: Make, add_load: Make, drawbar: bool, way_m: float, off_kg: float, told: bool
) -> None:
    """Who stands far in pulls none, whatever the sensors at his entry say."""
    stands = passage([(2.0, 0.0), (way_m + 4.0, 1.0), (30.0, 0.0)], seconds=40.0)
    t_s = (stands.t_us - stands.t_us[0]) / 1e6
    add_load(stands, -off_kg * np.clip((t_s - 30.0) / 0.1, 0, 1), np.full_like(t_s, way_m - 4.9))
    weigher = Weigher(stands.scale)
    weigher.see_loops(True, True)
    weigher.see_drawbars(drawbar, False)
    weigher.push(stands.t_us, stands.counts, stands.beams[:, 0], stands.beams[:, 1])
    assert bool(weigher.findings) == told
