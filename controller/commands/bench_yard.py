"""How much faster than real time a whole lane runs in the simulated yard, on one core.

Everything runs but pixels: eight cells at 80 Hz, the scale, the core, the journal, the ledger with
its seals; every check looks on; at the end the folder is verified and every record replayed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

SEED = 7
LATER_S = 540
_SHIFT_S = (60, 620, 1180, 1740)
_DAY = {"title": "bench", "begins": "2026-11-22 08:00"}


def measure() -> dict[str, float]:
    """Simulated seconds a second of CPU: one passage, the empty lane, a shift of 30 minutes.

    The empty lane is what it costs that the one vehicle comes so much later.  The shift has four
    vehicles, one of them overloaded, which unloads and comes again.
    """
    _ride([_truck(0)])  # What is loaded on first use is no part of the figures.
    busy_lane_s, busy_s = _ride([_truck(0)])
    late_lane_s, late_s = _ride([_truck(LATER_S)])
    trucks = [_truck(at_s) for at_s in _SHIFT_S]
    trucks[1] |= {"weighs": "overloaded", "unloads": "enough", "away": "60 s"}
    shift_lane_s, shift_s = _ride(trucks)
    return {
        "passage": round(busy_lane_s / busy_s, 1),
        "empty_lane": round((late_lane_s - busy_lane_s) / (late_s - busy_s), 1),
        "shift": round(shift_lane_s / shift_s, 1),
    }


def _truck(at_s: int) -> dict[str, str]:
    return {"at": f"{at_s} s", "weighs": "legal", "driver": "good"}


def _ride(trucks: list[dict[str, str]]) -> tuple[float, float]:
    """Seconds of lane time and of CPU; the simulator is found by name, as a driver would be."""
    plan: Callable[..., Any] = import_module("sim.explore.plan").Plan
    ride: Callable[..., Any] = import_module("sim.explore.ride").ride
    began_s = time.process_time()
    done = ride(plan(seed=SEED, table={"day": _DAY, "truck": trucks}))
    took_s = time.process_time() - began_s
    if done.findings:
        raise RuntimeError(f"the yard of the bench has findings: {done.findings}")
    return done.lane_us / 1e6, took_s
