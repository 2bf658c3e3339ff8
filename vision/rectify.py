"""Lift a plate out of a frame by its four corners."""

import cv2
import numpy as np
import numpy.typing as npt

Bgr = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float64]


def rectify(
    frame_bgr: Bgr, corners: Corners, *, size_px: tuple[int, int] = (176, 56), margin: float = 0.03
) -> Bgr:
    """Return the plate seen straight on, uint8 BGR of size_px (width, height).

    `corners` is (4, 2) in px: top left, top right, bottom right, bottom left; `margin` is the
    share of the cut-out left around the plate. Raises ValueError for a wrong shape, or corners
    that are not finite or enclose less than one square pixel.
    """
    points = np.asarray(corners, np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"corners must be four finite points (4, 2), not {points.shape}")
    if abs(cv2.contourArea(points.astype(np.float32))) < 1.0:
        raise ValueError("the four corners enclose no area")
    width, height = size_px
    dx, dy = margin * width, margin * height
    target = np.array(
        [[dx, dy], [width - dx, dy], [width - dx, height - dy], [dx, height - dy]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(points.astype(np.float32), target)
    flat = cv2.warpPerspective(frame_bgr, matrix, size_px, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)
