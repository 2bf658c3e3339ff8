"""Read a picture file whole, or say what is wrong with it."""

import struct
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Bgr = npt.NDArray[np.uint8]

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
PIXELS_MAX: Final = 64_000_000
SIDE_PX_MIN: Final = 8

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"


class PictureError(ValueError):
    """A picture that cannot be read: the message names the file, the fault and the remedy."""


def load_picture(path: Path) -> Bgr:
    """Read a JPEG, PNG or BMP as uint8 BGR of (height, width, 3).

    Raises PictureError when the file is absent, empty, cut short, corrupt, too large or too small.
    """
    data = _read(path)
    width, height = _size(path, data)
    if width * height > PIXELS_MAX:
        raise PictureError(
            f"{path}: {width} x {height} px is more than {PIXELS_MAX // 1_000_000} megapixels:"
            " scale it down first"
        )
    if min(width, height) < SIDE_PX_MIN:
        raise PictureError(
            f"{path}: {width} x {height} px is too small to read:"
            f" give at least {SIDE_PX_MIN} px a side"
        )
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise PictureError(f"{path}: the picture is corrupt: fetch it from the camera again")
    return np.asarray(picture, np.uint8)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise PictureError(
                f"{path}: more than {FILE_BYTES_MAX // 2**20} MiB: scale it down first"
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(
            f"{path}: cannot be opened ({reason}): check path and permissions"
        ) from error


def _size(path: Path, data: bytes) -> tuple[int, int]:
    """Return (width, height) from the header, having checked that the end is there too."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(path, data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            _require(path, b"IEND" in data[-64:])
            width, height = struct.unpack(">II", data[16:24])
            return width, height
        if data.startswith(b"BM"):
            _require(path, len(data) >= struct.unpack("<I", data[2:6])[0])
            width, height = struct.unpack("<ii", data[18:26])
            return abs(width), abs(height)
    except (struct.error, IndexError) as error:
        raise _cut_short(path) from error
    if not data:
        raise PictureError(f"{path}: the file is empty: fetch it from the camera again")
    raise PictureError(f"{path}: not a JPEG, PNG or BMP picture: convert it or name another file")


def _jpeg_size(path: Path, data: bytes) -> tuple[int, int]:
    # Decoders fill the lost part of a cut JPEG with grey and say nothing, so look for its end.
    # Inside a scan 0xFF is always escaped: an end marker after the last scan is a real one.
    _require(path, data.rfind(_END_OF_IMAGE) > data.rfind(_START_OF_SCAN) > 0)
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise _cut_short(path)


def _require(path: Path, whole: bool) -> None:
    if not whole:
        raise _cut_short(path)


def _cut_short(path: Path) -> PictureError:
    return PictureError(f"{path}: the picture is cut short: fetch it from the camera again")
