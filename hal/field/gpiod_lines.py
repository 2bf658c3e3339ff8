"""GPIO lines through the kernel's character device (libgpiod 2): by offset or by name.

Inputs bring edge events with the kernel's time; outputs are requested with their safe levels, so
that nothing moves when they are taken.  A chip that goes away (a USB expander) is asked for again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Sequence

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from hal.field.points import Level, Pull, Seen
from hal.ports import DeviceFault

LineId = int | str
EVENTS_MAX = 64
AGAIN_US = 1_000_000
CONSUMER_CHARS_MAX = 31


def chip_path(chip: str) -> str:
    """``gpiochip0`` and ``/dev/gpiochip0`` are the same chip."""
    return chip if chip.startswith("/") else f"/dev/{chip}"


class _Request:
    """Lines of one chip held by one request, which is made again after it has failed."""

    def __init__(self, chip: str, what: str, make: Callable[[], gpiod.LineRequest]) -> None:
        self.trouble: DeviceFault | None = None
        self._name = f"{chip} {what}"
        self._make = make
        self._held: gpiod.LineRequest | None = self._first()
        self._again_us = 0

    def held(self, now_us: int) -> gpiod.LineRequest | None:
        """The request, or None while the chip does not give the lines."""
        if self._held is None and now_us >= self._again_us:
            self._again_us = now_us + AGAIN_US
            try:
                self._held = self._make()
                self.trouble = None
            except (OSError, ValueError) as error:
                self._tell(error)
        return self._held

    def lose(self, error: Exception, now_us: int) -> None:
        """Let go of what failed."""
        self._tell(error)
        self._again_us = now_us + AGAIN_US
        self.release()

    def release(self) -> None:
        """Let the lines go."""
        held, self._held = self._held, None
        if held is not None:
            with contextlib.suppress(OSError):
                held.release()

    def _first(self) -> gpiod.LineRequest:
        try:
            return self._make()
        except (OSError, ValueError) as error:
            raise OSError(f"{self._name}: {_words(error)}") from error

    def _tell(self, error: Exception) -> None:
        self.trouble = DeviceFault(name="GPIO_TROUBLE", device=self._name, seen=_words(error))


class GpiodPoint:
    """One input line; ``closed`` is the level that a closed contact gives.

    The internal bias pulls to the other level, so that a cut wire reads as an open contact.
    ``edges`` False is for chips without interrupts, whose pulses between two looks are lost.
    """

    def __init__(
        self, chip: str, line: LineId, closed: Level, pull: Pull, edges: bool, what: str
    ) -> None:
        inner = Bias.PULL_UP if closed == "low" else Bias.PULL_DOWN
        settings = gpiod.LineSettings(
            direction=Direction.INPUT,
            bias=inner if pull == "internal" else Bias.DISABLED,
            active_low=closed == "low",
            edge_detection=Edge.BOTH if edges else Edge.NONE,
        )
        self._edges = edges
        self._line = line
        self._request = _Request(
            chip, f"line {line} ({what})", lambda: _ask(chip, {line: settings}, what)
        )

    @property
    def trouble(self) -> DeviceFault | None:
        return self._request.trouble

    def look(self, now_us: int) -> Sequence[Seen]:
        held = self._request.held(now_us)
        if held is None:
            return ()
        try:
            changes = self._changes(held)
            last = Seen(now_us, held.get_value(self._line) is Value.ACTIVE)
        except OSError as error:
            self._request.lose(error, now_us)
            return ()
        return (*changes, last)

    def close(self) -> None:
        self._request.release()

    def _changes(self, held: gpiod.LineRequest) -> list[Seen]:
        """What the kernel noted; its clock for events is CLOCK_MONOTONIC, as the host's is."""
        if not self._edges or not held.wait_edge_events(0):
            return []
        rising = gpiod.EdgeEvent.Type.RISING_EDGE
        events = held.read_edge_events(EVENTS_MAX)
        return [Seen(one.timestamp_ns // 1000, one.event_type is rising) for one in events]


class GpiodRelays:
    """Output lines set together; ``active`` is the level that switches a relay on."""

    def __init__(
        self, chip: str, lines: Sequence[LineId], active: Level, safe: tuple[bool, ...], what: str
    ) -> None:
        self._lines = tuple(lines)
        self._safe = safe
        self._told = safe
        self._done = safe  # what could not be set stands as it was last
        self._chip = chip
        shown = " ".join(str(line) for line in lines)
        self._request = _Request(chip, f"lines {shown} ({what})", lambda: self._take(active, what))
        self._now_us = 0

    @property
    def troubles(self) -> Sequence[DeviceFault]:
        trouble = self._request.trouble
        return () if trouble is None else (trouble,)

    def put(self, on: tuple[bool, ...], now_us: int) -> None:
        self._told = on
        self._now_us = now_us
        held = self._request.held(now_us)
        if held is None:
            return
        try:
            held.set_values({n: _value(v) for n, v in zip(self._lines, on, strict=True)})
            self._done = on
        except OSError as error:
            self._request.lose(error, now_us)

    def seen(self) -> tuple[bool, ...]:
        return tuple(a or b for a, b in zip(self._told, self._done, strict=True))

    def close(self) -> None:
        self.put(self._safe, self._now_us)
        self._request.release()

    def _take(self, active: Level, what: str) -> gpiod.LineRequest:
        settings = {
            line: gpiod.LineSettings(
                direction=Direction.OUTPUT, active_low=active == "low", output_value=_value(level)
            )
            for line, level in zip(self._lines, self._safe, strict=True)
        }
        request = _ask(self._chip, settings, what)
        self._done = self._safe
        return request


def _ask(chip: str, config: dict[LineId, gpiod.LineSettings], what: str) -> gpiod.LineRequest:
    return gpiod.request_lines(
        chip_path(chip),
        config=dict(config.items()),
        consumer=f"steelyard {what}"[:CONSUMER_CHARS_MAX],
        event_buffer_size=EVENTS_MAX,
    )


def _value(on: bool) -> Value:
    return Value.ACTIVE if on else Value.INACTIVE


def _words(error: Exception) -> str:
    """What the kernel says and what to look for; a busy line is held by another program."""
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EBUSY:
        return "the line is in use by another program or another device (`gpioinfo` tells whose)"
    if code == errno.ENOENT:
        return "no such chip or line name (`gpioinfo` lists them)"
    if code in (errno.EACCES, errno.EPERM):
        return "no permission; add the user to the group that owns the chip, mostly 'gpio'"
    return os.strerror(code) if code else str(error)
