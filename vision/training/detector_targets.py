"""What the detector should have said about a picture, cell by cell."""

import cv2
import numpy as np
import numpy.typing as npt

from vision.detect import CELL_PX, CORNER_UNIT_PX

Float = npt.NDArray[np.float32]

GRID = 40
INNER = (0.2, 0.32)
OUTER = (0.42, 0.6)
"""Half widths, in shares of plate width and height, where a cell must say yes, and beyond which
it must say no; between them it may say either."""
SIDE_PX_MIN = 14.0
SEEN_MIN = 0.8

UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def targets(
    quads: npt.NDArray[np.float64], types: list[int], size_px: int
) -> tuple[Float, Float, npt.NDArray[np.int64]]:
    """Return presence (1 yes, 0 no, -1 either), corners (8 + tolerance) and types by cell.

    Shapes (GRID, GRID), (9, GRID, GRID), (GRID, GRID); corners are offsets from the cell's middle
    in units of CORNER_UNIT_PX, the ninth value is the plate's height in the same units.
    """
    presence = np.zeros((GRID, GRID), np.float32)
    corners = np.zeros((9, GRID, GRID), np.float32)
    kinds = np.zeros((GRID, GRID), np.int64)
    ys, xs = np.mgrid[0:GRID, 0:GRID]
    centres = (np.stack([xs, ys], -1) + 0.5) * CELL_PX
    for quad, kind in zip(quads, types, strict=True):
        matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), UNIT)
        flat = centres.reshape(1, -1, 2).astype(np.float64)
        places = np.abs(cv2.perspectiveTransform(flat, matrix)[0] - 0.5).reshape(GRID, GRID, 2)
        low, high = quad.min(axis=0) - 4, quad.max(axis=0) + 4
        near = ((centres > low) & (centres < high)).all(axis=-1)
        about = near & (places < OUTER).all(axis=-1)
        presence[about & (presence == 0)] = -1
        if not _readable(quad, size_px):
            continue
        yes = near & (places < INNER).all(axis=-1)
        nearest = np.linalg.norm(centres - quad.mean(axis=0), axis=-1).argmin()
        yes.flat[nearest] = True
        presence[yes] = 1
        kinds[yes] = kind
        offsets = (quad.reshape(8) - np.tile(centres[yes], 4)) / CORNER_UNIT_PX
        corners[:8, yes] = offsets.T
        corners[8, yes] = np.linalg.norm(quad[3] - quad[0]) / CORNER_UNIT_PX
    return presence, corners, kinds


def _readable(quad: npt.NDArray[np.float64], size_px: int) -> bool:
    """Say whether a plate is large enough, and enough of it inside the picture, to be asked for."""
    if np.linalg.norm(quad[1] - quad[0]) < SIDE_PX_MIN:
        return False
    frame = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]], np.float32)
    shape = quad.astype(np.float32)
    shared, _ = cv2.intersectConvexConvex(shape, frame)
    return bool(shared >= SEEN_MIN * abs(cv2.contourArea(shape)))
