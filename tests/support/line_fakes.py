"""A serial line and a watchdog device in memory, for boards whose time a test moves."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import hal.watchdog
from hal.bus import Bus
from hal.line import Chunk
from hal.ports import DeviceFault
from hal.virtual import board_clock
from hal.watchdog import GET_TIMEOUT, SET_TIMEOUT
from sim.emulators import Emulator

RF_PORT = "/dev/ttyRF"


class MemoryLine:
    """A line whose far end answers at once; as ``hal.line.Line`` for its drivers."""

    def __init__(self, bus: Bus, emulator: Emulator, name: str) -> None:
        self.name = name
        self.opened = 1
        self.trouble: DeviceFault | None = None
        self._bus = bus
        self._emulator = emulator
        self._come: list[Chunk] = []

    def take(self) -> list[Chunk]:
        come, self._come = self._come, []
        return come

    def send(self, data: bytes) -> bool:
        now_us = board_clock(self._bus).now_us()
        said = self._emulator.answer(data, now_us)
        if said:
            self._come.append(Chunk(now_us, said))
        return True


def memory_rf(bus: Bus, emulator: Emulator) -> None:
    """Put the detector on a port that is not there."""
    line = MemoryLine(bus, emulator, RF_PORT)
    bus.share(f"line {RF_PORT}", lambda: line)


def watchdog_file(folder: Path) -> Path:
    """A plain file as the device of a watchdog that takes every time."""
    device = folder / "watchdog"
    device.write_bytes(b"")
    setattr(hal.watchdog, "ioctl", _ioctl)  # noqa: B010
    return device


def _ioctl(fd: int, request: int, value: Any) -> int:
    if request in (SET_TIMEOUT, GET_TIMEOUT):
        struct.unpack("i", value)
    return 0
