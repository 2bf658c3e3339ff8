"""Cameras that a thread grabs: fresh pictures, and a name for each way to have none."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from camera_rig import jpeg
from sign_rig import HandClock

from hal.bus import Bus
from hal.cameras import pi
from hal.cameras.grabber import GrabbedCamera
from hal.cameras.opencv import RtspCamera, V4l2Camera
from hal.pictures import decode_picture
from hal.ports import DeviceFault, Frame
from hal.virtual import board_clock
from sim.emulators.mjpeg import MjpegCamera

PATIENCE_S = 20.0


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


@pytest.fixture
def stream() -> Iterator[MjpegCamera]:
    made = MjpegCamera(jpeg, period_us=10_000)
    yield made
    made.close()


def until(camera: Any, true: Callable[[Frame | DeviceFault | None], bool]) -> Any:
    end_s = time.monotonic() + PATIENCE_S
    while True:
        got = camera.capture(True)
        if true(got):
            return got
        assert time.monotonic() < end_s, f"it did not come about: {camera.faults()}"
        time.sleep(0.005)


def is_frame(got: object) -> bool:
    return isinstance(got, Frame)


def is_fault(name: str) -> Callable[[object], bool]:
    return lambda got: isinstance(got, DeviceFault) and got.name == name


def test_a_stream_gives_pictures_with_the_lane_s_time(bus: Bus, stream: MjpegCamera) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60)
    clock = board_clock(bus)
    first = until(camera, is_frame)
    assert first.pixels.shape == (96, 160, 3)
    assert first.pixels.dtype == np.uint8
    second = until(camera, is_frame)
    assert first.captured_us < second.captured_us <= clock.now_us()
    assert camera.faults() == ()
    assert camera.capture(False) is None


def test_each_time_it_is_wanted_is_a_track_of_its_own(bus: Bus, stream: MjpegCamera) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60)
    assert until(camera, is_frame).track == 1
    assert until(camera, is_frame).track == 1
    camera.capture(False)
    assert until(camera, is_frame).track == 2


def test_the_delay_of_a_stream_is_taken_off(bus: Bus, stream: MjpegCamera) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60, latency_us=400_000)
    before_us = board_clock(bus).now_us()
    assert until(camera, is_frame).captured_us < board_clock(bus).now_us() - 300_000
    assert before_us > 0


def test_a_stream_that_hangs_up_comes_back(bus: Bus, stream: MjpegCamera) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60)
    until(camera, is_frame)
    stream.gone = True
    fault = until(camera, is_fault("VIDEO_DOWN"))
    assert stream.url in (fault.device, fault.seen.split()[0])
    stream.gone = False
    until(camera, is_frame)
    assert camera.faults() == ()


def test_a_stream_that_repeats_itself_is_frozen_and_not_handed_out(
    bus: Bus, stream: MjpegCamera
) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60, frozen_us=300_000)
    until(camera, is_frame)
    stream.frozen = True
    fault = until(camera, is_fault("VIDEO_FROZEN"))
    assert "the very same picture for" in fault.seen
    sent = stream.sent
    assert not is_frame(until(camera, lambda got: is_frame(got) or stream.sent > sent + 3))
    stream.frozen = False
    until(camera, is_frame)


def test_a_stream_that_stalls_is_silent(bus: Bus, stream: MjpegCamera) -> None:
    camera = RtspCamera(bus, stream.url, fps_max=60)
    until(camera, is_frame)
    stream.stalled = True
    fault = until(camera, is_fault("VIDEO_DOWN"))
    assert fault.seen.startswith(("no picture for", "the stream ended"))
    stream.stalled = False
    until(camera, is_frame)


class _Hangs:
    """A source that gives one picture and then never comes back from its library."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.grabbed = 0

    def grab(self) -> bool:
        self.grabbed += 1
        return self.grabbed == 1 or not self.go_on.wait(PATIENCE_S)

    def retrieve(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)

    def close(self) -> None:
        return


def test_a_library_that_hangs_is_a_silent_camera(bus: Bus) -> None:
    clock, source = HandClock(), _Hangs()
    bus.share("clock", lambda: clock)
    camera = GrabbedCamera(bus, "hanging", lambda: source, fps_max=60)
    until(camera, is_frame)
    clock.us += 3_900_000
    assert camera.faults() == ()
    clock.us += 200_000
    (fault,) = camera.faults()
    assert (fault.name, fault.seen) == ("VIDEO_DOWN", "no picture for 4.1 s")
    assert camera.capture(True) == fault
    source.go_on.set()


