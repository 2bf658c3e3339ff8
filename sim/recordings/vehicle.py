"""Trucks as bodies on springs: axle loads, suspension, tyres, hulls and engine."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.recordings.builds import BUILDS, Build
from sim.recordings.ranges import G, Ranges, between, log_between

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Idle: firing frequency, force in kg, and the two slower orders with theirs."""

    fire_hz: float
    amp_kg: float
    orders: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Body:
    """A rigid mass: kg, m behind the front axle, inertias kg m², and its axles."""

    mass_kg: float
    at_m: float
    height_m: float
    pitch_kgm2: float
    roll_kgm2: float
    roll_hz: float
    roll_damping: float
    axles: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Truck:
    """A truck ready to drive; arrays run over axles, `friction_n` and `stick_n_m` (2, axles)."""

    name: str
    suspension: str
    offsets_m: Array
    axle_kg: Array
    unsprung_kg: Array
    tyre_n_m: Array
    tyre_ns_m: Array
    spring_n_m: Array
    damper_ns_m: Array
    friction_n: Array
    stick_n_m: Array
    bodies: tuple[Body, ...]
    fifth_wheel_m: float | None
    hulls_m: tuple[tuple[float, float], ...]
    across_m: Array
    engine: Engine
    surge_hz: float
    surge_damping: float

    @property
    def mass_kg(self) -> float:
        """The mass that the deck must show when all axles stand on it."""
        return float(self.axle_kg.sum())

    @property
    def length_m(self) -> float:
        """From the first axle to the last."""
        return float(self.offsets_m[-1])


def draw_truck(rng: np.random.Generator, name: str, ranges: Ranges, light: bool = False) -> Truck:
    """Draw one truck of the kind `name`; `light` draws a van."""
    build = BUILDS[name]
    stretch = between(rng, ranges.wheelbase)
    offsets = np.concatenate([[0.0], np.cumsum([between(rng, g) for g in build.gaps_m])]) * stretch
    axle_kg = _axle_loads(rng, build, between(rng, ranges.payload), light)
    unsprung = np.minimum(rng.uniform(520, 850, len(offsets)), 0.3 * axle_kg)
    bodies, fifth = _bodies(rng, build, offsets, axle_kg, unsprung)
    first, second = _suspensions(rng)
    kinds = [first if i < _second_from(build) else second for i in range(len(offsets))]
    steel = np.array([k == "steel" for k in kinds])
    springs = _springs(rng, axle_kg - unsprung, steel)
    return Truck(
        name=name,
        suspension=f"{first}/{second}",
        offsets_m=offsets,
        axle_kg=axle_kg,
        unsprung_kg=unsprung,
        bodies=bodies,
        fifth_wheel_m=fifth,
        hulls_m=_hulls(rng, build, offsets),
        across_m=_across(rng, offsets),
        engine=_engine(rng),
        surge_hz=between(rng, (2.4, 4.5)),
        surge_damping=between(rng, (0.35, 0.8)),
        **springs,
    )


def _second_from(build: Build) -> int:
    return build.trailer_from if build.trailer_from is not None else build.groups[0]


def _suspensions(rng: np.random.Generator) -> tuple[str, str]:
    pick = rng.choice(4, p=[0.46, 0.34, 0.12, 0.08])
    return (("steel", "steel"), ("air", "air"), ("steel", "air"), ("air", "steel"))[pick]


def _axle_loads(rng: np.random.Generator, build: Build, scale: float, light: bool) -> Array:
    empty = between(rng, build.empty_kg)
    fill = float(rng.choice([rng.uniform(0, 0.12), rng.uniform(0.15, 1.08)], p=[0.12, 0.88]))
    if light:
        empty, fill = between(rng, (1900.0, 3600.0)), fill * 0.12
    load = build.payload_kg * fill * scale
    share = np.array(build.loaded) * rng.uniform(0.9, 1.1, len(build.loaded))
    groups = empty * np.array(build.empty) * rng.uniform(0.94, 1.06, len(build.empty))
    groups = groups + load * share / share.sum()
    axles = np.concatenate([np.full(n, kg / n) for n, kg in zip(build.groups, groups, strict=True)])
    return np.round(axles, 2)


