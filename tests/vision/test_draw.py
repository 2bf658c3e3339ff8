import numpy as np
import pytest

from vision.draw import PlateTextError, boxes, draw_plate
from vision.glyphs import load_atlas
from vision.plates import ALPHABET, PlateType

EXAMPLES = {
    PlateType.BLUE1: ("皖A12345", (140, 440)),
    PlateType.YELLOW1: ("粤B8K7M9", (140, 440)),
    PlateType.YELLOW2: ("鲁C1234挂", (220, 440)),
    PlateType.GREEN8: ("京AD12345", (140, 480)),
    PlateType.YELLOW_GREEN8: ("京A12345D", (140, 480)),
    PlateType.WHITE1: ("京A1234警", (140, 440)),
    PlateType.BLACK1: ("粤Z1234港", (140, 440)),
}


@pytest.mark.parametrize("ptype", PlateType)
def test_a_plate_has_the_size_of_its_type(ptype: PlateType) -> None:
    text, size = EXAMPLES[ptype]
    plate = draw_plate(text, ptype)
    assert plate.shape == (*size, 3)
    assert plate.dtype == np.uint8
    assert draw_plate(text, ptype, px_per_mm=0.5).shape == (size[0] // 2, size[1] // 2, 3)


@pytest.mark.parametrize("ptype", PlateType)
def test_characters_stay_inside_and_apart(ptype: PlateType) -> None:
    text, (height, width) = EXAMPLES[ptype]
    places = boxes(ptype)
    assert len(places) == len(text)
    taken = np.zeros((height, width), int)
    for x, y, w, h in places:
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        taken[round(y) : round(y + h), round(x) : round(x + w)] += 1
    assert taken.max() == 1


def test_every_character_has_a_glyph_of_its_own() -> None:
    atlas = load_atlas()
    assert set(ALPHABET) == set(atlas)
    inks = {ink.tobytes() for ink in atlas.values()}
    assert len(inks) == len(ALPHABET)
    assert all(0.05 < float(ink.mean()) / 255 < 0.75 for ink in atlas.values())


@pytest.mark.parametrize(
    ("text", "ptype"),
    [("京A1234警", PlateType.WHITE1), ("京A1234应急", PlateType.WHITE1),
     ("京A1234使", PlateType.BLACK1)],
)  # fmt: skip
def test_what_a_plate_is_for_stands_in_red(text: str, ptype: PlateType) -> None:
    plate = draw_plate(text, ptype).astype(int)
    red = (plate[..., 2] > plate[..., 0] + 80) & (plate[..., 2] > plate[..., 1] + 80)
    inside = np.zeros_like(red)
    for char, box in zip(text, boxes(ptype, len(text)), strict=True):
        x, y, w, h = (round(value) for value in box)
        if char in "警应急使":
            place = slice(y, y + h), slice(x, x + w)
            assert red[place].mean() > 0.2, char
            inside[place] = True
    assert not (red & ~inside).any()


def test_only_the_upper_row_wears_the_upper_glyphs() -> None:
    usual = draw_plate("津A12A45", PlateType.YELLOW2)
    filled = {"A": np.full((180, 90), 255, np.uint8)}
    other = draw_plate("津A12A45", PlateType.YELLOW2, upper=filled)
    changed = (usual != other).any(axis=2)
    x, y, w, h = (round(value) for value in boxes(PlateType.YELLOW2)[1])
    assert changed[y : y + h, x : x + w].mean() > 0.3
    changed[y : y + h, x : x + w] = False
    assert not changed.any()


@pytest.mark.parametrize(
    ("text", "ptype"),
    [("皖A1234", PlateType.BLUE1), ("鲁C1234挂", PlateType.BLUE1), ("?A12345", PlateType.BLUE1)],
)
def test_what_is_no_plate_is_not_drawn(text: str, ptype: PlateType) -> None:
    with pytest.raises(PlateTextError, match="GA 36"):
        draw_plate(text, ptype)
