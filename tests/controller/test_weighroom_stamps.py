"""A sample that is stamped ahead of the lane's clock must not shut out those that come after it."""

import numpy as np
import pytest

from controller.core.faults import Fault
from controller.core.images import EndInputs, Sensor
from controller.core.kinds import Deck, Presence
from controller.weighroom import WeighRoom
from hal.ports import CellSamples
from sensors.calibration import Cell, Scale

SENSOR = Sensor(Presence.CLEAR)
CLEAR = EndInputs(approach=SENSOR, arm=SENSOR, beam_low=SENSOR, beam_high=SENSOR)
HOUR_US = 3_600_000_000
SCALE = Scale(
    max_g=60_000_000,
    e_g=20_000,
    d_g=20_000,
    rate_hz=50.0,
    platform_mm=10_000,
    has_beams=True,
    cells=tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=100.0, zero_counts=200_000.0, dead_load_g=2_000_000)
        for x in (0.2, 9.8)
        for y in (1.3, -1.3)
    ),
)


class Cells:
    """An empty deck; the stamps that ``off_us`` names are off by so much."""

    def __init__(self) -> None:
        self.now_us = 0
        self.off_us = np.zeros(5, np.int64)
        self._rng = np.random.default_rng(9)

    def read(self) -> CellSamples:
        t_us = self.now_us + 20_000 * np.arange(-4, 1, dtype=np.int64) + self.off_us
        counts = 200_000 + self._rng.normal(0.0, 100.0, (5, 4))
        return CellSamples(t_us=t_us, counts=np.round(counts).astype(np.int64))


def run(cells: Cells, room: WeighRoom, seconds: float) -> tuple[Deck, tuple[int, ...]]:
    """The deck and the faults after so much more time."""
    for _ in range(round(10 * seconds)):
        cells.now_us += 100_000
        weight = room.read(cells.now_us, (CLEAR, CLEAR))
    return weight.deck, room.faults


@pytest.mark.parametrize("row", [0, 4])
def test_a_single_stamp_of_the_future_costs_its_own_sample_only(row: int) -> None:
    cells = Cells()
    room = WeighRoom(cells, SCALE, 0)
    assert run(cells, room, 6.0) == (Deck.EMPTY, ())
    cells.off_us[row] = HOUR_US
    run(cells, room, 0.1)
    cells.off_us[:] = 0
    assert run(cells, room, 2.0) == (Deck.EMPTY, ())
    assert cells.now_us - 100_000 < room.curve_of(0)[-1][0] <= cells.now_us


def test_a_converter_whose_stamps_are_all_ahead_is_silent() -> None:
    cells = Cells()
    room = WeighRoom(cells, SCALE, 0)
    assert run(cells, room, 6.0) == (Deck.EMPTY, ())
    cells.off_us[:] = HOUR_US
    assert run(cells, room, 2.0) == (Deck.UNKNOWN, (int(Fault.CELLS_SILENT),))
    cells.off_us[:] = 0
    assert run(cells, room, 2.0) == (Deck.EMPTY, ())


def test_stamps_that_are_a_little_ahead_are_taken() -> None:
    cells = Cells()
    room = WeighRoom(cells, SCALE, 0)
    assert run(cells, room, 6.0) == (Deck.EMPTY, ())
    cells.off_us[:] = 300_000
    assert run(cells, room, 2.0) == (Deck.EMPTY, ())


class Restarting:
    """A loaded deck whose converter is silent for a second and then settles from nothing."""

    def __init__(self) -> None:
        self.cells = Cells()
        self.silent_us = (1 << 60, 1 << 60)
        self.load = 0

    def read(self) -> CellSamples:
        got = self.cells.read()
        first_us, last_us = self.silent_us
        age_us = got.t_us - last_us
        there = (got.t_us < first_us) | (age_us >= 0)
        filled = np.where(age_us < 0, 1.0, 1.0 - np.exp(-np.abs(age_us) / 60_000))
        counts = (got.counts + self.load) * filled[:, np.newaxis]
        return CellSamples(t_us=got.t_us[there], counts=np.rint(counts[there]).astype(np.int64))


def test_a_converter_that_starts_anew_does_not_unload_the_deck() -> None:
    line = Restarting()
    room, cells = WeighRoom(line, SCALE, 0), line.cells
    decks = set()

    def look(seconds: float) -> Deck:
        for _ in range(round(10 * seconds)):
            cells.now_us += 100_000
            deck = room.read(cells.now_us, (CLEAR, CLEAR)).deck
            decks.add(deck)
        return deck

    assert look(6.0) == Deck.EMPTY
    line.load = 30_000
    assert look(4.0) == Deck.LOADED
    decks.clear()
    line.silent_us = (cells.now_us, cells.now_us + 1_000_000)
    assert look(3.0) == Deck.LOADED
    assert decks == {Deck.LOADED, Deck.UNKNOWN}
