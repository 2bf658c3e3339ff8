"""Limit switches that come late, together, or by themselves."""

from __future__ import annotations

from hal.field.boom import BoomTimes
from hal.field.boomwatch import BoomWatch
from hal.ports import BoomContacts, Contact, Drive

CLOSED = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
RAISED = BoomContacts(Contact.CLEAR, Contact.BLOCKED)
BETWEEN = BoomContacts(Contact.CLEAR, Contact.CLEAR)
BOTH = BoomContacts(Contact.BLOCKED, Contact.BLOCKED)
UNREAD = BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)
STEP_US = 20_000


class Bench:
    def __init__(self) -> None:
        self.watch = BoomWatch("yard gate", BoomTimes(travel_us=1_400_000))
        self.now_us = 0

    def see(self, level: Drive, contacts: BoomContacts, seconds: float) -> list[str]:
        for _ in range(round(seconds * 50)):
            self.now_us += STEP_US
            self.watch.see(self.now_us, level, contacts)
        return [fault.name for fault in self.watch.faults]


def test_a_boom_within_its_class_time_and_2_s_is_well() -> None:
    bench = Bench()
    assert bench.see(Drive.HOLD, CLOSED, 1) == []
    assert bench.see(Drive.RAISE, BETWEEN, 3.8) == []
    assert bench.see(Drive.RAISE, RAISED, 60) == []
    assert bench.see(Drive.LOWER, BETWEEN, 3.8) == []
    assert bench.see(Drive.LOWER, CLOSED, 60) == []


def test_a_limit_that_does_not_come_is_late_until_it_comes() -> None:
    bench = Bench()
    assert bench.see(Drive.LOWER, BETWEEN, 4.0) == ["GATE_SLOW"]
    assert "closed limit" in bench.watch.faults[0].seen
    assert bench.see(Drive.HOLD, BETWEEN, 1) == ["GATE_SLOW"]
    assert bench.see(Drive.LOWER, CLOSED, 0.1) == []


def test_a_level_held_at_its_limit_is_never_late() -> None:
    bench = Bench()
    bench.see(Drive.LOWER, CLOSED, 60)
    assert bench.see(Drive.LOWER, BETWEEN, 0.2) == []


def test_both_limits_together_contradict_each_other() -> None:
    bench = Bench()
    assert bench.see(Drive.HOLD, BOTH, 0.2) == []
    assert bench.see(Drive.HOLD, BOTH, 0.2) == ["GATE_BOTH_LIMITS"]
    assert bench.see(Drive.HOLD, CLOSED, 0.02) == []


def test_a_boom_that_leaves_its_limit_under_hold_moved_by_itself() -> None:
    bench = Bench()
    assert bench.see(Drive.HOLD, CLOSED, 1) == []
    assert bench.see(Drive.HOLD, BETWEEN, 0.2) == []
    assert bench.see(Drive.HOLD, BETWEEN, 0.2) == ["GATE_MOVED_ITSELF"]
    assert "closed" in bench.watch.faults[0].seen


def test_a_boom_that_is_lifted_against_lower_moved_by_itself_until_it_is_down_again() -> None:
    bench = Bench()
    bench.see(Drive.LOWER, CLOSED, 5)
    assert bench.see(Drive.LOWER, BETWEEN, 0.5) == ["GATE_MOVED_ITSELF"]
    assert bench.see(Drive.LOWER, CLOSED, 0.1) == []


def test_a_gate_that_runs_on_after_its_pulse_moves_by_command() -> None:
    bench = Bench()
    bench.see(Drive.HOLD, CLOSED, 1)
    bench.see(Drive.RAISE, CLOSED, 0.1)
    bench.see(Drive.HOLD, CLOSED, 0.1)
    assert bench.see(Drive.HOLD, BETWEEN, 1.4) == []
    assert bench.see(Drive.HOLD, RAISED, 10) == []
    assert bench.see(Drive.HOLD, BETWEEN, 0.4) == ["GATE_MOVED_ITSELF"]


def test_what_cannot_be_read_has_not_moved() -> None:
    bench = Bench()
    bench.see(Drive.HOLD, CLOSED, 1)
    assert bench.see(Drive.HOLD, UNREAD, 10) == []
    assert bench.see(Drive.HOLD, CLOSED, 1) == []
