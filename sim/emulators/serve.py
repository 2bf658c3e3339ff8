"""Puts an emulator behind a pty or a TCP port of the loopback, at the pace of the host's clock."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from sim.emulators import Emulator

POLL_S = 0.005
READ_BYTES_MAX = 4096
PENDING_BYTES_MAX = 65_536
Corrupt = Callable[[bytes], bytes]


def host_us() -> int:
    """The host's monotonic clock."""
    return time.monotonic_ns() // 1000


class Served:
    """An emulator at work on a thread of its own, until ``close``.

    ``port`` is what a driver names: the path of the pty's link, or ``"127.0.0.1:4001"``.
    ``unplug`` and ``plug`` pull the line out and put it back; ``corrupt`` is given all that goes
    either way and may alter it.
    """

    def __init__(self, emulator: Emulator, *, corrupt: Corrupt | None = None) -> None:
        self.emulator = emulator
        self.port = ""
        self._corrupt = corrupt or bytes
        self._plugged = True
        self._ending = False
        self._thread = threading.Thread(target=self._serve, name="emulator", daemon=True)

    def unplug(self) -> None:
        """Break the line as a pulled plug does."""
        self._plugged = False

    def plug(self) -> None:
        """Put the line back."""
        self._plugged = True

    def close(self) -> None:
        """End the thread and remove what it made."""
        self._ending = True
        self._thread.join(5.0)

    def _serve(self) -> None:
        while not self._ending:
            fd = self._connect() if self._plugged else None
            if fd is None:
                time.sleep(POLL_S)
                continue
            with contextlib.suppress(OSError):
                self._carry(fd)
            self._disconnect()

    def _carry(self, fd: int) -> None:
        """Talk until the line breaks or is to break."""
        pending = b""
        while self._plugged and not self._ending:
            readable, writable, _ = select.select([fd], [fd] if pending else [], [], POLL_S)
            now_us = host_us()
            if readable:
                data = self._read(fd)
                if data is None:
                    return
                pending += self._corrupt(self.emulator.answer(self._corrupt(data), now_us))
            # A line that nobody reads keeps the newest: a real UART does not wait for its reader.
            pending = (pending + self._corrupt(self.emulator.due(now_us)))[-PENDING_BYTES_MAX:]
            if writable and pending:
                pending = pending[os.write(fd, pending) :]

    def _connect(self) -> int | None:
        raise NotImplementedError

    def _disconnect(self) -> None:
        raise NotImplementedError

    def _read(self, fd: int) -> bytes | None:
        raise NotImplementedError


class OnPty(Served):
    """An emulator behind a pty whose far end stands as a link at ``place``."""

    def __init__(self, emulator: Emulator, place: Path, *, corrupt: Corrupt | None = None) -> None:
        super().__init__(emulator, corrupt=corrupt)
        self.port = str(place)
        self._place = place
        self._near = -1
        self._thread.start()

    def _connect(self) -> int | None:
        self._near, far = os.openpty()
        tty.setraw(far)
        os.set_blocking(self._near, False)
        fresh = self._place.with_name(self._place.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(far))
        fresh.replace(self._place)
        os.close(far)
        return self._near

    def _disconnect(self) -> None:
        self._place.unlink(missing_ok=True)
        os.close(self._near)

    def _read(self, fd: int) -> bytes | None:
        try:
            return os.read(fd, READ_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError:  # nobody has the far end open: a pty says EIO until somebody does
            time.sleep(POLL_S)
            return b""


class OnTcp(Served):
    """An emulator behind a TCP port; port 0 takes a free one.  One peer at a time."""

    def __init__(
        self,
        emulator: Emulator,
        tcp_port: int = 0,
        host: str = "127.0.0.1",
        *,
        corrupt: Corrupt | None = None,
    ) -> None:
        super().__init__(emulator, corrupt=corrupt)
        self._server = socket.create_server((host, tcp_port))
        self._server.settimeout(POLL_S)
        self._peer: socket.socket | None = None
        self.port = f"{host}:{self._server.getsockname()[1]}"
        self._thread.start()

    def close(self) -> None:
        super().close()
        self._server.close()

    def _connect(self) -> int | None:
        try:
            self._peer, _ = self._server.accept()
        except TimeoutError:
            return None
        self._peer.setblocking(False)
        return self._peer.fileno()

    def _disconnect(self) -> None:
        if self._peer is not None:
            self._peer.close()

    def _read(self, fd: int) -> bytes | None:
        try:
            return os.read(fd, READ_BYTES_MAX) or None
        except BlockingIOError:
            return b""
