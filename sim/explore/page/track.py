"""What changes over a run, kept small: values that step, and lines with a stated error.

Times are whole milliseconds of the yard's clock and are written as differences, as are the numbers
of a line.  A time at which nobody looked, as while the lane is dead, cuts a line in two.
"""

from __future__ import annotations

from typing import Any

Value = str | int | None


class Steps:
    """Something that keeps its value until it changes."""

    def __init__(self) -> None:
        self._last: object = self
        self.t_ms: list[int] = []
        self.values: list[Value] = []

    def put(self, t_ms: int, value: Value) -> None:
        """Take the value at a time; only a change is kept."""
        if value != self._last:
            self._last = value
            self.t_ms.append(t_ms)
            self.values.append(value)

    def told(self) -> dict[str, Any]:
        """``t`` differences of time, ``v`` values; with ``w``, values are places in that list."""
        table = {"t": differences(self.t_ms)}
        if any(isinstance(value, str) for value in self.values):
            words = list(dict.fromkeys(self.values))
            place = {word: i for i, word in enumerate(words)}
            return table | {"v": [place[value] for value in self.values], "w": words}
        return table | {"v": self.values}


class Line:
    """A line through the fewest measured points that keep every other within ``error``.

    Points are left out as by a swinging door: as long as one straight line from the last kept
    point passes all the following ones within the error.
    """

    def __init__(self, error: int) -> None:
        self._error = error
        self._parts: list[tuple[list[int], list[int]]] = []
        self._open = False
        self._kept = self._last = (0, 0)
        self._low, self._high = float("-inf"), float("inf")

    def put(self, t_ms: int, value: int) -> None:
        """Take the value at a time later than the last."""
        if not self._open:
            self._parts.append(([], []))
            self._open = True
            self._keep(t_ms, value)
            return
        from_ms, from_value = self._kept
        span = t_ms - from_ms
        if not self._low * span <= value - from_value <= self._high * span:
            self._keep(*self._last)
            from_ms, from_value = self._kept
            span = t_ms - from_ms
        self._low = max(self._low, (value - self._error - from_value) / span)
        self._high = min(self._high, (value + self._error - from_value) / span)
        self._last = t_ms, value

    def cut(self) -> None:
        """End this part; what comes next begins another."""
        if self._open and self._last != self._kept:
            self._keep(*self._last)
        self._open = False

    def _keep(self, t_ms: int, value: int) -> None:
        times, values = self._parts[-1]
        times.append(t_ms)
        values.append(value)
        self._kept = self._last = t_ms, value
        self._low, self._high = float("-inf"), float("inf")

    def told(self) -> list[dict[str, list[int]]]:
        """The parts: ``t`` and ``v``, both as differences."""
        self.cut()
        return [{"t": differences(t), "v": differences(v)} for t, v in self._parts]


def differences(numbers: list[int]) -> list[int]:
    """The first number, then by how much each differs from the one before it."""
    return [
        n - before for n, before in zip(numbers, [0, *numbers[:-1]] if numbers else [], strict=True)
    ]
