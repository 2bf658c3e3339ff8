"""Build vision/glyphs/atlas.npz: Latin and digits from our own strokes, Han from Noto Sans CJK.

Run once on a developer's machine; the atlas is committed. Needs Pillow and Debian's
fonts-noto-cjk (SIL OFL 1.1).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vision.plates import ALPHABET
from vision.training.strokes import STROKES

WIDTH_PX, HEIGHT_PX = 90, 180
SUPER = 4
STROKE_MM = 10.5


def stroke_glyph(char: str) -> np.ndarray:
    """Draw one Latin letter or digit from its centrelines; ink 255 on 0, 90 x 180 px."""
    scale = WIDTH_PX / 45 * SUPER
    canvas = np.zeros((HEIGHT_PX * SUPER, WIDTH_PX * SUPER), np.uint8)
    for line in STROKES[char]:
        points = np.round(np.array(line, float) * scale).astype(np.int32)
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, 255, round(STROKE_MM * scale))
    return cv2.resize(canvas, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)


def han_glyph(char: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """Raster one Han character and squeeze its ink into the 45 x 90 mm box of GA 36."""
    image = Image.new("L", (1000, 1000), 0)
    ImageDraw.Draw(image).text((60, -100), char, fill=255, font=font)
    ink = np.asarray(image)
    x, y, w, h = cv2.boundingRect((ink > 40).astype(np.uint8))
    # Squeezing thins the upright strokes; widening them first restores even weight.
    cut = cv2.dilate(ink[y : y + h, x : x + w], np.ones((1, 21), np.uint8))
    return cv2.resize(cut, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, required=True, help="NotoSansCJK-Bold.ttc")
    parser.add_argument("--out", type=Path, default=Path("vision/glyphs/atlas.npz"))
    args = parser.parse_args()
    font = ImageFont.truetype(str(args.font), 800, index=2)
    glyphs = [stroke_glyph(c) if c in STROKES else han_glyph(c, font) for c in ALPHABET]
    np.savez_compressed(args.out, chars=np.array(list(ALPHABET)), ink=np.stack(glyphs))


if __name__ == "__main__":
    main()
