"""The remaining cells: their word on the deck, and nothing of the bad cell in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.calibration import Cell, FloatArray, Scale
from sensors.degraded import DegradedWeigher, DegradedWeight, NoDegradedWeight
from sensors.remaining import Remaining, RemainingCells
from sensors.weighing import DeckState

RATE_HZ = 80.0
X_M = (0.15, 6.0, 12.0, 17.85)
SCALE = Scale(
    max_g=100_000_000,
    e_g=20_000,
    d_g=20_000,
    rate_hz=RATE_HZ,
    platform_mm=18_000,
    has_beams=True,
    cells=tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=0.0, dead_load_g=2_500_000)
        for x in X_M
        for y in (1.4, -1.4)
    ),
)
ROWS = 160
CELLS = st.integers(0, 7)


def deck(load_g: float, at_m: FloatArray | float = 9.0, seed: int = 0) -> FloatArray:
    """Samples (ROWS, 8) of a load shared by rows as a lever says, left and right alike."""
    at = np.broadcast_to(np.asarray(at_m, np.float64), (ROWS,))
    rows = np.stack([np.interp(at, X_M, row) for row in np.eye(4)], axis=1)
    noise = np.random.default_rng(seed).normal(0, 700.0, (ROWS, 8))
    return np.asarray(load_g * np.repeat(rows, 2, axis=1) / 2 + noise)


def look(cells_g: FloatArray, bad: set[int]) -> Remaining:
    return RemainingCells(SCALE, DegradedWeigher(SCALE)).look(cells_g, frozenset(bad))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CELLS, st.integers(5_000_000, 90_000_000), st.floats(3.5, 14.5))
def test_a_standing_load_is_weighed_within_its_u95(cell: int, load_g: int, at_m: float) -> None:
    seen = look(deck(load_g, at_m), {cell})
    assert (seen.deck, seen.moving) == (DeckState.LOADED, False)
    if isinstance(seen.weight, DegradedWeight):
        assert abs(seen.weight.weight_g - load_g) <= seen.weight.u95_g
        assert seen.weight.missing_cells == (cell,)
    else:
        assert isinstance(seen.weight, NoDegradedWeight)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(CELLS, st.floats(-6e7, 6e7), st.sampled_from([0.0, 12e6, 49e6]), st.integers(0, 99))
def test_the_bad_cell_has_no_say(cell: int, garbage_g: float, load_g: float, seed: int) -> None:
    clean = deck(load_g)
    spoilt = clean.copy()
    spoilt[:, cell] = garbage_g * np.random.default_rng(seed).random(ROWS)
    assert look(spoilt, {cell}) == look(clean, {cell})


@pytest.mark.parametrize("garbage_g", [5e6, 9e7, -5e6, 2e8])
def test_one_more_cell_that_fails_is_no_vehicle(garbage_g: float) -> None:
    watch = RemainingCells(SCALE, DegradedWeigher(SCALE))
    watch.look(deck(0.0), frozenset({1}))
    failing = deck(0.0)
    failing[-20:, 5] = garbage_g
    assert watch.look(failing, frozenset({1})).deck == DeckState.UNKNOWN
    assert watch.look(failing, frozenset({1, 5})).deck == DeckState.EMPTY


def test_the_first_axle_beside_a_bad_cell_is_seen() -> None:
    watch = RemainingCells(SCALE, DegradedWeigher(SCALE))
    watch.look(deck(0.0), frozenset({0}))
    assert watch.look(deck(6e6, 0.5), frozenset({0})).deck == DeckState.LOADED


HIDES = [(range(8), 9.0), ((0, 1, 2, 3), 3.0), ((2, 3, 4, 5), 9.0), ((4, 5, 6, 7), 15.0)]


@pytest.mark.parametrize(("bad", "at_m"), HIDES)
def test_a_deck_is_not_empty_where_no_cell_is_left_to_feel_a_vehicle(
    bad: range | tuple[int, ...], at_m: float
) -> None:
    """Two rows with all that is between them: what stands there alone loads no other row."""
    for load_g in (0.0, 20e6):
        assert look(deck(load_g, at_m), set(bad)).deck == DeckState.UNKNOWN
    elsewhere_m = 15.0 if at_m < 9.0 else 3.0
    seen = look(deck(20e6, elsewhere_m), set(bad))
    assert seen.deck == (DeckState.UNKNOWN if len(bad) == 8 else DeckState.LOADED)


@pytest.mark.parametrize("bad", [(2, 3), (0, 1), (1, 2, 5, 6), (0, 1, 4, 5)])
def test_a_deck_is_empty_where_each_part_has_a_cell_that_feels(bad: tuple[int, ...]) -> None:
    assert look(deck(0.0), set(bad)).deck == DeckState.EMPTY
    assert look(deck(6e6, 2.0), set(bad)).deck == DeckState.LOADED


@pytest.mark.parametrize(
    ("load_g", "word"),
    [
        (0.0, DeckState.EMPTY),
        (90_000.0, DeckState.EMPTY),
        (200_000.0, DeckState.LOADED),
        (140e6, DeckState.OVER_RANGE),
        (-900_000.0, DeckState.UNDER_RANGE),
    ],
)
def test_the_deck_has_a_word_of_its_own(load_g: float, word: DeckState) -> None:
    seen = look(deck(load_g), {0})
    assert seen.deck == word
    assert (seen.weight is None) == (word in (DeckState.EMPTY, DeckState.UNDER_RANGE))


def test_a_deck_that_is_nearly_empty_is_empty_only_below_four_intervals() -> None:
    cells = RemainingCells(SCALE, DegradedWeigher(SCALE))
    words = [cells.look(deck(g), frozenset({0})).deck for g in (90_000, 110_000, 90_000, 70_000)]
    empty, loaded = DeckState.EMPTY, DeckState.LOADED
    assert words == [empty, loaded, loaded, empty]


def test_what_rolls_or_swings_or_has_just_come_is_not_weighed() -> None:
    time = np.arange(ROWS) / RATE_HZ
    rolling = look(deck(40e6, 6.0 + 0.2 * time), {1})
    swinging = look(deck(40e6) * (1 + 0.02 * np.sin(2 * np.pi * 0.9 * time))[:, None], {1})
    young = look(deck(40e6)[:80], {1})
    for seen in (rolling, swinging, young):
        assert seen.moving
        assert seen.weight is None
        assert seen.deck == DeckState.LOADED


def test_a_broken_pair_and_a_deck_without_pairs_say_why_there_is_no_weight() -> None:
    pair = look(deck(40e6), {2, 3})
    bare = RemainingCells(SCALE, None).look(deck(40e6), frozenset({2}))
    for seen, word in ((pair, "pair"), (bare, "pairs")):
        assert isinstance(seen.weight, NoDegradedWeight)
        assert word in seen.weight.reason
        assert seen.weight.evidence is False
