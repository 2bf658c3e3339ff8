"""Open and shorted cells: what they are called, and that they start no vehicle."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from counts_rig import kinds, run_counts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.calibration import Scale
from sensors.cells import CellHealth
from sensors.weighing import EventKind
from sensors.wiring import RAIL_COUNTS, TICKS, WiringWatch

Make = Callable[..., Any]
EMPTY = [(60.0, 0.0)]
RAIL = RAIL_COUNTS + 8
ROWS = 6
ZERO = 300_000


@pytest.mark.parametrize(
    ("cells", "rail", "since_s"),
    [([2], RAIL, 0.0), ([2], RAIL, 6.0), ([2], -RAIL, 6.0), ([2, 3], RAIL, 6.0)],
)
def test_cells_at_their_rail_on_the_empty_deck_start_no_vehicle(
    passage: Make, cells: list[int], rail: int, since_s: float
) -> None:
    empty = passage(EMPTY, seconds=14.0, has_beams=False)
    counts = empty.counts
    late = (empty.t_us - empty.t_us[0]) >= 1e6 * since_s
    counts[np.ix_(late, cells)] = rail
    weigher = run_counts(empty, counts, beams=False)
    assert {weigher.snapshot().cells[cell] for cell in cells} == {CellHealth.OPEN}
    assert EventKind.VEHICLE_ON not in kinds(weigher)


@pytest.mark.parametrize("ticks", [1, 2, 9])
def test_a_wire_that_comes_back_starts_no_vehicle_either(passage: Make, ticks: int) -> None:
    empty = passage(EMPTY, seconds=14.0, has_beams=False)
    counts = empty.counts
    counts[400 : 400 + ROWS * ticks, 2] = RAIL
    assert EventKind.VEHICLE_ON not in kinds(run_counts(empty, counts, beams=False))


def test_a_wire_that_hangs_free_starts_no_vehicle(passage: Make) -> None:
    empty = passage(EMPTY, seconds=14.0, has_beams=False)
    counts = empty.counts
    late = len(counts) - 400
    counts[400:, 2] += np.random.default_rng(3).normal(0, 1e6, late).astype(np.int64)
    weigher = run_counts(empty, counts, beams=False)
    assert weigher.snapshot().cells[2] == CellHealth.OPEN
    assert EventKind.VEHICLE_ON not in kinds(weigher)


def test_a_vehicle_is_seen_by_the_other_cells(passage: Make, stop_legs: Any) -> None:
    truck = passage(stop_legs)
    counts = truck.counts
    counts[100:, 2] = RAIL
    weigher = run_counts(truck, counts)
    assert EventKind.VEHICLE_ON in kinds(weigher)
    assert EventKind.ACCEPTED not in kinds(weigher)


def test_service_forgets_a_wire_that_is_mended(passage: Make) -> None:
    empty = passage(EMPTY, seconds=14.0)
    counts = empty.counts
    counts[300:500, 2] = 0
    weigher = run_counts(empty, counts)
    assert weigher.snapshot().cells[2] == CellHealth.SHORTED
    weigher.clear_cells()
    assert weigher.snapshot().cells[2] == CellHealth.OK


def looked(scale: Scale, columns: list[int]) -> tuple[bool, ...]:
    """What is said of cell 0 after ticks at these counts, the other cells at their zero."""
    watch = WiringWatch(scale)
    for count in columns:
        rows = np.full((ROWS, len(scale.cells)), ZERO, np.int64)
        rows[:, 0] = count
        wires = watch.update(rows)
    return tuple(bool(cells[0]) for cells in wires)


def test_a_leap_to_the_rail_is_a_wire_and_a_climb_to_it_a_load(scale: Scale) -> None:
    assert looked(scale, [ZERO, *[RAIL] * TICKS]) == (True, False, False)
    assert looked(scale, [ZERO, *[-RAIL] * TICKS]) == (True, False, False)
    climb = [ZERO, RAIL // 3, 2 * RAIL // 3]
    assert looked(scale, [*climb, *[RAIL] * TICKS]) == (False, False, True)
    assert looked(scale, [ZERO, *[RAIL] * (TICKS - 1)]) == (False, False, False)


# The fixture only hands over a value.
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(share=st.floats(-0.9, 0.9) | st.floats(-0.001, 0.001), ticks=st.integers(1, 12))
def test_a_signal_is_no_short(scale: Scale, share: float, ticks: int) -> None:
    said = looked(scale, [round(share * RAIL)] * ticks)
    assert said == (False, abs(share * RAIL) <= 0.02 * ZERO and ticks >= TICKS, False)


def test_a_bridge_that_is_balanced_without_load_cannot_be_told_from_a_short(scale: Scale) -> None:
    cells = tuple(msgspec.structs.replace(cell, zero_counts=900.0) for cell in scale.cells)
    balanced = msgspec.structs.replace(scale, cells=cells)
    assert looked(balanced, [0] * 9) == (False, False, False)
