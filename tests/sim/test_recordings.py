"""Recorded passages: exact mass, honest truth, the same bytes for the same seed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.recordings.__main__ import main
from sim.recordings.builds import BUILDS
from sim.recordings.converter import Clock, sinc_sampled
from sim.recordings.deck import draw_deck
from sim.recordings.disturb import Disturbances, add_lift_axle, add_ring
from sim.recordings.drive import axles_on_s
from sim.recordings.faults import CellFault, fail
from sim.recordings.fidelity import MEASURES, compare, measures
from sim.recordings.march import cell_loads_kg
from sim.recordings.mechanics import Mechanics
from sim.recordings.passage import make_passage
from sim.recordings.ranges import RECORDED, STEP_S, WIDE
from sim.recordings.road import Road
from sim.recordings.scene import draw_scene
from sim.recordings.store import mpe_kg, valid_intervals, write_passage
from sim.recordings.vehicle import draw_truck


@pytest.fixture(scope="module")
def ok_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ok")
    for seed in range(4):
        write_passage(make_passage(seed, ("ok",)), folder)
    return folder


@given(seed=st.integers(0, 10_000), x=st.floats(-0.1, 24.0))
@settings(max_examples=50, deadline=None)
def test_rows_carry_a_load_wholly_wherever_it_stands(seed: int, x: float) -> None:
    deck = draw_deck(np.random.default_rng(seed), WIDE, 8.0)
    at = np.array([min(x, deck.length_m)])
    lever = deck.lever(at)[0]
    assert lever.sum() == pytest.approx(1.0)
    assert lever @ deck.rows_m == pytest.approx(at[0])


@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(BUILDS)))
@settings(max_examples=60, deadline=None)
def test_springs_carry_exactly_the_axle_loads(seed: int, name: str) -> None:
    truck = draw_truck(np.random.default_rng(seed), name, RECORDED)
    mass = sum(b.mass_kg for b in truck.bodies) + truck.unsprung_kg.sum()
    moment = sum(b.mass_kg * b.at_m for b in truck.bodies) + truck.unsprung_kg @ truck.offsets_m
    assert mass == pytest.approx(truck.mass_kg, rel=1e-9)
    assert moment == pytest.approx(truck.axle_kg @ truck.offsets_m, rel=1e-9)


@pytest.mark.parametrize("name", ["R4", "A5", "D5"])
def test_one_step_is_the_exact_solution(name: str) -> None:
    rng = np.random.default_rng(3)
    truck = draw_truck(rng, name, RECORDED)
    deck = draw_deck(rng, RECORDED, truck.length_m + 3)
    mechanics = Mechanics(truck, deck)
    grip = deck.bend(truck.length_m + 1.5 - truck.offsets_m)
    whole, _, by_input = mechanics.step_matrices(grip)
    rates = np.log(np.linalg.eigvals(whole).astype(complex)) / STEP_S
    assert rates.real.max() < 0
    force = np.zeros(mechanics.inputs)
    force[-mechanics.size :][0] = 1000.0
    rest = np.linalg.solve(np.eye(len(whole)) - whole, by_input @ force)
    squash = grip @ rest[mechanics.span] - rest[mechanics.wheel]
    assert -(truck.tyre_n_m @ squash) == pytest.approx(1000.0, rel=1e-6)


def test_links_and_lifted_axles_leave_the_gross_alone() -> None:
    rng = np.random.default_rng(4)
    scene = draw_scene(rng, RECORDED, ("ok",))
    mechanics = Mechanics(scene.truck, scene.deck)
    d = Disturbances(rng, mechanics, scene.drive)
    for body in range(len(scene.truck.bodies)):
        d.links(body, np.full(len(d.times), 1000.0))
    add_lift_axle(d, scene.drive.stops_s[-1])
    all_up = np.zeros(mechanics.size)
    all_up[[k for k in (0, 2) if k == 0 or mechanics.motions == 4]] = 1.0
    all_up[mechanics.wheel] = 1.0
    assert np.abs(d.push_n).max() > 100.0
    assert np.abs(d.push_n @ all_up).max() < 1e-6


def test_an_empty_span_rings_alike_on_both_its_rows() -> None:
    scene = draw_scene(np.random.default_rng(1), replace(RECORDED, decks=((12.0, (4,)),)), ("ok",))
    mechanics = Mechanics(scene.truck, scene.deck)
    rng = np.random.default_rng(2)
    d = Disturbances(rng, mechanics, scene.drive)
    add_ring(d)
    loads = cell_loads_kg(mechanics, scene.drive, Road(rng, RECORDED, scene.deck), d.push_n)
    empty = loads[scene.drive.x_m < -1.0]
    assert empty.std() > 0.05
    assert np.allclose(empty[:, :2].sum(1), empty[:, 2:].sum(1), atol=1e-9)


def test_the_resting_deck_shows_the_true_mass() -> None:
    for seed in range(6):
        passage = make_passage(seed, ("ok",))
        late = passage.settling_kg[passage.times_s > passage.times_s[-1] - 2].mean()
        mass = passage.scene.truck.mass_kg
        slack = 2.0 + 1.5 * passage.wind_rms_kg
        assert late == pytest.approx(mass, abs=slack), seed


def test_a_wrong_stop_or_a_follower_never_shows_the_true_mass() -> None:
    for seed in range(4):
        for cls, sign in (("not_fully_on", -1), ("tailgate", 1)):
            passage = make_passage(seed, (cls,))
            late = passage.settling_kg[passage.times_s > passage.times_s[-1] - 2].mean()
            assert sign * (late - passage.scene.truck.mass_kg) > 200.0
            end = passage.times_s[-1] - 2
            assert all(stop < end for _, stop in valid_intervals(passage))


def test_intervals_begin_when_the_last_axle_stands_and_the_sum_is_there() -> None:
    passage = make_passage(11, ("ok",))
    on = axles_on_s(passage.scene.drive, passage.scene.truck.offsets_m)
    start = valid_intervals(passage)[0][0]
    assert on[-1] is not None
    speed = np.interp(
        start, np.arange(len(passage.scene.drive.x_m)) * STEP_S, passage.scene.drive.speed_m_s
    )
    assert start - on[-1] == pytest.approx(0.12 / speed, abs=0.01)


def test_the_filter_passes_weight_and_stops_its_own_rate() -> None:
    clock = Clock(rate_hz=80.0, jitter_s=0.0)
    steps = np.arange(0, 4, STEP_S)
    times = np.arange(20, 300) / 80.0
    steady = np.full((len(steps), 1), 1234.5)
    assert np.allclose(sinc_sampled(steady, clock, times), 1234.5)
    wave = np.sin(2 * np.pi * 80.0 * steps)[:, None]
    assert np.abs(sinc_sampled(wave, clock, times)).max() < 0.02
    ramp = steps[:, None]
    assert np.allclose(sinc_sampled(ramp, clock, times)[:, 0], times - 1.5 / 80.0, atol=1e-3)


@pytest.mark.parametrize("kind", ["gain", "shunt", "dead", "noisy", "jump", "drift", "stuck"])
def test_a_fault_begins_at_its_instant_and_touches_one_cell(kind: str) -> None:
    deck = draw_deck(np.random.default_rng(1), RECORDED, 8.0)
    times = np.arange(600) / deck.fs_hz
    kg = np.random.default_rng(2).normal(1000, 1, (600, deck.cells)) + 50 * times[:, None]
    fault = CellFault(kind=kind, cell=1, t0_s=4.0, size=0.6, seed=5)
    changed = fail(fault, kg, deck, times) != kg
    assert not np.delete(changed, 1, axis=1).any()
    assert not changed[times < 4.0].any()
    assert changed[times > 4.5].any()


@pytest.mark.parametrize(
    ("mass", "e", "mpe"),
    [(10_000, 20, 10), (10_001, 20, 20), (40_000, 20, 20), (40_001, 20, 30), (26_000, 50, 50)],
)
def test_initial_errors_of_a_class_iii_scale(mass: float, e: float, mpe: float) -> None:
    assert mpe_kg(mass, e) == mpe


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["--seeds", "5:7", "--out", str(tmp_path / name)]) == 0
    truths = [json.loads(p.read_text()) for p in (tmp_path / "one").glob("*.truth.json")]
    assert len({t["true_mass_kg"] for t in truths}) == 2
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert len(list((tmp_path / "one").iterdir())) == 6


def test_wide_yards_differ_and_still_tell_the_truth(tmp_path: Path) -> None:
    assert main(["--seeds", "0:6", "--wide", "--classes", "ok", "--out", str(tmp_path)]) == 0
    truths = [json.loads(p.read_text()) for p in tmp_path.glob("*.truth.json")]
    assert {t["e_kg"] for t in truths} != {20.0}
    for error in measures(tmp_path)["error_kg"]:
        assert abs(error) < 25


def test_a_wrong_class_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--seeds", "0:1", "--out", "x", "--classes", "okay"])
    assert "'okay' is none of ok" in capsys.readouterr().err


def test_the_table_names_every_measure(ok_folder: Path) -> None:
    table = compare(ok_folder, ok_folder)
    assert all(name in table for name in MEASURES)
    assert "4 and 4 passages" in table
