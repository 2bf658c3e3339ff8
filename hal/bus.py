"""What drivers of one board share: a serial line, a GPIO chip, a simulated yard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Bus:
    """Handles by key; the first driver that asks for one makes it.

    Every driver is built as ``DriverClass(bus, **options)``, so that two drivers on one line
    find the same handle without a global.
    """

    def __init__(self) -> None:
        self._handles: dict[str, Any] = {}
        self._endings: list[Callable[[], None]] = []

    def share(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the handle of this key, made now if nobody has asked before."""
        if key not in self._handles:
            self._handles[key] = make()
        return self._handles[key]

    def at_close(self, ending: Callable[[], None]) -> None:
        """Have this called when the board is given up: a thread ends, a file is closed."""
        self._endings.append(ending)

    def close(self) -> None:
        """Give up what the drivers hold, the newest first; all are tried, the first error raised.

        Closing again does nothing.
        """
        first: Exception | None = None
        while self._endings:
            try:
                self._endings.pop()()
            except Exception as error:  # the others must be let go all the same
                first = first or error
        if first is not None:
            raise first
