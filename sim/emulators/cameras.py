"""Cameras that ``steelyard emulate`` stands in for: a stream, and a plate camera that posts."""

from __future__ import annotations

import threading
import time
from collections import deque
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

import numpy as np

from hal.cameras.vzenith_push import PICTURE_BYTES_MAX
from sim.emulators.mjpeg import MjpegCamera
from sim.emulators.vzenith_push import VzenithPush
from sim.scene import Light, Sight, render
from sim.truck import Plate
from vision.plates import PlateType, validate

NEWS_MAX = 100
PERIOD_US_MIN = 10_000
DISTANCE_M = 8.0
WORDS_MAX = 120
JOIN_S = 12.0
GREEN_CHARACTERS = 8


class Painter:
    """A truck that stands before the lens: each picture has the sensor's noise of its own.

    The plate has seven characters, or the eight of a green one; another is a ValueError.
    """

    def __init__(self, plate: str) -> None:
        kind = PlateType.GREEN8 if len(plate) == GREEN_CHARACTERS else PlateType.YELLOW1
        if not validate(plate, kind):
            raise ValueError(f"plate = {plate}: no plate number; write one as 皖A12345")
        self._sight = Sight(
            vehicle=1,
            plate=Plate(plate, kind.value),
            dirt=0.0,
            distance_m=DISTANCE_M,
            lateral_m=0.0,
            speed_mps=0.0,
            light=Light.DAY,
        )

    def __call__(self, number: int) -> bytes:
        import cv2  # noqa: PLC0415 - only who emulates a camera needs the vision libraries

        pixels, _ = render(self._sight, np.random.default_rng(number))
        good, data = cv2.imencode(".jpg", pixels)
        if not good:
            raise OSError("OpenCV codes no JPEG here")
        return bytes(data)


class MjpegStation(MjpegCamera):
    """A network camera that streams MJPEG of a truck's front, for rtsp.camera."""

    def __init__(
        self,
        host: str,
        tcp_port: int,
        plate: str = "皖A12345",
        every_us: int = 100_000,
        frozen: bool = False,
    ) -> None:
        if every_us < PERIOD_US_MIN:
            raise ValueError(f"every is {PERIOD_US_MIN // 1000} ms at least")
        super().__init__(Painter(plate), tcp_port, every_us, host)
        self.frozen = frozen
        self.port = self.url

    def news(self) -> list[str]:
        """A stream has nothing to tell."""
        return []


class VzenithStation:
    """A plate camera that posts over HTTP, for vzenith.camera; --port is the lane's machine.

    It beats every ``heartbeat`` and posts a vehicle every ``every``, numbered on: ``picture`` is a
    JPEG file, else the front of a truck is drawn.  What it is answered, and whether that would
    have opened the gate, is its news.
    """

    def __init__(
        self,
        host: str,
        tcp_port: int,
        path: str = "/yard",
        serial: str = "eff50e18-e3d3862b",
        plate: str = "皖A12345",
        picture: str = "",
        every_us: int = 5_000_000,
        heartbeat_us: int = 10_000_000,
        fake: bool = False,
    ) -> None:
        if not path.startswith("/") or min(every_us, heartbeat_us) < PERIOD_US_MIN:
            raise ValueError('path begins with "/"; every and heartbeat are 10 ms at least')
        self.client = VzenithPush(tcp_port, path, host, serial)
        self.port = f"http://{host}:{tcp_port}{path}"
        self._plate, self._fake = plate, fake
        self._jpeg = _picture(picture) if picture else b""
        self._paint = Painter(plate)
        self._every_s, self._beat_s = every_us / 1e6, heartbeat_us / 1e6
        self._posted = 0
        self._news: deque[str] = deque(maxlen=NEWS_MAX)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="plate camera", daemon=True)
        self._thread.start()

    def news(self) -> list[str]:
        """What was posted and answered since the last call."""
        told = []
        while self._news:
            told.append(self._news.popleft())
        return told

    def close(self) -> None:
        """End after the post under way."""
        self._ending.set()
        self._thread.join(JOIN_S)

    def _work(self) -> None:
        next_beat_s = next_post_s = time.monotonic()
        while not self._ending.is_set():
            if time.monotonic() >= next_beat_s:
                next_beat_s += self._beat_s
                self._try("heartbeat")
            if time.monotonic() >= next_post_s:
                next_post_s += self._every_s
                self._posted += 1
                self._try(f"vehicle {self._posted}")
            soonest_s = min(next_beat_s, next_post_s)
            self._ending.wait(max(soonest_s - time.monotonic(), 0.0))

    def _try(self, what: str) -> None:
        """Post once; a lane that does not answer now is asked again at the next turn."""
        opened = self.client.gate_opened
        try:
            status = self.client.beat() if what == "heartbeat" else self._push()
        except (OSError, HTTPException) as error:
            self._news.append(f"{what}: nobody took it at {self.port}: {error}"[:WORDS_MAX])
            return
        gate = "GATE OPENED" if self.client.gate_opened > opened else "gate stays"
        why = "" if status == HTTPStatus.OK else f": {self.client.said[:WORDS_MAX]}"
        self._news.append(f"{what}: {status}, {gate}{why}")

    def _push(self) -> int:
        jpeg = self._jpeg or self._paint(self._posted)
        return self.client.push(self._plate, jpeg, is_fake_plate=int(self._fake))


def _picture(name: str) -> bytes:
    data = Path(name).read_bytes()
    if len(data) > PICTURE_BYTES_MAX:
        raise ValueError(f"picture = {name}: {len(data)} bytes; a post takes {PICTURE_BYTES_MAX}")
    return data
