"""Debounce with a time of its own for either way: block at once, be clear only when it lasts."""

from __future__ import annotations


class Debounce:
    """What a contact says once it has said so long enough; None before that.

    Args:
        block_us: how long it must be blocked to count, us; 0 counts the shortest pulse.
        clear_us: how long it must be clear to count, us; a loop loses a high truck between axles.
    """

    def __init__(self, block_us: int, clear_us: int) -> None:
        if block_us < 0 or clear_us < 0:
            raise ValueError("a debounce time is not negative")
        self._delays_us = (clear_us, block_us)
        self._raw: bool | None = None
        self._since_us = 0
        self.blocked: bool | None = None

    def see(self, t_us: int, blocked: bool) -> None:
        """Take how it is at a lane time not before the last one."""
        if blocked is not self._raw:
            self._raw, self._since_us = blocked, t_us
        if t_us - self._since_us >= self._delays_us[blocked]:
            self.blocked = blocked

    def forget(self) -> None:
        """It could not be read: what it said counts no more."""
        self._raw = self.blocked = None
