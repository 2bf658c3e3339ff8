"""A small HTTP server for devices that post: bounded bodies, bounded connections, one thread each.

It takes POST on the paths that drivers register, and nothing else.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hal.bus import Bus

BODY_BYTES_MAX = 12_000_000
CONNECTIONS_MAX = 8
READ_S = 5.0
BODY_S_MAX = 20.0
CHUNK_BYTES = 65_536
JOIN_S = 5.0

Take = Callable[[bytes], bytes]


class RefusedError(ValueError):
    """A body that a driver does not take: answered with 400 and these words."""


class HttpIntake(ThreadingHTTPServer):
    """Serves until closed; a body goes to the driver of its path, whose answer goes back."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS_MAX

    def __init__(self, host: str, tcp_port: int) -> None:
        self.takers: dict[str, Take] = {}
        self.busy = 0
        self._free = threading.Semaphore(CONNECTIONS_MAX)
        super().__init__((host, tcp_port), _Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.2}, name="http", daemon=True
        )
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Refuse a connection beyond the limit: devices try again."""
        if not self._free.acquire(blocking=False):
            self.busy += 1
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the place back, whatever became of the connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that goes away in the middle is nobody's error."""

    def close(self) -> None:
        """End the server."""
        self.shutdown()
        self.server_close()
        self._thread.join(JOIN_S)


class _Handler(BaseHTTPRequestHandler):
    server: HttpIntake
    timeout = READ_S
    server_version = "steelyard"
    sys_version = ""

    def do_POST(self) -> None:
        take = self.server.takers.get(self.path.partition("?")[0])
        if take is None:
            self._say(404, b"nobody takes this path")
            return
        body = self._body()
        if body is None:
            return
        try:
            self._say(200, take(body))
        except RefusedError as error:
            self._say(400, str(error).encode())

    def _body(self) -> bytes | None:
        stated = self.headers.get("Content-Length", "")
        if not (stated.isascii() and stated.isdecimal()) or len(stated) > 12:
            self._say(411, b"Content-Length is needed")
            return None
        length = int(stated)
        if length > BODY_BYTES_MAX:
            self._say(413, f"at most {BODY_BYTES_MAX} bytes".encode())
            return None
        body = bytearray()
        end_s = time.monotonic() + BODY_S_MAX
        while len(body) < length:
            part = self.rfile.read1(min(CHUNK_BYTES, length - len(body)))
            if not part or time.monotonic() > end_s:
                return None
            body += part
        return bytes(body)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """What was refused stands in the faults of the driver, not on the console."""


def http_intake(bus: Bus, host: str, tcp_port: int) -> HttpIntake:
    """The server at this address, shared by all drivers that name it.

    Raises:
        OSError: the port is taken, or below 1024 without the right to it.
    """
    kept: dict[tuple[str, int], HttpIntake] = bus.share("http intakes", dict)
    if (host, tcp_port) not in kept:
        try:
            made = HttpIntake(host, tcp_port)
        except OSError as error:
            raise OSError(f"cannot listen at {host}:{tcp_port}: {_words(error)}") from error
        bus.at_close(made.close)
        kept[host, tcp_port] = made
    return kept[host, tcp_port]


def _words(error: OSError) -> str:
    hints = {
        errno.EADDRINUSE: "another program has this port; name another http_port",
        errno.EADDRNOTAVAIL: "this computer has no such address; name its own as bind, or 0.0.0.0",
        errno.EACCES: "ports below 1024 need a right of their own; name a higher http_port",
    }
    hint = hints.get(error.errno or 0)
    return f"{error.strerror or error}{f'; {hint}' if hint else ''}"
