"""Weighing without a cell: close, honest about how close, and never evidence."""

import json
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.recording import read_recording
from sensors.calibration import Cell, Scale, scale_from_dict
from sensors.degraded import (
    LEVEL,
    AxleLoads,
    DegradedWeigher,
    DegradedWeight,
    LeanStatistics,
    NoDegradedWeight,
    lean_covariance,
)

Floats = npt.NDArray[np.float64]
TRACES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "traces"
UNLIKE = ["s0019", "s0040", "s0077", "s0121", "s0173", "s0217", "s0224", "s0229", "s0260", "s0270"]


def deck(rows: int, length_m: float = 18.0, shuffle: int = 0) -> Scale:
    cells = [
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=0.0, dead_load_g=2_000_000)
        for x in np.linspace(0.15, length_m - 0.15, rows)
        for y in (1.45, -1.45)
    ]
    order = np.random.default_rng(shuffle).permutation(len(cells)) if shuffle else range(len(cells))
    return Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=50.0,
        platform_mm=round(1000 * length_m),
        has_beams=False,
        cells=tuple(cells[i] for i in order),
    )


def load(scale: Scale, axles: list[tuple[float, float, float]]) -> Floats:
    """Cells (n,) grams under axles (place m, kg, lean to the left)."""
    x_m, y_m = scale.x_m(), scale.y_m()
    rows = np.unique(x_m)
    out = np.zeros(len(x_m))
    for place, kg, lean in axles:
        for i, row in enumerate(rows):
            share = float(np.interp(place, rows, np.eye(len(rows))[i]))
            side = np.where(y_m > 0, lean, 1 - lean)
            out += np.where(x_m == row, 1000 * kg * share * side, 0.0)
    return out


def truck(rng: np.random.Generator, scale: Scale) -> list[tuple[float, float, float]]:
    """Five axles somewhere on the deck; a lean, a skew and a difference from axle to axle."""
    first = rng.uniform(13.0, scale.platform_mm / 1000 - 0.5)
    lean, skew = 0.5 + rng.normal(0, 0.05), rng.normal(0, 0.001)
    offsets = (0.0, 3.6, 9.3, 10.6, 11.9)
    loads = rng.uniform(3000, 9000, 5)
    return [
        (first - off, float(kg), float(lean + skew * off + rng.normal(0, 0.008)))
        for off, kg in zip(offsets, loads, strict=True)
    ]


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 4), st.integers(0, 10**6), st.integers(0, 7), st.booleans())
def test_one_lean_for_the_whole_vehicle_gives_the_weight_back(
    rows: int, seed: int, cell: int, shuffle: bool
) -> None:
    rng = np.random.default_rng(seed)
    scale = deck(rows, shuffle=seed % 97 + 1 if shuffle else 0)
    lean = rng.uniform(0.35, 0.65)
    cells_g = load(scale, [(place, kg, lean) for place, kg, _ in truck(rng, scale)])
    missing = frozenset({cell % len(scale.cells)})
    got = DegradedWeigher(scale).weigh(cells_g, missing)
    assert isinstance(got, DegradedWeight)
    truth = float(cells_g.sum())
    assert got.weight_g == pytest.approx(truth, rel=0.012)
    assert got.weight_g == pytest.approx(truth, abs=got.u95_g)
    assert got.estimated_g == pytest.approx(float(cells_g[list(missing)].sum()), abs=got.u95_g + 1)
    assert (got.evidence, got.method, got.missing_cells) == (False, "lean", tuple(missing))


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_the_stated_uncertainty_holds_nineteen_of_twenty(rows: int) -> None:
    """Where vehicles vary as `lean_covariance` says; whether they do, the recordings tell."""
    scale = deck(rows)
    weigher = DegradedWeigher(scale)
    rng = np.random.default_rng(rows)
    x_m = np.unique(scale.x_m())
    cov = lean_covariance(x_m) - LEVEL**2 + 0.05**2
    held = []
    for _ in range(150):
        rows_g = rng.uniform(4e6, 12e6, rows)
        lean = 0.5 + rng.multivariate_normal(np.zeros(rows), cov)
        cells_g = np.stack((rows_g * lean, rows_g * (1 - lean)), axis=1).ravel()
        for cell in range(2 * rows):
            got = weigher.weigh(cells_g, frozenset({cell}))
            assert isinstance(got, DegradedWeight)
            held.append(abs(got.weight_g - cells_g.sum()) <= got.u95_g)
    assert 0.92 <= np.mean(held) <= 0.98


