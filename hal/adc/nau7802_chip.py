"""The registers of a Nuvoton NAU7802 and the order in which they are used.

Source: data sheet revision 1.7, clauses 8 and 11; the number of conversions that follow a change of
channel and are not used is that of Linux's drivers/iio/adc/nau7802.c.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from msgspec import Struct

from hal.adc.book import Book
from hal.ports import Clock

ADDRESS = 0x2A
PU_CTRL, CTRL1, CTRL2, ADC_OUT, ADC_CTRL, POWER = 0x00, 0x01, 0x02, 0x12, 0x15, 0x1C
RESET, DIGITAL, ANALOG, READY, START, NEW, INTERNAL = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x80
CALIBRATE, CALIBRATION_FAILED, SECOND_CHANNEL = 0x04, 0x08, 0x80
NO_CHOPPER, FILTER_CAPACITOR = 0x30, 0x80

RATES = {10: 0, 20: 1, 40: 2, 80: 3, 320: 7}
GAINS = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4, 32: 5, 64: 6, 128: 7}
LDOS = {"4.5 V": 0, "4.2 V": 1, "3.9 V": 2, "3.6 V": 3, "3.3 V": 4, "3.0 V": 5, "2.7 V": 6}
LDOS |= {"2.4 V": 7}
EXTERNAL = "external"

HIGHEST, LOWEST = 0x7FFFFF, -0x800000
SETTLE_CONVERSIONS = 6
POWER_UP_S, POWER_UP_TRIES = 0.001, 100
ANALOG_S = 0.6
CALIBRATION_S, CALIBRATION_TRIES = 0.02, 50
RETRY_S = 1.0
SILENT_PERIODS = 20
SILENT_US_MIN = 500_000
RAILED_IN_A_ROW_MAX = 3
SAME_IN_A_ROW_MAX = 100
SHARE_MIN = 0.8
WINDOW_US = 2_000_000


class I2c(Protocol):
    """As much of ``smbus2.SMBus`` as is used."""

    def read_byte_data(self, address: int, register: int) -> int: ...

    def write_byte_data(self, address: int, register: int, value: int) -> None: ...

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]: ...

    def close(self) -> None: ...


class Settings(Struct, frozen=True, kw_only=True):
    """How the chip is to measure."""

    rate_hz: int
    gain: int
    ldo: str
    channels: int

    @property
    def period_us(self) -> int:
        """The time from one sample of all channels to the next."""
        conversions = 1 if self.channels == 1 else self.channels * (SETTLE_CONVERSIONS + 1)
        return conversions * 1_000_000 // self.rate_hz


class ChipError(Exception):
    """The chip does not do what its data sheet says; ``args`` are the fault's name and words."""


