"""The firmware's rounds allocate nothing, so no collection ever stands between two samples."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from chip_rig import CONFIG

from sim.hil.board import FIRMWARE, Board, interpreter

ALLOCATION = Path(__file__).with_name("micro") / "allocation.py"


@pytest.mark.skipif(interpreter() is None, reason="needs micropython")
def test_rounds_that_sample_judge_and_tell_allocate_nothing(tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, firmware, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ALLOCATION, firmware / "main.py")
    board = Board(tmp_path, lockstep=True, firmware=firmware)
    try:
        board.wire_cells(2, [3, 4])
        (board.flash / "wiring.json").write_text(json.dumps(json.dumps(CONFIG)))
        board.start()
        until_s = time.monotonic() + 20
        while board.running and time.monotonic() < until_s:
            time.sleep(0.02)
        said = dict(
            line.split(" ", 1) for line in (board.flash / "console.txt").read_text().splitlines()
        )
    finally:
        board.close()
    assert said["allocated"] == "0"
    assert int(said["sent"]) > 200 + 40
    assert said["leased"] == "True 1 2"
    used, free = map(int, said["heap"].split())
    assert used < 150_000
    assert free > 40_000
