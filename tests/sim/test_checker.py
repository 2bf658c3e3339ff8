"""The judge is awake: each check is silent on what is right, and speaks when one thing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from checker_rig import EMPTY, END, QUIET, SECOND, awake, found, image, loaded_yard, open_yard
from msgspec.structs import replace
from yard_rig import yard_with

from controller.core.faults import Fault
from controller.core.images import Boom, EndInputs, LedgerFact, OutputImage, Sensor, Sign, Weight
from controller.core.kinds import BoomPosition, Deck, Lamp, Message, Presence, WeighingStatus
from protocol import parts
from protocol.record import Record
from sim.cheatjudge import Cheat
from sim.checker import Checker
from sim.finding import CHECKS
from sim.secondcheck import FOLLOWED_US, PARTED_US
from sim.senses import NO_SAMPLE_US, NO_WORD_US
from sim.world import Options, Yard


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


def test_i8_a_green_while_a_sensor_has_said_nothing_for_long() -> None:
    out = replace(QUIET, deck_lamps=(Lamp.RED, Lamp.GREEN))
    silent = replace(END, beam_low=Sensor(Presence.UNKNOWN, 0))
    assert found(awake(open_yard()), (image(2.0, ends=(silent, END)), out)) == []
    assert found(awake(open_yard()), (image(4.0, ends=(silent, END)), out)) == ["I8"]


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
        (forward, 1.4, 0.4, late, ["I15"]),
        (told, 1.4, 0.4, late, []),
    ):
        yard = loaded_yard()
        checker = awake(yard)
        yard.drivers += yard_with("2-axle truck").drivers
        follower = yard.drivers[1].vehicle
        follower.present, follower.s_m = True, second_m
        yard.drivers[0].vehicle.v_mps = rolls_mps
        assert found(checker, (image(1.0), out), (image(at_s), out)) == wrong


@pytest.mark.parametrize("rolls_mps", [0.0, 0.4])
def test_i15_who_is_on_his_way_back_off_the_deck_need_not_be_told_of(rolls_mps: float) -> None:
    yard = loaded_yard()
    checker = awake(yard)
    yard.drivers += yard_with("2-axle truck").drivers
    follower = yard.drivers[1].vehicle
    follower.present, follower.s_m, follower.v_mps = True, 1.4, -1.1
    yard.drivers[0].vehicle.v_mps = rolls_mps
    back = OutputImage(sign=Sign(message=Message.BACK))
    late = 1.0 + FOLLOWED_US / SECOND + 0.1
    assert found(checker, (image(1.0), back), (image(late), back)) == []
    follower.v_mps = 0.0
    assert found(checker, (image(late + 0.02), back)) == ["I15"]


def followed(second_m: float) -> tuple[Yard, Checker]:
    """A vehicle on the deck, and another whose front stands this far in behind it."""
    yard = loaded_yard()
    checker = awake(yard)
    yard.drivers += yard_with("2-axle truck").drivers
    follower = yard.drivers[1].vehicle
    follower.present, follower.s_m = True, second_m
    return yard, checker


@pytest.mark.parametrize(("second_m", "wrong"), [(2.0, ["I15"]), (6.0, [])])
def test_i15_how_far_behind_another_climbed_on_is_not_forgotten_over_a_trouble(
    second_m: float, wrong: list[str]
) -> None:
    yard, checker = followed(second_m)
    forward = OutputImage(sign=Sign(message=Message.FORWARD))
    assert found(checker, (image(1.0), forward)) == []
    yard.fault("road.camera", "silent")
    late_s = FOLLOWED_US / SECOND + 0.1
    assert found(checker, (image(1.0 + late_s), forward)) == []
    yard.heal("road.camera")
    yard.drivers[0].vehicle.s_m += 5.0
    later = [(image(1.0 + late_s * n), forward) for n in (2, 3)]
    assert found(checker, *later) == wrong


@pytest.mark.parametrize(("apart_m", "wrong"), [(6.65, []), (6.8, ["I15"])])
def test_i15_who_follows_at_a_drawbars_length_is_no_other_for_all_that_is_measured(
    apart_m: float, wrong: list[str]
) -> None:
    yard, checker = followed(2.0)
    first, second = (driver.vehicle for driver in yard.drivers)
    second.s_m = 0.05 + second.truck.axles_m[0]
    first.s_m = 0.05 + first.truck.axles_m[-1] + apart_m
    forward = OutputImage(sign=Sign(message=Message.FORWARD))
    late_s = 1.1 + FOLLOWED_US / SECOND
    assert found(checker, (image(1.0), forward), (image(late_s), forward)) == wrong


@pytest.mark.parametrize(("gap_us", "wrong"), [(PARTED_US - 20_000, []), (PARTED_US, ["I15"])])
def test_i15_who_keeps_no_gap_that_loop_and_beams_tell_is_a_trailer_to_them(
    gap_us: int, wrong: list[str]
) -> None:
    _, checker = followed(2.0)
    forward = OutputImage(sign=Sign(message=Message.FORWARD))
    clear = Sensor(Presence.CLEAR, SECOND - gap_us)
    ends = (replace(END, arm=clear), replace(END, arm=clear))
    late = image(1.1 + FOLLOWED_US / SECOND, ends=ends)
    assert found(checker, (image(1.0, ends=ends), forward), (late, forward)) == wrong


@pytest.mark.parametrize("dies", [False, True])
def test_i15_a_life_that_begins_under_both_need_not_tell_of_another(dies: bool) -> None:
    _, checker = followed(2.0)
    back = OutputImage(sign=Sign(message=Message.BACK))
    assert found(checker, (image(1.0), back)) == []
    if dies:
        checker.died(None)
        checker.restarted()
    late = (image(1.1 + FOLLOWED_US / SECOND), back)
    assert ("I15" in found(checker, late)) != dies


@pytest.mark.parametrize(("bad_cells", "wrong"), [((), ["I15"]), ((3,), [])])
def test_i15_nobody_is_told_of_axles_that_a_bad_cell_hides(
    bad_cells: tuple[int, ...], wrong: list[str]
) -> None:
    _, checker = followed(2.0)
    forward = OutputImage(sign=Sign(message=Message.FORWARD))
    scale = Weight(deck=Deck.LOADED, bad_cells=bad_cells)
    seen = [(image(at_s, weight=scale), forward) for at_s in (1.0, 1.1 + FOLLOWED_US / SECOND)]
    assert found(checker, *seen) == wrong


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
    files = (file for name in names for file in here.glob(f"test_{name}*.py"))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [name for name in CHECKS if f'"{name}"' not in text] == []
