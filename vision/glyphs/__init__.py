"""Plate glyphs of the project: one ink mask a character, drawn or cut by us (see README.md)."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ink = npt.NDArray[np.uint8]


@cache
def load_atlas() -> dict[str, Ink]:
    """Return character → ink mask, uint8, 180 x 90 px, 255 where there is ink (2 px a mm)."""
    with np.load(Path(__file__).with_name("atlas.npz")) as data:
        return dict(zip(data["chars"].tolist(), data["ink"], strict=True))
