"""The benchmark's bound against least squares on made signals, and its counting."""

from pathlib import Path

import numpy as np
import pytest

from controller.commands import bench, bench_plot, bench_show, bench_weigh
from controller.commands.bench_bound import (
    U95_SHARE,
    Bound,
    at_weight,
    bound_of,
    error_kg,
    reached_s,
)
from controller.commands.bench_modes import Floats, Modes, fit_modes
from controller.commands.bench_reports import (
    PLAIN,
    PRODUCT,
    WINDOW,
    Run,
    Trace,
    calibration,
    rule_reports,
)
from controller.commands.weigh import TraceError
from controller.commands.weigh_truth import Judged, Truth
from hal.recording import Recording
from sensors.calibration import Cell, Scale
from sensors.damped import design, middles_s, slopes
from sensors.reference import REFERENCES

STEP_S = 0.05
POLES = np.array([[1.7, 0.6], [2.9, 1.2]])
LEVELS = np.array([[9_000.0, 15_000.0], [90.0, -60.0], [40.0, 80.0], [-30.0, 20.0], [25.0, 45.0]])


def modes(noise_kg: float = 3.0) -> Modes:
    return Modes(poles=POLES, levels=LEVELS, noise=noise_kg**2 * np.eye(2), step_s=STEP_S)


def signal(rows: int, noise_kg: float, seed: int) -> Floats:
    clean = design(middles_s(rows, STEP_S), POLES) @ LEVELS
    return np.asarray(clean + np.random.default_rng(seed).normal(0, noise_kg, clean.shape))


def test_the_modes_of_a_made_signal_are_found() -> None:
    found = fit_modes(signal(120, 1.5, 1), STEP_S)
    assert found is not None
    order = np.argsort(found.poles[:, 0])
    assert found.poles[order] == pytest.approx(POLES, abs=0.05)
    assert found.levels[0].sum() == pytest.approx(24_000, abs=1.5)
    assert np.sqrt(np.diag(found.noise)) == pytest.approx([1.5, 1.5], rel=0.25)
    assert fit_modes(signal(20, 1.5, 1), STEP_S) is None


def test_the_slopes_are_those_of_the_model() -> None:
    t_s = middles_s(60, STEP_S)
    said = slopes(t_s, POLES, LEVELS)
    for at, (k, axis) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        moved = POLES.copy()
        moved[k, axis] += 1e-6
        seen = (design(t_s, moved) - design(t_s, POLES)) @ LEVELS / 1e-6
        assert said[at] == pytest.approx(seen, abs=0.05)


@pytest.mark.parametrize("rows", [10, 16, 40])
def test_with_known_poles_the_bound_is_the_spread_of_least_squares(rows: int) -> None:
    """Then the best estimator is linear, so its spread can be worked out exactly."""
    inverse = np.linalg.pinv(design(middles_s(rows, STEP_S), POLES))
    spread = 3.0 * float(np.linalg.norm(inverse[0])) * np.sqrt(2)
    assert error_kg(modes(), rows, poles_known=True) == pytest.approx(spread, rel=1e-6)


@pytest.mark.parametrize("rows", [16, 30])
def test_with_everything_unknown_fits_spread_as_the_bound_says(rows: int) -> None:
    errors = [_fitted(signal(rows, 2.0, seed)) - 24_000.0 for seed in range(300)]
    assert float(np.std(errors)) == pytest.approx(error_kg(modes(2.0), rows), rel=0.15)


def test_the_instant_is_the_first_at_which_the_error_is_small_enough() -> None:
    reached = reached_s(modes(), 4.0, sizes_known=True)
    assert reached is not None
    rows = round(reached / STEP_S)
    before, then = (error_kg(modes(), n, sizes_known=True) for n in (rows - 1, rows))
    assert 2 * before > 4.0 >= 2 * then


def _fitted(rows_kg: Floats) -> float:
    """Gauss-Newton from the true poles, everything unknown."""
    t_s = middles_s(len(rows_kg), STEP_S)
    poles, levels = POLES.copy(), LEVELS
    for _ in range(6):
        basis = design(t_s, poles)
        width = basis.shape[1]
        jacobian = np.zeros((rows_kg.size, 2 * width + 4))
        jacobian[0::2, :width] = basis
        jacobian[1::2, width : 2 * width] = basis
        for i, side in enumerate(slopes(t_s, poles, levels)):
            jacobian[:, 2 * width + i] = side.ravel()
        rest = (rows_kg - basis @ levels).ravel()
        step = np.linalg.lstsq(jacobian, rest, rcond=None)[0]
        levels = levels + step[: 2 * width].reshape(2, width).T
        poles = poles + step[2 * width :].reshape(-1, 2)
    return float(levels[0].sum())


