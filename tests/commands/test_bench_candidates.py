"""Candidates are played the same tape, and counted as the table says."""

from pathlib import Path

import numpy as np
import pytest
from stand_rig import STOP_S, make_scale, make_stand

from controller.commands import bench_candidates_show
from controller.commands.bench_candidates import (
    INSTANTS_S,
    Look,
    Played,
    Tape,
    play,
    reports,
)
from controller.commands.weigh import TraceError
from controller.commands.weigh_truth import Truth
from sensors.candidates import SHIPPED
from sensors.estimator import Modal

STOPPED_US = round(STOP_S * 1e6)


def truth(mass_kg: float) -> Truth:
    return Truth(
        cls="ok",
        expected_verdict="ok",
        true_mass_kg=mass_kg,
        e_kg=20.0,
        mpe_kg=20.0,
        t_stops_s=(STOP_S,),
        valid_intervals=((0.0, 4.0),),
    )


def test_a_tape_plays_what_it_was_told() -> None:
    stand, tape, modal = make_stand(2), Tape(), Modal(make_scale())
    said = []
    for estimator in (tape, modal):
        estimator.restart(0)
        for start in range(0, len(stand.t_us), 8):
            rows = slice(start, start + 8)
            estimator.push(stand.t_us[rows], stand.cells_g[rows], stand.usable[rows])
            stopped = STOPPED_US if start > 200 else None
            said.append(estimator.estimate(stopped))
    own = said[len(said) // 2 :]
    assert said[: len(said) // 2] == [None] * len(own)
    looks = play(tape, Modal(make_scale()), truth(stand.truth_g / 1000))
    assert len(looks) == len(own)
    for look, found in zip(looks, own, strict=True):
        if found is None:
            assert look.error_e is None
        else:
            assert look.error_e == pytest.approx((found.weight_g - stand.truth_g) / 20_000)
            assert look.u95_e == pytest.approx(found.u95_g / 20_000)
    ends_s = [stand.t_us[min(at + 7, len(stand.t_us) - 1)] / 1e6 for at in range(0, 400, 8)]
    assert [look.after_stop_s for look in looks] == pytest.approx(np.array(ends_s) - STOP_S)
    assert [look.valid for look in looks] == [at_s <= 4.0 for at_s in ends_s]
    assert [look.stands for look in looks].index(True) == 26 + 3


def look(after_s: float, error_e: float | None, u95_e: float | None, **changes: bool) -> Look:
    given = {"valid": True, "stands": True} | changes
    return Look(after_stop_s=after_s, error_e=error_e, u95_e=u95_e, cpu_ms=2.0, **given)


def played(name: str, looks: list[Look]) -> Played:
    return Played(name=name, limit_e=0.5, mpe_e=1.0, looks={"A": looks})


def test_an_answer_counts_for_an_instant_while_it_is_fresh_and_the_load_whole() -> None:
    traces = [
        played("right", [look(0.4, 0.9, 1.0), look(0.45, -0.2, 0.3)]),
        played("too sure", [look(0.49, 0.4, 0.3)]),
        played("silent", [look(0.5, None, None)]),
        played("old", [look(0.3, 5.0, 0.1)]),
        played("not whole", [look(0.5, 5.0, 0.1, valid=False)]),
        played("later", [look(0.51, 5.0, 0.1)]),
    ]
    first = reports(traces)[0].instants[0]
    assert (first.after_stop_s, first.traces) == (INSTANTS_S[0], 3)
    assert first.answered == pytest.approx(2 / 3, abs=1e-3)
    assert first.error_e_p50 == pytest.approx(0.3)
    assert first.covered == 0.5
    assert reports(traces)[0].instants[-1].answered is None


def test_a_weight_is_believed_at_the_second_small_u95_of_a_standing_vehicle() -> None:
    sure = [look(0.1 * i, 0.2, 0.4) for i in range(1, 4)]
    traces = [
        played("sure", sure),
        played("wavers", [sure[0], look(0.2, 0.2, 0.6), look(0.3, 2.0, 0.4), look(0.4, 2.0, 0.4)]),
        played("rolls", [look(0.1, 0.2, 0.4, stands=False), *sure[1:]]),
        played("silent", [sure[0], look(0.2, None, None), sure[2]]),
    ]
    found = reports(traces)[0]
    assert found.believed == 0.75
    assert found.believed_s_p50 == pytest.approx(0.3)
    assert found.believed_s_p95 == pytest.approx(0.39)
    assert found.outside_mpe == 1
    assert found.cpu_ms_p50 == 2.0


def test_the_table_has_a_row_for_each_and_says_who_did_not_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = [
        played("a", [look(at_s, 10.1, 10.2) for at_s in INSTANTS_S]),
        played("b", [look(at_s, None, None) for at_s in INSTANTS_S]),
    ]
    bench_candidates_show.show(reports(both))
    said = capsys.readouterr().out
    assert "…" not in said
    for part in ("A ", "10.10 / 10.10  100 % (50 %)", "2 traces", "CPU ms"):
        assert part in said


def test_a_folder_without_good_traces_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no good trace"):
        bench_candidates_show.run(tmp_path, 1, False)
    assert SHIPPED.startswith("3 ")
