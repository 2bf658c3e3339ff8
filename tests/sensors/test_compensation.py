"""Span points, temperature and creep: identity when absent, exact where they are stated."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.compensation import (
    CreepCompensator,
    CreepTerm,
    SpanCurve,
    SpanPoint,
    Temperature,
)


@st.composite
def curves(draw: st.DrawFn) -> list[SpanPoint]:
    shown_g, true_g, out = 0, 0, []
    for _ in range(draw(st.integers(1, 6))):
        run_g = draw(st.integers(1_000_000, 30_000_000))
        shown_g += run_g
        true_g += round(run_g * (1 + draw(st.floats(-0.04, 0.04))))
        out.append(SpanPoint(shown_g=shown_g, true_g=true_g))
    return out


@settings(deadline=None)
@given(curves())
def test_a_curve_is_exact_at_its_points_and_at_zero(points: list[SpanPoint]) -> None:
    curve = SpanCurve(points)
    assert curve.correct_g(0.0) == 0.0
    for point in points:
        assert curve.correct_g(float(point.shown_g)) == point.true_g


@settings(deadline=None)
@given(curves(), st.lists(st.floats(-1e7, 3e8), min_size=2, max_size=20, unique=True))
def test_a_curve_rises_everywhere(points: list[SpanPoint], gross_g: list[float]) -> None:
    curve = SpanCurve(points)
    loads = [curve.correct_g(g) for g in sorted(gross_g)]
    assert all(a <= b for a, b in pairwise(loads))


@settings(deadline=None)
@given(st.floats(-1e9, 1e9))
def test_no_points_change_nothing(gross_g: float) -> None:
    assert SpanCurve(()).correct_g(gross_g) == gross_g


def test_beyond_the_last_point_its_ratio_goes_on() -> None:
    curve = SpanCurve([SpanPoint(shown_g=10_000_000, true_g=10_010_000)])
    assert curve.correct_g(20_000_000.0) == pytest.approx(20_020_000)
    assert curve.correct_g(-1_000_000.0) == pytest.approx(-1_001_000)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([(10, 10), (10, 11)], "does not rise"),
        ([(10, 10), (20, 9)], "does not rise"),
        ([(-10, -10)], "does not rise"),
        ([(10, 11)], "bends the span too far"),
        ([(100, 100), (101, 102)], "slope 2.000"),
    ],
)
def test_points_that_make_no_curve_are_named(points: list[tuple[int, int]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SpanCurve([SpanPoint(shown_g=s * 1000, true_g=t * 1000) for s, t in points])


@settings(deadline=None)
@given(st.floats(0, 1e8), st.floats(-20, 50), st.floats(-20, 50))
def test_temperature_takes_out_what_it_put_in(true_g: float, now_c: float, zeroed_c: float) -> None:
    model = Temperature(reference_c=20, zero_g_per_k=800, span_ppm_per_k=12)
    read_g = true_g * (1 + 12e-6 * (now_c - 20)) + 800 * (now_c - zeroed_c)
    assert model.correct_g(read_g, now_c, zeroed_c) == pytest.approx(true_g, abs=0.01)


def test_without_a_temperature_nothing_is_corrected() -> None:
    model = Temperature(reference_c=20, zero_g_per_k=800, span_ppm_per_k=12)
    assert model.correct_g(1234.5, None, 3.0) == 1234.5
    assert model.correct_g(1000.0, 20.0, None) == 1000.0


@pytest.mark.parametrize(
    "values",
    [
        {"reference_c": 99.0},
        {"reference_c": 20.0, "span_ppm_per_k": 900.0},
        {"reference_c": 20.0, "zero_g_per_k": math.nan},
    ],
)
def test_coefficients_that_no_cell_has_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is outside"):
        Temperature(**values)


def test_creep_is_taken_out_after_loading_and_after_unloading() -> None:
    terms = (CreepTerm(share_ppm=300, tau_s=600), CreepTerm(share_ppm=100, tau_s=30))
    compensator = CreepCompensator(terms)
    worst_g, uncorrected_g = 0.0, 0.0
    for tenth in range(36_000):
        t_s = tenth / 10
        load_g = 40e6 if t_s < 1800 else 0.0
        crept = [x.share_ppm * 1e-6 * (1 - math.exp(-t_s / x.tau_s)) for x in terms]
        gone_s = max(t_s - 1800, 0.0)
        left = [x.share_ppm * 1e-6 * (1 - math.exp(-gone_s / x.tau_s)) for x in terms]
        read_g = load_g + 40e6 * (sum(crept) - sum(left))
        worst_g = max(worst_g, abs(compensator.push(tenth * 100_000, read_g) - load_g))
        uncorrected_g = max(uncorrected_g, abs(read_g - load_g))
    assert uncorrected_g > 14_000
    assert worst_g < 100


@settings(deadline=None)
@given(st.lists(st.floats(-1e8, 1e8), min_size=1, max_size=20))
def test_without_terms_a_stream_goes_through_unchanged(stream_g: list[float]) -> None:
    compensator = CreepCompensator(())
    assert [compensator.push(i, g) for i, g in enumerate(stream_g)] == stream_g


def test_time_that_goes_back_is_an_error_and_a_gap_does_no_harm() -> None:
    compensator = CreepCompensator([CreepTerm(share_ppm=300, tau_s=600)])
    compensator.push(0, 40e6)
    assert compensator.push(10**15, 40e6 * 1.0003) == pytest.approx(40e6, abs=10)
    with pytest.raises(ValueError, match="went back"):
        compensator.push(0, 40e6)


@pytest.mark.parametrize("values", [(9000.0, 600.0), (300.0, 0.0), (300.0, math.inf)])
def test_a_term_that_is_no_creep_is_refused(values: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="is outside"):
        CreepTerm(share_ppm=values[0], tau_s=values[1])
