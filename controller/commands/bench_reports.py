"""What `bench weigh` reports of its runs: each rule, the honesty of u95, the bound of physics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from controller.commands.bench_bound import Bound
from controller.commands.weigh_truth import GOOD, Judged, quantile

PRODUCT: Final = "steelyard"
WINDOW: Final = "window of 1 s"
PLAIN: Final = "moving average"

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


def ecdf(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Sorted values and the share at or below each."""
    ordered = sorted(values)
    return ordered, [float(share) for share in np.arange(1, len(ordered) + 1) / len(ordered)]
