"""From a frame to the plates in it: find, lift out, read, and leave out what is no plate."""

from collections.abc import Sequence
from typing import Final, Protocol

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.detect import Detector
from vision.plates import PlateType
from vision.recognise import PlateRead, Recogniser
from vision.rectify import rectify

Bgr = npt.NDArray[np.uint8]
Quad = tuple[tuple[float, float], ...]

PLATES_MAX: Final = 16
"""The best so many finds of a frame are read; a wall of signs costs no more time than this."""
FRAME_SIDE_PX_MIN: Final = 8
ONE_ROW_PX: Final = (176, 56)
TWO_ROW_PX: Final = (176, 88)
MARGIN: Final = 0.03
PATCH_MARGIN: Final = 0.2
"""Share of a plate's own size that is kept around it before it is straightened."""


class FrameError(ValueError):
    """An array that is no frame; the message says what came and what is wanted."""


class Found(Protocol):
    """What a detector says of one plate: corners in px of the frame, clockwise from top left."""

    @property
    def corners(self) -> Quad: ...
    @property
    def ptype(self) -> PlateType: ...
    @property
    def score(self) -> float: ...


class Finder(Protocol):
    """Whatever finds plates in a frame, best first."""

    def find(self, frame_bgr: Bgr) -> Sequence[Found]: ...


class TextReader(Protocol):
    """Whatever reads a cut-out."""

    def read(self, crop_bgr: Bgr, ptype: PlateType | None = None) -> PlateRead: ...
    def accepts(self, read: PlateRead) -> bool: ...


class ReadPlate(msgspec.Struct, frozen=True, kw_only=True):
    """One plate of a frame: where it was found, what was read, and the picture it was read from."""

    found: Found
    read: PlateRead
    cutout: Bgr
    accepted: bool

    @property
    def ptype(self) -> PlateType:
        """The type as read from the cut-out, or as found where its colour does not tell."""
        return self.read.ptype or self.found.ptype

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Order of the plates of one frame: accepted, then whole, then the surer in both eyes."""
        return self.accepted, self.read.valid, self.read.confidence * self.found.score


class PlateReader:
    """The reader of whole frames; construction opens both models. Not for use by two threads."""

    def __init__(
        self,
        detector: Finder | None = None,
        recogniser: TextReader | None = None,
        *,
        threads: int = 1,
    ) -> None:
        """Raises ModelError for a bad model file, VisionLibraryError without a TFLite runtime."""
        self._detector = detector or Detector(threads=threads)
        self._recogniser = recogniser or Recogniser(threads=threads)

    def read(self, frame_bgr: Bgr) -> list[ReadPlate]:
        """Read every plate of a frame, uint8 BGR of (height, width, 3), best first.

        A find whose cut-out reads as no plate is left out; where two finds cover one another, the
        better read stays. Raises FrameError for another kind of array.
        """
        frame = checked(frame_bgr)
        if min(frame.shape[:2]) < FRAME_SIDE_PX_MIN:
            return []
        finds = self._detector.find(frame)[:PLATES_MAX]
        read = [plate for plate in (self._read(frame, found) for found in finds) if plate]
        return _apart(sorted(read, key=lambda plate: plate.rank, reverse=True))

    def _read(self, frame: Bgr, found: Found) -> ReadPlate | None:
        size_px = TWO_ROW_PX if found.ptype is PlateType.YELLOW2 else ONE_ROW_PX
        try:
            cutout = cut_out(frame, found.corners, size_px)
        except ValueError:
            # Corners that enclose nothing are a mistake of the detector: there is no plate there.
            return None
        read = self._recogniser.read(cutout, found.ptype)
        if not read.text:
            return None
        accepted = self._recogniser.accepts(read)
        return ReadPlate(found=found, read=read, cutout=cutout, accepted=accepted)


def checked(frame: npt.NDArray[np.generic]) -> Bgr:
    """Return the frame if it is uint8 BGR of (height, width, 3); FrameError names what it is."""
    kind = f"{frame.dtype} {frame.shape}"
    if frame.dtype != np.uint8:
        raise FrameError(f"a frame has 8 bits a colour, not {kind}: scale it first")
    if frame.ndim == 2:
        raise FrameError(f"a grey frame {kind}: give BGR, repeated three times if there is no more")
    if frame.ndim == 3 and frame.shape[2] == 4:
        raise FrameError(f"a frame with alpha {kind}: drop the fourth channel")
    if frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise FrameError(f"a frame is (height, width, 3), not {kind}")
    return np.ascontiguousarray(frame, np.uint8)


def cut_out(
    frame: Bgr, corners: Quad, size_px: tuple[int, int] = ONE_ROW_PX, margin: float = MARGIN
) -> Bgr:
    """Return the plate seen straight on; ValueError for corners outside or around nothing.

    Large plates are averaged down before they are straightened, which by itself would only
    sample them, and counts pixels in 16 bits.
    """
    points = np.asarray(corners, np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"corners must be four finite points (4, 2), not {points.shape}")
    low, high = points.min(axis=0), points.max(axis=0)
    around = PATCH_MARGIN * (high - low) + 2
    size = np.array(frame.shape[1::-1], np.float64)
    x0, y0 = np.clip(np.floor(low - around), 0, size).astype(int)
    x1, y1 = np.clip(np.ceil(high + around), 0, size).astype(int)
    if min(x1 - x0, y1 - y0) < 1:
        raise ValueError("the four corners lie outside the frame")
    patch, shrunk = _shrunk(frame[y0:y1, x0:x1], (high - low) / size_px)
    return rectify(patch, (points - (x0, y0)) * shrunk, size_px=size_px, margin=margin)


def _shrunk(patch: Bgr, ratio: npt.NDArray[np.float64]) -> tuple[Bgr, npt.NDArray[np.float64]]:
    """Average a patch down where it is `ratio` > 1 times as large as its cut-out will be."""
    height, width = patch.shape[:2]
    wanted = np.maximum(np.array([width, height]) / np.maximum(ratio, 1.0), 1.0)
    size = (int(np.ceil(wanted[0])), int(np.ceil(wanted[1])))
    if size == (width, height):
        return patch, np.ones(2)
    small = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.array(size) / (width, height)


def _apart(plates: list[ReadPlate]) -> list[ReadPlate]:
    """Keep the better of two plates of which one has its middle inside the other."""
    kept: list[ReadPlate] = []
    for plate in plates:
        if not any(_covers(one, plate) or _covers(plate, one) for one in kept):
            kept.append(plate)
    return kept


def _covers(one: ReadPlate, other: ReadPlate) -> bool:
    quad = np.array(one.found.corners, np.float32)
    x, y = np.mean(other.found.corners, axis=0)
    return cv2.pointPolygonTest(quad, (float(x), float(y)), False) >= 0
