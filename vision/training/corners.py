"""Measure where a labelled plate stands in its photograph, by laying the drawn plate over it.

    python -m vision.training.corners --plates DIR --glyphs DIR --rough rough.csv --out corners.csv

A plate of known text and type is drawn after GA 36 and aligned with the picture (enhanced
correlation coefficient, homography), from rough corners that may be off by a fifth of the plate.
What does not correlate keeps its rough corners and is named.
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vision.draw import draw_plate
from vision.pictures import load_picture
from vision.plates import PlateType
from vision.training.render import Renderer

Bgr = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

PX_PER_MM = 0.5
AROUND = 0.25
CORRELATION_MIN = 0.5
INSETS_X = ((0.0, 0.0), (0.07, 0.07), (0.04, 0.1), (0.1, 0.04))
INSETS_Y = ((0.05, 0.05), (0.2, 0.2), (0.12, 0.3), (0.3, 0.12))
COLUMNS = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")


def aligned(picture: Bgr, rough: Points, plate: Bgr) -> tuple[float, Points]:
    """Return (correlation, corners (4, 2) in px) of the best alignment; -1 where none settles."""
    drawn = _contrast(plate)
    h, w = drawn.shape
    frame = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    to_patch = cv2.getPerspectiveTransform(
        rough.astype(np.float32), (frame + AROUND * np.array([w, h])).astype(np.float32)
    )
    size = (round(w * (1 + 2 * AROUND)), round(h * (1 + 2 * AROUND)))
    seen = _contrast(
        np.asarray(
            cv2.warpPerspective(picture, to_patch, size, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    )
    best, corners = -1.0, rough
    for start in _starts(frame, w, h):
        warp = cv2.getPerspectiveTransform(frame.astype(np.float32), start).astype(np.float32)
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
        empty = np.full(seen.shape, 255, np.uint8)
        try:
            found, warp = cv2.findTransformECC(
                drawn, seen, warp, cv2.MOTION_HOMOGRAPHY, stop, empty, 3
            )
        except cv2.error:
            # This start did not settle; another may.
            continue
        if found > best:
            back = np.linalg.inv(to_patch) @ warp
            best, corners = found, cv2.perspectiveTransform(frame[None], back)[0]
    return best, corners


def _starts(frame: Points, w: int, h: int) -> list[npt.NDArray[np.float32]]:
    starts = []
    for left, right in INSETS_X:
        for top, bottom in INSETS_Y:
            inset = np.array([[left, top], [-right, top], [-right, -bottom], [left, -bottom]])
            starts.append((frame + (inset + AROUND) * (w, h)).astype(np.float32))
    return starts


def _contrast(picture: Bgr) -> Grey:
    """Level the light: each pixel against the mean and spread about it."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 1.2)
    mean = cv2.GaussianBlur(soft, (0, 0), 14)
    spread = cv2.GaussianBlur((soft - mean) ** 2, (0, 0), 14)
    return np.asarray((soft - mean) / (np.sqrt(np.maximum(spread, 1)) + 4), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--glyphs", type=Path)
    parser.add_argument("--rough", type=Path, required=True, help="file, plate_text, ptype, x1…y4")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    render = Renderer(1, args.glyphs, own_share=0.0)
    with args.rough.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        ptype = PlateType(row["ptype"])
        glyphs, upper = render.glyphs_for(ptype)
        plate = draw_plate(
            row["plate_text"], ptype, px_per_mm=PX_PER_MM, glyphs=glyphs, upper=upper
        )
        rough = np.array([float(row[c]) for c in COLUMNS]).reshape(4, 2)
        likeness, corners = aligned(load_picture(args.plates / row["file"]), rough, plate)
        if likeness < CORRELATION_MIN:
            print(f"{row['file']} {row['plate_text']}: {likeness:.2f}, rough corners kept")
            continue
        row.update(zip(COLUMNS, (f"{v:.1f}" for v in corners.reshape(8)), strict=True))
    with args.out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
