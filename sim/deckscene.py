"""What the cameras that look at the deck see: the deck, and what stands on it, drawn plainly.

An overview shows the deck from end to end with the road before and behind it, so that nothing else
on it can hide; a side view shows the same from beside, with loads; a rear view the nearest tail.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from sim.scene import Light

WIDTH, HEIGHT = 480, 270
AROUND_M = 12.0
"""How much of the road is seen on either side of the deck."""
_GROUND, _DECK, _EDGE = 96, 72, 190
_BRIGHTNESS = {Light.DAY: 1.0, Light.DUSK: 0.7, Light.NIGHT: 0.45}
_NOISE = 3.0

Standing = tuple[tuple[int, float, float], ...]
"""Vehicles as (number, from, to) in metres from the yard's end of the deck."""


def deck_picture(
    standing: Standing, platform_m: float, view: str, light: Light, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a BGR picture (270, 480, 3) of the deck."""
    picture = np.full((HEIGHT, WIDTH, 3), _GROUND, np.float32)
    picture += _stones()[:, :, None]
    left, right = _column(0.0, platform_m), _column(platform_m, platform_m)
    picture[150:250, left:right] = _DECK
    for column in (left, right):
        picture[140:255, max(column - 2, 0) : column + 2] = _EDGE
    for number, low_m, high_m in standing:
        _vehicle(picture, number, _column(low_m, platform_m), _column(high_m, platform_m), view)
    noise = rng.normal(0.0, _NOISE, picture.shape).astype(np.float32)
    exposed: NDArray[np.uint8] = np.clip(picture * _BRIGHTNESS[light] + noise, 0, 255).astype(
        np.uint8
    )
    return exposed


def _column(place_m: float, platform_m: float) -> int:
    share = (place_m + AROUND_M) / (platform_m + 2 * AROUND_M)
    return min(max(int(share * WIDTH), 0), WIDTH)


def _vehicle(picture: NDArray[np.float32], number: int, left: int, right: int, view: str) -> None:
    """A box of the vehicle's own colour with ribs, on wheels; nothing where it is out of sight."""
    if right - left < 2:
        return
    shade = zlib.crc32(b"%d" % number)
    colour = np.array([60 + shade % 120, 60 + shade // 251 % 120, 60 + shade // 63_001 % 120])
    top = 90 if view == "side" else 165
    picture[top:230, left:right] = colour
    picture[top:230, left:right:14] = 30
    picture[top : top + 4, left:right] = 220
    picture[230:245, left + 2 : right - 2 : 9] = 20


def _stones() -> NDArray[np.float32]:
    """The ground's own pattern, always the same: a lens that is covered does not show it."""
    stones = np.random.default_rng(7).normal(0.0, 1.0, (HEIGHT // 6, WIDTH // 6))
    return np.kron(stones, np.ones((6, 6))).astype(np.float32) * 16.0
