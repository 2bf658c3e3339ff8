"""Load cells on a NAU7802 at the computer's I2C bus: lab benches and single-cell rigs.

Not for legal weighbridges (facts: bare converters), which have an indicator or digital cells.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

import smbus2

from hal.adc.book import Book
from hal.adc.nau7802_chip import EXTERNAL, GAINS, LDOS, RATES, I2c, Nau7802, Settings
from hal.bus import Bus
from hal.ports import CellSamples, DeviceFault
from hal.virtual import board_clock

JOIN_S = 2.0
CHANNELS_MAX = 2
Turns = Generator[float, None, None]
# Where a board without the chip has another bus and another way to let time pass.
OPENER, RUNNER = "i2c opener", "i2c turns"


class Nau7802Cells:
    """The one or two channels of a NAU7802.

    Options: ``i2c_bus`` (1 on a Raspberry Pi: /dev/i2c-1; the address is always 2Ah), ``channels``
    1 or 2, ``rate_hz`` 10, 20, 40, 80 or 320, ``gain`` 1 to 128 in powers of two, ``ldo`` the
    cells' supply, "2.4 V" to "4.5 V" in steps of 0.3 V or "external" (pin AVDD is fed; at least
    0.3 V below the chip's own supply).  With two channels the chip measures in turn and needs seven
    conversions for each, so that 320 Hz give 22 samples a second of both.

    The offset is calibrated at every start.  What is no new measurement is the fault ADC_SILENT, a
    failed calibration or an input at the end of its range ADC_TROUBLE; too few samples are told by
    ``faults`` beside those that came.

    Raises:
        ValueError: a setting that the chip does not have, or a scale with another number of cells.
    """

    def __init__(
        self,
        bus: Bus,
        i2c_bus: int = 1,
        channels: int = 1,
        rate_hz: int = 80,
        gain: int = 128,
        ldo: str = "3.0 V",
    ) -> None:
        _check(i2c_bus, channels, rate_hz, gain, ldo)
        cells: int = bus.share("cell_count", lambda: channels)
        if cells != channels:
            raise ValueError(f"the scale has {cells} cells, and channels = {channels}")
        self._clock = board_clock(bus)
        settings = Settings(rate_hz=rate_hz, gain=gain, ldo=ldo, channels=channels)
        self._book = Book(f"NAU7802 on i2c-{i2c_bus}", channels, self._clock.now_us())
        opener: Callable[[int], I2c] = bus.share(OPENER, lambda: _open)
        chip = Nau7802(lambda: opener(i2c_bus), settings, self._clock, self._book)
        run: Callable[[Turns], Callable[[], None]] = bus.share(RUNNER, lambda: on_a_thread)
        bus.at_close(run(chip.turns()))

    def read(self) -> CellSamples | DeviceFault:
        return self._book.take(self._clock.now_us())

    def faults(self) -> tuple[DeviceFault, ...]:
        """What is wrong with the converter now."""
        return self._book.faults()


def on_a_thread(turns: Turns) -> Callable[[], None]:
    """Take the turns on a thread of their own; what is returned ends it and closes the bus."""
    ending = threading.Event()

    def run() -> None:
        for wait_s in turns:
            if ending.wait(wait_s):
                turns.close()

    def end() -> None:
        ending.set()
        thread.join(JOIN_S)

    thread = threading.Thread(target=run, name="nau7802", daemon=True)
    thread.start()
    return end


def _open(i2c_bus: int) -> I2c:
    opened: Any = smbus2.SMBus(i2c_bus)
    return opened  # type: ignore[no-any-return]


def _check(i2c_bus: int, channels: int, rate_hz: int, gain: int, ldo: str) -> None:
    if i2c_bus < 0:
        raise ValueError(f"i2c_bus must be 0 or more, not {i2c_bus}")
    if not 1 <= channels <= CHANNELS_MAX:
        raise ValueError(f"channels must be 1 or 2, not {channels}")
    if rate_hz not in RATES:
        raise ValueError(f"rate_hz must be one of {', '.join(map(str, RATES))}, not {rate_hz}")
    if gain not in GAINS:
        raise ValueError(f"gain must be one of {', '.join(map(str, GAINS))}, not {gain}")
    if ldo not in LDOS and ldo != EXTERNAL:
        raise ValueError(f"ldo must be one of {', '.join(LDOS)}, {EXTERNAL}; not '{ldo}'")
