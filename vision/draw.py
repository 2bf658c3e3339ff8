"""Draw a plate after GA 36-2018: sizes, spacings and colours of each type, in our own glyphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from vision.glyphs import load_atlas
from vision.plates import PlateType, printed, validate

Bgr = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]

PX_PER_MM_MAX: Final = 8.0

WHITE: Final = (248, 248, 248)
BLACK: Final = (22, 22, 22)
BLUE: Final = (170, 70, 10)
YELLOW: Final = (20, 175, 240)
GREEN: Final = (110, 175, 60)
PALE: Final = (225, 240, 220)
RED: Final = (40, 30, 200)
RED_CHARS: Final = frozenset("警应急使领")
"""These stand in red whatever the other characters wear (GA 36-2018 5.3)."""


class PlateTextError(ValueError):
    """The text is no plate of the wanted type."""


@dataclass(frozen=True, kw_only=True)
class Livery:
    """How one type looks: size in mm, ground at top and bottom, ink, and the yellow lead-in."""

    width_mm: int
    height_mm: int
    top: Colour
    bottom: Colour
    ink: Colour
    lead_mm: int = 0


LIVERIES: Final[dict[PlateType, Livery]] = {
    PlateType.BLUE1: Livery(width_mm=440, height_mm=140, top=BLUE, bottom=BLUE, ink=WHITE),
    PlateType.YELLOW1: Livery(width_mm=440, height_mm=140, top=YELLOW, bottom=YELLOW, ink=BLACK),
    PlateType.YELLOW2: Livery(width_mm=440, height_mm=220, top=YELLOW, bottom=YELLOW, ink=BLACK),
    PlateType.GREEN8: Livery(width_mm=480, height_mm=140, top=PALE, bottom=GREEN, ink=BLACK),
    PlateType.YELLOW_GREEN8: Livery(
        width_mm=480, height_mm=140, top=GREEN, bottom=GREEN, ink=BLACK, lead_mm=95
    ),
    PlateType.WHITE1: Livery(width_mm=440, height_mm=140, top=WHITE, bottom=WHITE, ink=BLACK),
    PlateType.BLACK1: Livery(width_mm=440, height_mm=140, top=BLACK, bottom=BLACK, ink=WHITE),
}


@cache
def boxes(ptype: PlateType, places: int | None = None) -> tuple[Box, ...]:
    """Return (x, y, width, height) of each character in mm, GA 36-2018 figures 1 to 6.

    `places` is the number of characters where a type may carry more than its usual one: a white
    plate has eight when it ends in 应急.
    """
    if ptype is PlateType.YELLOW2:
        lower = [(27.5 + 80 * i, 90.0, 65.0, 110.0) for i in range(5)]
        return ((110.0, 15.0, 80.0, 60.0), (250.0, 15.0, 80.0, 60.0), *lower)
    if ptype in (PlateType.GREEN8, PlateType.YELLOW_GREEN8):
        serial = [(161.5 + 52 * i, 25.0, 43.0, 90.0) for i in range(6)]
        return ((15.5, 25.0, 45.0, 90.0), (69.5, 25.0, 43.0, 90.0), *serial)
    if places == 8:
        serial = [(139.5 + 47.5 * i, 25.0, 43.0, 90.0) for i in range(6)]
        return ((15.5, 25.0, 45.0, 90.0), (68.0, 25.0, 43.0, 90.0), *serial)
    serial = [(151.5 + 57 * i, 25.0, 45.0, 90.0) for i in range(5)]
    return ((15.5, 25.0, 45.0, 90.0), (72.5, 25.0, 45.0, 90.0), *serial)


def draw_plate(
    text: str,
    ptype: PlateType,
    *,
    px_per_mm: float = 1.0,
    glyphs: Mapping[str, Ink] | None = None,
    upper: Mapping[str, Ink] | None = None,
) -> Bgr:
    """Draw one plate, flat and clean.

    Returns uint8 BGR of (height, width, 3), 140 x 440 px for a blue plate at 1 px a mm; `glyphs`
    replaces the project's own masks (255 = ink), `upper` those of the upper one of two rows.
    Raises PlateTextError when GA 36 knows no such plate of that type. Source: GA 36-2018.
    """
    if not validate(text, ptype):
        raise PlateTextError(f"{text!r} is no {ptype.value} plate of GA 36: check text and type")
    if not 0 < px_per_mm <= PX_PER_MM_MAX:
        raise ValueError(f"px_per_mm {px_per_mm} is outside (0, {PX_PER_MM_MAX:g}]")
    livery = LIVERIES[ptype]
    masks = load_atlas() if glyphs is None else glyphs
    chars = [(char, masks[char]) for char in printed(text)]
    if ptype is PlateType.YELLOW2 and upper is not None:
        chars[:2] = [(char, upper.get(char, mask)) for char, mask in chars[:2]]
    plain, red = _ink(chars, ptype, px_per_mm)
    ground = _ground(livery, (plain.shape[0], plain.shape[1]), px_per_mm)
    inked = _painted(ground, plain, livery.ink)
    if red.any():
        inked = _painted(inked, red, RED)
    return np.asarray(np.clip(inked + 0.5, 0, 255), np.uint8)


def _painted(ground: Float, mask: Ink, ink: Colour) -> Float:
    share = (mask.astype(np.float32) / 255)[..., None]
    return np.asarray(ground * (1 - share) + np.array(ink, np.float32) * share, np.float32)


def _ink(chars: list[tuple[str, Ink]], ptype: PlateType, scale: float) -> tuple[Ink, Ink]:
    """Return the masks of all that wears the ink of the type, and of what is red."""
    livery = LIVERIES[ptype]
    shape = (round(livery.height_mm * scale), round(livery.width_mm * scale))
    plain, red = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for (char, ink), box in zip(chars, boxes(ptype, len(chars)), strict=True):
        x, y, w, h = (round(value * scale) for value in box)
        glyph = cv2.resize(ink, (max(w, 1), max(h, 1)), interpolation=cv2.INTER_AREA)
        mask = red if char in RED_CHARS else plain
        mask[y : y + h, x : x + w] = np.maximum(mask[y : y + h, x : x + w], glyph)
    _frame(plain, livery, scale)
    if ptype not in (PlateType.GREEN8, PlateType.YELLOW_GREEN8) and len(chars) == 7:
        _dot(plain, ptype, scale)
    return plain, red


def _frame(mask: Ink, livery: Livery, scale: float) -> None:
    inset, line = round(4 * scale), max(1, round(2 * scale))
    if livery.top != livery.bottom:
        inset, line = round(2 * scale), max(1, round(scale))
    right, bottom = mask.shape[1] - 1 - inset, mask.shape[0] - 1 - inset
    cv2.rectangle(mask, (inset, inset), (right, bottom), 255, line, cv2.LINE_AA)


def _dot(mask: Ink, ptype: PlateType, scale: float) -> None:
    x, y = (220.0, 45.0) if ptype is PlateType.YELLOW2 else (134.5, 70.0)
    cv2.circle(
        mask, (round(x * scale), round(y * scale)), max(1, round(5 * scale)), 255, -1, cv2.LINE_AA
    )


def _ground(livery: Livery, shape: tuple[int, int], scale: float) -> npt.NDArray[np.float32]:
    down = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    top, bottom = (np.array(colour, np.float32) for colour in (livery.top, livery.bottom))
    ground = np.repeat(top * (1 - down) + bottom * down, shape[1], axis=1)
    ground[:, : round(livery.lead_mm * scale)] = YELLOW
    return ground
