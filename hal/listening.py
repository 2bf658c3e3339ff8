"""A Unix socket of this machine that belongs to its user alone."""

from __future__ import annotations

import os
import socket
from pathlib import Path


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
