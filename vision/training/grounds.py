"""Gather photographs without plates: python -m vision.training.grounds --tree DIR --out DIR

The tree is anything that holds pictures, such as unpacked Debian packages of wallpapers.
"""

import argparse
import hashlib
from pathlib import Path

import cv2

from vision.pictures import PictureError, load_picture

SIDE_PX_MIN = 256
SIDE_PX_MAX = 1280
SPREAD_MIN = 10.0
FILE_BYTES_MIN = 50_000
ENDINGS = frozenset({".jpg", ".jpeg", ".png"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for path in sorted(args.tree.rglob("*")):
        if path.suffix.lower() not in ENDINGS or path.stat().st_size < FILE_BYTES_MIN:
            continue
        try:
            picture = load_picture(path)
        except PictureError as error:
            print(error)
            continue
        key = hashlib.sha256(cv2.resize(picture, (16, 16)).tobytes()).hexdigest()
        if min(picture.shape[:2]) < SIDE_PX_MIN or picture.std() < SPREAD_MIN or key in seen:
            continue
        scale = min(1.0, SIDE_PX_MAX / max(picture.shape))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(args.out / f"{len(seen):05d}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 92])
        seen.add(key)
    print(f"{len(seen)} pictures in {args.out}")


if __name__ == "__main__":
    main()
