"""Ways to cheat or trip the lane that once worked, each kept as a passage that must not."""

from __future__ import annotations

import pytest
from lane_rig import STOPPING, Rig, lane_settings
from msgspec.structs import replace
from test_lane_passages import PAPERS, PLATE, board, read, weigh

from controller.core.faults import Fault
from controller.core.images import Boom, Request, Vehicle
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Deck,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
    Withdrawal,
)


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def hold_for_plate(rig: Rig) -> None:
    board(rig, ppm=400_000)
    weigh(rig, 48_000, None)
    rig.run_until(Phase.HOLDING, 12)
    rig.run(1)


def confirm(rig: Rig) -> None:
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.plant.vehicle = PAPERS
    rig.scan()
    rig.run(4)


def kinds(rig: Rig) -> list[RecordKind]:
    return [kind for kind, _, _ in rig.plant.records]


def open_by_hand(rig: Rig, end: End) -> None:
    rig.plant.booms[end] = Boom(BoomPosition.OPEN, rig.plant.now_us, -1)


def test_a_swap_behind_a_fault_does_not_inherit_the_weight(rig: Rig) -> None:
    hold_for_plate(rig)
    rig.plant.plates = ()
    rig.plant.faults = (STOPPING,)
    rig.scan()
    rig.plant.empty()
    rig.run(3)
    rig.plant.load(indicated_g=70_000_000, weighing_id=2)
    rig.run(1)
    rig.plant.faults = ()
    rig.run_until(Phase.HOLDING, 10)
    confirm(rig)
    assert rig.lane.phase == Phase.HOLDING
    passages = {passage for _, passage, _ in rig.plant.records}
    assert len(passages) == 2, "the second vehicle is another interval"


def test_load_added_while_held_is_not_released_on_the_old_weight(rig: Rig) -> None:
    hold_for_plate(rig)
    rig.plant.load(indicated_g=70_000_000, weighing_id=2)
    rig.run(5)
    confirm(rig)
    assert rig.lane.phase == Phase.HOLDING


def test_a_confirmed_plate_is_judged_on_the_weight_that_stands_now(rig: Rig) -> None:
    hold_for_plate(rig)
    weigh(rig, 60_000, None)
    confirm(rig)
    assert rig.lane.phase == Phase.RETURNING


def test_a_stopped_lane_still_accounts_for_what_crosses_the_deck(rig: Rig) -> None:
    rig.plant.faults = (STOPPING,)
    rig.scan()
    for end in End:
        open_by_hand(rig, end)
    rig.run(1)
    for _ in range(2):
        rig.plant.load()
        rig.run(10)
        rig.plant.empty()
        rig.run(5)
    assert kinds(rig) == [RecordKind.VOID, RecordKind.VOID]


def test_breaking_out_of_holding_is_recorded_and_told(rig: Rig) -> None:
    hold_for_plate(rig)
    open_by_hand(rig, End.ROAD)
    rig.plant.empty()
    alarms = {alarm for _ in range(150) for alarm in rig.scan().alarms}
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert Fault.BROKE_OUT in alarms


def test_going_the_other_way_instead_of_back_is_told(rig: Rig) -> None:
    board(rig)
    weigh(rig, 60_000)
    rig.run_until(Phase.RETURNING, 12)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.run(0.3)
    assert rig.lane.phase == Phase.HOLDING
    assert Fault.BROKE_OUT in rig.out.alarms


def test_a_vehicle_that_overhangs_the_far_end_can_be_sent_back(rig: Rig) -> None:
    board(rig)
    rig.plant.sense(End.ROAD, "beam_high", Presence.BLOCKED)
    rig.run_until(Phase.HOLDING, 70)
    rig.request(RequestKind.SEND_BACK)
    rig.run_until(Phase.RETURNING, 2)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.run(1.0)
    assert rig.lane.outcome == "sent back", "it stood in the beam when that was said"
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.plant.sense(End.ROAD, "beam_high", Presence.CLEAR)
    rig.run(0.5)
    rig.plant.sense(End.ROAD, "beam_high", Presence.BLOCKED)
    rig.run(0.3)
    assert rig.lane.phase == Phase.HOLDING
    assert Fault.BROKE_OUT in rig.out.alarms


