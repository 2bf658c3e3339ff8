"""Virtual devices hold what they are given and move on the board's clock only."""

import pytest

from hal.bus import Bus
from hal.ports import Contact, Drive, PersonRequest, WallReading
from hal.virtual import REQUESTS_MAX, VirtualGate, VirtualPresence, VirtualRequests


class HandClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.us = 1_000

    def now_us(self) -> int:
        return self.us

    def wall(self) -> WallReading:
        return WallReading(ms=0)


def gate_and_clock(travel_us: int = 2_000_000) -> tuple[VirtualGate, HandClock]:
    bus, clock = Bus(), HandClock()
    bus.share("clock", lambda: clock)
    return VirtualGate(bus, travel_us=travel_us), clock


def test_a_boom_takes_its_travel_time_from_limit_to_limit() -> None:
    gate, clock = gate_and_clock()
    gate.drive(Drive.RAISE)
    clock.us += 1_999_999
    between = gate.read()
    assert (between.closed, between.open) == (Contact.CLEAR, Contact.CLEAR)
    clock.us += 1
    assert gate.read().open is Contact.BLOCKED
    gate.drive(Drive.LOWER)
    clock.us += 2_000_000
    assert gate.read().closed is Contact.BLOCKED


def test_hold_stops_a_boom_where_it_is() -> None:
    gate, clock = gate_and_clock()
    gate.drive(Drive.RAISE)
    clock.us += 500_000
    gate.drive(Drive.HOLD)
    clock.us += 60_000_000
    assert gate.read().closed is Contact.CLEAR
    assert not gate.is_open
    gate.drive(Drive.RAISE)
    clock.us += 1_500_000
    assert gate.is_open
    assert gate.read().open is Contact.BLOCKED


def test_a_clock_that_goes_back_moves_no_boom() -> None:
    gate, clock = gate_and_clock()
    gate.drive(Drive.RAISE)
    clock.us -= 900
    assert gate.read().closed is Contact.BLOCKED


def test_a_boom_without_travel_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 0"):
        gate_and_clock(travel_us=0)


def test_a_contact_stays_as_it_is_held() -> None:
    contact = VirtualPresence(Bus(), state="unknown")
    assert contact.read() is Contact.UNKNOWN
    contact.state = Contact.BLOCKED
    assert contact.read() is Contact.BLOCKED


def test_requests_come_once_in_order_and_are_limited() -> None:
    requests = VirtualRequests(Bus())
    asked = [PersonRequest(kind="RESET", who=f"W{i}", why="test") for i in range(REQUESTS_MAX + 1)]
    assert [requests.ask(r) for r in asked] == [True] * REQUESTS_MAX + [False]
    assert requests.poll() == tuple(asked[:-1])
    assert requests.poll() == ()
