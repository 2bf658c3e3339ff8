"""The first dealt shifts find nothing; `make explore` rides more."""

from __future__ import annotations

from itertools import count, islice

import pytest

from sim.explore.deal import deal
from sim.explore.ride import ride

SHIFTS = 40
SHORT = 160
"""So many more shifts of one truck each: they cost half as much, and end as other things begin."""


def _short() -> list[int]:
    alone = (seed for seed in count(SHIFTS) if len(deal(seed).table["truck"]) == 1)
    return list(islice(alone, SHORT))


@pytest.mark.parametrize("seed", [*range(SHIFTS), *_short()])
def test_a_dealt_shift_has_no_finding(seed: int) -> None:
    assert ride(deal(seed)).findings == ()
