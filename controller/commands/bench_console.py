"""What the console costs the lane, and how soon it answers: ``steelyard bench console``.

A lane runs in the simulated yard, its vehicles one behind the other; a console on a terminal of
its own is logged in to it, as a technician's would be.  A key's answer is its echo.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.console.link import LaneAwayError, LaneLink
from controller.console.port import LATE_KEPT

KEYS = 100
KEY_EVERY_S = 0.2
SCAN_S = 0.02
START_S = 60.0
_NAME, _PASSWORD = b"bench", b"nobody-knows-this-one"
_PROGRAM = (sys.executable, "-c", "from controller.cli import main; main()")


def measure() -> dict[str, float]:
    """Milliseconds: the scan's lateness without and with a monitor at full rate; a key's echo.

    Lateness is over a window of ``LATE_KEPT`` scans each, the same lane, one after the other.
    """
    with tempfile.TemporaryDirectory(prefix="steelyard-") as name, _lane(Path(name)) as link:
        alone = _lateness(link)
        with _console(Path(name)) as terminal:
            echoes = sorted(_echo_s(terminal) for _ in range(KEYS))
            _type(terminal, b"monitor weight\r")
            watched = _lateness(link)
    return {
        "scan_late_p50_ms": alone[0],
        "scan_late_p99_ms": alone[1],
        "scan_late_monitored_p50_ms": watched[0],
        "scan_late_monitored_p99_ms": watched[1],
        "key_p50_ms": round(echoes[KEYS // 2] * 1e3, 1),
        "key_p99_ms": round(echoes[KEYS * 99 // 100] * 1e3, 1),
    }


@contextmanager
def _lane(folder: Path) -> Iterator[LaneLink]:
    lane = subprocess.Popen(
        [*_PROGRAM, "run", "sim", "--out", str(folder)], stdout=subprocess.DEVNULL
    )
    link = LaneLink(folder)
    try:
        _until_it_answers(link)
        yield link
    finally:
        link.close()
        lane.send_signal(signal.SIGTERM)
        lane.wait(START_S)


def _until_it_answers(link: LaneLink) -> None:
    until_s = time.monotonic() + START_S
    while True:
        try:
            link.state()
        except LaneAwayError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)
        else:
            return


def _lateness(link: LaneLink) -> tuple[float, float]:
    """The median and the 99th percentile of how late scans began, over a window of its own."""
    time.sleep(LATE_KEPT * SCAN_S * 1.1)
    pace = link.state().pace
    return pace.late_p50_us / 1000, pace.late_p99_us / 1000


@contextmanager
def _console(folder: Path) -> Iterator[int]:
    """A terminal with a console of a new administrator, which waits for a command."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(_PROGRAM[0], [*_PROGRAM, "console", "--ascii", "--out", str(folder)])
    try:
        for asked, answer in (
            (b"name:", _NAME),
            (b"password:", _PASSWORD),
            (b"again:", _PASSWORD),
        ):
            _hear(terminal, asked)
            _type(terminal, answer + b"\r")
        _hear(terminal, b"admin>")
        yield terminal
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _echo_s(terminal: int) -> float:
    """How long a key's echo takes; the key is taken back."""
    time.sleep(KEY_EVERY_S)
    while _ready(terminal, 0):
        os.read(terminal, 4096)
    began_s = time.monotonic()
    _type(terminal, b"z")
    _hear(terminal, b"z")
    took_s = time.monotonic() - began_s
    _type(terminal, b"\x7f")
    return took_s


def _type(terminal: int, text: bytes) -> None:
    os.write(terminal, text)


def _hear(terminal: int, text: bytes) -> None:
    """Read until the terminal has shown this."""
    heard, until_s = b"", time.monotonic() + START_S
    while text not in heard:
        left_s = until_s - time.monotonic()
        if left_s <= 0 or not _ready(terminal, left_s):
            raise TimeoutError(f"the console did not show {text!r} but {heard[-200:]!r}")
        heard += os.read(terminal, 4096)


def _ready(terminal: int, seconds: float) -> bool:
    return bool(select.select([terminal], [], [], seconds)[0])
