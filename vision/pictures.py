"""Read a picture file whole and upright, or say what is wrong with it."""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from vision.headers import Header, HeaderError, check_whole, read_header

Bgr = npt.NDArray[np.uint8]
Point = tuple[float, float]

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
FILE_BYTES_MAX: Final = 160 * 1024 * 1024
PIXELS_MAX: Final = 64_000_000
PIXELS_KEPT_MAX: Final = 16_000_000
"""More than this is scaled down while it is read: 48 MB, and a plate of 30 px in the detector's
640 is still over 100 px wide."""
SIDE_PX_MIN: Final = 8
STRIP_ROWS: Final = 64
PAPER: Final = 255
"""Transparent parts are shown on white, as every viewer shows them."""

_REDUCED: Final = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


class PictureError(ValueError):
    """A picture that cannot be read: the message names the file, the fault and the remedy."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Pixels, uint8 BGR upright, perhaps scaled down; and the size of the whole upright picture."""

    pixels: Bgr
    width_px: int
    height_px: int

    def whole(self, points: Iterable[Point]) -> tuple[Point, ...]:
        """Carry points from the pixels kept to px of the whole picture."""
        height, width = self.pixels.shape[:2]
        across, down = self.width_px / width, self.height_px / height
        return tuple((x * across, y * down) for x, y in points)


def load_picture(path: Path) -> Bgr:
    """Read a picture as uint8 BGR of (height, width, 3); see `open_picture`."""
    return open_picture(path).pixels


def open_picture(path: Path) -> Picture:
    """Read a JPEG, PNG or BMP upright: EXIF's rotation applied, 8 bits a colour, no alpha.

    Raises PictureError when the file is absent, empty, cut short, corrupt, of another kind, too
    large (PIXELS_MAX, FILE_BYTES_MAX) or too small (SIDE_PX_MIN). Source: JFIF and EXIF 2.32 for
    JPEG, PNG third edition.
    """
    data = _read(path)
    try:
        header = read_header(data)
        _check_size(header)
        check_whole(data, header)
    except HeaderError as error:
        raise PictureError(f"{path}: {error}") from error
    try:
        pixels = _decode(data, header)
    except (cv2.error, MemoryError) as error:
        raise PictureError(f"{path}: the decoder gave up ({_first_line(error)})") from error
    if pixels is None:
        raise PictureError(f"{path}: the picture is corrupt: fetch it from the camera again")
    return _measured(path, pixels, header)


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{path}: not a file: name a picture")
        if status.st_size > FILE_BYTES_MAX:
            raise PictureError(
                f"{path}: more than {FILE_BYTES_MAX // 2**20} MiB: scale it down first"
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(
            f"{path}: cannot be opened ({reason}): check path and permissions"
        ) from error


def _check_size(header: Header) -> None:
    size = f"{header.width_px} x {header.height_px} px"
    if header.width_px * header.height_px > PIXELS_MAX:
        raise HeaderError(
            f"{size} is more than {PIXELS_MAX // 1_000_000} megapixels: scale it down first"
        )
    if min(header.width_px, header.height_px) < SIDE_PX_MIN:
        raise HeaderError(f"{size} is too small to read: give at least {SIDE_PX_MIN} px a side")


def _reduction(header: Header) -> int:
    """Return 1, 2 or 4: the least that brings the picture under PIXELS_KEPT_MAX."""
    pixels, factor = header.width_px * header.height_px, 1
    while pixels > PIXELS_KEPT_MAX * factor * factor:
        factor *= 2
    return factor


def _decode(data: bytes, header: Header) -> Bgr | None:
    """Return the pixels upright and scaled down, None where the decoder finds no picture."""
    raw, factor = np.frombuffer(data, np.uint8), _reduction(header)
    if header.form == "JPEG":
        # Only JPEG is scaled while it is unpacked; the others are averaged afterwards.
        flag = cv2.IMREAD_COLOR if factor == 1 else _REDUCED[factor]
        return _bytes_of(cv2.imdecode(raw, flag))
    pixels = _bytes_of(cv2.imdecode(raw, cv2.IMREAD_UNCHANGED if header.alpha else 1))
    if pixels is None:
        return None
    if factor > 1:
        size = (-(-pixels.shape[1] // factor), -(-pixels.shape[0] // factor))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if header.alpha:
        pixels = _upright(_on_paper(pixels), header.orientation)
    return pixels


def _bytes_of(decoded: npt.NDArray[Any] | None) -> Bgr | None:
    """Keep the upper eight of sixteen bits."""
    if decoded is None:
        return None
    return np.asarray(decoded >> 8 if decoded.dtype == np.uint16 else decoded, np.uint8)


def _on_paper(pixels: Bgr) -> Bgr:
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if pixels.shape[2] == 3:
        return pixels
    flat = np.empty((*pixels.shape[:2], 3), np.uint8)
    for row in range(0, len(pixels), STRIP_ROWS):
        # Strip by strip: sixteen-bit sums of a whole picture would be twice its size again.
        strip = pixels[row : row + STRIP_ROWS].astype(np.uint16)
        share = strip[..., 3:]
        flat[row : row + STRIP_ROWS] = (strip[..., :3] * share + PAPER * (255 - share) + 127) // 255
    return flat


def _upright(pixels: Bgr, orientation: int) -> Bgr:
    """Apply EXIF's orientation 1..8: from 5 on rows are columns; then mirrored, then turned."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _measured(path: Path, pixels: Bgr, header: Header) -> Picture:
    """Take the whole upright size from the header, whose sides are swapped if it was turned."""
    factor = _reduction(header)
    stored = (-(-header.height_px // factor), -(-header.width_px // factor))
    if pixels.shape[:2] == stored:
        return Picture(pixels=pixels, width_px=header.width_px, height_px=header.height_px)
    if pixels.shape[:2] == stored[::-1]:
        return Picture(pixels=pixels, width_px=header.height_px, height_px=header.width_px)
    raise PictureError(f"{path}: its header and its pixels disagree: fetch it again")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
