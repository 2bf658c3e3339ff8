"""A serial or TCP line that a thread holds open: bytes in with their lane time, bytes out.

Nothing here blocks the scan.  The thread opens the line, opens it again when it is pulled out, and
waits with ``select``; the driver takes what has come and leaves what is to go.  A line that takes
no bytes for ``STUCK_S`` (a half-open connection, a frozen converter) is closed and opened again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import serial

from hal.bus import Bus
from hal.ports import Clock, DeviceFault
from hal.virtual import board_clock

CHUNK_BYTES_MAX = 4096
IN_BYTES_MAX = 65_536
OUT_BYTES_MAX = 16_384
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
CONNECT_S = 3.0
STUCK_S = 3.0
KEEPALIVE_S = 5
JOIN_S = 2.0

Parity = Literal["none", "even", "odd"]
_PARITIES = {"none": "N", "even": "E", "odd": "O"}


class Chunk(NamedTuple):
    """Bytes that came together and the lane time, us, at which they were read."""

    t_us: int
    data: bytes


class Opened(Protocol):
    """An open line: a descriptor that ``select`` takes, and its end."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class Line:
    """One line, for one driver.

    ``opened`` counts how often it has been opened: who keeps half a frame drops it when that
    changes.  ``dropped_bytes`` counts what nobody took in time.
    """

    def __init__(self, clock: Clock, name: str, opener: Callable[[], Opened]) -> None:
        self.name = name
        self.opened = 0
        self.dropped_bytes = 0
        self._clock = clock
        self._opener = opener
        self._lock = threading.Lock()
        self._in: deque[Chunk] = deque()
        self._in_bytes = 0
        self._out: deque[bytes] = deque()
        self._out_bytes = 0
        self._trouble: DeviceFault | None = self._down("not opened yet")
        self._ending = False
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._hold, name=f"line {name}", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> DeviceFault | None:
        """Why the line is not open, None while it is."""
        return self._trouble

    def take(self) -> list[Chunk]:
        """The bytes since the last call, oldest first."""
        with self._lock:
            chunks = list(self._in)
            self._in.clear()
            self._in_bytes = 0
        return chunks

    def send(self, data: bytes) -> bool:
        """Leave bytes to go out; False, and nothing kept, where the line is down or does not take.

        What has not gone when the line breaks is dropped: a driver that holds a level says it anew.
        """
        with self._lock:
            if self._trouble is not None or self._out_bytes + len(data) > OUT_BYTES_MAX:
                return False
            self._out.append(data)
            self._out_bytes += len(data)
        self._wake()
        return True

    def close(self) -> None:
        """End the thread and close the line."""
        if self._ending:
            return
        self._ending = True
        self._wake()
        self._thread.join(JOIN_S)
        if not self._thread.is_alive():
            os.close(self._wake_r)
            os.close(self._wake_w)

    def _wake(self) -> None:
        try:
            os.write(self._wake_w, b"!")
        except BlockingIOError:
            return

    def _hold(self) -> None:
        failures = 0
        while not self._ending:
            try:
                port = self._opener()
            except (OSError, ValueError, serial.SerialException) as error:
                self._trouble = self._down(_words(error))
                self._pause(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1
                continue
            failures = 0
            self._serve(port)

    def _serve(self, port: Opened) -> None:
        with self._lock:
            self.opened += 1
            self._trouble = None
        try:
            os.set_blocking(port.fileno(), False)
            self._carry(port.fileno())
        except OSError as error:
            self._lose(_words(error))
        finally:
            # A device that was pulled out may refuse even this.
            with contextlib.suppress(OSError):
                port.close()
        if not self._ending:
            self._pause(BACKOFF_S[0])

    def _lose(self, why: str) -> None:
        with self._lock:
            self._trouble = self._down(why)
            self._out.clear()
            self._out_bytes = 0

    def _carry(self, fd: int) -> None:
        """Move bytes both ways until the line ends; raises OSError when it does."""
        moved_s = time.monotonic()
        while not self._ending:
            waiting = bool(self._out)
            readable, writable, _ = select.select(
                [fd, self._wake_r], [fd] if waiting else [], [], STUCK_S / 3
            )
            if self._wake_r in readable:
                os.read(self._wake_r, CHUNK_BYTES_MAX)
            if fd in readable:
                self._receive(fd)
            if writable:
                self._transmit(fd)
            if writable or not waiting:
                moved_s = time.monotonic()
            elif time.monotonic() - moved_s > STUCK_S:
                raise OSError(errno.ETIMEDOUT, f"takes no bytes for {STUCK_S:g} s")

    def _receive(self, fd: int) -> None:
        data = os.read(fd, CHUNK_BYTES_MAX)
        if not data:
            raise OSError(errno.EIO, "the other end is gone")
        chunk = Chunk(self._clock.now_us(), data)
        with self._lock:
            self._in.append(chunk)
            self._in_bytes += len(data)
            while self._in_bytes > IN_BYTES_MAX:
                lost = len(self._in.popleft().data)
                self._in_bytes -= lost
                self.dropped_bytes += lost

    def _transmit(self, fd: int) -> None:
        with self._lock:
            if not self._out:
                return
            data = self._out[0]
            gone = os.write(fd, data)
            self._out_bytes -= gone
            if gone == len(data):
                self._out.popleft()
            else:
                self._out[0] = data[gone:]

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while not self._ending and (left := until_s - time.monotonic()) > 0:
            if select.select([self._wake_r], [], [], left)[0]:
                os.read(self._wake_r, CHUNK_BYTES_MAX)

    def _down(self, why: str) -> DeviceFault:
        return DeviceFault(name="LINE_DOWN", device=self.name, seen=why)


def serial_line(bus: Bus, port: str, baud: int, bits: int = 8, parity: Parity = "none") -> Line:
    """The line of a serial port, ``/dev/ttyUSB0``, for the one driver that takes its bytes.

    Raises:
        ValueError: another driver has this port.
    """
    return _only(bus, port, lambda: _open_serial(port, baud, bits, parity))


def paper_line(bus: Bus, port: str) -> None:
    """Let the driver of this port be made without opening it: a site file is checked at a desk."""
    bus.share(f"line {port}", object)


def tcp_line(bus: Bus, host: str, tcp_port: int) -> Line:
    """The line of a TCP connection to a device; raises ValueError where another driver has it."""
    return _only(bus, f"{host}:{tcp_port}", lambda: _connect(host, tcp_port))


def _only(bus: Bus, name: str, opener: Callable[[], Opened]) -> Line:
    """Two drivers on one line would take each other's bytes."""
    taken: set[str] = bus.share("lines taken", set)
    if name in taken:
        raise ValueError(f"{name}: another device of this site file has this line already")
    taken.add(name)

    def make() -> Line:
        line = Line(board_clock(bus), name, opener)
        bus.at_close(line.close)
        return line

    line: Line = bus.share(f"line {name}", make)
    return line


def _open_serial(port: str, baud: int, bits: int, parity: Parity) -> Opened:
    try:
        opened: Opened = serial.Serial(
            port, baud, bytesize=bits, parity=_PARITIES[parity], timeout=0, exclusive=True
        )
    except termios.error as error:
        # Pulled out while it is being set: pyserial lets this by, which is no OSError.
        raise OSError(*error.args) from error
    return opened


def _connect(host: str, tcp_port: int) -> Opened:
    """A connection that notices within about ``STUCK_S`` seconds that its peer is gone."""
    connection = socket.create_connection((host, tcp_port), CONNECT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STUCK_S * 1000))
    return connection


