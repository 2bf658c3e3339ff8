"""The reading process itself: takes one frame at a time, looks, and says what it saw."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib import import_module

from controller.recognition.looks import Eyes
from controller.recognition.wire import (
    Done,
    Lines,
    MakeEyes,
    Ready,
    get_shot,
    glance_of,
    note,
    put_glance,
    read_job,
)

NICE = 5
_PR_SET_PDEATHSIG = 1


def main(lines: Lines, make_eyes: MakeEyes, parent: int) -> None:
    """Read frames until the scan's end of the pipe is closed.

    An error of the eyes is not caught: the process ends with its trace on stderr, and the scan
    starts another.
    """
    _die_with(parent)
    # An interrupt at the terminal goes to the whole group; the controller alone decides on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    eyes = make_eyes()
    lines.notes.send_bytes(note(Ready()))
    while True:
        try:
            job = read_job(lines.jobs.recv_bytes())
            glance = glance_of(job, eyes.look(get_shot(lines.frames, job)))
            size = put_glance(lines.glances, glance)
            lines.notes.send_bytes(note(Done(size)))
        except (EOFError, BrokenPipeError):
            return


def plate_eyes() -> Eyes:
    """Open the eyes of ``vision``; its libraries are loaded here alone, not in the lane."""
    eyes: Eyes = import_module("controller.recognition.eyes").PlateEyes()
    return eyes


def _die_with(parent: int) -> None:
    """Have the kernel kill this process, even one that hangs or is stopped, with its parent.

    Elsewhere than on Linux the closed pipe ends it, as soon as it next looks there.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the controller has ended before its reading process began")
