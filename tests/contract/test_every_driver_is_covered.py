"""No driver that needs no hardware escapes the contract suites."""

from pathlib import Path

import pytest
from contract_rig import BOARDS, rig
from indicator_rig import KINDS as INDICATORS

from hal.registry import DRIVERS

# picamera2 and V4L2 are met at the library's edge in tests/hal/cameras/test_stream_cameras.py.
# The loop's clock cannot be moved by hand; tests/sim/test_hil.py holds it to its port.
HARDWARE: frozenset[str] = frozenset({"pi.camera", "v4l2.camera", "hil.clock"})


def test_every_driver_that_needs_no_hardware_is_on_a_board_here(tmp_path: Path) -> None:
    covered = {driver for driver, _, _ in INDICATORS.values()}
    for name in BOARDS:
        try:
            board = rig(name, tmp_path).board
        except pytest.skip.Exception:
            covered |= {driver for driver in DRIVERS if driver.startswith(name.split("-")[0])}
            continue
        covered |= {device.driver for device in board.profile.devices.values()}
        # A camera's thread that is left in its library brings the interpreter's end down.
        board.bus.close()
    assert set(DRIVERS) - HARDWARE == covered
