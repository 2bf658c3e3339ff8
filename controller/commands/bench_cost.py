"""What weighing costs while it runs: CPU of every second of signal."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from controller.commands.weigh import read_scale, read_trace, scale_of
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.estimator import TICK_S
from sensors.weigher import Weigher
from sensors.weighing import Status

SCAN_S: Final = 0.02
CELLS, RATE_HZ = 8, 80.0
COST_TRACES: Final = 6
# The quickest of a few passes is what the machine needs when nothing else runs on it.
PASSES: Final = 3


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """CPU of one core, for each second of signal, while samples stream in at the 50 Hz scan.

    `empty_tick_us` and `loaded_tick_us` are medians of one look at the deck with its snapshot, as
    the lane takes it ten times a second; most looks at a loaded deck hold no fit.
    """

    cells: int
    rate_hz: float
    seconds: int
    median_percent: float
    p99_percent: float
    worst_percent: float
    empty_tick_us: float
    loaded_tick_us: float


def streaming_cost(paths: Sequence[Path]) -> Cost:
    """Stream traces of 8 cells at 80 Hz, or of the most samples there are, scan by scan."""
    chosen = largest(paths)
    percents: list[float] = []
    for i, (recording, scale) in enumerate(chosen):
        spent = _seconds(recording, scale)
        # The first trace pays for code that is loaded on first use.
        percents += spent if i or len(chosen) == 1 else []
    percents.sort()
    empty_us, loaded_us = _ticks_us(*chosen[-1])
    scale = chosen[0][1]
    return Cost(
        cells=len(scale.cells),
        rate_hz=scale.rate_hz,
        seconds=len(percents),
        median_percent=round(statistics.median(percents), 2),
        p99_percent=round(percents[len(percents) * 99 // 100], 2),
        worst_percent=round(percents[-1], 2),
        empty_tick_us=round(statistics.median(empty_us), 1),
        loaded_tick_us=round(statistics.median(loaded_us), 1),
    )


def largest(paths: Sequence[Path]) -> list[tuple[Recording, Scale]]:
    """The traces of 8 cells at 80 Hz, a few, or else of the most samples that there are."""
    scales = [(path, read_scale(scale_of(path, None))) for path in paths]
    sizes = {(len(scale.cells), scale.rate_hz) for _, scale in scales}
    wanted = (
        (CELLS, RATE_HZ) if (CELLS, RATE_HZ) in sizes else max(sizes, key=lambda s: s[0] * s[1])
    )
    fitting = [(p, s) for p, s in scales if (len(s.cells), s.rate_hz) == wanted]
    return [(read_trace(path, scale), scale) for path, scale in fitting[: COST_TRACES + 1]]


def _seconds(recording: Recording, scale: Scale) -> list[float]:
    """Percent of one core for each second of signal."""
    weigher = Weigher(scale)
    per_scan = max(1, round(SCAN_S * scale.rate_hz))
    per_second = round(scale.rate_hz)
    out, spent, rows_done = [], 0, 0
    for start in range(0, len(recording.t_us) - per_scan, per_scan):
        rows = slice(start, start + per_scan)
        began = time.thread_time_ns()
        push(weigher, recording, rows, 0)
        weigher.snapshot()
        spent += time.thread_time_ns() - began
        rows_done += per_scan
        if rows_done >= per_second:
            signal_s = rows_done / scale.rate_hz
            out.append(spent / 1e9 / signal_s * 100)
            spent, rows_done = 0, 0
    return out


def _ticks_us(recording: Recording, scale: Scale) -> tuple[list[float], list[float]]:
    """Microseconds of every tick, of an empty deck and of a loaded one: the quickest of passes."""
    per_tick = max(1, round(TICK_S * scale.rate_hz))
    passes = [_pass_us(recording, scale, per_tick) for _ in range(PASSES)]
    ticks = [(min(us for us, _ in looks), looks[0][1]) for looks in zip(*passes, strict=True)]
    return [us for us, empty in ticks if empty], [us for us, empty in ticks if not empty]


def _pass_us(recording: Recording, scale: Scale, per_tick: int) -> list[tuple[float, bool]]:
    """Each tick's microseconds, and whether no vehicle was on the deck."""
    weigher, out = Weigher(scale), []
    for start in range(0, len(recording.t_us) - per_tick, per_tick):
        began = time.perf_counter_ns()
        push(weigher, recording, slice(start, start + per_tick), 0)
        seen = weigher.snapshot()
        out.append(((time.perf_counter_ns() - began) / 1000, seen.status == Status.IDLE))
    return out


def push(weigher: Weigher, recording: Recording, rows: slice, later_us: int) -> None:
    """Give a weigher some rows of a recording, as if they were taken so much later."""
    entry, leave = recording.entry_beam, recording.exit_beam
    weigher.push(
        recording.t_us[rows] + later_us,
        recording.counts[rows],
        None if entry is None else entry[rows],
        None if leave is None else leave[rows],
    )
