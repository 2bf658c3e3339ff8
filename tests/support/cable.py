"""A null-modem cable of two ptys: what goes in at one end comes out at the other, while plugged."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from pathlib import Path


class Cable:
    """The ends stand as links at two paths; ``unplug`` takes the first end's device away.

    A terminal program that holds the other end sees no more of it than of a cable that was drawn.
    """

    def __init__(self, controller: Path, laptop: Path) -> None:
        self._controller, self._laptop = controller, laptop
        self._near = self._plugged = self._end(controller)
        self._far = self._end(laptop)
        self._noise = b""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Take the controller's end away: its device vanishes, as a USB gadget's does."""
        near, self._near = self._near, -1
        self._controller.unlink()
        os.close(near)

    def plug(self) -> None:
        """Put it back, as another device of the same name."""
        self._near = self._end(self._controller)

    def spoil(self, noise: bytes) -> None:
        """Have these bytes come to the controller out of the blue."""
        os.write(self._near, noise)

    def close(self) -> None:
        """Give both ends back."""
        self._ending.set()
        self._thread.join(2)
        for fd in (self._near, self._far):
            with contextlib.suppress(OSError):
                os.close(fd)

    def _end(self, path: Path) -> int:
        master, slave = os.openpty()
        tty.setraw(slave)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(slave))
        os.close(slave)
        return master

    def _run(self) -> None:
        while not self._ending.is_set():
            near, far = self._near, self._far
            ends = [fd for fd in (near, far) if fd >= 0]
            with contextlib.suppress(OSError, ValueError):
                for fd in select.select(ends, [], [], 0.05)[0]:
                    self._carry(fd, far if fd == near else near)
                continue
            # An end whose device nobody has open yet has nothing to say.
            self._ending.wait(0.05)

    def _carry(self, source: int, target: int) -> None:
        data = os.read(source, 4096)
        if target >= 0:
            with contextlib.suppress(OSError):
                os.write(target, data)
