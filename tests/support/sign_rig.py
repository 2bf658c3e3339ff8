"""A sign's line without a wire: frames go straight to an emulator, time is moved by hand."""

from __future__ import annotations

from hal.bus import Bus
from hal.line import Chunk
from hal.ports import DeviceFault, SignPage, WallReading
from hal.signs.driver import Lamps, Pace, WireSign
from hal.signs.family import Family
from sim.emulators import Emulator

SCAN_US = 20_000
OVER = SignPage(lines=("车辆超限", "皖A12345", "总重 53200 kg", "请卸载后复磅"), colour="red")
PASS = SignPage(lines=("准予通行", "皖A12345", "总重 48000 kg", "请缓慢驶离"), colour="green")


class HandClock:
    """Moves when told."""

    def __init__(self) -> None:
        self.us = 1_000_000

    def now_us(self) -> int:
        return self.us

    def wall(self) -> WallReading:
        return WallReading(ms=0)


class HandLink:
    """A link of which each end can be seen; ``trouble`` is set by hand."""

    def __init__(self, emulator: Emulator, clock: HandClock) -> None:
        self.name = "hand"
        self.opened = 1
        self.trouble: DeviceFault | None = None
        self.sent: list[bytes] = []
        self.takes = True
        self._emulator = emulator
        self._clock = clock
        self._back: list[Chunk] = []

    def take(self) -> list[Chunk]:
        chunks, self._back = self._back, []
        due = self._emulator.due(self._clock.us)
        return [*chunks, *([Chunk(self._clock.us, due)] if due else [])]

    def send(self, data: bytes) -> bool:
        if self.trouble is not None or not self.takes:
            return False
        self.sent.append(data)
        said = self._emulator.answer(data, self._clock.us)
        if said:
            self._back.append(Chunk(self._clock.us, said))
        return True

    def pull(self) -> None:
        """Break the line and put it back."""
        self.opened += 1


class SignRig:
    """A driver, its link, its emulator and its clock."""

    def __init__(
        self, family: Family, emulator: Emulator, lamps: Lamps = "none", speaks: bool = False
    ) -> None:
        self.clock = HandClock()
        bus = Bus()
        bus.share("clock", lambda: self.clock)
        self.link = HandLink(emulator, self.clock)
        self.sign = WireSign(bus, self.link, family, Pace(), lamps, speaks)

    def hold(self, page: SignPage, seconds: float) -> None:
        """Show a page in every scan of so many seconds."""
        for _ in range(int(seconds * 1_000_000 / SCAN_US)):
            self.clock.us += SCAN_US
            self.sign.show(page)

    @property
    def faults(self) -> list[str]:
        """The names of what is wrong."""
        return [fault.name for fault in self.sign.faults()]
