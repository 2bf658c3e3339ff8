"""A plate with a flat white rim around it that ends a little farther out: printed on a sheet.

Only the rim can be measured at the size of a plate in a frame. Missing embossing or reflection,
and the lattice of a screen, cannot: that takes several hundred pixels across the plate.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.rectify import rectify
from vision.suspicion import Sign, Suspicion

Bgr = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float64]

PX_PER_MM: Final = 0.4
MARGIN: Final = 0.25
"""Share of the view on each side of the plate: 220 mm beside it, 70 or 110 above and below."""
RIM_MM: Final = (8, 22)
BEYOND_MM: Final = (42, 63)


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a rim of paper, on all four sides.

    Its darkest fifth against the plate's brightest twentieth, the saturation (0..255) that four
    fifths of it stay below, its deviation; and by how much, at three sides or more, the brightness
    falls beyond it. Brightness in shares of the plate's brightest twentieth.
    """

    white_min: float = 0.75
    saturation_max: float = 60.0
    deviation_max: float = 0.12
    fall_min: float = 0.06


def paper_around(
    frame_bgr: Bgr,
    corners: tuple[tuple[float, float], ...],
    *,
    rows: int = 1,
    settings: PaperSettings | None = None,
    about: str = "",
) -> Suspicion | None:
    """Return the sign for a plate that stands on a sheet, from a frame (uint8 BGR).

    `corners` in px, clockwise from the top left; ValueError where they enclose nothing.
    """
    limits = PaperSettings() if settings is None else settings
    view = _view(frame_bgr, corners, rows)
    grey = cv2.cvtColor(view, cv2.COLOR_BGR2GRAY).astype(np.float64)
    saturation = cv2.cvtColor(view, cv2.COLOR_BGR2HSV)[..., 1].astype(np.float64)
    high, wide = (round(side * MARGIN) for side in grey.shape)
    brightest = max(float(np.percentile(grey[high:-high, wide:-wide], 95)), 1.0)
    rim, beyond = _sides(grey / brightest, RIM_MM), _sides(grey / brightest, BEYOND_MM)
    white = min(float(np.percentile(side, 20)) for side in rim)
    colour = max(float(np.percentile(side, 80)) for side in _sides(saturation, RIM_MM))
    deviation = max(float(side.std()) for side in rim)
    falls = sorted(float(a.mean() - b.mean()) for a, b in zip(rim, beyond, strict=True))
    flat = deviation <= limits.deviation_max and colour <= limits.saturation_max
    if not (flat and white >= limits.white_min and falls[1] >= limits.fall_min):
        return None
    return Suspicion(
        sign=Sign.PAPER_AROUND,
        quantity="fall of brightness beyond a white rim",
        value=falls[1],
        limit=limits.fall_min,
        about=about,
    )


def _view(frame_bgr: Bgr, corners: tuple[tuple[float, float], ...], rows: int) -> Bgr:
    height_mm = 140 if rows == 1 else 220
    within = 1 - 2 * MARGIN
    size_px = (round(440 * PX_PER_MM / within), round(height_mm * PX_PER_MM / within))
    return rectify(frame_bgr, np.array(corners), size_px=size_px, margin=MARGIN)


def _sides(view: Float, band_mm: tuple[int, int]) -> tuple[Float, Float, Float, Float]:
    """Return the four strips that lie so far outside the plate: top, bottom, left, right."""
    near, far = (round(mm * PX_PER_MM) for mm in band_mm)
    high, wide = (round(side * MARGIN) for side in view.shape)
    top, bottom = high - far, view.shape[0] - high + far
    left, right = wide - far, view.shape[1] - wide + far
    middle = slice(left, right)
    return (
        view[top : high - near, middle],
        view[bottom - far + near : bottom, middle],
        view[top:bottom, left : wide - near],
        view[top:bottom, right - far + near : right],
    )
