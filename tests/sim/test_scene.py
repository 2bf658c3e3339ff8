"""The yard's pictures: a clean plate can be read from them, a muddy one cannot."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from sim.scene import HEIGHT, WIDTH, Light, Sight, outline, render
from sim.truck import Plate, draw_plate_text, trailer_plate

pytest.importorskip("cv2", reason="the pictures need the extra 'vision'")

SIGHT = Sight(
    vehicle=0,
    plate=Plate("皖A12345", "yellow1"),
    dirt=0.05,
    distance_m=4.0,
    lateral_m=0.0,
    speed_mps=0.0,
    light=Light.DAY,
)


def picture(sight: Sight, seed: int = 1) -> np.ndarray:
    return render(sight, np.random.default_rng(seed))[0]


def cutout(sight: Sight, seed: int = 1) -> np.ndarray:
    pixels, corners = render(sight, np.random.default_rng(seed))
    (x0, y0), (x1, y1) = np.min(corners, axis=0), np.max(corners, axis=0)
    return pixels[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1]


@pytest.mark.parametrize("light", list(Light))
@pytest.mark.parametrize("distance_m", [2.9, 4.0, 7.0, 11.0])
def test_a_picture_shows_the_plate_inside_the_frame(light: Light, distance_m: float) -> None:
    sight = replace(SIGHT, light=light, distance_m=distance_m, lateral_m=0.25)
    pixels, corners = render(sight, np.random.default_rng(3))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert pixels.dtype == np.uint8
    assert all(0 <= x < WIDTH and 0 <= y < HEIGHT for x, y in corners)
    wide = corners[1][0] - corners[0][0]
    assert wide == pytest.approx(1450 * 0.44 / distance_m, rel=0.12)


def test_every_plate_that_a_truck_may_carry_can_be_painted() -> None:
    rng = Random(2)
    plates = [draw_plate_text(rng, c) for c in ("blue", "yellow", "green") for _ in range(20)]
    for plate in plates:
        assert picture(replace(SIGHT, plate=plate)).any()
    assert trailer_plate(rng).text.endswith("挂")


def test_a_picture_depends_on_its_seed_alone() -> None:
    assert (picture(SIGHT, 5) == picture(SIGHT, 5)).all()
    assert (picture(SIGHT, 5) != picture(SIGHT, 6)).any()


def test_night_is_darker_and_mud_hides_the_ink() -> None:
    assert picture(replace(SIGHT, light=Light.NIGHT)).mean() < 0.7 * picture(SIGHT).mean()
    assert cutout(replace(SIGHT, dirt=1.0)).std() < 0.6 * cutout(SIGHT).std()


def test_motion_smears() -> None:
    def edges(sight: Sight) -> float:
        return float(np.abs(np.diff(cutout(sight).astype(float), axis=0)).mean())

    fast = replace(SIGHT, light=Light.NIGHT, speed_mps=8.0)
    assert edges(fast) < 0.8 * edges(replace(SIGHT, light=Light.NIGHT))


def test_the_corners_alone_cost_no_picture() -> None:
    corners = outline(SIGHT, np.random.default_rng(1))
    assert len(corners) == 4
