"""Known vehicles: one that deviates is the vehicle, several alike are the scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.visits import (
    DAY_US,
    VISITS_MAX,
    Visit,
    VisitFinding,
    VisitKind,
    VisitRegister,
    same_axles,
)

AXLES = (0, 3800, 5150)
HOUR_US = DAY_US // 24


def visit(vehicle: str, at_us: int, tare_kg: float, axles: tuple[int, ...] = AXLES) -> Visit:
    return Visit(
        vehicle=vehicle,
        at_us=at_us,
        tare_g=round(1000 * tare_kg),
        u95_g=10_000,
        offsets_mm=axles,
    )


def register(vehicles: int, seed: int = 0, days: int = 6) -> VisitRegister:
    """Vehicles of 10 t, 11 t, … that came every day and were always nearly the same."""
    rng = np.random.default_rng(seed)
    out = VisitRegister()
    for day in range(days):
        for k in range(vehicles):
            tare = (10_000 + 1000 * k) * (1 + rng.normal(0, 0.004))
            assert out.add(visit(f"v{k}", day * DAY_US + k * HOUR_US, tare)) == ()
    return out


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-0.015, 0.015))
def test_ordinary_days_are_quiet(seed: int, last: float) -> None:
    known = register(5, seed)
    assert known.add(visit("v2", 6 * DAY_US, 12_000 * (1 + last))) == ()


def test_a_visit_taken_back_is_no_witness_and_no_history() -> None:
    known, before = register(5), register(5).visits()
    deviating = [visit(f"v{k}", 6 * DAY_US + k, 950 * (10 + k)) for k in range(3)]
    for one in deviating[:2]:
        assert known.add(one)[0].kind == VisitKind.VEHICLE_TARE
        known.take_back(one)
    assert known.visits() == before
    assert known.add(deviating[2])[0].kind == VisitKind.VEHICLE_TARE, "not the scale: it is alone"
    known.take_back(visit("stranger", 1, 10_000))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 0.3), st.sampled_from([-1, 1]), st.integers(0, 10**6))
def test_one_vehicle_alone_is_the_vehicle(size: float, sign: int, seed: int) -> None:
    known = register(5, seed)
    (found,) = known.add(visit("v2", 6 * DAY_US, 12_000 * (1 + sign * size)))
    assert found.kind == VisitKind.VEHICLE_TARE
    assert found.ratio_ppm == pytest.approx(1e6 * sign * size, abs=2 * found.u95_ppm)
    assert found.value_g == pytest.approx(12e6 * sign * size, rel=0.3)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.03, 0.2), st.sampled_from([-1, 1]), st.integers(0, 10**6))
def test_several_alike_on_one_day_are_the_scale(size: float, sign: int, seed: int) -> None:
    known = register(8, seed)
    gain = 1 + sign * size
    out: list[VisitFinding] = []
    for k in range(8):
        out += known.add(visit(f"v{k}", 7 * DAY_US + k * HOUR_US, (10_000 + 1000 * k) * gain))
    scale = [f for f in out if f.kind == VisitKind.SCALE_GAIN]
    assert len(scale) == 1
    assert scale[0].ratio_ppm == pytest.approx(1e6 * sign * size, abs=scale[0].u95_ppm + 3000)
    assert scale[0].vehicles >= 3
    after = out[out.index(scale[0]) + 1 :]
    assert after == []


def test_while_the_scale_deviates_one_that_deviates_otherwise_is_still_named() -> None:
    known = register(8)
    for k in range(6):
        known.add(visit(f"v{k}", 7 * DAY_US + k * HOUR_US, (10_000 + 1000 * k) * 0.95))
    (found,) = known.add(visit("v7", 7 * DAY_US + 7 * HOUR_US, 17_000 * 1.1))
    assert (found.kind, found.vehicle) == (VisitKind.VEHICLE_TARE, "v7")


def test_two_alike_are_not_yet_the_scale_nor_is_one_that_comes_often() -> None:
    known = register(8)
    known.add(visit("v0", 7 * DAY_US, 10_000))
    pair = [known.add(visit(f"v{k}", 7 * DAY_US + k * HOUR_US, 950 * (10 + k))) for k in (1, 2)]
    assert [[f.kind for f in each] for each in pair] == [[VisitKind.VEHICLE_TARE]] * 2
    known = register(8)
    often = [known.add(visit("v1", 7 * DAY_US + k * HOUR_US, 10_000)) for k in range(3)]
    assert [[f.kind for f in each] for each in often] == [[VisitKind.VEHICLE_TARE]] * 3


def test_the_same_plate_on_other_axles_is_not_compared() -> None:
    known = register(3)
    (found,) = known.add(visit("v1", 7 * DAY_US, 20_000, (0, 3800, 5150, 6500)))
    assert found.kind == VisitKind.OTHER_AXLES
    assert found.ratio_ppm == 0


def test_too_few_visits_say_nothing() -> None:
    known = register(3, days=2)
    assert known.add(visit("v1", 7 * DAY_US, 20_000)) == ()


def test_a_new_body_is_the_usual_tare_after_some_visits() -> None:
    known = register(3)
    said = [known.add(visit("v1", (7 + day) * DAY_US, 12_500)) for day in range(8)]
    assert said[0] != ()
    assert said[-1] == ()


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (AXLES, (0, 3900, 5200), True),
        (AXLES, (0, 1350, 5150), True),
        (AXLES, (0, 4300, 5650), False),
        (AXLES, (0, 3800), False),
        ((), (), True),
    ],
)
def test_axle_patterns_are_the_same_either_way_round(
    one: tuple[int, ...], two: tuple[int, ...], same: bool
) -> None:
    assert same_axles(one, two) is same
    assert same_axles(two, one) is same


def test_memory_is_bounded_and_survives_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensors.visits.VEHICLES_MAX", 6)
    known = register(6, days=12)
    assert len(known.visits()) == 6 * VISITS_MAX
    known.add(visit("new", 12 * DAY_US, 9_000))
    kept = known.visits()
    assert {v.vehicle for v in kept} == {"v1", "v2", "v3", "v4", "v5", "new"}
    again = VisitRegister()
    for each in kept:
        again.add(each)
    assert again.visits() == kept
    odd = visit("v4", 13 * DAY_US, 15_000)
    assert again.add(odd) == known.add(odd) != ()


def test_a_tare_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="tare_g: 0 of v1"):
        VisitRegister().add(visit("v1", 0, 0))