def test_knowing_more_and_hearing_less_noise_is_sooner() -> None:
    times = [
        reached_s(modes(), 4.0, sizes_known=True, poles_known=True),
        reached_s(modes(), 4.0, sizes_known=True),
        reached_s(modes(), 4.0, sizes_known=False),
        reached_s(modes(6.0), 4.0, sizes_known=False),
    ]
    known = [time for time in times if time is not None]
    assert known == sorted(known)
    assert len(known) == 4
    assert known[0] < known[3]
    least, sized, nothing = (
        error_kg(modes(), 11, sizes_known=sizes, poles_known=poles)
        for sizes, poles in ((True, True), (True, False), (False, False))
    )
    assert least < 0.98 * sized < 0.98**2 * nothing
    assert reached_s(modes(500.0), 1.0, sizes_known=True) is None


def make_recording(noise_kg: float) -> tuple[Recording, Scale, Truth]:
    """Two seconds of empty deck, then the modes at rest, on two rows of two cells at 80 Hz."""
    cells = tuple(
        Cell(x_m=x, y_m=y, counts_per_kg=140.0, zero_counts=0.0, dead_load_g=0)
        for x in (0.2, 9.8)
        for y in (1.4, -1.4)
    )
    scale = Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=80.0,
        platform_mm=10_000,
        has_beams=False,
        cells=cells,
    )
    t_s = np.arange(0, 9, 1 / 80)
    since = np.clip(t_s - 2.0, 0, None)
    rows = (design(since, POLES) @ LEVELS) * (t_s >= 2.0)[:, None]
    kg = np.repeat(rows / 2, 2, axis=1)
    kg += np.random.default_rng(3).normal(0, noise_kg, kg.shape)
    recording = Recording(
        path="made",
        t_s=t_s,
        t_us=np.rint(t_s * 1e6).astype(np.int64),
        counts=np.rint(kg * 140).astype(np.int64),
    )
    truth = Truth(
        cls="ok",
        expected_verdict="ok",
        true_mass_kg=24_000.0,
        e_kg=20.0,
        mpe_kg=20.0,
        t_stops_s=(2.0,),
    )
    return recording, scale, truth


def test_the_bound_of_a_recording_orders_its_variants() -> None:
    quiet, loud = (bound_of(*make_recording(noise)) for noise in (2.0, 12.0))
    assert quiet is not None
    assert loud is not None
    for bound in (quiet, loud):
        assert None not in (bound.known_s, bound.rows_s, bound.classic_s, bound.sum_s)
        assert bound.known_s <= bound.rows_s <= bound.classic_s  # type: ignore[operator]
    assert quiet.modes == 2
    assert quiet.rows_s < loud.rows_s  # type: ignore[operator]


def test_the_bound_of_one_weight_is_that_of_the_samples_it_had() -> None:
    recording, scale, truth = make_recording(4.0)
    whole = bound_of(recording, scale, truth)
    assert whole is not None
    assert whole.rows_s is not None
    at = {after: at_weight(recording, scale, (2.0, 2.0 + after, ()), 20.0) for after in (0.0, 0.4)}
    at |= {whole.rows_s: at_weight(recording, scale, (2.0, 2.0 + whole.rows_s, ()), 20.0)}
    known = [each for each in at.values() if each is not None]
    assert [each.rows_s for each in known] == [whole.rows_s] * 3
    none, early, due = (each.error_kg for each in known)
    assert none is None
    assert early is not None
    assert due is not None
    assert 2 * early > U95_SHARE * 20.0 >= 2 * due
    assert at_weight(recording, scale, (8.0, 8.5, ()), 20.0) is None


def test_a_disturbed_stand_is_cut_before_the_bound_is_found() -> None:
    recording, scale, _ = make_recording(4.0)
    clean = at_weight(recording, scale, (2.0, 3.0, (5.0,)), 20.0)
    recording.counts[recording.t_s > 5.0] += 9_000
    assert clean is not None
    assert at_weight(recording, scale, (2.0, 3.0, (2.5, 5.0)), 20.0) == clean
    assert at_weight(recording, scale, (2.0, 3.0, ()), 20.0) != clean


