"""Render pictures without plates: python -m vision.training.empty_scenes --grounds DIR --out DIR

Signs, slogans and telephone numbers before photographs, through the camera of the training
scenes; for `steelyard bench read OUT --no-plates`.
"""

import argparse
from pathlib import Path

import cv2

from vision.training.detector_scenes import Scenes, grounds

SEED = 70311


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grounds", type=Path, required=True, help="photographs without plates")
    parser.add_argument("--glyphs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    scenes = Scenes(SEED, args.glyphs, [], grounds(args.grounds))
    for number in range(args.count):
        cv2.imwrite(str(args.out / f"{number:05d}.png"), scenes.draw_empty().picture)


if __name__ == "__main__":
    main()
