"""`steelyard bench weigh`: the product, the window rule and plain indicators on the same traces.

Every rule sees each trace once, sample by sample, and keeps its first weight. Only good traces
say how fast and how right a rule is; only bad ones how often it takes what it must not.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from controller.commands.bench_bound import bound_of
from controller.commands.bench_cost import Cost, streaming_cost
from controller.commands.bench_reports import (
    PLAIN,
    PRODUCT,
    WINDOW,
    Run,
    Trace,
    bounds,
    calibration,
    rule_reports,
)
from controller.commands.weigh import BATCH, TraceError, decide, read_scale, read_trace, scale_of
from controller.commands.weigh_truth import GOOD, Truth, in_processes, judge, read_truth
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.reference import REFERENCES, Indicator, Reading

OWN_RULES: Final = {PRODUCT: "product", WINDOW: "window"}
MADE: Final = 40


def run_trace(trace: Path, only: Sequence[str] | None = None) -> Trace:
    """One trace under all rules, or `only` some; raises TraceError or RecordingError."""
    truth, scale = read_truth(trace), read_scale(scale_of(trace, None))
    recording = read_trace(trace, scale)
    rules: dict[str, Callable[[], dict[str, Any]]] = {
        name: partial(_own, recording, scale, estimator) for name, estimator in OWN_RULES.items()
    }
    rules |= {name: partial(_plain, recording, scale, name) for name in REFERENCES}
    runs = [
        _timed(name, rule, truth, trace.stem)
        for name, rule in rules.items()
        if only is None or name in only
    ]
    return Trace(
        name=trace.stem,
        cls=truth.cls,
        signal_s=float(recording.t_s[-1] - recording.t_s[0]),
        runs=runs,
        bound=bound_of(recording, scale, truth) if truth.expected_verdict == GOOD else None,
    )


def _own(recording: Recording, scale: Scale, estimator: str) -> dict[str, Any]:
    return decide(recording, scale, estimator).answer(recording.path)


def _plain(recording: Recording, scale: Scale, name: str) -> dict[str, Any]:
    indicator = Indicator(scale, REFERENCES[name](scale))
    for start in range(0, len(recording.t_us), BATCH):
        rows = slice(start, start + BATCH)
        indicator.push(recording.t_us[rows], recording.counts[rows])
    reading: Reading | None = indicator.reading
    return {
        "verdict": GOOD if reading else "unstable",
        "weight_kg": reading.weight_g / 1000 if reading else None,
        "u95_kg": None,
        "accepted_at_s": reading.at_us / 1e6 if reading else None,
        "axles": None,
        "axles_confidence": None,
    }


def _timed(name: str, rule: Callable[[], dict[str, Any]], truth: Truth, trace: str) -> Run:
    began = time.process_time()
    result = rule()
    return Run(rule=name, cpu_s=time.process_time() - began, judged=judge(result, truth, trace))


def measure_traces(
    folder: Path | None,
    jobs: int = 1,
    done: Callable[[Trace], None] | None = None,
    cost: bool = True,
) -> tuple[dict[str, Any], list[Trace]]:
    """All numbers of `bench weigh` and the traces behind them; passages are made without a folder.

    Raises TraceError for a folder without traces, or what reading a trace raises.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            make_passages(Path(made), MADE)
            return measure_traces(Path(made), jobs, done, cost)
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise TraceError(f"{folder}: no *.csv with *.calib.toml and *.truth.json beside it")
    traces = []
    for trace in in_processes(run_trace, paths, jobs):
        traces.append(trace)
        if done is not None:
            done(trace)
    return _numbers(paths, traces, cost), traces


def _numbers(paths: Sequence[Path], traces: Sequence[Trace], cost: bool) -> dict[str, Any]:
    good = sum(trace.cls == GOOD for trace in traces)
    result: dict[str, Any] = {
        "traces": len(traces),
        "good": good,
        "bad": len(traces) - good,
        "rules": rule_reports(traces),
        "bound": bounds(traces),
        "calibration": [calibration(traces, rule) for rule in OWN_RULES],
    }
    if cost:
        spent: Cost = streaming_cost(paths)
        result["streaming"] = spent
    return result


def make_passages(folder: Path, count: int) -> None:
    """Passages with truth from the simulator, which is found by name as a driver would be."""
    make = import_module("sim.recordings.passage").make_passage
    write = import_module("sim.recordings.store").write_passage
    for seed in range(count):
        write(make(seed), folder)


def shortly(count: int = 8) -> dict[str, Any]:
    """The few numbers of weighing that plain `steelyard bench` shows, on passages made here."""
    with tempfile.TemporaryDirectory() as made:
        make_passages(Path(made), count)
        paths = sorted(Path(made).glob("*.csv"))
        traces = [run_trace(path, (PRODUCT, PLAIN)) for path in paths]
        spent = streaming_cost(paths)
    return {
        "passages": count,
        "streaming_percent_of_core": {"median": spent.median_percent, "worst": spent.worst_percent},
        "tick_us_p50": {"empty_deck": spent.empty_tick_us, "loaded_deck": spent.loaded_tick_us},
        "after_stop_s_p50": {r.rule: r.after_stop_s_p50 for r in rule_reports(traces)},
        "bound_s_p50": bounds(traces)["rows_s"]["p50"],
        "wrong_weights": {
            r.rule: r.early + r.outside_mpe + r.wrong_bad_total for r in rule_reports(traces)
        },
    }
