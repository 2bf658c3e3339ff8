"""Frames read in a process of their own: the scan hands over, never waits, and mends what breaks.

At most one frame is with the child; the newest others wait here.  A child that ends, hangs or
does not come up is killed and started again, each time after twice the wait; its frame is not
tried again, for it may be the cause.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
from collections import deque
from enum import Enum
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from controller.recognition import worker
from controller.recognition.looks import Counts, Glance, Shot
from controller.recognition.wire import (
    FRAME_BYTES_MAX,
    GLANCE_BYTES_MAX,
    Done,
    Lines,
    MakeEyes,
    Ready,
    get_glance,
    job_of,
    note,
    put_frame,
    read_note,
    thinned,
)
from hal.ports import DeviceFault

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

QUEUE_MAX = 4
START_US_MAX = 30_000_000
LOOK_US_MAX = 5_000_000
BACK_OFF_US = 500_000
BACK_OFF_US_MAX = 30_000_000
CLOSE_S_MAX = 5.0
FAULT = "RECOGNITION_DOWN"


class State(Enum):
    """Where the child is; DOWN waits for its next start."""

    DOWN = "down"
    STARTING = "starting"
    IDLE = "idle"
    READING = "reading"


class ProcessReader:
    """Reads frames in a child of start method ``spawn``, which lives no longer than this process.

    Call from one thread.  ``make_eyes`` must be importable by the child.  Times are lane time.
    """

    def __init__(
        self, make_eyes: MakeEyes, *, queue_max: int = QUEUE_MAX, look_us_max: int = LOOK_US_MAX
    ) -> None:
        self._make_eyes = make_eyes
        self._look_us_max = look_us_max
        self._context = multiprocessing.get_context("spawn")
        self._frames = self._context.RawArray(ctypes.c_uint8, FRAME_BYTES_MAX)
        self._glances = self._context.RawArray(ctypes.c_uint8, GLANCE_BYTES_MAX)
        self._queue: deque[Shot] = deque(maxlen=queue_max)
        self._child: BaseProcess | None = None
        self._jobs: Connection | None = None
        self._notes: Connection | None = None
        self._since_us = 0
        self._failures = 0
        self._number = 0
        self.state = State.DOWN
        self.counts = Counts()
        self.trouble: DeviceFault | None = None

    @property
    def pid(self) -> int | None:
        """The child's process number, while there is one."""
        return self._child.pid if self._child is not None else None

    @property
    def waiting(self) -> int:
        """Frames that wait unread."""
        return len(self._queue)

    def give(self, shot: Shot) -> None:
        """Put a frame in the queue; the oldest falls out of a full one."""
        full = len(self._queue) == self._queue.maxlen
        self.counts = replace(
            self.counts, given=self.counts.given + 1, dropped=self.counts.dropped + full
        )
        self._queue.append(shot)
        self._hand_over(shot.given_us)

    def take(self, now_us: int) -> tuple[Glance, ...]:
        """Collect what the child has seen, and see that there is a child."""
        glances = self._collect(now_us)
        self._watch(now_us)
        if self.state is State.DOWN and now_us - self._since_us >= self._back_off_us():
            self._start(now_us)
        self._hand_over(now_us)
        return glances

    def forget(self) -> None:
        """Drop the frames that wait."""
        self.counts = replace(self.counts, dropped=self.counts.dropped + len(self._queue))
        self._queue.clear()

    def close(self) -> None:
        """End the child and wait for it, though not for one that the kernel does not let go."""
        if self._child is not None:
            self._child.kill()
            self._child.join(CLOSE_S_MAX)
        self._hang_up()
        self._child, self.state = None, State.DOWN

    def _back_off_us(self) -> int:
        if not self._failures:
            return 0
        return min(BACK_OFF_US << min(self._failures - 1, 10), BACK_OFF_US_MAX)

    def _start(self, now_us: int) -> None:
        """Start a child, once the one before is gone: both would write on the same boards."""
        if self._child is not None and self._child.is_alive():
            return
        jobs_in, self._jobs = self._context.Pipe(duplex=False)
        self._notes, notes_out = self._context.Pipe(duplex=False)
        lines = Lines(self._frames, self._glances, jobs_in, notes_out)
        self._child = self._context.Process(
            target=worker.main, args=(lines, self._make_eyes, os.getpid()), daemon=True
        )
        try:
            self._child.start()
        except OSError as error:
            self._child = None
            self._fail(f"cannot be started: {error}", now_us)
            return
        finally:
            # With the child's ends closed here, its death reads as the end of the pipe.
            jobs_in.close()
            notes_out.close()
        self._enter(State.STARTING, now_us)

    def _enter(self, state: State, now_us: int) -> None:
        self.state, self._since_us = state, now_us

    def _collect(self, now_us: int) -> tuple[Glance, ...]:
        """A note is there whole or not at all, so that reading one never waits."""
        try:
            if self._notes is None or not self._notes.poll(0):
                return ()
            said = read_note(self._notes.recv_bytes())
            if isinstance(said, Ready):
                self.trouble = None
                self._enter(State.IDLE, now_us)
                return ()
            return self._looked(said, now_us)
        except (EOFError, OSError):
            self._fail("has ended", now_us)
        except msgspec.DecodeError as error:
            self._fail(f"has sent nonsense: {error}", now_us)
        return ()

    def _looked(self, done: Done, now_us: int) -> tuple[Glance, ...]:
        glance = get_glance(self._glances, done.size)
        self._failures = 0
        self.counts = replace(self.counts, looked=self.counts.looked + 1)
        self._enter(State.IDLE, now_us)
        return (glance,)

    def _watch(self, now_us: int) -> None:
        if self.state is State.DOWN or self._child is None:
            return
        limits = {State.STARTING: START_US_MAX, State.READING: self._look_us_max}
        limit_us = limits.get(self.state)
        if not self._child.is_alive():
            self._fail(f"has ended with status {self._child.exitcode}", now_us)
        elif limit_us is not None and now_us - self._since_us >= limit_us:
            was = "come up" if self.state is State.STARTING else "finished a frame"
            self._fail(f"has not {was} in {limit_us / 1e6:g} s", now_us)

    def _fail(self, what: str, now_us: int) -> None:
        """Note the cause, kill what is left, and wait before the next start."""
        lost = int(self.state is State.READING)
        self._failures += 1
        self.counts = replace(
            self.counts, lost=self.counts.lost + lost, restarts=self.counts.restarts + 1
        )
        seen = f"process {self.pid} {what}; next start in {self._back_off_us() / 1e6:g} s"
        self.trouble = DeviceFault(name=FAULT, device="recognition", seen=seen)
        if self._child is not None:
            self._child.kill()
        self._hang_up()
        self._enter(State.DOWN, now_us)

    def _hang_up(self) -> None:
        for line in (self._jobs, self._notes):
            if line is not None:
                line.close()
        self._jobs = self._notes = None

    def _hand_over(self, now_us: int) -> None:
        if self.state is not State.IDLE or not self._queue or self._jobs is None:
            return
        shot = thinned(self._queue.popleft())
        put_frame(self._frames, shot.frame.pixels)
        try:
            self._jobs.send_bytes(note(job_of(shot)))
        except OSError:
            self._fail("takes no frame", now_us)
            return
        self._enter(State.READING, now_us)
