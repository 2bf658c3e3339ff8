"""An I/O coprocessor on the bench: the real firmware in MicroPython, its pins in this process.

The interpreter runs as a process of its own.  Its UART is a pty which a thread here joins to the
pty that the host's driver opens, so that the plug can be pulled and bytes spoilt on the way.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "board" / "firmware"
SHIM = Path(__file__).resolve().parent / "shim"
HEAP = "200k"
CHANGES_MAX = 10_000
READ_BYTES_MAX = 4096
UNSAID_BYTES_MAX = 65_536
POLL_S = 0.05
SETTLE_S = 0.0002
SETTLE_S_MAX = 0.2
ANSWER_S = 20.0
QUANTUM_MS = 2
NICE = -15
ROUNDS_PER_ADVANCE_MAX = 100

_RECORD = struct.Struct("<BBHi")
_LEVEL, _CHIP, _WIRE, _ADVANCE = 1, 2, 3, 4
_OUT, _DONE, _BYE = 10, 11, 12
SOUND, SILENT, ONES, LOW = 0, 1, 2, 3
CUT = 2
"""The level of an input whose wire is cut: what the chip pulls it to."""
_EXIT_RESET, _EXIT_WATCHDOG = 75, 76


class Change(NamedTuple):
    """An output pin's new level, with the firmware's ticks, us modulo 2**30."""

    pin: int
    level: int
    ticks_us: int


def interpreter() -> str | None:
    """The MicroPython of this environment, or of the path; None where there is none."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


