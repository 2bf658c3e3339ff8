"""The hardware watchdog, its device a plain file and its chip in memory."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import Any

import pytest
from field_fakes import HandClock

import hal.watchdog as module
from hal.bus import Bus
from hal.ports import SelfChecking, Watchdog
from hal.watchdog import GET_TIMEOUT, KEEPALIVE, SET_TIMEOUT, LinuxWatchdog


class Chip:
    """A chip that counts what it is asked; ``longest_s`` bounds the times it takes."""

    def __init__(self) -> None:
        self.fed = 0
        self.timeout_s = 60
        self.longest_s = 15
        self.rounds_to: int | None = None
        self.broken = False

    def ioctl(self, fd: int, request: int, value: Any) -> int:
        if self.broken:
            raise OSError(errno.EIO, "broken")
        if request == KEEPALIVE:
            self.fed += 1
        elif request == SET_TIMEOUT:
            (asked,) = struct.unpack("i", value)
            if asked > self.longest_s:
                raise OSError(errno.EINVAL, "too long")
            self.timeout_s = self.rounds_to or asked
            value[:] = struct.pack("i", self.timeout_s)
        elif request == GET_TIMEOUT:
            value[:] = struct.pack("i", self.timeout_s)
        return 0


class Bench:
    def __init__(self, device: Path) -> None:
        self.clock = HandClock()
        self.bus = Bus()
        self.bus.share("clock", lambda: self.clock)
        self.device = device
        self.chip = Chip()

    def make(self, **options: Any) -> LinuxWatchdog:
        return LinuxWatchdog(self.bus, device=str(self.device), **options)

    def scan(self, dog: LinuxWatchdog, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.clock.us += 20_000
            dog.feed()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path / "watchdog")
    made.device.write_bytes(b"")
    monkeypatch.setattr(module, "ioctl", made.chip.ioctl)
    return made


def test_a_board_that_is_only_built_starts_no_timer(bench: Bench) -> None:
    dog = bench.make()
    assert isinstance(dog, Watchdog)
    assert isinstance(dog, SelfChecking)
    dog.release()
    assert bench.device.read_bytes() == b""
    assert bench.chip.timeout_s == 60


def test_it_is_fed_once_a_second_while_the_scan_goes_on(bench: Bench) -> None:
    dog = bench.make(timeout_us=10_000_000)
    bench.scan(dog, 10)
    assert bench.chip.timeout_s == 10
    assert bench.chip.fed == 9
    assert dog.faults() == ()


def test_an_orderly_end_writes_the_magic_letter_once(bench: Bench) -> None:
    dog = bench.make()
    bench.scan(dog, 1)
    dog.release()
    bench.bus.close()
    assert bench.device.read_bytes() == b"V"


def test_a_time_that_the_chip_refuses_is_told_with_the_one_it_keeps(bench: Bench) -> None:
    dog = bench.make(timeout_us=60_000_000)
    bench.chip.timeout_s = 15
    bench.scan(dog, 3)
    assert [(f.name, f.seen) for f in dog.faults()] == [
        ("WATCHDOG_TROUBLE", "refuses 60 s and keeps 15 s")
    ]
    assert bench.chip.fed == 2


def test_a_time_that_the_chip_rounds_is_told(bench: Bench) -> None:
    dog = bench.make(timeout_us=10_000_000)
    bench.chip.rounds_to = 8
    bench.scan(dog, 1)
    assert dog.faults()[0].seen == "keeps 8 s, was told 10 s"


def test_a_chip_that_cannot_be_fed_is_told_and_raises_nothing(bench: Bench) -> None:
    dog = bench.make()
    bench.scan(dog, 1)
    bench.chip.broken = True
    bench.scan(dog, 2)
    assert "cannot be fed" in dog.faults()[0].seen
    bench.chip.broken = False
    bench.scan(dog, 2)
    assert dog.faults() == ()


def test_a_device_that_cannot_be_opened_is_tried_again(bench: Bench) -> None:
    dog = bench.make()
    bench.device.unlink()
    bench.device.mkdir()
    bench.scan(dog, 1)
    assert "cannot be opened" in dog.faults()[0].seen
    bench.device.rmdir()
    bench.device.write_bytes(b"")
    bench.scan(dog, 6)
    assert dog.faults() == ()
    assert bench.chip.fed > 0
    dog.release()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"timeout_us": 2_500_000}, "whole seconds"), ({"timeout_us": 1_000_000}, "3 s or more")],
)
def test_wrong_times_are_refused(bench: Bench, options: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bench.make(**options)


def test_a_box_without_a_watchdog_says_what_to_load(bench: Bench) -> None:
    bench.device.unlink()
    with pytest.raises(ValueError, match="modprobe"):
        bench.make()
