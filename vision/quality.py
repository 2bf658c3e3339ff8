"""Name a frame or a cut-out that should not be read: stale, dark, bright, blurred or blocked.

Each name comes with what was measured and the limit it passed.  Pure but for the memory that a
FrameWatch keeps of its own camera; times are lane time in whole microseconds.
"""

from collections import deque
from enum import StrEnum
from hashlib import blake2b
from typing import Final

import cv2
import msgspec
import numpy as np

from vision.measures import (
    Bgr,
    Float,
    Grey,
    detail_of,
    frame_sharpness,
    plate_sharpness,
    same_share,
    sample_of,
)

WIDTH_PX: Final = 640
"""Frames are measured at most this wide, so that one limit suits every camera."""
ROW_PX: Final = 28
"""Height of one row of a cut-out at which its sharpness is measured: 0.2 px a millimetre."""
CUTOUT_WIDTH_PX: Final = 88
HAZE_MEAN: Final = 150.0
LOST: Final = 0.2
"""A field that has less than this share of its usual detail has lost it."""
SHARPNESS: Final = "sharpness"


class FrameName(StrEnum):
    """What a picture is; only OK is read."""

    OK = "ok"
    STALE = "stale"
    DARK = "dark"
    BRIGHT = "bright"
    BLURRED = "blurred"
    BLOCKED = "blocked"


class QualitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The limits.

    Grey levels are 0..255. `highlight_min`: the brightest hundredth of a frame; `white_share_max`:
    share of pixels at 250 and above; `haze_contrast_min`: darkest to brightest hundredth of a
    frame whose mean is above 150; `same_share_max`: share of unclipped pixels that have the very
    value of the frame before; `sharpness_min`: see `frame_sharpness`, `plate_sharpness_min`: see
    `plate_sharpness`; `plate_contrast_min`: darkest to brightest tenth of a cut-out;
    `detail_min`: deviation within one of the frame's 12 x 8 fields; `lost_share_max`: share of
    the fields with detail that lost four fifths of it; `sudden`: fall of the highlights within
    `sudden_us` that no evening makes.
    """

    age_us_max: int = 2_000_000
    memory_us: int = 600_000_000
    memory_frames: int = 16
    highlight_min: float = 45.0
    white_share_max: float = 0.5
    haze_contrast_min: float = 35.0
    same_share_max: float = 0.98
    sharpness_min: float = 0.24
    plate_sharpness_min: float = 0.14
    plate_contrast_min: float = 10.0
    plate_white_share_max: float = 0.8
    detail_min: float = 4.0
    detail_share_min: float = 0.05
    lost_share_max: float = 0.75
    sudden: float = 3.0
    sudden_us: int = 10_000_000

    def __post_init__(self) -> None:
        """Refuse limits that name everything or nothing; raises ValueError."""
        shares = (self.white_share_max, self.same_share_max, self.plate_white_share_max,
                  self.detail_share_min, self.lost_share_max)  # fmt: skip
        if not all(0 < share <= 1 for share in shares):
            raise ValueError("white, same, detail and lost shares are above 0, at most 1")
        if min(self.age_us_max, self.memory_us, self.memory_frames) < 1:
            raise ValueError("age_us_max, memory_us and memory_frames are 1 or more")


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a picture and why: `quantity` was measured as `value` against `limit`.

    `sharpness` is always measured; for OK, `quantity` is the sharpness.
    """

    name: FrameName
    quantity: str
    value: float
    limit: float
    sharpness: float


_Finding = tuple[FrameName, str, float, float]


class _Past(msgspec.Struct, frozen=True):
    captured_us: int
    highlight: float
    detail: Float


