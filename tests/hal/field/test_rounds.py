"""The thread under the GPIO drivers, and what is said where a library is missing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from field_fakes import fake_chip

from hal import registry
from hal.bus import Bus
from hal.field.rounds import rounds
from hal.gpio import GpioGate, GpioInput
from hal.ports import Contact, Drive
from hal.virtual import board_clock

PATIENCE_S = 20.0


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.close()


def until(true: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, "it did not come"
        time.sleep(0.005)


def test_a_gate_that_is_told_nothing_more_holds_by_itself(bus: Bus, tmp_path: Path) -> None:
    path = str(tmp_path / "gpiochip0")
    chip = fake_chip(path, board_clock(bus).now_us)
    gate = GpioGate(
        bus,
        chip=path,
        open_line=1,
        close_line=2,
        open_limit_line=3,
        closed_limit_line=4,
        mode="level",
        dead_us=20_000,
        lease_us=100_000,
    )
    until(lambda: gate.drive(Drive.RAISE) or chip.wire(1).out == 1)  # type: ignore[func-returns-value]
    until(lambda: chip.wire(1).out == 0)
    assert 1 not in chip.wire(2).history


def test_a_slip_on_the_thread_ends_the_scan_and_makes_nothing_clear(
    bus: Bus, tmp_path: Path
) -> None:
    path = str(tmp_path / "gpiochip0")
    chip = fake_chip(path, board_clock(bus).now_us)
    chip.pull(1, 0)
    beam = GpioInput(bus, chip=path, line=1)
    until(lambda: beam.read() is Contact.CLEAR)

    class Slip:
        def turn(self, now_us: int) -> None:
            raise KeyError("a slip")

    rounds(bus).join(Slip())
    with pytest.raises(KeyError):
        until(lambda: beam.read() is Contact.UNKNOWN and False)


@pytest.mark.parametrize(
    ("driver", "library", "modules", "extra"),
    [
        ("gpio.gate", "gpiod", ("hal.gpio", "hal.field.gpiod_lines"), "ipc"),
        ("rpi.gate", "RPi", ("hal.rpi",), "rpi"),
        (
            "modbus.gate",
            "pymodbus",
            (
                *("hal.modbus", "hal.field.modbus_bus", "hal.field.modbus_points"),
                *("hal.field.modbus_module", "pymodbus.client", "pymodbus.exceptions"),
            ),
            "ipc",
        ),
    ],
)
def test_a_missing_library_is_answered_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    library: str,
    modules: tuple[str, ...],
    extra: str,
) -> None:
    for module in modules:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(registry.DriverError, match=rf"steelyard\[{extra}\]"):
        registry.load(driver)


def test_a_chip_that_is_not_there_and_a_busy_line_say_so(bus: Bus, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gpioinfo"):
        GpioInput(bus, chip=str(tmp_path / "gpiochip9"), line=1)
    path = str(tmp_path / "gpiochip0")
    fake_chip(path, board_clock(bus).now_us)
    GpioInput(bus, chip=path, line=1)
    with pytest.raises(OSError, match="in use by another program"):
        GpioInput(bus, chip=path, line=1)


def test_the_real_library_says_where_it_is_no_raspberry_pi(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("RPi")
    monkeypatch.delenv("RPI_LGPIO_REVISION", raising=False)
    if Path("/proc/device-tree/system/linux,revision").exists():
        pytest.skip("this is a Raspberry Pi")
    with pytest.raises(OSError, match="Raspberry Pi"):
        registry.load("rpi.input")(bus, pin=4)
