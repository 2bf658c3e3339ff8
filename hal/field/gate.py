"""A boom gate on OPEN, CLOSE and STOP contacts with its two limit switches."""

from __future__ import annotations

from hal.field.boom import CLASS_MAX_US, BoomDrive, BoomTimes, Coils, Mode, TravelClass
from hal.field.boomwatch import BoomWatch
from hal.field.debounce import Debounce
from hal.field.points import Pace, Point, Relays, Wiring
from hal.field.presence import STALE_US, check_stale
from hal.ports import BoomContacts, Clock, Contact, DeviceFault, Drive

LIMIT_US = 30_000
UNREAD = BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)


def boom_times(
    mode: Mode,
    pulse_us: int,
    dead_us: int,
    lease_us: int,
    travel_class: TravelClass,
    travel_us: int,
) -> BoomTimes:
    """The times of a gate; ``travel_us`` of 0 takes the longest of its class.

    Raises:
        ValueError: a time that no gate can keep.
    """
    longest_us = travel_us or CLASS_MAX_US[travel_class]
    return BoomTimes(
        mode=mode, pulse_us=pulse_us, dead_us=dead_us, lease_us=lease_us, travel_us=longest_us
    )


class _Limit:
    """One limit switch, debounced; made is BLOCKED."""

    def __init__(self, point: Point, wiring: Wiring, stale_us: int) -> None:
        self.point = point
        self._made_when = wiring == "no"
        self._stale_us = stale_us
        self._debounce = Debounce(LIMIT_US, LIMIT_US)
        self._read_us: int | None = None

    def look(self, now_us: int) -> Contact:
        for one in self.point.look(now_us):
            t_us = min(max(one.t_us, self._read_us or one.t_us), now_us)
            self._debounce.see(t_us, one.closed is self._made_when)
            self._read_us = t_us
        if self._read_us is None or now_us - self._read_us > self._stale_us:
            self._debounce.forget()
        made = self._debounce.blocked
        if made is None:
            return Contact.UNKNOWN
        return Contact.BLOCKED if made else Contact.CLEAR


class FieldGate:
    """Holds a drive level as contacts; ``relays`` are OPEN, CLOSE and, where wired, STOP.

    Its contacts are stepped on the back end's thread, so that a scan that hangs costs the lease and
    then HOLD.  Limit switches: ``no`` closes its contact when made, ``nc`` opens it.
    """

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        relays: Relays,
        closed: Point,
        opened: Point,
        *,
        times: BoomTimes,
        has_stop: bool,
        limit_wiring: Wiring = "no",
        stale_us: int = STALE_US,
        name: str = "gate",
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._relays = relays
        self._width = 3 if has_stop else 2
        self._limits = tuple(_Limit(p, limit_wiring, stale_us) for p in (closed, opened))
        self._stale_us = check_stale(stale_us)
        self._drive = BoomDrive(times, has_stop)
        self._watch = BoomWatch(name, times)
        self._asked: tuple[Drive, int] | None = None
        self._said = (clock.now_us(), UNREAD)
        pace.join(self)

    def drive(self, level: Drive) -> None:
        self._pace.check()
        self._asked = (level, self._clock.now_us())

    def read(self) -> BoomContacts:
        self._pace.check()
        t_us, contacts = self._said
        return contacts if self._clock.now_us() - t_us <= self._stale_us else UNREAD

    def faults(self) -> tuple[DeviceFault, ...]:
        wires = [f for limit in self._limits if (f := limit.point.trouble) is not None]
        return (*self._watch.faults, *self._relays.troubles, *wires)

    def turn(self, now_us: int) -> None:
        """Step the contacts; called on the back end's thread."""
        closed, opened = (limit.look(now_us) for limit in self._limits)
        contacts = BoomContacts(closed, opened)
        self._said = (now_us, contacts)
        if self._asked is not None:
            self._drive.ask(*self._asked)
        coils = self._drive.step(now_us, contacts, self._seen())
        self._relays.put(coils[: self._width], now_us)
        self._watch.see(now_us, self._drive.level, contacts)

    def _seen(self) -> Coils:
        return Coils(*self._relays.seen())

    def close(self) -> None:
        """End its turns, let go of OPEN, CLOSE and STOP, and of the inputs."""
        self._pace.leave(self)
        self._relays.close()
        for limit in self._limits:
            limit.point.close()
