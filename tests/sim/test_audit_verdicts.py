"""Verdicts are the law's, and stand on the right plate, tare and chain (T6, T9, T10, T15)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from audit_rig import SECOND, Day, service
from msgspec.structs import replace

from controller.core.images import Sign
from protocol import parts
from sim.law import limits_g
from sim.recordcheck import of_kin
from sim.reweighcheck import WITHDRAWN
from sim.truck import CONFIGURATIONS, build_truck


def another_plate(day: Day) -> None:
    day.records = [day.record(plate="皖A00000")]


def over_where_the_law_says_within(day: Day) -> None:
    over = parts.Verdict(
        result=parts.Result.OVER, limit_g=day.gross_g - 20_000, over_g=20_000, rate_e4=9
    )
    back = parts.Decision(outcome=parts.Outcome.RETURN)
    day.records = [
        day.record(verdicts=day.verdicts(over_limit=over), decision=back, permit=parts.Permit.YARD)
    ]
    day.yard.truth.crossings[0] = replace(day.crossing, end=0)
    day.shown, day.fault = Sign(), 401


def held_where_it_is_to_go_out(day: Day) -> None:
    hold = parts.Decision(outcome=parts.Outcome.HOLD)
    day.records = [day.record(decision=hold, permit=parts.Permit.NONE)]
    day.yard.truth.crossings[0] = replace(day.crossing, end=0)
    day.shown, day.fault = Sign(), 401


def rate_in_another_unit(day: Day) -> None:
    rated = parts.Verdict(
        result=parts.Result.WITHIN, limit_g=day.truck.limit_g, over_g=0, rate_e4=70
    )
    day.records = [day.record(verdicts=day.verdicts(over_limit=rated))]


def sure_though_readings_differ(day: Day) -> None:
    within = day.verdicts().over_limit
    assert within is not None
    both = (parts.Result.WITHIN, parts.Result.UNDETERMINED)
    readings = tuple(parts.Reading(result=result) for result in both)
    day.records = [day.record(verdicts=day.verdicts(over_limit=replace(within, readings=readings)))]


def told_as_coming_in(day: Day) -> None:
    day.records = [day.record(direction=parts.Direction.IN, permit=parts.Permit.YARD)]
    day.yard.truth.crossings[0] = replace(day.crossing, end=0)


def weighed_as_tare(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(purpose=parts.Purpose.TARE))]


def tare_of_nobody(day: Day) -> None:
    tare = parts.Tare(tare_g=11_000_000, seq=1)
    weighing = day.weighing(tare=tare, net_g=day.gross_g - 11_000_000)
    payload_g = day.truck.entry.licence_payload_g
    net = parts.Verdict(result=parts.Result.WITHIN, limit_g=payload_g, over_g=0, rate_e4=0)
    verdicts = day.verdicts(overload=net)
    day.records = [day.record(weighing=weighing, verdicts=verdicts)]


def chain_of_nobody(day: Day) -> None:
    chain = parts.Reweigh(first_seq=1, previous_seq=1, cycle=1)
    day.records.insert(0, service(day))
    day.records[1] = day.record(reweigh=chain)


def taken_for_sure(day: Day) -> None:
    doubtful = day.read(day.plate, conf_ppm=(990_000, 900_000))
    day.records = [day.record(plates=(doubtful,))]


def read_once_only(day: Day) -> None:
    day.records = [day.record(plates=(day.read(day.plate, agree=1),))]


def two_plates_as_sure(day: Day) -> None:
    day.records = [day.record(plates=(day.read(day.plate), day.read("鲁B12345")))]


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (another_plate, ["T15", "T6", "T6"]),
        (over_where_the_law_says_within, ["T9"]),
        (held_where_it_is_to_go_out, ["T9"]),
        (rate_in_another_unit, ["T9"]),
        (sure_though_readings_differ, ["T9"]),
        (told_as_coming_in, ["T10"]),
        (weighed_as_tare, ["T10"]),
        (tare_of_nobody, ["T10"]),
        (chain_of_nobody, ["T10"]),
        (taken_for_sure, ["T15"]),
        (read_once_only, ["T15"]),
        (two_plates_as_sure, ["T15"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


@pytest.mark.parametrize(("at_s", "wrong"), [(20, True), (29, False), (None, False)])
def test_t10_a_tare_that_was_taken_back_is_none(at_s: int | None, wrong: bool) -> None:
    day = Day()
    tare = replace(day.weighing(purpose=parts.Purpose.TARE), tare=None)
    times = day.times(at_us=8 * SECOND, decided_us=9 * SECOND)
    came = replace(day.record(weighing=tare, times=times), seq=1, prev_hash=bytes(32))
    records = [came]
    if at_s is not None:
        held = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("not steady", WITHDRAWN))
        fields = {"kind": parts.Kind.AMENDMENT, "part": 2, "refers_to": 1, "decision": held}
        fields["times"] = replace(times, decided_us=at_s * SECOND)
        records.append(replace(came, seq=2, **fields))
    stored = parts.Tare(tare_g=tare.indicated_g or 0, seq=1)
    out = day.record(weighing=day.weighing(tare=stored, net_g=day.gross_g - stored.tare_g))
    records.append(replace(out, passage_id=2, seq=3, prev_hash=bytes(32)))
    found = [one.seen for one in of_kin(records, plain=False)]
    assert found == ([f"seq 3: its tare is no tare of {day.plate}"] if wrong else [])


def test_t10_who_was_sent_back_is_tied_to_it_and_a_stored_tare_is_used() -> None:
    day = Day()
    within = day.verdicts().over_limit
    assert within is not None
    over = replace(within, result=parts.Result.OVER)
    back = parts.Decision(outcome=parts.Outcome.RETURN)
    first = day.record(
        passage_id=7,
        verdicts=day.verdicts(over_limit=over),
        decision=back,
        permit=parts.Permit.YARD,
    )
    day.records.insert(0, first)
    told = [f.seen for f in day.findings() if f.check == "T10"]
    assert told == ["seq 2 is not tied to seq 1"]
    chain = parts.Reweigh(first_seq=1, previous_seq=1, cycle=1)
    day.records[1] = day.record(reweigh=chain)
    assert "T10" not in day.checks()
    day.records[1] = day.record(reweigh=replace(chain, cycle=2))
    assert "T10" in day.checks()
    tare = day.weighing(purpose=parts.Purpose.TARE)
    day.records = [
        day.record(
            passage_id=7, direction=parts.Direction.IN, weighing=tare, permit=parts.Permit.YARD
        ),
        day.record(),
    ]
    told = [f.seen for f in day.findings() if f.check == "T10"]
    assert "seq 2 does not use the tare of seq 1" in told


@pytest.mark.parametrize("title", list(CONFIGURATIONS))
def test_the_judge_s_table_is_that_of_the_yard(title: str) -> None:
    for seed in range(8):
        truck = build_truck(Random(seed), title)
        bounds = limits_g(truck.entry)
        assert bounds is not None
        assert bounds[0] == truck.limit_g


def test_a_vehicle_that_the_table_does_not_know_has_no_limit() -> None:
    papers = build_truck(Random(1), "4-axle truck").entry
    assert limits_g(replace(papers, axles=5)) is None
    assert limits_g(replace(papers, axles=None)) is None
    assert limits_g(replace(papers, axles=1, kind="train")) is None
