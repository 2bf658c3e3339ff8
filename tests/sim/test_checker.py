"""The judge is awake: each check is silent on what is right, and speaks when one thing is wrong."""

from __future__ import annotations

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
    Request,
    Sensor,
    Sign,
    Weight,
)
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    End,
    Lamp,
    Message,
    Presence,
    RequestKind,
    WeighingStatus,
)
from hal.ports import Drive
from protocol import parts
from protocol.record import Record
from sim.boomjudge import SCAN_US
from sim.cheatjudge import Cheat
from sim.checker import FOLLOWED_US, Checker
from sim.finding import CHECKS
from sim.people import Walker
from sim.senses import KNOWN_US, NO_SAMPLE_US, NO_WORD_US
from sim.truth import Touch
from sim.world import Options, Visit, Yard

SECOND = 1_000_000
CLEAR = Sensor(Presence.CLEAR, 0)
END = EndInputs(
    approach=CLEAR, arm=CLEAR, beam_low=CLEAR, beam_high=CLEAR, boom=Boom(BoomPosition.CLOSED)
)
QUIET = OutputImage(sign=Sign(message=Message.WELCOME))
EMPTY = Weight(deck=Deck.EMPTY)
HOLD, RAISE, LOWER = BoomCommand.HOLD, BoomCommand.RAISE, BoomCommand.LOWER


def image(now_s: float = 1.0, **fields: Any) -> InputImage:
    base = InputImage(scan=1, now_us=round(now_s * SECOND), ends=(END, END))
    return replace(base, **{"estop": Presence.CLEAR, **fields})


