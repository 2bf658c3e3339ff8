"""Ticks of a drifting quartz become lane time: bounded jitter, never after their arrival."""

from __future__ import annotations

from random import Random

import pytest

from hal.coprocessor.ticks import TICKS, TickMap

PERIOD_US = 20_000
LINE_US = 1_000
DELAY_US_MAX = 12_000


def ride(drift_ppb: int, seconds: int, start: int = 12_345) -> tuple[TickMap, list[int]]:
    """Frames sent every 20 ms of lane time; gives how far off each mapped time was."""
    random, ticks, errors = Random(7), TickMap(), []
    for number in range(seconds * 50):
        sent_us = 5_000_000 + number * PERIOD_US
        chip = start + number * PERIOD_US * (1_000_000_000 + drift_ppb) // 1_000_000_000
        arrived_us = sent_us + LINE_US + random.randrange(DELAY_US_MAX)
        mapped_us = ticks.hear(chip % TICKS, arrived_us)
        assert mapped_us <= arrived_us
        errors.append(mapped_us - sent_us)
    return ticks, errors


@pytest.mark.parametrize("drift_ppb", [-100_000, -30_000, 0, 30_000, 100_000])
def test_the_jitter_of_arrival_does_not_come_through(drift_ppb: int) -> None:
    ticks, errors = ride(drift_ppb, 60)
    settled = errors[500:]
    assert max(settled) - min(settled) < 2_500
    assert abs(ticks.drift_ppb + drift_ppb) < 100_000


def test_the_end_of_the_ticks_does_not_show() -> None:
    _, errors = ride(20_000, 40, start=TICKS - 20_000_000)
    assert max(errors[500:]) - min(errors[500:]) < 2_500


def test_a_coprocessor_that_starts_anew_is_noticed() -> None:
    ticks, _ = ride(0, 20)
    assert ticks.restarts == 0
    assert ticks.hear(50_000, 26_000_000) <= 26_000_000
    assert ticks.restarts == 1
    assert ticks.lane_us(40_000, 26_000_000) == 25_990_000


def test_before_anything_was_heard_a_time_is_that_of_its_arrival() -> None:
    assert TickMap().lane_us(77, 1_000_000) == 1_000_000
