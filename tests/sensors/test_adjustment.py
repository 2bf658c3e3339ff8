"""Solving a calibration: what was hidden in the readings is found; what cannot be is refused."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.adjustment import (
    Load,
    Reading,
    UnsteadyError,
    adjust,
    check_empty,
    shown_g,
    take_reading,
)
from sensors.calibration import Cell, Scale
from sensors.corners import AdjustmentError
from sensors.substitution import (
    check_weights,
    repeatability_g,
    substitute_g,
    weights_needed_g,
)

ROWS_M = (0.15, 6.7, 13.3, 19.85)
PLACES = [(x, y) for x in ROWS_M for y in (1.45, -1.45)]
ZERO = Reading(counts=(300_000.0,) * 8, swing_g=0.0, drift_g=0.0)
# With a span the median cell keeps 1, so the widest ratio stays within the 3 % allowed.
FACTORS = st.lists(st.floats(0.9855, 1.0145), min_size=8, max_size=8)


def make_scale(**changes: object) -> Scale:
    cells = tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=300_000.0, dead_load_g=2_000_000)
        for x, y in PLACES
    )
    scale = Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=80.0,
        platform_mm=20_000,
        has_beams=False,
        cells=cells,
    )
    return msgspec.structs.replace(scale, **changes)


def shares(x_m: float, y_m: float) -> npt.NDArray[np.float64]:
    """What part of a load at a place each cell carries: simple spans, a stiff cross-beam."""
    along = np.repeat([np.interp(x_m, ROWS_M, row) for row in np.eye(4)], 2)
    across = np.tile([0.5 + y_m / 2.9, 0.5 - y_m / 2.9], 4)
    return np.asarray(along * across)


def read(
    load_g: float, at: tuple[float, float] = (10.0, 0.0), factors: Sequence[float] = (1.0,) * 8
) -> Reading:
    """The counts of cells that want these factors: each shows its part divided by its factor."""
    counts = 300_000 + load_g * shares(*at) / np.array(factors) * 0.140
    return Reading(counts=tuple(float(c) for c in counts), swing_g=0.0, drift_g=0.0)


def corners(factors: Sequence[float], true_g: int | None = None) -> list[Load]:
    return [
        Load(
            kind="corner",
            reading=read(20e6, (x, 0.9 * y), factors),
            true_g=true_g,
            where=f"cell{i}",
        )
        for i, (x, y) in enumerate(PLACES)
    ]


@settings(max_examples=40, deadline=None)
@given(FACTORS, st.booleans())
def test_corner_factors_are_found_up_to_the_common_one(factors: list[float], known: bool) -> None:
    loads = corners(factors, 20_000_000 if known else None)
    done = adjust(make_scale(), ZERO, loads)
    found = np.array([cell.corner_factor for cell in done.after.cells])
    assert found / found.mean() == pytest.approx(np.array(factors) / np.mean(factors), abs=1e-6)
    spread = [row.after_g for row in done.rows]
    assert max(spread) - min(spread) < 20


@settings(max_examples=40, deadline=None)
@given(FACTORS, st.floats(0.99, 1.01))
def test_corners_and_span_together_weigh_any_load_anywhere(
    factors: list[float], gain: float
) -> None:
    wanted = [gain * f for f in factors]
    spans = [
        Load(kind="span", reading=read(g, (10.0, 0.0), wanted), true_g=round(g))
        for g in (20e6, 50e6)
    ]
    done = adjust(make_scale(), ZERO, [*corners(wanted), *spans], first=True)
    assert done.ok
    for x, y, load_g in ((3.0, 0.5, 31e6), (15.0, -1.0, 12e6)):
        assert shown_g(done.after, ZERO, read(load_g, (x, y), wanted)) == pytest.approx(
            load_g, abs=100
        )


def test_where_a_span_follows_the_median_cell_keeps_its_factor() -> None:
    factors = [1.0, 1.0, 1.012, 1.0, 1.0, 1.0, 1.0, 1.0]
    span = Load(kind="span", reading=read(50e6, factors=factors), true_g=50_000_000)
    done = adjust(make_scale(), ZERO, [*corners(factors), span])
    found = [cell.corner_factor for cell in done.after.cells]
    assert found == pytest.approx(factors, abs=1e-6)
    assert done.after.cells[0].counts_per_kg == pytest.approx(140.0, rel=1e-6)


def test_a_zero_that_has_moved_is_no_error_of_the_span() -> None:
    moved = read(800_000.0)
    both = tuple(a + b - 300_000 for a, b in zip(read(50e6).counts, moved.counts, strict=True))
    load = Load(
        kind="span",
        reading=Reading(counts=both, swing_g=0.0, drift_g=0.0),
        true_g=50_000_000,
    )
    (row,) = adjust(make_scale(), moved, [load]).rows
    assert abs(row.error_before_g) < 2
    assert abs(row.error_after_g) < 100


def test_a_corner_correction_is_added_to_the_one_before() -> None:
    factors = [1.01, 0.99, 1, 1, 1, 1, 1, 1]
    once = adjust(make_scale(), ZERO, corners(factors)).after
    again = adjust(once, ZERO, corners(factors)).after
    for a, b in zip(once.cells, again.cells, strict=True):
        assert a.corner_factor == pytest.approx(b.corner_factor, abs=2e-7)


def test_sections_share_a_factor() -> None:
    factors = [1.01, 1.01, 0.99, 0.99, 1.0, 1.0, 1.0, 1.0]
    loads = [Load(kind="corner", reading=read(9e6, (x, 0.0), factors)) for x in ROWS_M]
    done = adjust(make_scale(), ZERO, loads, sections=True)
    found = np.array([cell.corner_factor for cell in done.after.cells])
    assert found / found.mean() == pytest.approx(np.array(factors) / np.mean(factors), abs=1e-6)
    with pytest.raises(AdjustmentError, match="4 places for 8 unknown factors"):
        adjust(make_scale(), ZERO, loads)


def test_places_that_do_not_tell_cells_apart_name_them() -> None:
    middle = [Load(kind="corner", reading=read(20e6, (x, 0.0))) for x in (*ROWS_M, 3, 9, 16, 18)]
    with pytest.raises(AdjustmentError, match=r"do not tell cell\d and cell\d apart"):
        adjust(make_scale(), ZERO, middle)


def test_a_factor_beyond_three_percent_is_a_broken_cell() -> None:
    with pytest.raises(AdjustmentError, match=r"cell5 would need the factor 1\.0.*counts_per_kg"):
        adjust(make_scale(), ZERO, corners([1, 1, 1, 1, 1, 1.05, 1, 1]))


def test_different_loads_in_the_corners_are_refused() -> None:
    loads = corners([1.0] * 8)
    loads[3] = Load(kind="corner", reading=read(40e6, PLACES[3]))
    with pytest.raises(AdjustmentError, match="put the same load in every place"):
        adjust(make_scale(), ZERO, loads)
    little = [Load(kind="corner", reading=read(1e6, place)) for place in PLACES]
    with pytest.raises(AdjustmentError, match="1000 kg is too little"):
        adjust(make_scale(), ZERO, little)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1_000, 100_000), min_size=2, max_size=6, unique=True),
    st.floats(0.99, 1.01),
    st.floats(-4e-11, 4e-11),
)
def test_linearised_the_span_is_exact_at_every_load(
    loads_kg: list[int], gain: float, bend: float
) -> None:
    spans = [
        Load(kind="span", reading=read(g * gain * (1 + bend * g)), true_g=g)
        for g in (kg * 1000 for kg in loads_kg)
    ]
    done = adjust(make_scale(), ZERO, spans, linearise=True)
    assert [p.true_g for p in done.after.span_points] == sorted(kg * 1000 for kg in loads_kg)
    for row in done.rows:
        assert abs(row.error_after_g) < 2
    assert adjust(make_scale(), ZERO, spans).after.span_points == ()


def test_one_load_gives_a_straight_line_through_it() -> None:
    spans = [Load(kind="span", reading=read(50.2e6), true_g=50_000_000)]
    done = adjust(make_scale(), ZERO, spans)
    (row,) = done.rows
    assert (round(row.error_before_g), row.mpe_g, row.ok) == (200_000, 30_000, True)
    assert abs(row.error_after_g) < 2


def test_a_new_span_replaces_old_points_and_other_steps_keep_them() -> None:
    spans = [
        Load(kind="span", reading=read(g * (1 + 1e-11 * g)), true_g=round(g))
        for g in (20e6, 60e6, 90e6)
    ]
    bent = adjust(make_scale(), ZERO, spans, linearise=True).after
    assert len(bent.span_points) == 3
    assert adjust(bent, ZERO, []).after.span_points == bent.span_points
    assert adjust(bent, ZERO, spans[:1]).after.span_points == ()


def test_zero_alone_moves_zero_alone() -> None:
    zero = Reading(counts=tuple(300_000.04 + 10 * i for i in range(8)), swing_g=0.0, drift_g=0.0)
    after = adjust(make_scale(), zero, []).after
    assert [cell.zero_counts for cell in after.cells] == [300_000.0 + 10 * i for i in range(8)]
    assert msgspec.structs.replace(after, cells=make_scale().cells) == make_scale()


def test_a_load_outside_the_mpe_afterwards_is_not_ok() -> None:
    spans = [
        Load(kind="span", reading=read(g), true_g=round(true_g))
        for g, true_g in ((20.06e6, 20e6), (60e6, 60e6))
    ]
    check = Load(kind="check", reading=read(30e6), true_g=30_000_000)
    done = adjust(make_scale(), ZERO, [*spans, check])
    assert not done.ok
    assert [row.kind for row in done.rows if not row.ok] == ["span"]
    assert done.rows[2].load_g == 30_000_000


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (Load(kind="span", reading=read(1e6)), "state the load"),
        (Load(kind="span", reading=read(1e6), true_g=-1), "beyond Max"),
        (Load(kind="check", reading=read(1e6), true_g=100_020_000), "beyond Max"),
        (Load(kind="span", reading=read(1e5), true_g=100_000), "below Min 400 kg"),
        (Load(kind="span", reading=read(22e6), true_g=20_000_000), r"\+10.0 % against"),
        (Load(kind="span", reading=read(-5e6), true_g=20_000_000), "show nothing under the load"),
    ],
)
def test_loads_that_cannot_be_are_refused(load: Load, says: str) -> None:
    with pytest.raises(AdjustmentError, match=says):
        adjust(make_scale(), ZERO, [load])


def test_a_first_calibration_may_move_the_span_and_the_zero_far() -> None:
    span = Load(kind="span", reading=read(60e6), true_g=50_000_000)
    done = adjust(make_scale(), ZERO, [span], first=True)
    assert done.after.cells[0].counts_per_kg == pytest.approx(168.0, abs=1e-5)
    with pytest.raises(AdjustmentError, match=r"--first"):
        check_empty(make_scale(), read(3e6))
    check_empty(make_scale(), read(1.9e6))


def noisy(rows: int = 400, seed: int = 1) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return np.rint(rng.normal(300_000, 100, (rows, 8))).astype(np.int64)


def test_a_quiet_deck_is_read_as_its_mean() -> None:
    counts = noisy()
    counts[200, 3] += 90_000
    reading = take_reading(counts, make_scale(), 2**23)
    assert reading.counts == pytest.approx([300_000.0] * 8, abs=25)
    assert 0 < reading.swing_g < 5_000


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda c: c[:30], "only 30 samples came; 40 are needed"),
        (lambda c: np.where(np.arange(8) == 2, 2**23, c), "cell2 is at saturation"),
        (lambda c: np.where(np.arange(8) == 4, 300_000, c), "cell4 repeats one value"),
        (lambda c: c + 10_000 * (np.arange(400) % 20 == 0)[:, None], "cell0 jumps"),
        (lambda c: c + (np.arange(400) * 2)[:, None], "not at rest"),
        (lambda c: c + (np.arange(400) * 0.17)[:, None], r"swings [0-4]\..* drifts \+[2-4]\."),
        (lambda c: c + 100 * np.sin(np.arange(400) * np.pi / 100)[:, None], r"drifts [+-][01]\."),
    ],
)
def test_a_deck_that_is_not_at_rest_is_refused(spoil: object, says: str) -> None:
    counts = np.rint(spoil(noisy())).astype(np.int64)  # type: ignore[operator]
    with pytest.raises(UnsteadyError, match=says):
        take_reading(counts, make_scale(), 2**23)


@pytest.mark.parametrize(
    ("repeat_g", "needed_g"),
    [(None, 40_000_000), (4_000.0, 16_000_000), (6_000.0, 26_666_667), (6_001.0, 40_000_000)],
)
def test_substitution_asks_for_weights_by_repeatability(
    repeat_g: float | None, needed_g: int
) -> None:
    assert weights_needed_g(80_000_000, 20_000, repeat_g) == needed_g
    check_weights(needed_g, 80_000_000, 20_000, repeat_g)
    with pytest.raises(AdjustmentError, match=r"R 76 3\.7\.3 asks for"):
        check_weights(needed_g - 1, 80_000_000, 20_000, repeat_g)


@settings(deadline=None)
@given(st.floats(0.9, 1.1), st.integers(-90_000, 90_000))
def test_substitutes_are_known_whatever_the_span_of_the_scale(gain: float, more_g: int) -> None:
    known_g = 20_000_000
    shown, material = known_g * gain, (known_g + more_g) * gain
    assert substitute_g(known_g, shown, material, 20_000) == pytest.approx(known_g + more_g, abs=1)


def test_a_substitute_too_far_off_is_refused() -> None:
    with pytest.raises(AdjustmentError, match=r"shows \+120\.0 kg against"):
        substitute_g(20_000_000, 20_000_000.0, 20_120_000.0, 20_000)


def test_repeatability_needs_three_readings() -> None:
    assert repeatability_g([1.0, 2.0]) is None
    assert repeatability_g([1.0, 4.0, 2.0]) == 3.0
