"""The real library on a pty and on the loopback, against the emulated module."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.bus import Bus
from hal.modbus import ModbusGate, ModbusInput, ModbusSignal
from hal.ports import Contact, Drive, Signal
from sim.emulators.modbus_io import ModbusIo
from sim.emulators.serve import OnPty, OnTcp, Served

PATIENCE_S = 20.0


class Heard(ModbusIo):
    """A module that keeps what it was asked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.asked: list[bytes] = []

    def answer(self, data: bytes, now_us: int) -> bytes:
        self.asked.append(data)
        return super().answer(data, now_us)


Plugged = tuple[Heard, Served, dict[str, Any]]


@pytest.fixture(params=["pty", "tcp"])
def plugged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plugged]:
    module = Heard(unit=1, tcp=request.param == "tcp")
    served: Served
    if request.param == "tcp":
        served = OnTcp(module)
        host, _, port = served.port.partition(":")
        where = {"host": host, "tcp_port": int(port)}
    else:
        served = OnPty(module, tmp_path / "tty")
        where = {"port": served.port}
    yield module, served, {"unit": 1, **where}
    served.close()


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def until(true: Callable[[], object], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait until it is so; how long that takes is the machine's affair."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        meanwhile()
        assert time.monotonic() < end_s, "it did not come"
        time.sleep(0.01)


def test_a_beam_a_boom_and_a_lamp_over_the_wire(plugged: Plugged, bus: Bus) -> None:
    module, _, where = plugged
    beam = ModbusInput(bus, input=7, **where)
    gate = ModbusGate(
        bus, open_coil=0, close_coil=1, open_limit_input=0, closed_limit_input=1, **where
    )
    signal = ModbusSignal(bus, red_coil=4, green_coil=5, **where)
    until(lambda: beam.read() is Contact.BLOCKED)
    module.inputs = [False, True, False, False, False, False, False, True]
    until(lambda: beam.read() is Contact.CLEAR)
    until(lambda: gate.read().closed is Contact.BLOCKED)
    until(lambda: module.coils[0], lambda: gate.drive(Drive.RAISE))
    until(lambda: module.coils[4:6] == [False, True], lambda: signal.show(Signal.GREEN))
    until(lambda: module.coils[:6] == [False, False, False, False, True, False])
    assert beam.faults() == ()


def test_the_library_sends_the_golden_frames(tmp_path: Path, bus: Bus) -> None:
    module = Heard(unit=1)
    served = OnPty(module, tmp_path / "tty")
    try:
        ModbusInput(bus, unit=1, input=0, pulse_input=7, port=served.port)
        signal = ModbusSignal(bus, unit=1, red_coil=0, green_coil=7, port=served.port)
        until(lambda: module.coils[0])
        until(lambda: module.coils[7], lambda: signal.show(Signal.GREEN))
    finally:
        served.close()
    asked = b"".join(module.asked)
    for golden in (
        "01 02 00 00 00 08 79 CC",
        "01 01 00 00 00 08 3D CC",
        "01 05 00 00 FF 00 8C 3A",
        "01 05 00 00 00 00 CD CA",
    ):
        assert bytes.fromhex(golden) in asked


@pytest.mark.parametrize(
    ("fault", "name"),
    [("silent", "IO_SILENT"), ("wrong unit", "IO_WRONG_UNIT"), ("garbled", "IO_GARBLED")],
)
def test_the_library_is_understood_when_it_gets_no_answer(
    plugged: Plugged, bus: Bus, fault: Any, name: str
) -> None:
    module, _, where = plugged
    beam = ModbusInput(bus, input=7, **where)
    module.inputs = [True] * 8
    until(lambda: beam.read() is Contact.CLEAR)
    module.fault = fault
    until(lambda: [f.name for f in beam.faults()] == [name])
    until(lambda: beam.read() is Contact.UNKNOWN)
    module.fault = ""
    until(lambda: beam.read() is Contact.CLEAR)


def test_an_address_beyond_the_module_is_refused_by_it(plugged: Plugged, bus: Bus) -> None:
    _, _, where = plugged
    beam = ModbusInput(bus, input=8, **where)
    until(lambda: [f.name for f in beam.faults()] == ["IO_ADDRESS"])


def test_a_line_that_is_pulled_and_put_back_goes_on_by_itself(plugged: Plugged, bus: Bus) -> None:
    module, served, where = plugged
    beam = ModbusInput(bus, input=7, **where)
    module.inputs = [True] * 8
    until(lambda: beam.read() is Contact.CLEAR)
    served.unplug()
    until(lambda: beam.read() is Contact.UNKNOWN)
    served.plug()
    until(lambda: beam.read() is Contact.CLEAR)


def test_a_port_that_is_not_there_is_a_line_down(tmp_path: Path, bus: Bus) -> None:
    beam = ModbusInput(bus, unit=1, input=0, port=str(tmp_path / "ttyUSB7"))
    until(lambda: [f.name for f in beam.faults()] == ["LINE_DOWN"])
    assert beam.faults()[0].seen == "no such port"
