"""Whole passages on the ideal plant: the lane as the people at the scale know it."""

from __future__ import annotations

import pytest
from lane_rig import STOPPING, Rig, lane_settings
from msgspec.structs import replace

from controller.core.faults import Fault
from controller.core.images import PlateRead, Vehicle
from controller.core.kinds import (
    BoomCommand,
    BoomPosition,
    Decision,
    Deck,
    End,
    Lamp,
    Message,
    Phase,
    Presence,
    RecordKind,
    RequestKind,
    WeighingStatus,
)

PLATE = "晋A12345"
PAPERS = Vehicle(plate=PLATE, axles=6, kind="train", single_drive_axle=False)


@pytest.fixture
def rig() -> Rig:
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    return rig


def read(rig: Rig, text: str = PLATE, ppm: int = 990_000) -> PlateRead:
    passage = rig.lane.passage
    return PlateRead(
        end=End.YARD if passage is None or passage.entry is None else passage.entry,
        text=text,
        char_ppm=(ppm,) * len(text),
        frames=3,
        agree=3,
        first_us=rig.plant.now_us,
        last_us=rig.plant.now_us,
        captured_us=rig.plant.now_us,
        track=1,
        picture_sha256="00",
    )


def board(rig: Rig, entry: End = End.YARD, ppm: int = 990_000) -> None:
    plant = rig.plant
    plant.sense(entry, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    plant.plates = (read(rig, ppm=ppm),)
    rig.run(3)
    assert rig.out.approach_lamps[entry] == Lamp.GREEN
    plant.sense(entry, "approach", Presence.CLEAR)
    plant.sense(entry, "beam_low", Presence.BLOCKED)
    plant.load(motion=True)
    rig.run_until(Phase.BOARDING, 1)
    rig.run(2)
    assert rig.out.approach_lamps == (Lamp.RED, Lamp.RED)
    plant.sense(entry, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.WEIGHING, 3)


def weigh(rig: Rig, gross_kg: int, vehicle: Vehicle | None = PAPERS) -> None:
    plant = rig.plant
    plant.vehicle = vehicle
    plant.load(
        status=WeighingStatus.ACCEPTED,
        motion=False,
        weight_g=gross_kg * 1000,
        indicated_g=gross_kg * 1000,
        u95_g=9_000,
        accepted_us=plant.now_us,
        axles=6,
    )


def leave(rig: Rig, by: End) -> None:
    plant = rig.plant
    for _ in range(300):
        if rig.out.deck_lamps[by] == Lamp.GREEN:
            break
        rig.scan()
    assert rig.out.deck_lamps[by] == Lamp.GREEN
    plant.sense(by, "beam_low", Presence.BLOCKED)
    rig.run(2)
    plant.empty()
    rig.run(1)
    plant.sense(by, "beam_low", Presence.CLEAR)


@pytest.mark.parametrize("entry", list(End))
def test_a_legal_truck_passes_and_the_lane_returns_to_idle(rig: Rig, entry: End) -> None:
    board(rig, entry)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    assert rig.plant.records == [(RecordKind.PASSAGE, 1, entry.other)]
    leave(rig, entry.other)
    rig.run_until(Phase.IDLE, 10)
    assert all(boom.position == BoomPosition.CLOSED for boom in rig.plant.booms)
    assert len(rig.plant.records) == 1


def test_an_overloaded_truck_is_sent_back_by_the_way_it_came(rig: Rig) -> None:
    board(rig)
    weigh(rig, 54_320)
    rig.run_until(Phase.RETURNING, 12)
    assert rig.out.sign.message == Message.BACK_OUT
    passage = rig.lane.passage
    assert passage is not None
    assert passage.judgement is not None
    assert passage.judgement.over_limit.over_g == 5_320_000
    leave(rig, End.YARD)
    rig.run_until(Phase.IDLE, 10)
    assert rig.plant.booms[End.ROAD].raised_us < 0


def test_a_re_weigh_is_linked_to_the_first_record_and_limited(rig: Rig) -> None:
    board(rig)
    chained = Vehicle(
        plate=PLATE,
        axles=6,
        kind="train",
        single_drive_axle=False,
        chain_token=3,
        chain_previous_seq=9,
        chain_cycles=8,
    )
    weigh(rig, 54_320, chained)
    rig.run_until(Phase.HOLDING, 12)
    passage = rig.lane.passage
    assert passage is not None
    assert passage.chain is not None
    assert (passage.chain.token, passage.chain.previous_seq, passage.chain.cycle) == (3, 9, 9)
    assert passage.reasons[0] == "re-weigh cycles used up"


def test_an_unsure_plate_holds_and_a_named_confirmation_re_judges(rig: Rig) -> None:
    board(rig, ppm=400_000)
    weigh(rig, 48_000, None)
    rig.run_until(Phase.HOLDING, 12)
    assert rig.out.booms[End.ROAD] == BoomCommand.HOLD
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.scan()
    assert rig.out.lookup == PLATE
    rig.plant.vehicle = PAPERS
    rig.run_until(Phase.RELEASING, 5)
    kinds = [kind for kind, _, _ in rig.plant.records]
    assert kinds == [RecordKind.PASSAGE, RecordKind.AMENDMENT]


def test_an_anonymous_release_moves_nothing(rig: Rig) -> None:
    board(rig, ppm=400_000)
    weigh(rig, 48_000, None)
    rig.run_until(Phase.HOLDING, 12)
    for about in ({"who": ""}, {"why": ""}):
        rig.request(RequestKind.RELEASE, **about)
        rig.run(1)
        assert rig.lane.phase == Phase.HOLDING
    rig.request(RequestKind.RELEASE)
    rig.run_until(Phase.RELEASING, 2)
    assert rig.plant.records[-1] == (RecordKind.RELEASE, 1, End.ROAD)


def test_no_answer_of_the_ledger_no_boom(rig: Rig) -> None:
    rig.plant.ledger_answers = False
    board(rig)
    weigh(rig, 48_000)
    rig.run(20)
    assert rig.lane.phase == Phase.LEDGER_AWAY
    assert rig.plant.booms[End.ROAD].raised_us < 0


def test_a_withdrawn_weight_takes_the_permit_back(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.run(0.5)
    rig.plant.load(status=WeighingStatus.WITHDRAWN)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(5)
    assert rig.plant.ledger.permit is None
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_a_load_that_changed_by_itself_is_held_and_gets_no_weight(rig: Rig) -> None:
    board(rig)
    rig.plant.load(status=WeighingStatus.TAMPERED)
    rig.run_until(Phase.HOLDING, 12)
    assert rig.lane.outcome == "unexplained change of weight"
    rig.run(1)
    assert rig.plant.records == [(RecordKind.VOID, 1, None)]


def test_a_change_found_after_the_decision_takes_the_permit_back(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    rig.plant.load(status=WeighingStatus.TAMPERED)
    rig.run_until(Phase.HOLDING, 1)
    rig.run(5)
    assert rig.plant.ledger.permit is None
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED


def test_a_weighing_that_never_settles_ends_in_holding(rig: Rig) -> None:
    board(rig)
    rig.run_until(Phase.HOLDING, 70)
    assert rig.lane.outcome == "weight not steady"
    rig.run(1)
    assert rig.plant.records == [(RecordKind.VOID, 1, None)]


def test_a_truck_that_leaves_unweighed_is_a_void(rig: Rig) -> None:
    board(rig)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 20)
    assert rig.plant.records == [(RecordKind.VOID, 1, None)]


def test_the_boom_ahead_of_a_vehicle_that_waits_is_an_alarm_when_it_rises_unasked(
    rig: Rig,
) -> None:
    board(rig)
    rig.run_until(Phase.HOLDING, 70)
    assert int(Fault.BOOM_MOVED) not in rig.out.alarms
    boom = rig.plant.booms[End.ROAD]
    rig.plant.booms[End.ROAD] = type(boom)(BoomPosition.BETWEEN, rig.plant.now_us - 300_000, -1)
    rig.scan()
    assert int(Fault.BOOM_MOVED) in rig.out.alarms


def test_a_boom_that_the_lane_asked_up_is_no_incident(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    seen = set()
    while rig.plant.booms[End.ROAD].position != BoomPosition.BETWEEN:
        rig.scan()
    rig.plant.load(status=WeighingStatus.WITHDRAWN)
    for _ in range(100):
        rig.scan()
        seen |= set(rig.out.alarms)
    assert rig.lane.phase == Phase.HOLDING
    assert int(Fault.BOOM_MOVED) not in seen


def test_a_boom_lifted_by_hand_is_an_incident(rig: Rig) -> None:
    boom = rig.plant.booms[End.ROAD]
    rig.plant.booms[End.ROAD] = type(boom)(BoomPosition.BETWEEN, rig.plant.now_us, -1)
    rig.run_until(Phase.IDLE, 1)
    rig.run(1)
    assert rig.lane.outcome == "boom moved by hand"
    rig.run_until(Phase.IDLE, 20)
    assert rig.plant.records == [(RecordKind.VOID, 1, None)]


def test_by_hand_a_boom_rises_only_after_its_record(rig: Rig) -> None:
    rig.request(RequestKind.ENTER_MANUAL)
    rig.run_until(Phase.MANUAL, 1)
    rig.plant.ledger_answers = False
    rig.request(RequestKind.RAISE_BOOM, end=End.ROAD)
    rig.run(2)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.CLOSED
    rig.plant.ledger_answers = True
    rig.run(3)
    assert rig.plant.booms[End.ROAD].position == BoomPosition.OPEN
    assert rig.plant.records == [(RecordKind.MANUAL_MOVE, 1, End.ROAD)]
    rig.request(RequestKind.LEAVE_MANUAL)
    rig.scan()
    rig.run_until(Phase.IDLE, 20)


def test_emergency_stops_all_and_needs_a_named_reset(rig: Rig) -> None:
    board(rig)
    rig.plant.estop = Presence.BLOCKED
    rig.scan()
    assert rig.lane.phase == Phase.EMERGENCY
    assert rig.out.booms == (BoomCommand.HOLD, BoomCommand.HOLD)
    rig.plant.estop = Presence.CLEAR
    rig.run(5)
    assert rig.lane.phase == Phase.EMERGENCY
    rig.request(RequestKind.RESET)
    rig.scan()
    rig.run_until(Phase.HOLDING, 5)


def test_a_stopping_fault_stops_the_lane_and_is_kept_as_first_cause(rig: Rig) -> None:
    rig.plant.faults = (305, STOPPING)
    rig.scan()
    assert rig.lane.phase == Phase.FAULTED
    assert rig.lane.cause == STOPPING
    assert STOPPING in rig.out.alarms
    rig.plant.faults = ()
    rig.run_until(Phase.IDLE, 10)


def test_a_power_up_with_a_truck_on_the_deck_moves_nothing_and_holds() -> None:
    rig = Rig(lane_settings())
    rig.plant.load()
    rig.run_until(Phase.HOLDING, 5)
    rig.run(2)
    assert rig.plant.records == [(RecordKind.VOID, 1, None)]
    assert all(boom.raised_us < 0 for boom in rig.plant.booms)
    rig.request(RequestKind.RELEASE)
    rig.run(1)
    assert rig.lane.phase == Phase.HOLDING, "the way out must be named"
    rig.request(RequestKind.RELEASE, end=End.ROAD)
    rig.run_until(Phase.RELEASING, 2)


def test_at_both_ends_the_preferred_side_comes_first(rig: Rig) -> None:
    for end in End:
        rig.plant.sense(end, "approach", Presence.BLOCKED)
    rig.run(4)
    assert rig.out.approach_lamps[rig.settings.preferred] == Lamp.GREEN


def test_an_expired_tare_is_no_tare(rig: Rig) -> None:
    for age_days, net in ((89, 20_000_000), (91, None)):
        taken = rig.plant.inputs().wall.ms - age_days * 86_400_000
        vehicle = Vehicle(plate=PLATE, tare_g=16_000_000, tare_taken_ms=taken, tare_seq=4)
        one = Rig(rig.settings)
        one.run_until(Phase.IDLE, 10)
        board(one)
        weigh(one, 36_000, vehicle)
        one.run_until(Phase.HOLDING, 12)
        passage = one.lane.passage
        assert passage is not None
        assert passage.facts is not None
        expected = 16_000_000 if net is not None else None
        assert passage.facts.tare_g == expected
        assert passage.decision == Decision.HOLD


def test_what_was_taken_off_stays_on_record_though_the_tare_is_void_now(rig: Rig) -> None:
    taken = rig.plant.inputs().wall.ms - 86_400_000
    vehicle = replace(PAPERS, tare_g=16_000_000, tare_taken_ms=taken, tare_seq=4)
    rig.run_until(Phase.IDLE, 10)
    board(rig)
    weigh(rig, 30_000, vehicle)
    rig.run_until(Phase.RELEASING, 12)
    rig.plant.vehicle = PAPERS
    rig.run_until(Phase.HOLDING, 130)
    rig.run(1)
    assert [one.kind for one in rig.plant.intents] == [RecordKind.PASSAGE, RecordKind.AMENDMENT]
    for told in rig.plant.intents:
        assert (told.tare_seq, told.tare_taken_ms) == (4, taken)


def test_a_stuck_approach_loop_opens_the_boom_once(rig: Rig) -> None:
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run_until(Phase.IDLE, 90)
    rig.run(5)
    assert rig.lane.phase == Phase.IDLE
    rig.plant.sense(End.ROAD, "approach", Presence.CLEAR)
    rig.run(1)
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)


def test_a_person_on_the_deck_of_a_lane_that_waits_is_not_boarding(rig: Rig) -> None:
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.plant.load(status=WeighingStatus.IDLE)
    rig.run(3)
    rig.plant.empty()
    rig.run(3)
    assert rig.lane.phase == Phase.APPROACH
    assert rig.plant.intents == []
    rig.plant.load(status=WeighingStatus.IDLE)
    rig.plant.sense(End.ROAD, "beam_low", Presence.BLOCKED)
    rig.plant.sense(End.ROAD, "arm", Presence.BLOCKED)
    rig.run(0.5)
    assert rig.plant.ledger.on_deck == rig.out.passage_id


def test_what_is_weighed_boards_though_nobody_saw_it_in_the_entry(rig: Rig) -> None:
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.plant.load()
    rig.run(0.1)
    assert rig.lane.phase not in (Phase.APPROACH, Phase.HOLDING)


def test_an_entry_without_sensors_boards_by_the_load_alone(rig: Rig) -> None:
    for other in ("arm", "beam_low", "beam_high"):
        rig.plant.sense(End.ROAD, other, Presence.NOT_FITTED)
    rig.plant.sense(End.ROAD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.plant.load(status=WeighingStatus.IDLE)
    rig.run(0.1)
    assert rig.lane.phase == Phase.BOARDING


def test_deck_unknown_stops_the_lane(rig: Rig) -> None:
    rig.plant.load(deck=Deck.UNKNOWN)
    rig.run_until(Phase.FAULTED, 5)
    assert rig.lane.outcome == "blind"


def test_a_load_that_does_not_stay_is_nobody(rig: Rig) -> None:
    """A walker's step, or two wild samples."""
    rig.plant.load()
    rig.run(0.8)
    rig.plant.empty()
    rig.run(5)
    assert (rig.lane.phase, rig.plant.records) == (Phase.IDLE, [])
    rig.plant.load()
    rig.run(1.2)
    assert (rig.lane.phase, rig.lane.outcome) == (Phase.HOLDING, "unexpected load")


@pytest.mark.parametrize(("stays_s", "records"), [(0.8, 0), (1.2, 1)])
def test_a_load_that_does_not_stay_is_nobody_to_a_stopped_lane(
    rig: Rig, stays_s: float, records: int
) -> None:
    rig.plant.estop = Presence.BLOCKED
    rig.run_until(Phase.EMERGENCY, 2)
    rig.plant.load()
    rig.run(stays_s)
    rig.plant.empty()
    rig.run(5)
    assert len(rig.plant.records) == records


def test_a_load_that_does_not_stay_is_nobody_to_a_lane_that_clears(rig: Rig) -> None:
    board(rig)
    weigh(rig, 48_000)
    rig.run_until(Phase.RELEASING, 12)
    leave(rig, End.ROAD)
    rig.run(0.4)
    assert rig.lane.phase == Phase.DEPARTING
    rig.plant.load()
    rig.run(0.5)
    rig.plant.empty()
    rig.run_until(Phase.IDLE, 10)
    assert len(rig.plant.records) == 1
