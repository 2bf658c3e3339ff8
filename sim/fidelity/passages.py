"""Weighings of the yard that mirror recorded ones: the same kind of vehicle with the same mass."""

from __future__ import annotations

from random import Random

import numpy as np

from hal.ports import Drive
from sim.cab import Mind
from sim.driver import Driver
from sim.fidelity.trace import Floats, Trace, zeroed
from sim.scale import RATE_HZ
from sim.truck import build_truck
from sim.world import Options, Visit, Yard

KINDS = {
    "R2": "2-axle truck",
    "R3": "3-axle truck",
    "R4": "4-axle truck",
    "A4": "4-axle train",
    "A5": "5-axle train",
    "A6": "6-axle train",
    "D4": "4-axle drawbar train",
    "D5": "5-axle drawbar train",
}
"""The recorded kinds as the yard calls them."""
STEP_US = 25_000
EMPTY_US = 6_000_000
STANDS_US = 14_000_000
GIVE_UP_US = 120_000_000
_WIND_G = (200.0, 800.0, 800.0, 2_500.0, 6_000.0)


def mirrored(traces: list[Trace], rounds: int = 2) -> list[Trace]:
    """Weigh in the yard what the traces saw, ``rounds`` times with other chances."""
    return [
        weighed(trace.kind, trace.mass_kg, 1000 * turn + i)
        for turn in range(rounds)
        for i, trace in enumerate(traces)
    ]


def weighed(kind: str, mass_kg: float, seed: int) -> Trace:
    """Drive one vehicle of a recorded kind onto a deck of its own and let it stand."""
    rng = Random(f"fidelity {seed}")
    truck = build_truck(rng, KINDS[kind])
    load_g = max(0, round(mass_kg * 1000) - truck.tare_g)
    visit = Visit(truck=truck, end=0, arrives_us=EMPTY_US, load_g=load_g)
    options = Options(site_seed=seed, wind_rms_g=rng.choice(_WIND_G))
    yard = Yard(seed, [visit], options)
    return _driven(yard, kind, seed)


def _driven(yard: Yard, kind: str, seed: int) -> Trace:
    driver = yard.drivers[0]
    axles = np.array(driver.vehicle.truck.axles_m)
    way: list[tuple[float, float]] = []
    pieces = []
    stop_s = 0.0
    while driver.mind is not Mind.STANDING:
        if yard.now_us > GIVE_UP_US:
            raise RuntimeError(f"seed {seed}: still {driver.mind} at {driver.vehicle.s_m:.1f} m")
        _let_in(yard)
        yard.advance(STEP_US)
        pieces.append(yard.converter.take())
        way.append((yard.now_us / 1e6, driver.vehicle.s_m))
        if driver.vehicle.v_mps != 0.0:
            stop_s = yard.now_us / 1e6
    yard.advance(STANDS_US - (yard.now_us - round(stop_s * 1e6)))
    pieces.append(yard.converter.take())
    t_s = np.concatenate([t for t, _ in pieces]) / 1e6
    counts = np.concatenate([c for _, c in pieces])
    return _as_trace(yard, driver, kind, t_s, counts, axles, np.array(way), stop_s)


def _let_in(yard: Yard) -> None:
    yard.booms[0].level = Drive.RAISE
    yard.approach_green[0] = yard.booms[0].is_open


def _as_trace(
    yard: Yard,
    driver: Driver,
    kind: str,
    t_s: Floats,
    counts: np.typing.NDArray[np.int64],
    axles: Floats,
    way: Floats,
    stop_s: float,
) -> Trace:
    cells = yard.cells
    on_s = np.array([way[np.argmax(way[:, 1] > a), 0] for a in axles])
    seen = t_s > on_s[0] - EMPTY_US / 1e6
    kg = (counts - cells.zero_counts) / cells.counts_per_kg
    return Trace(
        name=f"yard {yard.seed}",
        kind=kind,
        t_s=t_s[seen],
        kg=zeroed(t_s[seen], kg[seen], float(on_s[0])),
        rate_hz=float(RATE_HZ),
        cell_x_m=np.repeat(cells.row_x_m, 2),
        cell_y_m=np.tile([cells.spacing_y_m / 2, -cells.spacing_y_m / 2], 4),
        platform_m=cells.platform_m,
        mass_kg=driver.vehicle.mass_g / 1000,
        axles_m=axles - axles[0],
        on_s=on_s,
        stop_s=stop_s,
    )