def test_the_missing_cell_is_not_read() -> None:
    scale = deck(3)
    cells_g = load(scale, truck(np.random.default_rng(1), scale))
    good = DegradedWeigher(scale).weigh(cells_g, frozenset({2}))
    for junk in (np.nan, 1e12, -1e9):
        cells_g[2] = junk
        assert DegradedWeigher(scale).weigh(cells_g, frozenset({2})) == good


def test_cells_of_two_pairs_may_be_missing_but_not_of_one() -> None:
    scale = deck(4)
    cells_g = load(scale, truck(np.random.default_rng(3), scale))
    weigher = DegradedWeigher(scale)
    one = weigher.weigh(cells_g, frozenset({2}))
    two = weigher.weigh(cells_g, frozenset({2, 5}))
    assert isinstance(one, DegradedWeight)
    assert isinstance(two, DegradedWeight)
    assert two.u95_g > one.u95_g
    assert two.weight_g == pytest.approx(float(cells_g.sum()), abs=1.5 * two.u95_g)
    pair = weigher.weigh(cells_g, frozenset({4, 5}))
    assert pair == NoDegradedWeight(
        missing_cells=(4, 5), reason="cells 4 and 5 are a pair: nothing left says what it carries"
    )
    none_whole = weigher.weigh(cells_g, frozenset({0, 2, 4, 6}))
    assert isinstance(none_whole, NoDegradedWeight)
    assert "no pair of cells is whole" in none_whole.reason


def test_no_weight_without_a_lean_to_go_by() -> None:
    scale = deck(3)
    cells_g = load(scale, [(0.15, 5000.0, 0.5)])
    got = DegradedWeigher(scale).weigh(cells_g, frozenset({0}))
    assert isinstance(got, NoDegradedWeight)
    assert "too little" in got.reason
    cells_g[3] = np.inf
    got = DegradedWeigher(scale).weigh(cells_g, frozenset({0}))
    assert isinstance(got, NoDegradedWeight)
    assert "no number" in got.reason


def test_known_axles_sharpen_a_weight_and_wrong_ones_do_not_spoil_it() -> None:
    errors = []
    scale = deck(2, 16.0)
    weigher = DegradedWeigher(scale)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        axles = truck(rng, scale)
        cells_g = load(scale, axles)
        offsets = tuple(round(1000 * (axles[0][0] - place)) for place, _, _ in axles)
        loads = tuple(round(1000 * kg * rng.normal(1, 0.01)) for _, kg, _ in axles)
        known = AxleLoads(offsets_mm=offsets, loads_g=loads, u_share=0.01, u_common_share=0.005)
        plain = weigher.weigh(cells_g, frozenset({3}))
        sharp = weigher.weigh(cells_g, frozenset({3}), known)
        assert isinstance(plain, DegradedWeight)
        assert isinstance(sharp, DegradedWeight)
        assert sharp.method == "lean+axles"
        assert sharp.u95_g < plain.u95_g
        assert abs(sharp.weight_g - cells_g.sum()) < 1.5 * sharp.u95_g
        errors.append([abs(got.weight_g - cells_g.sum()) for got in (plain, sharp)])
        absurd = AxleLoads(offsets_mm=offsets, loads_g=tuple(5 * kg for kg in loads))
        assert weigher.weigh(cells_g, frozenset({3}), absurd) == plain
        far = AxleLoads(offsets_mm=(*offsets[:-1], 30_000), loads_g=loads)
        assert weigher.weigh(cells_g, frozenset({3}), far) == plain
    plain_g, sharp_g = np.mean(errors, axis=0)
    assert sharp_g < 0.9 * plain_g


def test_axles_that_came_from_the_far_end_stand_the_other_way_round() -> None:
    scale = deck(3, 16.0)
    axles = [(15.0, 3000.0, 0.5), (11.5, 3000.0, 0.5), (5.0, 9000.0, 0.5), (3.7, 9000.0, 0.5)]
    turned = load(scale, [(16.0 - place, kg, lean) for place, kg, lean in axles])
    known = AxleLoads(
        offsets_mm=tuple(round(1000 * (axles[0][0] - place)) for place, _, _ in axles),
        loads_g=tuple(round(1000 * kg) for _, kg, _ in axles),
        u_share=0.01,
        u_common_share=0.005,
        from_exit=True,
    )
    got = DegradedWeigher(scale).weigh(turned, frozenset({0}), known)
    assert isinstance(got, DegradedWeight)
    assert got.method == "lean+axles"
    assert got.weight_g == pytest.approx(float(turned.sum()), rel=0.01)
    wrong = msgspec.structs.replace(known, from_exit=False)
    other = DegradedWeigher(scale).weigh(turned, frozenset({0}), wrong)
    assert isinstance(other, DegradedWeight)
    assert other.method == "lean"


