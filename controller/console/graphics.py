"""Pictures for terminals that can show them: the sequences of kitty and of sixel, as text.

Sources: the kitty graphics protocol (APC G, PNG as base64 in pieces of 4,096 letters); the sixel
graphics of the DEC VT300 series (DCS q, six rows of dots a letter, colours of 0..100).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

PIECE = 4_096
LEVELS = 6
WIDTH_PX_MAX = 640
HEIGHT_PX_MAX = 400
REPEATS_MIN = 4
Pixels = NDArray[np.uint8]


def kitty(png: bytes, columns: int) -> str:
    """A PNG in pieces, drawn so many columns wide; no answer of the terminal is wanted."""
    coded = base64.standard_b64encode(png).decode("ascii")
    pieces = [coded[at : at + PIECE] for at in range(0, len(coded), PIECE)] or [""]
    last = len(pieces) - 1
    out = []
    for number, piece in enumerate(pieces):
        head = f"a=T,f=100,q=2,c={columns}," if number == 0 else ""
        out.append(f"\x1b_G{head}m={0 if number == last else 1};{piece}\x1b\\")
    return "".join(out) + "\r\n"


def sixel(pixels: Pixels) -> str:
    """BGR uint8 (height, width, 3) in up to 216 colours, made smaller where it is too large."""
    small = _fitted(pixels)
    height, width = small.shape[:2]
    levels = (small.astype(np.uint16) * (LEVELS - 1) + 127) // 255
    index = levels[..., 2] * LEVELS * LEVELS + levels[..., 1] * LEVELS + levels[..., 0]
    used = [int(number) for number in np.unique(index)]
    out = [f'\x1bPq"1;1;{width};{height}', *(_colour(number) for number in used)]
    for top in range(0, height, 6):
        out += [*_band(index[top : top + 6]), "-"]
    return "".join(out) + "\x1b\\\r\n"


def _fitted(pixels: Pixels) -> Pixels:
    """Every n-th dot, so that it fits: what has to be seen is whether it is sharp and aimed."""
    height, width = pixels.shape[:2]
    step = max(1, -(-width // WIDTH_PX_MAX), -(-height // HEIGHT_PX_MAX))
    return pixels[::step, ::step]


def _colour(number: int) -> str:
    red, rest = divmod(number, LEVELS * LEVELS)
    green, blue = divmod(rest, LEVELS)
    parts = [level * 100 // (LEVELS - 1) for level in (red, green, blue)]
    return f"#{number};2;{parts[0]};{parts[1]};{parts[2]}"


def _band(rows: NDArray[np.uint16]) -> Iterator[str]:
    """Up to six rows: each colour in turn from the left edge, as a letter a column."""
    weights = (1 << np.arange(len(rows), dtype=np.uint16))[:, None]
    for number in np.unique(rows):
        dots = ((rows == number) * weights).sum(axis=0)
        yield f"#{int(number)}{_packed(dots)}$"


def _packed(dots: NDArray[np.int64]) -> str:
    """A letter a column; the same letter again and again is counted."""
    ends = np.flatnonzero(np.diff(dots)) + 1
    starts = [0, *ends.tolist()]
    out = []
    for start, end in zip(starts, [*starts[1:], len(dots)], strict=True):
        letter, times = chr(63 + int(dots[start])), end - start
        out.append(f"!{times}{letter}" if times >= REPEATS_MIN else letter * times)
    return "".join(out)
