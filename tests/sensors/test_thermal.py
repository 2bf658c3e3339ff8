"""Temperature and creep: the error falls with what is known, and what is not known is said."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.calibration import Cell, Scale
from sensors.compensation import CreepTerm, SpanPoint, Temperature
from sensors.thermal import STALE_US, Compensation, Corrections
from sensors.weigher import Weigher
from sensors.weighing import EventKind, Status, Weighing

Make = Callable[..., Any]

TRUE_G = 24_000_000
WARM = Temperature(reference_c=20.0, zero_g_per_k=1_500.0, span_ppm_per_k=25.0)
CREEP = (CreepTerm(share_ppm=400.0, tau_s=4.0), CreepTerm(share_ppm=300.0, tau_s=60.0))
COUNTS_PER_KG = 140.0


def plain_scale(temperature: Temperature | None = None) -> Scale:
    cells = tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=3e5, dead_load_g=2_000_000)
        for x in (0.15, 15.85)
        for y in (1.4, -1.4)
    )
    return Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=60.0,
        platform_mm=16_000,
        has_beams=False,
        cells=cells,
        temperature=temperature,
    )


def weighed(
    passage: Any, scale: Scale, kg: Any, celsius: Callable[[float], float | None]
) -> Weighing:
    """The last look after a passage with these readings, and a thermometer over time (s)."""
    weigher = Weigher(scale)
    counts = np.round(kg * COUNTS_PER_KG + 300_000).astype(np.int64)
    for start in range(0, len(counts), 6):
        rows = slice(start, start + 6)
        t_s = float(passage.t_us[start] - passage.t_us[0]) / 1e6
        weigher.see_temperature(int(passage.t_us[start]), celsius(t_s))
        weigher.push(passage.t_us[rows], counts[rows], *passage.beams[rows].T)
    return weigher.snapshot()


def warmed_kg(passage: Any, celsius: float) -> Any:
    """What the cells read at a temperature that the zero was set at."""
    return passage.kg * (1 + 25e-6 * (celsius - 20.0))


@pytest.mark.parametrize("celsius", [-15.0, 48.0])
def test_the_error_of_the_span_falls_with_compensation(
    passage: Make, stop_legs: Any, celsius: float
) -> None:
    truck = passage(stop_legs)
    kg = warmed_kg(truck, celsius)
    scale = msgspec.structs.replace(truck.scale, temperature=WARM)
    off = weighed(truck, truck.scale, kg, lambda _: celsius)
    on = weighed(truck, scale, kg, lambda _: celsius)
    assert off.status == on.status == Status.ACCEPTED
    assert off.compensation == Compensation.NOT_STATED
    assert on.compensation == Compensation.APPLIED
    assert off.weight_g is not None
    assert on.weight_g is not None
    assert abs(off.weight_g - TRUE_G) > 15_000
    assert abs(on.weight_g - TRUE_G) < abs(off.weight_g - TRUE_G) / 4
    assert on.u95_g is not None
    assert off.u95_g is not None
    assert on.u95_g > off.u95_g
    assert abs(on.weight_g - TRUE_G) <= on.u95_g
    assert on.temperature_mc == 1000 * celsius


def test_a_zero_that_moves_under_the_vehicle_is_followed(passage: Make, stop_legs: Any) -> None:
    """Zero is tracked while the deck is empty; from then on only the thermometer knows."""
    truck = passage(stop_legs)
    t_s = (truck.t_us - truck.t_us[0]) / 1e6
    change_k = 12.0 * np.clip((t_s - 4.5) / 8.0, 0, 1)
    drift_kg = (1.5 * change_k / truck.kg.shape[1])[:, None]
    scale = msgspec.structs.replace(
        truck.scale, temperature=msgspec.structs.replace(WARM, span_ppm_per_k=0.0)
    )
    at = lambda s: 20.0 + 12.0 * float(np.clip((s - 4.5) / 8.0, 0, 1))  # noqa: E731
    off = weighed(truck, truck.scale, truck.kg + drift_kg, at)
    on = weighed(truck, scale, truck.kg + drift_kg, at)
    assert off.weight_g is not None
    assert on.weight_g is not None
    assert abs(off.weight_g - TRUE_G) > 14_000
    assert abs(on.weight_g - TRUE_G) < abs(off.weight_g - TRUE_G) / 2


@pytest.mark.parametrize("word", [None, 85.0, -127.0, float("nan")])
def test_without_a_believable_temperature_nothing_is_compensated_and_it_is_said(
    passage: Make, stop_legs: Any, word: float | None
) -> None:
    truck = passage(stop_legs)
    scale = msgspec.structs.replace(truck.scale, temperature=WARM)
    plain = weighed(truck, truck.scale, truck.kg, lambda _: word)
    silent = weighed(truck, scale, truck.kg, lambda _: word)
    assert silent.weight_g == plain.weight_g
    assert silent.u95_g == plain.u95_g
    assert silent.compensation == Compensation.NO_TEMPERATURE
    assert silent.temperature_mc is None
    assert [e.kind for e in silent.events].count(EventKind.NO_TEMPERATURE) == 1
    assert EventKind.NO_TEMPERATURE not in [e.kind for e in plain.events]


def crept_kg(kg: Any, rate_hz: float) -> Any:
    """The same with creep: each term follows the load within its time."""
    out = kg.copy()
    for term in CREEP:
        state = np.zeros(kg.shape[1])
        gain = 1 - np.exp(-1 / rate_hz / term.tau_s)
        for row in range(len(kg)):
            state += gain * (1e-6 * term.share_ppm * kg[row] - state)
            out[row] += state
    return out


def test_creep_is_taken_out_where_its_terms_are_stated(passage: Make, stop_legs: Any) -> None:
    truck = passage(stop_legs)
    kg = crept_kg(truck.kg, truck.scale.rate_hz)
    scale = msgspec.structs.replace(truck.scale, creep=CREEP)
    off = weighed(truck, truck.scale, kg, lambda _: None)
    on = weighed(truck, scale, kg, lambda _: None)
    assert off.weight_g is not None
    assert on.weight_g is not None
    assert off.weight_g - TRUE_G > 7_000
    assert abs(on.weight_g - TRUE_G) < (off.weight_g - TRUE_G) / 3
    assert on.u95_g is not None
    assert off.u95_g is not None
    assert on.u95_g > off.u95_g


def test_a_reading_that_leaps_is_not_believed_and_an_old_one_is_forgotten() -> None:
    known = Corrections(plain_scale(WARM))
    known.see(0, 21.0)
    known.see(1_000_000, 40.0)
    assert known.celsius == 21.0
    known.see(60_000_000, 23.0)
    assert known.celsius == 23.0
    states = []
    for now_us in (60_000_000, 60_000_001):
        known.tick(now_us + STALE_US)
        states.append(known.state)
    assert states == [Compensation.APPLIED, Compensation.NO_TEMPERATURE]
    assert known.correct_g(3e7) == 3e7
    known.see(60_000_002 + STALE_US, 40.0)
    assert known.celsius == 40.0


@settings(max_examples=60, derandomize=True)
@given(
    gross_g=st.floats(-1e6, 1e8),
    celsius=st.floats(-40, 60),
    moved_k=st.floats(-3, 3),
)
def test_what_temperature_did_is_undone(gross_g: float, celsius: float, moved_k: float) -> None:
    known = Corrections(plain_scale(WARM))
    known.see(0, celsius - moved_k if -40 <= celsius - moved_k <= 70 else celsius)
    zeroed_c = known.celsius
    known.zeroed()
    known.see(1, celsius)
    assert zeroed_c is not None
    assert known.celsius is not None
    span = 1 + 25e-6 * (known.celsius - 20.0)
    read_g = gross_g * span + 1_500.0 * (known.celsius - zeroed_c)
    assert known.correct_g(read_g) == pytest.approx(gross_g, abs=1e-3)
    assert known.u_g(read_g) >= 0.5 * 1_500.0


def test_points_of_the_span_come_after_the_temperature() -> None:
    points = (SpanPoint(shown_g=50_000_000, true_g=50_100_000),)
    known = Corrections(msgspec.structs.replace(plain_scale(WARM), span_points=points))
    known.see(0, 40.0)
    assert known.correct_g(50_000_000 * (1 + 25e-6 * 20)) == pytest.approx(50_100_000)
