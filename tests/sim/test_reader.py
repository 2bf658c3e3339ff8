"""The reader without pixels errs as often as the real one did, and in the same ways."""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import mean

import pytest

import sim
from sim.reader import draw
from sim.reading import table
from sim.reading.measure import sights
from sim.reading.table import CELLS, LENGTHS, Readings, cell_of, model_digest, read, write
from sim.scene import Light, Sky

CLEAN = CELLS.index((Light.DAY, Sky.CLEAR, 0, 0, 7))
HALF = CELLS.index((Light.NIGHT, Sky.RAIN, 2, 2, 7))
COVERED = CELLS.index((Light.DAY, Sky.CLEAR, 5, 0, 7))


def test_it_was_measured_with_the_recogniser_that_is_shipped() -> None:
    root = Path(next(iter(sim.__path__))).parent
    assert read().model == model_digest(root), "run python -m sim.reading measure"


def test_every_sight_of_a_condition_is_found_there() -> None:
    for i, cell in enumerate(CELLS):
        assert {cell_of(sight) for sight in sights(cell, 3, Random(i))} == {i}


@pytest.mark.parametrize("cell", [CLEAN, HALF, COVERED])
def test_a_condition_keeps_its_rates(cell: int) -> None:
    rng, readings = Random(cell), read()
    (sight,) = sights(CELLS[cell], 1, rng)
    drawn = [draw(readings, sight, rng.random(), rng.random()) for _ in range(4000)]
    measured = readings.cells[cell]
    assert mean(one.right for one in drawn) == pytest.approx(
        mean(one.right for one in measured), abs=0.03
    )
    assert mean(bool(one.chars_ppm) for one in drawn) == pytest.approx(
        mean(bool(one.chars_ppm) for one in measured), abs=0.03
    )


def test_a_clean_plate_by_day_is_read_and_a_covered_one_is_not() -> None:
    cells = read().cells
    assert mean(one.right for one in cells[CLEAN]) > 0.9
    assert mean(one.right for one in cells[COVERED]) < 0.2


def test_frames_of_one_vehicle_are_alike() -> None:
    rng, readings = Random(4), read()
    (sight,) = sights(CELLS[HALF], 1, rng)
    alike = unlike = 0
    for _ in range(1000):
        own, other = rng.random(), rng.random()
        first, second, third = (
            draw(readings, sight, u, rng.random()).right for u in (own, own, other)
        )
        alike += first == second
        unlike += first == third
    assert alike > unlike + 50


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    whole = read()
    path = tmp_path / "measured.npz"
    write(whole, path)
    assert table.read(path) == whole
    assert isinstance(whole, Readings)
    lengths = {len(one.chars_ppm) for cell in whole.cells for one in cell}
    assert lengths <= {0, LENGTHS[0] - 1, *LENGTHS}