def test_a_deck_that_leans_by_itself_is_learned() -> None:
    """One row of this deck always carries 4 % more on the left, as with a wrong span."""
    scale = deck(3)
    fresh, taught = DegradedWeigher(scale), DegradedWeigher(scale)
    skewed = np.array([1.0, 1.0, 1.04, 0.96, 1.0, 1.0])
    for seed in range(60):
        taught.learn(load(scale, truck(np.random.default_rng(seed), scale)) * skewed)
    errors = []
    for seed in range(100, 140):
        cells_g = load(scale, truck(np.random.default_rng(seed), scale)) * skewed
        pair = [w.weigh(cells_g, frozenset({2})) for w in (fresh, taught)]
        assert all(isinstance(got, DegradedWeight) for got in pair)
        errors.append([abs(got.weight_g / cells_g.sum() - 1) for got in pair])  # type: ignore[union-attr]
        assert pair[1].method == "lean+learned"  # type: ignore[union-attr]
    plain, learned = np.mean(errors, axis=0)
    assert learned < 0.5 * plain
    assert taught.learned.passages[1] == 60
    again = DegradedWeigher(scale, taught.learned)
    assert again.weigh(cells_g, frozenset({2})) == pair[1]


def test_what_was_learned_belongs_to_one_deck() -> None:
    other = LeanStatistics(passages=(1, 1), bias=(0.0, 0.0), spread=(1.0, 1.0))
    with pytest.raises(ValueError, match="not for this deck of 3 rows"):
        DegradedWeigher(deck(3), other)


def test_learning_is_bounded_and_ignores_an_empty_deck() -> None:
    scale = deck(2)
    weigher = DegradedWeigher(scale)
    weigher.learn(np.zeros(4))
    assert weigher.learned.passages == (0, 0)
    cells_g = load(scale, truck(np.random.default_rng(1), scale))
    for _ in range(500):
        weigher.learn(cells_g)
    assert weigher.learned.passages == (400, 400)


def test_nobody_can_call_it_evidence() -> None:
    got = DegradedWeigher(deck(3)).weigh(load(deck(3), [(5.0, 9000.0, 0.5)]), frozenset({0}))
    assert isinstance(got, DegradedWeight)
    with pytest.raises(AttributeError):
        got.evidence = True  # type: ignore[misc,assignment]
    with pytest.raises(ValueError, match="never evidence"):
        msgspec.structs.replace(got, evidence=True)
    text = msgspec.json.encode(got)
    assert json.loads(text)["evidence"] is False
    with pytest.raises(msgspec.ValidationError, match="evidence"):
        msgspec.json.decode(text.replace(b"false", b"true"), type=DegradedWeight)


def test_wrong_use_is_named() -> None:
    weigher = DegradedWeigher(deck(3))
    for cells, missing in ((5, {1}), (6, set[int]()), (6, {6})):
        with pytest.raises(ValueError, match="scale has 6"):
            weigher.weigh(np.zeros(cells), frozenset(missing))
    with pytest.raises(ValueError, match="1 loads and 2 offsets"):
        AxleLoads(offsets_mm=(0, 3000), loads_g=(5,))
    odd = msgspec.structs.replace(deck(3), cells=deck(3).cells[:-1])
    with pytest.raises(ValueError, match="two cells across the deck"):
        DegradedWeigher(odd)


@pytest.mark.skipif(not TRACES.is_dir(), reason="the recorded traces are not beside this checkout")
def test_recorded_vehicles_are_weighed_without_any_one_cell() -> None:
    """The built-in lean statistics hold even for the ten vehicles that lean least alike."""
    held, shares = [], []
    for name in UNLIKE:
        scale = scale_from_dict(tomllib.loads((TRACES / f"{name}.calib.toml").read_text()))
        truth_g = 1000 * json.loads((TRACES / f"{name}.truth.json").read_text())["true_mass_kg"]
        rows = read_recording(TRACES / f"{name}.csv")
        grams = scale.to_grams(rows.counts)
        cells_g = grams[-200:].mean(axis=0) - np.median(grams[:150], axis=0)
        for cell in range(rows.cells):
            got = DegradedWeigher(scale).weigh(cells_g, frozenset({cell}))
            assert isinstance(got, DegradedWeight)
            held.append(abs(got.weight_g - truth_g) <= got.u95_g)
            shares.append(abs(got.weight_g / truth_g - 1))
    assert np.mean(held) > 0.8
    assert np.median(shares) < 0.007
    assert max(shares) < 0.025
