"""How long the way is through real firmware: from a beam's pin to a lamp's, and to a held boom.

Both are measured on the pins, outside of what they pass through: a beam's level is set, a relay's
level is seen.  Between them lie the firmware, the line, a scan of 20 ms, and the way back.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np

from hal.bus import Bus
from hal.coprocessor import CoprocessorGate, CoprocessorInput, CoprocessorSignal
from hal.ports import Contact, Drive, Signal
from sim.hil.board import Board

SCAN_S = 0.02
BEAM, RED, GREEN = 11, 19, 20
RAISE_PIN, LOWER_PIN, CLOSED_PIN, OPEN_PIN = 17, 18, 15, 16
PATIENCE_S = 20.0
STEP_S = 0.000_5


class Bench:
    """One coprocessor with a beam, a lamp and a boom, and the smallest of all lanes before it."""

    def __init__(self, folder: Path) -> None:
        self.board = Board(folder)
        self.bus = Bus()
        port = self.board.port
        self._beam = CoprocessorInput(self.bus, port, pin=BEAM, kind="arm", end="yard", settle_us=0)
        self._head = CoprocessorSignal(
            self.bus, port, end="yard", face="approach", red_pin=RED, green_pin=GREEN
        )
        self._gate = CoprocessorGate(
            self.bus, port, end="yard", raise_pin=RAISE_PIN, lower_pin=LOWER_PIN,
            closed_pin=CLOSED_PIN, open_pin=OPEN_PIN,
        )  # fmt: skip
        self.drive = Drive.HOLD
        for pin, level in ((BEAM, 0), (CLOSED_PIN, 0), (OPEN_PIN, 1)):
            self.board.set_level(pin, level)
        self.board.start()
        self._due_s = time.monotonic()

    def scan(self) -> None:
        """Green while the beam is clear; the boom as wanted."""
        clear = self._beam.read() is Contact.CLEAR
        self._head.show(Signal.GREEN if clear else Signal.RED)
        self._gate.drive(self.drive)

    def until(self, true: Callable[[], bool], *, scans: bool = True) -> float:
        """Let time pass until something is true; how long it took, s."""
        began_s = time.monotonic()
        while not true():
            now_s = time.monotonic()
            if now_s - began_s > PATIENCE_S:
                raise TimeoutError("the coprocessor does not answer")
            if scans and now_s >= self._due_s:
                self.scan()
                self._due_s = max(self._due_s + SCAN_S, now_s)
            time.sleep(STEP_S)
        return time.monotonic() - began_s

    def lit(self) -> bool:
        """Whether the green lamp is on."""
        return self.board.level(GREEN) == 1

    def raised(self) -> bool:
        """Whether the relay that raises the boom is made."""
        return self.board.level(RAISE_PIN) == 1


@contextmanager
def _bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
        bench = Bench(Path(folder))
        try:
            bench.until(bench.lit)
            yield bench
        finally:
            bench.bus.close()
            bench.board.close()


def beam_to_lamp_ms(times: int, seed: int = 1) -> dict[str, float]:
    """Median and 99th percentile from a beam blocked at its pin to the green lamp's going out."""
    rng, took_s = Random(seed), []
    with _bench() as bench:
        for _ in range(times):
            pause_s = time.monotonic() + rng.uniform(0.05, 0.09)
            bench.until(lambda end_s=pause_s: time.monotonic() >= end_s)  # type: ignore[misc]
            bench.board.set_level(BEAM, 1)
            took_s.append(bench.until(lambda: not bench.lit()))
            bench.board.set_level(BEAM, 0)
            bench.until(bench.lit)
    return _percentiles(took_s)


def silence_to_hold_ms(times: int) -> dict[str, float]:
    """Median and longest from the host's last word to the release of a boom that it was raising."""
    took_s = []
    with _bench() as bench:
        for _ in range(times):
            bench.drive = Drive.RAISE
            bench.until(bench.raised)
            bench.scan()
            took_s.append(bench.until(lambda: not bench.raised(), scans=False))
            bench.drive = Drive.HOLD
            bench.until(bench.lit)
    return _percentiles(took_s)


def measure() -> dict[str, dict[str, float]]:
    """Both, as ``steelyard bench`` shows them, in milliseconds."""
    return {"beam_to_lamp_ms": beam_to_lamp_ms(200), "silence_to_hold_ms": silence_to_hold_ms(10)}


def _percentiles(took_s: list[float]) -> dict[str, float]:
    ms = np.array(took_s) * 1000
    p50, p99, most = np.percentile(ms, [50, 99, 100])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "max": round(float(most), 1)}
