"""Measure how real photographs are named, as they are and spoilt on purpose.

    python -m vision.training.qualities --plates FOLDER [--every 2]

FOLDER holds `scenes/` and `photos-gdsl/`. Frames are scaled to 640 px of width, given to a watch
that has seen the same scene three times with a sensor's noise, then judged; the cut-outs of
`corners.csv` are judged and read.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from vision.measures import Bgr
from vision.paper import paper_around
from vision.pictures import load_picture
from vision.quality import FrameName, FrameWatch, judge_plate
from vision.reader import ONE_ROW_PX, TWO_ROW_PX, cut_out
from vision.recognise import Recogniser

CORNERS = Path(__file__).parent / "corners.csv"
RNG = np.random.default_rng(0)
Spoil = Callable[[Bgr], Bgr]


def noisy(picture: np.ndarray, sigma: float = 2.0) -> Bgr:
    """Add a sensor's noise."""
    grain = RNG.standard_normal(picture.shape, np.float32) * np.float32(sigma)
    return np.clip(picture.astype(np.float32) + grain, 0, 255).astype(np.uint8)


def taped(picture: Bgr, share: float) -> Bgr:
    """Cover a share of the lens from the left."""
    covered = picture.copy()
    covered[:, : round(share * picture.shape[1])] = 90
    return noisy(covered)


FRAMES: dict[str, Spoil] = {
    "as it is": noisy,
    "noise 8": lambda p: noisy(p, 8),
    "light x 0.5": lambda p: noisy(p * 0.5),
    "light x 0.2": lambda p: noisy(p * 0.2),
    "light x 0.05": lambda p: noisy(p * 0.05),
    "light x 2": lambda p: noisy(np.clip(p * 2.0, 0, 255)),
    "light x 5": lambda p: noisy(np.clip(p * 5.0, 0, 255)),
    "haze": lambda p: noisy(p * 0.1 + 190),
    "focus 2.5 px": lambda p: noisy(cv2.GaussianBlur(p, (0, 0), 2.5)),
    "focus 4 px": lambda p: noisy(cv2.GaussianBlur(p, (0, 0), 4)),
    "motion 14 px across": lambda p: noisy(cv2.blur(p, (14, 1))),
    "motion 24 px across": lambda p: noisy(cv2.blur(p, (24, 1))),
    "motion 24 px down": lambda p: noisy(cv2.blur(p, (1, 24))),
    "uniform cover": lambda p: noisy(np.full_like(p, 110)),
    "black cover": lambda p: noisy(np.full_like(p, 4)),
    "70 % taped": lambda p: taped(p, 0.7),
    "85 % taped": lambda p: taped(p, 0.85),
}
PLATES: dict[str, Callable[[Bgr, float], np.ndarray]] = {
    "as it is": lambda p, _: p,
    "focus 0.06 heights": lambda p, high: cv2.GaussianBlur(p, (0, 0), 0.06 * high),
    "focus 0.1 heights": lambda p, high: cv2.GaussianBlur(p, (0, 0), 0.1 * high),
    "motion 0.2 heights across": lambda p, high: cv2.blur(p, (max(1, round(0.2 * high)), 1)),
    "motion 0.4 heights across": lambda p, high: cv2.blur(p, (max(1, round(0.4 * high)), 1)),
    "motion 0.4 heights down": lambda p, high: cv2.blur(p, (1, max(1, round(0.4 * high)))),
}


def main() -> None:
    """Print both tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--plates", type=Path, required=True)
    asked.add_argument("--every", type=int, default=1)
    options = asked.parse_args()
    files = sorted(options.plates.glob("scenes/*.jpg"))
    files += sorted(options.plates.glob("photos-gdsl/*.jpg"))
    print_frames([scaled(load_picture(file)) for file in files[:: options.every]])
    with CORNERS.open(encoding="utf-8") as table:
        print_plates(options.plates, list(csv.DictReader(table))[:: options.every])


def scaled(photo: Bgr) -> Bgr:
    """Scale to at most 640 px of width."""
    scale = min(1.0, 640 / photo.shape[1])
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def print_frames(photos: list[Bgr]) -> None:
    """Name every photograph in every state."""
    counts = {state: Counter[FrameName]() for state in FRAMES}
    for photo in photos:
        before = FrameWatch()
        for at_us in (100_000, 200_000, 300_000):
            before.judge(noisy(photo), at_us, at_us)
        for state, spoil in FRAMES.items():
            watch = deepcopy(before)
            counts[state][watch.judge(spoil(photo), 400_000, 400_000).name] += 1
    _print(f"{len(photos)} photographs", FrameName, counts)


def print_plates(folder: Path, rows: list[dict[str, str]]) -> None:
    """Name and read every cut-out in every state; count the signs of paper."""
    reader, paper = Recogniser(), 0
    counts = {state: Counter[str]() for state in PLATES}
    for row in rows:
        photo = load_picture(folder / row["file"])
        quad = tuple((float(row[f"x{i}"]), float(row[f"y{i}"])) for i in (1, 2, 3, 4))
        two = row["ptype"] == "yellow2"
        paper += paper_around(photo, quad, rows=1 + two) is not None
        high = abs(quad[3][1] - quad[0][1]) / (1 + two)
        for state, spoil in PLATES.items():
            spoilt = np.asarray(spoil(photo, high), np.uint8)
            cutout = cut_out(spoilt, quad, TWO_ROW_PX if two else ONE_ROW_PX)
            name = judge_plate(cutout, rows=1 + two).name
            right = reader.read(cutout).text == row["plate_text"]
            counts[state][f"{name.value}, read {'right' if right else 'wrong'}"] += 1
    columns = sorted({column for count in counts.values() for column in count})
    _print(f"{len(rows)} cut-outs; {paper} with paper around", columns, counts)


def _print(title: str, columns: Iterable[str], counts: dict[str, Counter]) -> None:
    table = Table("state", *columns, title=title)
    for state, count in counts.items():
        table.add_row(state, *(str(count[column] or "") for column in columns))
    Console().print(table)


if __name__ == "__main__":
    main()
