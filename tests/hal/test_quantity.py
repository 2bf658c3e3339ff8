"""Quantities are read with their unit or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.quantity import LENGTH, MASS, TIME, Measure


@pytest.mark.parametrize(
    ("measure", "text", "amount"),
    [
        (TIME, "5 s", 5_000_000),
        (TIME, "200ms", 200_000),
        (TIME, "1.5 s", 1_500_000),
        (TIME, "90 d", 7_776_000_000_000),
        (MASS, "100 t", 100_000_000),
        (MASS, "20 kg", 20_000),
        (LENGTH, "18 m", 18_000),
        (LENGTH, "-1.4 m", -1_400),
    ],
)
def test_a_quantity_becomes_base_units(measure: Measure, text: str, amount: int) -> None:
    assert measure.parse(text) == amount


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (5, 'needs its unit: write "5 s"'),
        (True, "needs its unit"),
        ("5", 'needs its unit: write "5 s"'),
        ("5 kg", "'kg' is no unit of time: use us, ms, s"),
        ("five s", "write a number and a unit"),
        ("", "write a number and a unit"),
        ("1.5 us", "finer than 1 us"),
        ("1e3 s", "write a number and a unit"),
        ("٥ s", "write a number and a unit"),
    ],
)
def test_what_is_no_time_is_refused_with_the_remedy(value: object, says: str) -> None:
    with pytest.raises(ValueError, match="time") as caught:
        TIME.parse(value)
    assert says in str(caught.value)


@given(st.integers(-(10**11), 10**11), st.sampled_from([TIME, MASS, LENGTH]))
def test_what_is_shown_reads_back(amount: int, measure: Measure) -> None:
    assert measure.parse(measure.show(amount)) == amount
