"""The judge is awake about booms: none moves without a right to, none on what stands under it."""

from __future__ import annotations

import pytest
from checker_rig import (
    EMPTY,
    END,
    HOLD,
    LOWER,
    QUIET,
    RAISE,
    SECOND,
    awake,
    driven,
    found,
    image,
    loaded_yard,
    permit,
)
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.images import Boom, LedgerFact, Permit, Request, Sensor, Weight
from controller.core.kinds import BoomPosition, End, Lamp, Presence, RequestKind, WeighingStatus
from hal.ports import Drive
from protocol import parts
from protocol.record import Record
from sim.checker import Checker
from sim.people import Walker
from sim.truth import Touch
from sim.world import Options, Visit, Yard


def test_i1_an_exit_boom_raised_without_a_permit() -> None:
    raised = driven(End.ROAD, RAISE)
    assert found(awake(loaded_yard()), (image(), raised)) == ["I1"]
    assert found(awake(loaded_yard()), (image(ledger=permit(End.ROAD)), raised)) == []
    assert found(awake(loaded_yard()), (image(ledger=permit(End.YARD)), raised)) == ["I1"]
    assert found(awake(loaded_yard()), (image(ledger=permit(End.ROAD, 6)), raised)) == ["I1"]


def test_i1_the_entry_boom_opens_for_an_empty_deck_only() -> None:
    raised = driven(End.YARD, RAISE)
    assert found(awake(Yard(1)), (image(), raised)) == []
    assert found(awake(loaded_yard()), (image(), raised)) == ["I1"]


def test_i1_sparing_someone_under_a_falling_boom_needs_no_permit() -> None:
    between = replace(END, boom=Boom(BoomPosition.BETWEEN))
    scan = image(ends=(END, between)), driven(End.ROAD, RAISE)
    assert found(awake(loaded_yard()), scan) == []


def test_i1_a_boom_that_stands_up_and_says_that_it_is_down_may_be_held_up() -> None:
    yard, raised = loaded_yard(), (image(), driven(End.ROAD, RAISE))
    yard.booms[End.ROAD].angle_deg = 90.0
    assert found(awake(yard), raised) == []


@pytest.mark.parametrize("place", ["arm", "beam_low", "beam_high"])
@pytest.mark.parametrize("state", [Presence.BLOCKED, Presence.UNKNOWN])
def test_i2_a_boom_lowered_on_a_presence(place: str, state: Presence) -> None:
    bad = replace(END, **{place: Sensor(state, 0)})
    lowered = driven(End.ROAD, LOWER)
    assert found(awake(Yard(1)), (image(ends=(END, bad)), lowered)) == ["I2"]
    assert found(awake(Yard(1)), (image(ends=(bad, END)), lowered)) == []
    assert found(awake(Yard(1)), (image(ends=(END, bad)), driven(End.ROAD, HOLD))) == []


def test_i2_a_boom_lowered_on_a_vehicle_that_the_lane_did_not_see() -> None:
    yard = loaded_yard()
    yard.drivers[0].vehicle.s_m = 22.0
    lowered = image(), driven(End.ROAD, LOWER)
    assert found(awake(yard), lowered) == ["I2"]
    yard.fault("road.arm", "stuck")
    assert found(awake(yard), lowered) == []


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


