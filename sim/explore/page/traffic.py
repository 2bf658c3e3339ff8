"""Where every vehicle is, from its coming to its going, with its mass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from sim.cab import Habits
from sim.driver import Driver
from sim.explore.page.track import Line, Steps
from sim.world import ENDS, Yard

PATH_ERROR_CM = 2


class Stay(Struct, kw_only=True):
    """One stretch of time in which a vehicle was about; the path is that of its front, cm."""

    from_ms: int
    until_ms: int
    mass_g: int
    path: Line


class Traffic:
    """Follows every driver of the yard."""

    def __init__(self) -> None:
        self._stays: dict[int, list[Stay]] = {}
        self._minds: dict[int, Steps] = {}
        self._here: dict[int, Stay] = {}

    def note(self, yard: Yard, now_ms: int) -> None:
        """Take down where the vehicles are."""
        for number, driver in enumerate(yard.drivers):
            vehicle = driver.vehicle
            self._minds.setdefault(number, Steps()).put(now_ms, driver.mind.value)
            stay = self._here.get(number)
            if not vehicle.present:
                self._here.pop(number, None)
                continue
            if stay is None or stay.mass_g != vehicle.mass_g:
                stay = Stay(
                    from_ms=now_ms,
                    until_ms=now_ms,
                    mass_g=vehicle.mass_g,
                    path=Line(PATH_ERROR_CM),
                )
                self._here[number] = stay
                self._stays.setdefault(number, []).append(stay)
            stay.until_ms = now_ms
            stay.path.put(now_ms, round(vehicle.s_m * 100))

    def cut(self) -> None:
        """Nobody looked for a while."""
        for stay in self._here.values():
            stay.path.cut()

    def told(self, yard: Yard) -> list[dict[str, Any]]:
        """The vehicles, in the order of their numbers."""
        return [self._vehicle(number, driver) for number, driver in enumerate(yard.drivers)]

    def _vehicle(self, number: int, driver: Driver) -> dict[str, Any]:
        truck = driver.vehicle.truck
        return {
            "number": driver.vehicle.number,
            "title": truck.title,
            "plate": truck.plate.text,
            "registered": truck.registered,
            "end": ENDS[driver.vehicle.end],
            "axles": [round(axle * 100) for axle in truck.axles_m],
            "length": round(truck.length_m * 100),
            "limit_g": truck.limit_g,
            "driver": manner(driver.habits),
            "minds": self._minds[number].told() if number in self._minds else Steps().told(),
            "stays": [
                {
                    "from": stay.from_ms,
                    "until": stay.until_ms,
                    "mass_g": stay.mass_g,
                    "path": stay.path.told(),
                }
                for stay in self._stays.get(number, [])
            ],
        }


def manner(habits: Habits) -> str:
    """What sets a driver apart from a good one, in words."""
    usual = msgspec.structs.asdict(Habits())
    own = msgspec.structs.asdict(habits)
    return ", ".join(_unlike({key: own[key] for key in own if own[key] != usual[key]})) or "good"


def _unlike(traits: dict[str, Any]) -> Iterator[str]:
    for key, value in traits.items():
        name, _, unit = key.rpartition("_")
        if value is True:
            yield key.replace("_", " ")
        elif unit == "us":
            yield f"{name.replace('_', ' ')} {value / 1e6:g} s"
        elif unit == "g":
            yield f"{name.replace('_', ' ')} {value / 1e6:.2f} t"
        elif unit == "m":
            yield f"{name.replace('_', ' ')} {value:+.2f} m"
        else:
            yield f"{key.replace('_', ' ')} {value}"
