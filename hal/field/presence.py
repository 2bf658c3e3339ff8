"""Presence sensors and emergency stops on contacts, whatever these are wired to.

Wire a contact so that current flows while nothing is there (``nc``): a cut cable then reads
BLOCKED.  What has not been read for ``stale_us`` is UNKNOWN.
"""

from __future__ import annotations

from typing import Literal

from hal.field.debounce import Debounce
from hal.field.points import Pace, Point, Seen, Wiring
from hal.ports import Clock, Contact, DeviceFault

Kind = Literal["beam", "loop", "stop", "other"]
CLEAR_US: dict[Kind, int] = {
    "beam": 100_000,
    "loop": 800_000,
    "stop": 300_000,
    "other": 100_000,
}
"""How long each kind must be clear to count: a loop loses a high truck between its axles."""
STALE_US = 200_000
STALE_US_MAX = 1_000_000
"""A contact of a second ago says nothing of who stands there now."""
DISAGREE_US = 500_000
"""Two contacts of one button never switch in the same instant; longer than this one is broken."""


class _Held:
    """One contact: how it was last, and when that was read."""

    def __init__(self, point: Point, wiring: Wiring) -> None:
        self.point = point
        self._clear_when = wiring == "nc"
        self.blocked: bool | None = None
        self.read_us: int | None = None

    def look(self, now_us: int) -> list[tuple[int, bool]]:
        """What was seen since the last look as (t_us, blocked), not before what was seen then."""
        seen = [self._of(one, now_us) for one in self.point.look(now_us)]
        if seen:
            self.read_us, self.blocked = seen[-1]
        return seen

    def is_fresh(self, now_us: int, stale_us: int) -> bool:
        return self.read_us is not None and now_us - self.read_us <= stale_us

    def _of(self, one: Seen, now_us: int) -> tuple[int, bool]:
        t_us = min(max(one.t_us, self.read_us or one.t_us), now_us)
        return t_us, one.closed is not self._clear_when


class FieldPresence:
    """A beam, loop or button: ``hold`` is its presence contact, ``pulse`` a loop's second relay.

    A pulse counts like presence, so that a vehicle too short for the presence relay is seen.
    """

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        hold: Point,
        *,
        wiring: Wiring = "nc",
        block_us: int = 0,
        clear_us: int = CLEAR_US["beam"],
        stale_us: int = STALE_US,
        pulse: Point | None = None,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._stale_us = check_stale(stale_us)
        self._hold = _Held(hold, wiring)
        self._pulse = _Held(pulse, "no") if pulse is not None else None
        self._debounce = Debounce(block_us, clear_us)
        self._said: tuple[int, bool | None] | None = None
        pace.join(self)

    def read(self) -> Contact:
        self._pace.check()
        said = self._said
        if said is None or self._clock.now_us() - said[0] > self._stale_us:
            return Contact.UNKNOWN
        return _contact(said[1])

    def faults(self) -> tuple[DeviceFault, ...]:
        points = (self._hold, self._pulse)
        return tuple(f for p in points if p is not None and (f := p.point.trouble) is not None)

    def turn(self, now_us: int) -> None:
        """Look at the contacts; called on the back end's thread."""
        held = [p for p in (self._hold, self._pulse) if p is not None]
        states = [bool(one.blocked) for one in held]
        seen = sorted((t_us, p, b) for p, one in enumerate(held) for t_us, b in one.look(now_us))
        if not all(one.is_fresh(now_us, self._stale_us) for one in held):
            self._debounce.forget()
            self._said = None
            return
        for t_us, place, blocked in seen:
            states[place] = blocked
            self._debounce.see(t_us, any(states))
        if seen:
            self._said = (min(one.read_us or 0 for one in held), self._debounce.blocked)

    def close(self) -> None:
        """End its turns and let its inputs go."""
        self._pace.leave(self)
        self._hold.point.close()
        if self._pulse is not None:
            self._pulse.point.close()


class TwoChannelStop:
    """An emergency stop with two normally closed contacts, as ISO 13850 buttons have: BLOCKED is
    pressed.

    It is let go only while both say so.  Contacts that disagree for longer than ``DISAGREE_US``
    are the fault ESTOP_CHANNELS, and pressed until both have opened together once.
    """

    def __init__(
        self, pace: Pace, clock: Clock, first: Point, second: Point, stale_us: int = STALE_US
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._stale_us = check_stale(stale_us)
        self._held = (_Held(first, "nc"), _Held(second, "nc"))
        self._debounce = Debounce(0, CLEAR_US["stop"])
        self._differ_us: int | None = None
        self._fault: DeviceFault | None = None
        self._said: tuple[int, bool | None] | None = None
        pace.join(self)

    def read(self) -> Contact:
        self._pace.check()
        said = self._said
        if said is None or self._clock.now_us() - said[0] > self._stale_us:
            return Contact.UNKNOWN
        return _contact(said[1])

    def faults(self) -> tuple[DeviceFault, ...]:
        fault = self._fault
        own = () if fault is None else (fault,)
        return own + tuple(f for h in self._held if (f := h.point.trouble) is not None)

    def turn(self, now_us: int) -> None:
        """Look at both contacts; called on the back end's thread."""
        seen = sorted(t_us for one in self._held for t_us, b in one.look(now_us) if b)
        fresh = [one.is_fresh(now_us, self._stale_us) for one in self._held]
        states = [one.blocked for one, f in zip(self._held, fresh, strict=True) if f]
        if all(fresh):
            self._compare(now_us, states)
        elif True not in states:
            # Without one of its contacts nobody can say that it is let go.
            self._debounce.forget()
            self._said = None
            return
        pressed = True in states or self._fault is not None
        if seen and not pressed:
            self._debounce.see(seen[0], True)
        self._debounce.see(now_us, pressed)
        read_us = [one.read_us for one, f in zip(self._held, fresh, strict=True) if f]
        self._said = (min(t_us or 0 for t_us in read_us), self._debounce.blocked)

    def _compare(self, now_us: int, states: list[bool | None]) -> None:
        if states[0] is states[1]:
            self._differ_us = None
            if states[0]:
                self._fault = None
            return
        self._differ_us = now_us if self._differ_us is None else self._differ_us
        if now_us - self._differ_us > DISAGREE_US and self._fault is None:
            stuck = "second" if states[0] else "first"
            text = f"its {stuck} contact stays closed while the other is open"
            self._fault = DeviceFault(name="ESTOP_CHANNELS", device="emergency stop", seen=text)

    def close(self) -> None:
        """End its turns and let its inputs go."""
        self._pace.leave(self)
        for one in self._held:
            one.point.close()


def _contact(blocked: bool | None) -> Contact:
    if blocked is None:
        return Contact.UNKNOWN
    return Contact.BLOCKED if blocked else Contact.CLEAR


def check_contact(kind: Kind, contact: Wiring) -> None:
    """Refuse an emergency stop that a cut cable would silence.

    Raises:
        ValueError: the wiring cannot be safe.
    """
    if kind == "stop" and contact == "no":
        raise ValueError(
            'an emergency stop on a "no" contact is dead when its cable is cut; wire it "nc"'
        )


def check_stale(stale_us: int) -> int:
    """The age that a reading may have; raises ValueError where it is none or too great."""
    if not 0 < stale_us <= STALE_US_MAX:
        raise ValueError(f"stale is above 0 and at most {STALE_US_MAX // 1000} ms")
    return stale_us
