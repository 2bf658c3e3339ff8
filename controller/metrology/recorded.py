"""Tests on recorded counts: the recording through the weigher, as `steelyard weigh` does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hal.recording import Recording
from sensors.calibration import Scale
from sensors.estimator import TICK_S, PlainWindow
from sensors.metrology.look import Look, Run, look_at
from sensors.metrology.report import Conditions, Instrument, Report
from sensors.metrology.runs import creep_of, stability_of, zero_of, zero_return_of
from sensors.weigher import Weigher

STORED = "stability"
ON_RUNS: dict[str, Callable[[Sequence[Run], Instrument, Conditions], Report]] = {
    "creep": creep_of,
    "zero-return": zero_return_of,
    STORED: stability_of,
    "zero": zero_of,
}


def weigher_for(test: str, scale: Scale) -> Weigher:
    """The weigher of the lane; where only its readings count, with the estimator that costs least.

    Hours of creep need no estimate of a bounce, and the readings are the same.
    """
    return Weigher(scale) if test == STORED else Weigher(scale, PlainWindow(scale))


def run_of(test: str, trace: Recording, scale: Scale) -> Run:
    """What the weigher says of a recording, ten times a second of its own clock."""
    return Run(
        name=Path(trace.path).name, looks=tuple(_looks(weigher_for(test, scale), trace, scale))
    )


def _looks(weigher: Weigher, trace: Recording, scale: Scale) -> Iterator[Look]:
    rows = max(1, round(TICK_S * scale.rate_hz))
    for start in range(0, len(trace.t_us), rows):
        part = slice(start, start + rows)
        if trace.entry_beam is None or trace.exit_beam is None:
            weigher.push(trace.t_us[part], trace.counts[part])
        else:
            beams = trace.entry_beam[part], trace.exit_beam[part]
            weigher.push(trace.t_us[part], trace.counts[part], *beams)
        yield look_at(weigher.snapshot(), scale)