class Board:
    """One coprocessor; ``port`` is what the driver opens, ``flash`` its file system.

    In lockstep its time stands still but for ``advance``, which lets it go on by ``quantum_ms`` a
    round; else it runs on the host's clock.
    ``firmware`` may also be a folder of compiled modules.  ``corrupt`` is given all bytes that
    cross the wire, either way.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lockstep: bool = False,
        quantum_ms: int = QUANTUM_MS,
        firmware: Path = FIRMWARE,
        corrupt: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.flash = folder / "flash"
        self.flash.mkdir(parents=True, exist_ok=True)
        self.port = str(folder / "coprocessor")
        self.changes: deque[Change] = deque(maxlen=CHANGES_MAX)
        self.starts = 0
        self.corrupt = corrupt or bytes
        self._lockstep = lockstep
        self._quantum_ms = quantum_ms
        self._firmware = firmware
        self._cause = "power"
        self._inputs: dict[tuple[int, int], bytes] = {}
        self._outputs: dict[int, int] = {}
        self._turn = threading.Condition()
        self._done = 0
        self._advances = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._plugged = True
        self._near = self._far = -1
        self._carrying = False
        self._uart, self._uart_far = _pty()
        self._pins, self._pins_far = _pty()
        self._rest = self._unsaid = b""
        os.set_blocking(self._pins, False)
        self._thread = threading.Thread(target=self._serve, name="board", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Power the chip up; what its inputs are given stands before its first instruction."""
        command = interpreter()
        if command is None:
            raise FileNotFoundError("no micropython here: pip install 'steelyard[dev]'")
        _drain(self._uart_far)
        termios.tcflush(self._pins_far, termios.TCIOFLUSH)
        with self._turn:
            self._outputs.clear()
            self._rest = b""
        self._unsaid = b"".join(self._inputs.values())
        self._flush()
        self.starts += 1
        self._process = subprocess.Popen(
            [command, "-X", f"heapsize={HEAP}", str(self._firmware / "main.py")],
            cwd=self.flash,
            env={
                "MICROPYPATH": f"{SHIM}:{self._firmware}:.frozen",
                "PATH": os.environ.get("PATH", ""),
                "STEELYARD_UART": os.ttyname(self._uart_far),
                "STEELYARD_PINS": os.ttyname(self._pins_far),
                "STEELYARD_LOCKSTEP": "1" if self._lockstep else "0",
                "STEELYARD_CAUSE": self._cause,
            },
            stdout=(self.flash / "console.txt").open("ab"),
            stderr=subprocess.STDOUT,
        )
        self._cause = "power"
        # A chip has a processor of its own; here it at least goes first, where that is allowed.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)

    def kill(self, cause: str = "power") -> None:
        """Take the power away; ``"watchdog"`` says at the next start that the watchdog bit."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._cause = cause

    def restart(self, cause: str = "power") -> None:
        """Kill and start again."""
        self.kill(cause)
        self.start()

    @property
    def running(self) -> bool:
        """Whether the interpreter runs; one that has reset itself is started again here."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code in (_EXIT_RESET, _EXIT_WATCHDOG):
            self._process = None
            self._cause = "watchdog" if code == _EXIT_WATCHDOG else "power"
            self.start()
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """Take the power away and end the thread."""
        self.kill()
        self._ending = True
        self._thread.join(5.0)
        for fd in (self._uart, self._uart_far, self._pins, self._pins_far):
            os.close(fd)

    def set_level(self, pin: int, level: int) -> None:
        """Set an input pin to 0, 1 or CUT."""
        self._say(_LEVEL, pin, 0, level)

    def wire_cells(self, sck: int, douts: list[int], sps: int = 80) -> None:
        """Put a converter of its own behind each data pin; before ``start``."""
        for dout in douts:
            self._say(_WIRE, dout, sck, sps)
            self.set_counts(dout, 0)

    def set_counts(self, dout: int, counts: int, state: int = SOUND) -> None:
        """What a converter measures, or how it fails: SILENT, ONES, LOW."""
        self._say(_CHIP, dout, state, counts)

    def level(self, pin: int) -> int | None:
        """The level of an output pin; None where the firmware has not made it one."""
        with self._turn:
            return self._outputs.get(pin)

    def advance(self, step_us: int) -> None:
        """Let this much time go by in lockstep; raises TimeoutError where the firmware hangs."""
        if step_us < 1 or not self.running:
            return
        quantum_ms = max(self._quantum_ms, step_us // (1000 * ROUNDS_PER_ADVANCE_MAX))
        with self._turn:
            wanted = self._done + 1
            self._unsaid += _RECORD.pack(_ADVANCE, 0, min(quantum_ms, 65_535), step_us)
            self._flush()
            until_s = time.monotonic() + ANSWER_S
            starts = self.starts
            # One that resets itself meanwhile has lost the rest of its step.
            while self._done < wanted and self.running and self.starts == starts:
                if time.monotonic() > until_s:
                    raise TimeoutError(f"the firmware hangs; see {self.flash / 'console.txt'}")
                self._turn.wait(POLL_S)

    def settle(self) -> None:
        """Wait until what either end has sent has been read at the other, or a plug is out."""
        quiet = 0
        until_s = time.monotonic() + SETTLE_S_MAX
        while quiet < 2 and time.monotonic() < until_s:
            time.sleep(SETTLE_S)
            waiting = [self._uart, self._near, self._far] if self._near >= 0 else [self._uart]
            quiet = 0 if self._carrying or any(map(_unread, waiting)) else quiet + 1

    def unplug(self) -> None:
        """Pull the host's plug."""
        self._plugged = False

    def plug(self) -> None:
        """Put the host's plug back."""
        self._plugged = True

    def _say(self, kind: int, pin: int, argument: int, value: int) -> None:
        record = _RECORD.pack(kind, pin, argument, value)
        self._inputs[kind, pin] = record
        # One that has died or hangs reads nothing: it is told how all stands when it starts again.
        if self.running and len(self._unsaid) < UNSAID_BYTES_MAX:
            self._unsaid += record
            self._flush()

    def _flush(self) -> None:
        """Give the interpreter what it takes; nobody waits for one that does not read."""
        with contextlib.suppress(BlockingIOError):
            while self._unsaid:
                self._unsaid = self._unsaid[os.write(self._pins, self._unsaid) :]

    def _serve(self) -> None:
        while not self._ending:
            self._mind_the_plug()
            wanted = [self._uart, self._pins, *([self._near] if self._near >= 0 else [])]
            readable, _, _ = select.select(wanted, [], [], POLL_S)
            self._carrying = bool(readable)
            for fd in readable:
                self._carry(fd)
            self._carrying = False
        self._pull()

    def _carry(self, fd: int) -> None:
        try:
            data = os.read(fd, READ_BYTES_MAX)
        except OSError:  # nobody has the host's end open: a pty says EIO until somebody does
            time.sleep(0.002)
            return
        if fd == self._pins:
            self._note(data)
        elif fd == self._near:
            os.write(self._uart, self.corrupt(data))
        elif self._near >= 0:
            # A real UART does not wait for its reader: what the pty does not take is lost.
            with contextlib.suppress(OSError):
                os.write(self._near, self.corrupt(data))

    def _note(self, data: bytes) -> None:
        with self._turn:
            data = self._rest + data
            whole = len(data) - len(data) % _RECORD.size
            self._rest = data[whole:]
            for kind, pin, argument, value in _RECORD.iter_unpack(data[:whole]):
                if kind == _OUT:
                    self._outputs[pin] = argument
                    self.changes.append(Change(pin, argument, value))
                elif kind == _DONE:
                    self._done += 1
            self._turn.notify_all()

    def _mind_the_plug(self) -> None:
        if self._plugged and self._near < 0:
            near, self._far = _pty()
            os.set_blocking(near, False)
            place = Path(self.port)
            place.unlink(missing_ok=True)
            place.symlink_to(os.ttyname(self._far))
            self._near = near
        elif not self._plugged and self._near >= 0:
            self._pull()

    def _pull(self) -> None:
        Path(self.port).unlink(missing_ok=True)
        if self._near >= 0:
            near, self._near = self._near, -1
            os.close(near)
            os.close(self._far)


def _pty() -> tuple[int, int]:
    """A raw pty pair whose far end reads what is there and does not wait for more."""
    near, far = os.openpty()
    tty.setraw(far)
    attributes = termios.tcgetattr(far)
    attributes[6][termios.VMIN] = 0
    attributes[6][termios.VTIME] = 0
    termios.tcsetattr(far, termios.TCSANOW, attributes)
    return near, far


def _unread(fd: int) -> int:
    """Bytes that wait to be read here; none where the plug was pulled meanwhile."""
    with contextlib.suppress(OSError):
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
    return 0


def _drain(far: int) -> None:
    termios.tcflush(far, termios.TCIOFLUSH)
