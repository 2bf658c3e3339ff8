"""The eyes of ``vision``: judge the picture, find the plates, lift them out, read them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from controller.core.kinds import End, View
from controller.recognition.flags import flag_of
from controller.recognition.looks import Seen, Shot, Sighted
from controller.recognition.wire import PLATES_MAX, REGIONS_MAX
from hal.ports import Frame
from vision.paper import paper_around
from vision.plates import PlateType
from vision.quality import FrameName, FrameWatch, Quality, judge_plate
from vision.reader import ONE_ROW_PX, TWO_ROW_PX, PlateReader, cut_out
from vision.recognise import PlateRead, Recogniser

Quad = tuple[tuple[float, float], ...]
Bgr = NDArray[np.uint8]
_Plate = tuple[Quality, Seen | None]

# A plate of one row is 440 x 140 mm, one of two rows 440 x 220 (GA 36-2018).
TWO_ROWS_ASPECT_MAX = 2.5
THREADS = 1


class PlateEyes:
    """Reads the regions that a camera reports, or finds the plates of a whole frame.

    Remembers of each camera what its pictures should look like; not for use by two threads.
    """

    def __init__(self) -> None:
        cv2.setNumThreads(THREADS)
        self._recogniser = Recogniser()
        self._frames: PlateReader | None = None
        self._watches: dict[tuple[End, View], FrameWatch] = {}

    def look(self, shot: Shot) -> Sighted:
        """Judge a frame, and read what in it is fit to be read.

        A plate that is sharp counts even where the rest of its frame is blurred; one that is not
        fit itself is left out, and gives the frame its name when there is no other.
        """
        frame = shot.frame
        if _is_cutout(frame):
            return _sighted(list(self._regions(frame)), None)
        watch = self._watches.setdefault((shot.end, shot.view), FrameWatch())
        quality = watch.judge(frame.pixels, frame.captured_us, shot.given_us)
        if quality.name not in (FrameName.OK, FrameName.BLURRED):
            return _flawed(quality)
        plates = self._regions(frame) if frame.regions else self._found(frame)
        return _sighted(list(plates), quality)

    def read(self, cutout: Bgr) -> PlateRead:
        """Read one cut-out (BGR uint8)."""
        return self._recogniser.read(cutout)

    def _regions(self, frame: Frame) -> Iterator[_Plate]:
        for quad in frame.regions[:REGIONS_MAX]:
            rows = 2 if _aspect(quad) < TWO_ROWS_ASPECT_MAX else 1
            try:
                cutout = cut_out(frame.pixels, quad, TWO_ROW_PX if rows == 2 else ONE_ROW_PX)
            except ValueError:
                # Corners that enclose nothing are the camera's mistake: there is no plate to see.
                continue
            quality = judge_plate(cutout, rows=rows)
            if quality.name is not FrameName.OK:
                yield quality, None
                continue
            read = self._recogniser.read(cutout)
            hints = () if _is_cutout(frame) else _paper(frame.pixels, quad, rows)
            yield quality, _seen(read, read.ptype, quad, cutout, quality, hints)

    def _found(self, frame: Frame) -> Iterator[_Plate]:
        if self._frames is None:
            # A camera that reports regions needs no detector, so that its model is not loaded.
            self._frames = PlateReader(recogniser=self._recogniser, threads=THREADS)
        for plate in self._frames.read(frame.pixels)[:PLATES_MAX]:
            rows = 2 if plate.ptype is PlateType.YELLOW2 else 1
            quality = judge_plate(plate.cutout, rows=rows)
            corners = plate.found.corners
            hints = _paper(frame.pixels, corners, rows)
            seen = _seen(plate.read, plate.ptype, corners, plate.cutout, quality, hints)
            score = min(max(plate.found.score, 0.0), 1.0)
            yield quality, replace(seen, ptype_p=score)


def _sighted(plates: list[_Plate], frame: Quality | None) -> Sighted:
    """The plates that are fit and carry text; without any, what was wrong with the picture."""
    fit = [seen for quality, seen in plates if quality.name is FrameName.OK and seen is not None]
    if fit:
        return Sighted(seen=tuple(seen for seen in fit if seen.text))
    if plates:
        return _flawed(plates[0][0])
    if frame is not None and frame.name is not FrameName.OK:
        return _flawed(frame)
    return Sighted()


def _flawed(quality: Quality) -> Sighted:
    measured = f"{quality.quantity} {quality.value:.3g}, limit {quality.limit:.3g}"
    return Sighted(flaw=quality.name.value, measured=measured)


def encode_png(pixels: Bgr) -> bytes:
    """A picture (BGR uint8) as PNG bytes."""
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError(f"a picture of shape {pixels.shape} cannot be written as PNG")
    return bytes(data)


def _paper(pixels: Bgr, quad: Quad, rows: int) -> tuple[str, ...]:
    """Whether the plate stands on a sheet of paper, which needs more of the frame than it."""
    try:
        sign = paper_around(pixels, quad, rows=rows)
    except ValueError:
        return ()
    return (flag_of(sign),) if sign is not None else ()


def _seen(
    read: PlateRead,
    ptype: PlateType | None,
    quad: Quad,
    cutout: Bgr,
    quality: Quality,
    hints: tuple[str, ...],
) -> Seen:
    return Seen(
        text=read.text,
        chars=read.probabilities,
        quad=quad,
        png=encode_png(cutout),
        ptype=ptype.value if ptype is not None else "",
        sharpness=quality.sharpness,
        hints=hints,
    )


def _is_cutout(frame: Frame) -> bool:
    """Whether the whole picture is one plate, as a camera with its own reader delivers it."""
    height, width = frame.pixels.shape[:2]
    if len(frame.regions) != 1:
        return False
    low, high = np.min(frame.regions[0], axis=0), np.max(frame.regions[0], axis=0)
    return bool(np.all(low <= 1) and np.all(high >= (width - 1, height - 1)))


def _aspect(quad: Quad) -> float:
    """Width by height of a quad, from the lengths of its sides."""
    points = np.asarray(quad, np.float64)
    sides = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    return float((sides[0] + sides[2]) / max(sides[1] + sides[3], 1e-6))
