"""What truly stands on the deck: the static mass, by where every axle is."""

from __future__ import annotations

from functools import lru_cache

from sim.truck import Truck
from sim.vehicle import PATCH_HALF_M, Vehicle
from sim.world import Yard


def mass_on_deck_g(yard: Yard) -> int:
    """The static mass that the platform carries now: axles, and whatever else stands on it."""
    mass_g = 0.0
    for driver in yard.drivers:
        if driver.vehicle.present and driver.vehicle.near_deck():
            mass_g += _of_vehicle_g(driver.vehicle, yard.layout.platform_m)
    for load in yard.loads:
        mass_g += load.grams(yard.now_us)
    return round(mass_g)


def _of_vehicle_g(vehicle: Vehicle, platform_m: float) -> float:
    """An axle comes onto the deck over the length of its tyres' contact patch."""
    total = 0.0
    truck = vehicle.truck
    for axle_m, mass_g in zip(truck.axles_m, _masses_g(truck, vehicle.load_g), strict=True):
        s = vehicle.s_m - axle_m
        inside = min(s, platform_m - s) + PATCH_HALF_M
        total += mass_g * max(0.0, min(1.0, inside / (2 * PATCH_HALF_M)))
    return total


@lru_cache(maxsize=256)
def _masses_g(truck: Truck, load_g: int) -> tuple[float, ...]:
    return truck.axle_masses_g(load_g)
