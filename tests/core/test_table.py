"""The phase table as data: what every row must have, and where no row may lead."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from lane_rig import START

from controller.core import guards
from controller.core.guards import limit_name
from controller.core.kinds import Phase
from controller.core.settings import LaneSettings
from controller.core.table import BY_PHASE, ROWS, Row
from controller.faults import load_catalogue

TIMERS = (guards.timed_out, guards.still_loaded)
SELF_REPEATING = {
    Phase.HOLDING,
    Phase.FAULTED,
    Phase.MANUAL,
    Phase.EMERGENCY,
    Phase.LEDGER_AWAY,
}


def ids(row: Row) -> str:
    return f"{row.outcome} to {row.to.name}"


def late_rows(phase: Phase) -> list[Row]:
    return [row for row in BY_PHASE[phase] if row.guard in TIMERS]


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase != Phase.IDLE])
def test_every_wait_has_a_limit_and_a_named_outcome(phase: Phase) -> None:
    name = limit_name(phase)
    assert name in LaneSettings.__struct_fields__
    rows = late_rows(phase)
    assert rows
    assert any(row.guard is guards.timed_out for row in rows), "still_loaded may not hold"
    assert all(row.outcome.strip() for row in rows)


def test_idle_alone_waits_without_a_limit() -> None:
    assert limit_name(Phase.IDLE) is None
    assert not late_rows(Phase.IDLE)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_limit_leads_elsewhere_or_calls_a_person_again(phase: Phase) -> None:
    assert all(row.to != phase or phase in SELF_REPEATING for row in late_rows(phase))


def reached_from(start: Phase, rows: Iterable[Row]) -> set[Phase]:
    rows, reached, before = list(rows), {start}, set[Phase]()
    while reached != before:
        before = set(reached)
        reached |= {row.to for row in rows if reached & set(row.phases)}
    return reached


def test_every_phase_is_reached_from_power_up() -> None:
    assert START.phase == Phase.STARTING
    assert reached_from(Phase.STARTING, ROWS) == set(Phase)


@pytest.mark.parametrize("phase", list(Phase))
def test_idle_is_reached_from_every_phase(phase: Phase) -> None:
    assert Phase.IDLE in reached_from(phase, ROWS)


def test_only_a_durable_record_releases() -> None:
    into = [row for row in ROWS if row.to == Phase.RELEASING]
    assert [(row.phases, row.guard) for row in into] == [
        ((Phase.DECIDING,), guards.durable_release)
    ]


def test_only_a_durable_record_sends_back() -> None:
    into = [row for row in ROWS if row.to == Phase.RETURNING]
    assert [(row.phases, row.guard) for row in into] == [((Phase.DECIDING,), guards.durable_return)]


def test_no_time_out_leads_out_of_holding() -> None:
    assert {row.to for row in late_rows(Phase.HOLDING)} == {Phase.HOLDING}


def test_nobody_comes_to_deciding_unweighed_and_unasked() -> None:
    into = {row.guard for row in ROWS if row.to == Phase.DECIDING}
    assert into == {
        guards.weighed_and_read,
        guards.weighed_degraded,
        guards.release_asked,
        guards.send_back_asked,
        guards.plate_confirmed,
        guards.timed_out,
        guards.decision_stored,
    }
    late = [row for row in ROWS if row.to == Phase.DECIDING and row.guard is guards.timed_out]
    assert [row.phases for row in late] == [(Phase.CONFIRMING,)]
    before = [row.guard for row in BY_PHASE[Phase.CONFIRMING]]
    assert before.index(guards.weight_gone) < before.index(guards.timed_out)


def test_the_emergency_stop_is_the_first_row_of_every_phase_but_its_own() -> None:
    for phase in Phase:
        first = BY_PHASE[phase][0]
        assert phase == Phase.EMERGENCY or first.guard is guards.emergency_pressed


def test_only_a_named_reset_leads_out_of_an_emergency() -> None:
    out = [row for row in BY_PHASE[Phase.EMERGENCY] if row.to != Phase.EMERGENCY]
    assert [row.guard for row in out] == [guards.reset_asked]


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_every_guard_says_what_it_asks_in_one_sentence(row: Row) -> None:
    sentence = (row.guard.__doc__ or "").partition("\n\n")[0].strip()
    assert sentence.endswith(".")
    assert len(sentence) > len("Yes.")


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_every_alarm_is_in_the_catalogue_and_fits_its_phase(row: Row) -> None:
    if row.alarm is None:
        return
    entry = load_catalogue()[int(row.alarm)]
    stopped = row.to in (Phase.FAULTED, Phase.MANUAL, Phase.EMERGENCY, Phase.LEDGER_AWAY)
    assert entry.stops == stopped, f"{entry.name} in {row.to.name}"


def test_no_row_is_hidden_behind_an_equal_one() -> None:
    seen = [(phase, row.guard) for row in ROWS for phase in row.phases]
    assert len(seen) == len(set(seen))
