"""How the firmware ends: by an error of its own, and by Ctrl-C at its console."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest
from chip_rig import ARM, CLOSED, ESTOP, GREENS, LOWER, OPEN, RAISE, REDS, Host

from protocol import coprocessor as wire
from sim.hil.board import FIRMWARE, Board, interpreter

pytestmark = pytest.mark.skipif(interpreter() is None, reason="needs micropython")
WAIT_S = 10.0


def host_of(board: Board) -> Host:
    for pin, level in ((ESTOP, 0), (ARM, 0), (CLOSED, 0), (OPEN, 1)):
        board.set_level(pin, level)
    board.wire_cells(2, [3, 4])
    board.start()
    host = Host(board)
    host.open()
    assert host.configure().answer == wire.TAKEN
    host.step(20)
    return host


def test_an_error_goes_safe_restarts_and_is_the_first_cause(tmp_path: Path) -> None:
    broken = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, broken, ignore=shutil.ignore_patterns("__pycache__"))
    lights = (broken / "lights.py").read_text()
    fault = "        if greens == 2:\n            raise ValueError('two')\n"
    place = "        if greens == self.shown:\n"
    assert place in lights
    (broken / "lights.py").write_text(lights.replace(place, fault + place))
    board = Board(tmp_path, lockstep=True, firmware=broken)
    try:
        host = host_of(board)
        host.hold(1, greens=1, steps=5)
        assert host.levels(RAISE, GREENS[0]) == [1, 1]
        board.changes.clear()
        host.hold(1, greens=2)
        about = host.ask(wire.HELLO, wire.About, b"\x01")
        assert (about.cause, about.starts) == (1, 2)
        assert "two" in about.cause_text
        assert host.levels(RAISE, LOWER, *REDS, *GREENS) == [0, 0, 1, 0, 0, 1]
        assert "lights.py" in (board.flash / "console.txt").read_text()
        host.close()
    finally:
        board.close()


def test_ctrl_c_at_the_console_leaves_outputs_safe(tmp_path: Path) -> None:
    board = Board(tmp_path, lockstep=True)
    try:
        host = host_of(board)
        host.hold(1, greens=1, steps=5)
        assert host.levels(RAISE, GREENS[0]) == [1, 1]
        assert board._process is not None
        board._process.send_signal(signal.SIGINT)
        until_s = time.monotonic() + WAIT_S
        while board.running and time.monotonic() < until_s:
            time.sleep(0.01)
        assert not board.running
        time.sleep(0.05)
        assert host.levels(RAISE, LOWER, *REDS, *GREENS) == [0, 0, 1, 0, 0, 1]
        host.close()
    finally:
        board.close()