@pytest.mark.parametrize("stranger", [{"end": End.ROAD}, {"track": 77}])
def test_another_in_the_queue_does_not_name_the_vehicle(
    rig: Rig, stranger: dict[str, End | int]
) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    seen = read(rig)
    plant.plates = (seen,) if "track" in stranger else ()
    rig.run(3)
    plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    plant.load(motion=True)
    rig.run(1)
    other = read(rig, "晋B88888")
    plant.plates = (replace(other, **stranger),)
    rig.run(2)
    passage = rig.lane.passage
    assert passage is not None
    assert passage.plate == (seen.text if "track" in stranger else "")


def test_the_plate_of_one_who_turned_away_does_not_stay(rig: Rig) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    plant.plates = (read(rig),)
    rig.run(2)
    plant.plates = ()
    plant.sense(End.YARD, "approach", Presence.CLEAR)
    rig.run(2)
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run(1)
    passage = rig.lane.passage
    assert passage is not None
    assert passage.plate == ""


def test_a_weight_from_before_the_truck_is_not_its_weight(rig: Rig) -> None:
    earlier = rig.plant.now_us
    board(rig)
    weigh(rig, 48_000)
    rig.plant.weight = replace(rig.plant.weight, accepted_us=earlier)
    rig.run(20)
    assert rig.lane.phase == Phase.WEIGHING


def test_a_trailer_still_over_the_arm_loop_is_not_weighed(rig: Rig) -> None:
    """Drawbar trains: both beams see through between truck and trailer."""
    board(rig)
    rig.plant.sense(End.YARD, "arm", Presence.BLOCKED)
    weigh(rig, 23_000)
    rig.run(10)
    assert rig.lane.phase == Phase.POSITIONING
    assert rig.out.sign.message == Message.FORWARD
    rig.plant.sense(End.YARD, "arm", Presence.CLEAR)
    rig.run_until(Phase.DECIDING, 5)


@pytest.mark.parametrize("about", [{"passage_id": 99}, {"end": End.YARD}])
def test_a_release_meant_otherwise_does_nothing(rig: Rig, about: dict[str, object]) -> None:
    hold_for_plate(rig)
    rig.request(RequestKind.RELEASE, **about)
    rig.run(2)
    assert rig.lane.phase == Phase.HOLDING


def test_of_two_words_at_once_the_stricter_counts(rig: Rig) -> None:
    hold_for_plate(rig)
    rig.plant.requests = tuple(
        Request(id=i, kind=kind, who="operator 7", why="both")
        for i, kind in enumerate((RequestKind.RELEASE, RequestKind.SEND_BACK))
    )
    rig.run_until(Phase.RETURNING, 3)


def test_a_contradicting_plate_counts_wherever_it_stands(rig: Rig) -> None:
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    doubtful = tuple(read(rig, f"晋B{i:05d}", 300_000) for i in range(40))
    for more, plate in (((), PLATE), ((read(rig, "晋B88888"),), "")):
        plant.plates = (read(rig), *doubtful, *more)
        rig.scan()
        passage = rig.lane.passage
        assert passage is not None
        assert passage.plate == plate
        assert len(passage.reads) <= 16


def released(rig: Rig) -> None:
    board(rig)
    rig.run(4)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)


def test_a_second_vehicle_coming_in_halts_the_release_until_it_is_gone(rig: Rig) -> None:
    board(rig)
    rig.run(4)
    weigh(rig, 48_000)
    rig.run_until(Phase.DECIDING, 12)
    rig.plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    for _ in range(250):
        assert rig.scan().booms[End.ROAD] == BoomCommand.HOLD
    assert rig.out.sign.message == Message.SECOND_VEHICLE
    rig.plant.sense(End.YARD, "beam_low", Presence.CLEAR)
    rig.run(5)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN


def test_no_boom_comes_down_before_who_drives_on_green_for_what_is_behind_him(rig: Rig) -> None:
    released(rig)
    rig.run(4)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    for sensor in ("beam_low", "beam_high"):
        rig.plant.sense(End.YARD, sensor, Presence.BLOCKED)
    rig.plant.load(motion=True)
    for _ in range(250):
        assert rig.scan().booms[End.ROAD] != BoomCommand.LOWER
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    assert rig.out.sign.message == Message.PASS


