"""Pictures that move, for camera tests."""

from __future__ import annotations

import cv2
import numpy as np


def jpeg(number: int, width: int = 160, height: int = 96) -> bytes:
    """The n-th picture: noise of its own, and its number's brightness in a corner."""
    rng = np.random.default_rng(number)
    pixels = rng.integers(60, 120, (height, width, 3), dtype=np.uint8)
    pixels[:16, :16] = number % 256
    good, data = cv2.imencode(".jpg", pixels)
    assert good
    return bytes(data)
