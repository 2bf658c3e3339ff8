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

    def share(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the handle of this key, made now if nobody has asked before."""
        if key not in self._handles:
            self._handles[key] = make()
        return self._handles[key]
