"""Judging weights against the truth: what counts as right, early, outside, covered."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from controller.commands.weigh import TraceError
from controller.commands.weigh_axles import report_axles, words
from controller.commands.weigh_truth import (
    Judged,
    Truth,
    after_stop_s,
    in_processes,
    judge,
    judge_trace,
    read_truth,
    report,
    reports,
)

TRUTH = Truth(
    cls="ok",
    expected_verdict="ok",
    true_mass_kg=24_000.0,
    e_kg=20.0,
    mpe_kg=20.0,
    t_stops_s=(10.0, 15.0),
    valid_intervals=((9.0, 14.0), (16.0, 30.0)),
)


def answer(**changes: Any) -> dict[str, Any]:
    good = {"verdict": "ok", "weight_kg": 24_010.0, "u95_kg": 9.0, "accepted_at_s": 16.5}
    return good | {"withdrawn": None} | changes


def test_a_right_weight_is_right() -> None:
    row = judge(answer(), TRUTH, "s")
    assert (row.right, row.accepted, row.wrong) == (True, True, False)
    assert (row.error_e, row.u95_e, row.after_stop_s) == (0.5, 0.45, 1.5)


@pytest.mark.parametrize(
    ("changes", "valid", "within_mpe"),
    [
        ({"weight_kg": 24_020.0}, True, True),
        ({"weight_kg": 23_980.0}, True, True),
        ({"weight_kg": 24_020.1}, True, False),
        ({"weight_kg": 23_979.9}, True, False),
        ({"accepted_at_s": 14.0}, True, True),
        ({"accepted_at_s": 14.1}, False, True),
        ({"accepted_at_s": 8.9}, False, True),
        ({"accepted_at_s": 15.9, "weight_kg": 0.0}, False, False),
    ],
)
def test_a_weight_is_wrong_outside_the_mpe_or_outside_every_interval(
    changes: dict[str, Any], valid: bool, within_mpe: bool
) -> None:
    row = judge(answer(**changes), TRUTH, "s")
    assert (row.valid, row.within_mpe) == (valid, within_mpe)
    assert row.wrong == (not (valid and within_mpe))


def test_time_counts_from_the_last_stop_before_the_weight() -> None:
    assert after_stop_s(12.0, TRUTH) == 2.0
    assert after_stop_s(15.0, TRUTH) == 0.0
    assert after_stop_s(9.0, TRUTH) == -1.0
    assert after_stop_s(9.0, Truth(cls="x", expected_verdict="x", true_mass_kg=1, e_kg=1)) is None


def test_no_weight_is_judged_by_its_cause_alone() -> None:
    row = judge(answer(verdict="tailgate", weight_kg=None), TRUTH, "s")
    assert (row.right, row.accepted, row.wrong, row.after_stop_s) == (False, False, False, None)


def row(cls: str = "ok", **changes: Any) -> Judged:
    good = {"valid": True, "within_mpe": True, "after_stop_s": 1.0, "error_e": 0.1, "u95_e": 0.3}
    verdict = {"trace": "s", "expected": "ok", "verdict": "ok"}
    return Judged(cls=cls, **(verdict | good | changes))


def test_a_class_counts_each_weight_once() -> None:
    early = row(valid=False, within_mpe=False, error_e=-300.0)
    outside = row(within_mpe=False, error_e=1.5)
    none = row(verdict="unstable", error_e=None, u95_e=None, after_stop_s=None)
    said = report("ok", [row(), row(after_stop_s=3.0, error_e=-0.2), early, outside, none])
    assert (said.traces, said.right, said.accepted, said.within_mpe) == (5, 4, 4, 2)
    assert (said.early, said.outside_mpe, said.wrong) == (1, 1, 2)
    # The early weight is wrong by the whole axle that was missing; it says nothing of precision.
    assert said.error_e_p50 == 0.2
    assert said.covered == 0.5
    assert said.after_stop_s_p50 == 1.0


def test_a_right_weight_of_a_passage_that_went_bad_is_in_time() -> None:
    late = row("tailgate", expected="tailgate")
    early = row("tailgate", expected="tailgate", valid=False)
    said = report(
        "tailgate",
        [late, early, row("tailgate", expected="tailgate", verdict="tailgate", error_e=None)],
    )
    assert (said.right, said.in_time, said.wrong) == (1, 1, 1)
    assert not row().in_time


def test_the_good_class_comes_first() -> None:
    names = [each.cls for each in reports([row("tailgate"), row("cell_fault"), row()])]
    assert names == ["ok", "cell_fault", "tailgate"]


AXLES = msgspec.structs.replace(
    TRUTH, axle_masses_kg=(6_000.0, 9_000.0, 9_000.0), axle_offsets_m=(0.0, 3.5, 4.9)
)


def seen(**changes: Any) -> dict[str, Any]:
    axles: dict[str, Any] = {
        "axles": 3,
        "axles_confidence": 0.99,
        "axle_loads_kg": [6_060.0, 9_000.0, 8_820.0],
        "axle_loads_u95_kg": [60.0, 50.0, 179.0],
        "axle_spacings_m": [3.45, 1.5],
        "axle_spacings_u95_m": [0.06, 0.09],
    }
    return answer() | axles | changes


def test_axles_are_held_against_the_truth() -> None:
    found = judge(seen(), AXLES, "s").axles
    assert found is not None
    assert found.load_errors == pytest.approx((0.01, 0.0, -0.02))
    assert found.loads_covered == (True, True, False)
    assert found.spacing_errors_m == pytest.approx((-0.05, 0.1))
    assert found.spacings_covered == (True, False)


def test_axles_of_an_instant_without_a_weight_say_nothing() -> None:
    assert judge(seen(accepted_at_s=14.5), AXLES, "s").axles is None
    assert judge(answer(), TRUTH, "s").axles is None


def test_a_wrong_count_is_counted_and_measures_nothing() -> None:
    miscounted = judge(seen(axles=2, axles_confidence=0.6), AXLES, "s").axles
    found = [each for each in (miscounted, judge(seen(), AXLES, "s").axles) if each is not None]
    said = report_axles(found)
    assert said is not None
    assert (said.passages, said.right) == (2, 1)
    assert (said.confidence_most_wrong, said.confidence_least_right) == (0.6, 0.99)
    assert said.loads_covered == pytest.approx(2 / 3)
    assert said.spacings_covered == 0.5
    assert "count right in 1 of 2" in words(said)
    assert report_axles([]) is None


def test_a_refused_trace_is_a_failure_and_no_weight(tmp_path: Path) -> None:
    trace = tmp_path / "s.csv"
    trace.write_text("junk", encoding="utf-8")
    (tmp_path / "s.truth.json").write_text(
        '{"cls": "ok", "expected_verdict": "ok", "true_mass_kg": 1, "e_kg": 1}', encoding="utf-8"
    )
    judged = judge_trace(trace)
    assert (judged.right, judged.accepted) == (False, False)
    assert judged.failure is not None
    assert "s.calib.toml" in judged.failure


def test_a_truth_of_another_shape_names_file_and_key(tmp_path: Path) -> None:
    (tmp_path / "s.truth.json").write_text('{"cls": 3}', encoding="utf-8")
    with pytest.raises(TraceError, match=r"s\.truth\.json: .*\$\.cls"):
        read_truth(tmp_path / "s.csv")


def test_processes_keep_the_order() -> None:
    paths = [Path(name) for name in ("c", "a", "b")]
    assert list(in_processes(Path.as_posix, paths, 2)) == ["c", "a", "b"]
