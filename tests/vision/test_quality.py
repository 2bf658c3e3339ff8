from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.scene import Light, Sight, render
from sim.truck import Plate
from vision.draw import draw_plate
from vision.measures import Bgr, same_share
from vision.pictures import load_picture
from vision.plates import PlateType
from vision.quality import FrameName, FrameWatch, Quality, QualitySettings, judge_plate
from vision.rectify import rectify

OK, STALE, DARK = FrameName.OK, FrameName.STALE, FrameName.DARK
BRIGHT, BLURRED, BLOCKED = FrameName.BRIGHT, FrameName.BLURRED, FrameName.BLOCKED
TICK_US = 100_000
PLATES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "plates"


def sight(light: Light = Light.DAY, distance_m: float = 9.0, speed_mps: float = 0.0) -> Sight:
    plate = Plate(text="晋A12345", ptype="yellow1")
    return Sight(
        vehicle=1, plate=plate, dirt=0.0, distance_m=distance_m, lateral_m=0.0,
        speed_mps=speed_mps, light=light,
    )  # fmt: skip


def yard(seed: int, light: Light = Light.DAY, distance_m: float = 9.0) -> Bgr:
    return render(sight(light, distance_m), np.random.default_rng(seed))[0]


def scenery(seed: int) -> Bgr:
    """A street of boxes and bars of all sizes, askew."""
    rng = np.random.default_rng(seed)
    frame = np.full((360, 640, 3), 120, np.uint8)
    for _ in range(260):
        box = ((rng.uniform(0, 640), rng.uniform(0, 360)), (rng.uniform(4, 60), rng.uniform(4, 40)),
               rng.uniform(0, 90))  # fmt: skip
        corners = np.rint(cv2.boxPoints(box)).astype(np.int32)
        cv2.fillConvexPoly(frame, corners, rng.integers(20, 230, 3).tolist(), cv2.LINE_AA)
    return frame


def grainy(picture: np.ndarray, seed: int = 9, sigma: float = 2.0) -> Bgr:
    grain = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def smeared(picture: Bgr, length: int, axis: int) -> Bgr:
    return np.asarray(cv2.blur(picture, (length, 1) if axis == 0 else (1, length)), np.uint8)


class Camera:
    """A watch with a clock that moves on between frames."""

    def __init__(self, settings: QualitySettings | None = None) -> None:
        self.watch = FrameWatch(settings)
        self.now_us = 0

    def see(self, frame: Bgr) -> Quality:
        self.now_us += TICK_US
        return self.watch.judge(frame, self.now_us, self.now_us + 5_000)


@pytest.fixture
def camera() -> Camera:
    used = Camera()
    for seed in range(4):
        assert used.see(yard(seed)).name is OK
    return used


@pytest.mark.parametrize("light", list(Light))
def test_the_yards_cameras_are_read_at_any_hour(light: Light) -> None:
    camera = Camera()
    names = [camera.see(yard(seed, light, 14 - seed)).name for seed in range(8)]
    assert names == [OK] * 8


