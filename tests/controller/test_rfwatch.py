"""No weight is taken while a remote-control device is heard, nor while nobody listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from day_rig import run_day
from msgspec.structs import replace

from controller.core.faults import Fault
from controller.core.images import EndInputs, Weight
from controller.core.kinds import Deck, WeighingStatus
from controller.rfwatch import SILENT_US, RfWatchedRoom
from hal.bus import Bus
from hal.ports import Contact
from hal.virtual import VirtualPresence
from protocol.parts import Kind, Permit
from sim.world import Yard

ENDS = (EndInputs(), EndInputs())
WEIGHED = Weight(
    deck=Deck.LOADED,
    motion=False,
    weighing_id=7,
    status=WeighingStatus.ACCEPTED,
    weight_g=30_000_000,
    estimate_g=30_001_000,
    u95_g=4_000,
    accepted_us=900,
    stable_from_us=500,
    estimator="fit",
    estimator_version="1",
)
EMPTY = Weight(deck=Deck.EMPTY, weighing_id=7)


class Scale:
    """A scale that says what it is told to."""

    def __init__(self) -> None:
        self.weight = WEIGHED
        self.faults: tuple[int, ...] = (212,)
        self.rests_until_us = 77

    def read(self, now_us: int, ends: Any) -> Weight:
        return self.weight

    def tamper_flags(self) -> tuple[str, ...]:
        return ("212 WEIGHT_STEP",)


@pytest.fixture
def scale() -> Scale:
    return Scale()


@pytest.fixture
def detector() -> VirtualPresence:
    return VirtualPresence(Bus())


@pytest.fixture
def room(scale: Scale, detector: VirtualPresence) -> RfWatchedRoom:
    return RfWatchedRoom(scale, detector, 0)  # type: ignore[arg-type]


def test_a_quiet_detector_changes_nothing(room: RfWatchedRoom) -> None:
    assert room.read(1000, ENDS) is WEIGHED
    assert room.faults == (212,)
    assert room.rests_until_us == 77
    assert room.tamper_flags() == ("212 WEIGHT_STEP",)


def test_a_signal_takes_the_weight_and_is_told_once(
    room: RfWatchedRoom, detector: VirtualPresence
) -> None:
    detector.state = Contact.BLOCKED
    weight = room.read(1000, ENDS)
    assert weight.status is WeighingStatus.TAMPERED
    assert (weight.weight_g, weight.estimate_g, weight.u95_g, weight.accepted_us) == (None,) * 4
    assert room.faults == (212, int(Fault.RF_ALARM))
    assert room.rests_until_us == 0
    assert room.tamper_flags() == ("528 RF_ALARM", "212 WEIGHT_STEP")
    assert room.tamper_flags() == ("212 WEIGHT_STEP",)


def test_what_a_signal_spoilt_stays_so_until_another_vehicle(
    room: RfWatchedRoom, scale: Scale, detector: VirtualPresence
) -> None:
    detector.state = Contact.BLOCKED
    room.read(1000, ENDS)
    detector.state = Contact.CLEAR
    assert room.read(2000, ENDS).status is WeighingStatus.TAMPERED
    assert list(room.faults) == [212, int(Fault.RF_ALARM)]
    scale.weight = replace(WEIGHED, weighing_id=8)
    assert room.read(3000, ENDS).status is WeighingStatus.ACCEPTED
    assert list(room.faults) == [212]


def test_a_signal_over_an_empty_deck_spoils_nobody_who_comes_later(
    room: RfWatchedRoom, scale: Scale, detector: VirtualPresence
) -> None:
    scale.weight = EMPTY
    detector.state = Contact.BLOCKED
    assert room.read(1000, ENDS) is EMPTY
    assert room.faults == (212, int(Fault.RF_ALARM))
    detector.state = Contact.CLEAR
    scale.weight = WEIGHED
    assert room.read(2000, ENDS) is WEIGHED


def test_a_cell_fault_keeps_its_own_word(
    room: RfWatchedRoom, scale: Scale, detector: VirtualPresence
) -> None:
    scale.weight = replace(WEIGHED, status=WeighingStatus.CELL_FAULT)
    detector.state = Contact.BLOCKED
    assert room.read(1000, ENDS).status is WeighingStatus.CELL_FAULT


def test_a_detector_that_is_silent_for_long_counts_as_an_alarm(
    room: RfWatchedRoom, detector: VirtualPresence
) -> None:
    detector.state = Contact.UNKNOWN
    assert room.read(SILENT_US, ENDS) is WEIGHED
    assert room.read(SILENT_US + 1, ENDS).status is WeighingStatus.TAMPERED
    assert room.tamper_flags()[0] == "528 RF_ALARM detector silent"


def test_a_vehicle_on_the_deck_during_an_alarm_is_held_with_it_in_its_record(
    tmp_path: Path,
) -> None:
    alarmed = {
        "devices.rf_detector.driver": "virtual.presence",
        "devices.rf_detector.state": "blocked",
    }
    day = run_day(
        Yard.from_scenario("legal", seed=3), tmp_path, until_us=60_000_000, overrides=alarmed
    )
    held, *later = day.records
    assert held.kind is Kind.VOID
    assert held.permit is Permit.NONE
    assert held.weighing is None
    assert "528 RF_ALARM" in held.flags
    assert held.void == "remote control heard"
    assert all(record.person is not None for record in later)
