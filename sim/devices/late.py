"""A device that says everything late."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

SLOW_US = 600_000
"""How late a slow device is."""
_Value = TypeVar("_Value")


class Late(Generic[_Value]):
    """Gives each value SLOW_US after it was put in."""

    def __init__(self) -> None:
        self._values: deque[tuple[int, _Value]] = deque()

    def put(self, now_us: int, value: _Value) -> None:
        """Put in the value of this instant."""
        self._values.append((now_us, value))

    def get(self, now_us: int, before: _Value) -> _Value:
        """The newest value that is old enough, or ``before`` where none is yet."""
        values, due_us = self._values, now_us - SLOW_US
        while len(values) > 1 and values[1][0] <= due_us:
            values.popleft()
        return values[0][1] if values and values[0][0] <= due_us else before

    def clear(self) -> None:
        """Forget them all."""
        self._values.clear()
