"""A serial line, on a UART or a USB gadget: opened raw, given up when it goes, opened again."""

from __future__ import annotations

import fcntl
import os
import select
import termios
import tty
from pathlib import Path
from typing import Final

BAUDS: Final = {
    9_600: termios.B9600,
    19_200: termios.B19200,
    38_400: termios.B38400,
    57_600: termios.B57600,
    115_200: termios.B115200,
}


class LineError(OSError):
    """A line that cannot be opened: which, why, and what to do."""


def open_line(path: Path, baud: int, *, carrier: bool = False) -> int:
    """The descriptor of a line: 8 bits, no parity, nothing translated, no flow control.

    Nobody else may open it meanwhile.  With ``carrier`` a drop of the carrier (DCD) hangs it up.

    Raises:
        LineError: no such line, none that can be opened, or another console has it.
        ValueError: a speed that it does not have.
    """
    if baud not in BAUDS:
        raise ValueError(f"{baud} baud: one of {', '.join(str(one) for one in BAUDS)}")
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LineError(
            f"{path}: cannot be opened: {error.strerror}; it is tried again until it can"
        ) from error
    try:
        # Held by what is open, so that a second console is refused for as long as the first lives.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _set_raw(fd, BAUDS[baud], carrier=carrier)
    except BlockingIOError as error:
        os.close(fd)
        raise LineError(f"{path}: another console serves this line") from error
    except (OSError, termios.error) as error:
        os.close(fd)
        raise LineError(f"{path}: is no serial line ({error})") from error
    return fd


def wait_key(fd: int, seconds: float) -> bool | None:
    """Whether something was typed in this time; None for a line that is gone.

    What was typed is taken away: it only says that somebody is there.
    """
    try:
        if not select.select([fd], [], [], seconds)[0]:
            return False
        return True if os.read(fd, 4096) else None
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return None


def _set_raw(fd: int, speed: int, *, carrier: bool) -> None:
    tty.setraw(fd)
    settings = termios.tcgetattr(fd)
    settings[2] &= ~(termios.CSTOPB | termios.CRTSCTS | termios.CLOCAL)
    settings[2] |= termios.CREAD | termios.HUPCL | (0 if carrier else termios.CLOCAL)
    settings[4] = settings[5] = speed
    termios.tcsetattr(fd, termios.TCSANOW, settings)
