"""The detector's arithmetic: scaling a frame, unfolding cells, one plate from many cells."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
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
    Detector,
    PlateFound,
    fitted,
    unfold,
)
from vision.draw import draw_plate
from vision.plates import PlateType
from vision.training.detector_report import Tally, judge
from vision.training.detector_scenes import photographs
from vision.training.detector_targets import GRID, targets

SIZE_PX = GRID * CELL_PX
Quad = list[list[float]]
Float = npt.NDArray[np.float32]
Bgr = npt.NDArray[np.uint8]
SHARED = Path(__file__).parents[3] / "shared"


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


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def standing(
    text: str, kind: PlateType, wide: float, turn_deg: float, size: int
) -> tuple[Bgr, Quad]:
    """A drawn plate on a dark bumper in an otherwise grey frame, and its corners."""
    plate = draw_plate(text, kind, px_per_mm=0.5)
    high, across = plate.shape[:2]
    turn, share = math.radians(turn_deg), wide / across
    spin = share * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    move = np.array([size / 2, size / 2]) - spin @ np.array([across / 2, high / 2])
    matrix = np.column_stack([spin, move])
    frame = np.full((size, size, 3), 120, np.uint8)
    half = int(wide)
    middle = size // 2
    frame[middle - half : middle + half, middle - half : middle + half] = (45, 40, 40)
    small = cv2.GaussianBlur(plate, (0, 0), max(0.1, 0.4 / share))
    side = (size, size)
    over = cv2.warpAffine(small, matrix, side, flags=cv2.INTER_AREA)
    mask = cv2.warpAffine(np.full((high, across), 255, np.uint8), matrix, side)
    frame[mask > 127] = over[mask > 127]
    corners = np.array([[0, 0], [across, 0], [across, high], [0, high]]) @ spin.T + move
    return frame, corners.tolist()


@pytest.mark.parametrize(
    ("text", "kind", "wide", "turn_deg", "size"),
    [
        ("晋B8K7M9", PlateType.BLUE1, 160, 0, 640),
        ("晋C1234挂", PlateType.YELLOW2, 160, 3, 640),
        ("粤BD12345", PlateType.GREEN8, 150, -4, 640),
        ("晋B8K7M9", PlateType.YELLOW1, 150, 25, 640),
        ("晋B8K7M9", PlateType.BLUE1, 90, 2, 1600),
    ],
)
def test_a_plate_is_found_with_its_corners_and_type(
    detector: Detector, text: str, kind: PlateType, wide: float, turn_deg: float, size: int
) -> None:
    frame, quad = standing(text, kind, wide, turn_deg, size)
    best = detector.find(frame)[0]
    high = float(np.linalg.norm(np.subtract(quad[3], quad[0])))
    assert np.linalg.norm(np.array(best.corners) - quad, axis=1).max() < 0.4 * high
    assert best.ptype is kind


@pytest.mark.parametrize("frame", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32)])
def test_another_array_is_no_frame(detector: Detector, frame: Any) -> None:
    with pytest.raises(ValueError, match=r"a frame is uint8 \(h, w, 3\)"):
        detector.find(frame)


def test_grey_frames_of_any_size_hold_no_plate(detector: Detector) -> None:
    for height, width in ((1, 1), (3, 900), (50, 40), (700, 1300)):
        assert detector.find(np.full((height, width, 3), 90, np.uint8)) == []


def test_most_plates_of_the_photographs_kept_aside_are_found(detector: Detector) -> None:
    plates = SHARED / "data" / "plates"
    if not plates.is_dir():
        pytest.skip("../shared/data/plates is not there: real photographs cannot be looked at")
    tally = Tally()
    for photo in photographs(plates, held=True):
        judge(tally, photo, detector.find(photo.picture))
    assert tally.plates == 44
    assert len(tally.errors) >= 40
    assert float(np.median(tally.errors)) < 0.15
