"""What the checks in the virtual machine share: patience, and drivers on a bus of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hal import registry
from hal.bus import Bus

PATIENCE_S = 15.0
"""Everything is several times slower here than on a real board."""


def until(true: Callable[[], bool], what: str | Callable[[], str]) -> None:
    """Wait for it; fails with ``what`` after ``PATIENCE_S``."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end_s:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"it did not come about: {said}")
        time.sleep(0.01)


def same(seen: object, wanted: object, what: str) -> None:
    """Fail unless the two are equal."""
    if seen != wanted:
        raise AssertionError(f"{what}: {seen!r} where {wanted!r} belongs")


@contextmanager
def drivers() -> Iterator[Callable[..., Any]]:
    """``make(name, **options)`` for drivers on one bus, which is closed at the end."""
    bus = Bus()

    def make(name: str, **options: Any) -> Any:
        return registry.load(name)(bus, **options)

    try:
        yield make
    finally:
        bus.close()