@pytest.mark.parametrize("stops", [True, False])
def test_t1_who_walks_into_a_low_arm_is_hit_by_it_only_where_it_goes_on(stops: bool) -> None:
    walker = Walker(end=0, from_us=0, until_us=5 * SECOND)
    yard = Yard(1, (), Options(walkers=(walker,)))
    yard.booms[0].angle_deg = 39.0
    yard.booms[0].level = Drive.LOWER
    yard.advance(SECOND // 25)
    yard.booms[0].level = Drive.RAISE if stops else Drive.LOWER
    yard.advance(4 * SECOND)
    assert [t.what for t in yard.truth.touches] == ([] if stops else ["person"])


def test_i1_the_exit_boom_waits_for_the_entry_boom_but_for_a_person() -> None:
    raised = driven(End.ROAD, RAISE)
    yard = loaded_yard()
    yard.booms[0].angle_deg = 60.0
    scan = image(ledger=permit(End.ROAD)), raised
    assert found(awake(yard), scan) == ["I1"]
    by_person = Permit(seq=1, passage_id=7, end=End.ROAD, by_person=True)
    by_hand = LedgerFact(ready=True, permit=by_person)
    assert found(awake(yard), (image(ledger=by_hand), raised)) == []
    yard.booms[0].broken = True
    assert found(awake(yard), scan) == []


def test_i1_a_permit_is_a_persons_only_where_the_disk_names_one() -> None:
    yard = loaded_yard()
    yard.booms[End.YARD].angle_deg = 90.0
    asked = replace(
        permit(End.ROAD), permit=Permit(seq=1, passage_id=7, end=End.ROAD, by_person=True)
    )
    scan = image(ledger=asked), driven(End.ROAD, RAISE)
    released = Record(
        kind=parts.Kind.RELEASE,
        site="S",
        lane="1",
        passage_id=7,
        times=parts.Times(at_us=0),
        permit=parts.Permit.ROAD,
        decision=parts.Decision(outcome=parts.Outcome.RELEASE),
        person=parts.Person(who="operator", why="seen"),
    )
    by_rule = replace(released, kind=parts.Kind.PASSAGE, person=None)
    for record, wrong in ((released, []), (by_rule, ["I1"])):
        assert found(awake(yard, disk=lambda _, r=record: [r]), scan) == wrong


def test_i2_a_boom_lowered_too_soon_after_somebody_was_under_it_or_after_it_rose() -> None:
    bad = replace(END, arm=Sensor(Presence.BLOCKED, 0))
    opened = replace(END, boom=Boom(BoomPosition.OPEN))
    gone = image(1.0, ends=(END, bad)), QUIET
    lowered = driven(End.ROAD, LOWER)
    assert found(awake(Yard(1)), gone, (image(2.0, ends=(END, opened)), lowered)) == ["I2"]
    assert found(awake(Yard(1)), gone, (image(2.6, ends=(END, opened)), lowered)) == []
    raised = image(1.0, ends=(END, opened)), driven(End.ROAD, RAISE)
    assert found(awake(Yard(1)), raised, (image(1.3, ends=(END, opened)), lowered)) == ["I2"]
    assert found(awake(Yard(1)), raised, (image(1.6, ends=(END, opened)), lowered)) == []


def test_i7_a_lane_that_starts_moves_nothing_at_once() -> None:
    lowered = image(), driven(End.ROAD, LOWER)
    assert found(Checker(Yard(1)), lowered) == ["I7"]
    assert found(awake(Yard(1)), lowered) == []
    checker = awake(Yard(1))
    checker.restarted()
    out = replace(QUIET, deck_lamps=(Lamp.RED, Lamp.GREEN))
    assert "I7" in found(checker, (image(), out))


def test_i7_a_lane_that_starts_waits_until_it_has_seen_all_of_itself() -> None:
    silent = replace(END, arm=Sensor(Presence.UNKNOWN, 0))
    asked = Request(id=1, kind=RequestKind.ENTER_MANUAL, who="maintenance", why="a look")
    lowered = image(9.0, ends=(silent, END)), driven(End.ROAD, LOWER)
    for first, requests, wrong in (
        (image(1.0, ends=(silent, END)), (), ["I7"]),
        (image(1.0), (), ["I7"]),
        (image(1.0, weight=EMPTY), (), ["I7"]),
        (image(1.0), (asked,), []),
    ):
        checker = Checker(Yard(1))
        checker.observe(replace(first, requests=requests), QUIET)
        assert found(checker, lowered) == wrong


def test_i11_an_emergency_stop_holds_until_somebody_resets_it() -> None:
    lowered = driven(End.ROAD, LOWER)
    pressed = image(1.0, estop=Presence.BLOCKED), QUIET
    asked = Request(id=1, kind=RequestKind.RESET, who="maintenance", why="free")
    reset = image(2.0, requests=(asked,)), QUIET
    assert found(awake(Yard(1)), (image(1.0, estop=Presence.UNKNOWN), lowered)) == ["I11"]
    assert found(awake(Yard(1)), pressed, (image(3.0), lowered)) == ["I11"]
    assert found(awake(Yard(1)), pressed, reset, (image(3.0), lowered)) == []
    nobody = image(2.0, requests=(replace(asked, who=""),)), QUIET
    assert found(awake(Yard(1)), pressed, nobody, (image(3.0), lowered)) == ["I11"]


def test_i12_a_boom_that_rises_on_a_weight_taken_back() -> None:
    gone = Weight(status=WeighingStatus.WITHDRAWN)
    scans = [
        (image(t, ledger=permit(End.ROAD), weight=gone), driven(End.ROAD, RAISE))
        for t in (1.0, 1.02, 1.04)
    ]
    assert found(awake(loaded_yard()), *scans) == ["I12"]
    assert found(awake(loaded_yard()), *scans[:2]) == []
    sent_back = Record(
        kind=parts.Kind.AMENDMENT,
        site="S",
        lane="1",
        passage_id=7,
        times=parts.Times(at_us=0),
        permit=parts.Permit.ROAD,
        part=2,
        person=parts.Person(who="operator", why="over by the papers"),
    )
    assert found(awake(loaded_yard(), disk=lambda _: [sent_back]), *scans) == []


def test_i13_a_boom_that_rises_before_its_record_is_on_the_disk() -> None:
    scan = image(ledger=permit(End.ROAD)), driven(End.ROAD, RAISE)
    stored = Record(
        kind=parts.Kind.PASSAGE,
        site="S",
        lane="1",
        passage_id=7,
        times=parts.Times(at_us=0),
        permit=parts.Permit.ROAD,
        decision=parts.Decision(outcome=parts.Outcome.RELEASE),
    )
    held = replace(stored, part=2, permit=parts.Permit.NONE)
    for disk, wrong in (([stored], []), ([], ["I13"]), ([stored, held], ["I13"])):
        assert found(awake(loaded_yard(), disk=lambda _, d=disk: d), scan) == wrong


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