class Nau7802:
    """One chip at work; ``turns`` yields how many seconds to wait before its next turn."""

    def __init__(
        self, opener: Callable[[], I2c], settings: Settings, clock: Clock, book: Book
    ) -> None:
        self._opener = opener
        self._settings = settings
        self._clock = clock
        self._book = book
        self._i2c: I2c | None = None
        self._last: tuple[int, ...] = ()
        self._same = self._railed = 0
        self._window_us, self._came = 0, 0

    def turns(self) -> Generator[float, None, None]:
        """Power up, calibrate, measure; from the beginning again when anything goes wrong."""
        while True:
            try:
                self._i2c = self._opener()
                yield from self._power_up()
                yield from self._calibrate()
                yield from self._measure()
            except ChipError as trouble:
                self._book.fail(*trouble.args)
            except OSError as error:
                self._book.fail("ADC_SILENT", f"I2C says: {_words(error)}")
            finally:
                self._close()
            yield RETRY_S

    def _close(self) -> None:
        if self._i2c is not None:
            self._i2c.close()
            self._i2c = None

    def _power_up(self) -> Iterator[float]:
        supply = INTERNAL if self._settings.ldo != EXTERNAL else 0
        self._write(PU_CTRL, RESET)
        yield POWER_UP_S
        self._write(PU_CTRL, DIGITAL)
        for _ in range(POWER_UP_TRIES):
            yield POWER_UP_S
            if self._read(PU_CTRL) & READY:
                break
        else:
            raise ChipError("ADC_TROUBLE", "it does not say that it is powered up (PUR)")
        self._write(CTRL1, LDOS.get(self._settings.ldo, 0) << 3 | GAINS[self._settings.gain])
        self._select(0)
        self._write(ADC_CTRL, NO_CHOPPER)
        # The capacitor stands at the second channel's pins, so both cannot be had.
        self._write(POWER, FILTER_CAPACITOR if self._settings.channels == 1 else 0)
        self._write(PU_CTRL, DIGITAL | ANALOG | START | supply)
        yield ANALOG_S

    def _calibrate(self) -> Iterator[float]:
        """Measure the chip's own offset, of every channel (clause 8.6)."""
        for channel in range(self._settings.channels):
            self._select(channel, CALIBRATE)
            for _ in range(CALIBRATION_TRIES):
                yield CALIBRATION_S
                word = self._read(CTRL2)
                if not word & CALIBRATE:
                    break
            else:
                raise ChipError("ADC_TROUBLE", f"offset calibration of channel {channel + 1} hangs")
            if word & CALIBRATION_FAILED:
                what = f"offset calibration of channel {channel + 1} failed (CAL_ERR)"
                raise ChipError("ADC_TROUBLE", what)

    def _measure(self) -> Iterator[float]:
        self._same, self._railed, self._last = 0, 0, ()
        self._window_us, self._came = self._clock.now_us(), 0
        several = self._settings.channels > 1
        self._select(0)
        self._drop_pending()
        while True:
            row: list[int] = []
            for channel in range(self._settings.channels):
                if several:
                    self._select(channel)
                    self._drop_pending()
                for _ in range(SETTLE_CONVERSIONS * several):
                    yield from self._conversion()
                    self._counts()
                yield from self._conversion()
                row.append(self._counts())
            self._keep(tuple(row))

    def _conversion(self) -> Iterator[float]:
        """Wait for the next conversion; no more of it than a fault's time."""
        began_us = self._clock.now_us()
        step_s = 0.3 / self._settings.rate_hz
        limit_us = max(SILENT_PERIODS * 1_000_000 // self._settings.rate_hz, SILENT_US_MIN)
        while True:
            yield step_s
            now_us = self._clock.now_us()
            if self._read(PU_CTRL) & NEW:
                return
            if now_us - began_us > limit_us:
                what = f"no conversion for {(now_us - began_us) / 1e6:.1f} s"
                raise ChipError("ADC_SILENT", what)

    def _keep(self, row: tuple[int, ...]) -> None:
        now_us = self._clock.now_us()
        self._count(now_us)
        self._same = self._same + 1 if row == self._last else 1
        self._last = row
        railed = [i for i, counts in enumerate(row) if counts in (HIGHEST, LOWEST)]
        self._railed = self._railed + 1 if railed else 0
        if self._same >= SAME_IN_A_ROW_MAX:
            # 24 bits at any gain have noise: the same count again and again is no measurement.
            what = f"the same counts {row} {self._same} times in a row: they are not new"
            self._book.fail("ADC_SILENT", what)
        elif self._railed >= RAILED_IN_A_ROW_MAX:
            what = f"channel {railed[0] + 1} reads {row[railed[0]]}, the end of its range"
            self._book.fail("ADC_TROUBLE", f"{what}, {self._railed} times in a row")
        elif not railed:
            self._book.add(now_us, row)

    def _count(self, now_us: int) -> None:
        """Hold the number of samples to the rate, over windows of ``WINDOW_US``."""
        self._came += 1
        passed_us = now_us - self._window_us
        if passed_us < WINDOW_US:
            return
        due = passed_us // self._settings.period_us
        few = self._came < SHARE_MIN * due
        seen = f"{self._came} of {due} samples came in {passed_us / 1e6:.1f} s"
        self._book.warn("ADC_SILENT" if few else "", seen)
        self._window_us, self._came = now_us, 0

    def _select(self, channel: int, calibrate: int = 0) -> None:
        rate = RATES[self._settings.rate_hz] << 4
        self._write(CTRL2, SECOND_CHANNEL * channel | rate | calibrate)

    def _counts(self) -> int:
        high, middle, low = self._bus().read_i2c_block_data(ADDRESS, ADC_OUT, 3)
        value = high << 16 | middle << 8 | low
        return value - (1 << 24) if value > HIGHEST else value

    def _drop_pending(self) -> None:
        """Take the conversion that is of the other channel, or of before the calibration."""
        self._counts()

    def _read(self, register: int) -> int:
        self._book.alive(self._clock.now_us())
        return self._bus().read_byte_data(ADDRESS, register)

    def _write(self, register: int, value: int) -> None:
        self._book.alive(self._clock.now_us())
        self._bus().write_byte_data(ADDRESS, register, value)

    def _bus(self) -> I2c:
        assert self._i2c is not None, "used before it was opened"
        return self._i2c


def _words(error: OSError) -> str:
    hints = {
        errno.ENOENT: "no such bus; is I2C turned on (`raspi-config`), is i2c_bus right?",
        errno.EACCES: "add this user to the group i2c",
        errno.EREMOTEIO: "the chip does not answer; has it power, are SDA and SCL crossed?",
        errno.ENXIO: "the chip does not answer; has it power, are SDA and SCL crossed?",
    }
    hint = hints.get(error.errno or 0)
    return f"{error.strerror or error}{f'; {hint}' if hint else ''}"
