"""Devices that are not there: what a recorded yard, a bench and a test hold in their place.

A virtual device keeps the levels it is given and moves at its own pace on the board's clock.  It
observes nothing: a virtual boom meets no vehicle.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from hal.bus import Bus
from hal.host import HostClock
from hal.ports import (
    BoomContacts,
    Clock,
    Contact,
    Drive,
    PersonRequest,
    Signal,
    SignPage,
)

REQUESTS_MAX = 64
EndName = Literal["yard", "road"]


def board_clock(bus: Bus) -> Clock:
    """The clock of the board; the host's own where no board has named one."""
    clock: Clock = bus.share("clock", lambda: HostClock(bus))
    return clock


class VirtualGate:
    """A boom that follows its drive in ``travel_us`` from one limit switch to the other.

    It stands closed at first and moves only while RAISE or LOWER is held.  GB/T 24973-2010 class O
    takes 1.4 to 4 s.
    """

    def __init__(self, bus: Bus, end: EndName = "yard", travel_us: int = 2_000_000) -> None:
        if travel_us < 1:
            raise ValueError(f"travel must be longer than 0, not {travel_us} us")
        gates: dict[str, VirtualGate] = bus.share("virtual.gates", dict)
        gates[end] = self
        self._clock = board_clock(bus)
        self._travel_us = travel_us
        self._level = Drive.HOLD
        self._raised_us = 0
        self._seen_us = self._clock.now_us()

    def drive(self, level: Drive) -> None:
        self._move()
        self._level = level

    def read(self) -> BoomContacts:
        self._move()
        return BoomContacts(
            closed=Contact.BLOCKED if self._raised_us == 0 else Contact.CLEAR,
            open=Contact.BLOCKED if self._raised_us == self._travel_us else Contact.CLEAR,
        )

    @property
    def is_open(self) -> bool:
        """Whether the boom stands at its upper limit."""
        self._move()
        return self._raised_us == self._travel_us

    def _move(self) -> None:
        now_us = self._clock.now_us()
        step_us = max(now_us - self._seen_us, 0)
        self._seen_us = now_us
        sense = {Drive.HOLD: 0, Drive.RAISE: 1, Drive.LOWER: -1}[self._level]
        self._raised_us = min(max(self._raised_us + sense * step_us, 0), self._travel_us)


class VirtualSignal:
    """A signal head that holds its aspect; red until told otherwise."""

    def __init__(self, bus: Bus) -> None:
        self.aspect = Signal.RED

    def show(self, aspect: Signal) -> None:
        self.aspect = aspect


class VirtualSign:
    """A sign that holds its page."""

    def __init__(self, bus: Bus) -> None:
        self.page: SignPage | None = None

    def show(self, page: SignPage) -> None:
        self.page = page


class VirtualPresence:
    """A contact that someone holds: the player of a recording, a bench, a test."""

    def __init__(
        self, bus: Bus, state: Literal["unknown", "clear", "blocked", "not_fitted"] = "clear"
    ) -> None:
        self.state = Contact[state.upper()]

    def read(self) -> Contact:
        return self.state


class VirtualRequests:
    """Requests as someone at hand asks them; beyond the limit a request is refused."""

    def __init__(self, bus: Bus) -> None:
        self._waiting: deque[PersonRequest] = deque()

    def ask(self, request: PersonRequest) -> bool:
        """Put a request in the queue; False where the queue is full."""
        if len(self._waiting) >= REQUESTS_MAX:
            return False
        self._waiting.append(request)
        return True

    def poll(self) -> tuple[PersonRequest, ...]:
        asked = tuple(self._waiting)
        self._waiting.clear()
        return asked
