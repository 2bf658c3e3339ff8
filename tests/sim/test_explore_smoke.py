"""The first dealt shifts find nothing; `make explore` rides more."""

from __future__ import annotations

from itertools import count, islice
from random import Random

import pytest

from sim.explore.deal import deal
from sim.explore.dealing.traffic import deal_trucks
from sim.explore.plan import Table
from sim.explore.ride import ride
from sim.explore.turns import deal_turn

SHIFTS = 40
SHORT = 160
"""So many more shifts of one truck each: they cost half as much, and end as other things begin."""
TURNS = 16


def _short() -> list[int]:
    alone = (seed for seed in count(SHIFTS) if len(_trucks(seed)) == 1)
    return list(islice(alone, SHORT))


def _trucks(seed: int) -> list[Table]:
    """The trucks that are dealt at first: the whole of a shift takes longer to deal."""
    return deal_trucks(Random(f"explore {seed} trucks"))[0]


@pytest.mark.parametrize("seed", [*range(SHIFTS), *_short()])
def test_a_dealt_shift_has_no_finding(seed: int) -> None:
    assert ride(deal(seed)).findings == ()


@pytest.mark.parametrize("seed", range(TURNS))
def test_troubles_about_a_turn_have_no_finding(seed: int) -> None:
    assert ride(deal_turn(seed)).findings == ()
