"""What can be measured in a picture about how well it was taken."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Bgr = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]

SAMPLE_PX: Final = 320
GRID: Final = (12, 8)
TILE_PX: Final = 16
TILE_STD_MIN: Final = 5.0
"""Above what noise alone makes of a tile."""
TILE_CONTRAST_MIN: Final = 0.05
"""Deviation of a tile that is worth judging, as a share of the frame's contrast."""
TILES_MIN: Final = 3
CLIPPED: Final = (3, 252)
UNCLIPPED_SHARE_MIN: Final = 0.05
_SMOOTH_PX: Final = 0.8


def frame_sharpness(grey: Grey) -> float:
    """Return how much of its contrast a frame changes by within a pixel, where it is sharpest.

    Measured in tiles that have contrast, in the direction in which it is less, as motion blurs
    one direction only; the value that three in a hundred tiles reach. About 0.5 for a photograph
    640 px wide, 0.2 behind a blur of 4 px; 0 when there is nothing to judge by.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), _SMOOTH_PX).astype(np.float32)
    across, down = _steps(smooth)
    mean = _tiles(smooth)
    deviation = np.sqrt(np.maximum(_tiles(smooth * smooth) - mean * mean, 0))
    low, high = np.percentile(smooth, (1, 99))
    told = deviation >= max(TILE_STD_MIN, TILE_CONTRAST_MIN * float(high - low))
    if int(told.sum()) < TILES_MIN:
        return 0.0
    least = np.sqrt(np.minimum(_tiles(across), _tiles(down)))[told] / deviation[told]
    return float(np.percentile(least, 97))


def plate_sharpness(grey: Grey) -> float:
    """Return how much of its contrast a cut-out changes by within 5 mm, in the duller direction.

    `grey` has 28 px a row of characters. About 0.35 for a sharp plate; below 0.14 hardly one in
    a hundred was read right.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), _SMOOTH_PX).astype(np.float32)
    across, down = _steps(smooth)
    least = min(float(across.mean()), float(down.mean()))
    return float(np.sqrt(least)) / max(float(smooth.std()), 1.0)


def same_share(sample: Grey, before: Grey | None) -> float:
    """Return the share of pixels that have not changed at all; 0 when that says nothing.

    Pixels at either end of the scale are left out: there is no noise to see in them.
    """
    if before is None or before.shape != sample.shape:
        return 0.0
    told = (sample >= CLIPPED[0]) & (sample <= CLIPPED[1])
    if float(told.mean()) < UNCLIPPED_SHARE_MIN:
        return 0.0
    return float(np.mean(sample[told] == before[told]))


def _steps(smooth: Float) -> tuple[Float, Float]:
    """Squared differences to the right and lower neighbour, the last row and column 0."""
    across, down = np.zeros_like(smooth), np.zeros_like(smooth)
    across[:, :-1] = np.square(smooth[:, 1:] - smooth[:, :-1])
    down[:-1] = np.square(smooth[1:] - smooth[:-1])
    return across, down


def _tiles(picture: Float) -> Float:
    """Mean of each tile of TILE_PX; what is left over at right and bottom does not count."""
    rows, columns = (max(1, side // TILE_PX) for side in picture.shape)
    whole = picture[: rows * TILE_PX, : columns * TILE_PX]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def detail_of(grey: Grey) -> Float:
    """Deviation within each field of the grid, its finest noise smoothed away."""
    fields = (GRID[0] * 8, GRID[1] * 8)
    small = cv2.resize(grey, fields, interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = small.reshape(GRID[1], 8, GRID[0], 8)
    return np.asarray(cells.std(axis=(1, 3)), np.float32)


def sample_of(frame_bgr: Bgr) -> Grey:
    """Every so many pixels of the green channel, some 320 in a row, none of them averaged."""
    step = max(1, frame_bgr.shape[1] // SAMPLE_PX)
    return np.ascontiguousarray(frame_bgr[::step, ::step, 1])
