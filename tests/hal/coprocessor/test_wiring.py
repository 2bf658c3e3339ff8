"""What the drivers of one coprocessor put together for it, and what they refuse at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from firmware_rig import firmware

from board.build import plan
from board.profile import read_profile
from hal.bus import Bus
from hal.coprocessor import (
    CoprocessorCells,
    CoprocessorGate,
    CoprocessorInput,
    CoprocessorSignal,
)
from hal.coprocessor.link import BAUD, link_of
from hal.schema import Problems


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


@pytest.fixture
def port(tmp_path: Path) -> str:
    return str(tmp_path / "nobody")


def test_the_drivers_of_a_lane_make_wiring_that_the_firmware_takes(bus: Bus, port: str) -> None:
    CoprocessorCells(bus, port, 2, [3, 4], rate_hz=80)
    CoprocessorInput(bus, port, 5, "estop")
    CoprocessorGate(bus, port, "yard", 16, 17, closed_pin=10, open_pin=11, one_at_a_time=True)
    CoprocessorGate(bus, port, "road", 18, 19, closed_pin=12, open_pin=13, travel_us=4_000_000)
    CoprocessorInput(bus, port, 6, "arm", "yard", settle_us=30_000)
    CoprocessorInput(bus, port, 7, "beam_low", "road", clear="high", pair_pin=8)
    CoprocessorInput(bus, port, 9, "approach", "road")
    CoprocessorSignal(bus, port, "yard", "deck", 20, 21, on="low")
    wiring = json.loads(link_of(bus, port, BAUD).wiring.text)
    assert firmware("config").problems(wiring) == []
    assert wiring["estop"] == "estop"
    assert [boom["guards"] for boom in wiring["booms"]] == [["yard.arm"], ["road.beam_low"]]
    assert wiring["booms"][1]["travel_ms"] == 4000
    assert wiring["exclusive"] == 1
    inputs = {row["name"]: row for row in wiring["inputs"]}
    assert inputs["yard.closed"]["clear"] == 1, "made is low, so high says not made"
    assert (inputs["road.beam_low"]["clear"], inputs["road.beam_low"]["pair"]) == (1, 8)
    assert wiring["heads"] == [{"name": "yard.deck", "red": 20, "green": 21, "on": 0}]


def test_the_same_parts_give_the_same_bytes(bus: Bus, port: str) -> None:
    CoprocessorInput(bus, port, 5, "estop")
    link = link_of(bus, port, BAUD)
    assert link.wiring.text is link.wiring.text
    assert link.wiring.text.index('"booms"') < link.wiring.text.index('"rate_hz"')


def test_parts_that_come_too_late_or_twice_are_refused(bus: Bus, port: str) -> None:
    CoprocessorInput(bus, port, 5, "estop")
    with pytest.raises(ValueError, match="estop is named twice"):
        CoprocessorInput(bus, port, 6, "estop")
    CoprocessorCells(bus, port, 2, [3])
    with pytest.raises(ValueError, match="named twice"):
        CoprocessorCells(bus, port, 2, [3])
    assert link_of(bus, port, BAUD).wiring.text
    with pytest.raises(ValueError, match="told its wiring already"):
        CoprocessorInput(bus, port, 7, "arm", "yard")


def test_options_that_make_no_sense_are_refused(bus: Bus, port: str) -> None:
    with pytest.raises(ValueError, match="arm belongs to an end"):
        CoprocessorInput(bus, port, 5, "arm")
    with pytest.raises(ValueError, match="estop belongs to the lane"):
        CoprocessorInput(bus, port, 5, "estop", "yard")
    with pytest.raises(ValueError, match="go together"):
        CoprocessorGate(bus, port, "yard", 16, 17, closed_pin=10)
    bus.share("cell_count", lambda: 4)
    with pytest.raises(ValueError, match="2 data pins for the scale's 4 cells"):
        CoprocessorCells(bus, port, 2, [3, 4])
    CoprocessorInput(bus, port, 5, "estop")
    with pytest.raises(ValueError, match="115200"):
        CoprocessorInput(bus, port, 6, "arm", "yard", baud=115_200)


def test_the_profile_with_two_chips_is_wired_as_the_firmware_takes_it(bus: Bus) -> None:
    profile = read_profile("rpi-coprocessor")
    problems = Problems(profile.path)
    ports = set()
    for made in plan(profile.devices, problems).values():
        if made.device.driver.startswith("coprocessor."):
            made.driver(bus, **made.options)
            ports.add(made.options["port"])
    assert problems.found == []
    assert len(ports) == 2
    for port in ports:
        wiring = json.loads(link_of(bus, port, BAUD).wiring.text)
        assert firmware("config").problems(wiring) == []
        assert len(wiring["booms"]) == 1
