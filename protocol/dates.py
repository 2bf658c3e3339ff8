"""Whether a date may be believed by something that cannot be undone."""

from __future__ import annotations

from protocol.parts import ClockQuality, Times

DAY_MS = 86_400_000
JUMP_MS_MAX = 3_600_000
PAUSE_MS_MAX = 7 * DAY_MS
STEADY_US = DAY_MS * 1000


class Calendar:
    """Whether today's date may be trusted with something that cannot be undone.

    A clock that is not synchronised may not, nor one that has jumped against the monotonic clock,
    nor one that stands far from the newest record: that date must first last for a day.
    """

    def __init__(self, newest_ms: int | None) -> None:
        self._newest_ms = newest_ms
        self._last: Times | None = None
        self._doubt_us: int | None = None

    def trusts(self, now: Times) -> bool:
        """Take in the time; True when it is synchronised and has run evenly."""
        if now.wall_ms is None or now.clock is not ClockQuality.SYNCHRONISED:
            return False
        if self._jumped(now, now.wall_ms):
            self._doubt_us = now.at_us
        self._last = now
        if self._doubt_us is not None and now.at_us - self._doubt_us >= STEADY_US:
            self._doubt_us = None
        return self._doubt_us is None

    def _jumped(self, now: Times, wall_ms: int) -> bool:
        last = self._last
        if last is None or last.wall_ms is None:
            before = self._newest_ms
            return before is not None and not -JUMP_MS_MAX <= wall_ms - before <= PAUSE_MS_MAX
        passed_ms = (now.at_us - last.at_us) // 1000
        return abs(wall_ms - last.wall_ms - passed_ms) > JUMP_MS_MAX
