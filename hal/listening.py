"""A Unix socket of this machine that belongs to its user alone, and who speaks there."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

JOIN_S = 1.0


class Listener:
    """Takes peers at a socket, each on a thread of its own; ``serve`` is given each and closes it.

    Of more than ``peers_max`` at a time those that come last hear ``full`` and are sent away.
    ``serve`` asks ``ending`` between two answers.

    Raises:
        ValueError: as ``listen``.
    """

    def __init__(
        self,
        path: Path,
        taken: str,
        peers_max: int,
        serve: Callable[[socket.socket], None],
        full: bytes = b"",
    ) -> None:
        self.ending = False
        self._path = path
        self._peers_max = peers_max
        self._serve = serve
        self._full = full
        self._peers: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = listen(path, taken, peers_max)
        self._thread = threading.Thread(target=self.run, name=f"peers of {path.name}", daemon=True)

    def start(self) -> None:
        """Take peers on a thread of its own."""
        self._thread.start()

    def run(self) -> None:
        """Take peers until ``close``."""
        while not self.ending:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            if self._has_room(peer):
                threading.Thread(target=self._served, args=(peer,), daemon=True).start()
            else:
                with contextlib.suppress(OSError), peer:
                    peer.sendall(self._full)

    def close(self) -> None:
        """Take nobody any more, hear those no more who are there, and remove the socket."""
        self.ending = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for peer in self._peers:
                # An answer on its way still goes out.
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RD)
        self._server.close()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)
        self._path.unlink(missing_ok=True)

    def _has_room(self, peer: socket.socket) -> bool:
        with self._lock:
            if self.ending or len(self._peers) >= self._peers_max:
                return False
            self._peers.add(peer)
            return True

    def _served(self, peer: socket.socket) -> None:
        try:
            self._serve(peer)
        finally:
            with self._lock:
                self._peers.discard(peer)


def listen(path: Path, taken: str, peers_max: int) -> socket.socket:
    """A socket at this path, mode 0600, in place of one that nobody listens at any more.

    Raises:
        ValueError: somebody listens there (``taken`` says who), something else stands there, or
            the path is longer than a socket's name may be.
    """
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise ValueError(f"{path}: {taken}")
        path.unlink()
    elif path.exists():
        raise ValueError(f"{path}: no socket, and it is not removed; name another path")
    server = socket.socket(socket.AF_UNIX)
    # Whoever connects between bind and chmod would be believed: nobody else can meanwhile.
    before = os.umask(0o177)
    try:
        server.bind(str(path))
    except OSError as error:
        server.close()
        raise ValueError(f"{path}: no socket can be made there: {error}") from error
    finally:
        os.umask(before)
    server.listen(peers_max)
    return server
