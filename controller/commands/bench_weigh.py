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

import msgspec
import numpy as np

from controller.commands.bench_bound import Bound, bound_of
from controller.commands.bench_cost import Cost, day_growth, streaming_cost
from controller.commands.weigh import BATCH, TraceError, decide, read_scale, read_trace, scale_of
from controller.commands.weigh_truth import (
    GOOD,
    Judged,
    Truth,
    in_processes,
    judge,
    quantile,
    read_truth,
)
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.reference import REFERENCES, Indicator, Reading

PRODUCT: Final = "steelyard"
WINDOW: Final = "window of 1 s"
PLAIN: Final = "moving average"
OWN_RULES: Final = {PRODUCT: "product", WINDOW: "window"}
MADE: Final = 40

# |error| / u has the half-normal distribution when u is an honest standard uncertainty.
HALF_NORMAL: Final = {50: 0.674, 68: 0.994, 90: 1.645, 95: 1.960, 99: 2.576}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on one trace: what it said against the truth, and the CPU that took."""

    rule: str
    judged: Judged
    cpu_s: float


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One trace under all rules; `bound` only where a weight is due."""

    name: str
    cls: str
    signal_s: float
    runs: list[Run]
    bound: Bound | None


class RuleReport(msgspec.Struct, frozen=True, kw_only=True):
    """One rule over all traces.

    `accepted`, `wrong` (outside the MPE or too early) are shares of the good traces, times run
    from the last stop, errors are those of valid instants. `wrong_bad` counts wrong weights of
    bad traces by class. `over_bound_p50` is the median of time over bound, trace by trace;
    `cpu_ratio` compares with the moving average.
    """

    rule: str
    accepted: float | None
    after_stop_s_p50: float | None
    after_stop_s_p95: float | None
    error_e_p95: float | None
    early: int
    outside_mpe: int
    wrong: float | None
    wrong_bad: dict[str, int]
    wrong_bad_total: int
    over_bound_p50: float | None
    cpu_ms_per_s: float
    cpu_ratio: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the uncertainty is what it claims: |error| over u = u95 / 2, all valid weights.

    `quantiles` maps a percentage to (seen, half-normal).
    """

    rule: str
    weights: int
    covered: float | None
    quantiles: dict[int, tuple[float, float]]
    ratios: list[float]


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
    }


def _timed(name: str, rule: Callable[[], dict[str, Any]], truth: Truth, trace: str) -> Run:
    began = time.process_time()
    result = rule()
    return Run(rule=name, cpu_s=time.process_time() - began, judged=judge(result, truth, trace))


def rule_reports(traces: Sequence[Trace]) -> list[RuleReport]:
    """All rules that were run, in their order."""
    signal_s = sum(trace.signal_s for trace in traces)
    names = [run.rule for run in traces[0].runs] if traces else []
    cpu_s = {name: sum(_run(trace, name).cpu_s for trace in traces) for name in names}
    plain_s = cpu_s.get(PLAIN, 0.0)
    return [_report(name, traces, cpu_s[name], signal_s, plain_s) for name in names]


def _run(trace: Trace, rule: str) -> Run:
    return next(run for run in trace.runs if run.rule == rule)


def _report(
    name: str, traces: Sequence[Trace], cpu_s: float, signal_s: float, plain_s: float
) -> RuleReport:
    rows = [(trace, _run(trace, name).judged) for trace in traces]
    good = [row for _, row in rows if row.expected == GOOD]
    given = [row for row in good if row.accepted]
    waits = [row.after_stop_s for row in given if row.after_stop_s is not None]
    wrong_bad: dict[str, int] = {}
    for _, row in rows:
        if row.expected != GOOD:
            wrong_bad[row.cls] = wrong_bad.get(row.cls, 0) + row.wrong
    return RuleReport(
        rule=name,
        accepted=_share(len(given), len(good)),
        after_stop_s_p50=quantile(waits, 50),
        after_stop_s_p95=quantile(waits, 95),
        error_e_p95=quantile([abs(row.error_e or 0.0) for row in given if row.valid], 95),
        early=sum(not row.valid for row in given),
        outside_mpe=sum(row.valid and not row.within_mpe for row in given),
        wrong=_share(sum(row.wrong for row in given), len(good)),
        wrong_bad=dict(sorted(wrong_bad.items())),
        wrong_bad_total=sum(wrong_bad.values()),
        over_bound_p50=quantile(over_bound([(t, row) for t, row in rows if row in given]), 50),
        cpu_ms_per_s=round(1000 * cpu_s / signal_s, 3),
        cpu_ratio=round(cpu_s / plain_s, 1) if plain_s else 1.0,
    )


def over_bound(rows: Sequence[tuple[Trace, Judged]]) -> list[float]:
    """Time after the stop over the bound, where there is one and the weight is right."""
    return [
        row.after_stop_s / trace.bound.rows_s
        for trace, row in rows
        if trace.bound is not None
        and trace.bound.rows_s is not None
        and row.after_stop_s is not None
        and not row.wrong
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def calibration(traces: Sequence[Trace], rule: str = PRODUCT) -> Calibration:
    """How |error| / u is distributed over all weights of valid instants, good and bad traces."""
    rows = [_run(trace, rule).judged for trace in traces]
    ratios = [
        abs(row.error_e) / (row.u95_e / 2)
        for row in rows
        if row.valid and row.error_e is not None and row.u95_e
    ]
    return Calibration(
        rule=rule,
        weights=len(ratios),
        covered=_share(sum(ratio <= 2.0 for ratio in ratios), len(ratios)),
        quantiles={
            percent: (quantile(ratios, percent) or 0.0, due)
            for percent, due in HALF_NORMAL.items()
            if ratios
        },
        ratios=sorted(round(ratio, 4) for ratio in ratios),
    )


def bounds(traces: Sequence[Trace]) -> dict[str, Any]:
    """The bounds of the good traces, each variant's median and 95th percentile in seconds."""
    known = [trace.bound for trace in traces if trace.bound is not None]
    out: dict[str, Any] = {"traces": len(known)}
    for name in ("rows_s", "sum_s", "known_s", "classic_s"):
        values = [getattr(bound, name) for bound in known]
        reached = [value for value in values if value is not None]
        out[name] = {"p50": quantile(reached, 50), "p95": quantile(reached, 95)}
    shares = [b.sum_s / b.rows_s for b in known if b.sum_s is not None and b.rows_s is not None]
    out["sum_over_rows_p50"] = quantile(shares, 50)
    return out


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
        result |= {"streaming": spent, "day": day_growth(paths)}
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
        "after_stop_s_p50": {r.rule: r.after_stop_s_p50 for r in rule_reports(traces)},
        "bound_s_p50": bounds(traces)["rows_s"]["p50"],
        "wrong_weights": {
            r.rule: r.early + r.outside_mpe + r.wrong_bad_total for r in rule_reports(traces)
        },
    }


def ecdf(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Sorted values and the share at or below each."""
    ordered = sorted(values)
    return ordered, [float(share) for share in np.arange(1, len(ordered) + 1) / len(ordered)]
