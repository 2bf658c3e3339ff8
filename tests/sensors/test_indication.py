"""Class III as in R 76: the errors allowed, the rounding, and where the display is blank."""

import pytest

from sensors.calibration import Scale
from sensors.indication import (
    indicate_g,
    is_over_range,
    is_under_range,
    mpe_in_service_g,
    mpe_initial_g,
    round_to_d,
)

KG = 1000


@pytest.mark.parametrize(
    ("load_kg", "e_kg", "initial_kg"),
    [
        (18_000, 20, 20),
        (25_000, 20, 20),
        (31_000, 20, 20),
        (43_000, 20, 30),
        (49_000, 20, 30),
        (18_000, 50, 25),
        (25_000, 50, 25),
        (31_000, 50, 50),
        (43_000, 50, 50),
        (49_000, 50, 50),
        (0, 20, 10),
    ],
)
def test_table_of_errors_at_usual_loads(load_kg: int, e_kg: int, initial_kg: int) -> None:
    assert mpe_initial_g(load_kg * KG, e_kg * KG) == initial_kg * KG
    assert mpe_in_service_g(load_kg * KG, e_kg * KG) == 2 * initial_kg * KG


@pytest.mark.parametrize("e_g", [10_000, 20_000, 50_000])
def test_errors_change_just_above_500_and_2000_intervals(e_g: int) -> None:
    assert mpe_initial_g(500 * e_g, e_g) == e_g // 2
    assert mpe_initial_g(500 * e_g + 1, e_g) == e_g
    assert mpe_initial_g(2000 * e_g, e_g) == e_g
    assert mpe_initial_g(2000 * e_g + 1, e_g) == e_g * 3 // 2
    assert mpe_initial_g(10_000 * e_g, e_g) == e_g * 3 // 2
    with pytest.raises(ValueError, match="10 000 e"):
        mpe_initial_g(10_000 * e_g + 1, e_g)


def test_display_is_blank_above_max_plus_nine_intervals(scale: Scale) -> None:
    limit_g = 100_180 * KG
    assert indicate_g(limit_g, scale) == limit_g
    assert indicate_g(limit_g + 1, scale) is None
    assert is_over_range(limit_g + 1, scale)
    assert not is_over_range(limit_g, scale)


def test_display_is_blank_under_minus_twenty_divisions(scale: Scale) -> None:
    assert indicate_g(-400 * KG, scale) == -400 * KG
    assert indicate_g(-400 * KG - 1, scale) is None
    assert is_under_range(-400 * KG - 1, scale)


@pytest.mark.parametrize(
    ("weight_g", "shown_g"),
    [(9_999, 0), (10_000, 20_000), (29_999, 20_000), (-9_999, 0), (-10_000, -20_000)],
)
def test_reading_is_rounded_to_the_division(weight_g: int, shown_g: int) -> None:
    assert round_to_d(weight_g, 20_000) == shown_g
