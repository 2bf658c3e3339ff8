"""The detector's arithmetic: scaling a frame, unfolding cells, one plate from many cells."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.detect import (
    CELL_PX,
    CHANNELS,
    CORNER_UNIT_PX,
    STRIDE_PX,
    SUBCELLS,
    TYPES,
    PlateFound,
    fitted,
    unfold,
)
from vision.plates import PlateType
from vision.training.detector_targets import GRID, targets

SIZE_PX = GRID * CELL_PX
Quad = list[list[float]]
Float = npt.NDArray[np.float32]


def folded(quads: Sequence[Quad], types: list[int], sure: float = 6.0) -> Float:
    """Cells of a network that says exactly what the training targets ask."""
    presence, corners, kinds = targets(np.asarray(quads, np.float64), types, SIZE_PX)
    fine = np.zeros((GRID, GRID, CHANNELS), np.float32)
    fine[..., 0] = np.where(presence > 0, sure, -sure)
    fine[..., 1:9] = corners[:8].transpose(1, 2, 0)
    np.put_along_axis(fine, 9 + kinds[..., None], 5.0, axis=2)
    cells = fine.reshape(GRID // 2, 2, GRID // 2, 2, CHANNELS).transpose(0, 2, 1, 3, 4)
    return cells.reshape(GRID // 2, GRID // 2, SUBCELLS * CHANNELS)


def quad_at(x: float, y: float, wide: float, high: float, lean: float = 0.0) -> Quad:
    return [[x, y], [x + wide, y + lean], [x + wide, y + high + lean], [x, y + high]]


@given(
    x=st.floats(5, 120),
    y=st.floats(20, 200),
    wide=st.floats(30, 190),
    lean=st.floats(-15, 15),
    kind=st.integers(0, len(TYPES) - 1),
    scale=st.floats(0.2, 1.0),
)
def test_targets_come_back_as_the_plate(
    x: float, y: float, wide: float, lean: float, kind: int, scale: float
) -> None:
    quad = quad_at(x, y, wide, wide / 3, lean)
    (found,) = unfold(folded([quad], [kind]), scale)
    assert np.allclose(np.array(found.corners) * scale, quad, atol=0.01)
    assert found.ptype is TYPES[kind]
    assert found.score == pytest.approx(1 / (1 + math.exp(-6)))


def test_two_plates_stay_two_and_the_surer_comes_first() -> None:
    cells = folded([quad_at(20, 40, 90, 30)], [2], 3.0)
    cells[10:] = folded([quad_at(180, 200, 90, 30)], [0])[10:]
    found = unfold(cells, 1.0)
    assert [plate.ptype for plate in found] == [TYPES[0], TYPES[2]]
    assert found[0].score > found[1].score


def test_a_plate_cut_by_the_edge_is_not_asked_for() -> None:
    presence, _, _ = targets(np.array([quad_at(-50, 40, 90, 30)], np.float64), [0], SIZE_PX)
    assert (presence <= 0).all()
    assert (presence < 0).any()


def test_crossed_and_mirrored_corners_are_no_plate() -> None:
    quad = quad_at(60, 60, 90, 30)
    mirrored = [quad[1], quad[0], quad[3], quad[2]]
    crossed = [quad[0], quad[1], quad[3], quad[2]]
    for wrong in (mirrored, crossed):
        assert unfold(_constant(wrong), 1.0) == []
    assert len(unfold(_constant(quad), 1.0)) == 1


def _constant(quad: Quad) -> Float:
    """One cell that votes for these corners, and no other."""
    fine = np.full((2, 2, 4, CHANNELS), 0, np.float32)
    fine[..., 0] = -9
    fine[0, 0, 0, 0] = 5
    offsets = (np.array(quad, np.float32).reshape(8) - CELL_PX / 2) / CORNER_UNIT_PX
    fine[0, 0, 0, 1:9] = offsets
    return fine.reshape(2, 2, SUBCELLS * CHANNELS)


def test_a_flood_of_cells_stays_bounded() -> None:
    rng = np.random.default_rng(3)
    cells = rng.normal(0, 3, (40, 40, SUBCELLS * CHANNELS)).astype(np.float32)
    assert len(unfold(cells, 1.0)) <= 20


@given(height=st.integers(1, 900), width=st.integers(1, 900))
def test_a_frame_fits_whole_strides_and_is_never_enlarged(height: int, width: int) -> None:
    picture, scale = fitted(np.zeros((height, width, 3), np.uint8), 640)
    assert picture.shape[0] % STRIDE_PX == picture.shape[1] % STRIDE_PX == 0
    assert 0 < scale <= 1
    assert picture.shape[0] >= round(height * scale)
    assert max(picture.shape) <= 640
    assert picture.min() >= -0.5
    assert picture.max() <= 0.5


def test_a_find_says_where_in_px_of_the_frame_it_was_given() -> None:
    quad = quad_at(100, 100, 80, 25)
    (found,) = unfold(folded([quad], [1]), 0.5)
    assert isinstance(found, PlateFound)
    assert np.allclose(found.corners, np.array(quad) * 2, atol=0.02)
    assert found.ptype is PlateType.YELLOW1
