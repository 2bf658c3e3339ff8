"""Lay the two rows of a double plate side by side, so that one network reads both forms."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Bgr = npt.NDArray[np.uint8]
Span = tuple[float, float]

UPPER_SHARE: Final = 0.34
"""Two of seven characters, and the upper ones stand apart."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Where the rows lie, as shares of the plate's height and width, with room for an error.

    GA 36-2018 figure 2: upper row 15 to 75 of 220 mm, lower row 90 to 200; the upper characters
    stand between 110 and 330 of 440 mm, the lower ones between 27.5 and 412.5.
    """

    upper_y: Span = (0.04, 0.385)
    upper_x: Span = (0.17, 0.83)
    lower_y: Span = (0.375, 0.97)
    lower_x: Span = (0.02, 0.98)


GA36: Final = Split()


def fold(crop_bgr: Bgr, size_px: tuple[int, int], split: Split = GA36) -> Bgr:
    """Return a two-row cut-out as one row, uint8 BGR of size_px (width, height)."""
    width, height = size_px
    left = round(width * UPPER_SHARE)
    upper = _scaled(_cut(crop_bgr, split.upper_y, split.upper_x), (left, height))
    lower = _scaled(_cut(crop_bgr, split.lower_y, split.lower_x), (width - left, height))
    return np.concatenate([upper, lower], axis=1)


def _cut(image: Bgr, rows: Span, columns: Span) -> Bgr:
    h, w = image.shape[:2]
    top, left = max(int(rows[0] * h), 0), max(int(columns[0] * w), 0)
    bottom, right = max(round(rows[1] * h), top + 1), max(round(columns[1] * w), left + 1)
    return image[min(top, h - 1) : bottom, min(left, w - 1) : right]


def _scaled(image: Bgr, size_px: tuple[int, int]) -> Bgr:
    return np.asarray(cv2.resize(image, size_px, interpolation=shrinking(image, size_px)), np.uint8)


def shrinking(image: Bgr, size_px: tuple[int, int]) -> int:
    """Return the interpolation for a new size: mean over areas where much is thrown away."""
    much = image.shape[1] > 1.5 * size_px[0] or image.shape[0] > 1.5 * size_px[1]
    return cv2.INTER_AREA if much else cv2.INTER_LINEAR
