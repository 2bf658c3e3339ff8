"""Part of ``steelyard bench``: how late a scan comes while plates are read, in it and beside it.

The same lane, the same pictures and the same real 50 Hz, one way after the other in one run; only
the ratio of the two says something of another machine.
"""

from __future__ import annotations

import dataclasses
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from board.build import Board, build
from board.profile import read_profile
from controller.assembly import assemble
from controller.core.kinds import Phase
from controller.recognition.eyes import PlateEyes
from controller.recognition.inline import InlineReader
from controller.recognition.looks import Reader
from controller.recognition.process import ProcessReader, State
from controller.scan import Scan
from hal.bus import Bus
from hal.ports import Frame

SCAN_S = 0.02
SCANS = 300
FRAME_US = 40_000
PICTURES = 8
SEED = 7
START_S_MAX = 60.0


class _Lateness(Struct):
    """Every scan of one way: how late it began and how long it took, seconds."""

    late_s: list[float]
    took_s: list[float]


class _Camera:
    """Gives one of a few pictures, painted beforehand, 25 times a second of lane time."""

    def __init__(self, pictures: Sequence[Frame], now_us: Callable[[], int]) -> None:
        self._pictures, self._now_us = pictures, now_us
        self._given_us = 0
        self._number = 0

    def capture(self, wanted: bool) -> Frame | None:
        """The next picture, exposed just now."""
        exposed_us = self._now_us() // FRAME_US * FRAME_US
        if not wanted or exposed_us <= self._given_us:
            return None
        self._given_us = exposed_us
        self._number += 1
        picture = self._pictures[self._number % len(self._pictures)]
        return Frame(
            pixels=picture.pixels, captured_us=exposed_us, track=1, regions=picture.regions
        )


def lateness(scans: int = SCANS) -> dict[str, Any]:
    """Scan lateness and duration with both readers, ms; their ratio; the child's memory, MiB."""
    frames, kind = _pictures()
    eyes = PlateEyes()
    inline = _measure(InlineReader(eyes), frames, scans)
    with closing(ProcessReader(PlateEyes)) as reader:
        _until_ready(reader)
        beside = _measure(reader, frames, scans)
        counts, resident = reader.counts, _resident_mib(reader.pid)
    return {
        "frames": kind,
        "scans": scans,
        "in_the_scan": _figures(inline),
        "own_process": _figures(beside),
        "took_p99_ratio": round(_quantile(inline.took_s, 0.99) / _quantile(beside.took_s, 0.99), 1),
        "late_p99_ratio": _ratio(_quantile(inline.late_s, 0.99), _quantile(beside.late_s, 0.99)),
        "process": {
            "given": counts.given,
            "looked": counts.looked,
            "dropped": counts.dropped,
            "resident_mib": resident,
        },
        "scan_resident_peak_mib": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1
        ),
    }


def _measure(reader: Reader, frames: Sequence[Frame], scans: int) -> _Lateness:
    """Bring a truck before the boom in no time, then scan in real time while it is looked at."""
    with _lane(reader, frames) as (lane, advance):
        while not lane.outputs.capture:
            lane.once()
            advance(20_000)
        found = _Lateness([], [])
        due_s = time.monotonic()
        for _ in range(scans):
            time.sleep(max(0.0, due_s - time.monotonic()))
            began_s = time.monotonic()
            found.late_s.append(began_s - due_s)
            lane.once()
            found.took_s.append(time.monotonic() - began_s)
            advance(20_000)
            # As in ``steelyard run``: a late scan is not made up for by a burst.
            due_s = max(due_s, began_s) + SCAN_S
            if lane.lane.phase not in (Phase.APPROACH, Phase.BOARDING):
                break
        return found


@contextmanager
def _lane(reader: Reader, frames: Sequence[Frame]) -> Iterator[tuple[Scan, Callable[[int], None]]]:
    """A lane in the simulated yard whose cameras show the same pictures to both readers."""
    yard = import_module("sim.world").Yard.from_scenario("legal", seed=SEED)
    bus = Bus()
    bus.share("yard", lambda: yard)
    board: Board = build(read_profile("sim"), bus)
    sides = tuple(
        dataclasses.replace(side, camera=_Camera(frames, board.clock.now_us))
        for side in board.sides
    )
    with tempfile.TemporaryDirectory() as folder:
        board = dataclasses.replace(board, sides=(sides[0], sides[1]))
        lane = assemble(board, Path(folder), reader)
        yield lane, yard.advance
        lane.bookkeeper.close()


def _pictures() -> tuple[list[Frame], str]:
    """Painted truck fronts, whole where there is a detector to find the plate in them."""
    whole = True
    try:
        import_module("vision.reader").PlateReader()
    except (ImportError, ValueError):
        whole = False
    scene, truck = import_module("sim.scene"), import_module("sim.truck")
    rng = import_module("numpy").random.default_rng(SEED)
    frames = []
    for number in range(PICTURES):
        sight = scene.Sight(
            vehicle=1,
            plate=truck.Plate(text="晋A12345", ptype="yellow1"),
            dirt=0.1,
            distance_m=8.0 - 0.5 * number,
            lateral_m=0.0,
            speed_mps=0.5,
            light=scene.Light.DAY,
        )
        pixels, quad = scene.render(sight, rng)
        frames.append(Frame(pixels=pixels, captured_us=0, regions=() if whole else (quad,)))
    return frames, "whole" if whole else "regions, for want of a detector"


def _until_ready(reader: ProcessReader) -> None:
    began_s = time.monotonic()
    while reader.state is not State.IDLE:
        reader.take(0)
        time.sleep(0.01)
        if time.monotonic() - began_s > START_S_MAX:
            trouble = reader.trouble.seen if reader.trouble is not None else "no answer"
            raise TimeoutError(f"the reading process does not come up: {trouble}")


def _figures(found: _Lateness) -> dict[str, float]:
    late, took = found.late_s, found.took_s
    return {
        "late_p50_ms": round(1e3 * _quantile(late, 0.5), 2),
        "late_p99_ms": round(1e3 * _quantile(late, 0.99), 2),
        "took_p50_ms": round(1e3 * _quantile(took, 0.5), 2),
        "took_p99_ms": round(1e3 * _quantile(took, 0.99), 2),
    }


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _ratio(one: float, other: float) -> float | None:
    return round(one / other, 1) if other > 0 else None


def _resident_mib(pid: int | None) -> float | None:
    """Resident memory of a process now, shared pages included; None where it cannot be told."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return round(pages * resource.getpagesize() / 2**20, 1)
