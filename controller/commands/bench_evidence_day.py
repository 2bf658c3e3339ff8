"""A short morning of the lane, run in a process of its own so that its syncs can be counted.

``python -m controller.commands.bench_evidence_day DIR TRUCKS`` leaves a data folder in DIR.  The
files ``began`` and ``ended``, synced, mark in a trace of system calls what lies between them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from controller.recognition.eyes import PlateEyes
from controller.scan import Scan
from protocol.files import Files

BEGAN, ENDED = "began", "ended"
SEED = 7
DAY_US_MAX = 3600 * 1_000_000


def drive(folder: Path, trucks: int, *, marked: bool = False) -> None:
    """Let ``trucks`` lawful trucks pass the lane, with the real reader and a real ledger."""
    make_yard: Callable[..., Any] = import_module("sim.world").Yard.from_scenario
    lane_in: Callable[..., Scan] = import_module("sim.demo").lane_in
    simulate: Callable[..., bool] = import_module("sim.run").simulate
    yard = make_yard("morning", seed=SEED, trucks=trucks)
    lane = lane_in(yard, folder, PlateEyes())
    if marked:
        _mark(folder / BEGAN)
    simulate(lane, yard, until_us=DAY_US_MAX)
    if marked:
        _mark(folder / ENDED)
    lane.bookkeeper.close()


def _mark(path: Path) -> None:
    Files().write_new(path, b"")


if __name__ == "__main__":
    drive(Path(sys.argv[1]), int(sys.argv[2]), marked=True)
