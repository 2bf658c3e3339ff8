"""Photographs from files: decoded whole or not at all."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE_BYTES_MAX = 32_000_000
PIXELS_MAX = 50_000_000

_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


class PictureError(ValueError):
    """A picture that cannot be had: the message says which file, why, and what to do."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return a photograph as BGR uint8 (height, width, 3).

    Raises:
        PictureError: absent, empty, too large, truncated, or no picture; or OpenCV is missing.
    """
    return decode_picture(_bytes(path), str(path))


def decode_picture(data: bytes, where: str) -> NDArray[np.uint8]:
    """Return the photograph of these bytes as BGR uint8 (height, width, 3).

    Raises:
        PictureError: truncated, too large, or no picture; or OpenCV is missing.
    """
    if _truncated(data):
        raise PictureError(f"{where}: the picture is truncated ({len(data)} bytes); fetch it again")
    try:
        cv2 = import_module("cv2")
    except ModuleNotFoundError as error:
        raise PictureError(f"{where}: OpenCV is needed: pip install 'steelyard[vision]'") from error
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureError(f"{where}: cannot be decoded: {error.err or error}") from error
    if pixels is None or pixels.ndim != 3 or pixels.size == 0:
        raise PictureError(f"{where}: not a picture that can be decoded; use JPEG, PNG or BMP")
    if pixels.shape[0] * pixels.shape[1] > PIXELS_MAX:
        raise PictureError(f"{where}: larger than {PIXELS_MAX} pixels; reduce it")
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise PictureError(f"{path}: {size} bytes; the limit is {FILE_BYTES_MAX}")
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise PictureError(f"{path}: the picture is empty (0 bytes); fetch it again")
    return data


def _truncated(data: bytes) -> bool:
    """OpenCV paints what is missing of a cut file grey, so that the end has to be looked for."""
    if data.startswith(_PNG_START):
        return _PNG_END not in data[-4096:]
    if data.startswith(_JPEG_START):
        scan = _first_scan(data)
        return scan is None or data.rfind(_JPEG_END, scan) < 0
    return False


def _first_scan(data: bytes) -> int | None:
    """Where the first scan starts: an embedded thumbnail in front of it has an end of its own."""
    at = len(_JPEG_START)
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
