"""A boom that a record says was moved by hand has been moved, or something made it seem so."""

from __future__ import annotations

import hashlib

import pytest
from msgspec.structs import replace

from hal.ports import Drive
from protocol import parts
from protocol.record import Record, encode
from sim.cheats import Hand, Mischief, Moment
from sim.checker import Checker
from sim.incidentcheck import AFTER_US, BOOM_MOVED
from sim.world import Fault, Yard

SECOND = 1_000_000


def incident(at_us: int = 30 * SECOND) -> Record:
    return Record(
        kind=parts.Kind.VOID,
        site="SIM001",
        lane="1",
        passage_id=1,
        part=1,
        seq=1,
        prev_hash=bytes(32),
        times=parts.Times(at_us=at_us, clock=parts.ClockQuality.UNKNOWN),
        void=BOOM_MOVED,
    )


def told(yard: Yard, *, died: bool = False) -> list[str]:
    record, checker = incident(), Checker(yard)
    if died:
        checker.restarted()
    hashes = {("SIM001", "1", 1): hashlib.sha256(encode(record)).digest()}
    return [one.check for one in checker.finish([record], hashes)]


def test_a_boom_that_nothing_moved_is_no_incident() -> None:
    assert told(Yard(1)) == ["T16"]
    assert told(Yard(1), died=True) == []


def test_a_hand_at_the_gate_or_a_boom_torn_off_is_one() -> None:
    yard = Yard(1)
    hand = Hand(end=0, level=Drive.RAISE, on=Moment(wait_us=SECOND), off=None)
    yard.mischief = Mischief([], [hand])
    assert told(yard) == []
    yard = Yard(1)
    yard.booms[1].broken = True
    assert told(yard) == []


@pytest.mark.parametrize(
    ("device", "from_s", "until_s", "found"),
    [
        ("road.boom", 20, 31, []),
        ("road.boom", 31, 40, ["T16"]),
        ("road.boom", 1, 29, []),
        ("road.boom", 1, 30 - AFTER_US // SECOND - 1, ["T16"]),
        ("host", 20, 31, []),
        ("road.arm", 20, 31, ["T16"]),
    ],
)
def test_trouble_of_its_drive_excuses_the_lane_while_it_lasts(
    device: str, from_s: int, until_s: int, found: list[str]
) -> None:
    yard = Yard(1)
    fault = Fault(device=device, kind="silent", from_us=from_s * SECOND, until_us=until_s * SECOND)
    yard.options = replace(yard.options, faults=(fault,))
    assert told(yard) == found
