"""Class III errors as facts/metrology.md 2.2 states them, load by load."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.mpe import mpe_in_service_g, mpe_initial_g
from sensors import indication

KG = 1_000


@pytest.mark.parametrize(
    ("load_kg", "e_kg", "initial_kg"),
    [
        (400, 20, 10),
        (10_000, 20, 10),
        (18_000, 20, 20),
        (25_000, 20, 20),
        (31_000, 20, 20),
        (40_000, 20, 20),
        (43_000, 20, 30),
        (49_000, 20, 30),
        (18_000, 50, 25),
        (25_000, 50, 25),
        (31_000, 50, 50),
        (43_000, 50, 50),
        (49_000, 50, 50),
        (100_000, 50, 50),
        (120_000, 50, 75),
    ],
)
def test_ready_table(load_kg: int, e_kg: int, initial_kg: int) -> None:
    assert mpe_initial_g(load_kg * KG, e_kg * KG) == initial_kg * KG
    assert mpe_in_service_g(load_kg * KG, e_kg * KG) == 2 * initial_kg * KG


@pytest.mark.parametrize(
    ("load_in_e", "extra_g", "initial_in_half_e"),
    [(0, 0, 1), (500, 0, 1), (500, 1, 2), (2_000, 0, 2), (2_000, 1, 3), (10_000, 0, 3)],
)
def test_a_step_ends_at_its_bound_and_not_a_gram_later(
    load_in_e: int, extra_g: int, initial_in_half_e: int
) -> None:
    e_g = 20 * KG
    assert mpe_initial_g(load_in_e * e_g + extra_g, e_g) == initial_in_half_e * e_g // 2


@pytest.mark.parametrize(("load_g", "e_g"), [(10_000 * 20 + 1, 20), (-1, 20), (1, 0), (1, -5)])
def test_outside_class_three_there_is_no_mpe(load_g: int, e_g: int) -> None:
    with pytest.raises(ValueError, match="g"):
        mpe_initial_g(load_g, e_g)
    with pytest.raises(ValueError, match="g"):
        mpe_in_service_g(load_g, e_g)


@given(st.sampled_from([5, 10, 20, 1_000, 20_000, 50_000]), st.data())
def test_mpe_never_falls_with_the_load(e_g: int, data: st.DataObject) -> None:
    lighter, heavier = sorted(
        data.draw(st.tuples(*[st.integers(0, 10_000 * e_g)] * 2), label="loads")
    )
    assert mpe_in_service_g(lighter, e_g) <= mpe_in_service_g(heavier, e_g)
    assert mpe_initial_g(heavier, e_g) == mpe_in_service_g(heavier, e_g) // 2


@given(st.integers(0, 100_000_000), st.sampled_from([5_000, 10_000, 20_000, 50_000]))
def test_the_scale_and_the_judge_use_one_table(load_g: int, e_g: int) -> None:
    """Neither layer may import the other, so each has the table; they must not drift apart."""
    load_g = min(load_g, 10_000 * e_g)
    assert indication.mpe_initial_g(load_g, e_g) == mpe_initial_g(load_g, e_g)
    assert indication.mpe_in_service_g(load_g, e_g) == mpe_in_service_g(load_g, e_g)
