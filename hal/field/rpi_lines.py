"""GPIO pins through the RPi.GPIO interface, which rpi-lgpio offers for all models: BCM numbers.

The interface gives no times of edges, only that there was one: a pulse between two looks is told
as having been just before the second.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from hal.bus import Bus
from hal.field.points import Level, Pull, Seen
from hal.ports import DeviceFault
from hal.registry import remedy


def pins(bus: Bus) -> Any:
    """The library, set to BCM numbers, shared by the pins of a board.

    Raises:
        ImportError: the library is not installed.
        OSError: this computer is no Raspberry Pi, or its GPIO chip cannot be opened.
    """
    return bus.share("RPi.GPIO", _open)


def _open() -> Any:
    # Its base library writes a pipe where it is imported unless it is told where.
    os.environ.setdefault("LG_WD", tempfile.gettempdir())
    try:
        gpio = importlib.import_module("RPi.GPIO")
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
    except ModuleNotFoundError as error:
        raise ImportError(f"RPi.GPIO is not installed: {remedy('RPi')}") from error
    except (RuntimeError, NotImplementedError) as error:
        raise OSError(f"RPi.GPIO: {error}") from error
    return gpio


class RpiPoint:
    """One input pin; ``closed`` is the level that a closed contact gives, pulled to the other."""

    def __init__(self, gpio: Any, pin: int, closed: Level, pull: Pull, what: str) -> None:
        self.trouble: DeviceFault | None = None
        self._gpio = gpio
        self._pin = pin
        self._closed = closed == "high"
        self._what = what
        self._last: bool | None = None
        inner = gpio.PUD_UP if closed == "low" else gpio.PUD_DOWN
        with _of_pin(pin, what):
            gpio.setup(pin, gpio.IN, pull_up_down=inner if pull == "internal" else gpio.PUD_OFF)
            gpio.add_event_detect(pin, gpio.BOTH)

    def look(self, now_us: int) -> Sequence[Seen]:
        try:
            edge = self._gpio.event_detected(self._pin)
            closed = bool(self._gpio.input(self._pin)) is self._closed
        except (RuntimeError, OSError) as error:
            self.trouble = _fault(self._pin, self._what, error)
            return ()
        self.trouble = None
        pulsed = edge and closed is self._last
        self._last = closed
        return (
            (Seen(now_us, not closed), Seen(now_us, closed)) if pulsed else (Seen(now_us, closed),)
        )

    def close(self) -> None:
        with contextlib.suppress(RuntimeError, OSError):
            self._gpio.remove_event_detect(self._pin)
            self._gpio.cleanup(self._pin)


class RpiRelays:
    """Output pins; ``active`` is the level that switches a relay on."""

    def __init__(
        self, gpio: Any, pins: Sequence[int], active: Level, safe: tuple[bool, ...], what: str
    ) -> None:
        self._gpio = gpio
        self._pins = tuple(pins)
        self._high = active == "high"
        self._safe = safe
        self._told = safe
        self._done = dict(zip(pins, safe, strict=True))
        self._what = what
        self._trouble: DeviceFault | None = None
        for pin, on in zip(self._pins, safe, strict=True):
            with _of_pin(pin, what):
                gpio.setup(pin, gpio.OUT, initial=on is self._high)

    @property
    def troubles(self) -> Sequence[DeviceFault]:
        return () if self._trouble is None else (self._trouble,)

    def put(self, on: tuple[bool, ...], now_us: int) -> None:
        self._told = on
        self._trouble = None
        for pin, level in sorted(zip(self._pins, on, strict=True), key=lambda one: one[1]):
            try:
                self._gpio.output(pin, level is self._high)
                self._done[pin] = level
            except (RuntimeError, OSError) as error:
                self._trouble = _fault(pin, self._what, error)
                # What could not be let go must not meet its opposite.
                return

    def seen(self) -> tuple[bool, ...]:
        return tuple(a or b for a, b in zip(self._told, self._done.values(), strict=True))

    def close(self) -> None:
        """Put the safe levels; the pins stay outputs, since an input would let a relay float."""
        self.put(self._safe, 0)


@contextlib.contextmanager
def _of_pin(pin: int, what: str) -> Iterator[None]:
    """Says of which pin the library speaks."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        raise OSError(f"pin {pin} ({what}): {error}") from error


def _fault(pin: int, what: str, error: Exception) -> DeviceFault:
    return DeviceFault(name="GPIO_TROUBLE", device=f"pin {pin} ({what})", seen=str(error))
