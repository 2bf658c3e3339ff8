"""Find every plate in a frame: four corners, type and score, by one small network."""

import math
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.plates import PlateType
from vision.runtime import ModelError, TfliteModel

Bgr = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]
Quad = tuple[tuple[float, float], ...]

MODEL_PATH: Final = Path(__file__).parent / "models" / "detector.tflite"
LONG_SIDE_PX: Final = 640
STRIDE_PX: Final = 16
CELL_PX: Final = 8
SUBCELLS: Final = 4
TYPES: Final = tuple(PlateType)
CHANNELS: Final = 1 + 8 + len(TYPES)
"""A subcell's output: presence, eight corner offsets in units of CORNER_UNIT_PX, plate types."""
CORNER_UNIT_PX: Final = 32.0

SCORE_MIN: Final = 0.3
SURE_MIN: Final = 0.6
OVERLAP_MAX: Final = 0.3
NEAR_WIDTH_PX: Final = 128.0
NEAR_VIEW_PX: Final = (288, 192)
NEAR_ZOOM_MAX: Final = 2.0
LEAN_MAX: Final = 0.17
NEAR_OVERLAP_MIN: Final = 0.4
PLATES_MAX: Final = 20
CELLS_MAX: Final = 400
SIDE_PX_MIN: Final = 6.0


class PlateFound(msgspec.Struct, frozen=True, kw_only=True):
    """One plate in a frame.

    `corners` are top left, top right, bottom right, bottom left as the plate is read, in px of
    the frame (they may lie a little outside it); `score` is 0..1.
    """

    corners: Quad
    ptype: PlateType
    score: float


class Detector:
    """The plate detector; construction opens the model, `find` takes some tens of milliseconds."""

    def __init__(self, model_path: Path | None = None, *, threads: int = 1) -> None:
        """Raises ModelError for a bad model file, VisionLibraryError without a TFLite runtime."""
        path = MODEL_PATH if model_path is None else model_path
        self._model = TfliteModel(path, threads=threads)
        self._near = TfliteModel(path, threads=threads)

    def find(self, frame_bgr: Bgr) -> list[PlateFound]:
        """Return the plates of a frame, uint8 BGR of (height, width, 3), best first.

        Raises ValueError for another kind of array.
        """
        if frame_bgr.ndim != 3 or frame_bgr.shape[2] != 3 or frame_bgr.dtype != np.uint8:
            raise ValueError(
                f"a frame is uint8 (h, w, 3), not {frame_bgr.dtype} {frame_bgr.shape}:"
                " convert it to BGR first"
            )
        if min(frame_bgr.shape) < 1:
            raise ValueError("a frame has at least one pixel")
        picture, scale = fitted(frame_bgr, LONG_SIDE_PX)
        found = unfold(_cells(self._model, picture), scale)
        closer = (self._closer(frame_bgr, plate, scale) for plate in found)
        return sorted((p for p in closer if p is not None), key=lambda p: -p.score)

    def _closer(self, frame_bgr: Bgr, plate: PlateFound, scale: float) -> PlateFound | None:
        """Look again, near and straightened, at a small or leaning plate: its corners sharpen.

        None says that nothing was there the second time, and that it was doubtful before.
        """
        corners = np.array(plate.corners)
        base = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
        down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
        wide = float(np.hypot(*base))
        near = min(NEAR_ZOOM_MAX, NEAR_WIDTH_PX / wide)
        small = wide * scale <= NEAR_WIDTH_PX / 1.5 and near >= 1.3 * scale
        if not small and _lean(base, down) < LEAN_MAX:
            return plate
        view, back = _straightened(frame_bgr, corners.mean(axis=0), near * wide, base, down)
        for second in unfold(_cells(self._near, view), 1.0):
            moved = np.array(second.corners) @ back[:, :2].T + back[:, 2]
            if _overlaps(corners, moved[None])[0] > NEAR_OVERLAP_MIN:
                return PlateFound(
                    corners=tuple((float(x), float(y)) for x, y in moved),
                    ptype=second.ptype,
                    score=max(plate.score, second.score),
                )
        return plate if plate.score >= SURE_MIN else None


def _lean(base: Points, down: Points) -> float:
    """Return how far a plate is from level and upright: the sine of the worse of two angles."""
    level = abs(base[1]) / max(float(np.hypot(*base)), 1e-6)
    upright = abs(down[0]) / max(float(np.hypot(*down)), 1e-6)
    return float(max(level, upright / 2))


def _cells(model: TfliteModel, picture: Float) -> Float:
    out = np.asarray(model.run(picture[None])[0], np.float32)
    if out.ndim != 3 or out.shape[2] != SUBCELLS * CHANNELS:
        raise ModelError(f"the detector gives {out.shape}, not (h, w, {SUBCELLS * CHANNELS})")
    return out


