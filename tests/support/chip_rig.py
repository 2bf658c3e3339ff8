"""The firmware in the real interpreter, in lockstep, spoken to as the host's link would."""

from __future__ import annotations

import contextlib
import json
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from protocol import coprocessor as wire
from protocol.framing import Decoder, encode
from sim.hil.board import FIRMWARE, Board, _unread

CONFIG: dict[str, Any] = {
    "rate_hz": 50,
    "lease_ms": 1000,
    "exclusive": 0,
    "estop": "estop",
    "cells": {"chip": "hx711", "sck": 2, "dout": [3, 4], "gain": 128},
    "inputs": [
        {"name": "estop", "pin": 5, "clear": 0, "settle_ms": 20},
        {"name": "yard.arm", "pin": 6, "clear": 0, "settle_ms": 20},
        {"name": "yard.closed", "pin": 8, "clear": 1, "settle_ms": 20},
        {"name": "yard.open", "pin": 9, "clear": 1, "settle_ms": 20},
    ],
    "booms": [
        {
            "name": "yard",
            "raise": 16,
            "lower": 17,
            "on": 1,
            "pulse_ms": 0,
            "rise_dead_ms": 50,
            "fall_dead_ms": 500,
            "settle_ms": 100,
            "travel_ms": 6000,
            "guards": ["yard.arm"],
            "closed": "yard.closed",
            "open": "yard.open",
        }
    ],
    "heads": [
        {"name": "yard.approach", "red": 19, "green": 20, "on": 1},
        {"name": "yard.deck", "red": 21, "green": 22, "on": 0},
    ],
}
ESTOP, ARM, CLOSED, OPEN = 5, 6, 8, 9
RAISE, LOWER = 16, 17
REDS, GREENS = (19, 21), (20, 22)
STEP_US = 20_000
WAIT_S = 5.0


class Host:
    """The other end of the line, without a driver: sends frames, keeps what comes."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.decoder = Decoder()
        self.heard: list[wire.Message] = []
        self._seq = 0
        self._fd = -1

    def open(self) -> None:
        """Take the port."""
        until_s = time.monotonic() + WAIT_S
        while not Path(self.board.port).exists() and time.monotonic() < until_s:
            time.sleep(0.005)
        self._fd = os.open(self.board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)

    def close(self) -> None:
        os.close(self._fd)

    def send(self, kind: int, payload: bytes = b"") -> None:
        self.raw(encode(kind, self._seq, payload))
        self._seq = (self._seq + 1) % 0x10000

    def raw(self, data: bytes) -> None:
        os.write(self._fd, data)

    def step(self, steps: int = 1) -> None:
        """Let 20 ms go by for each step; all that was said before has come there by then."""
        for _ in range(steps):
            time.sleep(0.0005)
            self.board.settle()
            self.board.advance(STEP_US)
            self._wait()
            with contextlib.suppress(BlockingIOError):
                for frame in self.decoder.feed(os.read(self._fd, 65_536)):
                    message = wire.read(frame)
                    assert message is not None
                    self.heard.append(message)

    def ask(self, kind: int, answer: type, payload: bytes = b"") -> Any:
        """Send, and give the first message of this type that comes."""
        self.heard.clear()
        self.send(kind, payload)
        for _ in range(100):
            self.step()
            for message in self.heard:
                if isinstance(message, answer):
                    return message
        raise AssertionError(f"no {answer.__name__}; see {self.board.flash / 'console.txt'}")

    def _wait(self) -> None:
        """Until the bytes of this step lie here to be read; the wire then rests."""
        before = -1
        while before != (now := _unread(self._fd)):
            before = now
            time.sleep(0.001)

    def configure(self, config: Any = None) -> wire.Answer:
        """Send a configuration; gives what became of it."""
        *parts, last = wire.config_parts(json.dumps(CONFIG if config is None else config))
        for part in parts:
            self.send(wire.CONFIG, part)
        answer: wire.Answer = self.ask(wire.CONFIG, wire.Answer, last)
        return answer

    @property
    def state(self) -> wire.State:
        """The newest state."""
        return next(m for m in reversed(self.heard) if isinstance(m, wire.State))

    def hold(self, boom: int, greens: int = 0, steps: int = 1, epoch: int | None = None) -> None:
        """Say levels in every step, by default with the present epoch."""
        for _ in range(steps):
            now = self.state.epoch if epoch is None else epoch
            self.send(wire.LEVELS, wire.levels(now, (boom, 0), greens))
            self.step()

    def levels(self, *pins: int) -> list[int | None]:
        """The levels of output pins."""
        return [self.board.level(pin) for pin in pins]


@contextlib.contextmanager
def host_at(folder: Path) -> Iterator[Host]:
    """A bare chip with everything clear and the boom down, powered up, and its host."""
    board = Board(folder, lockstep=True)
    try:
        board.wire_cells(2, [3, 4])
        board.set_counts(3, 402_118)
        board.set_counts(4, -77)
        for pin, level in ((ESTOP, 0), (ARM, 0), (CLOSED, 0), (OPEN, 1)):
            board.set_level(pin, level)
        board.start()
        host = Host(board)
        host.open()
        yield host
        host.close()
    finally:
        board.close()


def firmware_bytes() -> int:
    """The size of the firmware's sources."""
    return sum(path.stat().st_size for path in FIRMWARE.glob("*.py"))
