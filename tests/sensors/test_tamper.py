"""The weight curve: devices, props and persons are told from bounce, axles and bad samples."""

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.recording import read_recording
from sensors.calibration import Scale, scale_from_dict
from sensors.despike import Despike
from sensors.step_fit import ROWS, StepFit
from sensors.tamper import TamperFinding, TamperKind, TamperWatch

Floats = npt.NDArray[np.float64]

TRACES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traces"
KG = 1000.0
E_G = 20 * KG
TICK_US = 100_000
LOADS_KG = np.array([5200.0, 4700.0, 9100.0, 8300.0, 2600.0, 2400.0])
SCALE: list[Scale] = []


@pytest.fixture(autouse=True)
def _scale(scale: Scale) -> None:
    SCALE[:] = [scale]


def times(seconds: float) -> Floats:
    return np.asarray(np.arange(round(seconds * 10)) * 0.1, np.float64)


def bouncing(t_s: Floats, share: float, hz: float, decay: float, seed: int = 1) -> Floats:
    """A standing vehicle, grams (ticks, 6), with its body still bouncing and some noise."""
    swing = 1 + share * np.exp(-decay * t_s) * np.sin(2 * np.pi * hz * t_s)
    noise = np.random.default_rng(seed).normal(0, 2 * KG, (len(t_s), 6))
    return np.asarray(LOADS_KG * KG * swing[:, None] + noise)


def run(
    cells_g: Floats,
    standing: bool | npt.NDArray[np.bool_] = True,
    empty: bool | npt.NDArray[np.bool_] = False,
    axle: bool | npt.NDArray[np.bool_] = False,
    watch: TamperWatch | None = None,
) -> list[TamperFinding]:
    watch = watch or TamperWatch(SCALE[0])
    n = len(cells_g)
    flags = [np.broadcast_to(flag, n) for flag in (standing, empty, axle)]
    out: list[TamperFinding] = []
    for k in range(n):
        a, b, c = (bool(flag[k]) for flag in flags)
        out += watch.update((k + 1) * TICK_US, cells_g[k], a, b, c, beam_edge=False)
    return out


def at_place(kg: float, x_m: float, y_m: float) -> Floats:
    """Shares of a point load on the spans of the six-cell deck, grams."""
    x = SCALE[0].x_m()
    rows = np.unique(x)
    out = np.zeros(6)
    for i, row in enumerate(rows):
        share = float(np.interp(x_m, rows, np.eye(len(rows))[i]))
        for cell in np.flatnonzero(x == row):
            side = 0.5 + y_m / (2 * SCALE[0].cells[cell].y_m)
            out[cell] = kg * KG * share * side
    return out


swings = st.tuples(
    st.floats(0.0, 0.05), st.floats(0.7, 2.8), st.floats(0.05, 1.5), st.integers(0, 10**6)
)


@settings(max_examples=60, deadline=None)
@given(swings)
def test_bounce_alone_is_nothing(swing: tuple[float, float, float, int]) -> None:
    share, hz, decay, seed = swing
    assert run(bouncing(times(9), share, hz, decay, seed)) == []


