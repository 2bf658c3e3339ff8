"""What shakes the truck besides the road: driver, engine, brake, wind, people, a lifted axle."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.drive import Drive
from sim.recordings.mechanics import Mechanics
from sim.recordings.ranges import STEP_S, G, Ranges, between, log_between

Array = npt.NDArray[np.float64]
Event = dict[str, Any]


class Disturbances:
    """Collects forces on the truck's freedoms, loads laid on the deck, and their events."""

    def __init__(self, rng: np.random.Generator, mechanics: Mechanics, drive: Drive) -> None:
        self.rng, self.mechanics, self.drive = rng, mechanics, drive
        self.times = np.arange(len(drive.x_m), dtype=np.float64) * STEP_S
        self.push_n = np.zeros((len(self.times), mechanics.size))
        self.deck_kg = np.zeros((len(self.times), mechanics.deck.cells))
        self.events: list[Event] = []
        self.engine_off_s = np.inf
        self.occupied_s: list[tuple[float, float]] = []
        self.surge = np.zeros(len(self.times))

    def lift(self, body: int, force_n: Array) -> None:
        """Push a body's centre up."""
        self.push_n[:, : self.mechanics.motions] += force_n[:, None] * self.mechanics.heave[body]

    def links(self, body: int, force_n: Array) -> None:
        """Push a body up off its own wheels, as brake links do; the gross stays."""
        axles = list(self.mechanics.truck.bodies[body].axles)
        pull = self.mechanics.stretch[axles].mean(0)
        self.push_n += force_n[:, None] * pull

    def dive(self, body: int, moment_nm: Array) -> None:
        """Turn a body's front down."""
        self.push_n[:, : self.mechanics.motions] += moment_nm[:, None] * self.mechanics.pitch[body]

    def lean(self, body: int, moment_nm: Array) -> None:
        """Turn a body to its side."""
        self.push_n[:, self.mechanics.roll.start + body] += moment_nm

    def after(self, start_s: float, shape: Callable[[Array], Array]) -> Array:
        """`shape` of the seconds since `start_s`, zero before."""
        since = self.times - start_s
        return np.where(since >= 0, shape(np.maximum(since, 0.0)), 0.0)


def add_braking(d: Disturbances) -> None:
    """Deceleration, felt through tyres and bushes, dives the bodies and lets them rock back.

    The links that carry the brakes' reaction also lift a body off its wheels, or pull it down.
    """
    truck = d.mechanics.truck
    speed = d.drive.speed_m_s
    slowing = -np.gradient(speed, STEP_S) + d.surge
    felt = _through_bushes(slowing, truck.surge_hz, truck.surge_damping)
    felt *= float(np.exp(d.rng.normal(0.0, 0.4)))
    for k, body in enumerate(truck.bodies):
        d.dive(k, 1.2 * body.mass_kg * body.height_m * felt)
        d.links(k, float(d.rng.normal(0.0, 0.25)) * body.mass_kg * felt)


def _through_bushes(slowing: Array, hz: float, damping: float) -> Array:
    omega, x, v = 2 * np.pi * hz, 0.0, 0.0
    felt = np.empty(len(slowing))
    for k, wanted in enumerate(slowing.tolist()):
        v += STEP_S * (omega * omega * (wanted - x) - 2 * damping * omega * v)
        x += STEP_S * v
        felt[k] = x
    return felt


def add_ring(d: Disturbances) -> None:
    """Traffic and pumps around the pit keep the spans ringing a little."""
    deck = d.mechanics.deck
    shape = (len(d.times), len(deck.span_hz))
    quiet = np.stack([_gusts(d.rng, shape[0], 5.0) for _ in range(shape[1])], 1)
    noise = np.diff(quiet, axis=0, prepend=quiet[:1]) / 0.28
    d.push_n[:, d.mechanics.span] += noise * deck.span_ring_n


def add_wind(d: Disturbances, ranges: Ranges) -> float:
    """Gusts under and against the box; returns their rms in kg."""
    windy = d.rng.random() < 0.3
    rms = log_between(d.rng, ranges.wind_kg) if windy else abs(float(d.rng.normal(0, 0.4)))
    rms *= min(d.mechanics.deck.e_kg / 20, 1.0)
    if windy:
        d.events.append({"type": "wind", "rms_kg": round(rms, 2)})
    for k in range(len(d.mechanics.truck.bodies)):
        share = rms * G / np.sqrt(len(d.mechanics.truck.bodies))
        gust = _gusts(d.rng, len(d.times), between(d.rng, (0.25, 1.2)))
        d.lift(k, share * gust)
        d.lean(k, 2.5 * share * gust)
    return rms


def _gusts(rng: np.random.Generator, count: int, corner_hz: float) -> Array:
    """Low-passed noise of unit rms."""
    keep = float(np.exp(-2 * np.pi * corner_hz * STEP_S))
    noise = rng.normal(0, np.sqrt(1 - keep * keep), count).tolist()
    out, value = np.empty(count), float(rng.normal())
    for k, step in enumerate(noise):
        value = keep * value + step
        out[k] = value
    return out


def add_park_brake(d: Disturbances, rest_s: float) -> None:
    """The brake chambers take the chassis with a jerk."""
    t0 = rest_s + between(d.rng, (0.4, 2.8))
    jerk = between(d.rng, (0.05, 0.35)) * float(d.rng.choice([-1.0, 1.0]))
    fade = between(d.rng, (0.06, 0.2))
    d.surge += d.after(t0, lambda t: jerk * np.exp(-t / fade))
    d.events.append({"type": "park_brake", "t0": round(t0, 3)})


