"""One recorded passage: draws the scene, marches the physics, samples it, tells the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.recordings.converter import Clock, draw_clock, hum_kg, sample_times, sinc_sampled
from sim.recordings.deck import Deck
from sim.recordings.disturb import (
    Disturbances,
    add_braking,
    add_engine_off,
    add_lift_axle,
    add_park_brake,
    add_person,
    add_ring,
    add_rocking,
    add_wind,
    engine_kg,
)
from sim.recordings.faults import CellFault, draw_fault
from sim.recordings.march import cell_loads_kg
from sim.recordings.mechanics import Mechanics
from sim.recordings.ranges import RECORDED, WIDE, Ranges, between
from sim.recordings.road import Road
from sim.recordings.scene import Scene, draw_scene
from sim.recordings.second import Second, add_second

Array = npt.NDArray[np.float64]
Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What happened, before the converter writes it down; loads (samples, cells) in kg."""

    seed: int
    scene: Scene
    wind_rms_kg: float
    second: Second | None
    fault: CellFault | None
    events: list[Event]
    occupied_s: list[tuple[float, float]]
    clock: Clock
    times_s: Array
    loads_kg: Array
    settling_kg: Array

    @property
    def deck(self) -> Deck:
        """The deck it happened on."""
        return self.scene.deck


def make_passage(seed: int, classes: tuple[str, ...] | None = None, wide: bool = False) -> Passage:
    """Make the passage of `seed`: the same seed gives the same passage, whatever else runs."""
    ranges = WIDE if wide else RECORDED
    rng = np.random.default_rng([20240607, int(wide), seed])
    scene = draw_scene(rng, ranges, classes)
    mechanics = Mechanics(scene.truck, scene.deck)
    d = Disturbances(rng, mechanics, scene.drive)
    wind = _disturb(rng, d, scene, ranges)
    road = Road(rng, ranges, scene.deck)
    loads = cell_loads_kg(mechanics, scene.drive, road, d.push_n)
    second = add_second(rng, scene, ranges, road) if scene.cls == "tailgate" else None
    if second is not None:
        loads = loads + second.loads_kg
        d.events.append(second.event())
    return _sampled(rng, seed, scene, d, loads, wind, second, ranges)


def _disturb(rng: np.random.Generator, d: Disturbances, scene: Scene, ranges: Ranges) -> float:
    add_ring(d)
    wind = add_wind(d, ranges)
    rest = scene.drive.stops_s[-1] if scene.drive.stops_s else None
    if rest is not None:
        if scene.cls == "rocking":
            add_rocking(d, rest)
        if rng.random() < 0.17:
            add_engine_off(d, rest)
        if rng.random() < 0.4:
            add_park_brake(d, rest)
        if scene.cls == "ok":
            if rng.random() < 0.05 and len(scene.truck.offsets_m) > 2:
                add_lift_axle(d, rest)
            if rng.random() < 0.05:
                add_person(d, rest, bool(rng.random() < 0.35))
    add_braking(d)
    return wind


def _sampled(
    rng: np.random.Generator,
    seed: int,
    scene: Scene,
    d: Disturbances,
    loads: Array,
    wind: float,
    second: Second | None,
    ranges: Ranges,
) -> Passage:
    deck, drive = scene.deck, scene.drive
    clock = draw_clock(rng, deck)
    times = sample_times(clock, drive.end_s)
    events = list(d.events)
    settling = sinc_sampled(loads, clock, times)
    loads = loads + d.deck_kg + engine_kg(d)
    if rng.random() < 0.28:
        amp = between(rng, ranges.hum_kg)
        loads = loads + hum_kg(rng, d.times, amp, deck.cells)
        events.append({"type": "hum", "amp_kg": round(amp, 1)})
    loads = loads + _weather(rng, d.times, deck.cells, events)
    sampled = sinc_sampled(loads, clock, times)
    rest = drive.stops_s[-1] if drive.stops_s else drive.end_s - 8.0
    fault = draw_fault(rng, sampled, times, rest) if scene.cls == "cell_fault" else None
    if fault is not None:
        events.append(fault.event())
    return Passage(
        seed=seed,
        scene=scene,
        wind_rms_kg=wind,
        second=second,
        fault=fault,
        events=events,
        occupied_s=d.occupied_s,
        clock=clock,
        times_s=times,
        loads_kg=sampled,
        settling_kg=settling.sum(1),
    )


def _weather(rng: np.random.Generator, times: Array, cells: int, events: list[Event]) -> Array:
    """Mud and water lying on the deck all the time, and rain that gathers."""
    extra = np.zeros((len(times), cells))
    if rng.random() < 0.42:
        kg = between(rng, (15.0, 200.0))
        extra += kg * rng.dirichlet(np.full(cells, 1.2))
        events.append({"type": "mud_water", "kg": round(kg, 1)})
    if rng.random() < 0.05:
        rate = between(rng, (0.1, 0.17))
        extra += (rate * times)[:, None] / cells
        events.append({"type": "rain", "kg_per_s": round(rate, 3)})
    return extra