def awake(yard: Yard, **options: Any) -> Checker:
    """A checker of a lane that has started, and has had nothing in its way for long."""
    checker = Checker(yard, **options)
    for scan in range(KNOWN_US // SCAN_US + 1):
        checker.observe(image(-10.0 + scan / 50, weight=EMPTY), QUIET)
    return checker


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


def open_yard() -> Yard:
    yard = Yard(1)
    for boom in yard.booms:
        boom.angle_deg = 90.0
    return yard


def driven(end: End, command: BoomCommand) -> OutputImage:
    booms = (command, HOLD) if end == End.YARD else (HOLD, command)
    return OutputImage(booms=booms, passage_id=7, entry=End.YARD)


def permit(end: End, passage_id: int = 7) -> LedgerFact:
    return LedgerFact(ready=True, permit=Permit(seq=1, passage_id=passage_id, end=end))


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


def test_i3_two_greens() -> None:
    green, red = (Lamp.GREEN, Lamp.RED), (Lamp.RED, Lamp.RED)
    both = replace(QUIET, approach_lamps=green, deck_lamps=(Lamp.RED, Lamp.GREEN))
    assert found(awake(open_yard()), (image(weight=EMPTY), both)) == ["I3"]
    one = replace(QUIET, approach_lamps=green, deck_lamps=red)
    assert found(awake(open_yard()), (image(weight=EMPTY), one)) == []


def test_i10_zero_with_a_vehicle_on_the_deck_or_far_from_zero() -> None:
    zero = replace(QUIET, zero=True)
    assert found(awake(loaded_yard()), (image(), zero)) == ["I10"]
    assert found(awake(Yard(1)), (image(), zero)) == []
    far = Weight(zero_offset_g=4_100_000)
    assert found(awake(Yard(1)), (image(weight=far), zero)) == ["I10"]


def test_t7_an_empty_lane_that_does_not_come_back_to_idle() -> None:
    held = replace(QUIET, sign=Sign(message=Message.WAIT_FOR_OPERATOR))
    late = [(image(t), held) for t in (1.0, 60.0, 61.5)]
    assert found(awake(Yard(1)), *late) == ["T7"]
    assert found(awake(Yard(1)), *late[:2]) == []
    assert found(awake(Yard(1)), late[0], (image(30.0), QUIET), late[2]) == []
    assert found(awake(loaded_yard()), *late) == []
    faulty = [(replace(inputs, faults=(401,)), outputs) for inputs, outputs in late]
    assert found(awake(Yard(1)), *faulty) == []
    yard = Yard(1)
    yard.fault("road.boom", "opens by itself")
    assert found(awake(yard), *late) == []
    yard.heal("road.boom")
    assert found(awake(yard), *late) == ["T7"]


def test_a_violation_is_found_once_while_it_lasts_and_again_when_it_returns() -> None:
    both = replace(QUIET, approach_lamps=(Lamp.GREEN, Lamp.GREEN))
    checker = awake(open_yard())
    bad, good = (image(weight=EMPTY), both), (image(), QUIET)
    assert found(checker, bad, bad, bad) == ["I3"]
    assert found(checker, good, (image(2.0, weight=EMPTY), both)) == ["I3", "I3"]


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


def test_i3_a_green_beside_a_boom_that_is_not_open() -> None:
    out = replace(QUIET, deck_lamps=(Lamp.RED, Lamp.GREEN))
    yard = Yard(1)
    yard.booms[1].angle_deg = 40.0
    assert found(awake(yard), (image(), out)) == ["I3"]
    yard.fault("road.boom", "stuck")
    assert found(awake(yard), (image(), out)) == []


def test_i3_nobody_is_bidden_onto_a_deck_that_is_not_known_to_be_empty() -> None:
    coming = replace(QUIET, approach_lamps=(Lamp.GREEN, Lamp.RED))
    for deck, wrong in ((Deck.EMPTY, []), (Deck.UNKNOWN, ["I3"]), (Deck.LOADED, ["I3"])):
        scan = image(weight=Weight(deck=deck)), coming
        assert found(awake(open_yard()), scan) == wrong


def test_i5_a_weight_that_is_accepted_with_a_bad_cell() -> None:
    weight = Weight(status=WeighingStatus.ACCEPTED, accepted_us=SECOND, weight_g=20_000_000)
    bad = replace(weight, bad_cells=(3,))
    for found_weight, wrong in ((weight, []), (bad, ["I5"])):
        assert found(awake(loaded_yard()), (image(weight=found_weight), QUIET)) == wrong


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


def test_i8_a_green_while_a_sensor_has_said_nothing_for_long() -> None:
    out = replace(QUIET, deck_lamps=(Lamp.RED, Lamp.GREEN))
    silent = replace(END, beam_low=Sensor(Presence.UNKNOWN, 0))
    assert found(awake(open_yard()), (image(2.0, ends=(silent, END)), out)) == []
    assert found(awake(open_yard()), (image(4.0, ends=(silent, END)), out)) == ["I8"]


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


def test_i13_a_sign_that_lets_pass_before_the_release_is_on_the_disk() -> None:
    out = OutputImage(sign=Sign(message=Message.PASS), passage_id=7)
    assert found(awake(loaded_yard(), disk=lambda _: []), (image(), out)) == ["I13"]


@pytest.mark.parametrize("device", ["road.arm", "yard.beam_low", "road.boom", "estop", "cells"])
def test_i14_a_device_that_says_nothing_and_is_believed(device: str) -> None:
    yard = Yard(1)
    yard.fault(device, "silent")
    limit_us = NO_SAMPLE_US if device == "cells" else NO_WORD_US
    believed = image(limit_us / SECOND + 0.1, weight=EMPTY), QUIET
    assert found(awake(yard), believed) == ["I14"]
    assert found(awake(yard), (replace(believed[0], now_us=limit_us), QUIET)) == []
    nothing = EndInputs(boom=Boom(BoomPosition.UNKNOWN))
    unknown = replace(believed[0], ends=(nothing, nothing), weight=Weight(), estop=Presence.UNKNOWN)
    assert found(awake(yard), (unknown, QUIET)) == []


def test_i15_a_second_vehicle_on_the_deck_of_which_the_first_is_not_told() -> None:
    late = 1.0 + FOLLOWED_US / SECOND + 0.1
    forward = OutputImage(sign=Sign(message=Message.FORWARD))
    told = OutputImage(sign=Sign(message=Message.SECOND_VEHICLE))
    for out, second_m, rolls_mps, at_s, wrong in (
        (forward, 2.0, 0.0, late, ["I15"]),
        (forward, 2.0, 0.0, late - 0.2, []),
        (told, 2.0, 0.0, late, []),
        (forward, -3.0, 0.0, late, []),
        (forward, 6.0, 0.0, late, []),
        (forward, 2.0, 0.4, late, []),
    ):
        yard = loaded_yard()
        checker = awake(yard)
        yard.drivers += yard_with("2-axle truck").drivers
        follower = yard.drivers[1].vehicle
        follower.present, follower.s_m = True, second_m
        yard.drivers[0].vehicle.v_mps = rolls_mps
        assert found(checker, (image(1.0), out), (image(at_s), out)) == wrong


def test_c1_a_cheat_of_which_nothing_is_seen() -> None:
    cheat = Cheat(number="K9", wants="-", must="-", caught=("alarm BOOM_MOVED",))
    yard = Yard(1, [], Options(cheat=cheat))
    told = OutputImage(alarms=(int(Fault.BOOM_MOVED),))
    for outputs, checks in ((OutputImage(), ["C1"]), (told, [])):
        checker = Checker(yard)
        checker.observe(image(), outputs)
        assert [finding.check for finding in checker.finish([], {})] == checks


def served(action: parts.Service) -> Record:
    return Record(
        kind=parts.Kind.SERVICE,
        site="SIM001",
        lane="1",
        passage_id=7,
        times=parts.Times(at_us=0),
        service=parts.Servicing(action=action),
        person=parts.Person(who="L. Chen", why="yearly round"),
    )


@pytest.mark.parametrize(
    ("action", "out"),
    [
        (parts.Service.TEST_SIGN, OutputImage(sign=Sign(message=Message.TEST))),
        (parts.Service.ZERO, OutputImage(zero=True)),
    ],
)
def test_i16_what_a_person_asks_for_happens_after_its_record_and_not_for_long(
    action: parts.Service, out: OutputImage
) -> None:
    on_zero = replace(EMPTY, zero_ok=True)
    wish = (image(weight=on_zero, ledger=LedgerFact(passage_id=7, part=1)), out)
    late = (image(8.0, weight=on_zero, ledger=LedgerFact(passage_id=7, part=1)), out)
    other = served(parts.Service.CONFIGURE)
    for disk, scans, wrong in (
        ([served(action)], [wish], []),
        ([], [wish], ["I16"]),
        ([other], [wish], ["I16"]),
        ([served(action)], [wish, late], ["I16"]),
    ):
        checker = awake(open_yard(), disk=lambda _, d=disk: d)
        assert [one for one in found(checker, *scans) if one == "I16"] == wrong


def test_every_check_has_its_test() -> None:
    here = Path(__file__).parent
    names = ("checker", "audit", "lampcheck", "incidentcheck", "jogcheck", "wordcheck")
    files = (here / f"test_{name}.py" for name in names)
    text = "".join(file.read_text(encoding="utf-8") for file in files)
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
