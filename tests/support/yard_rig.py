"""Rig for yard tests: one truck driven through a lane that a test plays by hand."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from hal.ports import Contact, Drive
from sim.cab import Habits, Mind
from sim.driver import Driver
from sim.truck import build_truck
from sim.world import Visit, Yard

STEP_US = 20_000


def yard_with(
    title: str,
    *,
    seed: int = 1,
    gross_g: int | None = None,
    end: int = 0,
    habits: Habits | None = None,
    suspension: str | None = None,
) -> Yard:
    truck = build_truck(Random(seed), title, suspension=suspension)
    load = (truck.limit_g * 9 // 10 if gross_g is None else gross_g) - truck.tare_g
    visit = Visit(truck=truck, end=end, arrives_us=0, load_g=load, habits=habits or Habits())
    return Yard(seed, [visit])


def let_in(yard: Yard, end: int = 0) -> None:
    yard.booms[end].level = Drive.RAISE
    yard.approach_green[end] = yard.booms[end].is_open


def let_out(yard: Yard, end: int) -> None:
    yard.booms[end].level = Drive.RAISE
    yard.deck_green[end] = yard.booms[end].is_open


def clear(yard: Yard, end: int) -> bool:
    return all(
        yard.presence(end, kind) is Contact.CLEAR for kind in ("arm", "beam_low", "beam_high")
    )


def drive_on(yard: Yard, limit_s: float = 60.0) -> tuple[Driver, float]:
    """Let the first truck in until it stands; return its driver and the instant, seconds."""
    driver = yard.drivers[0]
    while driver.mind is not Mind.STANDING:
        assert yard.now_us < limit_s * 1e6, f"still {driver.mind} at {driver.vehicle.s_m:.1f} m"
        let_in(yard, driver.vehicle.end)
        yard.advance(STEP_US)
    return driver, yard.now_us / 1e6


def weigh(yard: Yard) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All samples since the last call: seconds (n,), calibrated sum of the cells, kg (n,)."""
    t_us, counts = yard.converter.take()
    cells = yard.cells
    kg = (counts - cells.zero_counts) / cells.counts_per_kg
    return t_us / 1e6, np.asarray(kg.sum(axis=1))