@settings(max_examples=60, deadline=None)
@given(st.floats(8, 120), st.sampled_from([-1, 1]), st.floats(4.5, 5.5), swings)
def test_a_device_is_found_under_a_small_bounce(
    size_e: float, sign: int, at_s: float, swing: tuple[float, float, float, int]
) -> None:
    share, hz, decay, seed = swing
    t_s = times(10)
    cells_g = bouncing(t_s, share / 10, hz, decay, seed)
    change_g = sign * size_e * E_G
    cells_g *= 1 + np.where(t_s >= at_s, change_g / (LOADS_KG.sum() * KG), 0.0)[:, None]
    found = run(cells_g)
    assert len(found) == 1
    assert found[0].kind == TamperKind.SYMMETRIC or size_e < 20
    off_max_g = 4 * found[0].u95_g + 0.05 * abs(change_g)
    assert found[0].value_g == pytest.approx(change_g, abs=off_max_g)
    assert found[0].u95_g < abs(change_g) / 2
    assert abs(found[0].at_us / 1e6 - 0.1 - at_s) <= 0.3
    load_g = LOADS_KG.sum() * KG
    assert found[0].ratio_ppm == pytest.approx(1e6 * found[0].value_g / load_g, rel=0.02)
    assert found[0].u95_ppm == pytest.approx(1e6 * found[0].u95_g / load_g, rel=0.02, abs=2)
    assert sum(found[0].cells_g) == pytest.approx(found[0].value_g, abs=6)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(75, 130),
    st.floats(1.0, 15.0),
    st.floats(-1.2, 1.2),
    st.sampled_from([-1, 1]),
    st.integers(0, 10**6),
)
def test_a_person_is_a_person_where_he_steps(
    kg: float, x_m: float, y_m: float, sign: int, seed: int
) -> None:
    t_s = times(9)
    cells_g = bouncing(t_s, 0.0, 1.0, 1.0, seed)
    cells_g += np.where(t_s >= 5, 1.0, 0.0)[:, None] * sign * at_place(kg, x_m, y_m)
    found = run(cells_g)
    assert len(found) == 1
    value = abs(found[0].value_g)
    assert value == pytest.approx(kg * KG, abs=2 * found[0].u95_g + 5 * KG)
    load_x = float(LOADS_KG @ SCALE[0].x_m() / LOADS_KG.sum())
    if abs(x_m - load_x) > 2.5:
        assert found[0].kind == TamperKind.PERSON
    assert found[0].x_mm is None or abs(found[0].x_mm - 1000 * x_m) < 2500


def test_more_than_a_person_at_one_place_is_a_jump() -> None:
    t_s = times(9)
    cells_g = bouncing(t_s, 0.0, 1.0, 1.0)
    cells_g += np.where(t_s >= 5, 1.0, 0.0)[:, None] * at_place(400, 2.0, 0.5)
    assert [f.kind for f in run(cells_g)] == [TamperKind.PLATEAU_JUMP]


def test_equal_parts_on_all_cells_are_no_person() -> None:
    t_s = times(9)
    cells_g = bouncing(t_s, 0.0, 1.0, 1.0) + np.where(t_s >= 5, 20 * KG, 0.0)[:, None]
    found = run(cells_g)
    assert [f.kind for f in found] == [TamperKind.PLATEAU_JUMP]
    assert found[0].value_g == pytest.approx(120 * KG, abs=10 * KG)


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.0])
def test_a_ramp_of_a_standing_load_is_found(seconds: float) -> None:
    """Its size is understated where it is taken for a step; docs/tamper.md says so."""
    t_s = times(20)
    ramp = 1 - 0.02 * np.clip((t_s - 6) / seconds, 0, 1)
    found = run(bouncing(t_s, 0.0, 1.0, 1.0) * ramp[:, None])
    assert {f.kind for f in found} == {TamperKind.SYMMETRIC}
    assert -22_000 < sum(f.ratio_ppm or 0 for f in found) < -5_000


def test_a_slow_small_ramp_is_found_by_its_plateaus() -> None:
    t_s = times(20)
    ramp = 1 - 0.005 * np.clip((t_s - 6) / 8, 0, 1)
    (found,) = run(bouncing(t_s, 0.0, 1.0, 1.0) * ramp[:, None])
    assert found.kind == TamperKind.SYMMETRIC
    assert found.ratio_ppm == pytest.approx(-5_000, abs=500)


def test_a_load_that_shifts_on_the_deck_is_nothing() -> None:
    t_s = times(10)
    cells_g = bouncing(t_s, 0.0, 1.0, 1.0)
    shift = np.clip((t_s - 5) / 0.3, 0, 1)[:, None]
    cells_g += shift * (at_place(900, 12.0, 0.0) - at_place(900, 6.0, 0.0))
    assert run(cells_g) == []