def test_a_picture_that_comes_again_is_stale(camera: Camera) -> None:
    frame = yard(20)
    assert camera.see(frame).name is OK
    again = camera.see(frame)
    assert (again.name, again.value) == (STALE, 1.0)
    assert camera.see(yard(21)).name is OK
    assert camera.see(frame).name is STALE
    clocked = yard(22)
    camera.see(clocked)
    stamped = clocked.copy()
    cv2.putText(stamped, "12:00:01", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    named = camera.see(stamped)
    assert named.name is STALE
    assert named.limit < named.value < 1.0


def test_a_frame_whose_time_stands_or_is_long_gone_is_stale() -> None:
    watch = FrameWatch()
    assert watch.judge(yard(1), 1_000, 2_000).name is OK
    standing = watch.judge(yard(2), 1_000, 3_000)
    assert (standing.name, standing.quantity) == (STALE, "us since the frame before")
    assert watch.judge(yard(3), 999, 3_000).name is STALE
    old = watch.judge(yard(4), 4_000, 2_004_001)
    assert (old.name, old.value, old.limit) == (STALE, 2_000_001, 2_000_000)
    assert watch.judge(yard(5), 2_004_001, 2_004_000).name is STALE
    assert watch.judge(yard(6), 2_100_000, 2_100_001).name is OK


def test_a_still_scene_with_a_sensors_noise_is_not_stale(camera: Camera) -> None:
    scene = yard(30)
    assert [camera.see(grainy(scene, seed, 1.0)).name for seed in range(5)] == [OK] * 5


def test_clipped_pixels_do_not_make_a_night_stale() -> None:
    black = np.zeros((40, 40), np.uint8)
    assert same_share(black, black) == 0.0
    mostly = black.copy()
    mostly[:, :10] = np.arange(40, 80, dtype=np.uint8)[:, None]
    other = mostly.copy()
    other[:, :10] += 1
    assert same_share(mostly, other) == 0.0
    assert same_share(mostly, mostly) == 1.0
    assert same_share(mostly, mostly[:20]) == 0.0


def test_dark_and_washed_out_frames_are_named() -> None:
    def name(frame: Bgr) -> Quality:
        return Camera().see(frame)

    scene = yard(3)
    dim = name(grainy((scene * 0.12).astype(np.uint8)))
    assert dim.name is DARK
    assert dim.value < dim.limit
    assert name(grainy(np.clip(scene * 4.0, 0, 255))).name is BRIGHT
    assert name(grainy(scene * 0.08 + 200)).name is BRIGHT


@pytest.mark.parametrize("axis", [0, 1])
def test_motion_is_blur_whichever_way_it_goes(axis: int) -> None:
    for seed in range(4):
        assert Camera().see(grainy(scenery(seed))).name is OK
        moved = Camera().see(grainy(smeared(scenery(seed), 28, axis)))
        assert moved.name is BLURRED
        assert moved.value == moved.sharpness < moved.limit


def test_a_lens_out_of_focus_is_blur(camera: Camera) -> None:
    soft = cv2.GaussianBlur(yard(40), (0, 0), 5)
    assert camera.see(grainy(np.asarray(soft))).name is BLURRED


def test_a_covered_lens_is_blocked_whatever_covers_it(camera: Camera) -> None:
    hand = np.full((360, 640, 3), (60, 80, 140), np.uint8)
    assert camera.see(grainy(hand)).name is BLOCKED
    cap = camera.see(grainy(np.full_like(hand, 5)))
    assert (cap.name, cap.quantity) == (BLOCKED, "fall of the highlights")
    assert camera.see(grainy(np.full_like(hand, 5), 8)).name is BLOCKED
    assert camera.see(grainy(hand, 10)).name is BLOCKED
    taped = yard(50)
    taped[:, :600] = 90
    named = camera.see(grainy(taped))
    assert (named.name, named.quantity) == (BLOCKED, "share of fields gone blank")
    assert camera.see(yard(51)).name is OK


def test_a_camera_without_memory_knows_a_blank_picture_and_a_dark_one() -> None:
    assert Camera().see(grainy(np.full((360, 640, 3), 120, np.uint8))).name is BLOCKED
    assert Camera().see(grainy(np.full((360, 640, 3), 5, np.uint8))).name is DARK


def test_what_a_camera_showed_long_ago_is_forgotten() -> None:
    camera = Camera(QualitySettings(memory_us=10 * TICK_US))
    for seed in range(3):
        camera.see(yard(seed))
    taped = yard(50)
    taped[:, :500] = 90
    named = [camera.see(grainy(taped, seed)).name for seed in range(2)]
    camera.now_us += 20 * TICK_US
    assert named == [BLOCKED, BLOCKED]
    assert camera.see(grainy(taped, 2)).name is not BLOCKED


def test_a_night_that_falls_slowly_is_dark_and_not_blocked() -> None:
    camera, scene = Camera(), yard(5)
    names = [camera.see(grainy(scene * 0.8**step, step, 1)).name for step in range(14)]
    assert names[0] is OK
    assert names[-1] is DARK
    assert set(names) == {OK, DARK}


@pytest.mark.parametrize(
    "broken", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(broken: Bgr) -> None:
    with pytest.raises(ValueError, match="picture"):
        FrameWatch().judge(broken, 1, 1)
    with pytest.raises(ValueError, match="picture"):
        judge_plate(broken)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (31, 700), (1, 900), (2000, 33)])
def test_a_frame_of_any_size_is_named(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert Camera().see(frame).name in FrameName
    assert judge_plate(frame).name in FrameName


@pytest.mark.parametrize("broken", [{"lost_share_max": 0.0}, {"memory_frames": 0}])
def test_limits_that_name_everything_are_refused(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        QualitySettings(**broken)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "ptype", "rows"),
    [("晋A12345", PlateType.YELLOW1, 1), ("晋B1234挂", PlateType.YELLOW2, 2),
     ("京A88888", PlateType.BLUE1, 1), ("京A1234警", PlateType.WHITE1, 1)],
)  # fmt: skip
def test_cut_outs_are_named(text: str, ptype: PlateType, rows: int) -> None:
    clean = draw_plate(text, ptype, px_per_mm=0.4)
    assert judge_plate(grainy(clean), rows=rows).name is OK
    blurs = (
        cv2.blur(clean, (52, 1)),
        cv2.blur(clean, (1, 52)),
        cv2.GaussianBlur(clean, (0, 0), 12),
    )
    for blurred in blurs:
        assert judge_plate(grainy(blurred, sigma=1), rows=rows).name is BLURRED
    assert judge_plate(grainy(clean * 0.03), rows=rows).name is DARK
    assert judge_plate(grainy(clean * 0.03 + 240, sigma=1), rows=rows).name is BRIGHT
    glare = np.maximum(clean, grainy(np.full_like(clean, 253), sigma=1))
    assert judge_plate(np.asarray(glare, np.uint8), rows=rows).name is BRIGHT


def test_a_plate_has_one_or_two_rows() -> None:
    with pytest.raises(ValueError, match="rows"):
        judge_plate(draw_plate("晋A12345", PlateType.YELLOW1), rows=3)


def test_the_yards_plates_are_sharp_when_near_and_blurred_in_motion() -> None:
    def plate(smear: int) -> FrameName:
        frame, corners = render(sight(), np.random.default_rng(2))
        frame = smeared(frame, smear, 0) if smear else frame
        return judge_plate(rectify(frame, np.array(corners))).name

    assert plate(0) is OK
    assert plate(16) is BLURRED


@pytest.mark.skipif(not PLATES.exists(), reason="needs the real photographs")
def test_real_photographs_are_not_misnamed_and_their_blur_is_seen() -> None:
    files = sorted(PLATES.glob("scenes/*.jpg")) + sorted(PLATES.glob("photos-gdsl/*.jpg"))[::6]
    names, soft = Counter[FrameName](), Counter[FrameName]()
    for file in files:
        photo = load_picture(file)
        scale = min(1.0, 640 / photo.shape[1])
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        names[Camera().see(np.asarray(small, np.uint8)).name] += 1
        blurred = np.asarray(cv2.GaussianBlur(small, (0, 0), 5), np.uint8)
        soft[Camera().see(grainy(blurred)).name] += 1
    assert names[OK] >= 0.97 * len(files)
    assert soft[BLURRED] >= 0.95 * len(files)
