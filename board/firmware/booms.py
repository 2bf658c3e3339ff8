"""One boom's relays: RAISE, LOWER and STOP exclude each other, with a dead time between them."""

from interlock import HOLD, LOWER, RAISE
from moment import elapsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shapes import Output


class Boom:
    """Makes relay contacts of a level.

    ``pulse_ms`` 0 holds RAISE or LOWER made while the level lasts and uses STOP, where fitted,
    whenever neither is; else the change of level gives one pulse of that length.  The relay that
    was on goes off at once; the next comes on after its dead time.  All are off after the start.
    """

    def __init__(
        self,
        raise_pin: "Output",
        lower_pin: "Output",
        stop_pin: "Output | None",
        pulse_ms: int,
        rise_dead_ms: int,
        fall_dead_ms: int,
    ) -> None:
        self._raise = raise_pin
        self._lower = lower_pin
        self._stop = stop_pin
        self._pulse_ms = pulse_ms
        self._rise_dead_ms = rise_dead_ms
        self._fall_dead_ms = fall_dead_ms
        self.level = HOLD
        self._on = HOLD
        self._due = False
        self._told_ms = 0
        self._off_ms = 0
        self._has_been_on = False
        self._stopping = False
        self._all_off()

    def drive(self, level: int, now_ms: int) -> None:
        """Hold this level; called in every round, also to end pulses and dead times."""
        if level != self.level:
            self._change(level, now_ms)
        if self._due and self._dead_time_over(now_ms):
            self._due = False
            self._make(now_ms)
        elif self._pulse_ms and not self._due and elapsed(now_ms, self._told_ms) >= self._pulse_ms:
            self._release(now_ms)

    def _change(self, level: int, now_ms: int) -> None:
        self._release(now_ms)
        self.level = level
        self._due = True

    def _dead_time_over(self, now_ms: int) -> bool:
        if self.level == HOLD or not self._has_been_on:
            return True
        dead_ms = self._fall_dead_ms if self.level == LOWER else self._rise_dead_ms
        return elapsed(now_ms, self._off_ms) >= dead_ms

    def _make(self, now_ms: int) -> None:
        self._told_ms = now_ms
        if self.level == HOLD:
            if self._stop is not None:
                self._stop.value(1)
                self._stopping = True
            return
        pin = self._raise if self.level == RAISE else self._lower
        pin.value(1)
        self._on = self.level
        self._has_been_on = True

    def _release(self, now_ms: int) -> None:
        if self._on != HOLD:
            self._off_ms = now_ms
        if self._on != HOLD or self._stopping:
            self._all_off()

    def _all_off(self) -> None:
        self._raise.value(0)
        self._lower.value(0)
        if self._stop is not None:
            self._stop.value(0)
        self._on = HOLD
        self._stopping = False
