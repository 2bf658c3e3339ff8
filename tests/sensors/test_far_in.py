"""How far in a vehicle must stand so that nothing it pulls can be left outside, unseen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensors.axle_books import AxleBooks
from sensors.axle_steps import AxleStep, End
from sensors.far_in import far_in, out_of_reach
from sensors.weigher import Weigher
from sensors.weighing import EventKind, Status

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


def test_whose_last_axle_is_out_of_reach_has_nothing_more_to_come() -> None:
    steps = (6_000_000, End.ENTRY, 0), (9_000_000, End.ENTRY, 4_500)
    books = books_of(*steps)
    assert not out_of_reach(books, 15e6, 6.4 * 15e6)
    assert out_of_reach(books, 15e6, 6.6 * 15e6)
    books.last_moment_gm = 0.5 * 15e6
    assert not out_of_reach(books, 15e6, 6.6 * 15e6)
    assert not out_of_reach(books_of(*steps, (-9_000_000, End.EXIT, 200)), 6e6, 9 * 6e6)
    assert not out_of_reach(books_of(), 15e6, 9 * 15e6)
    books.lost = 1
    assert not out_of_reach(books, 15e6, 9 * 15e6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("way_m", "gap_s", "loops", "told"),
    [
        (12.2, 1.0, True, Status.TAILGATE),
        (12.2, 1.0, False, Status.NOT_FULLY_ON),
        (12.2, 0.2, True, Status.NOT_FULLY_ON),
        (10.6, 1.0, True, Status.NOT_FULLY_ON),
    ],
)
def test_what_is_in_the_beam_behind_who_stands_so_far_in_is_another(
    passage: Make, way_m: float, gap_s: float, loops: bool, told: Status, reverse: bool
) -> None:
    """If it came after a gap that a loop saw; the last axle stands 7.3 m in, or 5.7 m."""
    stands = passage([(2.0, 0.0), (way_m + 4.0, 1.0), (30.0, 0.0)], seconds=36.0, reverse=reverse)
    t_s, entry = stands.t_us / 1e6, stands.beams[:, int(reverse)]
    parted_s = float(t_s[entry == 1][-1])
    entry[(t_s > parted_s + gap_s) & (t_s < 30.0)] = 1
    there = stands.run(loops=loops, until_us=29_000_000)
    assert there.snapshot().status == told
    gone = stands.run(loops=loops).snapshot()
    assert gone.status == Status.ACCEPTED
    assert EventKind.WITHDRAWN not in [event.kind for event in gone.events]


def test_an_axle_of_the_other_does_not_make_it_the_trailer_of_the_first(
    passage: Make, add_load: Make
) -> None:
    """With what has crept on at the edge, the load of both lies nearer to it."""
    stands = passage([(2.0, 0.0), (16.2, 1.0), (30.0, 0.0)], seconds=36.0)
    t_s = stands.t_us / 1e6
    parted_s = float(t_s[stands.beams[:, 0] == 1][-1])
    stands.beams[t_s > parted_s + 1.0, 0] = 1
    add_load(stands, 4500 * np.clip((t_s - 22.0) / 6.0, 0, 1), 0.2)
    seen = stands.run(loops=True).snapshot()
    assert seen.axles in (-1, 3)
    assert seen.status == Status.TAILGATE


@pytest.mark.parametrize(
    ("then", "until_s", "at_s", "told"),
    [
        ((6.7, -1.0), 21.5, 33.0, Status.NOT_FULLY_ON),
        ((2.0, 1.0), 40.0, 23.2, Status.RUNNING),
        ((4.6, 1.0), 40.0, 29.0, Status.NOT_FULLY_ON),
    ],
    ids=["goes back into the beam", "rolls on", "goes over the far edge"],
)
def test_it_is_another_only_as_long_as_the_first_stands_there(
    passage: Make, then: tuple[float, float], until_s: float, at_s: float, told: Status
) -> None:
    stands = passage([(2.0, 0.0), (16.2, 1.0), (3.0, 0.0), then, (30.0, 0.0)], seconds=36.0)
    t_s, entry = stands.t_us / 1e6, stands.beams[:, 0]
    parted_s = float(t_s[(entry == 1) & (t_s < 20.0)][-1])
    entry[(t_s > parted_s + 1.0) & (t_s < until_s)] = 1
    assert stands.run(loops=True, until_us=21_400_000).snapshot().status == Status.TAILGATE
    assert stands.run(loops=True, until_us=round(at_s * 1e6)).snapshot().status == told


def test_once_the_other_has_gone_nothing_is_said_of_it(passage: Make, add_load: Make) -> None:
    """Nor while a person on the deck keeps the weight back."""
    stands = passage([(2.0, 0.0), (16.2, 1.0), (30.0, 0.0)], seconds=36.0)
    t_s, entry = stands.t_us / 1e6, stands.beams[:, 0]
    entry[(t_s > float(t_s[entry == 1][-1]) + 1.0) & (t_s < 22.5)] = 1
    add_load(stands, 90.0 * np.clip((t_s - 22.8) / 0.4, 0, 1), 6.0)
    assert stands.run(loops=True, until_us=22_000_000).snapshot().status == Status.TAILGATE
    assert stands.run(loops=True, until_us=27_000_000).snapshot().status == Status.RUNNING
