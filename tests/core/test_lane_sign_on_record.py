"""The sign tells a held vehicle what a durable record has, and nothing that is only asked for."""

from __future__ import annotations

import pytest
from lane_rig import Rig, lane_settings

from controller.core.images import Vehicle
from controller.core.kinds import End, Message, Phase, Presence, RequestKind, WeighingStatus

PLATE = "晋A12345"


@pytest.fixture
def rig() -> Rig:
    """A lane on which an overloaded vehicle of three axles stands, of which no plate was read."""
    rig = Rig(lane_settings())
    rig.run_until(Phase.IDLE, 10)
    plant = rig.plant
    plant.sense(End.YARD, "approach", Presence.BLOCKED)
    rig.run_until(Phase.APPROACH, 1)
    rig.run(3)
    plant.sense(End.YARD, "approach", Presence.CLEAR)
    plant.sense(End.YARD, "beam_low", Presence.BLOCKED)
    plant.load(motion=True)
    rig.run(2)
    plant.sense(End.YARD, "beam_low", Presence.CLEAR)
    rig.run_until(Phase.WEIGHING, 3)
    _accepted(rig)
    return rig


def _accepted(rig: Rig, **weight: object) -> None:
    base: dict[str, object] = {
        "status": WeighingStatus.ACCEPTED,
        "motion": False,
        "weight_g": 48_000_000,
        "accepted_us": rig.plant.now_us,
        "axles": 3,
    }
    rig.plant.load(**{**base, **weight})


def test_a_plate_that_a_person_says_is_shown_when_its_record_is_durable(rig: Rig) -> None:
    rig.run_until(Phase.HOLDING, 12)
    assert (rig.out.sign.message, rig.out.sign.plate) == (Message.OVER, "")
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.scan()
    assert rig.lane.phase == Phase.HOLDING
    assert rig.out.lookup == PLATE
    assert (rig.out.sign.message, rig.out.sign.plate) == (Message.OVER, "")
    rig.plant.vehicle = Vehicle(plate=PLATE, axles=3, kind="truck", single_drive_axle=False)
    rig.run_until(Phase.RETURNING, 3)
    assert rig.plant.intents[-1].plate == rig.out.sign.plate == PLATE


def test_nobody_is_told_an_excess_while_its_record_is_on_the_way(rig: Rig) -> None:
    rig.request(RequestKind.CONFIRM_PLATE, plate=PLATE)
    rig.plant.vehicle = Vehicle(plate=PLATE, axles=3, kind="truck", single_drive_axle=False)
    rig.plant.ledger_answers = False
    rig.run_until(Phase.DECIDING, 12)
    _accepted(rig, weight_g=47_000_000)
    rig.run_until(Phase.HOLDING, 1)
    sign = rig.out.sign
    assert (sign.message, sign.gross_g, sign.over_g) == (Message.WAIT_FOR_OPERATOR, None, None)
    assert sign.plate == PLATE
    rig.plant.ledger_answers = True
    rig.run(1)
    sign = rig.out.sign
    assert (sign.message, sign.gross_g, sign.plate) == (Message.OVER, 48_000_000, PLATE)
