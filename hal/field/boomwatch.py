"""What a boom's limit switches tell of the boom: late, both made, moved by itself; pure."""

from __future__ import annotations

from hal.field.boom import TARGETS, BoomTimes, at_target
from hal.ports import BoomContacts, Contact, DeviceFault, Drive

BOTH_US = 300_000
LEFT_US = 300_000
"""An arm in the wind makes and breaks its switch for shorter than this."""


class BoomWatch:
    """Judges contacts against the level that is held; ``faults`` are those that stand now.

    GATE_SLOW stands until the limit that did not come is made, GATE_MOVED_ITSELF until a limit is
    made to which the boom is driven, GATE_BOTH_LIMITS while both are made.
    """

    def __init__(self, name: str, times: BoomTimes) -> None:
        self._name = name
        self._times = times
        self._level = Drive.HOLD
        self._from_us: int | None = None
        self._driven_us: int | None = None
        self._both_us: int | None = None
        self._left_us: int | None = None
        self._rest: str | None = None
        self._late: DeviceFault | None = None
        self._moved: DeviceFault | None = None
        self._both: DeviceFault | None = None

    @property
    def faults(self) -> tuple[DeviceFault, ...]:
        return tuple(f for f in (self._both, self._late, self._moved) if f is not None)

    def see(self, now_us: int, level: Drive, contacts: BoomContacts) -> None:
        """Take the level in force and the limit switches as they are now."""
        if level is not self._level:
            self._level, self._from_us = level, now_us
        self._see_both(now_us, contacts)
        if at_target(level, contacts):
            self._late = self._moved = None
            self._from_us = None
        self._see_travel(now_us, contacts)
        self._see_rest(now_us, contacts)

    def _see_both(self, now_us: int, contacts: BoomContacts) -> None:
        if contacts != BoomContacts(Contact.BLOCKED, Contact.BLOCKED):
            self._both_us, self._both = None, None
            return
        self._both_us = now_us if self._both_us is None else self._both_us
        if now_us - self._both_us >= BOTH_US:
            self._both = self._fault("GATE_BOTH_LIMITS", "the open and the closed limit are made")

    def _see_travel(self, now_us: int, contacts: BoomContacts) -> None:
        if self._level is Drive.HOLD or at_target(self._level, contacts):
            return
        if self._from_us is None:
            self._from_us = now_us  # it stood at its limit and has left it
        allowed_us = self._times.again_us + self._times.dead_us
        if now_us - self._from_us > allowed_us and self._late is None:
            limit = "open" if self._level is Drive.RAISE else "closed"
            text = f"the {limit} limit has not come in {allowed_us / 1e6:.1f} s after the command"
            self._late = self._fault("GATE_SLOW", text)

    def _see_rest(self, now_us: int, contacts: BoomContacts) -> None:
        """A boom that rests at a limit and leaves it although nothing drives it away."""
        target = TARGETS.get(self._level)
        if target is not None and self._rest not in (None, target):
            self._rest = None
        if target is not None and at_target(self._level, contacts):
            self._rest, self._driven_us = target, None
        elif target is not None and self._rest is None:
            self._driven_us = now_us
        elif self._rest is None and not self._runs_on(now_us):
            self._rest = _limit_made(contacts)
        self._see_leaving(now_us, contacts)

    def _see_leaving(self, now_us: int, contacts: BoomContacts) -> None:
        if self._rest is None or getattr(contacts, self._rest) is not Contact.CLEAR:
            self._left_us = None
            return
        self._left_us = now_us if self._left_us is None else self._left_us
        if now_us - self._left_us >= LEFT_US:
            text = f"the boom left its {self._rest} limit without a command"
            self._moved = self._moved or self._fault("GATE_MOVED_ITSELF", text)
            self._rest = None

    def _runs_on(self, now_us: int) -> bool:
        """Whether our last command may still move it: a gate that takes pulses needs no more."""
        allowed_us = self._times.again_us + self._times.dead_us
        return self._driven_us is not None and now_us - self._driven_us <= allowed_us

    def _fault(self, name: str, seen: str) -> DeviceFault:
        return DeviceFault(name=name, device=self._name, seen=seen)


def _limit_made(contacts: BoomContacts) -> str | None:
    if contacts.closed is Contact.BLOCKED:
        return "closed"
    return "open" if contacts.open is Contact.BLOCKED else None
