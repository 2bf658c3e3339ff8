"""The plates on which the reader is measured: labelled and held aside, recomposed, rendered."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vision.draw import boxes
from vision.plates import PlateType, written
from vision.training.camera import degrade
from vision.training.labels import Cutout, cutouts, read_picture
from vision.training.real import levelled
from vision.training.render import Renderer, random_text

Bgr = npt.NDArray[np.uint8]

RENDER_SEED = 90210
HARDNESS = (0.3, 0.7)
SCALE = 0.4
"""Pixels a millimetre of a recomposed plate: 176 x 88 px, as the lane lifts them out."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture with what stands on it; `truth` has `?` for a province that is covered."""

    group: str
    truth: str
    ptype: PlateType
    picture: Bgr


def labelled(plates: Path, *, held: bool) -> Iterator[Sample]:
    """Give the labelled cut-outs that are held aside, or those that are trained on."""
    for c in cutouts(plates):
        if c.held is held:
            yield _sample(c, c.ptype, read_picture(c.path), PlateType(c.ptype))


def recomposed(plates: Path, *, held: bool) -> Iterator[Sample]:
    """Give the tight blue cut-outs again as yellow plates of two rows, character by character."""
    rng = np.random.default_rng(RENDER_SEED)
    for c in cutouts(plates):
        if c.held is held and c.path.name.startswith("sir_"):
            picture = set_in_two_rows(levelled(read_picture(c.path)), rng)
            yield _sample(c, "yellow2 recomposed", picture, PlateType.YELLOW2)


def _sample(c: Cutout, group: str, picture: Bgr, ptype: PlateType) -> Sample:
    return Sample(group=group, truth=written(c.text), ptype=ptype, picture=picture)


def set_in_two_rows(crop_bgr: Bgr, rng: np.random.Generator) -> Bgr:
    """Cut seven characters at the places of a single row and set them at those of a double one.

    The plate becomes yellow by turning into its negative. GA 36-2018 figures 1 and 2.
    """
    negative = 255 - crop_bgr.astype(np.float32)
    negative[..., 0] *= 0.5
    plate = np.clip(negative, 0, 255).astype(np.uint8)
    ground = np.median(plate.reshape(-1, 3), axis=0) + rng.normal(0, 3, (88, 176, 3))
    image = np.clip(ground, 0, 255).astype(np.uint8)
    one, two = boxes(PlateType.BLUE1), boxes(PlateType.YELLOW2)
    across, down = crop_bgr.shape[1] / 440, crop_bgr.shape[0] / 140
    for (x, y, w, h), (left, top, wide, tall) in zip(one, two, strict=True):
        spare_x, spare_y = 5.0, 8.0
        patch = plate[
            max(int((y - spare_y) * down), 0) : int((y + h + spare_y) * down),
            max(int((x - spare_x) * across), 0) : int((x + w + spare_x) * across) + 1,
        ]
        grow_x, grow_y = 1 + 2 * spare_x / w, 1 + 2 * spare_y / h
        size = (round(wide * grow_x * SCALE), round(tall * grow_y * SCALE))
        x0 = round((left - wide * (grow_x - 1) / 2) * SCALE)
        y0 = round((top - tall * (grow_y - 1) / 2) * SCALE)
        image[y0 : y0 + size[1], x0 : x0 + size[0]] = cv2.resize(patch, size)
    return np.asarray(image, np.uint8)


def rendered(glyphs: Path | None, count: int, seed: int = RENDER_SEED) -> Iterator[Sample]:
    """Give `count` plates of every type and hardness, of a seed that training never used."""
    for hardness in HARDNESS:
        for ptype in PlateType:
            render = Renderer(seed, glyphs)
            for _ in range(count):
                text = random_text(render.rng, ptype)
                scene, label = render.scene(text, ptype, hardness)
                whole = written(label if len(label) == len(text) else "?" + label)
                yield Sample(
                    group=f"{ptype.value} hardness {hardness}"
                    + (" 挂" if text.endswith("挂") else ""),
                    truth=whole,
                    ptype=ptype,
                    picture=degrade(render.rng, scene, hardness),
                )
