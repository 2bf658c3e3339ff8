"""The death of the lane's process at any point of a scan, not only between two of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import CO_GENERATOR
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_DISK = "sim.disk."


class KilledError(BaseException):
    """The process is no more; nothing of the program may catch this."""


def die_within(scan: Callable[[], object], calls: int, strike: Callable[[], None]) -> None:
    """Run one scan up to its ``calls``-th call of a Python function, or to its end if it has fewer.

    ``strike`` is called at that point, the calls of a recorded disk among them.  There SQLite is
    in the middle of its work, and the scan goes on to the next call that may raise; the disk is
    past caring, and no output can be written before that call.
    """
    left, struck = calls, False

    def traced(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal left, struck
        left -= 1
        if left > 0:
            return
        if not struck:
            struck = True
            strike()
        in_disk = str(frame.f_globals.get("__name__", "")).startswith(_DISK)
        # What is raised in a generator that is being thrown away comes to nothing.
        if not (in_disk or frame.f_code.co_flags & CO_GENERATOR):
            raise KilledError

    before, hook = sys.gettrace(), sys.unraisablehook

    def unheard(told: UnraisableHookArgs) -> None:
        # Where nothing can be raised, as in a __del__, it dies at the next call; but the first
        # error of a tracer is its last word.
        if isinstance(told.exc_value, KilledError):
            sys.settrace(traced)
        else:
            hook(told)

    sys.unraisablehook = unheard
    sys.settrace(traced)
    try:
        scan()
    except KilledError:
        pass
    except Exception:
        # What the dead one still runs into is of no account.
        if not struck:
            raise
    finally:
        sys.settrace(before)
        sys.unraisablehook = hook
    if not struck:
        strike()