def test_nor_for_a_weight_that_is_taken_back_as_a_limit_switch_chatters(rig: Rig) -> None:
    released(rig)
    rig.run(4)
    assert rig.out.deck_lamps[End.ROAD] == Lamp.GREEN
    rig.plant.load(motion=True, status=WeighingStatus.RUNNING, withdrawn=Withdrawal.MOVED)
    boom = rig.plant.booms[End.ROAD]
    for scan in range(100):
        said = BoomPosition.BETWEEN if scan < 30 else BoomPosition.OPEN
        rig.plant.booms[End.ROAD] = replace(boom, position=said)
        assert rig.scan().booms[End.ROAD] != BoomCommand.LOWER
    assert kinds(rig) == [RecordKind.PASSAGE]


def test_one_who_follows_over_the_deck_finds_the_boom_down(rig: Rig) -> None:
    released(rig)
    rig.run(4)
    for state in (Presence.BLOCKED, Presence.CLEAR):
        for sensor in ("beam_low", "arm"):
            rig.plant.sense(End.ROAD, sensor, state)
        rig.run(4)
    rig.run(3)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    assert rig.lane.phase == Phase.HOLDING
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.VOID]


def test_a_person_in_the_beams_is_not_the_vehicle_that_moves_off(rig: Rig) -> None:
    released(rig)
    rig.run(4)
    for beam in ("beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, beam, Presence.BLOCKED)
    rig.run(3)
    for beam in ("beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, beam, Presence.CLEAR)
    rig.run(6)
    assert rig.lane.phase == Phase.RELEASING
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert kinds(rig) == [RecordKind.PASSAGE]


@pytest.mark.parametrize("beam", [Presence.CLEAR, Presence.UNKNOWN])
def test_what_a_loop_alone_feels_is_not_the_vehicle_that_moves_off(
    rig: Rig, beam: Presence
) -> None:
    """Both beams know that nothing has come through them; one that knows nothing cannot say so."""
    released(rig)
    rig.run(4)
    rig.plant.sense(End.ROAD, "beam_low", beam)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.run(1.5)
    assert rig.lane.phase == (Phase.RELEASING if beam == Presence.CLEAR else Phase.DEPARTING)
    rig.plant.sense(End.ROAD, "arm", Presence.CLEAR)
    rig.plant.sense(End.ROAD, "beam_low", Presence.CLEAR)
    rig.run(6)
    stands = rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert stands == (beam == Presence.CLEAR)


def test_an_entry_boom_that_stays_up_is_named(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    for _ in range(700):
        open_by_hand(rig, End.YARD)
        rig.scan()
    assert rig.lane.phase == Phase.HOLDING
    assert Fault.ENTRY_BOOM_OPEN in rig.out.alarms


def test_by_hand_an_older_permit_does_not_raise(rig: Rig) -> None:
    released(rig)
    rig.plant.ledger_answers = False
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run(1)
    rig.plant.booms[End.ROAD] = Boom(BoomPosition.CLOSED, rig.plant.now_us, -1)
    rig.request(RequestKind.RAISE_BOOM, end=End.ROAD)
    for _ in range(50):
        assert rig.scan().booms[End.ROAD] == BoomCommand.HOLD


def test_manual_does_not_end_by_itself(rig: Rig) -> None:
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run(1)
    open_by_hand(rig, End.ROAD)
    rig.run(300)
    assert rig.lane.phase == Phase.MANUAL
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN


def test_by_hand_a_boom_falls_only_while_asked(rig: Rig) -> None:
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run(1)
    open_by_hand(rig, End.ROAD)
    for _ in range(50):
        rig.request(RequestKind.LOWER_BOOM, end=End.ROAD)
        rig.scan()
    assert rig.out.booms[End.ROAD] == BoomCommand.LOWER
    assert kinds(rig) == [RecordKind.MANUAL_MOVE]
    rig.run(1)
    assert rig.out.booms[End.ROAD] == BoomCommand.HOLD


def test_a_weight_withdrawn_before_the_record_is_durable_never_raises(rig: Rig) -> None:
    board(rig)
    rig.plant.ledger_answers = False
    weigh(rig, 48_000)
    rig.run_until(Phase.DECIDING, 12)
    rig.plant.load(status=WeighingStatus.WITHDRAWN)
    rig.scan()
    rig.plant.ledger_answers = True
    for _ in range(300):
        assert rig.scan().booms[End.ROAD] == BoomCommand.HOLD
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert rig.plant.ledger.permit is None


def test_a_person_can_release_after_a_withdrawal(rig: Rig) -> None:
    released(rig)
    rig.run(0.3)
    rig.plant.load(status=WeighingStatus.WITHDRAWN)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(5)
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 2)
    rig.run(5)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN


def test_a_late_ledger_leaves_no_permit_behind(rig: Rig) -> None:
    board(rig)
    rig.run(4)
    rig.plant.ledger_answers = False
    weigh(rig, 48_000)
    rig.run_until(Phase.LEDGER_AWAY, 20)
    rig.plant.load(weighing_id=2)
    rig.plant.ledger_answers = True
    rig.run_until(Phase.HOLDING, 10)
    rig.run(5)
    assert kinds(rig) == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    assert rig.plant.ledger.permit is None


def test_zero_lost_while_idle_is_looked_after(rig: Rig) -> None:
    rig.plant.weight = replace(rig.plant.weight, zero_ok=False, zero_offset_g=30_000)
    rig.run(5)
    assert rig.lane.phase == Phase.ZERO_CHECK
    assert rig.out.zero
    rig.run(40)
    assert Fault.ZERO_NOT_RETURNED in rig.out.alarms


def test_a_ledger_that_is_away_closes_an_idle_lane(rig: Rig) -> None:
    rig.plant.ledger = replace(rig.plant.ledger, ready=False)
    rig.run(1)
    assert rig.lane.phase == Phase.LEDGER_AWAY
    rig.plant.ledger = replace(rig.plant.ledger, ready=True)
    rig.run_until(Phase.IDLE, 10)


def test_a_small_fault_is_shown_though_it_stops_nothing(rig: Rig) -> None:
    rig.plant.faults = (int(Fault.CAMERA_SILENT),)
    rig.scan()
    assert Fault.CAMERA_SILENT in rig.out.alarms
    assert rig.lane.phase == Phase.IDLE


def backed_off(rig: Rig, beam: Presence) -> None:
    """A driver came on with one axle and went back; the beam at his end says this now."""
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run(3)
    plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    plant.load(motion=True)
    rig.run(2)
    plant.empty()
    plant.sense(End.YARD, "beam_low", beam)
    rig.run(1.5)
    assert rig.lane.phase == Phase.DEPARTING


def test_backing_off_and_coming_again_needs_nobody(rig: Rig) -> None:
    backed_off(rig, Presence.BLOCKED)
    rig.plant.load(motion=True)
    rig.run(1.2)
    assert rig.lane.phase == Phase.BOARDING
    assert kinds(rig) == [RecordKind.VOID]


def test_what_weighs_behind_who_backed_off_and_is_seen_nowhere_is_not_that_driver(rig: Rig) -> None:
    """Cells that lie for a second: the driver stands before the boom, and nothing is under it."""
    backed_off(rig, Presence.CLEAR)
    rig.plant.load(motion=True)
    rig.run(0.8)
    rig.plant.empty()
    rig.run(1)
    assert (rig.lane.phase, kinds(rig)) == (Phase.DEPARTING, [RecordKind.VOID])
    rig.plant.load(motion=True)
    rig.run(1.2)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.HOLDING, "unexpected load")


def test_the_sign_of_an_overloaded_truck_shows_its_licence(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000, replace(PAPERS, licence_gvm_g=40_000_000))
    rig.run_until(Phase.RETURNING, 12)
    assert (rig.out.sign.limit_g, rig.out.sign.over_g) == (40_000_000, 8_000_000)


def test_unknown_deck_at_release_time_does_not_open(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000, Vehicle(plate=PLATE))
    rig.plant.weight = replace(rig.plant.weight, deck=Deck.UNKNOWN)
    rig.run(1)
    assert rig.plant.booms[End.ROAD].raised_us < 0
