"""The modal estimator as the weigher sees it: a stream in, a weight with its u95 out."""

from functools import cache
from typing import Final

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_rig import CELLS, E_G, STOP_S, Floats, Stand, make_scale, make_stand

from sensors import estimator
from sensors.estimator import Estimate, Looks, Modal
from sensors.slow import GRID_US, Slow
from sensors.window import NOISE_E

SEEDS: Final = range(20)


def started(at_us: int = 0) -> Modal:
    modal = Modal(make_scale())
    modal.restart(at_us)
    return modal


def known(modal: Modal, stopped_us: int | None = round(STOP_S * 1e6)) -> Estimate:
    found = modal.estimate(stopped_us)
    assert found is not None
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_no_piece_changes_the_estimate(seed: int, pieces: list[int]) -> None:
    stand = make_stand(seed, seconds=4.0, lost=0.05)
    whole, cut = stand.push(started(), 4.0, (1,)), stand.push(started(), 4.0, (1, *pieces))
    expected, found = known(whole), known(cut)
    assert found.weight_g == pytest.approx(expected.weight_g, abs=1e-3)
    assert found.u95_g == pytest.approx(expected.u95_g, rel=1e-6)
    assert found.window_us == expected.window_us


def test_a_restart_forgets_the_load_the_fit_and_the_looks() -> None:
    first, second = make_stand(1), make_stand(2)
    seam_us = int(first.t_us[-1])
    later = msgspec.structs.replace(second, t_us=second.t_us + seam_us + 12_500)
    ends_s = int(later.t_us[-1]) / 1e6
    stopped_us = seam_us + 2_000_000

    def run(restarted: bool, before: Stand) -> Estimate | None:
        modal = before.push(started(), 9.0)
        known(modal)
        if restarted:
            modal.restart(seam_us)
            assert modal.estimate(None) is None
        return later.push(modal, ends_s).estimate(stopped_us)

    alone = later.push(started(seam_us), ends_s).estimate(stopped_us)
    assert alone is not None
    assert run(True, first) == alone
    assert run(True, make_stand(3)) == alone
    assert run(False, first) != alone


def test_nothing_is_said_before_a_restart_or_of_half_a_second() -> None:
    stand = make_stand(4)
    assert stand.push(Modal(make_scale()), 3.0).estimate(None) is None
    short = stand.push(started(), 0.5)
    assert short.estimate(None) is None
    assert stand.push(started(), 0.8).estimate(None) is not None


@cache
def stated() -> tuple[Floats, Floats]:
    """Errors and u95 (seeds, looks) in grams at 0.5 to 2.5 s after the stop."""
    errors: list[list[float]] = []
    u95s: list[list[float]] = []
    for seed in SEEDS:
        stand, modal, at = make_stand(seed), started(round(1.4e6)), 0
        errors.append([])
        u95s.append([])
        for end in range(8, len(stand.t_us), 16):
            rows = slice(at, end)
            modal.push(stand.t_us[rows], stand.cells_g[rows], stand.usable[rows])
            at = end
            since_s = stand.t_us[end - 1] / 1e6 - STOP_S
            if since_s > 0.15:
                found = known(modal)
                errors[-1].append(found.weight_g - stand.truth_g)
                u95s[-1].append(found.u95_g)
    return np.array(errors), np.array(u95s)


def test_u95_covers_the_error_and_falls_as_the_body_calms() -> None:
    errors, u95 = stated()
    assert (u95 >= 2 * estimator.FLOOR_E * E_G).all()
    covered = (np.abs(errors) <= u95).mean(axis=1)
    assert 0.85 <= float(covered.mean()) <= 1.0
    middle = np.median(u95, axis=0)
    assert (np.diff(middle) < 0).all()
    assert middle[0] > 1.5 * middle[5]
    assert float(middle[-1]) < 0.35 * E_G


def test_u95_holds_the_range_of_the_last_looks() -> None:
    stand, modal = make_stand(5), started()
    grown = stand.cells_g * np.where(stand.t_us > 2.4e6, 1.02, 1.0)[:, None]
    stand = msgspec.structs.replace(stand, cells_g=grown)
    weights, wide = [], []
    for start in range(0, len(stand.t_us), 8):
        rows = slice(start, start + 8)
        modal.push(stand.t_us[rows], stand.cells_g[rows], stand.usable[rows])
        if stand.t_us[start] > 2.2e6:
            found = known(modal)
            weights.append(found.weight_g)
            wide.append(found.u95_g / max(1.0, float(np.ptp(weights[-Looks.KEPT :]))))
    assert np.ptp(weights) > 10 * E_G
    assert min(wide) >= 1.0


@pytest.mark.parametrize("noise_kg", [2.0, 10.0, 50.0])
def test_noise_of_a_point_is_estimated_from_roughness(noise_kg: float) -> None:
    rng = np.random.default_rng(9)
    t_us = np.arange(800) * 12_500
    rows_g = rng.normal(0, 1e3 * noise_kg, (800, 1)) + 20e6
    every = np.ones(800, np.bool_)
    modal, slow = started(), Slow(1, 80.0, 200)
    for start in range(0, 800, 8):
        rows = slice(start, start + 8)
        modal.push(t_us[rows], rows_g[rows] * np.full((1, CELLS), 1 / CELLS), every[rows])
        slow.push(t_us[rows], rows_g[rows], every[rows])
    means = slow.since(2 * GRID_US, 200)[1]
    estimated_g = modal._window.noise_g() - NOISE_E * E_G
    assert estimated_g == pytest.approx(float(np.std(means)), rel=0.3)


def test_more_noise_states_more_u95_and_a_slow_swing_is_no_noise() -> None:
    u95 = [
        float(np.median([known(make_stand(s, kg).push(started(), 3.5)).u95_g for s in SEEDS[:9]]))
        for kg in (1.0, 20.0, 80.0)
    ]
    assert u95 == sorted(u95)
    assert u95[-1] > 1.5 * u95[0]
    quiet = make_stand(6, noise_kg=0.0).push(started(), 3.5)
    assert quiet._window.noise_g() < 0.1 * E_G


def test_a_hole_costs_certainty_and_not_truth() -> None:
    worse, errors_g = [], []
    for seed in SEEDS:
        stand = make_stand(seed)
        gone = (stand.t_us > 2.3e6) & (stand.t_us < 2.7e6)
        holed = msgspec.structs.replace(stand, usable=stand.usable & ~gone)
        wild = np.where(gone[:, None], 1e9, holed.cells_g)
        found = known(msgspec.structs.replace(holed, cells_g=wild).push(started(), 3.0))
        assert abs(found.weight_g - stand.truth_g) < 2.5 * found.u95_g
        worse.append(found.u95_g / known(stand.push(started(), 3.0)).u95_g)
        errors_g.append(abs(found.weight_g - stand.truth_g))
    assert float(np.median(worse)) > 1.0
    assert float(np.median(errors_g)) < 0.12 * E_G


def test_u95_holds_what_no_model_of_the_body_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    u95_g = []
    for floor_e in (0.0, 0.5):
        monkeypatch.setattr(estimator, "FLOOR_E", floor_e)
        u95_g.append(known(make_stand(7).push(started(), 3.5)).u95_g)
    assert u95_g[1] == pytest.approx(float(np.hypot(u95_g[0], 2 * 0.5 * E_G)))
