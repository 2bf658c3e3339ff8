"""R 76 tests as computed: formulae, bounds, golden vectors, and sets that must not pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.metrology.formulae import error_g, mpe_g, unrounded_g
from sensors.metrology.loads import (
    Added,
    discrimination,
    eccentricity,
    repeatability,
    weighing,
)
from sensors.metrology.report import (
    Conditions,
    Decision,
    Instrument,
    Reading,
    Report,
    SetError,
)
from sensors.metrology.stability import Stored, stability, zero_accuracy
from sensors.metrology.times import creep, zero_return

KG = 1000
MIN = 60.0
TRUCKS = Instrument(serial="WB-17", max_g=100_000 * KG, e_g=20 * KG, d_g=20 * KG, supports=8)
BENCH = Instrument(serial="B-1", max_g=15 * KG, e_g=5, d_g=5, supports=4)
COARSE = Conditions(resolution_g=20.0 * KG, source="typed")
FINE = Conditions(resolution_g=0.0, source="typed")
UP_KG = (400, 10_000, 20_000, 40_000, 70_000, 100_000)
DOWN_KG = (70_000, 40_000, 20_000, 10_000, 400)
CENTRED_KG = 10.0


def read_at(load_kg: float, error_kg: float = 0.0, **more: Any) -> Reading:
    """A reading on a display of 20 kg with this error, dL and all."""
    true_kg = load_kg + error_kg
    shown_kg = (true_kg + 10) // 20 * 20
    delta_g = (shown_kg + 10 - true_kg) * KG
    return Reading(load_g=load_kg * KG, indication_g=shown_kg * KG, delta_g=delta_g, **more)


def series(loads_kg: Sequence[int], errors_kg: dict[int, float] | None = None) -> list[Reading]:
    return [read_at(load_kg, (errors_kg or {}).get(load_kg, 0.0)) for load_kg in loads_kg]


ZERO = read_at(0)
PLACES = [read_at(14_280, 5.0, place=str(n + 1)) for n in range(8)]
SIX = series([50_000] * 3 + [98_000] * 3)
FIVE_ZEROS = [read_at(0, 2.0) for _ in range(5)]


def creep_at(*kg_after: tuple[float, float], e_load_kg: int = 98_000) -> list[Reading]:
    return [
        Reading(load_g=e_load_kg * KG, indication_g=(e_load_kg + kg) * KG, at_s=minutes * MIN)
        for minutes, kg in kg_after
    ]


def stood(value_kg: int = 50_000, *shown_kg: int) -> Stored:
    shown = tuple((kg * KG, 10) for kg in shown_kg or (value_kg,))
    return Stored(value_g=value_kg * KG, shown=shown)


def named(name: str, make: Callable[[], Report]) -> str:
    with pytest.raises(SetError) as caught:
        make()
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}: ")
    assert "; " in str(caught.value), "an error says what to do"
    return str(caught.value)


@pytest.mark.parametrize(
    ("load_kg", "e_kg", "initial_kg"),
    [
        (18_000, 20, 20),
        (25_000, 20, 20),
        (31_000, 20, 20),
        (43_000, 20, 30),
        (49_000, 20, 30),
        (10_000, 20, 10),
        (40_000, 20, 20),
        (25_000, 50, 25),
        (31_000, 50, 50),
        (43_000, 50, 50),
        (49_000, 50, 50),
        (100_000, 50, 50),
    ],
)
def test_mpe_as_in_the_ready_table(load_kg: int, e_kg: int, initial_kg: int) -> None:
    assert mpe_g(load_kg * KG, e_kg * KG, in_service=False) == initial_kg * KG
    assert mpe_g(load_kg * KG, e_kg * KG, in_service=True) == 2 * initial_kg * KG


@pytest.mark.parametrize(
    ("load_g", "halves"),
    [(500 * 5, 1), (500 * 5 + 0.25, 2), (2000 * 5, 2), (2000 * 5 + 0.5, 3), (10_000 * 5, 3)],
)
def test_mpe_changes_at_its_bound_and_keeps_half_grams(load_g: float, halves: int) -> None:
    assert mpe_g(load_g, 5, in_service=False) == halves * 2.5


def test_beyond_ten_thousand_e_there_is_no_mpe() -> None:
    with pytest.raises(ValueError, match="10 000 e"):
        mpe_g(10_000 * 20 * KG + 0.5, 20 * KG, in_service=False)


def test_the_error_before_rounding() -> None:
    """The worked example of the rule: e = 5 g, 50 g shown, 1.5 g added until it steps: 51 g."""
    bench = Conditions(resolution_g=5.0, source="typed")
    reading = Reading(load_g=50, indication_g=50, delta_g=1.5)
    assert unrounded_g(reading, BENCH, bench) == 51.0
    assert error_g(reading, BENCH, bench) == 1.0


@given(st.integers(0, 99_000), st.floats(-60, 60))
def test_small_weights_find_any_error(load_kg: int, error_kg: float) -> None:
    reading = read_at(load_kg, error_kg)
    assert error_g(reading, TRUCKS, COARSE) == pytest.approx(error_kg * KG, abs=1e-3)


def test_a_coarse_display_without_small_weights_proves_nothing() -> None:
    bare = Reading(load_g=400 * KG, indication_g=400 * KG)
    said = named("no_delta", lambda: zero_accuracy(TRUCKS, COARSE, [msgspec.structs.replace(
        bare, load_g=0.0, indication_g=0.0)]))  # fmt: skip
    assert "2 kg" in said
    fifth = msgspec.structs.replace(COARSE, resolution_g=4.0 * KG)
    assert error_g(bare, TRUCKS, fifth) == 0
    fourth = msgspec.structs.replace(COARSE, resolution_g=5.0 * KG)
    with pytest.raises(SetError, match="no_delta"):
        error_g(bare, TRUCKS, fourth)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"delta_g": 20_001.0}, "bad_delta"),
        ({"delta_g": -1.0}, "bad_delta"),
        ({"indication_g": 20_010.0 * KG}, "not_a_multiple"),
        ({"indication_g": float("nan")}, "not_a_number"),
        ({"delta_g": float("nan")}, "not_a_number"),
        ({"load_g": float("nan")}, "not_a_number"),
        ({"load_g": -20.0 * KG}, "not_a_number"),
        ({"load_g": 100_020.0 * KG}, "over_max"),
        ({"indication_g": 100_200.0 * KG}, "blank_indication"),
    ],
)
def test_a_reading_that_cannot_be_is_named(change: dict[str, float], name: str) -> None:
    with pytest.raises(SetError) as caught:
        error_g(msgspec.structs.replace(read_at(20_000), **change), TRUCKS, COARSE)
    assert caught.value.name == name


def weigh(errors_kg: dict[int, float], *, zero_kg: float = 0.0, in_service: bool = False) -> Report:
    conditions = msgspec.structs.replace(COARSE, in_service=in_service)
    up, down = series(UP_KG, errors_kg), series(DOWN_KG, errors_kg)
    return weighing(TRUCKS, conditions, read_at(0, zero_kg), up, down)


@pytest.mark.parametrize(
    ("load_kg", "limit_kg"), [(400, 10), (10_000, 10), (20_000, 20), (40_000, 20), (100_000, 30)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_weighing_passes_up_to_the_mpe_and_no_further(
    load_kg: int, limit_kg: int, sign: int
) -> None:
    assert weigh({load_kg: sign * limit_kg}).passed
    assert weigh({load_kg: sign * 2 * limit_kg}, in_service=True).passed
    assert not weigh({load_kg: sign * (limit_kg + 0.5)}).passed
    assert not weigh({load_kg: sign * (2 * limit_kg + 0.5)}, in_service=True).passed


def test_weighing_is_judged_by_the_error_beyond_that_of_zero() -> None:
    assert not weigh({400: 11.0}).passed
    assert weigh({400: 11.0}, zero_kg=2.0).passed
    report = weigh({400: 11.0}, zero_kg=2.0)
    row = next(row for row in report.rows if row.reading.load_g == 400 * KG)
    assert row.error_g == 11 * KG
    assert row.decision == Decision(value_g=9.0 * KG, limit_g=10.0 * KG)
    assert report.worst.margin_g == 1 * KG


@given(st.sampled_from(UP_KG), st.floats(0, 80), st.floats(0, 80))
def test_a_larger_error_never_turns_a_fail_into_a_pass(
    load_kg: int, one_kg: float, other_kg: float
) -> None:
    small, large = sorted((one_kg, other_kg))
    for sign in (1, -1):
        nearer, farther = weigh({load_kg: sign * small}), weigh({load_kg: sign * large})
        assert nearer.passed or not farther.passed
        assert nearer.worst.margin_g >= farther.worst.margin_g - 1e-3


@given(
    st.lists(st.floats(-40, 40), min_size=6, max_size=6),
    st.lists(st.floats(-40, 40), min_size=5, max_size=5),
)
def test_one_reading_outside_fails_the_test(ups: list[float], downs: list[float]) -> None:
    up = [read_at(load, error) for load, error in zip(UP_KG, ups, strict=True)]
    down = [read_at(load, error) for load, error in zip(DOWN_KG, downs, strict=True)]
    report = weighing(TRUCKS, COARSE, ZERO, up, down)
    inside = [
        abs(error) * KG <= mpe_g(load * KG, TRUCKS.e_g, in_service=False) + 1e-6
        for load, error in zip(UP_KG + DOWN_KG, ups + downs, strict=True)
    ]
    assert report.passed == all(inside)
    assert report.passed == (report.worst.margin_g >= -1e-6)


@pytest.mark.parametrize(
    ("up_kg", "down_kg", "name"),
    [
        ((400, 10_000, 40_000, 100_000), DOWN_KG, "too_few_weighings"),
        (UP_KG, (70_000, 40_000, 10_000), "too_few_weighings"),
        ((1_000, *UP_KG[1:]), DOWN_KG, "load_outside_band"),
        ((400, 5_000, 20_000, 40_000, 70_000, 100_000), DOWN_KG, "load_outside_band"),
        ((400, 10_000, 20_000, 50_000, 70_000, 100_000), DOWN_KG, "load_outside_band"),
        ((400, 10_000, 20_000, 40_000, 70_000, 95_000), DOWN_KG, "load_outside_band"),
        (UP_KG, (70_000, 40_000, 20_000, 10_000, 1_000), "load_outside_band"),
        (UP_KG[::-1], DOWN_KG, "wrong_order"),
        (UP_KG, DOWN_KG[::-1], "wrong_order"),
        ((400, 400, *UP_KG[1:]), DOWN_KG, "wrong_order"),
        ((*UP_KG, 100_020), DOWN_KG, "over_max"),
    ],
)
def test_an_incomplete_weighing_test_is_no_test(
    up_kg: tuple[int, ...], down_kg: tuple[int, ...], name: str
) -> None:
    named(name, lambda: weighing(TRUCKS, COARSE, ZERO, series(up_kg), series(down_kg)))


def test_zero_is_read_close_to_zero() -> None:
    on_ten_e = read_at(200, 1.0)
    assert weighing(TRUCKS, COARSE, on_ten_e, series(UP_KG), series(DOWN_KG)).passed
    far = read_at(220)
    up, down = series(UP_KG), series(DOWN_KG)
    named("load_outside_band", lambda: weighing(TRUCKS, COARSE, far, up, down))


def test_repeatability_is_the_range_of_errors() -> None:
    """50 t and 98 t on e = 20 kg: 30 kg each; a range of 30 passes, 31 does not."""
    for last_kg, passed in ((14.0, True), (15.0, True), (15.5, False)):
        errors = [(50_000, 0.0)] * 3 + [(98_000, -15.0), (98_000, 0.0), (98_000, last_kg)]
        report = repeatability(TRUCKS, COARSE, [read_at(*pair) for pair in errors])
        assert report.passed is passed
        assert report.checks[1].decision.value_g == pytest.approx((last_kg + 15) * KG)


def test_repeatability_also_holds_each_error_to_the_mpe() -> None:
    errors = [(50_000, 0.0)] * 3 + [(98_000, 31.0)] * 3
    assert not repeatability(TRUCKS, COARSE, [read_at(*pair) for pair in errors]).passed


def test_repeatability_needs_three_weighings_of_two_loads_and_ten_on_a_light_scale() -> None:
    named("too_few_weighings", lambda: repeatability(TRUCKS, COARSE, SIX[:5]))
    named("load_outside_band", lambda: repeatability(TRUCKS, COARSE, SIX[:3]))
    named("load_outside_band", lambda: repeatability(TRUCKS, COARSE, SIX[3:]))
    bench = [Reading(load_g=g, indication_g=g) for g in (7500.0, 14_000.0) for _ in range(10)]
    assert repeatability(BENCH, FINE, bench).passed
    named("too_few_weighings", lambda: repeatability(BENCH, FINE, bench[:-1]))


def test_eccentricity_needs_every_support_and_its_own_load() -> None:
    assert eccentricity(TRUCKS, COARSE, ZERO, PLACES).passed
    said = named("missing_place", lambda: eccentricity(TRUCKS, COARSE, ZERO, PLACES[:6]))
    assert "7, 8" in said
    ninth = read_at(14_280, place="9")
    named("unknown_place", lambda: eccentricity(TRUCKS, COARSE, ZERO, [*PLACES, ninth]))
    third = [read_at(33_320, place=str(n + 1)) for n in range(8)]
    said = named("load_outside_band", lambda: eccentricity(TRUCKS, COARSE, ZERO, third))
    assert "1/7 of (Max + T+)" in said
    four = msgspec.structs.replace(TRUCKS, supports=4)
    assert eccentricity(four, COARSE, ZERO, third[:4]).passed
    outside = [*PLACES[:7], read_at(14_280, 20.5, place="8")]
    assert not eccentricity(TRUCKS, COARSE, ZERO, outside).passed


def test_a_rolling_load_stands_at_the_three_places_and_weighs_at_most_four_fifths() -> None:
    rolled = [read_at(80_000, place=place) for place in ("begin", "middle", "end")]
    assert eccentricity(TRUCKS, COARSE, ZERO, rolled).passed
    named("missing_place", lambda: eccentricity(TRUCKS, COARSE, ZERO, rolled[:2]))
    back = [*rolled, read_at(80_000, place="begin back")]
    named("missing_place", lambda: eccentricity(TRUCKS, COARSE, ZERO, back))
    heavy = [read_at(80_020, place=place) for place in ("begin", "middle", "end")]
    named("load_outside_band", lambda: eccentricity(TRUCKS, COARSE, ZERO, heavy))
    other = [*rolled[:2], read_at(79_980, place="end")]
    named("different_loads", lambda: eccentricity(TRUCKS, COARSE, ZERO, other))


def discriminate(extra_kg: float = 28, change_kg: int = 20, at_kg: int = 100_000) -> Report:
    looks = [
        Added(before=read_at(kg), extra_g=28 * KG, after_g=(kg + 20) * KG) for kg in (400, 50_000)
    ]
    last = Added(before=read_at(at_kg), extra_g=extra_kg * KG, after_g=(at_kg + change_kg) * KG)
    return discrimination(TRUCKS, COARSE, [*looks, last])


def test_discrimination_is_one_d_for_one_point_four_d() -> None:
    assert discriminate().passed
    assert discriminate(change_kg=40).passed
    assert not discriminate(change_kg=0).passed
    assert not discriminate(change_kg=-20).passed
    named("bad_extra", lambda: discriminate(extra_kg=29))
    named("bad_extra", lambda: discriminate(extra_kg=20))
    named("load_outside_band", lambda: discriminate(at_kg=70_000))
    named("not_a_multiple", lambda: discriminate(change_kg=19))


def test_creep_by_the_golden_vector() -> None:
    """e = 5 g, 15 kg: 0.5, 1.0 and 1.0 g at 5, 15 and 30 min."""
    moved = ((0.0, 0.0), (5.0, 0.5), (15.0, 1.0), (30.0, 1.0))
    readings = [
        Reading(load_g=15_000, indication_g=15_000 + g, at_s=minutes * MIN) for minutes, g in moved
    ]
    report = creep(BENCH, FINE, readings)
    assert report.passed
    assert report.worst.margin_g == 1.0
    assert [row.decision.value_g for row in report.rows if row.decision] == [0.5, 1.0, 1.0]


HALF_HOUR = ((0, 0.0), (15, 8.0), (30, 10.0))


@pytest.mark.parametrize(("kg_15", "kg_30"), [(8.0, 10.0), (6.0, 10.0), (-6.0, -10.0)])
def test_half_an_hour_of_creep_suffices(kg_15: float, kg_30: float) -> None:
    """0.5 e is 10 kg, 0.2 e is 4 kg, both still allowed."""
    assert creep(TRUCKS, FINE, creep_at((0, 0.0), (15, kg_15), (30, kg_30))).passed


@pytest.mark.parametrize(
    "early", [((15, 8.0), (30, 10.5)), ((15, 5.5), (30, 10.0)), ((15, 12.0), (30, 10.0))]
)
def test_more_creep_is_decided_by_four_hours(early: tuple[tuple[int, float], ...]) -> None:
    begun = [(0, 0.0), *early]
    said = named("too_short", lambda: creep(TRUCKS, FINE, creep_at(*begun)))
    assert "reading at 1 h is missing" in said
    hours = [(60, 20.0), (120, 25.0), (180, 29.0), (240, 30.0)]
    assert creep(TRUCKS, FINE, creep_at(*begun, *hours)).passed
    assert not creep(TRUCKS, FINE, creep_at(*begun, *hours[:3], (240, 30.5))).passed
    named("too_short", lambda: creep(TRUCKS, FINE, creep_at(*begun, *hours[:2], hours[3])))


def test_creep_over_the_mpe_fails_at_once() -> None:
    assert not creep(TRUCKS, FINE, creep_at((0, 0.0), (15, 8.0), (30, 31.0))).passed


def test_a_late_reading_counts_though_half_an_hour_sufficed() -> None:
    assert creep(TRUCKS, FINE, creep_at(*HALF_HOUR, (120, 30.0))).passed
    assert not creep(TRUCKS, FINE, creep_at(*HALF_HOUR, (120, 31.0))).passed


@pytest.mark.parametrize(
    ("times", "name"),
    [
        (((0, 0.0), (15, 0.0)), "missing_time"),
        (((0, 0.0), (30, 0.0)), "missing_time"),
        (((1, 0.0), (15, 0.0), (30, 0.0)), "missing_time"),
        (((0, 0.0), (15, 0.0), (29, 0.0), (28, 0.0)), "wrong_order"),
        ((), "missing_time"),
    ],
)
def test_creep_without_its_times_is_no_test(
    times: tuple[tuple[float, float], ...], name: str
) -> None:
    named(name, lambda: creep(TRUCKS, FINE, creep_at(*times)))


def test_creep_is_tested_close_to_max_under_one_load() -> None:
    light = creep_at(*HALF_HOUR, e_load_kg=80_000)
    named("load_outside_band", lambda: creep(TRUCKS, FINE, light))
    changed = [*creep_at(*HALF_HOUR)[:2], creep_at((30, 0.0), e_load_kg=98_020)[0]]
    named("different_loads", lambda: creep(TRUCKS, FINE, changed))


def returned(after_kg: float, loaded_min: float = 30, load_kg: int = 98_000) -> Report:
    before, after = read_at(200, 1.0), read_at(200, 1.0 + after_kg)
    return zero_return(TRUCKS, COARSE, before, load_kg * KG, loaded_min * MIN, after)


def test_zero_returns_within_half_an_interval() -> None:
    assert returned(10.0).passed
    assert returned(-10.0).passed
    assert not returned(10.5).passed
    named("too_short", lambda: returned(0.0, loaded_min=20))
    named("too_short", lambda: returned(0.0, loaded_min=float("nan")))
    named("load_outside_band", lambda: returned(0.0, load_kg=50_000))


def test_stored_weights_stand_for_five_seconds() -> None:
    calm = [stood() for _ in range(4)]
    assert stability(TRUCKS, COARSE, [*calm, stood(50_000, 50_000, 50_020)], FIVE_ZEROS).passed
    wide = stood(50_000, 49_980, 50_000, 50_020)
    report = stability(TRUCKS, COARSE, [*calm, wide], FIVE_ZEROS)
    assert not report.passed, "three values, though none further than e from the stored one"
    off = stood(50_000, 50_020, 50_040)
    assert not stability(TRUCKS, COARSE, [*calm, off], FIVE_ZEROS).passed
    unlike = stood(50_000, 50_040)
    assert not stability(TRUCKS, COARSE, [*calm, unlike], FIVE_ZEROS).passed


def test_the_stored_value_is_one_of_the_two_adjacent_ones() -> None:
    """On d = e / 2 two adjacent values may lie within e of a third that was stored."""
    fine = msgspec.structs.replace(TRUCKS, d_g=10 * KG)
    beside = stood(50_000, 50_000, 50_010)
    assert stability(fine, COARSE, [beside] * 5, FIVE_ZEROS).passed
    apart = stood(50_000, 50_010, 50_020)
    assert not stability(fine, COARSE, [apart] * 5, FIVE_ZEROS).passed


def test_stability_needs_five_of_each_at_half_of_max() -> None:
    five = [stood()] * 5
    named("too_few_weighings", lambda: stability(TRUCKS, COARSE, five[:4], FIVE_ZEROS))
    named("too_few_weighings", lambda: stability(TRUCKS, COARSE, five, FIVE_ZEROS[:4]))
    named("too_few_weighings", lambda: stability(TRUCKS, COARSE, five, []))
    named("load_outside_band", lambda: stability(TRUCKS, COARSE, [stood(20_000)] * 5, FIVE_ZEROS))
    assert stability(TRUCKS, COARSE, [stood(20_000)] * 5, [], passages=True).passed
    named("too_few_weighings", lambda: stability(TRUCKS, COARSE, five[:4], [], passages=True))
    nothing = Stored(value_g=50_000 * KG, shown=())
    named("no_stable_reading", lambda: stability(TRUCKS, COARSE, [nothing] * 5, FIVE_ZEROS))
    half = stood(50_000, 50_010)
    named("not_a_multiple", lambda: stability(TRUCKS, COARSE, [half] * 5, FIVE_ZEROS))


@pytest.mark.parametrize(("error_kg", "passed"), [(5.0, True), (-5.0, True), (5.5, False)])
def test_zero_is_set_to_a_quarter_of_e(error_kg: float, passed: bool) -> None:
    zeros = [read_at(0, error_kg, place="tare")]
    assert zero_accuracy(TRUCKS, COARSE, zeros).passed is passed
    off = [*FIVE_ZEROS[:4], read_at(0, error_kg)]
    assert stability(TRUCKS, COARSE, [stood()] * 5, off).passed is passed


def test_zero_names_what_is_no_zero() -> None:
    named("too_few_weighings", lambda: zero_accuracy(TRUCKS, COARSE, []))
    named("unknown_place", lambda: zero_accuracy(TRUCKS, COARSE, [read_at(0, place="net")]))


def test_nothing_decided_is_not_passed() -> None:
    empty = Report(test="zero", clause="", scale=TRUCKS, conditions=COARSE, rows=())
    assert not empty.passed
    assert not Decision(value_g=float("nan"), limit_g=1.0).passed