def judged(**changes: object) -> Judged:
    good = {"valid": True, "within_mpe": True, "after_stop_s": 1.6, "error_e": 0.1, "u95_e": 0.4}
    names = {"trace": "s", "cls": "ok", "expected": "ok", "verdict": "ok"}
    return Judged(**(names | good | changes))  # type: ignore[arg-type]


def trace(row: Judged, cpu_s: float, bound_s: float | None = None) -> Trace:
    bound = Bound(modes=2, rows_s=bound_s, sum_s=1.0, known_s=0.5, classic_s=1.5)
    runs = [
        Run(rule=PRODUCT, judged=row, cpu_s=cpu_s),
        Run(rule=PLAIN, judged=row, cpu_s=0.01),
    ]
    return Trace(name=row.trace, cls=row.cls, signal_s=10.0, runs=runs, bound=bound)


def test_rules_are_counted_apart_on_good_and_bad_traces() -> None:
    bad = {"cls": "tailgate", "expected": "tailgate"}
    traces = [
        trace(judged(), 0.3, 0.8),
        trace(judged(within_mpe=False, error_e=2.0, after_stop_s=4.0), 0.1, 0.8),
        trace(judged(**bad, valid=False, error_e=90.0), 0.1),
        trace(judged(**bad), 0.1),
        trace(judged(**bad, verdict="tailgate", error_e=None), 0.1),
    ]
    own, plain = rule_reports(traces)
    assert (own.accepted, own.wrong, own.early, own.outside_mpe) == (1.0, 0.5, 0, 1)
    assert own.wrong_bad == {"tailgate": 1}
    assert own.over_bound_p50 == 2.0
    assert own.cpu_ms_per_s == 14.0
    assert (own.cpu_ratio, plain.cpu_ratio) == (14.0, 1.0)


def test_an_honest_uncertainty_is_seen_to_be_honest() -> None:
    rng = np.random.default_rng(5)
    rows = [judged(error_e=float(error)) for error in rng.normal(0, 0.2, 4_000)]
    said = calibration([trace(row, 0.0) for row in rows])
    assert said.covered == pytest.approx(0.954, abs=0.01)
    for seen, due in said.quantiles.values():
        assert seen == pytest.approx(due, rel=0.08)
    timid = calibration([trace(judged(error_e=0.01), 0.0)])
    assert timid.covered == 1.0
    early = calibration([trace(judged(valid=False, error_e=9.0), 0.0)])
    assert early.weights == 0


def test_a_folder_without_traces_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"no \*\.csv"):
        bench_weigh.measure_traces(tmp_path)


def test_a_short_bench_runs_on_made_passages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    bench_weigh.make_passages(tmp_path, 2)
    result, traces = bench_weigh.measure_traces(tmp_path, cost=False)
    assert result["traces"] == len(traces) == 2
    assert [rule.rule for rule in result["rules"]][:2] == [PRODUCT, WINDOW]
    assert {run.rule for run in traces[0].runs} == {rule.rule for rule in result["rules"]}
    bench_show.show(result)
    said = capsys.readouterr().out
    for part in (*REFERENCES, "Cramér–Rao bound", "half-normal", "2 good traces"):
        assert part in said
    bench_plot.draw(result, traces, tmp_path / "out" / "bench.png")
    assert (tmp_path / "out" / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_bench_without_good_traces_has_nothing_to_say_of_time() -> None:
    bad = trace(judged(cls="tailgate", expected="tailgate", error_e=None), 0.1)
    own = rule_reports([bad])[0]
    assert (own.accepted, own.after_stop_s_p50, own.over_bound_p50) == (None, None, None)


@pytest.mark.parametrize(("name", "says"), [("a.html", "end the name with .png"), ("a.png", "")])
def test_a_bench_picture_is_a_png(tmp_path: Path, name: str, says: str) -> None:
    if says:
        with pytest.raises(TraceError, match=says):
            bench_plot.check_target(tmp_path / name)
    else:
        pytest.importorskip("matplotlib")
        bench_plot.check_target(tmp_path / name)


def test_an_unknown_bench_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"bench wiegh: unknown; .* bench weigh"):
        bench.measure("wiegh")
