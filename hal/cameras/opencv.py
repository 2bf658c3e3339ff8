"""Cameras through OpenCV: V4L2 devices, and streams over the network."""

from __future__ import annotations

import cv2
import numpy as np

from hal.bus import Bus
from hal.cameras.grabber import GrabbedCamera, Pixels
from hal.pictures import PIXELS_MAX

OPEN_MS = 5_000
READ_MS = 4_000
FPS_MAX = 10
STREAM_REMEDY = "is it there, and is its password right?"
DEVICE_REMEDY = (
    "is it plugged in (`v4l2-ctl --list-devices`), may this user open it, has nothing else got it?"
)


class _Capture:
    """An open ``cv2.VideoCapture``."""

    def __init__(self, capture: cv2.VideoCapture, name: str, look_at: str) -> None:
        if not capture.isOpened():
            capture.release()
            raise OSError(f"{name} cannot be opened; {look_at}")
        self._capture = capture

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> Pixels | None:
        good, pixels = self._capture.retrieve()
        if not good or pixels is None or pixels.ndim != 3 or pixels.shape[2] != 3:
            return None
        if pixels.shape[0] * pixels.shape[1] > PIXELS_MAX:
            return None
        return np.ascontiguousarray(pixels, dtype=np.uint8)

    def close(self) -> None:
        self._capture.release()


class RtspCamera(GrabbedCamera):
    """A stream: ``url = "rtsp://user:password@192.168.1.64/…"``, or anything FFmpeg opens.

    ``latency`` is how old a picture is when it arrives, as measured once with a clock before the
    lens.  ``frozen`` is after how long without any change the stream is taken for dead ("0 s"
    never); it must be longer than the camera's interval between key frames.
    """

    def __init__(
        self,
        bus: Bus,
        url: str,
        fps_max: int = FPS_MAX,
        latency_us: int = 0,
        frozen_us: int = 10_000_000,
    ) -> None:
        name = _without_secret(url)
        super().__init__(bus, name, lambda: _open_url(url, name), fps_max, latency_us, frozen_us)


class V4l2Camera(GrabbedCamera):
    """A camera at ``device``, ``/dev/video0``, asked for ``width`` x ``height`` px at ``fps``.

    ``fourcc`` is the pixel format asked for, as ``v4l2-ctl --list-formats`` names it: MJPG lets a
    USB 2 camera send full pictures at full pace.
    """

    def __init__(
        self,
        bus: Bus,
        device: str = "/dev/video0",
        width: int = 1920,
        height: int = 1080,
        fps: int = 15,
        fourcc: str = "MJPG",
        fps_max: int = FPS_MAX,
        latency_us: int = 0,
        frozen_us: int = 10_000_000,
    ) -> None:
        if len(fourcc) != 4 or not 1 <= width * height <= PIXELS_MAX or fps < 1:
            raise ValueError("fourcc has four letters; width, height and fps are above 0")
        wish = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*fourcc),
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
        }
        super().__init__(
            bus, device, lambda: _open_device(device, wish), fps_max, latency_us, frozen_us
        )


def _open_url(url: str, name: str) -> _Capture:
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    try:
        return _Capture(cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits), name, STREAM_REMEDY)
    except cv2.error as error:
        raise OSError(f"{name}: {error.err or 'OpenCV refuses it'}") from error


def _open_device(device: str, wish: dict[int, int]) -> _Capture:
    try:
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        for key, value in wish.items():
            capture.set(key, value)
        return _Capture(capture, device, DEVICE_REMEDY)
    except cv2.error as error:
        raise OSError(f"{device}: {error.err or 'OpenCV refuses it'}") from error


def _without_secret(url: str) -> str:
    """An address that may be shown: without user and password."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}" if mark else url
