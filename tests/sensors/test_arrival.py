"""Who comes onto the deck is told by the cells that are not named bad."""

from collections.abc import Callable
from typing import Any

import pytest
from counts_rig import kinds, run_counts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.cells import CellHealth
from sensors.weighing import EventKind, Status

Make = Callable[..., Any]
EMPTY = [(60.0, 0.0)]
COUNTS_PER_KG = 140


# The fixture only hands over a function.
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    bad=st.integers(0, 5),
    leaps=st.integers(1, 5),
    bad_kg=st.integers(200, 3000),
    kg=st.integers(100, 5000),
    rows=st.integers(6, 120),
)
def test_one_more_cell_that_leaps_is_nobody_beside_a_bad_one(
    passage: Make, bad: int, leaps: int, bad_kg: int, kg: int, rows: int
) -> None:
    empty = passage(EMPTY, seconds=14.0, has_beams=False)
    counts = empty.counts
    counts[400:, bad] += COUNTS_PER_KG * bad_kg
    counts[600 : 600 + rows, (bad + leaps) % 6] += COUNTS_PER_KG * kg
    weigher = run_counts(empty, counts, beams=False)
    assert weigher.snapshot().cells[bad] != CellHealth.OK
    assert EventKind.VEHICLE_ON not in kinds(weigher)
    assert weigher.snapshot().status == Status.IDLE


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_vehicle_arrives_though_a_cell_has_leapt(passage: Make, stop_legs: Any, bad: int) -> None:
    truck = passage(stop_legs)
    counts = truck.counts
    counts[60:, bad] += COUNTS_PER_KG * 500
    weigher = run_counts(truck, counts)
    assert weigher.snapshot().cells[bad] != CellHealth.OK
    assert EventKind.VEHICLE_ON in kinds(weigher)
