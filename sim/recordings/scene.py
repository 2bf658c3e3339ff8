"""Who drives onto which deck, and how: the class of a passage decides where the truck stops."""

from dataclasses import dataclass

import numpy as np

from sim.recordings.builds import RECORDED_MIX
from sim.recordings.deck import Deck, draw_deck
from sim.recordings.drive import Drive, roll_through, stop_at
from sim.recordings.ranges import Ranges, between
from sim.recordings.vehicle import Truck, draw_truck

CLASSES = {
    "ok": 0.63,
    "cell_fault": 0.12,
    "not_fully_on": 0.08,
    "tailgate": 0.07,
    "rocking": 0.06,
    "roll_through": 0.04,
}
AT_THE_ENDS = ("not_fully_on", "tailgate")
VERDICTS = {"rocking": "unstable", "roll_through": "unstable"}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A truck, a deck and a drive, of one class."""

    cls: str
    truck: Truck
    deck: Deck
    drive: Drive
    pause_trap: bool


def draw_scene(rng: np.random.Generator, ranges: Ranges, classes: tuple[str, ...] | None) -> Scene:
    """Draw a scene of one of `classes` (all when None), as often as they are recorded."""
    names = classes or tuple(CLASSES)
    weights = np.array([CLASSES[name] for name in names])
    cls = str(rng.choice(names, p=weights / weights.sum()))
    name = _vehicle(rng, ranges)
    light = name == "R2" and rng.random() < 0.2
    truck = draw_truck(rng, name, ranges, light)
    hull_m = truck.hulls_m[-1][1] - truck.hulls_m[0][0]
    deck = draw_deck(rng, ranges, hull_m + 0.65, ranges.beams_for_ends and cls in AT_THE_ENDS)
    if cls == "roll_through":
        return Scene(
            cls=cls,
            truck=truck,
            deck=deck,
            drive=roll_through(rng, ranges, truck, deck),
            pause_trap=False,
        )
    goal = _stop_short(rng, truck, deck) if cls == "not_fully_on" else _place(rng, truck, deck)
    pauses, trap = _pauses(rng, truck, goal, cls)
    drive = stop_at(rng, ranges, goal, pauses)
    return Scene(cls=cls, truck=truck, deck=deck, drive=drive, pause_trap=trap)


def _vehicle(rng: np.random.Generator, ranges: Ranges) -> str:
    if ranges.extra_vehicles and rng.random() < 0.25:
        return str(rng.choice(ranges.extra_vehicles))
    kinds = list(RECORDED_MIX)
    weights = np.array([RECORDED_MIX[k] for k in kinds], dtype=float)
    return str(rng.choice(kinds, p=weights / weights.sum()))


def _place(rng: np.random.Generator, truck: Truck, deck: Deck) -> float:
    """Where the front axle rests: the hull clear of both ends, mostly in the first half."""
    least = truck.hulls_m[-1][1] + between(rng, (0.1, 0.35))
    most = deck.length_m + truck.hulls_m[0][0] - between(rng, (0.1, 0.3))
    return least + max(most - least, 0.0) * float(rng.beta(1.2, 2.2))


def _stop_short(rng: np.random.Generator, truck: Truck, deck: Deck) -> float:
    """Where the front axle rests with an axle off the entry end, or off the exit end."""
    if rng.random() < 0.12:
        return deck.length_m + between(rng, (0.18, 0.9))
    offsets = truck.offsets_m
    axle = int(rng.integers(1, len(offsets)))
    gap = float(offsets[axle] - offsets[axle - 1])
    latest = min(deck.length_m - 0.3, float(offsets[axle]) - 0.15)
    return min(float(offsets[axle]) - min(between(rng, (0.15, 0.9)), 0.75 * gap), latest)


def _pauses(
    rng: np.random.Generator, truck: Truck, goal_m: float, cls: str
) -> tuple[tuple[float, ...], bool]:
    """Places where the driver stops first: a little short, or, as a trap, not yet wholly on."""
    if cls not in ("ok", "cell_fault") or rng.random() > 0.13:
        return (), False
    if rng.random() < 0.2:
        off = float(truck.offsets_m[-1]) - between(rng, (0.2, 0.8))
        return (max(off, 0.6),), True
    inside = goal_m - truck.length_m
    return (goal_m - min(between(rng, (0.25, 0.8)), 0.6 * inside),), False
