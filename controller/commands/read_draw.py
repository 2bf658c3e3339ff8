"""`steelyard read --draw`: the picture with what was read in it, in the project's own glyphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.glyphs import load_atlas
from vision.plates import printed

Bgr = npt.NDArray[np.uint8]
Quad = tuple[tuple[float, float], ...]
Box = tuple[int, int, int, int]
Colour = tuple[int, int, int]

WIDTH_PX_MIN: Final = 480
"""Smaller pictures are enlarged, so that a label fits beside the plate."""
LABEL_PX_MIN: Final = 26
QUALITY: Final = 92
GROUND: Final = (24, 24, 24)
INK: Final = (255, 255, 255)
ACCEPTED: Final = (90, 220, 60)
UNSURE: Final = (0, 150, 255)


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is written beside one plate; corners in px of the picture that is drawn on."""

    quad: Quad
    text: str
    words: str
    accepted: bool


class Sheets:
    """The folder of one call; two sources of one name get sheets of their own."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError when the folder is not there and cannot be made."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._taken: Counter[str] = Counter()

    def write(self, pixels: Bgr, marks: Sequence[Mark], source: Path) -> Path:
        """Write `SOURCE.read.jpg`, or `SOURCE-2.read.jpg`; OSError when it cannot be written."""
        _, data = cv2.imencode(".jpg", marked(pixels, marks), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._taken[source.stem] += 1
        number = self._taken[source.stem]
        name = source.stem if number == 1 else f"{source.stem}-{number}"
        target = self._folder / f"{name}.read.jpg"
        target.write_bytes(bytes(data))
        return target


def marked(pixels: Bgr, marks: Sequence[Mark]) -> Bgr:
    """Return a copy with a frame around each plate and a label on its own ground beside it.

    Pictures under WIDTH_PX_MIN are enlarged; one without room beside the plate grows at the foot.
    """
    scale = max(1, -(-WIDTH_PX_MIN // pixels.shape[1]))
    size = (pixels.shape[1] * scale, pixels.shape[0] * scale)
    canvas = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    quads = [np.rint(np.array(mark.quad) * scale).astype(np.int32) for mark in marks]
    for mark, quad in zip(marks, quads, strict=True):
        _frame(canvas, quad, ACCEPTED if mark.accepted else UNSURE)
    taken = [_bounds(quad) for quad in quads]
    for mark, quad in zip(marks, quads, strict=True):
        label = _label(mark, max(LABEL_PX_MIN, size[0] // 32))
        canvas, place = _place(canvas, label, _bounds(quad), taken)
        taken.append(place)
    return canvas


def _frame(canvas: Bgr, quad: npt.NDArray[np.int32], colour: Colour) -> None:
    """Draw the quad light on dark, so that it shows on any ground; a dot marks the top left."""
    line = max(1, canvas.shape[1] // 600)
    for width, tone in ((3 * line, GROUND), (line, colour)):
        cv2.polylines(canvas, [quad], True, tone, width, cv2.LINE_AA)
    corner = (int(quad[0][0]), int(quad[0][1]))
    cv2.circle(canvas, corner, 3 * line, GROUND, -1, cv2.LINE_AA)
    cv2.circle(canvas, corner, 2 * line, colour, -1, cv2.LINE_AA)


def _bounds(quad: npt.NDArray[np.int32]) -> Box:
    (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
    return int(x0), int(y0), int(x1), int(y1)


def _label(mark: Mark, high: int) -> Bgr:
    """Draw the text in glyphs and the words after it, on a ground of its own."""
    atlas, wide, pad = load_atlas(), high * 6 // 10, max(3, high // 5)
    face, size = cv2.FONT_HERSHEY_SIMPLEX, high / 36
    line = max(1, high // 16)
    words_px = cv2.getTextSize(mark.words, face, size, line)[0][0]
    glyphs = printed(mark.text)
    label = np.full((high + 2 * pad, len(glyphs) * wide + words_px + 4 * pad, 3), GROUND, np.uint8)
    for place, char in enumerate(glyphs):
        x = pad + place * wide
        if char in atlas:
            cell = cv2.resize(atlas[char], (wide - 2, high), interpolation=cv2.INTER_AREA)
            label[pad : pad + high, x : x + wide - 2] = np.maximum(GROUND, cell[..., None])
        else:
            cv2.putText(label, char, (x, pad + high), face, high / 24, INK, line, cv2.LINE_AA)
    colour = ACCEPTED if mark.accepted else UNSURE
    start = (2 * pad + len(glyphs) * wide, pad + high * 3 // 4)
    cv2.putText(label, mark.words, start, face, size, colour, line, cv2.LINE_AA)
    cv2.rectangle(label, (0, 0), (label.shape[1] - 1, label.shape[0] - 1), colour, 1)
    return label


def _place(canvas: Bgr, label: Bgr, beside: Box, taken: Sequence[Box]) -> tuple[Bgr, Box]:
    """Put the label above the plate, or below, or on a strip that is added at the foot."""
    (high, wide), (height, width) = label.shape[:2], canvas.shape[:2]
    x = max(0, min(beside[0], width - wide))
    gap = max(4, high // 6)
    for y in (beside[1] - gap - high, beside[3] + gap):
        place = (x, y, x + wide, y + high)
        if y >= 0 and y + high <= height and not any(_meet(place, other) for other in taken):
            break
    else:
        place = (x, height, x + wide, height + high)
        more = (0, high, 0, max(0, wide - width))
        canvas = np.asarray(
            cv2.copyMakeBorder(canvas, *more, cv2.BORDER_CONSTANT, value=GROUND), np.uint8
        )
    shown = label[:, : canvas.shape[1] - x]
    canvas[place[1] : place[3], x : x + shown.shape[1]] = shown
    return canvas, place


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
