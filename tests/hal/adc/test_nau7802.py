"""The NAU7802 is used as its data sheet says, and never believed beyond what it measured."""

import threading
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import pytest
from indicator_rig import HandClock
from nau7802_fake import FakeNau7802

from hal.adc import nau7802_chip as chip
from hal.adc.book import HANG_US, SAMPLES_MAX, Book
from hal.adc.nau7802 import Nau7802Cells, Turns, on_a_thread
from hal.bus import Bus
from hal.ports import CellSamples, DeviceFault


def noisy(counts: int) -> Callable[[], int]:
    """Counts as a cell gives them: never quite the same."""
    step = count()
    return lambda: counts + next(step) % 7


class Rig:
    """The chip's turns on a clock in the test's hand."""

    def __init__(self, *inputs: Callable[[], int], **settings: object) -> None:
        stated = {"rate_hz": 80, "gain": 128, "ldo": "3.0 V", "channels": 1} | settings
        self.settings = chip.Settings(**stated)  # type: ignore[arg-type]
        self.clock = HandClock()
        self.fake = FakeNau7802(self.clock, inputs or (noisy(400_000),))
        self.book = Book("NAU7802", self.settings.channels, self.clock.us)
        device = chip.Nau7802(lambda: self.fake, self.settings, self.clock, self.book)
        self.turns: Iterator[float] = device.turns()

    def go(self, seconds: float) -> None:
        """Let time pass; the chip's turns come when they are due."""
        end_us = self.clock.us + int(seconds * 1e6)
        while self.clock.us < end_us:
            self.clock.us += max(int(next(self.turns) * 1e6), 1)

    def samples(self) -> CellSamples:
        got = self.book.take(self.clock.us)
        assert isinstance(got, CellSamples)
        return got

    def fault(self) -> DeviceFault:
        got = self.book.take(self.clock.us)
        assert isinstance(got, DeviceFault)
        assert got in self.book.faults()
        return got


def test_it_is_set_up_as_stated_and_calibrated_before_it_is_believed() -> None:
    rig = Rig(rate_hz=320, gain=64, ldo="3.3 V")
    rig.go(0.5)
    assert len(rig.samples().t_us) == 0
    rig.go(1.0)
    assert rig.fake.settings == (4 << 3 | 6, 7)
    assert rig.fake.written[:2] == [(chip.PU_CTRL, chip.RESET), (chip.PU_CTRL, chip.DIGITAL)]
    assert (chip.ADC_CTRL, 0x30) in rig.fake.written
    assert (chip.POWER, 0x80) in rig.fake.written
    on = chip.DIGITAL | chip.ANALOG | chip.START | chip.INTERNAL
    calibrated = (chip.CTRL2, 7 << 4 | chip.CALIBRATE)
    order = [rig.fake.written.index(step) for step in ((chip.PU_CTRL, on), calibrated)]
    assert order == sorted(order)
    assert len(rig.samples().t_us) > 0


def test_an_external_supply_switches_the_chip_s_own_off() -> None:
    rig = Rig(ldo="external")
    rig.go(1.0)
    assert rig.fake.registers[chip.PU_CTRL] & chip.INTERNAL == 0


@pytest.mark.parametrize(("rate_hz", "bits"), [(10, 0), (20, 1), (40, 2), (80, 3), (320, 7)])
def test_every_rate_gives_so_many_samples(rate_hz: int, bits: int) -> None:
    rig = Rig(rate_hz=rate_hz)
    rig.go(1.0)
    rig.book.take(rig.clock.us)
    rig.go(4.0)
    got = rig.samples()
    assert rig.fake.settings[1] == bits
    # The chip is looked at three times a period, so that a sample is seen up to a third late.
    assert 0.8 * 4 * rate_hz <= len(got.t_us) <= 4 * rate_hz + 1
    assert (np.diff(got.t_us) > 0).all()


def test_counts_are_signed_24_bit_numbers() -> None:
    values = [0, 1, -1, 400_000, -400_000, 0x7FFFFE, -0x7FFFFF]
    at = count()
    rig = Rig(lambda: values[next(at) % len(values)])
    rig.go(2.0)
    assert set(rig.samples().counts[:, 0].tolist()) == set(values)


def test_two_channels_come_together_and_settled() -> None:
    rig = Rig(noisy(100_000), noisy(900_000), rate_hz=320, channels=2)
    rig.go(4.0)
    got = rig.samples()
    assert got.counts.shape == (len(got.t_us), 2)
    assert len(got.t_us) > 30
    assert abs(got.counts - np.array([100_003, 900_003])).max() <= 3
    assert (chip.POWER, 0) in rig.fake.written
    assert [w for w in rig.fake.written if w[0] == chip.CTRL2 and w[1] & chip.CALIBRATE] == [
        (chip.CTRL2, 0x74),
        (chip.CTRL2, 0xF4),
    ]
    assert rig.book.faults() == ()


def test_a_failed_calibration_is_a_fault_and_tried_again() -> None:
    rig = Rig()
    rig.fake.calibration_fails = True
    rig.go(3.0)
    fault = rig.fault()
    assert (fault.name, fault.seen) == (
        "ADC_TROUBLE",
        "offset calibration of channel 1 failed (CAL_ERR)",
    )
    rig.fake.calibration_fails = False
    rig.go(3.0)
    assert len(rig.samples().t_us) > 0
    assert rig.book.faults() == ()
    assert rig.fake.closed >= 1


def test_a_chip_that_never_powers_up_is_a_fault() -> None:
    rig = Rig()
    rig.fake.never_ready = True
    rig.go(1.0)
    assert rig.fault().seen == "it does not say that it is powered up (PUR)"


