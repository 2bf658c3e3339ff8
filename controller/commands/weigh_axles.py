"""Axle loads, spacings and counts of a passage against its recorded truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np


class AxlesJudged(msgspec.Struct, frozen=True, kw_only=True):
    """The axles of one weighed passage: found against true.

    Loads as shares of the true load, spacings in metres; each with whether its u95 covers the
    error. Both are empty where the count is not the true one.
    """

    found: int
    true: int
    confidence: float
    load_errors: tuple[float, ...] = ()
    loads_covered: tuple[bool, ...] = ()
    spacing_errors_m: tuple[float, ...] = ()
    spacings_covered: tuple[bool, ...] = ()


class AxleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Axles of many passages: counts that are right, errors (p50, p95) and what u95 covers."""

    passages: int
    right: int
    confidence_least_right: float | None
    confidence_most_wrong: float | None
    load_error: tuple[float, float] | None
    loads_covered: float | None
    spacing_error_m: tuple[float, float] | None
    spacings_covered: float | None


def judge_axles(
    result: dict[str, Any], masses_kg: Sequence[float], offsets_m: Sequence[float]
) -> AxlesJudged:
    """Hold the axles of one answer of `weigh` against the truth."""
    found = AxlesJudged(
        found=result["axles"] or 0,
        true=len(masses_kg),
        confidence=result["axles_confidence"] or 0.0,
    )
    if found.found != found.true:
        return found
    true_kg, errors_kg = np.array(masses_kg), result["axle_loads_kg"] - np.array(masses_kg)
    errors_m = np.array(result["axle_spacings_m"]) - np.diff(offsets_m)
    return msgspec.structs.replace(
        found,
        load_errors=tuple((errors_kg / true_kg).tolist()),
        loads_covered=tuple((np.abs(errors_kg) <= result["axle_loads_u95_kg"]).tolist()),
        spacing_errors_m=tuple(errors_m.tolist()),
        spacings_covered=tuple((np.abs(errors_m) <= result["axle_spacings_u95_m"]).tolist()),
    )


def report_axles(judged: Sequence[AxlesJudged]) -> AxleReport | None:
    """Sum up the passages; None of none."""
    if not judged:
        return None
    right = [each for each in judged if each.found == each.true]
    wrong = [each.confidence for each in judged if each.found != each.true]
    return AxleReport(
        passages=len(judged),
        right=len(right),
        confidence_least_right=min((each.confidence for each in right), default=None),
        confidence_most_wrong=max(wrong, default=None),
        load_error=_spread([error for each in right for error in each.load_errors]),
        loads_covered=_share([covered for each in right for covered in each.loads_covered]),
        spacing_error_m=_spread([error for each in right for error in each.spacing_errors_m]),
        spacings_covered=_share([covered for each in right for covered in each.spacings_covered]),
    )


def words(report: AxleReport) -> str:
    """The report as one line below the table."""
    said = f"axles: count right in {report.right} of {report.passages} weighed"
    if report.confidence_least_right is not None:
        said += f" (confidence at least {report.confidence_least_right:.2f}"
        wrong = report.confidence_most_wrong
        said += ")" if wrong is None else f"; of a wrong one up to {wrong:.2f})"
    if report.load_error is not None:
        low, high = report.load_error
        said += f"; loads off by {100 * low:.1f} / {100 * high:.1f} % (p50 / p95)"
        said += f", u95 covers {100 * (report.loads_covered or 0):.0f} %"
    if report.spacing_error_m is not None:
        low, high = report.spacing_error_m
        said += f"; spacings by {100 * low:.0f} / {100 * high:.0f} cm"
        said += f", u95 covers {100 * (report.spacings_covered or 0):.0f} %"
    return said


def _spread(errors: Sequence[float]) -> tuple[float, float] | None:
    if not errors:
        return None
    p50, p95 = np.percentile(np.abs(errors), (50, 95)).tolist()
    return round(p50, 4), round(p95, 4)


def _share(covered: Sequence[bool]) -> float | None:
    return sum(covered) / len(covered) if covered else None
