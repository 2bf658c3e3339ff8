"""A step of a rolling vehicle that beams at both ends did not see must last, or it is no axle."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensors.weigher import Weigher
from sensors.weighing import EventKind, Status

Make = Callable[..., Any]

TRUE_G = 24_000_000
AXLES = 3
CREEPS = [(3.0, 0.0), (6.0, 1.8), (14.0, 0.4), (60.0, 0.0)]
"""At a walk when the last axle is on, then still more slowly, and a stop 16 m on its way."""
SWINGS_S = 14.0


def kinds(weigher: Weigher) -> list[EventKind]:
    return [event.kind for event in weigher.snapshot().events]


@pytest.fixture
def swung(passage: Make, add_load: Make) -> Any:
    """Load goes from the rear within a fifth of a second as it creeps, and comes back slowly."""
    creeping = passage(CREEPS, seconds=34.0)
    since = (creeping.t_us - creeping.t_us[0]) / 1e6 - SWINGS_S
    shape = np.clip(since / 0.2, 0, 1) * np.exp(-np.clip(since - 0.2, 0, None) / 0.3)
    add_load(creeping, -8000.0 * shape, 3.0)
    return creeping


def run(creeping: Any, fitted: tuple[bool, bool]) -> Weigher:
    weigher = Weigher(creeping.scale)
    weigher.fit_beams(*fitted)
    weigher.push(creeping.t_us, creeping.counts, *creeping.beams.T)
    return weigher


@pytest.mark.parametrize("fitted", [(True, True), (True, False), (False, False)])
def test_a_swing_that_no_beam_saw_is_no_axle(swung: Any, fitted: tuple[bool, bool]) -> None:
    """An end without a beam has nothing to say against an axle there."""
    weigher = run(swung, fitted)
    seen = weigher.snapshot()
    taken_for_an_axle = EventKind.AXLE_OFF in kinds(weigher)
    assert taken_for_an_axle == (fitted != (True, True))
    if not taken_for_an_axle:
        assert seen.status == Status.ACCEPTED
        assert seen.axles == AXLES
        assert seen.weight_g == pytest.approx(TRUE_G, abs=20_000)


def test_a_swing_beside_a_blocked_beam_may_be_an_axle(swung: Any) -> None:
    at_s = (swung.t_us - swung.t_us[0]) / 1e6
    swung.beams[(at_s > SWINGS_S - 1) & (at_s < SWINGS_S + 2), 0] = 1
    assert EventKind.AXLE_OFF in kinds(run(swung, (True, True)))


def test_an_axle_that_goes_for_good_counts_though_its_beam_says_that_all_is_clear(
    passage: Make,
) -> None:
    """A beam that was bridged lets nobody leave an axle on the road."""
    beyond = passage([(3.0, 0.0), (11.8, 1.8), (60.0, 0.0)])
    beyond.beams[:, 1] = 0
    weigher = run(beyond, (True, True))
    assert EventKind.AXLE_OFF in kinds(weigher)
    assert weigher.outcome() == Status.NOT_FULLY_ON


def test_what_the_lane_says_of_its_beams_counts_though_a_column_is_given_for_each(
    swung: Any,
) -> None:
    told = Weigher(swung.scale)
    assert swung.scale.has_beams
    told.push(swung.t_us, swung.counts, *swung.beams.T)
    assert EventKind.AXLE_OFF not in kinds(told)
    assert EventKind.AXLE_OFF in kinds(run(swung, (False, False)))