def test_a_pulled_wire_is_a_fault_and_the_chip_is_set_up_anew() -> None:
    rig = Rig()
    rig.go(2.0)
    rig.samples()
    rig.fake.unplugged = True
    rig.go(0.2)
    fault = rig.fault()
    assert fault.name == "ADC_SILENT"
    assert fault.seen.startswith("I2C says: Remote I/O error; the chip does not answer; has it")
    rig.fake.unplugged = False
    rig.fake.registers = [0] * 32
    rig.go(3.0)
    assert rig.fake.settings == (5 << 3 | 7, 3)
    assert len(rig.samples().t_us) > 0


def test_conversions_that_stop_are_a_fault() -> None:
    rig = Rig()
    rig.go(2.0)
    rig.samples()
    rig.fake.frozen = True
    rig.go(1.0)
    fault = rig.fault()
    assert fault.name == "ADC_SILENT"
    assert fault.seen.startswith("no conversion for 0.5")


def test_the_same_count_again_and_again_is_no_measurement() -> None:
    rig = Rig(lambda: 400_000)
    rig.go(3.0)
    # The first of them could not be told from a measurement.
    assert len(rig.samples().t_us) == chip.SAME_IN_A_ROW_MAX - 1
    assert rig.fault().name == "ADC_SILENT"
    assert "they are not new" in rig.fault().seen


@pytest.mark.parametrize("end", [0x7FFFFF, -0x800000])
def test_an_input_at_the_end_of_its_range_is_no_weight(end: int) -> None:
    rig = Rig(lambda: end)
    rig.go(1.2)
    fault = rig.fault()
    assert fault.name == "ADC_TROUBLE"
    assert f"channel 1 reads {end}, the end of its range" in fault.seen


def test_one_spike_to_the_end_is_left_out() -> None:
    at = count()
    rig = Rig(lambda: 0x7FFFFF if (n := next(at)) % 10 == 3 else 400_000 + n)
    rig.go(2.0)
    assert rig.samples().counts.max() < 500_000
    assert rig.book.faults() == ()


def test_too_few_samples_are_told_beside_those_that_came() -> None:
    rig = Rig()
    rig.go(1.0)
    for _ in range(60):
        rig.go(0.02)
        rig.clock.us += 40_000
        rig.book.alive(rig.clock.us)
    assert len(rig.samples().t_us) > 0
    (warning,) = rig.book.faults()
    assert warning.name == "ADC_SILENT"
    assert "samples came in 2.0 s" in warning.seen
    rig.go(5.0)
    assert rig.book.faults() == ()


def test_a_bus_that_hangs_is_noticed() -> None:
    rig = Rig()
    rig.go(2.0)
    rig.samples()
    rig.clock.us += HANG_US + 1
    got = rig.book.take(rig.clock.us)
    assert isinstance(got, DeviceFault)
    assert got.seen.endswith("the bus hangs")


def test_a_reader_who_does_not_come_costs_bounded_memory() -> None:
    rig = Rig(rate_hz=320)
    rig.go(10.0)
    assert len(rig.samples().t_us) == SAMPLES_MAX


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"channels": 3}, "1 or 2"),
        ({"rate_hz": 100}, "10, 20, 40, 80, 320"),
        ({"gain": 3}, "1, 2, 4"),
        ({"ldo": "5 V"}, "external"),
        ({"i2c_bus": -1}, "0 or more"),
        ({"channels": 2, "cells": 8}, "the scale has 8 cells"),
    ],
)
def test_settings_that_the_chip_does_not_have_are_refused(
    options: dict[str, int], words: str
) -> None:
    bus = Bus()
    cells = options.pop("cells", None)
    if cells is not None:
        bus.share("cell_count", lambda: cells)
    with pytest.raises(ValueError, match=words):
        Nau7802Cells(bus, **options)  # type: ignore[arg-type]
    bus.close()


def test_registers_and_their_words_are_those_of_the_data_sheet() -> None:
    registers = (chip.PU_CTRL, chip.CTRL1, chip.CTRL2, chip.ADC_OUT, chip.ADC_CTRL, chip.POWER)
    assert (chip.ADDRESS, registers) == (0x2A, (0x00, 0x01, 0x02, 0x12, 0x15, 0x1C))
    control = (chip.RESET, chip.DIGITAL, chip.ANALOG, chip.READY, chip.START, chip.NEW)
    assert (control, chip.INTERNAL) == ((0x01, 0x02, 0x04, 0x08, 0x10, 0x20), 0x80)
    assert (chip.CALIBRATE, chip.CALIBRATION_FAILED, chip.SECOND_CHANNEL) == (0x04, 0x08, 0x80)
    assert chip.RATES == {10: 0, 20: 1, 40: 2, 80: 3, 320: 7}
    assert {2**n: n for n in range(8)} == chip.GAINS
    assert {f"{4.5 - 0.3 * n:.1f} V": n for n in range(8)} == chip.LDOS


def test_samples_of_one_instant_get_times_of_their_own() -> None:
    book = Book("x", 1, 0)
    for t_us in (5, 5, 4):
        book.add(t_us, (t_us,))
    got = book.take(5)
    assert isinstance(got, CellSamples)
    assert got.t_us.tolist() == [5, 6, 7]


def test_the_thread_ends_and_gives_the_bus_back() -> None:
    closed = threading.Event()

    def turns() -> Turns:
        try:
            while True:
                yield 0.001
        finally:
            closed.set()

    end = on_a_thread(turns())
    end()
    assert closed.is_set()
    assert "nau7802" not in {thread.name for thread in threading.enumerate()}
