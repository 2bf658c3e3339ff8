"""An IP camera that streams MJPEG over HTTP: lives, stalls, freezes, hangs up, as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

BOUNDARY = "frame"
VIEWERS_MAX = 4
POLL_S = 0.05
JOIN_S = 5.0
Paint = Callable[[int], bytes]


class MjpegCamera:
    """Serves on a loopback port until ``close``; ``paint`` gives the n-th picture as JPEG.

    ``stalled`` sends nothing more but keeps the connection, ``frozen`` sends the same picture again
    and again, ``gone`` hangs up and takes no new connection.
    """

    def __init__(
        self,
        paint: Paint,
        tcp_port: int = 0,
        period_us: int = 40_000,
        host: str = "127.0.0.1",
    ) -> None:
        self.stalled = self.frozen = self.gone = False
        self.sent = 0
        self._paint = paint
        self._period_s = period_us / 1e6
        self._number = 0
        self._ending = False
        self._server = socket.create_server((host, tcp_port))
        self._server.settimeout(POLL_S)
        self.url = f"http://{host}:{self._server.getsockname()[1]}/stream.mjpg"
        self._threads = [threading.Thread(target=self._listen, name="mjpeg", daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End every thread and connection."""
        self._ending = True
        for thread in self._threads:
            thread.join(JOIN_S)
        self._server.close()

    def _listen(self) -> None:
        while not self._ending:
            try:
                viewer, _ = self._server.accept()
            except TimeoutError:
                continue
            self._threads = [one for one in self._threads if one.is_alive()]
            if self.gone or len(self._threads) > VIEWERS_MAX:
                viewer.close()
                continue
            thread = threading.Thread(target=self._serve, args=(viewer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, viewer: socket.socket) -> None:
        with viewer, contextlib.suppress(OSError):
            viewer.settimeout(JOIN_S)
            viewer.recv(4096)
            viewer.sendall(
                b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary="
                + BOUNDARY.encode()
                + b"\r\n\r\n"
            )
            while not self._ending and not self.gone:
                time.sleep(self._period_s)
                if not self.stalled:
                    self._send(viewer)

    def _send(self, viewer: socket.socket) -> None:
        self._number += not self.frozen
        jpeg = self._paint(self._number)
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        viewer.sendall(head.encode() + jpeg + b"\r\n")
        self.sent += 1
