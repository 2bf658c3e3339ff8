"""How the driver brings the truck onto the deck: position and deceleration over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.ranges import CONTACT_M, STEP_S, Ranges, between
from sim.recordings.vehicle import Truck

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Drive:
    """The front axle's place `x_m` behind the entry edge and its speed, every `STEP_S`."""

    x_m: Array
    speed_m_s: Array
    stops_s: tuple[float, ...]
    speed_kmh: float

    @property
    def end_s(self) -> float:
        """The last instant."""
        return (len(self.x_m) - 1) * STEP_S


class _Foot:
    """Builds a speed profile piece by piece."""

    def __init__(self, speed_m_s: float) -> None:
        self.pieces: list[Array] = []
        self.speed = speed_m_s

    def steady(self, seconds: float) -> None:
        self.pieces.append(np.full(max(0, round(seconds / STEP_S)), self.speed))

    def to(self, speed_m_s: float, rate_m_s2: float, build_s: float = 0.3) -> None:
        """Change speed at `rate_m_s2`, pressed or released over `build_s`."""
        change = speed_m_s - self.speed
        seconds = abs(change) / rate_m_s2 + build_s / 2
        t = np.arange(1, max(2, round(seconds / STEP_S)) + 1) * STEP_S
        pedal = np.minimum(t / build_s, 1.0)
        self.pieces.append(self.speed + change * np.cumsum(pedal) / pedal.sum())
        self.speed = speed_m_s

    def metres(self) -> float:
        return float(sum(p.sum() for p in self.pieces)) * STEP_S

    def seconds(self) -> float:
        return sum(len(p) for p in self.pieces) * STEP_S


def _finish(foot: _Foot, first_on_s: float, stops: list[float], kmh: float) -> Drive:
    """Place the truck so that its front axle crosses the edge at `first_on_s`."""
    speed = np.concatenate(foot.pieces)
    x = np.cumsum(speed) * STEP_S
    x -= np.interp(first_on_s, np.arange(len(x)) * STEP_S, x)
    return Drive(
        x_m=x,
        speed_m_s=speed,
        stops_s=tuple(stops),
        speed_kmh=kmh,
    )


def _brake(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(0.76, 0.2), 0.3, 1.25))


def _to_rest(rng: np.random.Generator, foot: _Foot, distance_m: float) -> None:
    """Roll on and brake so that the truck rests `distance_m` further."""
    rate = _brake(rng)
    if foot.speed**2 / (2 * rate) > 0.9 * distance_m:
        rate = foot.speed**2 / (1.8 * distance_m)
    ease = between(rng, (0.05, 0.2)) if rng.random() < 0.45 else 0.0
    ease = min(ease, 0.5 * foot.speed, 0.5 * distance_m)
    trial = _Foot(foot.speed)
    _brake_to_rest(trial, rate, ease)
    foot.steady((distance_m - trial.metres()) / foot.speed)
    _brake_to_rest(foot, rate, ease)


def _brake_to_rest(foot: _Foot, rate_m_s2: float, ease_m_s: float) -> None:
    """Brake; many drivers ease off at walking pace so that the cab does not nod."""
    if ease_m_s > 0.0:
        foot.to(ease_m_s, rate_m_s2)
        foot.to(0.0, 0.3 * rate_m_s2, build_s=0.05)
    else:
        foot.to(0.0, rate_m_s2)


def stop_at(
    rng: np.random.Generator, ranges: Ranges, front_at_m: float, pauses_m: tuple[float, ...]
) -> Drive:
    """Drive on and stop with the front axle at `front_at_m`, after pauses at `pauses_m`."""
    kmh = round(_speed_kmh(rng, ranges), 2)
    foot = _Foot(kmh / 3.6)
    first_on = between(rng, (5.0, 9.0))
    foot.steady(first_on)
    stops: list[float] = []
    at = 0.0
    for goal in (*pauses_m, front_at_m):
        if stops:
            foot.steady(between(rng, (1.6, 3.5)))
            foot.to(min(kmh / 3.6, max(0.25, 0.5 * (goal - at))), between(rng, (0.3, 0.6)))
            at = foot.metres() - kmh / 3.6 * first_on
        _to_rest(rng, foot, max(goal - at, 0.05))
        at = goal
        stops.append(foot.seconds())
    foot.steady(between(rng, (13.0, 16.0)))
    return _finish(foot, first_on, stops, kmh)


def roll_through(rng: np.random.Generator, ranges: Ranges, truck: Truck, deck: Deck) -> Drive:
    """Drive over the deck without stopping, with or without slowing down on it."""
    kmh = round(float(rng.uniform(ranges.speed_kmh[0], ranges.speed_kmh[0] * 1.4)), 2)
    foot = _Foot(kmh / 3.6)
    first_on = between(rng, (5.0, 9.0))
    foot.steady(first_on + (truck.length_m + 0.5) / foot.speed)
    if rng.random() < 0.6:
        foot.to(foot.speed * between(rng, (0.3, 0.85)), between(rng, (0.15, 0.5)))
        foot.steady(between(rng, (0.5, 3.0)))
        foot.to(kmh / 3.6, between(rng, (0.15, 0.4)))
    way = first_on * kmh / 3.6 + deck.length_m + truck.length_m + 0.5
    foot.steady(max(way - foot.metres(), 0.5) / foot.speed + between(rng, (1.0, 3.0)))
    return _finish(foot, first_on, [], kmh)


def _speed_kmh(rng: np.random.Generator, ranges: Ranges) -> float:
    low, high = ranges.speed_kmh
    return low + (high - low) * float(rng.beta(1.0, 1.15))


def axles_on_s(drive: Drive, offsets_m: Array) -> list[float | None]:
    """When the middle of each axle's contact crosses the entry edge; None if it never does."""
    times = np.arange(len(drive.x_m)) * STEP_S
    found: list[float | None] = []
    for offset in offsets_m:
        if drive.x_m[-1] <= offset:
            found.append(None)
            continue
        k = int(np.argmax(drive.x_m > offset))
        found.append(float(np.interp(offset, drive.x_m[k - 1 : k + 1], times[k - 1 : k + 1])))
    return found


def fully_on(drive: Drive, truck: Truck, deck: Deck) -> npt.NDArray[np.bool_]:
    """At each step, whether every axle's whole contact stands on the deck."""
    rear = drive.x_m - truck.length_m
    return (rear >= CONTACT_M) & (drive.x_m <= deck.length_m - CONTACT_M)
