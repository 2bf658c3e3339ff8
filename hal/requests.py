"""Requests of people over a Unix socket of this machine: what console, panel and platform speak.

One JSON object a line, the fields of ``PersonRequest``; one line comes back for each, ``{"ok":
true}`` or ``{"error": …}``.  The socket belongs to the controller's user alone (mode 0600): whoever
may write to it is believed to have checked the person that it names.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque

import msgspec

from hal.bus import Bus
from hal.files import site_path
from hal.listening import Listener
from hal.ports import PersonRequest
from hal.virtual import REQUESTS_MAX

LINE_BYTES_MAX = 16_384
PEERS_MAX = 8
IDLE_S = 30.0
TEXT_MAX = 200
DETAIL_MAX = 2_000
# Made before any peer's thread: msgspec crashes where two threads meet a type for the first time.
_REQUEST = msgspec.json.Decoder(PersonRequest)
_TEXTS = ("kind", "who", "why", "end", "plate", "second")


class SocketRequests:
    """Takes requests at ``path``, from the site file's folder, until the lane asks for them.

    A request is refused while ``REQUESTS_MAX`` wait.  Whether the lane does what is asked is its
    own affair and shows in the record.

    Raises:
        ValueError: ``path`` is longer than a socket's name may be, or something else stands there.
    """

    def __init__(self, bus: Bus, path: str) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[PersonRequest] = deque()
        self._listener = Listener(
            site_path(bus, path),
            "another controller takes requests there",
            PEERS_MAX,
            self._listen_to,
        )
        self._listener.start()
        bus.at_close(self.close)

    def poll(self) -> tuple[PersonRequest, ...]:
        with self._lock:
            asked = tuple(self._waiting)
            self._waiting.clear()
        return asked

    def close(self) -> None:
        """Take no more requests and remove the socket."""
        self._listener.close()

    def _listen_to(self, peer: socket.socket) -> None:
        peer.settimeout(IDLE_S)
        with peer, peer.makefile("rb") as lines, contextlib.suppress(OSError):
            while not self._listener.ending and (line := lines.readline(LINE_BYTES_MAX)):
                peer.sendall(msgspec.json.encode(self._take(line)) + b"\n")

    def _take(self, line: bytes) -> dict[str, object]:
        if not line.endswith(b"\n"):
            return {"error": f"longer than {LINE_BYTES_MAX} bytes, or cut off before its end"}
        try:
            request = _REQUEST.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return {"error": f"not a request: {error}"}
        if wrong := checked(request):
            return {"error": wrong}
        with self._lock:
            if len(self._waiting) >= REQUESTS_MAX:
                return {"error": f"{REQUESTS_MAX} requests wait; the lane does not take them"}
            self._waiting.append(request)
        return {"ok": True}


def checked(request: PersonRequest) -> str:
    """Why this is no request that the lane would look at; "" for one that is."""
    if any(len(getattr(request, name) or "") > TEXT_MAX for name in _TEXTS):
        return f"a text of more than {TEXT_MAX} characters"
    if len(request.detail) > DETAIL_MAX:
        return f"a detail of more than {DETAIL_MAX} characters"
    if not (request.kind and request.who.strip() and request.why.strip()):
        return "kind, who and why are needed"
    return ""