def _bodies(
    rng: np.random.Generator, build: Build, offsets: Array, axle_kg: Array, unsprung: Array
) -> tuple[tuple[Body, ...], float | None]:
    sprung = axle_kg - unsprung
    cut = build.trailer_from
    if cut is None:
        return (_body(rng, sprung, offsets, range(len(offsets))),), None
    if build.drawbar:
        front = _body(rng, sprung[:cut], offsets[:cut], range(cut))
        return (front, _body(rng, sprung[cut:], offsets[cut:], range(cut, len(offsets)))), None
    own = between(rng, (6800.0, 8600.0))
    own = min(own, 0.9 * float(axle_kg[:cut].sum()))
    kingpin = float(axle_kg[:cut].sum()) - own
    front_part = float(np.clip((axle_kg[0] - 0.6 * own) / kingpin, 0.02, 0.35))
    carried = np.full(cut, kingpin * (1 - front_part) / (cut - 1))
    carried[0] = kingpin * front_part
    at = float(carried @ offsets[:cut]) / kingpin
    tractor = _body(rng, np.maximum(sprung[:cut] - carried, 150.0), offsets[:cut], range(cut))
    loads = np.append(sprung[cut:], kingpin)
    trailer = _body(rng, loads, np.append(offsets[cut:], at), range(cut, len(offsets)))
    return (tractor, trailer), at


def _body(rng: np.random.Generator, loads: Array, at: Array, axles: range) -> Body:
    mass = float(loads.sum())
    centre = float(loads @ at) / mass
    reach = float(at.max() - at.min()) + 1.5
    radius = reach * between(rng, (0.28, 0.36))
    return Body(
        mass_kg=mass,
        at_m=centre,
        height_m=between(rng, (0.9, 1.3)) + 0.7 * min(mass / 30000.0, 1.0),
        pitch_kgm2=mass * radius**2,
        roll_kgm2=mass * 1.3,
        roll_hz=between(rng, (0.65, 1.15)),
        roll_damping=between(rng, (0.06, 0.16)),
        axles=tuple(axles),
    )


def _springs(rng: np.random.Generator, sprung: Array, steel: Array) -> dict[str, Array]:
    """Tyres by what the axle is built for; springs by load; leaf friction in two elements."""
    n = len(sprung)
    rated = np.maximum(sprung, 5200.0)
    tyre = 1.58e6 * between(rng, (0.85, 1.15)) * (0.55 + 0.45 * rated / 8000.0)
    tyre = np.where(sprung < 1400.0, 0.65 * tyre, np.where(sprung < 2600.0, 0.9 * tyre, tyre))
    air_hz = between(rng, (2.05, 2.8))
    leaf_hz = between(rng, (1.7, 2.3))
    spring = np.where(
        steel,
        np.sqrt(sprung * rated) * (2 * np.pi * leaf_hz) ** 2,
        np.maximum(sprung, 0.45 * rated) * (2 * np.pi * air_hz) ** 2,
    )
    damping = np.where(steel, between(rng, (0.02, 0.06)), between(rng, (0.14, 0.32)))
    friction = np.where(steel, between(rng, (0.07, 0.15)), between(rng, (0.002, 0.006)))
    stick = np.where(steel, between(rng, (2.5, 6.0)), between(rng, (0.2, 0.4)))
    part = np.array([[0.3], [0.7]])
    return {
        "tyre_n_m": tyre,
        "tyre_ns_m": 2 * between(rng, (0.065, 0.11)) * np.sqrt(tyre * sprung),
        "spring_n_m": spring,
        "damper_ns_m": 2 * damping * np.sqrt(spring * sprung),
        "friction_n": part * friction * G * np.sqrt(sprung * rated) * np.ones((2, n)),
        "stick_n_m": part * stick * spring,
    }


def _hulls(
    rng: np.random.Generator, build: Build, offsets: Array
) -> tuple[tuple[float, float], ...]:
    front = -between(rng, (1.22, 1.5))
    rear = between(rng, (0.85, 1.4)) + float(offsets[-1])
    if not build.drawbar or build.trailer_from is None:
        return ((front, rear),)
    cut = build.trailer_from
    gap_from = float(offsets[cut - 1]) + between(rng, (1.0, 1.45))
    gap_to = float(offsets[cut]) - between(rng, (0.85, 1.15))
    return ((front, gap_from), (gap_to, rear))


def _across(rng: np.random.Generator, offsets: Array) -> Array:
    """Where each axle's load stands across the deck, left positive; a truck may stand askew."""
    wide = rng.random() < 0.25
    middle = float(np.clip(rng.normal(0, 0.4 if wide else 0.07), -0.6, 0.6))
    angle = float(np.clip(rng.normal(0, 0.0045), -0.012, 0.012))
    return np.asarray(np.clip(middle + angle * (offsets - offsets[-1] / 2), -0.65, 0.65))


def _engine(rng: np.random.Generator) -> Engine:
    six = rng.random() < 0.6
    fire = float(np.clip(rng.normal(30, 7.5), 17, 47))
    slow = (1 / 3, 1 / 6) if six else (1 / 2, 1 / 4)
    return Engine(
        fire_hz=fire,
        amp_kg=log_between(rng, (3.2, 34.0)),
        orders=tuple((order, log_between(rng, (0.25, 2.5))) for order in slow),
    )
