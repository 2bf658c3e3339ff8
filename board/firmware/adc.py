"""HX711 and ADS1232/1234 by their pins: one clock for all, one data pin for each cell.

All chips are clocked together, so a sample is of one moment.  Both families say "ready" by a low
data pin, give 24 bits, highest first, on rising clock edges, and let the data pin go high with the
25th.  What is not a sound conversion is flagged and has no value: a chip that was not ready MISSED,
the end of the range SATURATED, a line that is stuck (all ones, or low after the last clock) BROKEN.

Sources: HX711 datasheet (Avia), Serial Interface and Table 3: 25, 26 or 27 clocks choose gain 128,
32 or 64, and more than 60 us of high clock turn the chip off; ADS1232/1234 datasheet (TI SBAS350),
Data Retrieval and Standby: 25 clocks, 26 would begin a calibration.
"""

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Inputs, Irq, Output

GOOD, MISSED, SATURATED, BROKEN = 0, 1, 2, 3
NO_VALUE = -0x800000
BITS = 24
CHANNELS_MAX = 8
CLOCKS = {
    "hx711": {128: 25, 32: 26, 64: 27},
    "ads1232": {1: 25, 2: 25, 64: 25, 128: 25},
    "ads1234": {1: 25, 2: 25, 64: 25, 128: 25},
}
"""Clocks of a conversion by chip and gain; an ADS has its gain wired."""
RATES_MAX_HZ = {"hx711": 80, "ads1232": 80, "ads1234": 80}


class Cells:
    """``counts`` and ``flags`` of the last ``read``, one of each cell."""

    def __init__(
        self, sck: "Output", douts: "Inputs", clocks: int, irq_off: "Irq", irq_on: "Irq"
    ) -> None:
        self.number = len(douts)
        self.counts = array("i", [NO_VALUE] * self.number)
        self.flags = bytearray([MISSED] * self.number)
        self._sck = sck
        self._douts = douts
        self._tail = clocks - BITS
        self._irq_off = irq_off
        self._irq_on = irq_on
        sck.value(0)

    def ready(self) -> bool:
        """Whether every chip holds a conversion."""
        for index in range(self.number):
            if self._douts[index].value():
                return False
        return True

    def miss(self) -> None:
        """Say of all cells that this sample was not taken."""
        for index in range(self.number):
            self._refuse(index, MISSED)

    def read(self) -> None:
        """Clock one conversion out of every chip; a chip that is not ready is flagged."""
        for index in range(self.number):
            self.flags[index] = MISSED if self._douts[index].value() else GOOD
            self.counts[index] = 0
        for _ in range(BITS):
            self._clock()
            for index in range(self.number):
                self.counts[index] = self.counts[index] << 1 | self._douts[index].value()
        for _ in range(self._tail):
            self._clock()
        for index in range(self.number):
            self._judge(index)

    def _clock(self) -> None:
        """One clock; an interrupt must not keep it high for the 60 us that turn an HX711 off."""
        state = self._irq_off()
        self._sck.value(1)
        self._sck.value(0)
        self._irq_on(state)

    def _judge(self, index: int) -> None:
        raw = self.counts[index]
        if self.flags[index] != GOOD:
            self._refuse(index, MISSED)
        elif raw == 0xFFFFFF or not self._douts[index].value():
            self._refuse(index, BROKEN)
        elif raw in (0x7FFFFF, 0x800000):
            self._refuse(index, SATURATED)
        elif raw & 0x800000:
            self.counts[index] = raw - 0x1000000

    def _refuse(self, index: int, flag: int) -> None:
        self.flags[index] = flag
        self.counts[index] = NO_VALUE
