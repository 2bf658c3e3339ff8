"""The records of a run against the truth: silent on a right day, and each spoilt thing is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import EndInputs, InputImage, OutputImage, Sign, Weight
from controller.core.kinds import Deck, Message, Presence, WeighingStatus
from protocol import custody, parts
from protocol.keys import PrivateKey
from protocol.record import Record, encode
from protocol.seal import seal
from sim.cheats import Moment, SignalDevice
from sim.checker import Checker
from sim.claimcheck import of_claims
from sim.finding import Finding
from sim.law import limits_g, mpe_g
from sim.ledgercheck import of_seals
from sim.loads import Thing
from sim.recordcheck import of_kin
from sim.reweighcheck import WITHDRAWN
from sim.truck import CONFIGURATIONS, build_truck
from sim.truth import Crossing, OnDeck, Touch
from sim.world import Fault

SECOND = 1_000_000
E_G = 20_000
DAY = 20_261_122
CURVE = parts.Curve.of((10, 30), (0, 1))


def hashes(records: list[Record]) -> dict[tuple[str, str, int], bytes]:
    """As a ledger gives them; here without seals."""
    return {(r.site, r.lane, r.seq): hashlib.sha256(encode(r)).digest() for r in records}


class Day:
    """One lawful passage with its record, of which a test spoils one thing."""

    def __init__(self) -> None:
        self.yard = yard_with("3-axle truck")
        vehicle = self.yard.drivers[0].vehicle
        vehicle.present, vehicle.s_m = True, 15.0
        self.vehicle, self.truck = vehicle, vehicle.truck
        self.mass_g, self.plate = vehicle.mass_g, vehicle.truck.plate.text
        self.yard.truth.on_deck.append(
            OnDeck(from_us=10 * SECOND, until_us=40 * SECOND, vehicles={0: self.mass_g})
        )
        self.crossing = Crossing(
            at_us=41 * SECOND,
            vehicle=0,
            plate=self.plate,
            entry=0,
            end=1,
            mass_g=self.mass_g,
            limit_g=vehicle.truck.limit_g,
        )
        self.yard.truth.crossings.append(self.crossing)
        self.gross_g = round(self.mass_g / E_G) * E_G
        self.records = [self.record()]
        self.shown = Sign(message=Message.PASS, gross_g=self.gross_g)
        self.fault = 0

    def times(self, **fields: Any) -> parts.Times:
        base = parts.Times(
            at_us=30 * SECOND,
            started_us=5 * SECOND,
            entered_us=11 * SECOND,
            decided_us=31 * SECOND,
            wall_ms=self.yard.options.wall_start_ms + 31_000,
            clock=parts.ClockQuality.SYNCHRONISED,
            date=DAY,
            offset_min=480,
        )
        return replace(base, **fields)

    def weighing(self, **fields: Any) -> parts.Weighing:
        base = parts.Weighing(
            gross_g=self.gross_g,
            indicated_g=self.gross_g,
            estimate_g=self.gross_g + 1_000,
            u95_g=7_000,
            mpe_g=2 * mpe_g(self.gross_g, E_G),
            stable_from_us=28 * SECOND,
            stable_to_us=30 * SECOND,
            raw=b"counts",
        )
        return replace(base, **fields)

    def verdicts(self, **fields: Any) -> parts.Verdicts:
        limit_g, papers = self.truck.limit_g, self.truck.entry
        within = parts.Verdict(result=parts.Result.WITHIN, limit_g=limit_g, over_g=0, rate_e4=0)
        base = parts.Verdicts(
            over_limit=within,
            overload=replace(within, limit_g=papers.licence_gvm_g),
            dimensions=parts.Verdict(result=parts.Result.WITHIN),
            on=DAY,
        )
        return replace(base, **fields)

    def read(self, text: str, **fields: Any) -> parts.Plate:
        return replace(parts.Plate(text=text, conf_ppm=(990_000,) * 7, agree=3), **fields)

    def record(self, **fields: Any) -> Record:
        papers = self.truck.entry
        base = Record(
            kind=parts.Kind.PASSAGE,
            site="SIM001",
            lane="1",
            passage_id=1,
            part=1,
            direction=parts.Direction.OUT,
            times=self.times(),
            plate=self.plate,
            plates=(self.read(self.plate),),
            identification=parts.Identification(stand=parts.Stand.AUTO),
            axles=parts.Axles(count=3, source=parts.Source.SENSOR),
            vehicle=parts.Vehicle(licence_gvm_g=papers.licence_gvm_g),
            weighing=self.weighing(),
            curve=CURVE,
            verdicts=self.verdicts(),
            decision=parts.Decision(outcome=parts.Outcome.RELEASE),
            permit=parts.Permit.ROAD,
        )
        return replace(base, **fields)

    def sealed(self) -> list[Record]:
        """The records with their numbers and hashes, as the ledger gives them."""
        done: list[Record] = []
        before = bytes(32)
        for seq, record in enumerate(self.records, start=1):
            done.append(replace(record, seq=seq, prev_hash=before))
            before = hashlib.sha256(encode(done[-1])).digest()
        return done

    def findings(self, records: list[Record] | None = None) -> list[Finding]:
        checker = Checker(self.yard)
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED,
            accepted_us=30 * SECOND,
            stable_from_us=28 * SECOND,
            weight_g=self.gross_g,
        )
        faults = (self.fault,) if self.fault else ()
        checker.observe(image(30.0, weight=weight, faults=faults), OutputImage())
        checker.observe(image(31.0), OutputImage(sign=self.shown, passage_id=1))
        records = self.sealed() if records is None else records
        return list(checker.finish(records, hashes(records)))

    def checks(self, records: list[Record] | None = None) -> list[str]:
        return [finding.check for finding in self.findings(records)]


def image(now_s: float, **fields: Any) -> InputImage:
    base = InputImage(scan=1, now_us=round(now_s * SECOND), ends=(EndInputs(), EndInputs()))
    return replace(base, **{"estop": Presence.CLEAR, **fields})


def test_a_right_day_has_no_finding() -> None:
    assert Day().findings() == []


def no_record(day: Day) -> None:
    day.records = []


def second_void(day: Day) -> None:
    void = day.record(kind=parts.Kind.VOID, passage_id=2, void="doubled", decision=None)
    day.records.append(replace(void, weighing=None, verdicts=None, permit=parts.Permit.NONE))


def record_of_nothing(day: Day) -> None:
    times = day.times(at_us=5 * SECOND, started_us=None, entered_us=None, decided_us=5 * SECOND)
    times = replace(times, wall_ms=day.yard.options.wall_start_ms + 5_000)
    void = replace(day.record(kind=parts.Kind.VOID, passage_id=2, void="ghost"), times=times)
    bare = replace(void, weighing=None, verdicts=None, decision=None, permit=parts.Permit.NONE)
    day.records.insert(0, bare)


def passage_told_of_twice(day: Day) -> None:
    day.yard.truth.on_deck.append(
        OnDeck(from_us=50 * SECOND, until_us=60 * SECOND, vehicles={0: 1})
    )
    late = day.times(at_us=55 * SECOND, entered_us=51 * SECOND, decided_us=55 * SECOND)
    late = replace(late, wall_ms=day.yard.options.wall_start_ms + 55_000)
    void = day.record(kind=parts.Kind.VOID, part=2, refers_to=1, void="again", times=late)
    bare = replace(void, weighing=None, verdicts=None, decision=None, permit=parts.Permit.NONE)
    day.records.append(bare)


@pytest.mark.parametrize(
    ("device", "died", "found"), [(True, True, []), (False, True, ["I4"]), (True, False, ["I4"])]
)
def test_a_device_may_make_another_load_of_one_that_stood_there_before_a_stop(
    device: bool, died: bool, found: list[str]
) -> None:
    day = Day()
    second_void(day)
    day.records[-1] = replace(day.records[-1], void="another than before the start")
    if device:
        on = SignalDevice(on=Moment(wait_us=0), off=None, gain_ppm=-300_000)
        day.yard.options = replace(day.yard.options, devices=(on,))
    checker = Checker(day.yard)
    if died:
        checker.restarted()
    records = day.sealed()
    told = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert told == found


def said_to_have_left(day: Day) -> None:
    left = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("left without release",))
    day.records.append(amended(day, decision=left))


def accused(day: Day) -> None:
    day.records = [day.record(flags=("213 WEIGHT_SCALED -1730 kg ± 384 kg, -10.75 %",))]


def part_left_out(day: Day) -> None:
    day.records.append(amended(day, part=3))


def amended_without_reference(day: Day) -> None:
    day.records.insert(0, service(day))
    day.records.append(amended(day, refers_to=1))


def amended(day: Day, **fields: Any) -> Record:
    hold = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("weight withdrawn",))
    bare = {"weighing": None, "verdicts": None, "curve": None, "decision": hold}
    fields = {"part": 2, "refers_to": 1, "permit": parts.Permit.NONE, **bare, **fields}
    return day.record(kind=parts.Kind.AMENDMENT, **fields)


def weight_never_accepted(day: Day) -> None:
    times = day.times(at_us=29 * SECOND)
    day.records = [day.record(times=times, weighing=day.weighing(stable_to_us=29 * SECOND))]


def released_without_verdict(day: Day) -> None:
    undetermined = parts.Verdict(result=parts.Result.UNDETERMINED)
    papers = parts.Vehicle(licence_gvm_g=None)
    day.records = [day.record(verdicts=day.verdicts(over_limit=undetermined), vehicle=papers)]


def held_with_a_permit(day: Day) -> None:
    day.records.append(amended(day, permit=parts.Permit.ROAD))


def released_backwards(day: Day) -> None:
    day.records = [day.record(permit=parts.Permit.YARD)]
    day.yard.truth.crossings[0] = replace(day.crossing, end=0)


def sign_differs(day: Day) -> None:
    day.shown = replace(day.shown, gross_g=day.gross_g + 20_000)


def sign_with_another_plate(day: Day) -> None:
    day.shown = replace(day.shown, plate="皖A00000")


def sign_with_another_limit(day: Day) -> None:
    day.shown = replace(day.shown, limit_g=1, over_g=0)


def crossed_before_the_record(day: Day) -> None:
    times = day.times(decided_us=45 * SECOND, wall_ms=day.yard.options.wall_start_ms + 45_000)
    day.records = [day.record(times=times)]


def second_vehicle_on_one_release(day: Day) -> None:
    day.yard.truth.on_deck[0].vehicles[1] = day.mass_g
    day.yard.drivers.append(day.yard.drivers[0])
    day.yard.truth.crossings.append(replace(day.crossing, vehicle=1, at_us=50 * SECOND))
    day.vehicle.s_m = 15.0


def weight_is_wrong(day: Day) -> None:
    day.gross_g += 60_000
    day.shown = replace(day.shown, gross_g=day.gross_g)
    day.records = [day.record()]


def overloaded_and_released(day: Day) -> None:
    day.yard.truth.crossings[0] = replace(day.crossing, limit_g=day.mass_g - 40_000)


def held_for_nothing(day: Day) -> None:
    hold = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("plate not read",))
    person = parts.Person(who="operator 07", why="papers seen")
    release = parts.Decision(outcome=parts.Outcome.RELEASE)
    day.records = [
        day.record(decision=hold, permit=parts.Permit.NONE, plate=None),
        amended(day, person=person, decision=release, permit=parts.Permit.ROAD),
    ]


def held_after_its_release(day: Day) -> None:
    day.records.append(amended(day))


def another_plate(day: Day) -> None:
    day.records = [day.record(plate="皖A00000")]


def rolled_as_it_was_weighed(day: Day) -> None:
    day.vehicle.v_mps = 1.0


def half_on_the_deck(day: Day) -> None:
    day.vehicle.s_m = 3.0


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


def service(day: Day) -> Record:
    return Record(
        kind=parts.Kind.SERVICE,
        site="SIM001",
        lane="1",
        passage_id=8,
        part=1,
        times=parts.Times(at_us=SECOND),
        service=parts.Servicing(action=parts.Service.CLEAR_CELLS),
        person=parts.Person(who="maintenance", why="repaired"),
    )


def after(day: Day, part: int, kind: parts.Kind, **fields: Any) -> Record:
    """A word of a person on the passage of the day."""
    return Record(
        kind=kind,
        site="SIM001",
        lane="1",
        passage_id=1,
        part=part,
        refers_to=1,
        times=parts.Times(at_us=50 * SECOND),
        person=parts.Person(who="L. Chen", why="a test truck"),
        **fields,
    )


def voided_by_a_person(day: Day) -> None:
    day.records.append(after(day, 2, parts.Kind.VOID, void="a test truck"))


def voided_by_nobody(day: Day) -> None:
    day.records.append(replace(after(day, 2, parts.Kind.VOID, void="said again"), person=None))


def voided_twice(day: Day) -> None:
    voided_by_a_person(day)
    day.records.append(after(day, 3, parts.Kind.VOID, void="a test truck"))


def voided_with_a_permit(day: Day) -> None:
    void = after(day, 2, parts.Kind.VOID, void="a test truck", permit=parts.Permit.ROAD)
    day.records.append(void)


def voided_and_let_go_by_rule(day: Day) -> None:
    voided_by_a_person(day)
    gone = {"decision": parts.Decision(outcome=parts.Outcome.RELEASE), "permit": parts.Permit.ROAD}
    day.records.append(replace(after(day, 3, parts.Kind.AMENDMENT, **gone), person=None))


def voided_and_weighed_again(day: Day) -> None:
    voided_by_a_person(day)
    later = after(day, 3, parts.Kind.AMENDMENT, weighing=day.weighing())
    day.records.append(replace(later, times=day.times()))


def decided_before_it_was_weighed(day: Day) -> None:
    wall_ms = day.yard.options.wall_start_ms + 29_000
    day.records = [day.record(times=day.times(decided_us=29 * SECOND, wall_ms=wall_ms))]


def dated_tomorrow(day: Day) -> None:
    day.records = [day.record(times=day.times(date=DAY + 1))]


def wall_an_hour_off(day: Day) -> None:
    wall_ms = day.yard.options.wall_start_ms + 3_631_000
    day.records = [day.record(times=day.times(wall_ms=wall_ms))]


def uncertain(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(u95_g=29_000))]


def without_uncertainty(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(u95_g=None))]


def not_rounded(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(estimate_g=day.gross_g + 15_000))]


def tolerance_of_another_step(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(mpe_g=20_000))]


def without_counts(day: Day) -> None:
    day.records = [day.record(weighing=day.weighing(raw=None))]


def without_curve(day: Day) -> None:
    day.records = [day.record(curve=None)]


def axle_missed(day: Day) -> None:
    day.records = [day.record(axles=parts.Axles(count=2, source=parts.Source.SENSOR))]


def braked_as_it_was_weighed(day: Day) -> None:
    day.vehicle.v_mps = 0.15


def journal_of_another(day: Day) -> None:
    told = custody.Media(kind="journal", sha256=bytes(32), bytes=9)
    day.records[0] = replace(day.records[0], media=(told,))
    day.records.append(amended(day, media=(told,)))


def held(day: Day, reason: str, times: parts.Times) -> Record:
    decision = parts.Decision(outcome=parts.Outcome.HOLD, reasons=(reason,))
    return day.record(
        kind=parts.Kind.VOID,
        decision=decision,
        void=reason,
        weighing=None,
        verdicts=None,
        permit=parts.Permit.NONE,
        times=times,
    )


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
        (no_record, ["I4", "I9", "I9", "T2"]),
        (second_void, ["I4", "T5"]),
        (record_of_nothing, ["I4"]),
        (passage_told_of_twice, ["I4", "T5"]),
        (said_to_have_left, ["I4", "T5"]),
        (part_left_out, ["I4", "T5"]),
        (amended_without_reference, ["I4", "T5"]),
        (weight_never_accepted, ["I5"]),
        (released_without_verdict, ["I8", "T9"]),
        (held_with_a_permit, ["I8", "T5"]),
        (released_backwards, ["I8"]),
        (sign_differs, ["I9"]),
        (sign_with_another_plate, ["I9"]),
        (sign_with_another_limit, ["I9"]),
        (crossed_before_the_record, ["T2"]),
        (second_vehicle_on_one_release, ["T2", "T8"]),
        (weight_is_wrong, ["T3"]),
        (overloaded_and_released, ["T4"]),
        (held_for_nothing, ["T5"]),
        (held_after_its_release, ["T5"]),
        (another_plate, ["T15", "T6", "T6"]),
        (rolled_as_it_was_weighed, ["T8"]),
        (half_on_the_deck, ["T8"]),
        (over_where_the_law_says_within, ["T9"]),
        (held_where_it_is_to_go_out, ["T9"]),
        (rate_in_another_unit, ["T9"]),
        (sure_though_readings_differ, ["T9"]),
        (told_as_coming_in, ["T10"]),
        (weighed_as_tare, ["T10"]),
        (tare_of_nobody, ["T10"]),
        (chain_of_nobody, ["T10"]),
        (voided_by_a_person, []),
        (voided_by_nobody, ["I4", "I4", "T5"]),
        (voided_twice, ["I16"]),
        (voided_with_a_permit, ["I16", "I8"]),
        (voided_and_let_go_by_rule, ["I16"]),
        (voided_and_weighed_again, ["I16"]),
        (decided_before_it_was_weighed, ["T11"]),
        (dated_tomorrow, ["T11"]),
        (wall_an_hour_off, ["T11"]),
        (uncertain, ["T12"]),
        (without_uncertainty, ["T12"]),
        (not_rounded, ["T12"]),
        (tolerance_of_another_step, ["T12"]),
        (without_counts, ["T12"]),
        (without_curve, ["T12"]),
        (axle_missed, ["T12"]),
        (accused, ["T13"]),
        (journal_of_another, ["T12", "T5"]),
        (braked_as_it_was_weighed, ["T8"]),
        (taken_for_sure, ["T15"]),
        (read_once_only, ["T15"]),
        (two_plates_as_sure, ["T15"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


@pytest.mark.parametrize(("status", "found"), [("ACCEPTED", ["T8"]), ("WITHDRAWN", [])])
def test_t8_who_rolls_on_just_after_takes_his_weight_back(status: str, found: list[str]) -> None:
    day = Day()
    checker = Checker(day.yard)
    for now_s in range(30, 36):
        day.vehicle.v_mps = 0.4 if now_s > 30 else 0.0
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED if now_s < 32 else WeighingStatus[status],
            accepted_us=30 * SECOND,
            stable_from_us=28 * SECOND,
            weight_g=day.gross_g,
        )
        checker.observe(image(now_s, weight=weight), OutputImage(sign=day.shown, passage_id=1))
    records = day.sealed()
    assert [one.check for one in checker.finish(records, hashes(records))] == found


@pytest.mark.parametrize(
    ("before", "rocks", "found"), [(0.3, False, ["T8"]), (0.3, True, []), (0.0, False, [])]
)
def test_t8_who_sets_off_as_his_weight_is_taken_has_stood_for_it(
    before: float, rocks: bool, found: list[str]
) -> None:
    day = Day()
    driver = day.yard.drivers[0]
    driver.habits = replace(driver.habits, rocks=rocks)
    checker = Checker(day.yard)
    for now_s, mps in ((29.7, before), (30.0, 0.3)):
        day.vehicle.v_mps = mps
        taken = now_s == 30.0
        weight = Weight(
            deck=Deck.LOADED,
            status=WeighingStatus.ACCEPTED if taken else WeighingStatus.RUNNING,
            accepted_us=30 * SECOND if taken else None,
            stable_from_us=28 * SECOND,
            weight_g=day.gross_g,
        )
        checker.observe(image(now_s, weight=weight), OutputImage(sign=day.shown, passage_id=1))
    records = day.sealed()
    assert [one.check for one in checker.finish(records, hashes(records))] == found


def test_i4_what_lies_on_the_deck_from_the_beginning_is_no_load_that_came() -> None:
    for from_us, wrong in ((3 * SECOND, False), (0, True)):
        day = Day()
        record_of_nothing(day)
        day.yard.loads.append(Thing.lying(500_000, 6.0, from_us=from_us))
        assert ("I4" in day.checks()) is wrong


@pytest.mark.parametrize(
    ("until_s", "died", "wrong"), [(2, True, False), (2, False, True), (None, True, True)]
)
def test_i4_what_a_lying_scale_made_up_may_be_gone_at_the_start(
    until_s: int | None, died: bool, wrong: bool
) -> None:
    day = Day()
    record_of_nothing(day)
    day.records[0] = replace(day.records[0], void="gone at start")
    if until_s is not None:
        until_us = until_s * SECOND
        lies = Fault(device="cell0", kind="reads too much", from_us=SECOND, until_us=until_us)
        day.yard.options = replace(day.yard.options, faults=(lies,))
    checker = Checker(day.yard)
    if died:
        checker.restarted()
    records = day.sealed()
    ghosts = [one.check for one in checker.finish(records, hashes(records)) if "VOID" in one.seen]
    assert (ghosts == ["I4"]) is wrong


@pytest.mark.parametrize(("entered_s", "wrong"), [(2, False), (5, True), (None, True)])
def test_i4_what_began_as_the_scale_lied_may_be_found_gone_late(
    entered_s: int | None, wrong: bool
) -> None:
    day = Day()
    record_of_nothing(day)
    entered_us = None if entered_s is None else entered_s * SECOND
    times = replace(day.records[0].times, entered_us=entered_us)
    day.records[0] = replace(day.records[0], void="left without weighing", times=times)
    lies = Fault(device="cell0", kind="reads too much", from_us=SECOND, until_us=2 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    assert ("I4" in day.checks()) is wrong


def test_i4_who_follows_before_the_deck_is_empty_has_a_record_of_his_own() -> None:
    for vehicles, void, wrong in (
        ((0, 1), "unexpected load", False),
        ((0, 1), "left without weighing", True),
        ((0,), "unexpected load", True),
    ):
        day = Day()
        day.yard.drivers += yard_with("2-axle truck").drivers
        day.yard.truth.on_deck[0].vehicles = dict.fromkeys(vehicles, day.mass_g)
        follower = held(day, void, day.times(at_us=35 * SECOND, decided_us=35 * SECOND))
        day.records.append(replace(follower, passage_id=2))
        assert ("I4" in day.checks()) is wrong


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


def test_t12_a_vehicle_whose_axles_nobody_has_counted() -> None:
    day = Day()
    day.records = [day.record(axles=parts.Axles(count=3, source=parts.Source.REGISTER))]
    assert day.checks() == ["T12"]


def test_t14_nobody_is_held_for_a_wait_that_was_not_waited_out() -> None:
    day = Day()
    for decided_s, wrong in ((31, True), (70, True), (71, False)):
        times = day.times(decided_us=decided_s * SECOND)
        found = of_claims([held(day, "not positioned", times)])
        assert [finding.check for finding in found] == (["T14"] if wrong else [])
    found = of_claims([held(day, "over capacity", day.times())])
    assert list(found) == []


def test_a_release_by_a_person_answers_for_an_overloaded_truck() -> None:
    day = Day()
    overloaded_and_released(day)
    held_for_nothing(day)
    assert "T4" not in day.checks()


def test_nobody_is_blamed_for_holding_a_truck_when_something_is_broken() -> None:
    day = Day()
    held_for_nothing(day)
    day.fault = 501
    assert day.checks() == []


def test_i6_a_gap_and_a_broken_chain() -> None:
    day = Day()
    held_for_nothing(day)
    good = day.sealed()
    assert "I6" not in day.checks(good)
    assert "I6" in day.checks(good[1:])
    assert "I6" in day.checks([good[0], replace(good[1], prev_hash=bytes(32))])


def test_i6_a_day_that_no_manifest_closes_and_one_that_counts_wrong() -> None:
    day = Day()
    wall_ms = day.yard.options.wall_start_ms
    times = day.times(wall_ms=wall_ms + 86_431_000, date=DAY + 1)
    late = service(day)
    day.records.append(replace(late, times=times))
    assert [f.check for f in day.findings() if "closed" in f.seen] == ["I6"]
    manifest = custody.Manifest(first=1, last=1, count=1, root=bytes(32), day=DAY)
    closing = Record(
        kind=parts.Kind.MANIFEST,
        site="SIM001",
        lane="1",
        passage_id=0,
        part=0,
        times=times,
        manifest=manifest,
    )
    day.records.insert(1, closing)
    assert "I6" not in day.checks()
    day.records[1] = replace(closing, manifest=replace(manifest, last=2))
    assert "I6" in day.checks()


def test_i6_a_seal_of_another_key_and_other_bytes() -> None:
    (record,) = Day().sealed()
    key, other = (PrivateKey(bytes([number] * 32)) for number in (1, 2))
    body = seal(encode(record), key)
    kept = {("SIM001", "1", 1): hashlib.sha256(body).digest()}
    assert list(of_seals({1: body}, kept, key.public.x)) == []
    assert [f.check for f in of_seals({1: body}, kept, other.public.x)] == ["I6"]
    assert len(list(of_seals({1: body[:-1] + b"\0"}, kept, key.public.x))) == 2


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


def test_a_truck_that_breaks_through_is_no_fault_of_the_lane() -> None:
    day = Day()
    hold = parts.Decision(outcome=parts.Outcome.HOLD)
    day.records = [day.record(decision=hold, permit=parts.Permit.NONE, plate=None)]
    assert "T2" in day.checks()
    day.yard.truth.touches.append(Touch(at_us=40 * SECOND, end=1, by_boom=False, what="vehicle 0"))
    assert "T2" not in day.checks()


@pytest.mark.parametrize(("who", "wrong"), [("operator 07", False), (None, True)])
def test_t2_a_person_may_let_the_second_of_one_passage_go_too(who: str | None, wrong: bool) -> None:
    day = Day()
    second_vehicle_on_one_release(day)
    first = day.record()
    person = parts.Person(who=who, why="papers seen") if who else None
    kind = parts.Kind.RELEASE if who else parts.Kind.AMENDMENT
    again = replace(first, kind=kind, part=2, refers_to=1, person=person)
    times = replace(again.times, at_us=42 * SECOND, decided_us=42 * SECOND)
    more = [replace(again, times=times), replace(again, part=3, times=times)]
    day.records = [first, *more]
    assert ("T2" in day.checks()) is wrong


@pytest.mark.parametrize(("device", "wrong"), [("cells", False), ("cell0", True)])
def test_t3_no_weight_is_held_to_truth_while_all_cells_read_too_much(
    device: str, wrong: bool
) -> None:
    day = Day()
    weight_is_wrong(day)
    lies = Fault(device=device, kind="reads too much", from_us=12 * SECOND)
    day.yard.options = replace(day.yard.options, faults=(lies,))
    assert ("T3" in day.checks()) is wrong


def test_t2_who_leaves_by_a_boom_that_opens_by_itself_was_not_let_out() -> None:
    for device, from_s, wrong in (
        ("road.boom", 39, False),
        ("road.boom", 60, True),
        ("yard.boom", 39, True),
    ):
        day = Day()
        no_record(day)
        opens = Fault(device=device, kind="opens by itself", from_us=from_s * SECOND)
        day.yard.options = replace(day.yard.options, faults=(opens,))
        assert ("T2" in day.checks()) is wrong


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
