"""How long a lane takes to start on a data folder that is there: its process, then the lane itself.

``python -m controller.commands.bench_evidence_start DIR SINCE`` starts one and prints both; SINCE
is the host's time in seconds at which the process was asked for.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

STARTS = 3
SCANS_MAX = 500


class Start(Struct, frozen=True, kw_only=True):
    """A start on an empty deck: ``process_s`` from the call to the first scan on the host's clock,
    ``cpu_s`` what it took of one core; ``lane_s`` from there until the lane is ready, of its time.
    """

    process_s: float
    cpu_s: float
    lane_s: float

    @property
    def ready_s(self) -> float:
        """Both together."""
        return round(self.process_s + self.lane_s, 2)


class StartError(RuntimeError):
    """A lane that did not start."""


def measure_start(folder: Path) -> Start:
    """The median of several starts.  Raises StartError where one fails."""
    found = [_start(folder) for _ in range(STARTS)]
    process_s, cpu_s, lane_s = (
        round(statistics.median(one), 2) for one in zip(*found, strict=True)
    )
    return Start(process_s=process_s, cpu_s=cpu_s, lane_s=lane_s)


def _start(folder: Path) -> tuple[float, ...]:
    module = "controller.commands.bench_evidence_start"
    call = [sys.executable, "-m", module, str(folder), repr(time.time())]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise StartError(f"{folder}: a lane does not start there: {' '.join(last)}")
    return tuple(float(number) for number in done.stdout.split())


def start(folder: Path, since_s: float) -> tuple[float, float, float]:
    """Start a lane with the real reader in an empty yard, and run it until it is ready."""
    from controller.core.kinds import Phase  # noqa: PLC0415 - the parent has no use for the lane
    from controller.recognition.eyes import PlateEyes  # noqa: PLC0415

    lane_in: Callable[..., Any] = import_module("sim.demo").lane_in
    yard = import_module("sim.world").Yard(1)
    lane = lane_in(yard, folder, PlateEyes())
    lane.once()
    process_s, cpu_s = time.time() - since_s, time.process_time()
    for _ in range(SCANS_MAX):
        if lane.lane.phase != Phase.STARTING:
            break
        yard.advance(20_000)
        lane.once()
    lane.bookkeeper.close()
    return process_s, cpu_s, yard.now_us / 1e6


if __name__ == "__main__":
    print(*start(Path(sys.argv[1]), float(sys.argv[2])))
