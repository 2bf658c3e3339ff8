"""From camera frames to plate reads: which pictures are looked at, and what becomes a fact.

A picture counts only if it is younger than ``FRAME_AGE_US_MAX`` on the lane's clock, so that a
camera that repeats itself cannot name the next vehicle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from board.build import Board
from controller.core.faults import Fault
from controller.core.images import PlateRead
from controller.core.kinds import End
from controller.media import Cutouts
from hal.ports import DeviceFault, Frame

if TYPE_CHECKING:
    from vision.recognise import PlateRead as PlateText

FRAME_AGE_US_MAX = 2_000_000
REGIONS_MAX = 4


class Seen(Struct, frozen=True, kw_only=True):
    """One plate as read: text ("?" for an unreadable character), probabilities, cut-out as PNG."""

    text: str
    chars: tuple[float, ...]
    valid: bool
    png: bytes


class Eyes(Protocol):
    """What turns a region of a picture into a read; ``vision`` behind one small face."""

    def look(self, frame: Frame, region: tuple[tuple[float, float], ...]) -> Seen | None:
        """Read one region; None when there is nothing like a plate in it."""


class Reading:
    """All cameras of one lane."""

    def __init__(self, board: Board, eyes: Eyes | None, cutouts: Cutouts) -> None:
        self._clock = board.clock
        self._cameras = tuple((End(i), side.camera) for i, side in enumerate(board.sides))
        self._eyes = eyes
        self._cutouts = cutouts
        self.faults: tuple[int, ...] = ()

    def poll(self, wanted: End | None) -> tuple[PlateRead, ...]:
        """Reads of the pictures that have come in since the last scan at the end that is wanted."""
        reads: list[PlateRead] = []
        silent = False
        for end, camera in self._cameras:
            frame = camera.capture(end == wanted) if camera is not None else None
            if isinstance(frame, DeviceFault):
                silent = True
            elif frame is not None and end == wanted:
                reads.extend(self._reads(end, frame))
        self.faults = (int(Fault.CAMERA_SILENT),) if silent else ()
        return tuple(reads)

    def _reads(self, end: End, frame: Frame) -> list[PlateRead]:
        age_us = self._clock.now_us() - frame.captured_us
        if self._eyes is None or not 0 <= age_us <= FRAME_AGE_US_MAX:
            return []
        seen = (self._eyes.look(frame, region) for region in frame.regions[:REGIONS_MAX])
        return [self._fact(end, frame, one) for one in seen if one is not None]

    def _fact(self, end: End, frame: Frame, seen: Seen) -> PlateRead:
        return PlateRead(
            end=end,
            text=seen.text,
            char_ppm=tuple(ppm(p) for p in seen.chars),
            captured_us=frame.captured_us,
            track=frame.track,
            picture_sha256=self._cutouts.add(seen.png),
            valid=seen.valid,
        )


def ppm(probability: float) -> int:
    """A probability in whole parts per million, never rounded up past what was said."""
    return max(0, min(1_000_000, int(probability * 1_000_000)))


class PlateEyes:
    """The recogniser of ``vision``: rectify, read, and keep the cut-out."""

    def __init__(self) -> None:
        from vision.recognise import Recogniser  # noqa: PLC0415  # cv2 and TFLite are an extra

        self._recogniser = Recogniser()

    def look(self, frame: Frame, region: tuple[tuple[float, float], ...]) -> Seen | None:
        """Read the plate in this region."""
        from vision.rectify import rectify  # noqa: PLC0415

        try:
            cutout = rectify(frame.pixels, np.asarray(region, np.float64))
        except ValueError:
            # Corners that enclose nothing are the camera's mistake: there is no plate to see.
            return None
        read = self.read(cutout)
        if not read.text:
            return None
        return Seen(
            text=read.text, chars=read.probabilities, valid=read.valid, png=encode_png(cutout)
        )

    def read(self, cutout: NDArray[np.uint8]) -> PlateText:
        """Read one cut-out (BGR uint8)."""
        return self._recogniser.read(cutout)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture (BGR uint8) as PNG bytes."""
    import cv2  # noqa: PLC0415

    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError(f"a picture of shape {pixels.shape} cannot be written as PNG")
    return bytes(data)
