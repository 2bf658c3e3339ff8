"""Contacts, booms and lamps on a Modbus module in memory, and every way in which it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from field_fakes import HandClock
from modbus_fakes import PORT, Answer, MemoryMaster, memory_line

from hal import registry
from hal.bus import Bus
from hal.ports import BoomContacts, Contact, Drive, Signal
from sim.emulators.modbus_io import ModbusIo


class Line:
    """A module of unit 3 on a line in memory, with a clock moved by hand."""

    def __init__(self, tcp: bool = False) -> None:
        self.clock = HandClock()
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.module = ModbusIo(unit=3)
        self.other = ModbusIo(unit=4)
        self.modbus = memory_line(self.bus, self.module, self.other, tcp=tcp)
        self.master: MemoryMaster = self.bus.share("modbus master", lambda: None)

    def make(self, driver: str, /, **options: Any) -> Any:
        given = {"unit": 3, "port": PORT, **options}
        return registry.load(f"modbus.{driver}")(self.bus, **given)

    def wait(self, seconds: float, each: Any = None) -> list[Any]:
        said = []
        for _ in range(round(seconds * 50)):
            self.clock.us += 20_000
            self.modbus.round()
            said.append(each() if each is not None else None)
        return said

    def put(self, number: int, on: bool) -> None:
        assert isinstance(self.module.inputs, list)
        self.module.inputs[number] = on


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.bus.close()


def names(driver: Any) -> list[str]:
    return [fault.name for fault in driver.faults()]


def test_an_input_is_a_contact(line: Line) -> None:
    beam = line.make("input", input=2)
    assert beam.read() is Contact.UNKNOWN
    line.wait(0.02)
    assert beam.read() is Contact.BLOCKED
    line.put(2, True)
    line.wait(0.2)
    assert beam.read() is Contact.CLEAR


@pytest.mark.parametrize(
    ("fault", "name", "said"),
    [
        ("silent", "IO_SILENT", "no answer from unit 3 in 100 ms"),
        ("wrong unit", "IO_WRONG_UNIT", "unit 4 answers, unit 3 was asked"),
        ("garbled", "IO_GARBLED", "no frame of unit 3 in 56 57"),
    ],
)
def test_each_way_of_not_answering_has_its_own_words(
    line: Line, fault: Any, name: str, said: str
) -> None:
    beam = line.make("input", input=2)
    line.put(2, True)
    line.wait(0.2)
    line.module.fault = fault
    line.wait(0.04)
    assert beam.read() is Contact.CLEAR
    assert names(beam) == []
    line.wait(0.3)
    assert beam.read() is Contact.UNKNOWN
    assert names(beam) == [name]
    assert said in beam.faults()[0].seen
    assert beam.faults()[0].device == f"{PORT} unit 3"
    line.module.fault = ""
    line.wait(1.2)
    assert beam.read() is Contact.CLEAR
    assert beam.faults() == ()


def test_an_input_that_the_module_has_not_is_told_at_once(line: Line) -> None:
    beam = line.make("input", input=8)
    line.wait(0.02)
    assert names(beam) == ["IO_ADDRESS"]
    assert "illegal address 8" in beam.faults()[0].seen


def test_an_answer_to_the_question_before_is_no_answer(line: Line) -> None:
    beam = line.make("input", input=2)
    line.put(2, True)
    late = line.master.read_coils(0, count=8, device_id=3)
    line.master.read_discrete_inputs = lambda *a, **k: late  # type: ignore[method-assign]
    line.wait(0.1)
    assert beam.read() is Contact.UNKNOWN
    assert names(beam) == ["IO_GARBLED"]


def test_a_line_on_which_an_answer_is_late_is_left_to_itself_before_the_next_question(
    line: Line,
) -> None:
    line.make("input", input=2)
    line.wait(0.1)
    assert line.master.pauses == []
    line.module.fault = "silent"
    line.wait(0.02)
    assert line.master.pauses == [0.1]


def test_a_connection_whose_answers_are_behind_is_made_anew_at_once() -> None:
    line = Line(tcp=True)
    line.make("input", input=2)
    line.wait(0.1)
    line.module.fault = "silent"
    line.wait(0.02)
    assert line.master.closings == 0
    line.module.fault = "wrong unit"
    line.wait(0.02)
    assert line.master.closings == 1
    assert line.master.pauses == []
    line.bus.close()


def test_an_answer_with_too_few_bits_is_garbled(line: Line) -> None:
    beam = line.make("input", input=2)
    line.master.read_discrete_inputs = lambda *a, **k: Answer(2, [])  # type: ignore[method-assign]
    line.wait(0.1)
    assert names(beam) == ["IO_GARBLED"]
    assert beam.faults()[0].seen == "0 bits came, 1 were asked for"


def test_a_line_that_is_pulled_out_is_down_and_comes_back(line: Line) -> None:
    beam = line.make("input", input=2)
    line.put(2, True)
    line.wait(0.2)
    line.master.plugged = False
    line.wait(0.4)
    assert beam.read() is Contact.UNKNOWN
    assert names(beam) == ["LINE_DOWN"]
    assert beam.faults()[0].seen == "no such port"
    line.master.plugged = True
    line.wait(0.8)
    assert beam.read() is Contact.CLEAR


def test_a_port_that_cannot_be_opened_is_not_tried_in_every_round(line: Line) -> None:
    line.make("input", input=2)
    line.wait(0.1)
    line.master.plugged = False
    before = line.master.connects
    line.wait(5)
    assert line.master.connects - before <= 11


def test_a_connection_over_which_nobody_answers_is_made_anew() -> None:
    line = Line(tcp=True)
    line.make("input", input=2)
    line.wait(5)
    assert line.master.closings == 0
    line.module.fault = "silent"
    line.wait(2.9)
    assert line.master.closings == 0
    line.wait(0.3)
    assert line.master.closings == 1
    line.bus.close()


def test_dead_modules_leave_the_others_fresh(line: Line) -> None:
    beam = line.make("input", input=2)
    for unit in (10, 11, 12, 13, 14):
        line.make("input", input=2, unit=unit)
    line.put(2, True)
    line.master.waited = lambda: setattr(line.clock, "us", line.clock.us + 100_000)
    line.wait(3)
    assert set(line.wait(5, beam.read)) == {Contact.CLEAR}


def gate(line: Line, **more: Any) -> Any:
    coils = {"open_coil": 0, "close_coil": 1, "stop_coil": 2}
    return line.make("gate", **coils, open_limit_input=0, closed_limit_input=1, **more)


def test_a_gate_is_driven_by_coils_and_says_its_limits(line: Line) -> None:
    made = gate(line)
    line.put(1, True)
    line.wait(0.6)
    assert made.read() == BoomContacts(Contact.BLOCKED, Contact.CLEAR)
    line.wait(0.1, lambda: made.drive(Drive.RAISE))
    assert line.module.coils[:3] == [True, False, False]
    line.wait(0.6, lambda: made.drive(Drive.RAISE))
    assert line.module.coils[:3] == [False, False, False]


def test_nothing_is_switched_on_at_the_start_and_what_was_on_goes_off(line: Line) -> None:
    line.module.coils[1] = True
    on: list[int] = []
    line.module.switched = lambda coil, now: on.append(coil) if now else None
    gate(line)
    line.wait(3)
    assert line.module.coils[:3] == [False, False, False]
    assert on == []


def test_a_gate_that_is_given_up_lets_go(line: Line) -> None:
    made = gate(line, mode="level")
    line.wait(1, lambda: made.drive(Drive.RAISE))
    assert line.module.coils[0]
    line.bus.close()
    assert line.module.coils[:3] == [False, False, False]


def test_a_coil_that_does_not_switch_is_a_fault(line: Line) -> None:
    made = gate(line, mode="level")
    line.module.stuck = {0}
    line.wait(1, lambda: made.drive(Drive.RAISE))
    assert names(made) == ["OUTPUT_STUCK"]
    assert made.faults()[0].device == f"{PORT} unit 3 coil 0"
    line.module.stuck = set()
    line.wait(0.2, lambda: made.drive(Drive.RAISE))
    assert made.faults() == ()


def test_open_waits_for_a_close_that_does_not_go_off(line: Line) -> None:
    made = gate(line, mode="level")
    line.wait(1, lambda: made.drive(Drive.LOWER))
    assert line.module.coils[1]
    line.module.stuck = {1}
    line.wait(3, lambda: made.drive(Drive.RAISE))
    assert line.module.coils[:2] == [False, True]
    line.module.stuck = set()
    line.wait(0.7, lambda: made.drive(Drive.RAISE))
    assert line.module.coils[:2] == [True, False]


def test_the_coils_of_a_gate_never_meet_whatever_is_said(line: Line) -> None:
    made = gate(line, mode="level")
    apart: list[tuple[int, int, bool]] = []
    line.module.switched = lambda coil, on: apart.append((line.clock.us, coil, on))
    for level in (Drive.RAISE, Drive.LOWER, Drive.RAISE, Drive.HOLD, Drive.LOWER, Drive.RAISE):
        line.wait(0.9, lambda now=level: made.drive(now))
        assert sum(line.module.coils[:3]) <= 1
    off = {0: -(10**7), 1: -(10**7)}
    for t_us, coil, on in apart:
        if coil < 2 and on:
            assert t_us - off[1 - coil] >= 500_000
        elif coil < 2:
            off[coil] = t_us


def test_a_module_that_was_without_power_comes_back_to_its_levels(line: Line) -> None:
    signal = line.make("signal", red_coil=4, green_coil=5)
    line.wait(0.2, lambda: signal.show(Signal.RED))
    assert line.module.coils[4:6] == [True, False]
    line.module.restart()
    line.wait(0.06, lambda: signal.show(Signal.RED))
    assert line.module.coils[4:6] == [True, False]


def test_a_signals_lamps_change_in_one_frame(line: Line) -> None:
    signal = line.make("signal", red_coil=4, green_coil=5)
    line.wait(0.2)
    line.master.asked.clear()
    line.wait(0.04, lambda: signal.show(Signal.GREEN))
    writes = [frame for frame in line.master.asked if frame[1] in (5, 15)]
    assert [frame[:8].hex(" ") for frame in writes] == ["03 0f 00 04 00 02 01 02"]
    assert line.module.coils[4:6] == [False, True]


@pytest.mark.parametrize(("red", "green"), [(0, 5), (5, 0)])
def test_lamps_that_no_frame_sets_together_are_dark_before_they_are_both(
    line: Line, red: int, green: int
) -> None:
    signal = line.make("signal", red_coil=red, green_coil=green)
    line.wait(0.2)
    order: list[tuple[int, bool]] = []
    line.module.switched = lambda coil, on: order.append((coil, on))
    line.wait(0.1, lambda: signal.show(Signal.GREEN))
    line.wait(0.1, lambda: signal.show(Signal.RED))
    assert order == [(red, False), (green, True), (green, False), (red, True)]


def test_two_devices_on_one_coil_are_refused(line: Line) -> None:
    gate(line)
    with pytest.raises(ValueError, match="held by another device"):
        line.make("signal", red_coil=2, green_coil=3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"unit": 0}, "1 to 247"),
        ({"input": -1}, "the first is 0"),
        ({"input": 70_000}, "0 to 65535"),
        ({"baud": 19200}, "elsewhere"),
        ({"host": "10.0.0.5"}, "one of them"),
        ({"port": ""}, "one of them"),
        ({"kind": "stop", "contact": "no"}, 'wire it "nc"'),
    ],
)
def test_wrong_options_are_refused(line: Line, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        line.make("input", **{"input": 0, **options})


def test_a_stop_on_two_inputs(line: Line) -> None:
    stop = line.make("stop", first_input=0, second_input=1)
    line.put(0, True)
    line.put(1, True)
    line.wait(0.5)
    assert stop.read() is Contact.CLEAR
    line.put(1, False)
    line.wait(0.02)
    assert stop.read() is Contact.BLOCKED


def test_a_stop_is_as_old_as_its_older_contact(line: Line) -> None:
    stop = line.make("stop", first_input=0, second_input=1)
    line.put(0, True)
    line.put(1, True)
    line.wait(0.5)
    line.module.fault = "silent"
    line.wait(0.28)
    assert stop.read() is Contact.CLEAR
    line.clock.us += 60_000
    assert stop.read() is Contact.UNKNOWN