def test_a_body_that_nods_as_it_sets_off_is_nothing() -> None:
    # Sums in kilograms of a simulated passage, which jerks in the last of them.
    sums = """34758 34801 34866 34888 34859 34823 34813 34821 34837 34852 34857 34848 34830 34820
        34829 34849 34858 34849 34832 34824 34831 34847 34853 34845 34833 34830 34836 34843 34892
        35221 35320"""
    load = np.array([float(kg) for kg in sums.split()])
    jerk = np.where(np.arange(len(load)) < len(load) - 3, 0.0, load - 34_840)
    cells = np.outer((load - jerk) * KG, LOADS_KG / LOADS_KG.sum())
    cells += np.outer(jerk * KG, (1.45, 1.6, -0.85, -0.95, -0.1, -0.15))
    rolls = np.repeat(cells[-1:], 20, axis=0) + np.linspace(2 * KG, 40 * KG, 20)[:, None]
    standing = np.arange(len(cells) + len(rolls)) < len(cells)
    assert run(np.concatenate((cells, rolls)), standing) == []


def rolling(t_s: Floats, change: Floats, axle_s: float | None = None) -> Floats:
    """Four axle loads roll along the deck; one more may climb on at the entry, uncounted."""
    out = np.random.default_rng(2).normal(0, 2 * KG, (len(t_s), 6))
    for k, at in enumerate(t_s):
        for offset, kg in ((0.0, 6000.0), (2.5, 6000.0), (3.8, 8000.0)):
            out[k] += at_place(kg, 4.5 + 1.0 * at - offset, 0.0)
        if axle_s is not None and at >= axle_s:
            out[k] += at_place(5000.0, 0.1 + 1.0 * (at - axle_s), 0.0)
    return np.asarray(out * (1 + change)[:, None])


def test_a_device_on_a_rolling_load_is_a_step_even_if_taken_for_an_axle() -> None:
    t_s = times(7)
    cells_g = rolling(t_s, np.where(t_s >= 4, -0.05, 0.0))
    for axle in (np.zeros(len(t_s), np.bool_), (t_s > 4.2) & (t_s < 5.5)):
        found = run(cells_g, standing=False, axle=axle)
        assert [f.kind for f in found] == [TamperKind.STEP]
        assert found[0].ratio_ppm == pytest.approx(-50_000, abs=8_000)


def test_an_axle_that_nobody_counted_is_not_a_device() -> None:
    t_s = times(7)
    assert run(rolling(t_s, np.zeros(len(t_s)), axle_s=4.0), standing=False) == []


def test_the_second_axle_of_a_tandem_is_not_a_device() -> None:
    """Both stand on the first span, so the change is shared nearly as the load is."""
    t_s = times(8)
    cells_g = np.random.default_rng(2).normal(0, 2 * KG, (len(t_s), 6))
    for k, at in enumerate(t_s):
        cells_g[k] += at_place(6000, 0.3 + 0.5 * at, 0.0)
        cells_g[k] += at_place(6000.0 * (at >= 2.6), 0.2 + 0.5 * max(at - 2.6, 0.0), 0.0)
    assert run(cells_g, standing=False) == []


def test_a_rolling_load_that_grows_at_one_place_is_not_a_device() -> None:
    t_s = times(7)
    cells_g = rolling(t_s, np.zeros(len(t_s)))
    cells_g += (t_s >= 4)[:, None] * at_place(2000, 3.5, 1.0)
    assert run(cells_g, standing=False) == []


def test_a_counted_axle_of_a_standing_vehicle_is_not_judged() -> None:
    t_s = times(9)
    cells_g = bouncing(t_s, 0.0, 1.0, 1.0)
    cells_g += np.where(t_s >= 5, 1.0, 0.0)[:, None] * at_place(5000, 0.2, 0.0)
    assert [f.kind for f in run(cells_g)] == [TamperKind.PLATEAU_JUMP]
    assert run(cells_g, axle=(t_s >= 5.1) & (t_s < 6.4)) == []


def visit(rest_g: Floats, seed: int = 3) -> list[TamperFinding]:
    """Empty, a vehicle, empty again with a rest on the deck."""
    t_s = times(16)
    on = (t_s >= 5) & (t_s < 10)
    cells_g = np.random.default_rng(seed).normal(0, 0.7 * KG, (len(t_s), 6))
    cells_g += on[:, None] * LOADS_KG * KG + (t_s >= 10)[:, None] * rest_g
    near = (np.abs(t_s - 5) < 0.9) | (np.abs(t_s - 10) < 0.9)
    return run(cells_g, standing=on, empty=~on, axle=near)


