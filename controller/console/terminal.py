"""One terminal: a thread that reads it, keys in order, and what is written to it.

The thread sees a Ctrl-C and a drawn cable while a command runs, which then ends at its next pause
(``pause`` raises) or, where ``on_break`` is given, at once.  A line that was not ended by Enter is
never handed out, whatever becomes of the cable.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from controller.console.keys import KeyDecoder
from controller.console.recorder import Recorder

KEYS_MAX = 32_768
READ_BYTES = 4_096
STUCK_S = 10.0
PASTE_S = 2.0
_ASCII = str.maketrans(
    {"→": "->", "←": "<-", "…": "...", "·": ".", "±": "+-", "≤": "<=", "≥": ">=", "—": "-",
     "–": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x", "°": " deg", "µ": "u", "σ": "s"}
)  # fmt: skip


class Stopped(KeyboardInterrupt):
    """A key, Ctrl-C or a drawn cable ended what was running."""


class Mode(Enum):
    """What a key does: goes to the editor, waits while a command runs, or ends a stream."""

    EDIT = "edit"
    RUN = "run"
    STREAM = "stream"


class Terminal:
    """Reads ``fd_in`` on a thread of its own and writes ``fd_out``; both belong to the caller.

    ``idle_s`` without a key ends the session, if it is set.  ``ended`` says why there is no more to
    come: "hang-up", "idle", "stopped"; "" while it is there.
    """

    def __init__(
        self,
        fd_in: int,
        fd_out: int,
        *,
        on_break: Callable[[], None] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ended = ""
        self.idle_s: float | None = None
        self.unicode = True
        self.size_fixed = False
        self.measure: Callable[[], tuple[int, int]] | None = None
        self.recorder: Recorder | None = None
        self.overrun = False
        self._in, self._out = fd_in, fd_out
        self._on_break = on_break
        self._now_s = now_s
        self._touched_s = now_s()
        self._decoder = KeyDecoder()
        self._keys: deque[KeyPress] = deque()
        self._mode = Mode.EDIT
        self._broke = False
        self._closed = False
        self._there = threading.Condition()
        self.wake_fd, self._wake = os.pipe()
        os.set_blocking(self.wake_fd, False)
        os.set_blocking(self._wake, False)
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._pump, name="terminal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read no more; the descriptors that were given stay open."""
        if self._closed:
            return
        self._closed = True
        os.write(self._stopper, b"x")
        self._thread.join(2.0)
        for fd in (self.wake_fd, self._wake, self._stop, self._stopper):
            os.close(fd)

    def end(self, why: str) -> None:
        """There is no more to come, for this reason; the first one stays."""
        with self._there:
            self.ended = self.ended or why
            self._broken()
            self._there.notify_all()
        self._nudge()

    def taken(self) -> list[KeyPress]:
        """All keys that wait."""
        with suppress(BlockingIOError):
            os.read(self.wake_fd, READ_BYTES)
        with self._there:
            keys = list(self._keys)
            self._keys.clear()
        return keys

    def flushed(self) -> list[KeyPress]:
        """What an escape without anything behind it comes to."""
        with self._there:
            return self._decoder.flush()

    def key(self, seconds: float | None = None) -> KeyPress | None:
        """The next key, None when there was none in time or the terminal is gone."""
        with self._there:
            self._there.wait_for(lambda: bool(self._keys or self.ended), seconds)
            return self._keys.popleft() if self._keys else None

    def give_back(self, keys: list[KeyPress]) -> None:
        """Put keys back that were taken too early."""
        with self._there:
            self._keys.extendleft(reversed(keys))
        self._nudge()

    @contextmanager
    def doing(self, mode: Mode) -> Iterator[None]:
        """Keys mean this meanwhile; afterwards those that ended a stream are gone."""
        with self._there:
            before, self._mode, self._broke = self._mode, mode, False
            if mode is Mode.STREAM and self._keys:
                self._keys.clear()
        try:
            yield
        finally:
            with self._there:
                self._mode = before
                self._broke = False

    def pause(self, seconds: float) -> None:
        """Wait so long in a command; raises Stopped where it is to end."""
        with self._there:
            self._there.wait_for(lambda: self._broke or bool(self.ended), seconds)
            if self._broke or self.ended:
                raise Stopped

    def write(self, text: str) -> None:
        """Show text and steer the cursor; waits for a slow line, and never raises."""
        if not text or self.ended == "hang-up":
            return
        if self.recorder is not None:
            self.recorder.shown(text)
        if self.unicode:
            data = text.encode("utf-8", "replace")
        else:
            data = text.translate(_ASCII).encode("ascii", "replace")
        until_s = time.monotonic() + STUCK_S
        while data:
            try:
                data = data[os.write(self._out, data[:READ_BYTES]) :]
                until_s = time.monotonic() + STUCK_S
            except BlockingIOError:
                select.select([], [self._out], [], 0.5)
                if time.monotonic() > until_s or self.ended == "hang-up":
                    self.end("hang-up")
                    return
            except OSError:
                self.end("hang-up")
                return

    def _pump(self) -> None:
        while not self.ended:
            try:
                ready, _, _ = select.select([self._in, self._stop], [], [], self._patience_s())
                if self._stop in ready:
                    return
                data = os.read(self._in, READ_BYTES) if ready else None
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                self.end("hang-up")
                return
            if data == b"":
                self.end("hang-up")
            elif data:
                self._came(data)
            else:
                self._nothing_came()

    def _patience_s(self) -> float:
        waits = [1.0]
        if self._decoder.pasting:
            waits.append(PASTE_S)
        if self.idle_s is not None:
            waits.append(max(0.0, self._touched_s + self.idle_s - self._now_s()))
        return min(waits)

    def _came(self, data: bytes) -> None:
        with self._there:
            self._touched_s = self._now_s()
            for key in self._decoder.feed(data):
                self._take(key)
            self._there.notify_all()
        self._nudge()

    def _nothing_came(self) -> None:
        quiet_s = self._now_s() - self._touched_s
        if self.idle_s is not None and quiet_s >= self.idle_s:
            self.end("idle")
        elif self._decoder.pasting and quiet_s >= PASTE_S:
            with self._there:
                for key in self._decoder.cut_paste():
                    self._take(key)
                self._there.notify_all()
            self._nudge()

    def _take(self, key: KeyPress) -> None:
        if self._mode is Mode.STREAM or (self._mode is Mode.RUN and key.key == Keys.ControlC):
            self._keys.clear()
            self._broken(again=key.key == Keys.ControlC)
        elif len(self._keys) < KEYS_MAX:
            self._keys.append(key)
        else:
            self.overrun = True

    def _broken(self, *, again: bool = False) -> None:
        """A signal that comes just before a call that waits is seen behind it: more may follow."""
        if self._mode is not Mode.EDIT and (again or not self._broke):
            self._broke = True
            if self._on_break is not None:
                self._on_break()

    def _nudge(self) -> None:
        with suppress(BlockingIOError, OSError):
            os.write(self._wake, b"k")
