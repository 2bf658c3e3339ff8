"""Tell the plate type from hue statistics: cheap, and silent when the light leaves no colour."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from vision.plates import PlateType, classify

Bgr = npt.NDArray[np.uint8]

HUES: Final = {"yellow": (12, 38), "green": (39, 89), "blue": (90, 132)}
"""OpenCV hue bounds, 0..179."""
SATURATION_MIN: Final = 60
COLOURED_SHARE_MIN: Final = 0.25


def plate_type(crop_bgr: Bgr, text: str) -> PlateType | None:
    """Return the plate type of a single-row cut-out, or None when hue and text do not agree."""
    ground = _ground(crop_bgr)
    form = classify(text)
    eight = form is not None and len(text) == 8 and text[-1].isascii()
    if ground is None:
        return None
    if eight:
        return PlateType.GREEN8 if ground == "green" else None
    # A green cast falls on blue and on yellow plates alike, so seven characters stay undecided.
    return {"blue": PlateType.BLUE1, "yellow": PlateType.YELLOW1}.get(ground)


def _ground(crop_bgr: Bgr) -> str | None:
    h, w = crop_bgr.shape[:2]
    middle = crop_bgr[h // 6 : max(h - h // 6, h // 6 + 1), w // 12 : max(w - w // 12, 1)]
    hue, saturation, value = cv2.split(cv2.cvtColor(middle, cv2.COLOR_BGR2HSV))
    coloured = (saturation >= SATURATION_MIN) & (value >= 40)
    if float(coloured.mean()) < COLOURED_SHARE_MIN:
        return None
    counts = {
        name: int(np.count_nonzero(coloured & (hue >= low) & (hue <= high)))
        for name, (low, high) in HUES.items()
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] > 0.6 * int(np.count_nonzero(coloured)) else None
