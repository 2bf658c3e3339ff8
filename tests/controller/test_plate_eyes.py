"""The eyes of vision behind the small face: what is read, and what is named instead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("cv2", reason="needs the extra 'vision'")

import cv2

from controller.core.kinds import End
from controller.recognition.eyes import PlateEyes, encode_png
from controller.recognition.looks import Shot, Sighted
from hal.ports import Frame
from sim.scene import Corners, Light, Sight, render
from sim.truck import Plate

Picture = NDArray[np.uint8]
PLATE = "晋A12345"


@pytest.fixture(scope="module")
def eyes() -> PlateEyes:
    return PlateEyes()


def scene(
    seed: int = 1, distance_m: float = 5.0
) -> tuple[Picture, tuple[tuple[float, float], ...]]:
    sight = Sight(
        vehicle=1,
        plate=Plate(text=PLATE, ptype="yellow1"),
        dirt=0.0,
        distance_m=distance_m,
        lateral_m=0.0,
        speed_mps=0.0,
        light=Light.DAY,
    )
    return render(sight, np.random.default_rng(seed))


def look(
    eyes: PlateEyes,
    pixels: Picture,
    *regions: Corners,
    at_us: int,
    end: End = End.ROAD,
) -> Sighted:
    frame = Frame(pixels=pixels, captured_us=at_us, track=1, regions=regions)
    return eyes.look(Shot(end=end, passage_id=1, given_us=at_us, frame=frame))


def test_a_region_is_read_with_its_cut_out(eyes: PlateEyes) -> None:
    pixels, quad = scene()
    sighted = look(eyes, pixels, quad, at_us=1_000_000)
    (seen,) = sighted.seen
    assert (seen.text, seen.ptype, seen.quad) == (PLATE, "yellow1", quad)
    assert len(seen.chars) == 7
    cutout = cv2.imdecode(np.frombuffer(seen.png, np.uint8), cv2.IMREAD_COLOR)
    assert cutout is not None
    assert cutout.shape == (56, 176, 3)


def test_the_plate_of_a_whole_frame_is_found_and_read(eyes: PlateEyes) -> None:
    pixels, quad = scene(6)
    (seen,) = look(eyes, pixels, at_us=500_000, end=End.YARD).seen
    assert (seen.text, seen.ptype) == (PLATE, "yellow1")
    assert np.abs(np.subtract(seen.quad, quad)).max() < 8
    assert seen.ptype_p > 0.5


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (lambda p: (p // 12).astype(np.uint8), "dark"),
        (lambda p: np.full_like(p, 255), "bright"),
        (lambda p: np.full_like(p, 120), "blocked"),
    ],
)
def test_a_picture_that_is_not_fit_is_named_and_not_read(
    spoil: Callable[[Picture], Picture], flaw: str
) -> None:
    pixels, quad = scene()
    sighted = look(PlateEyes(), spoil(pixels), quad, at_us=1_000_000)
    assert (sighted.flaw, sighted.seen) == (flaw, ())
    assert "limit" in sighted.measured


def test_a_blurred_plate_is_named(eyes: PlateEyes) -> None:
    pixels, quad = scene(2)
    blurred = np.asarray(cv2.blur(pixels, (31, 31)), np.uint8)
    assert look(eyes, blurred, quad, at_us=2_000_000).flaw == "blurred"


def test_a_picture_seen_before_is_stale_at_its_own_camera_only() -> None:
    eyes = PlateEyes()
    pixels, quad = scene(3)
    assert look(eyes, pixels, quad, at_us=1_000_000).flaw == ""
    assert look(eyes, pixels, quad, at_us=1_200_000, end=End.YARD).flaw == ""
    assert look(eyes, pixels, quad, at_us=1_200_000).flaw == "stale"


def test_corners_around_nothing_are_no_plate(eyes: PlateEyes) -> None:
    pixels, _ = scene(4)
    nothing = ((10.0, 10.0),) * 4
    assert look(eyes, pixels, nothing, at_us=3_000_000).seen == ()


def test_a_picture_that_is_a_plate_is_read_as_one(eyes: PlateEyes) -> None:
    pixels, quad = scene(5, distance_m=3.0)
    low, high = np.min(quad, axis=0).astype(int), np.max(quad, axis=0).astype(int)
    crop = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    wide, high_px = float(crop.shape[1]), float(crop.shape[0])
    whole = ((0.0, 0.0), (wide, 0.0), (wide, high_px), (0.0, high_px))
    for at_us in (4_000_000, 4_000_000):
        (seen,) = look(eyes, crop, whole, at_us=at_us).seen
        assert len(seen.text) == 7


def test_what_is_no_picture_cannot_become_a_png() -> None:
    with pytest.raises((ValueError, cv2.error)):
        encode_png(np.zeros((0, 0, 3), np.uint8))


def test_the_lane_loads_no_vision_library() -> None:
    """Its memory is bounded to 60 MB, which OpenCV and the runtime alone would take."""
    code = (
        "import sys, controller.commands.run;"
        "assert not {'cv2', 'ai_edge_litert'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
