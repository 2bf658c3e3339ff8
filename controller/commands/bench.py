"""``steelyard bench``: the numbers of the design, measured here and now, none of them promised.

Times depend on the machine and on what else it does; compare them within one run.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from controller.commands import bench_console
from controller.commands.bench_evidence import measure as evidence
from controller.commands.bench_lateness import lateness
from controller.commands.bench_weigh import shortly
from controller.commands.bench_yard import measure as yard
from controller.core.images import InputImage
from controller.core.interlock import interlock
from controller.core.lane import step
from controller.core.passage import Lane
from controller.recognition.eyes import PlateEyes
from controller.recognition.looks import Sighted
from controller.scan import Scan

SEED = 7
BULK = (10_000,)
TRUCKS = 3
REPEATS = 20_000
READS = 100
DAY_US_MAX = 3600 * 1_000_000


class BenchError(ValueError):
    """The call makes no sense; the message says what to write instead."""


def measure(what: str | None = None, plot: Path | None = None) -> dict[str, Any]:
    """Run the lane in a simulated yard and time its parts; microseconds, milliseconds, MiB.

    Raises:
        BenchError: something else is asked for than there is.
    """
    if what is not None:
        raise BenchError(
            f"bench {what}: unknown; leave it out, or write: bench weigh [DIR], bench modes [DIR], "
            "bench memory [DIR], bench read DIR, bench evidence [DIR], bench wire, bench hil"
        )
    if plot is not None:
        raise BenchError("--plot: only the weighing rules are drawn: bench weigh --plot out.png")
    rss_before = _rss_mib()
    blind = _simulate(None)
    eyes = PlateEyes()
    seeing = _simulate(eyes)
    lane = {
        "step_and_interlock_us": _core(blind["images"], blind["lane"]),
        "simulated_s_per_real_s": {
            "without_vision": blind["ratio"],
            "with_vision": seeing["ratio"],
        },
        "simulated_s_per_cpu_s": yard(),
        "plate_cutout_ms": _reads(eyes),
        "resident_mib": {"at_start": rss_before, "at_end_peak": _rss_mib()},
    }
    # Its passages are made in this process, and their making is no part of the lane's memory.
    return lane | {
        "lateness": lateness(),
        "reading": _reading(),
        "weighing": shortly(),
        "evidence": to_builtins(evidence(None, BULK)),
        "wire": _slowest(),
        "hil": _hil(),
        **console(),
    }


def wire() -> dict[str, Any]:
    """Every codec of the wire: how many of its fastest lines one core could follow."""
    codecs = import_module("controller.commands.bench_wire")
    found = {name: round(codecs.throughput(name), 1) for name in sorted(codecs.WIRES)}
    return {"goal": codecs.GOAL_RATIO, **found}


def console() -> dict[str, Any]:
    """What the console costs the lane, and how soon it answers."""
    return {"console": bench_console.measure()}


def hil() -> dict[str, Any]:
    """Milliseconds through the real firmware, from pin to pin; the interpreter is found by name."""
    measured: dict[str, Any] = import_module("sim.hil.latency").measure()
    return measured


def _slowest() -> dict[str, Any]:
    found = wire()
    name = min(found.keys() - {"goal"}, key=lambda codec: float(found[codec]))
    return {"goal": found["goal"], "slowest": name, "ratio": found[name]}


def _hil() -> dict[str, Any]:
    try:
        return hil()
    except FileNotFoundError as error:
        return {"error": str(error)}


def _reading() -> dict[str, Any]:
    """What frames and cut-outs cost; a model that is not there leaves the other numbers alone."""
    try:
        cost: dict[str, Any] = import_module("controller.commands.bench_read_cost").reading_cost()
    except (ImportError, ValueError) as error:
        return {"error": str(error)}
    return cost


def _simulate(eyes: PlateEyes | None) -> dict[str, Any]:
    """One short morning; the simulator is found by name, as a driver would be."""
    make_yard: Callable[..., Any] = import_module("sim.world").Yard.from_scenario
    lane_in: Callable[..., Scan] = import_module("sim.demo").lane_in
    simulate: Callable[..., bool] = import_module("sim.run").simulate
    yard = make_yard("legal", seed=SEED, trucks=TRUCKS)
    images: list[InputImage] = []
    with tempfile.TemporaryDirectory() as folder:
        lane = lane_in(yard, Path(folder), eyes or _NoEyes())
        began_s = time.perf_counter()
        simulate(lane, yard, until_us=DAY_US_MAX, watch=lambda inputs, _: images.append(inputs))
        took_s = time.perf_counter() - began_s
        lane.bookkeeper.close()
    return {"ratio": round(yard.now_us / 1e6 / took_s, 1), "images": images, "lane": lane}


class _NoEyes:
    def look(self, shot: Any) -> Sighted:
        return Sighted()


def _core(images: list[InputImage], lane: Scan) -> dict[str, float]:
    """Replay the recorded input images through the pure core alone, timing each scan."""
    settings, guard = lane.settings, lane.interlock_settings
    state = Lane(since_us=images[0].now_us)
    took_us: list[float] = []
    for inputs in images[:REPEATS]:
        began = time.perf_counter_ns()
        state, wanted = step(state, inputs, settings)
        interlock(inputs, wanted, guard)
        took_us.append((time.perf_counter_ns() - began) / 1000)
    took_us.sort()
    return {
        "median": round(statistics.median(took_us), 1),
        "p99": round(took_us[len(took_us) * 99 // 100], 1),
        "scans": len(took_us),
    }


def _reads(eyes: PlateEyes) -> dict[str, float]:
    """Read one drawn plate again and again."""
    draw = import_module("vision.draw")
    plates = import_module("vision.plates")
    picture = draw.draw_plate("晋A12345", plates.PlateType.YELLOW1)
    took_ms: list[float] = []
    for _ in range(READS):
        began = time.perf_counter_ns()
        eyes.read(picture)
        took_ms.append((time.perf_counter_ns() - began) / 1e6)
    took_ms.sort()
    return {
        "median": round(statistics.median(took_ms), 2),
        "p99": round(took_ms[READS * 99 // 100], 2),
    }


def _rss_mib() -> float:
    """Peak resident memory of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
