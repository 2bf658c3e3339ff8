"""What a camera sees: a truck's front with its plate, in perspective, through a real lens.

The pictures are simple and honest: distance, slant, exposure, motion, noise and dirt decide
whether the plate can be read, and a plate that the scenario makes unreadable is unreadable.
"""

from __future__ import annotations

import zlib
from enum import Enum
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sim.truck import Plate

WIDTH, HEIGHT = 640, 360
FOCAL_PX = 1450.0
_PLATE_M = {"blue1": (0.44, 0.14), "yellow1": (0.44, 0.14), "green8": (0.48, 0.14)}
_PLATE_ABOVE_ROAD_M = 0.75
_CAMERA_ABOVE_ROAD_M = 1.7

Corners = tuple[tuple[float, float], ...]


class Light(Enum):
    """The hour of the day, as a camera takes it."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Sky(Enum):
    """What stands between the lens and the plate, beside the light."""

    CLEAR = "clear"
    RAIN = "rain"
    GLARE = "glare"
    """A low sun in the lens by day, headlamps in it by night."""


class Sight(Struct, frozen=True, kw_only=True):
    """One vehicle front before one lens; ``dirt`` runs from 0 (clean) to 1 (all covered)."""

    vehicle: int
    plate: Plate
    dirt: float
    distance_m: float
    lateral_m: float
    speed_mps: float
    light: Light
    sky: Sky = Sky.CLEAR


_EXPOSURE = {
    Light.DAY: (1.0, 3.0, 0.002),
    Light.DUSK: (0.72, 5.0, 0.004),
    Light.NIGHT: (0.5, 8.0, 0.006),
}


def render(sight: Sight, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Corners]:
    """Return a BGR picture (360, 640, 3) and the plate's corners as the camera reports them.

    Corners go clockwise from the top left and are off by a pixel or so, as a camera's are.
    """
    import cv2  # noqa: PLC0415 - only a yard with cameras needs the vision libraries

    from vision.draw import draw_plate  # noqa: PLC0415 - same reason
    from vision.plates import PlateType  # noqa: PLC0415 - same reason

    brightness, noise, exposure_s = _EXPOSURE[sight.light]
    corners = _corners(sight, rng)
    reported = _reported(corners, rng)
    picture = _truck_front(cv2, corners, rng)
    clean = draw_plate(sight.plate.text, PlateType(sight.plate.ptype))
    # Mud stays where it is from one frame to the next.
    mud = np.random.default_rng(zlib.crc32(sight.plate.text.encode()))
    plate = _soiled(cv2, clean, sight.dirt, mud)
    _paste(cv2, picture, plate, corners)
    picture = _exposed(cv2, picture, brightness * rng.uniform(0.9, 1.08), noise, rng)
    picture = _through(cv2, picture, sight, corners, rng)
    smear_px = sight.speed_mps * exposure_s * FOCAL_PX / sight.distance_m * 0.4
    return _moved(cv2, picture, smear_px), reported


def outline(sight: Sight, rng: np.random.Generator) -> Corners:
    """Return the corners alone, for a yard whose plates are read without pixels."""
    return _reported(_corners(sight, rng), rng)


def _reported(corners: NDArray[np.float64], rng: np.random.Generator) -> Corners:
    found = corners + rng.normal(0.0, 0.8, corners.shape)
    return tuple((float(x), float(y)) for x, y in found)


def _corners(sight: Sight, rng: np.random.Generator) -> NDArray[np.float64]:
    """Project the plate's corners: a flat plate, a little turned, below the camera's axis."""
    wide, high = _PLATE_M[sight.plate.ptype]
    yaw, roll = rng.normal(0.18, 0.03), rng.normal(0.0, 0.012)
    points = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = dx * wide / 2, dy * high / 2
        x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
        depth = sight.distance_m + x * np.sin(yaw)
        right = sight.lateral_m * 0.5 + x * np.cos(yaw)
        down = y + (_CAMERA_ABOVE_ROAD_M - _PLATE_ABOVE_ROAD_M) * 0.25
        points.append((WIDTH / 2 + FOCAL_PX * right / depth, HEIGHT / 2 + FOCAL_PX * down / depth))
    return np.array(points)


def _truck_front(cv2: Any, corners: NDArray[np.float64], rng: np.random.Generator) -> Any:
    """Paint road, cab, grille, lamps and bumper around the place of the plate."""
    picture = np.full((HEIGHT, WIDTH, 3), 105, np.uint8)
    picture[: HEIGHT // 3] = (190, 185, 175)
    scale = float(np.linalg.norm(corners[1] - corners[0])) / 0.44
    cx, cy = corners.mean(axis=0)
    cab = [int(c) for c in rng.integers(40, 200, 3)]

    def box(x0: float, y0: float, x1: float, y1: float, colour: list[int]) -> None:
        a = (round(cx + x0 * scale), round(cy + y0 * scale))
        b = (round(cx + x1 * scale), round(cy + y1 * scale))
        cv2.rectangle(picture, a, b, colour, -1)

    box(-1.25, -2.4, 1.25, 0.15, cab)
    box(-1.1, -2.1, 1.1, -1.2, [60, 50, 45])
    for i in range(4):
        box(-0.8, -0.85 + 0.15 * i, 0.8, -0.78 + 0.15 * i, [35, 35, 35])
    box(-1.25, -0.2, 1.25, 0.3, [70, 70, 72])
    box(-1.15, -0.15, -0.75, 0.1, [210, 215, 220])
    box(0.75, -0.15, 1.15, 0.1, [210, 215, 220])
    return picture


def _soiled(cv2: Any, plate: Any, dirt: float, rng: np.random.Generator) -> Any:
    """Smear mud over a plate; with dirt 1 hardly a stroke is left."""
    high, wide = plate.shape[:2]
    coarse = rng.random((5, 14)).astype(np.float32)
    cover = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    alpha = np.clip((cover - (1.0 - 1.35 * dirt)) * 4.0, 0.0, 0.2 + 0.8 * dirt)[..., None]
    mud = np.array([70, 95, 115], np.float32) + rng.normal(0, 8, (high, wide, 1)).astype(np.float32)
    return np.clip(plate * (1 - alpha) + mud * alpha, 0, 255).astype(np.uint8)


def _paste(cv2: Any, picture: Any, plate: Any, corners: NDArray[np.float64]) -> None:
    high, wide = plate.shape[:2]
    shrink = max(1.0, wide / max(8.0, float(np.linalg.norm(corners[1] - corners[0]))))
    if shrink > 1.5:
        plate = cv2.GaussianBlur(plate, (0, 0), 0.35 * shrink)
    source = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    warped = cv2.warpPerspective(plate, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 255)
    picture[mask > 0] = warped[mask > 0]


def _exposed(cv2: Any, picture: Any, gain: float, noise: float, rng: np.random.Generator) -> Any:
    softened = cv2.GaussianBlur(picture, (0, 0), 0.7).astype(np.float32)
    grain = rng.standard_normal((HEIGHT, WIDTH, 1)).astype(np.float32) * noise
    return np.clip(softened * gain + grain, 0, 255).astype(np.uint8)


def _through(
    cv2: Any, picture: Any, sight: Sight, corners: NDArray[np.float64], rng: np.random.Generator
) -> Any:
    """Rain: streaks, drops on the glass, less contrast; glare: a veil that washes the plate out."""
    if sight.sky is Sky.RAIN:
        return _rained_on(cv2, picture, rng)
    if sight.sky is not Sky.GLARE:
        return picture
    cx, cy = corners.mean(axis=0)
    if sight.light is Light.NIGHT:
        scale = float(np.linalg.norm(corners[1] - corners[0])) / 0.44
        lamps = [(cx - 0.95 * scale, cy), (cx + 0.95 * scale, cy)]
        reach_px, strength = 0.5 * scale, rng.uniform(0.5, 1.1)
    else:
        lamps = [(cx + rng.normal(0, 120), cy - rng.uniform(60, 220))]
        reach_px, strength = 260.0, rng.uniform(0.35, 0.95)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    veil = np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y in lamps:
        veil += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach_px**2))
    veil = np.clip(veil * strength, 0.0, 0.96)[..., None]
    return np.clip(picture * (1 - veil * 0.8) + 255.0 * veil, 0, 255).astype(np.uint8)


def _rained_on(cv2: Any, picture: Any, rng: np.random.Generator) -> Any:
    streaks = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, length in zip(
        rng.integers(0, WIDTH, 140),
        rng.integers(0, HEIGHT, 140),
        rng.integers(8, 26, 140),
        strict=True,
    ):
        cv2.line(streaks, (int(x), int(y)), (int(x + length // 6), int(y + length)), 70, 1)
    grey = (picture * 0.8 + 34.0).astype(np.float32)
    wet = np.clip(grey + streaks[..., None], 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(wet, (0, 0), 4.0)
    drops = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y in zip(rng.integers(0, WIDTH, 14), rng.integers(0, HEIGHT, 14), strict=True):
        cv2.circle(drops, (int(x), int(y)), int(rng.integers(4, 13)), 255, -1)
    wet[drops > 0] = blurred[drops > 0]
    return wet


def _moved(cv2: Any, picture: Any, smear_px: float) -> Any:
    length = round(smear_px)
    if length < 2:
        return picture
    return cv2.blur(picture, (1, length))
