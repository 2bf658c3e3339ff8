"""Contract of ``Camera``: a picture once, with its lane time, or a fault, or nothing."""

import numpy as np
from contract_rig import FAULTY, Rig

from hal.ports import Camera, DeviceFault, Frame

ROLES = ("camera", "rear_camera", "overview_camera", "side_camera")


def cameras(rig: Rig) -> list[Camera]:
    """Every camera of a board, whatever it looks at."""
    return [camera for role in ROLES for camera in rig.drivers(role)]


def test_nothing_is_captured_unless_wanted(rig: Rig) -> None:
    for camera in cameras(rig):
        assert isinstance(camera, Camera)
        for _ in range(20):
            rig.advance(500_000)
            assert camera.capture(False) is None


def test_what_is_captured_is_a_picture_or_a_fault(rig: Rig, board_name: str) -> None:
    pictures = faults = 0
    found = cameras(rig)
    for camera in found:
        for _ in range(60):
            rig.advance(250_000)
            got = camera.capture(True)
            if got is None:
                continue
            if isinstance(got, DeviceFault):
                faults += 1
                assert got.name
                assert got.seen
                continue
            pictures += 1
            assert isinstance(got, Frame)
            assert got.pixels.dtype == np.uint8
            assert got.pixels.ndim == 3
            assert got.pixels.shape[2] == 3
            assert 0 <= got.captured_us <= rig.board.clock.now_us()
            assert got.track >= 1
            assert all(len(region) == 4 for region in got.regions)
    if board_name in FAULTY or board_name == "trace-damaged":
        assert faults > 0
        assert pictures == 0
    elif found:
        assert (pictures > 0, faults) == (True, 0)


def test_a_picture_is_handed_out_once(rig: Rig, board_name: str) -> None:
    if board_name not in ("sim", "trace"):
        return
    for camera in cameras(rig):
        for _ in range(40):
            rig.advance(250_000)
            if isinstance(camera.capture(True), Frame):
                assert camera.capture(True) is None
