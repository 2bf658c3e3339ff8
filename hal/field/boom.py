"""What a boom's OPEN, CLOSE and STOP contacts do for the level that the lane holds; pure.

OPEN, CLOSE and STOP exclude each other, and between OPEN and CLOSE lies a dead time with neither.
RAISE lets go of CLOSE at once, gives STOP through the dead time where it is wired, then OPEN.
Nothing is given until the first RAISE or LOWER.  A level that is not said again within the lease
becomes HOLD.  Field practice: IocControler (0.5 s pulses), GB/T 24973-2010 on an open command
during lowering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from hal.ports import BoomContacts, Contact, Drive

Mode = Literal["pulse", "level"]
TravelClass = Literal["F", "O", "S"]
CLASS_MAX_US: dict[TravelClass, int] = {"F": 1_400_000, "O": 4_000_000, "S": 5_000_000}
"""The longest travel of a class of GB/T 24973-2010."""
SLACK_US = 2_000_000
PULSE_US_MIN = 50_000


class Coils(NamedTuple):
    """The three contacts; STOP stays off where it is not wired."""

    open: bool = False
    close: bool = False
    stop: bool = False


NONE = Coils()
OPEN = Coils(open=True)
CLOSE = Coils(close=True)
STOP = Coils(stop=True)


@dataclass(frozen=True, kw_only=True)
class BoomTimes:
    """How a gate wants to be driven.

    ``pulse_us`` is the length of a pulse and of STOP, ``dead_us`` lies between OPEN and CLOSE,
    ``lease_us`` is how long a level counts that is not said again, ``travel_us`` the longest time
    between the limits; a pulse whose limit does not come is given again ``SLACK_US`` after that.
    """

    mode: Mode = "pulse"
    pulse_us: int = 500_000
    dead_us: int = 500_000
    lease_us: int = 1_000_000
    travel_us: int = CLASS_MAX_US["O"]

    def __post_init__(self) -> None:
        if self.pulse_us < PULSE_US_MIN:
            raise ValueError(f"a pulse of {self.pulse_us} us is shorter than a relay needs, 50 ms")
        if self.dead_us < 0 or self.lease_us <= 0 or self.travel_us <= 0:
            raise ValueError("dead time is not negative; lease and travel are longer than 0")
        if self.again_us <= self.pulse_us:
            raise ValueError(f"a pulse of {self.pulse_us} us would still be on when it is repeated")

    @property
    def again_us(self) -> int:
        """When a limit that has not come is late."""
        return self.travel_us + SLACK_US


TARGETS = {Drive.RAISE: "open", Drive.LOWER: "closed"}


def at_target(level: Drive, contacts: BoomContacts) -> bool:
    """Whether the limit switch to which this level drives is made."""
    name = TARGETS.get(level)
    return name is not None and getattr(contacts, name) is Contact.BLOCKED


class BoomDrive:
    """Steps the contacts; time is given, nothing is read here."""

    def __init__(self, times: BoomTimes, has_stop: bool) -> None:
        self._times = times
        self._has_stop = has_stop
        self._asked = Drive.HOLD
        self._asked_us = 0
        self.level = Drive.HOLD
        self._on_us: dict[Drive, int] | None = None
        self._pulse_us: int | None = None
        self._stop_until_us: int | None = None

    def ask(self, level: Drive, now_us: int) -> None:
        """Take the level that the lane holds."""
        self._asked, self._asked_us = level, now_us

    def step(self, now_us: int, contacts: BoomContacts, seen: Coils) -> Coils:
        """The contacts from now on; ``seen`` are those that may be on at present."""
        if self._on_us is None:
            # Who drove this gate before us, and when it let go, nobody says.
            self._on_us = {Drive.RAISE: now_us, Drive.LOWER: now_us}
        for level, on in ((Drive.RAISE, seen.open), (Drive.LOWER, seen.close)):
            if on:
                self._on_us[level] = now_us
        wanted = self._asked if now_us - self._asked_us <= self._times.lease_us else Drive.HOLD
        if wanted is not self.level:
            self._change(wanted, now_us, contacts)
        return self._now(now_us, contacts, seen, self._on_us)

    def _change(self, wanted: Drive, now_us: int, contacts: BoomContacts) -> None:
        left, self.level = self.level, wanted
        self._pulse_us = None
        self._stop_until_us = None
        if wanted is Drive.HOLD and self._has_stop and not at_target(left, contacts):
            self._stop_until_us = now_us + self._times.pulse_us

    def _now(
        self, now_us: int, contacts: BoomContacts, seen: Coils, on_us: dict[Drive, int]
    ) -> Coils:
        if self.level is Drive.HOLD:
            stopping = self._stop_until_us is not None and now_us < self._stop_until_us
            return STOP if stopping else NONE
        raising = self.level is Drive.RAISE
        opposite_us = on_us[Drive.LOWER if raising else Drive.RAISE]
        opposite_on = seen.close if raising else seen.open
        if opposite_on or now_us - opposite_us < self._times.dead_us:
            return STOP if self._has_stop else NONE
        if self._times.mode == "pulse" and not self._in_pulse(now_us, contacts):
            return NONE
        return OPEN if raising else CLOSE

    def _in_pulse(self, now_us: int, contacts: BoomContacts) -> bool:
        """Whether a pulse is due or under way; a boom that is closed is not closed again."""
        if self._pulse_us is None:
            due = self.level is Drive.RAISE or not at_target(self.level, contacts)
        else:
            late = now_us - self._pulse_us >= self._times.again_us
            due = late and getattr(contacts, TARGETS[self.level]) is Contact.CLEAR
        if due:
            self._pulse_us = now_us
        return self._pulse_us is not None and now_us - self._pulse_us < self._times.pulse_us