def _straightened(
    frame_bgr: Bgr, middle: Points, wide: float, base: Points, down: Points
) -> tuple[Float, Points]:
    """Return a view of NEAR_VIEW_PX in which base lies level and down upright; the way back."""
    size = np.array(NEAR_VIEW_PX, np.float64)
    high = wide * float(np.hypot(*down)) / float(np.hypot(*base))
    # A plate that leans away is seen lower than it is: give it back a plate's own height.
    high = float(np.clip(high, wide / 4, wide / 1.8))
    back = np.column_stack([base / wide, down / high, np.zeros(2)])
    back[:, 2] = middle - back[:, :2] @ (size / 2)
    there = cv2.invertAffineTransform(back)
    view = cv2.warpAffine(frame_bgr, there, NEAR_VIEW_PX, borderValue=(128, 128, 128))
    picture = view.astype(np.float32) / np.float32(255) - np.float32(0.5)
    return picture, back


def fitted(frame_bgr: Bgr, long_side_px: int) -> tuple[Float, float]:
    """Scale a frame down to fit, fill it up to whole strides; returns (picture, scale).

    The picture is float32 (h, w, 3), BGR / 255 - 0.5; small frames are not enlarged.
    """
    height, width = frame_bgr.shape[:2]
    scale = min(1.0, long_side_px / max(height, width))
    small: npt.NDArray[np.uint8] = frame_bgr
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(frame_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    down, across = (-side % STRIDE_PX for side in small.shape[:2])
    full = cv2.copyMakeBorder(small, 0, down, 0, across, cv2.BORDER_CONSTANT, value=(128,) * 3)
    return full.astype(np.float32) / np.float32(255) - np.float32(0.5), scale


def unfold(cells: Float, scale: float, score_min: float = SCORE_MIN) -> list[PlateFound]:
    """Turn the network's cells (h, w, 4 · CHANNELS) into plates of the unscaled frame."""
    high, wide = cells.shape[:2]
    fine = cells.reshape(high, wide, 2, 2, CHANNELS).transpose(0, 2, 1, 3, 4)
    fine = fine.reshape(high * 2, wide * 2, CHANNELS)
    logit_min = math.log(score_min / (1 - score_min))
    rows, columns = np.nonzero(fine[..., 0] > logit_min)
    if len(rows) > CELLS_MAX:
        best = np.argsort(-fine[rows, columns, 0], kind="stable")[:CELLS_MAX]
        rows, columns = rows[best], columns[best]
    picked = fine[rows, columns]
    centres = (np.stack([columns, rows], 1) + 0.5) * CELL_PX
    quads = centres[:, None] + picked[:, 1:9].reshape(-1, 4, 2) * CORNER_UNIT_PX
    scores = np.asarray(1 / (1 + np.exp(-picked[:, 0])), np.float32)
    return _plates(quads.astype(np.float64), scores, picked[:, 9:], scale)


def _plates(quads: Points, scores: Float, types: Float, scale: float) -> list[PlateFound]:
    """Gather the cells of one plate: their corners are averaged by score."""
    found: list[PlateFound] = []
    left = np.argsort(-scores, kind="stable")
    while len(left) and len(found) < PLATES_MAX:
        first = left[0]
        shares = _overlaps(quads[first], quads[left])
        mine = left[shares > 0.5] if shares[0] > 0 else left[:1]
        left = left[shares <= OVERLAP_MAX] if shares[0] > 0 else left[1:]
        weight = scores[mine] ** 2
        corners = np.average(quads[mine], axis=0, weights=weight)
        if _degenerate(corners):
            continue
        votes = np.average(types[mine], axis=0, weights=weight)
        found.append(
            PlateFound(
                corners=tuple((float(x), float(y)) for x, y in corners / scale),
                ptype=TYPES[int(votes.argmax())],
                score=float(scores[first]),
            )
        )
    return found


def _overlaps(quad: Points, others: Points) -> Float:
    """Return the intersection over union of upright boxes around the quadrangles."""
    low, high = others.min(axis=1), others.max(axis=1)
    mine_low, mine_high = quad.min(axis=0), quad.max(axis=0)
    sides = np.clip(np.minimum(high, mine_high) - np.maximum(low, mine_low), 0, None)
    shared = sides.prod(axis=1)
    union = (high - low).prod(axis=1) + (mine_high - mine_low).prod() - shared
    return np.asarray(shared / np.maximum(union, 1e-6), np.float32)


def _degenerate(corners: Points) -> bool:
    """Say whether four corners are no plate: crossed, mirrored, or too small to read."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    forward = np.roll(corners, -1, axis=0) - corners
    after = np.roll(forward, -1, axis=0)
    turns = forward[:, 0] * after[:, 1] - forward[:, 1] * after[:, 0]
    return bool(sides.min() < SIDE_PX_MIN or turns.min() <= 0)
