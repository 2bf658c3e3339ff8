"""The judge is awake: each check is silent on what is right, and speaks when one thing is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.faults import Fault
from controller.core.images import (
    Boom,
    EndInputs,
    InputImage,
    LedgerFact,
    OutputImage,
    Permit,
    Sensor,
    Sign,
    Weight,
)
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    End,
    Lamp,
    Message,
    Presence,
    WeighingStatus,
)
from hal.ports import Drive
from protocol import parts
from protocol.record import Record, encode
from sim.cheatjudge import Cheat
from sim.checker import Checker
from sim.finding import CHECKS, Finding
from sim.people import Walker
from sim.truth import Crossing, OnDeck, Touch
from sim.world import Options, Visit, Yard

SECOND = 1_000_000
CLEAR = Sensor(Presence.CLEAR, 0)
END = EndInputs(
    approach=CLEAR, arm=CLEAR, beam_low=CLEAR, beam_high=CLEAR, boom=Boom(BoomPosition.CLOSED)
)
QUIET = OutputImage(sign=Sign(message=Message.WELCOME))
HOLD, RAISE, LOWER = BoomCommand.HOLD, BoomCommand.RAISE, BoomCommand.LOWER


def image(now_s: float = 1.0, **fields: Any) -> InputImage:
    base = InputImage(scan=1, now_us=round(now_s * SECOND), ends=(END, END))
    return replace(base, **{"estop": Presence.CLEAR, **fields})


def found(checker: Checker, *scans: tuple[InputImage, OutputImage]) -> list[str]:
    for inputs, outputs in scans:
        checker.observe(inputs, outputs)
    return [finding.check for finding in checker.findings]


def loaded_yard() -> Yard:
    """A yard whose one truck stands on the deck."""
    yard = yard_with("3-axle truck")
    vehicle = yard.drivers[0].vehicle
    vehicle.present, vehicle.s_m = True, 15.0
    return yard


def driven(end: End, command: BoomCommand) -> OutputImage:
    booms = (command, HOLD) if end == End.YARD else (HOLD, command)
    return OutputImage(booms=booms, passage_id=7, entry=End.YARD)


def permit(end: End, passage_id: int = 7) -> LedgerFact:
    return LedgerFact(ready=True, permit=Permit(seq=1, passage_id=passage_id, end=end))


def test_i1_an_exit_boom_raised_without_a_permit() -> None:
    raised = driven(End.ROAD, RAISE)
    assert found(Checker(loaded_yard()), (image(), raised)) == ["I1"]
    assert found(Checker(loaded_yard()), (image(ledger=permit(End.ROAD)), raised)) == []
    assert found(Checker(loaded_yard()), (image(ledger=permit(End.YARD)), raised)) == ["I1"]
    assert found(Checker(loaded_yard()), (image(ledger=permit(End.ROAD, 6)), raised)) == ["I1"]


def test_i1_the_entry_boom_opens_for_an_empty_deck_only() -> None:
    raised = driven(End.YARD, RAISE)
    assert found(Checker(Yard(1)), (image(), raised)) == []
    assert found(Checker(loaded_yard()), (image(), raised)) == ["I1"]


def test_i1_sparing_someone_under_a_falling_boom_needs_no_permit() -> None:
    between = replace(END, boom=Boom(BoomPosition.BETWEEN))
    scan = image(ends=(END, between)), driven(End.ROAD, RAISE)
    assert found(Checker(loaded_yard()), scan) == []


@pytest.mark.parametrize("place", ["arm", "beam_low", "beam_high"])
@pytest.mark.parametrize("state", [Presence.BLOCKED, Presence.UNKNOWN])
def test_i2_a_boom_lowered_on_a_presence(place: str, state: Presence) -> None:
    bad = replace(END, **{place: Sensor(state, 0)})
    lowered = driven(End.ROAD, LOWER)
    assert found(Checker(Yard(1)), (image(ends=(END, bad)), lowered)) == ["I2"]
    assert found(Checker(Yard(1)), (image(ends=(bad, END)), lowered)) == []
    assert found(Checker(Yard(1)), (image(ends=(END, bad)), driven(End.ROAD, HOLD))) == []


def test_i2_a_boom_lowered_on_a_vehicle_that_the_lane_did_not_see() -> None:
    yard = loaded_yard()
    yard.drivers[0].vehicle.s_m = 22.0
    lowered = image(), driven(End.ROAD, LOWER)
    assert found(Checker(yard), lowered) == ["I2"]
    yard.fault("road.arm", "stuck")
    assert found(Checker(yard), lowered) == []


def test_i3_two_greens() -> None:
    green, red = (Lamp.GREEN, Lamp.RED), (Lamp.RED, Lamp.RED)
    both = replace(QUIET, approach_lamps=green, deck_lamps=(Lamp.RED, Lamp.GREEN))
    assert found(Checker(Yard(1)), (image(), both)) == ["I3"]
    one = replace(QUIET, approach_lamps=green, deck_lamps=red)
    assert found(Checker(Yard(1)), (image(), one)) == []


def test_i10_zero_with_a_vehicle_on_the_deck_or_far_from_zero() -> None:
    zero = replace(QUIET, zero=True)
    assert found(Checker(loaded_yard()), (image(), zero)) == ["I10"]
    assert found(Checker(Yard(1)), (image(), zero)) == []
    far = Weight(zero_offset_g=4_100_000)
    assert found(Checker(Yard(1)), (image(weight=far), zero)) == ["I10"]


def test_t7_an_empty_lane_that_does_not_come_back_to_idle() -> None:
    held = replace(QUIET, sign=Sign(message=Message.WAIT_FOR_OPERATOR))
    late = [(image(t), held) for t in (1.0, 60.0, 61.5)]
    assert found(Checker(Yard(1)), *late) == ["T7"]
    assert found(Checker(Yard(1)), *late[:2]) == []
    assert found(Checker(Yard(1)), late[0], (image(30.0), QUIET), late[2]) == []
    assert found(Checker(loaded_yard()), *late) == []
    faulty = [(replace(inputs, faults=(401,)), outputs) for inputs, outputs in late]
    assert found(Checker(Yard(1)), *faulty) == []


def test_a_violation_is_found_once_while_it_lasts_and_again_when_it_returns() -> None:
    both = replace(QUIET, approach_lamps=(Lamp.GREEN, Lamp.GREEN))
    checker = Checker(Yard(1))
    bad, good = (image(), both), (image(), QUIET)
    assert found(checker, bad, bad, bad) == ["I3"]
    assert found(checker, good, (image(2.0), both)) == ["I3", "I3"]


def test_t1_a_boom_that_comes_down_on_a_vehicle_or_a_person() -> None:
    yard = Yard(1)
    touch = Touch(at_us=SECOND, end=1, by_boom=True, what="person")
    yard.truth.touches.append(touch)
    assert [f.check for f in Checker(yard).finish([], {})] == ["T1"]
    yard.truth.touches[:] = [replace(touch, by_boom=False, what="vehicle 0")]
    assert Checker(yard).finish([], {}) == ()


def test_t1_the_yard_notices_a_boom_on_a_truck_and_on_a_person() -> None:
    yard = loaded_yard()
    yard.drivers[0].vehicle.s_m = 22.0
    yard.drivers[0].think(0, yard)
    yard.booms[1].angle_deg = 90.0
    yard.booms[1].level = Drive.LOWER
    yard.drivers[0].acceleration = lambda around: 0.0  # type: ignore[method-assign]
    yard.advance(4 * SECOND)
    assert [(t.end, t.by_boom, t.what) for t in yard.truth.touches] == [(1, True, "vehicle 0")]
    walker = Walker(end=0, from_us=0, until_us=5 * SECOND)
    yard = Yard(1, (), Options(walkers=(walker,)))
    yard.booms[0].angle_deg = 90.0
    yard.booms[0].level = Drive.LOWER
    yard.advance(4 * SECOND)
    assert [(t.by_boom, t.what) for t in yard.truth.touches] == [(True, "person")]


def hashes(records: list[Record]) -> dict[tuple[str, str, int], bytes]:
    """As a ledger gives them; here without seals."""
    return {(r.site, r.lane, r.seq): hashlib.sha256(encode(r)).digest() for r in records}


class Day:
    """One lawful passage with its record, of which a test spoils one thing."""

    def __init__(self) -> None:
        self.yard = yard_with("3-axle truck")
        vehicle = self.yard.drivers[0].vehicle
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
        self.gross_g = round(self.mass_g / 20_000) * 20_000
        self.records = [self.record()]
        self.shown_g: int | None = self.gross_g

    def record(self, **fields: Any) -> Record:
        base = Record(
            kind=parts.Kind.PASSAGE,
            site="SIM001",
            lane="1",
            passage_id=1,
            times=parts.Times(at_us=30 * SECOND, entered_us=11 * SECOND, decided_us=31 * SECOND),
            plate=self.plate,
            weighing=parts.Weighing(gross_g=self.gross_g, indicated_g=self.gross_g),
            verdicts=parts.Verdicts(over_limit=parts.Verdict(result=parts.Result.WITHIN)),
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
            status=WeighingStatus.ACCEPTED, accepted_us=30 * SECOND, weight_g=self.gross_g
        )
        checker.observe(image(30.0, weight=weight), QUIET)
        sign = Sign(message=Message.PASS, gross_g=self.shown_g)
        checker.observe(image(31.0), OutputImage(sign=sign, passage_id=1))
        records = self.sealed() if records is None else records
        return list(checker.finish(records, hashes(records)))

    def checks(self, records: list[Record] | None = None) -> list[str]:
        return [finding.check for finding in self.findings(records)]


def test_a_right_day_has_no_finding() -> None:
    assert Day().findings() == []


def no_record(day: Day) -> None:
    day.records = []


def second_void(day: Day) -> None:
    void = day.record(kind=parts.Kind.VOID, passage_id=2, void="doubled", decision=None)
    day.records.append(replace(void, weighing=None, verdicts=None, permit=parts.Permit.NONE))


def record_of_nothing(day: Day) -> None:
    times = parts.Times(at_us=5 * SECOND)
    void = replace(day.record(kind=parts.Kind.VOID, passage_id=2, void="ghost"), times=times)
    day.records.insert(0, replace(void, weighing=None, decision=None, permit=parts.Permit.NONE))


def weight_never_accepted(day: Day) -> None:
    other = parts.Weighing(gross_g=day.gross_g - 1_000, indicated_g=day.gross_g)
    day.records = [day.record(weighing=other)]


def released_without_verdict(day: Day) -> None:
    undetermined = parts.Verdict(result=parts.Result.UNDETERMINED)
    day.records = [day.record(verdicts=parts.Verdicts(over_limit=undetermined))]


def sign_differs(day: Day) -> None:
    day.shown_g = day.gross_g + 20_000


def crossed_without_permit(day: Day) -> None:
    day.records = [day.record(permit=parts.Permit.YARD)]


def crossed_before_the_record(day: Day) -> None:
    times = replace(day.records[0].times, decided_us=45 * SECOND)
    day.records = [day.record(times=times)]


def second_vehicle_on_one_release(day: Day) -> None:
    day.yard.truth.on_deck[0].vehicles[1] = day.mass_g
    day.yard.truth.crossings.append(replace(day.crossing, vehicle=1, at_us=50 * SECOND))


def weight_is_wrong(day: Day) -> None:
    day.gross_g += 60_000
    day.shown_g = day.gross_g
    day.records = [day.record()]


def overloaded_and_released(day: Day) -> None:
    day.yard.truth.crossings[0] = replace(day.crossing, limit_g=day.mass_g - 40_000)


def held_for_nothing(day: Day) -> None:
    hold = parts.Decision(outcome=parts.Outcome.HOLD, reasons=("plate not read",))
    person = parts.Person(who="operator 07", why="papers seen")
    day.records = [
        day.record(decision=hold, permit=parts.Permit.NONE),
        day.record(kind=parts.Kind.RELEASE, part=2, refers_to=1, person=person),
    ]


def another_plate(day: Day) -> None:
    day.records = [day.record(plate="皖A00000")]


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        (no_record, ["I4", "I9", "I9", "T2"]),
        (second_void, ["I4"]),
        (record_of_nothing, ["I4"]),
        (weight_never_accepted, ["I5"]),
        (released_without_verdict, ["I8"]),
        (sign_differs, ["I9"]),
        (crossed_without_permit, ["T2"]),
        (crossed_before_the_record, ["T2"]),
        (second_vehicle_on_one_release, ["T2"]),
        (weight_is_wrong, ["T3"]),
        (overloaded_and_released, ["T4"]),
        (held_for_nothing, ["T5"]),
        (another_plate, ["T6"]),
    ],
)
def test_one_thing_wrong_is_found(spoil: Callable[[Day], None], checks: list[str]) -> None:
    day = Day()
    spoil(day)
    assert sorted(day.checks()) == checks


def test_a_release_by_a_person_answers_for_an_overloaded_truck() -> None:
    day = Day()
    overloaded_and_released(day)
    held_for_nothing(day)
    assert "T4" not in day.checks()


def test_nobody_is_blamed_for_holding_a_truck_when_something_is_broken() -> None:
    day = Day()
    held_for_nothing(day)
    checker = Checker(day.yard)
    checker.observe(image(5.0, faults=(501,)), QUIET)
    assert "T5" not in [f.check for f in checker.finish(day.sealed(), hashes(day.sealed()))]


def test_i6_a_gap_and_a_broken_chain() -> None:
    day = Day()
    held_for_nothing(day)
    good = day.sealed()
    assert "I6" not in day.checks(good)
    assert "I6" in day.checks(good[1:])
    assert "I6" in day.checks([good[0], replace(good[1], prev_hash=bytes(32))])


def test_c1_a_cheat_of_which_nothing_is_seen() -> None:
    cheat = Cheat(number="K9", wants="-", must="-", caught=("alarm BOOM_MOVED",))
    yard = Yard(1, [], Options(cheat=cheat))
    told = OutputImage(alarms=(int(Fault.BOOM_MOVED),))
    for outputs, checks in ((OutputImage(), ["C1"]), (told, [])):
        checker = Checker(yard)
        checker.observe(image(), outputs)
        assert [finding.check for finding in checker.finish([], {})] == checks


def test_a_truck_that_breaks_through_is_no_fault_of_the_lane() -> None:
    day = Day()
    crossed_without_permit(day)
    day.yard.truth.touches.append(Touch(at_us=40 * SECOND, end=1, by_boom=False, what="vehicle 0"))
    assert "T2" not in day.checks()


def test_every_check_has_its_test_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in CHECKS if f'"{name}"' not in text] == []


def test_a_gate_crasher_is_seen_to_cross() -> None:
    yard = yard_with("2-axle truck")
    habits = replace(yard.drivers[0].habits, crashes_boom=True, patience_us=SECOND)
    truck, load = yard.drivers[0].vehicle.truck, yard.drivers[0].vehicle.load_g
    yard = Yard(1, [Visit(truck=truck, end=0, arrives_us=0, load_g=load, habits=habits)])
    yard.booms[0].level = Drive.RAISE
    yard.approach_green[0] = True
    yard.advance(90 * SECOND)
    assert [t.by_boom for t in yard.truth.touches] == [False]
    assert yard.booms[1].broken
    assert [c.end for c in yard.truth.crossings] == [1]
