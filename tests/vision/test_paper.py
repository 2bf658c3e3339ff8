import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.scene import Light, Sight, render
from sim.truck import Plate
from vision.measures import Bgr
from vision.paper import paper_around
from vision.pictures import load_picture
from vision.suspicion import Sign

ROOT = Path(__file__).resolve().parents[2]
PLATES = ROOT.parent / "shared" / "data" / "plates"
CORNERS = ROOT / "vision" / "training" / "corners.csv"
Quad = tuple[tuple[float, float], ...]


def on_paper(frame: Bgr, corners: Quad, rim: float = 0.25) -> Bgr:
    """Paint a white sheet around a plate, `rim` of its height wide."""
    quad = np.array(corners)
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    high = float(np.linalg.norm(down))
    dx, dy = along / np.linalg.norm(along) * rim * high, down * rim
    sheet = np.array([quad[0] - dx - dy, quad[1] + dx - dy, quad[2] + dx + dy, quad[3] - dx + dy])
    outer, inner = (
        cv2.fillConvexPoly(
            np.zeros(frame.shape[:2], np.uint8), np.rint(q * 16).astype(np.int32), 1, shift=4
        )
        for q in (sheet, quad)
    )
    painted = frame.copy()
    painted[(outer == 1) & (inner == 0)] = (235, 240, 240)
    return np.asarray(cv2.GaussianBlur(painted, (0, 0), 0.7), np.uint8)


def seen(seed: int, distance_m: float = 8.0) -> tuple[Bgr, Quad]:
    sight = Sight(
        vehicle=1, plate=Plate(text="晋A12345", ptype="yellow1"), dirt=0.0,
        distance_m=distance_m, lateral_m=0.0, speed_mps=0.0, light=Light.DAY,
    )  # fmt: skip
    return render(sight, np.random.default_rng(seed))


def test_a_plate_on_a_sheet_is_told_from_one_on_a_bumper() -> None:
    sheets = bumpers = 0
    for seed in range(12):
        frame, corners = seen(seed)
        sign = paper_around(on_paper(frame, corners), corners, about="晋A12345")
        if sign is not None:
            assert sign.sign is Sign.PAPER_AROUND
            assert sign.value >= sign.limit
            assert sign.about == "晋A12345"
            sheets += 1
        bumpers += paper_around(frame, corners) is not None
    assert sheets >= 10
    assert bumpers == 0


def test_a_plate_on_a_white_wall_is_no_sheet() -> None:
    frame, corners = seen(1)
    assert paper_around(on_paper(frame, corners, rim=1.5), corners) is None


def test_two_rows_and_corners_that_reach_out_of_the_frame() -> None:
    frame, corners = seen(2)
    assert paper_around(frame, corners, rows=2) is None
    outside = tuple((x - 300, y) for x, y in corners)
    assert paper_around(frame, outside) is None
    with pytest.raises(ValueError, match="corners"):
        paper_around(frame, ((1.0, 1.0),) * 4)


@pytest.mark.skipif(not PLATES.exists(), reason="needs the real photographs")
def test_real_plates_raise_no_sign_and_the_same_on_sheets_do() -> None:
    with CORNERS.open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["ptype"] != "yellow2"][::4]
    real = sheets = 0
    for row in rows:
        frame = load_picture(PLATES / row["file"])
        corners = tuple((float(row[f"x{i}"]), float(row[f"y{i}"])) for i in (1, 2, 3, 4))
        real += paper_around(frame, corners) is not None
        sheets += paper_around(on_paper(frame, corners), corners) is not None
    assert real == 0
    assert sheets >= 0.75 * len(rows)