_HINTS = {
    errno.ENOENT: "ls /dev/serial/by-id shows what is plugged in",
    errno.EACCES: "add this user to the group that owns it, mostly dialout",
    errno.EAGAIN: "another program has it open",
    errno.EBUSY: "another program has it open",
    errno.ENOTTY: "this is no serial port",
    errno.ECONNREFUSED: "is tcp_port what the device listens at?",
    errno.EHOSTUNREACH: "is the address right, and has the device power?",
    errno.ENETUNREACH: "is this computer's own network set up?",
}


def _words(error: BaseException) -> str:
    """What the system says, without Python's own names, and what to look at."""
    if isinstance(error, socket.gaierror):
        return "no computer of this name is known; write its address"
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no connection in {CONNECT_S:g} s; is the address right, and has the device power?"
    if isinstance(error, serial.SerialException) and "configure port" in str(error):
        return "this is no serial port, or it refuses these settings"
    if not isinstance(error, OSError) or error.errno is None:
        return str(error) or type(error).__name__
    said = error.strerror if not isinstance(error, serial.SerialException) else None
    hint = f"; {_HINTS[error.errno]}" if error.errno in _HINTS else ""
    name = errno.errorcode.get(error.errno, error.errno)
    return f"{said or os.strerror(error.errno)} ({name}){hint}"
