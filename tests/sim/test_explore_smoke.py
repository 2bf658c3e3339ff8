"""The first dealt shifts find nothing; `make explore` rides more."""

from __future__ import annotations

import pytest

from sim.explore.deal import deal
from sim.explore.ride import ride

SHIFTS = 40


@pytest.mark.parametrize("seed", range(SHIFTS))
def test_a_dealt_shift_has_no_finding(seed: int) -> None:
    assert ride(deal(seed)).findings == ()
