"""What a weighing is worth against the recorded truth: by trace, by class, over a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from controller.commands.weigh import TraceError, weigh_trace
from controller.commands.weigh_axles import AxlesJudged, judge_axles

GOOD = "ok"

T = TypeVar("T")


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What the recorder of a trace knew, from `NAME.truth.json`; kilograms and seconds."""

    cls: str
    expected_verdict: str
    true_mass_kg: float
    e_kg: float
    mpe_kg: float | None = None
    t_stops_s: tuple[float, ...] = ()
    valid_intervals: tuple[tuple[float, float], ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    axle_masses_kg: tuple[float, ...] = ()
    axle_offsets_m: tuple[float, ...] = ()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One trace against its truth.

    `error_e` is weight minus truth in verification intervals; `valid` whether the deck carried the
    whole vehicle and nothing else at the accepted instant, `within_mpe` whether the error is
    inside the initial MPE. `after_stop_s` counts from the last stop before the acceptance, and is
    negative where the vehicle had not stopped yet. `failure` is set where weighing was refused.
    `axles` is there for a weight of a valid instant whose truth knows the axles.
    """

    trace: str
    cls: str
    expected: str
    verdict: str
    withdrawn: str | None = None
    valid: bool = False
    within_mpe: bool = False
    after_stop_s: float | None = None
    error_e: float | None = None
    u95_e: float | None = None
    failure: str | None = None
    axles: AxlesJudged | None = None

    @property
    def right(self) -> bool:
        """Whether the verdict is the expected one, by its exact cause."""
        return self.verdict == self.expected

    @property
    def in_time(self) -> bool:
        """Whether a bad passage was given its right weight while it still was a good one."""
        return self.accepted and not self.wrong and not self.right

    @property
    def accepted(self) -> bool:
        """Whether a weight was given."""
        return self.error_e is not None

    @property
    def wrong(self) -> bool:
        """Whether a weight was given that is outside the MPE or of an instant that has none."""
        return self.accepted and not (self.valid and self.within_mpe)


class ClassReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the traces of one class were judged.

    `in_time` counts bad passages that were given their right weight while they still were good
    ones, which is not the expected verdict and no error either. `early` counts weights of an
    instant outside every valid interval, `outside_mpe` those of a valid instant beyond the
    initial MPE; `wrong` is both. Times run from the last stop to the acceptance. Errors are those
    of valid instants; `covered` is the share of all accepted weights whose error u95 covers.
    """

    cls: str
    traces: int
    right: int
    in_time: int
    accepted: int
    within_mpe: int
    early: int
    outside_mpe: int
    after_stop_s_p50: float | None
    after_stop_s_p95: float | None
    error_e_p50: float | None
    error_e_p95: float | None
    covered: float | None

    @property
    def wrong(self) -> int:
        """Accepted weights that are wrong."""
        return self.early + self.outside_mpe


def read_truth(trace: Path) -> Truth:
    """Read the truth beside a trace; raises TraceError with file and remedy."""
    path = trace.with_suffix(".truth.json")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Truth)
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror}; add the truth") from None
    except msgspec.DecodeError as error:
        raise TraceError(f"{path}: {error}; correct the file") from None


def judge(result: dict[str, Any], truth: Truth, name: str) -> Judged:
    """Hold one answer of `weigh` against the truth."""
    bare = partial(
        Judged,
        trace=name,
        cls=truth.cls,
        expected=truth.expected_verdict,
        verdict=result["verdict"],
        withdrawn=result.get("withdrawn"),
    )
    if result["weight_kg"] is None:
        return bare()
    at_s, error_kg = result["accepted_at_s"], result["weight_kg"] - truth.true_mass_kg
    u95_kg = result["u95_kg"]
    valid = any(begin <= at_s <= end for begin, end in truth.valid_intervals)
    axles = (truth.axle_masses_kg, truth.axle_offsets_m)
    return bare(
        valid=valid,
        axles=judge_axles(result, *axles) if valid and all(axles) else None,
        within_mpe=abs(error_kg) <= (truth.mpe_kg or 0.0),
        after_stop_s=after_stop_s(at_s, truth),
        error_e=error_kg / truth.e_kg,
        u95_e=None if u95_kg is None else u95_kg / truth.e_kg,
    )


def after_stop_s(at_s: float, truth: Truth) -> float | None:
    """Seconds since the last stop before an instant, negative before the first one."""
    if not truth.t_stops_s:
        return None
    before = [stop for stop in truth.t_stops_s if stop <= at_s]
    return at_s - (max(before) if before else min(truth.t_stops_s))


def judge_trace(trace: Path, scale: Path | None = None, estimator: str = "product") -> Judged:
    """Weigh one trace and hold it against its truth; a trace that is refused is a failure."""
    truth = read_truth(trace)
    try:
        return judge(weigh_trace(trace, scale, estimator), truth, trace.stem)
    except ValueError as error:
        return Judged(
            trace=trace.stem,
            cls=truth.cls,
            expected=truth.expected_verdict,
            verdict="refused",
            failure=str(error),
        )


def judge_all(
    traces: Sequence[Path],
    scale: Path | None = None,
    estimator: str = "product",
    jobs: int = 1,
    done: Callable[[Judged], None] | None = None,
) -> list[Judged]:
    """Judge traces in order on `jobs` processes; `done` is told of each as it is finished."""
    one = partial(judge_trace, scale=scale, estimator=estimator)
    judged = []
    for each in in_processes(one, traces, jobs):
        judged.append(each)
        if done is not None:
            done(each)
    return judged


def in_processes(work: Callable[[Path], T], traces: Sequence[Path], jobs: int) -> Iterator[T]:
    """The results of a picklable function in the order of the traces."""
    if jobs <= 1 or len(traces) < 2:
        yield from map(work, traces)
        return
    with ProcessPoolExecutor(min(jobs, len(traces)), get_context("spawn")) as pool:
        yield from pool.map(work, traces, chunksize=1)


def reports(judged: Iterable[Judged]) -> tuple[ClassReport, ...]:
    """One report a class, the good one first."""
    by_class: dict[str, list[Judged]] = {}
    for each in judged:
        by_class.setdefault(each.cls, []).append(each)
    names = sorted(by_class, key=lambda name: (name != GOOD, name))
    return tuple(report(name, by_class[name]) for name in names)


def report(cls: str, rows: Sequence[Judged]) -> ClassReport:
    """Count and measure the traces of one class."""
    given = [row for row in rows if row.accepted]
    waits = [row.after_stop_s for row in given if row.after_stop_s is not None]
    errors = [abs(row.error_e) for row in given if row.valid and row.error_e is not None]
    stated = [row for row in given if row.u95_e is not None]
    return ClassReport(
        cls=cls,
        traces=len(rows),
        right=sum(row.right for row in rows),
        in_time=sum(row.in_time for row in rows),
        accepted=len(given),
        within_mpe=sum(not row.wrong for row in given),
        early=sum(not row.valid for row in given),
        outside_mpe=sum(row.valid and not row.within_mpe for row in given),
        after_stop_s_p50=quantile(waits, 50),
        after_stop_s_p95=quantile(waits, 95),
        error_e_p50=quantile(errors, 50),
        error_e_p95=quantile(errors, 95),
        covered=_covered(stated),
    )


def _covered(rows: Sequence[Judged]) -> float | None:
    if not rows:
        return None
    return sum(abs(row.error_e or 0.0) <= (row.u95_e or 0.0) for row in rows) / len(rows)


def quantile(values: Sequence[float], percent: float) -> float | None:
    """A percentile to three decimals, None of nothing."""
    return round(float(np.percentile(values, percent)), 3) if values else None