class FrameWatch:
    """Judges the frames of one camera, held against the few it took before."""

    def __init__(self, settings: QualitySettings | None = None) -> None:
        self._settings = QualitySettings() if settings is None else settings
        self._past: deque[_Past] = deque(maxlen=self._settings.memory_frames)
        self._hashes: deque[bytes] = deque(maxlen=self._settings.memory_frames)
        self._sample: Grey | None = None
        self._captured_us: int | None = None
        self._open_highlight = 0.0

    def judge(self, frame_bgr: Bgr, captured_us: int, now_us: int) -> Quality:
        """Name a frame, uint8 BGR of (height, width, 3); ValueError for another kind of array.

        The first name that applies stands, in the order stale by time, dark, bright, blocked,
        stale by picture, blurred. Only frames that are OK are remembered as how this camera's
        picture should be.
        """
        grey = _grey(frame_bgr)
        sharpness = frame_sharpness(grey)
        now = _Past(captured_us, float(np.percentile(grey, 99)), detail_of(grey))
        while self._past and self._past[0].captured_us < captured_us - self._settings.memory_us:
            self._past.popleft()
        named = (
            self._late(captured_us, now_us)
            or self._light(grey, now)
            or self._covered(now)
            or self._same(frame_bgr)
        )
        self._remember(frame_bgr, now, named)
        if named is None and sharpness < self._settings.sharpness_min:
            named = (FrameName.BLURRED, SHARPNESS, sharpness, self._settings.sharpness_min)
        if named is None:
            self._past.append(now)
            named = (FrameName.OK, SHARPNESS, sharpness, self._settings.sharpness_min)
        return _quality(named, sharpness)

    def _late(self, captured_us: int, now_us: int) -> _Finding | None:
        age_us, limit_us = now_us - captured_us, self._settings.age_us_max
        if not 0 <= age_us <= limit_us:
            return FrameName.STALE, "age us", age_us, limit_us
        if self._captured_us is not None and captured_us <= self._captured_us:
            return FrameName.STALE, "us since the frame before", captured_us - self._captured_us, 1
        return None

    def _light(self, grey: Grey, now: _Past) -> _Finding | None:
        """Too dark, unless it became so between two frames: then something covers the lens."""
        limits, highlight = self._settings, now.highlight
        if highlight < limits.highlight_min:
            fall = self._open_highlight / max(highlight, 1.0)
            since_us = now.captured_us - (self._captured_us or 0)
            if fall >= limits.sudden and since_us <= limits.sudden_us:
                return FrameName.BLOCKED, "fall of the highlights", fall, limits.sudden
            return FrameName.DARK, "brightest hundredth, grey", highlight, limits.highlight_min
        white = float(np.mean(grey >= 250))
        if white > limits.white_share_max:
            return FrameName.BRIGHT, "share of white pixels", white, limits.white_share_max
        contrast = highlight - float(np.percentile(grey, 1))
        if contrast < limits.haze_contrast_min and float(grey.mean()) > HAZE_MEAN:
            return FrameName.BRIGHT, "contrast of the frame", contrast, limits.haze_contrast_min
        return None

    def _covered(self, now: _Past) -> _Finding | None:
        """Nothing to see, or most fields of the picture have lost what they used to show."""
        limits = self._settings
        share = float(np.mean(now.detail >= limits.detail_min))
        if share < limits.detail_share_min:
            return FrameName.BLOCKED, "share of fields with detail", share, limits.detail_share_min
        if not self._past:
            return None
        usual = np.median([one.detail for one in self._past], axis=0)
        had = usual >= limits.detail_min
        if float(had.mean()) < limits.detail_share_min:
            return None
        lost = float(np.mean(now.detail[had] < LOST * usual[had]))
        if lost > limits.lost_share_max:
            return (
                FrameName.BLOCKED,
                "share of fields gone blank",
                lost,
                limits.lost_share_max,
            )
        return None

    def _same(self, frame_bgr: Bgr) -> _Finding | None:
        """A sensor never gives the same noise twice: what does not change is no new picture."""
        sample = sample_of(frame_bgr)
        share = 1.0 if _hash(sample) in self._hashes else same_share(sample, self._sample)
        if share <= self._settings.same_share_max:
            return None
        return FrameName.STALE, "share of pixels unchanged", share, self._settings.same_share_max

    def _remember(self, frame_bgr: Bgr, now: _Past, named: _Finding | None) -> None:
        captured_us = now.captured_us
        if named is None or named[0] is not FrameName.BLOCKED:
            self._open_highlight = now.highlight
        self._sample = sample_of(frame_bgr)
        self._hashes.append(_hash(self._sample))
        self._captured_us = max(captured_us, self._captured_us or captured_us)


def judge_plate(
    cutout_bgr: Bgr, *, rows: int = 1, settings: QualitySettings | None = None
) -> Quality:
    """Name a cut-out of one plate, seen straight on, of one or two rows of characters.

    Its name is OK, DARK, BRIGHT or BLURRED; ValueError for what is no picture.
    """
    limits = QualitySettings() if settings is None else settings
    grey = _cutout_grey(cutout_bgr, rows)
    sharpness = plate_sharpness(grey)
    low, high = np.percentile(grey, (10, 90))
    contrast, white = float(high - low), float(np.mean(grey >= 250))
    if white > limits.plate_white_share_max:
        named = FrameName.BRIGHT, "share of white pixels", white, limits.plate_white_share_max
    elif contrast < limits.plate_contrast_min:
        name = FrameName.BRIGHT if float(grey.mean()) > HAZE_MEAN else FrameName.DARK
        named = name, "contrast of the plate", contrast, limits.plate_contrast_min
    elif sharpness < limits.plate_sharpness_min:
        named = FrameName.BLURRED, SHARPNESS, sharpness, limits.plate_sharpness_min
    else:
        named = FrameName.OK, SHARPNESS, sharpness, limits.plate_sharpness_min
    return _quality(named, sharpness)


def _hash(sample: Grey) -> bytes:
    return blake2b(sample.tobytes(), digest_size=16).digest()


def _grey(frame_bgr: Bgr) -> Grey:
    _check(frame_bgr)
    height, width = frame_bgr.shape[:2]
    grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _cutout_grey(cutout_bgr: Bgr, rows: int) -> Grey:
    _check(cutout_bgr)
    if rows not in (1, 2):
        raise ValueError(f"a plate has one or two rows of characters, not {rows}")
    # Two rows stand on 220 mm of height, one on 140.
    size = (CUTOUT_WIDTH_PX, ROW_PX if rows == 1 else ROW_PX * 220 // 140)
    grey = cv2.cvtColor(cutout_bgr, cv2.COLOR_BGR2GRAY)
    smaller = grey.shape[0] < size[1]
    how = cv2.INTER_LINEAR if smaller else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)


def _check(picture: Bgr) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"a picture is uint8 (h, w, 3), not {picture.dtype} {picture.shape}")
    if min(picture.shape) < 1:
        raise ValueError("a picture has at least one pixel")


def _quality(finding: _Finding, sharpness: float) -> Quality:
    name, quantity, value, limit = finding
    return Quality(name=name, quantity=quantity, value=float(value), limit=float(limit),
                   sharpness=sharpness)  # fmt: skip
