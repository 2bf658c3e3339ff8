"""A board with cameras of the network on emulators, for the contract suites."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from camera_rig import jpeg
from site_rig import SITE, write_recording

from board.build import Board, build
from board.profile import read_profile
from hal.player import player_of
from sim.emulators.mjpeg import MjpegCamera
from sim.emulators.vzenith_push import VzenithPush

CAMERA_BOARDS = ("cameras",)
STEP_S_MAX = 0.004
READY_S = 20.0


def camera_board(_name: str, folder: Path) -> tuple[Board, Callable[[int], None]]:
    """A stream at the yard's end, a camera that posts at the road's; time is the host's own."""
    write_recording(folder)
    stream = MjpegCamera(jpeg, period_us=10_000)
    site = folder / "site.toml"
    site.write_text(
        f"""{SITE}
[devices.yard.camera]
driver = "rtsp.camera"
url = "{stream.url}"
fps_max = 60

[devices.road.camera]
driver = "vzenith.camera"
path = "/road"
http_port = 0
bind = "127.0.0.1"
""",
        encoding="utf-8",
    )
    board = build(read_profile(site))
    board.bus.at_close(stream.close)
    camera = board.sides[1].camera
    client = VzenithPush(getattr(camera, "http_port", 0), "/road")
    posted = [0.0]

    def advance(us: int) -> None:
        if time.monotonic() - posted[0] > 0.1:
            client.push("皖A12345", jpeg(1))
            posted[0] = time.monotonic()
        time.sleep(min(us / 1e6, STEP_S_MAX))
        player_of(board.bus).advance(us)

    _wait_for(board)
    return board, advance


def _wait_for(board: Board) -> None:
    """Until the stream has been opened."""
    end_s = time.monotonic() + READY_S
    while any(driver.faults() for driver in board.checking):
        assert time.monotonic() < end_s, "the stream did not open"
        time.sleep(0.005)
