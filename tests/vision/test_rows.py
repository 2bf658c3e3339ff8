import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision.draw import boxes, draw_plate
from vision.plates import PlateType
from vision.rows import GA36, fold

SIDES = st.integers(1, 120)


@given(SIDES, SIDES, st.integers(8, 130), st.integers(4, 40))
def test_any_picture_folds_to_the_size_asked_for(h: int, w: int, width: int, height: int) -> None:
    row = fold(np.zeros((h, w, 3), np.uint8), (width, height))
    assert row.shape == (height, width, 3)
    assert row.dtype == np.uint8


def test_every_character_of_a_double_plate_lies_in_its_row() -> None:
    for number, (x, y, w, h) in enumerate(boxes(PlateType.YELLOW2)):
        upper = number < 2
        rows, columns = (
            (GA36.upper_y, GA36.upper_x) if upper else (GA36.lower_y, GA36.lower_x)
        )  # fmt: skip
        assert rows[0] * 220 <= y
        assert y + h <= rows[1] * 220
        assert columns[0] * 440 <= x
        assert x + w <= columns[1] * 440


def test_the_upper_row_stands_left_of_the_lower() -> None:
    plate = draw_plate("\u6d25A12345", PlateType.YELLOW2)
    plate[: int(0.38 * 220)] = (255, 0, 0)
    plate[int(0.39 * 220) :] = (0, 0, 255)
    row = fold(plate, (112, 32))
    left = row[:, : round(112 * 0.34)].reshape(-1, 3).mean(0)
    right = row[:, round(112 * 0.34) :].reshape(-1, 3).mean(0)
    assert left[0] > 240
    assert left[2] < 15
    assert right[2] > 230
    assert right[0] < 25
