"""The wall clock against the monotonic one: steps are told once, with their size."""

from __future__ import annotations

from controller.clockwatch import ALARM_US, STEP_MS, ClockWatch
from controller.core.faults import Fault
from controller.core.images import WallTime

SECOND = 1_000_000
START_MS = 1_795_305_600_000


def at(watch: ClockWatch, now_s: float, ahead_ms: int = 0) -> None:
    watch.see(round(now_s * SECOND), WallTime(ms=START_MS + round(now_s * 1000) + ahead_ms))


def test_a_clock_that_runs_evenly_or_is_slewed_is_no_incident() -> None:
    watch = ClockWatch()
    for second in range(100):
        at(watch, second, ahead_ms=second * STEP_MS // 10)
    assert watch.faults(100 * SECOND) == ()
    assert watch.flags() == ()


def test_a_step_is_an_alarm_for_a_minute_and_one_flag() -> None:
    watch = ClockWatch()
    at(watch, 1.0)
    at(watch, 1.02, ahead_ms=-3_600_000)
    assert watch.faults(2 * SECOND) == (int(Fault.CLOCK_STEPPED),) == (315,)
    assert watch.until_us(2 * SECOND) == (1_020_000 + ALARM_US,)
    assert watch.faults(1_020_000 + ALARM_US) == ()
    assert watch.until_us(1_020_000 + ALARM_US) == ()
    assert watch.flags() == ("315 CLOCK_STEPPED -3600 s",)
    assert watch.flags() == ()


def test_forth_and_back_are_two_steps_in_one_flag() -> None:
    watch = ClockWatch()
    for second, ahead_ms in enumerate((0, 600_000, 0)):
        at(watch, second, ahead_ms)
    assert watch.flags() == ("315 CLOCK_STEPPED -600 s, 2 times",)


def test_a_step_behind_a_time_that_is_not_known_is_seen_when_it_is_known_again() -> None:
    watch = ClockWatch()
    at(watch, 1.0)
    watch.see(2 * SECOND, WallTime())
    assert watch.faults(2 * SECOND) == ()
    at(watch, 3.0, ahead_ms=86_400_000)
    assert watch.faults(3 * SECOND) == (315,)
