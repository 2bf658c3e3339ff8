"""Annotated pictures: the label is the plate in our own glyphs, beside the plate and not on it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from controller.commands.read import Request, read_images
from controller.commands.read_draw import ACCEPTED, WIDTH_PX_MIN, Mark, Sheets, marked
from vision.draw import draw_plate
from vision.glyphs import load_atlas
from vision.pictures import Bgr, load_picture
from vision.plates import PlateType
from vision.reader import Quad

QUAD: Quad = ((200, 150), (420, 150), (420, 220), (200, 220))


def mark(quad: Quad = QUAD, text: str = "晋C12345", *, accepted: bool = True) -> Mark:
    return Mark(quad=quad, text=text, words="yellow1 0.98", accepted=accepted)


def grey(height: int = 400, width: int = 640, tone: int = 128) -> Bgr:
    return np.full((height, width, 3), tone, np.uint8)


@pytest.mark.parametrize("ground", [(0, 0, 0), (128, 128, 128), (255, 255, 255), ACCEPTED])
def test_frame_and_label_show_on_any_ground(ground: tuple[int, int, int]) -> None:
    plain = np.full((400, 640, 3), ground, np.uint8)
    sheet = marked(plain, [mark()]).astype(int)
    top, label = sheet[147:154, 210:420, 1], sheet[100:146, 200:300, 1]
    for part in (top, label):
        assert part.max() - part.min() > 150
    assert (sheet[170:200, 220:400] == ground).all()


def test_each_character_has_its_own_glyph() -> None:
    def label(text: str) -> Bgr:
        return marked(grey(), [mark(text=text)])[:148]

    texts = ["晋C12345", "皖C12345", "晋C12346", "?C12345", "晋D12345", "晋C1234挂"]
    glyph = cv2.resize(load_atlas()["晋"], (13, 26), interpolation=cv2.INTER_AREA)
    close = cv2.matchTemplate(label("晋C12345")[..., 0], glyph, cv2.TM_CCOEFF_NORMED)
    assert float(close.max()) > 0.8
    for char in "C12345":
        shown = label(f"晋{char}")[..., 0]
        glyph = cv2.resize(load_atlas()[char], (13, 26), interpolation=cv2.INTER_AREA)
        assert float(cv2.matchTemplate(shown, glyph, cv2.TM_CCOEFF_NORMED).max()) > 0.8
    labels = [label(text).tobytes() for text in texts]
    assert len(set(labels)) == len(labels)
    assert (label("粤O12345") == label("粤012345")).all()


def test_unsure_and_accepted_plates_differ_in_colour() -> None:
    sure, unsure = (marked(grey(), [mark(accepted=flag)]) for flag in (True, False))
    assert sure[150, 300, 1] > sure[150, 300, 2]
    assert unsure[150, 300, 2] > unsure[150, 300, 1]


def test_labels_keep_off_every_plate_and_each_other() -> None:
    quads = [tuple((x, y + 80 * i) for x, y in QUAD) for i in (-1, 0, 1)]
    plain = marked(grey(), [])
    sheet = marked(grey(), [mark(quad) for quad in quads])
    assert sheet.shape[0] > plain.shape[0]
    for quad in quads:
        y = round(quad[0][1])
        assert (sheet[y + 10 : y + 60, 220:400] == 128).all()


def test_labels_of_neighbours_keep_off_each_other() -> None:
    left, right = (((x, 150.0), (x + 40, 150.0), (x + 40, 170.0), (x, 170.0)) for x in (200, 245))
    alone = marked(grey(), [mark(left)])
    both = marked(grey(), [mark(left), mark(right, "皖A54321")])
    assert (alone[:146] == both[:146]).all()
    assert (alone[174:] != both[174:]).any()


def test_a_small_cut_out_is_enlarged_and_labelled_below() -> None:
    plate = cv2.resize(draw_plate("皖A12345", PlateType.BLUE1), (94, 24))
    whole = ((0.0, 0.0), (94.0, 0.0), (94.0, 24.0), (0.0, 24.0))
    sheet = marked(np.asarray(plate, np.uint8), [mark(whole)])
    assert sheet.shape[1] >= WIDTH_PX_MIN
    assert sheet.shape[0] > sheet.shape[1] * 24 // 94 + 20


def test_a_plate_half_outside_a_narrow_picture_is_drawn() -> None:
    wild = ((-50.0, -20.0), (900.0, -20.0), (900.0, 60.0), (-50.0, 60.0))
    sheet = marked(grey(40, 9), [mark(wild)])
    assert sheet.shape[0] >= 40


def test_sources_of_one_name_get_sheets_of_their_own(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "out" / "deep")
    first = sheets.write(grey(), [mark()], Path("a/1.png"))
    second = sheets.write(grey(), [], Path("b/1.jpg"))
    assert (first.name, second.name) == ("1.read.jpg", "1-2.read.jpg")
    assert load_picture(first).shape == (400, 640, 3)


def test_the_command_writes_one_sheet_a_picture(tmp_path: Path) -> None:
    path, out = tmp_path / "a.png", tmp_path / "out"
    cv2.imwrite(str(path), draw_plate("沪C8GK31", PlateType.BLUE1, px_per_mm=0.4))
    found = list(read_images([path, tmp_path / "absent.png"], Request(crop=True, draw=out)))
    assert len(found) == 2
    assert [sheet.name for sheet in out.iterdir()] == ["a.read.jpg"]
