"""Thermometers: a number in a file, as Linux gives 1-wire and hwmon sensors, and a virtual one."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

from hal.bus import Bus
from hal.files import site_path
from hal.ports import DeviceFault

FAULT = "THERMOMETER_SILENT"
TEXT_BYTES_MAX = 64
EVERY_US_MIN = 1_000_000
MISSED_MAX = 6
COLDEST_C, HOTTEST_C = -55.0, 125.0
POWER_ON_MC = 85_000


class FileThermometer:
    """A file with thousandths of a degree Celsius: `/sys/bus/w1/devices/28-…/temperature`,
    `/sys/class/hwmon/hwmon0/temp1_input`.

    A 1-wire conversion takes 0.75 s, so a thread of its own reads the file every ``every_us`` and
    `read` only tells what it saw last. A DS18B20 that lost its supply says exactly 85 °C (data
    sheet, "power-on reset value"): that is a fault, not a temperature.

    Raises:
        ValueError: ``every`` is shorter than a second.
    """

    def __init__(self, bus: Bus, file: str, every_us: int = 10_000_000) -> None:
        if every_us < EVERY_US_MIN:
            raise ValueError(f"every must be at least 1 s, not {every_us} us")
        self._path = site_path(bus, file)
        self._every_s = every_us / 1e6
        self._word: float | DeviceFault | None = None
        self._read_s = time.monotonic()
        self._thread: Thread | None = None

    def read(self) -> float | DeviceFault | None:
        if self._thread is None:
            self._thread = Thread(target=self._follow, name="thermometer", daemon=True)
            self._thread.start()
        age_s = time.monotonic() - self._read_s
        if age_s > MISSED_MAX * self._every_s:
            return self._fault(f"no answer for {age_s:.0f} s")
        return self._word

    def _follow(self) -> None:
        while True:
            try:
                self._word = read_celsius(self._path)
            except (OSError, ValueError) as error:
                self._word = self._fault(str(error))
            self._read_s = time.monotonic()
            time.sleep(self._every_s)

    def _fault(self, seen: str) -> DeviceFault:
        return DeviceFault(name=FAULT, device=str(self._path), seen=seen)


def read_celsius(path: Path) -> float:
    """The temperature in a file of thousandths of a degree Celsius.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no whole number, or no temperature that a sensor gives.
    """
    with path.open("rb") as file:
        text = file.read(TEXT_BYTES_MAX).strip()
    try:
        thousandths = int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no whole number of thousandths of a degree") from None
    if thousandths == POWER_ON_MC:
        raise ValueError("85 °C, which the sensor says after its supply failed")
    if not COLDEST_C <= thousandths / 1_000 <= HOTTEST_C:
        raise ValueError(f"{thousandths / 1_000:g} °C is outside {COLDEST_C:g} to {HOTTEST_C:g} °C")
    return thousandths / 1_000


class VirtualThermometer:
    """A thermometer that says what it is told, on the board of a test or a simulated yard."""

    def __init__(self, bus: Bus, celsius: float) -> None:
        self.word: float | DeviceFault | None = float(celsius)

    def read(self) -> float | DeviceFault | None:
        return self.word
