"""A NAU7802 at the level of its registers, for drivers that are given it in place of a bus.

It converts on the clock that it is given; the first conversions after a change of channel are a
mixture of both inputs, as on the chip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from site_rig import SITE, write_recording

from board.build import Board, build
from board.profile import read_profile
from hal.adc import nau7802_chip as chip
from hal.adc.nau7802 import OPENER, RUNNER, Turns
from hal.bus import Bus
from hal.player import player_of
from hal.ports import Clock, WallReading
from hal.virtual import board_clock

CALIBRATION_US = 50_000
ADVANCE_US_MAX = 3_000_000


class FakeNau7802:
    """The chip and its wires; ``inputs`` are the counts at its channels, or give them."""

    def __init__(self, clock: Clock, inputs: Sequence[Callable[[], int]]) -> None:
        self.registers = [0] * 32
        self.inputs = list(inputs)
        self.unplugged = False
        self.frozen = False
        self.calibration_fails = False
        self.never_ready = False
        self.written: list[tuple[int, int]] = []
        self.closed = 0
        self._clock = clock
        self._converted_us = 0
        self._calibrated_us = -1
        self._unsettled = 0

    def read_byte_data(self, address: int, register: int) -> int:
        self._step(address)
        return self.registers[register]

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        self._step(address)
        if register == chip.ADC_OUT:
            self.registers[chip.PU_CTRL] &= ~chip.NEW
        return self.registers[register : register + length]

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._step(address)
        self.written.append((register, value))
        if register == chip.PU_CTRL and value & chip.RESET:
            self.registers = [0] * 32
        if register == chip.CTRL2:
            if (value ^ self.registers[register]) & chip.SECOND_CHANNEL:
                self._unsettled = chip.SETTLE_CONVERSIONS
            if value & chip.CALIBRATE:
                self._calibrated_us = self._clock.now_us() + CALIBRATION_US
        self.registers[register] = value
        if register == chip.PU_CTRL and value & chip.DIGITAL and not self.never_ready:
            self.registers[register] |= chip.READY

    def close(self) -> None:
        self.closed += 1

    @property
    def settings(self) -> tuple[int, int]:
        """CTRL1 and the bits of CTRL2 that say the rate."""
        return self.registers[chip.CTRL1], self.registers[chip.CTRL2] >> 4 & 7

    def _step(self, address: int) -> None:
        if self.unplugged or address != chip.ADDRESS:
            raise OSError(121, "Remote I/O error")
        now_us = self._clock.now_us()
        self._finish_calibration(now_us)
        rate_hz = {v: k for k, v in chip.RATES.items()}[self.settings[1]]
        started = self.registers[chip.PU_CTRL] & chip.START and not self.frozen
        period_us = 1_000_000 // rate_hz
        late_us = now_us - self._converted_us
        if started and late_us >= period_us:
            self._converted_us = now_us - late_us % period_us
            self._convert()

    def _finish_calibration(self, now_us: int) -> None:
        if 0 <= self._calibrated_us <= now_us:
            self._calibrated_us = -1
            self.registers[chip.CTRL2] &= ~(chip.CALIBRATE | chip.CALIBRATION_FAILED)
            if self.calibration_fails:
                self.registers[chip.CTRL2] |= chip.CALIBRATION_FAILED

    def _convert(self) -> None:
        channel = self.registers[chip.CTRL2] >> 7
        counts = self.inputs[channel]()
        if self._unsettled:
            self._unsettled -= 1
            counts = (counts + self.inputs[1 - channel]()) // 2
        self.registers[chip.ADC_OUT : chip.ADC_OUT + 3] = (counts & 0xFFFFFF).to_bytes(3, "big")
        self.registers[chip.PU_CTRL] |= chip.NEW


class _LateClock:
    """The board's clock, for who is made before it is."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def now_us(self) -> int:
        return board_clock(self._bus).now_us()

    def wall(self) -> WallReading:
        return board_clock(self._bus).wall()


def converter_board(folder: Path) -> tuple[Board, Callable[[int], None]]:
    """A lane whose two cells are on a NAU7802, calibrated, and the hand that moves its time."""
    bus = Bus()
    clock = _LateClock(bus)
    steps = count()
    inputs = [lambda: 402_118 + next(steps) % 7, lambda: 398_240 + next(steps) % 5]
    running: list[Turns] = []

    def run(turns: Turns) -> Callable[[], None]:
        running.append(turns)
        return turns.close

    fake = FakeNau7802(clock, inputs)
    bus.share(OPENER, lambda: lambda _: fake)
    bus.share(RUNNER, lambda: run)
    write_recording(folder)
    site = SITE.replace(
        'driver = "trace.cells"\nfiles = ["passage.csv"]',
        'driver = "nau7802.cells"\nchannels = 2\nrate_hz = 320',
    ).replace(
        'driver = "host.clock"', 'driver = "trace.clock"\nstarts = "2026-11-22T08:00:00+08:00"'
    )
    (folder / "converter.toml").write_text(site, encoding="utf-8")
    board = build(read_profile(folder / "converter.toml"), bus)
    player, due_us = player_of(bus), 0

    def until(us: int) -> None:
        player.advance(max(us - board.clock.now_us(), 0))

    def advance(us: int) -> None:
        nonlocal due_us
        end_us = board.clock.now_us() + us
        # A long wait is the chip's pause, not a million of its turns.
        until(end_us - ADVANCE_US_MAX)
        while due_us <= end_us:
            until(due_us)
            due_us = board.clock.now_us() + max(int(next(running[0]) * 1e6), 1)
        until(end_us)

    advance(1_500_000)
    return board, advance
