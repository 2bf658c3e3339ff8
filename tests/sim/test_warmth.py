"""A day with a temperature: cells go with it and creep, and the thermometer says it."""

from __future__ import annotations

import numpy as np
import pytest

from hal.bus import Bus
from sim.devices import SimThermometer
from sim.loads import Thing
from sim.scenario import deal
from sim.units import ScenarioError
from sim.warmth import Drift, Warmth
from sim.world import Options, Yard

HOUR_MS = 3_600_000


def test_the_afternoon_is_warmest() -> None:
    warmth = Warmth(mean_c=10.0)
    hours = [warmth.celsius((hour - 8) % 24 * HOUR_MS) for hour in range(24)]
    assert hours.index(max(hours)) == 15
    assert max(hours) == pytest.approx(15.0)
    assert sum(hours) / 24 == pytest.approx(10.0)


def sum_kg(warmth: Warmth | None) -> np.ndarray:
    stone = Thing.lying(40_000_000, 10.0, from_us=20_000_000)
    yard = Yard(3, options=Options(warmth=warmth, loads=(stone,)))
    yard.advance(45_000_000)
    counts = yard.converter.take()[1]
    kg = (counts - yard.cells.zero_counts) / yard.cells.counts_per_kg
    return np.asarray(kg.sum(1))


def test_zero_and_span_go_with_the_temperature() -> None:
    off = sum_kg(Warmth(mean_c=-20.0, swing_k=0.0)) - sum_kg(None)
    zero, loaded = off[:1500].mean(), off[-400:].mean()
    assert 0.1 < abs(zero) < 30
    assert 0.5 < abs(loaded - zero) < 60


def test_a_load_creeps_in_and_out_and_nothing_else_does() -> None:
    cells = Yard(1).cells
    drift = Drift(Warmth(mean_c=20.0, swing_k=0.0), 0, 1)
    t_us = np.arange(1, 160_001, dtype=np.int64) * 12_500
    kg = np.zeros((len(t_us), 8))
    kg[8_000:120_000] = 5_000.0
    drift.lay(t_us, kg, cells)
    assert (kg[:8_000] == 0.0).all()
    late = 5_000.0 - kg[8_000:120_000, 0]
    assert 0.01 < abs(late[0]) < 1.5
    assert abs(late[-1]) < abs(late[0]) / 100
    assert kg[120_000, 0] == pytest.approx(late[0], rel=0.02)
    assert abs(kg[-1, 0]) < abs(late[0]) / 5


def test_how_time_is_cut_does_not_matter_to_creep() -> None:
    t_us = np.arange(1, 401, dtype=np.int64) * 12_500
    whole, pieces = (Drift(Warmth(mean_c=20.0, swing_k=0.0), 0, 1) for _ in range(2))
    one, other = (np.full((400, 8), 3_000.0) for _ in range(2))
    whole.lay(t_us, one, Yard(1).cells)
    for part in np.array_split(np.arange(400), 170):
        pieces.lay(t_us[part], view := other[part], Yard(1).cells)
        other[part] = view
    assert (one == other).all()


def test_the_thermometer_says_it() -> None:
    yard = Yard(1, options=Options(warmth=Warmth(mean_c=-5.0)))
    bus = Bus()
    bus.share("yard", lambda: yard)
    said = SimThermometer(bus).read()
    assert abs(said - yard.celsius) < 0.04


def test_a_scenario_states_the_temperature() -> None:
    assert deal({"day": {"temperature": "-5 C"}}, 1)[1].warmth == Warmth(mean_c=-5.0)
    assert deal({}, 1)[1].warmth is None
    with pytest.raises(ScenarioError, match="temperature"):
        deal({"day": {"temperature": "warm"}}, 1)
