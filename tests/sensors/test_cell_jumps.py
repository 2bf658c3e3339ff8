"""A cell that jumps alone and stays there is named; what only looks like that is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.calibration import Cell, Scale
from sensors.cells import CellHealth, CellWatch
from sensors.history import History

Make = Callable[..., Any]

E_G = 20_000.0
TICK = 6
RATE_HZ = 60.0
NOISE_G = 1500.0
JUMP_ROW = 150
SCALE = Scale(
    max_g=100_000_000,
    e_g=round(E_G),
    d_g=round(E_G),
    rate_hz=RATE_HZ,
    platform_mm=16_000,
    has_beams=True,
    cells=tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=300_000.0, dead_load_g=2_000_000)
        for x in (0.15, 8.0, 15.85)
        for y in (1.4, -1.4)
    ),
)


class Rig:
    """A cell watch fed tick by tick as the weigher does it."""

    def __init__(self) -> None:
        self.watch = CellWatch(SCALE)
        self._history = History(240, len(SCALE.cells))

    def feed(self, cells_g: Any, t_us: Any = None, empty: int = 0) -> "Rig":
        """Push rows (n, cells); the first `empty` of them teach the noise."""
        at_us = times(len(cells_g)) if t_us is None else t_us
        counts = np.round(cells_g * 0.14 + 300_000).astype(np.int64)
        for start in range(0, len(cells_g) - TICK + 1, TICK):
            rows = slice(start, start + TICK)
            before = self._history.cells_g(1)
            self.watch.usable(cells_g[rows], before if len(before) else cells_g[:1] + 1e9)
            self._history.append(at_us[rows], cells_g[rows], SCALE.x_m())
            self.watch.update(self._history, counts[rows], start < empty, TICK)
        return self


def times(rows: int) -> Any:
    return np.round(np.arange(rows) * 1e6 / RATE_HZ).astype(np.int64)


def quiet(rows: int = 300, level_g: float = 4e6) -> Any:
    """Six cells that carry a standing vehicle, with their own noise."""
    return level_g + np.random.default_rng(8).normal(0.0, NOISE_G, (rows, 6))


def named(rig: Rig) -> dict[int, CellHealth]:
    return {i: health for i, health in enumerate(rig.watch.health) if health}


@settings(max_examples=80, deadline=None)
@given(
    size_e=st.floats(3.9, 40.0),
    up=st.booleans(),
    cell=st.integers(0, 5),
    row=st.integers(60, 240),
)
def test_a_lone_jump_that_stays_is_named(size_e: float, up: bool, cell: int, row: int) -> None:
    """3.5 e and the noise that a leap is measured against, wherever in the tick it falls."""
    cells_g = quiet()
    cells_g[row:, cell] += size_e * E_G * (1 if up else -1)
    assert named(Rig().feed(cells_g)) == {cell: CellHealth.DRIFTING}


@settings(max_examples=40, deadline=None)
@given(size_e=st.floats(0.5, 3.1), cell=st.integers(0, 5), row=st.integers(60, 240))
def test_a_small_jump_is_not_named(size_e: float, cell: int, row: int) -> None:
    cells_g = quiet()
    cells_g[row:, cell] += size_e * E_G
    assert named(Rig().feed(cells_g)) == {}


def test_it_is_named_half_a_second_later_and_not_at_once() -> None:
    cells_g = quiet()
    cells_g[JUMP_ROW:, 2] += 10 * E_G
    assert named(Rig().feed(cells_g[: JUMP_ROW + 2 * TICK])) == {}
    assert named(Rig().feed(cells_g[: JUMP_ROW + 8 * TICK])) == {2: CellHealth.DRIFTING}


@settings(max_examples=40, deadline=None)
@given(
    size_e=st.floats(5.0, 60.0),
    cell=st.integers(0, 5),
    # Both edges within one tick count as one jump, so what is shorter is another matter.
    rows=st.sampled_from([1, *range(TICK, 29)]),
)
def test_a_jump_that_jumps_back_within_half_a_second_is_not_named(
    size_e: float, cell: int, rows: int
) -> None:
    cells_g = quiet()
    cells_g[JUMP_ROW : JUMP_ROW + rows, cell] += size_e * E_G
    assert named(Rig().feed(cells_g)) == {}


@pytest.mark.parametrize("ramp_s", [0.15, 0.3, 0.8])
@pytest.mark.parametrize("cells", [[0], [0, 1], [2, 3]])
def test_an_axle_that_climbs_on_is_not_named(ramp_s: float, cells: list[int]) -> None:
    """Even where one cell alone takes the whole axle."""
    cells_g = quiet()
    since_s = (times(len(cells_g)) - times(JUMP_ROW + 1)[-1]) / 1e6
    climbed = 5e6 * np.clip(since_s / ramp_s, 0, 1)
    cells_g[:, cells] += climbed[:, None]
    assert named(Rig().feed(cells_g)) == {}


def test_a_jump_that_all_cells_of_a_row_share_is_not_named() -> None:
    cells_g = quiet()
    cells_g[JUMP_ROW:, [2, 3]] += 10 * E_G
    assert named(Rig().feed(cells_g)) == {}


@pytest.mark.parametrize("frozen", [6, 12, 17])
def test_a_converter_that_was_frozen_may_jump_as_it_goes_on(frozen: int) -> None:
    """The load moved on while it stood still; the other cells had their time for it."""
    cells_g = quiet()
    rows = np.arange(len(cells_g))
    moved = np.clip((rows - JUMP_ROW) / frozen, 0, 1) * 10 * E_G
    cells_g += moved[:, None]
    cells_g[JUMP_ROW : JUMP_ROW + frozen, 4] = cells_g[JUMP_ROW, 4]
    assert named(Rig().feed(cells_g)) == {}


def test_a_jump_over_a_hole_in_time_is_not_named() -> None:
    cells_g, t_us = quiet(), times(300)
    cells_g[JUMP_ROW:, 2] += 10 * E_G
    t_us[JUMP_ROW:] += 200_000
    assert named(Rig().feed(cells_g, t_us)) == {}
    t_us[JUMP_ROW:] -= 195_000
    assert named(Rig().feed(cells_g, t_us)) == {2: CellHealth.DRIFTING}


def test_the_weigher_names_the_cell_that_jumps_by_four_intervals(
    passage: Make, stop_legs: Any
) -> None:
    jumped = passage(stop_legs)
    t_s = (jumped.t_us - jumped.t_us[0]) / 1e6
    jumped.kg[t_s > 20.0, 3] += 4.2 * E_G / 1000
    last = jumped.run().snapshot()
    assert last.cells[3] == CellHealth.DRIFTING
    assert not any(health for i, health in enumerate(last.cells) if i != 3)


def test_the_weigher_forgives_a_spike_and_a_hole(passage: Make, stop_legs: Any) -> None:
    rough = passage(stop_legs)
    t_s = (rough.t_us - rough.t_us[0]) / 1e6
    rough.kg[(t_s > 20.0) & (t_s < 20.1), 3] += 90.0
    rough.t_us[t_s > 22.0] += 300_000
    assert not any(rough.run().snapshot().cells)


def test_a_cell_that_falls_silent_is_doubted_before_it_is_named() -> None:
    cells_g = quiet()
    cells_g[180:, 1] = cells_g[180, 1]
    rig = Rig()
    rig.feed(cells_g[:180], empty=120)
    assert not rig.watch.doubtful
    rig.feed(cells_g[180:204], times(204)[180:])
    assert rig.watch.doubtful
    assert named(rig) == {}
    rig.feed(cells_g[204:], times(300)[204:])
    assert named(rig) == {1: CellHealth.STUCK}


def test_a_cell_that_gets_loud_is_doubted_until_it_is_quiet_again() -> None:
    cells_g = quiet(420)
    cells_g[180:192, 1] += np.random.default_rng(3).normal(0.0, 6 * E_G, 12)
    rig = Rig()
    rig.feed(cells_g[:180], empty=120)
    assert not rig.watch.doubtful
    rig.feed(cells_g[180:192], times(192)[180:])
    after_two_ticks = rig.watch.doubtful
    rig.feed(cells_g[192:], times(420)[192:])
    assert not rig.watch.doubtful
    assert after_two_ticks


def test_a_vehicle_without_weight_while_a_cell_is_doubted(passage: Make, stop_legs: Any) -> None:
    """A converter that hangs for less than it takes to be named holds the weight back."""
    plain = passage(stop_legs)
    at_us = plain.run().snapshot().accepted_us
    assert at_us is not None
    hung = passage(stop_legs)
    rows = (hung.t_us > at_us - 300_000) & (hung.t_us <= at_us + 300_000)
    hung.kg[rows, 2] = hung.kg[np.argmax(rows), 2]
    last = hung.run().snapshot()
    assert last.accepted_us is None or last.accepted_us > at_us


@settings(max_examples=200, deadline=None)
@given(
    phases_s=st.tuples(st.floats(0.0, 0.0125), st.floats(0.0, 0.0125)),
    ramp_s=st.floats(0.03, 0.3),
    load_g=st.floats(2e6, 9e6),
)
def test_cells_on_converters_with_clocks_of_their_own_are_not_named_for_an_axle(
    phases_s: tuple[float, float], ramp_s: float, load_g: float
) -> None:
    """Each row has of each cell its last conversion; they run at 80 Hz, as HX711s do."""
    cells_g = quiet()
    t_s = np.arange(len(cells_g)) / RATE_HZ
    for cell, phase_s in enumerate(phases_s):
        late_s = (t_s + phase_s) % (1 / 80)
        on_s = np.clip(t_s - JUMP_ROW / RATE_HZ - late_s, 0, None)
        swing = 0.2 * np.sin(40 * on_s) * np.exp(-8 * on_s)
        cells_g[:, cell] += load_g * (np.minimum(on_s / ramp_s, 1) + swing)
    assert named(Rig().feed(cells_g)) == {}