def test_a_stream_that_is_not_there_says_so_without_its_password(bus: Bus) -> None:
    camera = RtspCamera(bus, "http://admin:secret@127.0.0.1:9/x")
    fault = until(camera, lambda got: isinstance(got, DeviceFault) and "opened; " in got.seen)
    assert "secret" not in fault.seen + fault.device
    assert "127.0.0.1:9/x" in fault.device


def test_a_video_file_is_a_stream_that_ends(bus: Bus, tmp_path: Path) -> None:
    place = str(tmp_path / "yard.avi")
    writer = cv2.VideoWriter(place, cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 96))
    for number in range(5):
        writer.write(decode_picture(jpeg(number), "picture"))
    writer.release()
    camera = RtspCamera(bus, place, fps_max=60)
    assert until(camera, is_frame).pixels.shape == (96, 160, 3)
    until(camera, is_fault("VIDEO_DOWN"))
    until(camera, is_frame)


class _FakeCapture:
    """OpenCV's edge: what was asked for, and pictures without end."""

    def __init__(self, device: str, api: int) -> None:
        self.asked: list[Any] = [device, api]
        self.number = 0
        captures.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, key: int, value: float) -> bool:
        self.asked.append((key, value))
        return True

    def grab(self) -> bool:
        self.number += 1
        time.sleep(0.002)
        return True

    def retrieve(self) -> tuple[bool, Any]:
        if self.number % 3 == 0:
            return True, np.zeros((4, 4), np.uint8)
        return True, np.full((24, 32, 3), self.number % 251, np.uint8)

    def release(self) -> None:
        self.asked.append("released")


captures: list[_FakeCapture] = []


def test_a_v4l2_device_is_asked_for_its_format(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    captures.clear()
    monkeypatch.setattr(cv2, "VideoCapture", _FakeCapture)
    camera = V4l2Camera(bus, "/dev/video7", width=640, height=480, fps=25, fourcc="YUYV")
    assert until(camera, is_frame).pixels.shape == (24, 32, 3)
    asked = captures[0].asked
    assert asked[:2] == ["/dev/video7", cv2.CAP_V4L2]
    assert (cv2.CAP_PROP_FRAME_WIDTH, 640) in asked
    assert (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"YUYV")) in asked
    camera.close()
    assert asked[-1] == "released"


def test_a_v4l2_device_that_is_not_there_says_so(bus: Bus) -> None:
    camera = V4l2Camera(bus, "/dev/video63")
    fault = until(camera, lambda got: isinstance(got, DeviceFault) and "opened; " in got.seen)
    assert (fault.name, fault.device) == ("VIDEO_DOWN", "/dev/video63")


@pytest.mark.parametrize("options", [{"fps_max": 0}, {"fourcc": "MJPEG"}, {"latency_us": -1}])
def test_options_that_cannot_be_are_refused(bus: Bus, options: Any) -> None:
    with pytest.raises(ValueError, match=r"above 0|1 to 60"):
        V4l2Camera(bus, **options)


def test_the_pi_s_camera_names_its_package(bus: Bus) -> None:
    with pytest.raises(ImportError, match="apt install python3-picamera2"):
        pi.PiCamera(bus)


class _FakePi:
    """picamera2's edge."""

    def __init__(self, number: int) -> None:
        if number > 0:
            raise IndexError("list index out of range")
        self.number = 0

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return main

    def configure(self, config: dict[str, Any]) -> None:
        assert config["format"] == "RGB888"
        self.size = config["size"]

    def start(self) -> None:
        return

    def capture_array(self, name: str) -> Any:
        assert name == "main"
        self.number += 1
        time.sleep(0.002)
        return np.full((self.size[1], self.size[0], 4), self.number % 251, np.uint8)

    def stop(self) -> None:
        return

    def close(self) -> None:
        return


class _FakeLibrary:
    Picamera2 = _FakePi


def test_the_pi_s_camera_gives_pictures(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pi, "import_module", lambda name: _FakeLibrary)
    camera = pi.PiCamera(bus, width=64, height=48)
    assert until(camera, is_frame).pixels.shape == (48, 64, 3)
    missing = pi.PiCamera(bus, camera=1)
    fault = until(missing, lambda got: isinstance(got, DeviceFault) and "index" in got.seen)
    assert fault.name == "VIDEO_DOWN"
