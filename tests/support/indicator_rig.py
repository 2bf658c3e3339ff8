"""A line and a clock in the test's hand, and every indicator driver on an emulator behind a pty."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from hal import registry
from hal.bus import Bus
from hal.line import Chunk
from hal.ports import DeviceFault, Indication, Indicator, WallReading
from sim.emulators.indicators import (
    LaumasEmulator,
    SicsEmulator,
    StGsEmulator,
    Talker,
    ToledoEmulator,
    YaohuaEmulator,
)
from sim.emulators.serve import OnPty

PORT = "/dev/ttyTEST"
PATIENCE_S = 20.0
QUIET_US = 600_000
ASKED_EVERY_US = 60_000


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.us = 1_000_000

    def now_us(self) -> int:
        return self.us

    def wall(self) -> WallReading:
        return WallReading(ms=0)


class HandLine:
    """A line whose bytes the test gives and takes."""

    name = PORT

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.opened = 1
        self.trouble: DeviceFault | None = None
        self.sent: list[bytes] = []
        self._in: list[Chunk] = []

    def come(self, data: bytes) -> None:
        self._in.append(Chunk(self._clock.us, data))

    def take(self) -> list[Chunk]:
        chunks, self._in = self._in, []
        return chunks

    def send(self, data: bytes) -> bool:
        if self.trouble is None:
            self.sent.append(data)
        return self.trouble is None


class Range(Struct, frozen=True, kw_only=True):
    """Max, e and d as the board's scale has them."""

    max_g: int = 100_000_000
    e_g: int = 20_000
    d_g: int = 20_000


class Site(Struct, frozen=True, kw_only=True):
    """As much of the board's scale as an indicator looks at."""

    scale: Range = Range()


class Bench:
    """An indicator driver on a hand-held line; ``say`` gives bytes and reads the next scan."""

    def __init__(self, driver: str, *, scale: Range | None = None, **options: Any) -> None:
        self.clock = HandClock()
        self.line = HandLine(self.clock)
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        if scale is not None:
            self.bus.share("scale", lambda: Site(scale=scale))
        self.bus.share(f"line {PORT}", lambda: self.line)
        self.driver = registry.load(driver)(self.bus, port=PORT, **options)

    def read(self) -> tuple[Indication, ...] | DeviceFault:
        self.clock.us += 20_000
        said: tuple[Indication, ...] | DeviceFault = self.driver.read()
        return said

    def say(self, data: bytes) -> tuple[Indication, ...] | DeviceFault:
        self.line.come(data)
        return self.read()

    def fault_after(self, seconds: float, data: bytes = b"") -> DeviceFault:
        """The fault that stands after so long, with the same bytes in every scan."""
        said = self.read()
        for _ in range(int(seconds * 50)):
            said = self.say(data) if data else self.read()
        assert isinstance(said, DeviceFault)
        assert self.driver.faults() == (said,)
        return said


LAUMAS: dict[str, Any] = {
    "device": "laumas",
    "unit": "kg",
    "decimals": 0,
    "word_order": "high first",
    "sign": "twos complement",
    "status": {"stable": [11], "zero": [12], "over": [2]},
}
KINDS: dict[str, tuple[str, Callable[[], Talker], dict[str, Any]]] = {
    "yaohua-0": ("yaohua.indicator", YaohuaEmulator, {"unit": "kg"}),
    "yaohua-1": (
        "yaohua.indicator",
        lambda: YaohuaEmulator("1"),
        {"unit": "kg", "format": "1"},
    ),
    "yaohua-2": (
        "yaohua.indicator",
        lambda: YaohuaEmulator("2"),
        {"unit": "kg", "format": "2"},
    ),
    "yaohua-polled": (
        "yaohua.indicator",
        lambda: YaohuaEmulator("polled", address="C"),
        {"unit": "kg", "format": "polled", "address": "C", "zero_command": True},
    ),
    "toledo": ("toledo.indicator", ToledoEmulator, {"checksum": True}),
    "toledo-bare": (
        "toledo.indicator",
        lambda: ToledoEmulator(checksum=False),
        {"checksum": False},
    ),
    "liden": (
        "toledo.indicator",
        lambda: ToledoEmulator(variant="liden"),
        {"checksum": True, "variant": "liden"},
    ),
    "flintec": (
        "toledo.indicator",
        lambda: ToledoEmulator(variant="flintec"),
        {"checksum": True, "variant": "flintec", "unit": "kg"},
    ),
    "st-gs": ("text.indicator", StGsEmulator, {"dialect": "st-gs"}),
    "sics-asked": ("sics.indicator", SicsEmulator, {"zero_command": True}),
    "sics-repeating": (
        "sics.indicator",
        SicsEmulator,
        {"mode": "repeating"},
    ),
    "laumas": ("modbus.indicator", LaumasEmulator, LAUMAS | {"zero_command": 8}),
    "laumas-low-first": (
        "modbus.indicator",
        lambda: LaumasEmulator(word_order="low first"),
        LAUMAS | {"word_order": "low first"},
    ),
}
CAN_ZERO = frozenset({"yaohua-polled", "sics-asked", "laumas"})
HAS_MOTION = frozenset(KINDS) - {"yaohua-0", "yaohua-1", "yaohua-2", "yaohua-polled"}


class Stand(Struct, frozen=True):
    """An indicator driver, the emulator at the far end, and the pty between them."""

    driver: Indicator
    emulator: Talker
    wire: OnPty


@contextmanager
def stand(kind: str, folder: Path) -> Iterator[Stand]:
    """One kind of indicator with its driver, on a pty."""
    name, make, options = KINDS[kind]
    emulator = make()
    wire = OnPty(emulator, folder / "tty")
    until((folder / "tty").exists)
    bus = Bus()
    bus.share("scale", Site)
    timing = {"quiet_us": QUIET_US}
    if kind in ("yaohua-polled", "sics-asked", "laumas", "laumas-low-first"):
        timing["every_us"] = ASKED_EVERY_US
    driver = registry.load(name)(bus, port=wire.port, **options, **timing)
    try:
        yield Stand(driver, emulator, wire)
    finally:
        bus.close()
        wire.close()


def until(true: Callable[[], bool]) -> None:
    """Wait for it, in vain for at most ``PATIENCE_S``."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, "it did not come about"
        time.sleep(0.005)
