"""Devices that flap, are slow, or stay stuck while the controller starts anew."""

from __future__ import annotations

import pytest

from hal.bus import Bus
from hal.ports import BoomContacts, CellSamples, Contact, Drive
from sim.devices import SLOW_US, SimCells, SimGate, SimPresence
from sim.people import Walker
from sim.scenario import deal
from sim.units import ScenarioError
from sim.world import FLAP_US, Options, Yard

PERSON = Walker(end=0, from_us=1_000_000, until_us=60_000_000)
BEAM = "yard.beam_high"


def yard_and_bus() -> tuple[Yard, Bus]:
    yard, bus = Yard(1, (), Options(walkers=(PERSON,))), Bus()
    bus.share("yard", lambda: yard)
    return yard, bus


def beam(bus: Bus) -> SimPresence:
    return SimPresence(bus, kind="beam_high", end="yard")


def test_a_flapping_sensor_is_gone_and_back_by_turns() -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    yard.fault(BEAM, "flapping")
    said = []
    for _ in range(4):
        said.append(sensor.read())
        yard.advance(FLAP_US)
    assert said == [Contact.CLEAR, Contact.UNKNOWN, Contact.CLEAR, Contact.UNKNOWN]


def test_a_slow_sensor_says_late_what_is_so() -> None:
    yard, bus = yard_and_bus()
    sensor = beam(bus)
    assert sensor.read() is Contact.CLEAR
    yard.fault(BEAM, "slow")
    blocked_us = None
    while blocked_us is None:
        yard.advance(20_000)
        if sensor.read() is Contact.BLOCKED:
            blocked_us = yard.now_us
    assert blocked_us - PERSON.from_us == SLOW_US
    yard.heal(BEAM)
    assert sensor.read() is Contact.BLOCKED


def test_a_stuck_sensor_says_to_the_next_controller_what_it_said_to_the_last() -> None:
    yard, bus = yard_and_bus()
    assert beam(bus).read() is Contact.CLEAR
    yard.fault(BEAM, "stuck")
    yard.advance(2_000_000)
    assert beam(bus).read() is Contact.CLEAR
    yard.heal(BEAM)
    assert beam(bus).read() is Contact.BLOCKED


def test_the_switches_of_a_slow_boom_come_late() -> None:
    yard, bus = yard_and_bus()
    gate = SimGate(bus, end="road")
    closed = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
    assert gate.read() == closed
    yard.fault("road.boom", "slow")
    gate.drive(Drive.RAISE)
    left_us = None
    while gate.read() == closed:
        yard.advance(20_000)
        if left_us is None and yard.booms[1].contacts() != closed:
            left_us = yard.now_us
    assert left_us is not None
    assert yard.now_us - left_us == SLOW_US


def test_a_slow_converter_gives_every_sample_in_lumps() -> None:
    yard, bus = yard_and_bus()
    cells = SimCells(bus)
    yard.fault("cells", "slow")
    lumps = []
    for _ in range(100):
        yard.advance(20_000)
        samples = cells.read()
        assert isinstance(samples, CellSamples)
        lumps.append(len(samples.t_us))
    sizes = [n for n in lumps if n]
    assert len(sizes) == 100 * 20_000 // SLOW_US
    assert set(sizes) == {SLOW_US * 80 // 1_000_000}


def test_a_pressed_stop_is_pressed_until_it_is_let_go() -> None:
    yard, bus = yard_and_bus()
    stop = SimPresence(bus, kind="estop")
    yard.fault("estop", "pressed")
    assert stop.read() is Contact.BLOCKED
    yard.heal("estop")
    assert stop.read() is Contact.CLEAR


@pytest.mark.parametrize(("device", "kind"), [("cells", "pressed"), ("sign", "chatters")])
def test_a_fault_that_a_device_cannot_have_is_refused(device: str, kind: str) -> None:
    fault = {"device": device, "kind": kind, "from": "1 s", "until": "2 s"}
    with pytest.raises(ScenarioError, match=device):
        deal({"fault": [fault]}, 1)