@pytest.mark.parametrize(
    ("kg", "x_m", "said"), [(0, 8, 0), (60, 3, 0), (-80, 0.2, 1), (-500, 15, 1), (300, 12, 1)]
)
def test_a_deck_that_does_not_come_back_says_where(kg: float, x_m: float, said: int) -> None:
    found = visit(at_place(kg, x_m, 0.0))
    assert [f.kind for f in found] == [TamperKind.NO_RETURN] * said
    if said:
        assert found[0].value_g == pytest.approx(kg * KG, abs=5 * KG)
        assert found[0].x_mm == pytest.approx(1000 * x_m, abs=800)


def test_what_lands_on_the_empty_deck_later_is_no_return() -> None:
    t_s = times(24)
    on = (t_s >= 5) & (t_s < 10)
    cells_g = np.random.default_rng(1).normal(0, 0.7 * KG, (len(t_s), 6))
    cells_g += on[:, None] * LOADS_KG * KG + (t_s >= 18)[:, None] * at_place(300, 4.0, 0.0)
    near = (np.abs(t_s - 5) < 0.9) | (np.abs(t_s - 10) < 0.9)
    found = run(cells_g, standing=on, empty=~on, axle=near)
    assert [f.kind for f in found] == [TamperKind.STEP]
    assert found[0].value_g == pytest.approx(300 * KG, abs=found[0].u95_g + KG)


def test_a_device_soon_after_the_last_axle_is_found() -> None:
    """The flag still stands for a second when the axle is long on."""
    t_s = times(10)
    flagged = (t_s >= 0.7) & (t_s < 2.0)
    change = np.where(t_s >= 3.0, 0.97, 1.0)
    found = run(bouncing(t_s, 0.0, 1.0, 1.0) * change[:, None], axle=flagged)
    assert [f.kind for f in found] == [TamperKind.SYMMETRIC]


def test_a_device_switched_on_and_soon_off_is_found_twice() -> None:
    t_s = times(16)
    change = np.where((t_s >= 5) & (t_s < 7.5), 0.97, 1.0)
    found = run(bouncing(t_s, 0.0, 1.0, 1.0) * change[:, None])
    assert [f.kind for f in found] == [TamperKind.SYMMETRIC] * 2
    assert [np.sign(f.value_g) for f in found] == [-1, 1]


def test_bad_samples_are_no_findings() -> None:
    t_s = times(12)
    cells_g = bouncing(t_s, 0.03, 1.1, 0.2)
    watch = TamperWatch(SCALE[0])
    frozen = cells_g.copy()
    frozen[50:54] = frozen[49]
    frozen[54:] *= 1.1
    assert run(frozen, watch=watch) == []
    assert watch.update(10**9, np.full(6, np.nan), True, False, False, False) == ()
    with pytest.raises(ValueError, match=r"expected \(6,\)"):
        watch.update(2 * 10**9, np.zeros(5), True, False, False, False)


def test_after_a_gap_nothing_is_compared_with_before() -> None:
    watch = TamperWatch(SCALE[0])
    cells_g = bouncing(times(8), 0.0, 1.0, 1.0)
    assert run(cells_g, watch=watch) == []
    out: list[TamperFinding] = []
    for k, row in enumerate(cells_g * 1.05):
        out += watch.update(10**8 + k * TICK_US, row, True, False, False, False)
    assert out == []


number = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, float("nan"), float("inf")]))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-300_000, 3_000_000),
            st.lists(number, min_size=6, max_size=6),
            st.lists(st.booleans(), min_size=4, max_size=4),
            st.integers(1, 60),
        ),
        max_size=8,
    ),
    st.integers(0, 10**6),
)
def test_whatever_comes_it_answers_and_forgets(stretches: Iterable[Any], seed: int) -> None:
    watch = TamperWatch(SCALE[0])
    rng = np.random.default_rng(seed)
    now_us = 0
    for jump_us, level, (standing, empty, axle, beam), n in stretches:
        now_us += jump_us
        for row in np.array(level) + rng.normal(0, 1000, (n, 6)):
            now_us += TICK_US
            watch.update(now_us, row, standing, empty, axle, beam)
    assert len(watch._ticks) <= ROWS
    assert len(watch._plateaus) <= 24


