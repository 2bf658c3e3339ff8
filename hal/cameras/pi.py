"""The Raspberry Pi's own camera, through picamera2: a package of the system, not of pip."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from hal.bus import Bus
from hal.cameras.grabber import GrabbedCamera, Pixels
from hal.registry import remedy


class _Pi:
    """An open camera; a request holds one picture with its metadata."""

    def __init__(self, library: Any, camera: int, width: int, height: int) -> None:
        try:
            self._camera = library.Picamera2(camera)
            # What picamera2 calls RGB888 lies in memory as blue, green, red.
            main = {"size": (width, height), "format": "RGB888"}
            self._camera.configure(self._camera.create_video_configuration(main=main))
            self._camera.start()
        except (RuntimeError, IndexError) as error:
            raise OSError(f"camera {camera} of the Pi: {error}") from error
        self._pixels: Pixels | None = None

    def grab(self) -> bool:
        try:
            self._pixels = np.ascontiguousarray(self._camera.capture_array("main")[:, :, :3])
        except RuntimeError as error:
            raise OSError(str(error)) from error
        return True

    def retrieve(self) -> Pixels | None:
        return self._pixels

    def close(self) -> None:
        self._camera.stop()
        self._camera.close()


class PiCamera(GrabbedCamera):
    """Camera number ``camera`` of a Raspberry Pi, ``width`` x ``height`` px."""

    def __init__(
        self,
        bus: Bus,
        camera: int = 0,
        width: int = 1920,
        height: int = 1080,
        fps_max: int = 10,
        latency_us: int = 0,
        frozen_us: int = 10_000_000,
    ) -> None:
        try:
            library = import_module("picamera2")
        except ModuleNotFoundError as error:
            raise ImportError(f"picamera2 is not installed: {remedy('picamera2')}") from error
        super().__init__(
            bus,
            f"pi camera {camera}",
            lambda: _Pi(library, camera, width, height),
            fps_max,
            latency_us,
            frozen_us,
        )
