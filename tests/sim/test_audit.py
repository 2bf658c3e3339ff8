"""The records of a run against the truth: silent on a right day, and each spoilt thing is found."""

from __future__ import annotations

from audit_rig import Day, held_for_nothing


def test_a_right_day_has_no_finding() -> None:
    assert Day().findings() == []


def test_nobody_is_blamed_for_holding_a_truck_when_something_is_broken() -> None:
    day = Day()
    held_for_nothing(day)
    day.fault = 501
    assert day.checks() == []
