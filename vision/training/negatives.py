"""Pictures that are no plate, and the grounds that plates stand on."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from vision.draw import LIVERIES
from vision.plates import PlateType
from vision.training.camera import degrade

Bgr = npt.NDArray[np.uint8]

HEIGHT_PX, WIDTH_PX = 48, 168
GROUNDS = (PlateType.BLUE1, PlateType.YELLOW1, PlateType.GREEN8)


def negative(rng: np.random.Generator) -> Bgr:
    """Render something that is no plate: noise, bars, lettering, an empty plate, boxes."""
    image = random_ground(rng)(HEIGHT_PX, WIDTH_PX)
    PAINTERS[int(rng.integers(len(PAINTERS)))](rng, image)
    return degrade(rng, image, 0.8)


def random_ground(rng: np.random.Generator) -> Callable[[int, int], Bgr]:
    """Return a painter of one random background of any (height, width)."""
    base, step = rng.uniform(10, 240, 3), rng.uniform(-70, 70, 3)

    def paint(h: int, w: int) -> Bgr:
        down = np.linspace(-1, 1, h)[:, None, None]
        noise = cv2.resize(rng.normal(0, 20, (4, 8, 3)), (w, h))
        return np.clip(base + step * down + noise, 0, 255).astype(np.uint8)

    return paint


def paint_noise(rng: np.random.Generator, image: Bgr) -> None:
    """Fill with noise, from grains to clouds."""
    noise = rng.integers(0, 256, image.shape).astype(np.uint8)
    image[:] = cv2.blur(noise, (int(rng.integers(1, 6)),) * 2)


def paint_bars(rng: np.random.Generator, image: Bgr) -> None:
    """Draw bars side by side, as grilles and guard rails show."""
    h, w = image.shape[:2]
    for x in range(0, w, int(rng.integers(6, 30))):
        foot = (x + int(rng.integers(-20, 20)), h)
        cv2.line(image, (x, 0), foot, (int(rng.integers(256)),) * 3, int(rng.integers(1, 6)))


def paint_lettering(rng: np.random.Generator, image: Bgr) -> None:
    """Write small letters, which no plate has, as badges and slogans do."""
    word = "".join(rng.choice(list("abcdefghijkmnopqrstuvwxyz&@#!:;"), rng.integers(2, 9)))
    face, size = int(rng.integers(0, 7)), rng.uniform(0.7, 1.5)
    ink = tuple(int(v) for v in rng.integers(0, 256, 3))
    cv2.putText(image, word, (5, 36), face, size, ink, int(rng.integers(1, 4)), cv2.LINE_AA)


def paint_empty_plate(rng: np.random.Generator, image: Bgr) -> None:
    """Paint the ground of a plate without any character."""
    ground = np.array(LIVERIES[GROUNDS[int(rng.integers(len(GROUNDS)))]].bottom)
    inner = image[6:-6, 6:-6]
    inner[:] = np.clip(ground + rng.normal(0, 12, inner.shape), 0, 255).astype(np.uint8)


def paint_boxes(rng: np.random.Generator, image: Bgr) -> None:
    """Draw boxes, as lamps, hooks and bumpers look from afar."""
    h, w = image.shape[:2]
    for _ in range(int(rng.integers(2, 12))):
        ends = [(int(rng.integers(w)), int(rng.integers(h))) for _ in range(2)]
        tone = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.rectangle(image, ends[0], ends[1], tone, -1)


PAINTERS = (paint_noise, paint_bars, paint_lettering, paint_empty_plate, paint_boxes)
