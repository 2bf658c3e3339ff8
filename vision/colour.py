"""Tell the plate type from hue statistics: cheap, and silent when the light leaves no colour."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from vision.plates import PlateType, classify

Bgr = npt.NDArray[np.uint8]

HUES: Final = {"yellow": (12, 38), "green": (39, 89), "blue": (90, 132)}
"""OpenCV hue bounds, 0..179."""
GREENS: Final = frozenset({PlateType.GREEN8, PlateType.YELLOW_GREEN8})
SATURATION_MIN: Final = 60
COLOURED_SHARE_MIN: Final = 0.25


def plate_type(crop_bgr: Bgr, text: str) -> PlateType | None:
    """Return the plate type of a single-row cut-out, or None when hue and text do not agree."""
    ground = _ground(crop_bgr)
    form = classify(text)
    if ground is None:
        return None
    if form is not None and form.types <= GREENS:
        return PlateType.GREEN8 if ground == "green" else None
    if ground == "green":
        # Seven characters are never green: a cast lies on a blue or a yellow plate, and light
        # characters stand on the blue one, dark ones on the yellow.
        return PlateType.BLUE1 if _light_ink(crop_bgr) else PlateType.YELLOW1
    return PlateType.BLUE1 if ground == "blue" else PlateType.YELLOW1


def _light_ink(crop_bgr: Bgr) -> bool:
    """Ink covers less than half of a plate, so it pulls the mean off the median its own way."""
    grey = cv2.cvtColor(_middle(crop_bgr), cv2.COLOR_BGR2GRAY)
    return float(grey.mean()) > float(np.median(grey))


def _middle(crop_bgr: Bgr) -> Bgr:
    h, w = crop_bgr.shape[:2]
    return crop_bgr[h // 6 : max(h - h // 6, 1), w // 12 : max(w - w // 12, 1)]


def _ground(crop_bgr: Bgr) -> str | None:
    hue, saturation, value = cv2.split(cv2.cvtColor(_middle(crop_bgr), cv2.COLOR_BGR2HSV))
    coloured = (saturation >= SATURATION_MIN) & (value >= 40)
    if float(coloured.mean()) < COLOURED_SHARE_MIN:
        return None
    counts = {
        name: int(np.count_nonzero(coloured & (hue >= low) & (hue <= high)))
        for name, (low, high) in HUES.items()
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] > 0.6 * int(np.count_nonzero(coloured)) else None