def add_engine_off(d: Disturbances, rest_s: float) -> None:
    """The engine shakes through its mounts as it runs down."""
    t0 = rest_s + between(d.rng, (1.4, 5.2))
    force = between(d.rng, (0.02, 0.06)) * min(d.mechanics.truck.mass_kg, 20000.0) * G
    start, length = between(d.rng, (9.0, 13.0)), between(d.rng, (0.4, 0.7))
    shake = d.after(
        t0,
        lambda t: np.where(
            t < length,
            np.sin(2 * np.pi * (start * t - 0.25 * start * t**2 / length))
            * np.sin(np.pi * np.clip(t / length, 0, 1)),
            0.0,
        ),
    )
    d.lift(0, force * shake)
    d.dive(0, 0.8 * force * shake)
    d.lean(0, 0.3 * force * shake)
    d.engine_off_s = t0
    d.events.append({"type": "engine_off", "t0": round(t0, 3)})


def add_lift_axle(d: Disturbances, rest_s: float) -> None:
    """Bellows take load off one axle and lay it on the others; the gross stays."""
    truck, m = d.mechanics.truck, d.mechanics
    axle = int(d.rng.choice(_liftable(len(truck.offsets_m))))
    t0, length = rest_s + between(d.rng, (2.4, 3.5)), between(d.rng, (1.6, 2.1))
    pull = truck.axle_kg[axle] * G * between(d.rng, (0.03, 0.2))
    ramp = d.after(t0, lambda t: pull * np.clip(t / length, 0.0, 1.0))
    knock = 0.25 * pull * (_knock(d, t0) + _knock(d, t0 + length))
    d.push_n[:, m.wheel.start + axle] += ramp + knock
    d.push_n[:, : m.motions] -= (ramp + knock)[:, None] * m.seat[axle]
    d.events.append({"type": "lift_axle", "axle": axle, "t0": round(t0, 3)})


def _liftable(axles: int) -> list[int]:
    return list(range(max(1, axles - 3), axles)) if axles > 2 else [1]


def _knock(d: Disturbances, at_s: float) -> Array:
    return d.after(at_s, lambda t: np.exp(-t / 0.08) * np.sin(2 * np.pi * 3.0 * t))


def add_person(d: Disturbances, rest_s: float, at_stop: bool) -> None:
    """Somebody steps on the deck, walks a little, and steps off again."""
    kg = between(d.rng, (65.0, 110.0))
    t0 = rest_s + (between(d.rng, (-0.5, 0.5)) if at_stop else between(d.rng, (1.0, 5.0)))
    t1 = min(t0 + between(d.rng, (2.5, 6.0)), d.times[-1] - 1.0)
    rise = between(d.rng, (0.3, 0.6))
    up = np.clip((d.times - t0) / rise, 0, 1) * np.clip((t1 - d.times) / rise, 0, 1)
    gait = 1 + 0.12 * np.sin(2 * np.pi * 1.9 * (d.times - t0)) * (d.times < t0 + 1.5)
    deck = d.mechanics.deck
    path = between(d.rng, (0.5, deck.length_m - 0.5)) + 0.3 * np.clip(d.times - t0, 0, 1.5)
    side = float(d.rng.choice([-1.0, 1.0])) * between(d.rng, (0.8, 1.2))
    d.deck_kg += lay_on(deck, kg * up * gait, np.minimum(path, deck.length_m), side)
    d.occupied_s.append((t0, t1))
    event = {"type": "person", "kg": round(kg, 1), "t0": round(t0, 3), "t1": round(t1, 3)}
    d.events.append(event)


def lay_on(deck: Deck, kg: Array, x_m: Array, across_m: float) -> Array:
    """A load on the deck at `x_m` and `across_m` as seen by the cells: (steps, cells)."""
    rows = kg[:, None] * deck.lever(x_m)
    left = rows * (0.5 + across_m / deck.across_m)
    return np.stack([left, rows - left], -1).reshape(len(kg), -1)


def add_rocking(d: Disturbances, rest_s: float) -> None:
    """The driver rocks the truck with clutch and brake, near its own frequency."""
    t0 = rest_s + between(d.rng, (0.1, 1.1))
    hz = between(d.rng, (1.2, 2.3))
    strength = log_between(d.rng, (0.5, 3.0)) * (0.6 + 0.4 * _gusts(d.rng, len(d.times), 0.15))
    turn = 2 * np.pi * (hz * d.times + 0.15 * np.cumsum(_gusts(d.rng, len(d.times), 0.3)) * STEP_S)
    jerk = d.after(t0, lambda t: np.minimum(t / 0.8, 1.0)) * strength * np.sin(turn)
    d.surge += jerk
    for k, body in enumerate(d.mechanics.truck.bodies):
        d.links(k, 0.06 * body.mass_kg * jerk)
    end = round(float(d.times[-1]), 3)
    d.events.append({"type": "rocking", "t0": round(t0, 3), "t1": end})


def engine_kg(d: Disturbances) -> Array:
    """The idling engine as the cells under the front axle feel it: (steps, cells)."""
    engine, deck = d.mechanics.truck.engine, d.mechanics.deck
    front = d.drive.x_m - 0.3
    shake = np.zeros(len(d.times))
    turns = np.cumsum(engine.fire_hz * (1 + 0.002 * _gusts(d.rng, len(d.times), 0.5))) * STEP_S
    for order, amp in ((1.0, engine.amp_kg), *engine.orders):
        shake += amp * np.sin(2 * np.pi * (turns * order + d.rng.random()))
    running = np.clip((d.engine_off_s + 0.3 - d.times) / 0.3, 0.0, 1.0)
    load = shake * running * deck.on(front)
    return lay_on(deck, load, np.clip(front, 0.0, deck.length_m), 0.1)