@settings(max_examples=50, deadline=None)
@given(st.floats(-500, 500), swings)
def test_the_fit_gives_back_a_step_beside_any_tone(
    step: float, swing: tuple[float, float, float, int]
) -> None:
    share, hz, decay, seed = swing
    at = np.arange(ROWS) * 0.1
    tone = 40 * np.exp(-0.2 * decay * at) * np.sin(2 * np.pi * hz * at + seed)
    noise = np.random.default_rng(seed).normal(0, 1.0, ROWS)
    fitted = StepFit(0.1).step(1e4 + share + tone + noise + step * (at > 1.5))
    assert fitted.value == pytest.approx(step, abs=5 * fitted.u + 8)


def recorded(name: str) -> tuple[Scale, list[tuple[int, Floats, bool, bool]]]:
    """Ticks of a recording: time, grams above the first zero, standing, empty.

    Standing is judged by the centre of the load alone.
    """
    scale = scale_from_dict(tomllib.loads((TRACES / f"{name}.calib.toml").read_text()))
    rows = read_recording(TRACES / f"{name}.csv")
    t_us, grams = Despike(rows.cells).push(rows.t_us, scale.to_grams(rows.counts))
    tick = t_us // TICK_US
    starts = np.flatnonzero(np.diff(tick, prepend=-1))
    cells_g = np.add.reduceat(grams, starts) / np.diff(starts, append=len(tick))[:, None]
    cells_g -= np.median(cells_g[2:30], axis=0)
    load_g = cells_g.sum(axis=1)
    centre_m = cells_g @ scale.x_m() / np.maximum(load_g, scale.min_g)
    out = []
    for k, first in enumerate(starts):
        part = slice(max(0, k - 7), k + 1)
        still = bool(np.ptp(centre_m[part]) < 0.08 and load_g[part].min() > scale.min_g)
        at_us = (int(tick[first]) + 1) * TICK_US
        out.append((at_us, cells_g[k], still, bool(load_g[k] < 5 * scale.e_g)))
    return scale, out


def play(name: str, change: Callable[[float], float], cause_s: tuple[float, ...]) -> Any:
    """Findings of a recording whose gain changes; axles are flagged within a second of a cause."""
    scale, ticks = recorded(name)
    watch = TamperWatch(scale)
    found: list[TamperFinding] = []
    for at_us, cells_g, still, empty in ticks:
        axle = any(0.2 < at_us / 1e6 - cause < 1.5 for cause in cause_s)
        found += watch.update(at_us, cells_g * change(at_us / 1e6), still, empty, axle, False)
    return found


@pytest.mark.skipif(not TRACES.is_dir(), reason="the recorded traces are not beside this checkout")
@pytest.mark.parametrize("name", ["s0016", "s0021", "s0077", "s0091", "s0158", "s0226", "s0248"])
def test_recorded_passages_give_no_finding_and_a_device_on_them_does(name: str) -> None:
    truth = json.loads((TRACES / f"{name}.truth.json").read_text())
    axles = tuple(t for t in truth["t_axle_on_s"] if t is not None)
    quiet = play(name, lambda _: 1.0, axles)
    persons = [e for e in truth["events"] if e["type"] == "person"]
    assert {f.kind for f in quiet} == ({TamperKind.PERSON} if persons else set())
    at_s = truth["t_stops_s"][-1] + 6.0
    hit = play(name, lambda t_s: 0.97 if t_s > at_s else 1.0, axles)
    device = [f for f in hit if f.kind != TamperKind.PERSON]
    assert [f.kind for f in device] == [TamperKind.SYMMETRIC]
    assert device[0].ratio_ppm == pytest.approx(-30_000, abs=2_000)
