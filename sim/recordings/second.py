"""The second vehicle that drives onto the deck behind the first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.recordings.drive import Drive, axles_on_s
from sim.recordings.march import cell_loads_kg
from sim.recordings.mechanics import Mechanics
from sim.recordings.ranges import CONTACT_M, STEP_S, Ranges, between
from sim.recordings.road import Road
from sim.recordings.scene import Scene
from sim.recordings.vehicle import Truck, draw_truck

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Second:
    """A tailgater: its loads on the cells (steps, cells), its drive and when it touched."""

    truck: Truck
    drive: Drive
    loads_kg: Array
    on_s: float
    touch_s: float
    late: bool

    def event(self) -> dict[str, Any]:
        """As the truth tells it."""
        return {
            "type": "second_vehicle",
            "axle_kg": round(float(self.truck.axle_kg[0]), 1),
            "t0": round(self.on_s, 3),
            "late": self.late,
        }


def add_second(rng: np.random.Generator, scene: Scene, ranges: Ranges, road: Road) -> Second:
    """Let another truck put its front axle on the deck, before or after the first one rests."""
    truck = draw_truck(rng, str(rng.choice(["R2", "R3", "A4", "A6"])), ranges)
    rest, end = scene.drive.stops_s[-1], scene.drive.end_s
    late = bool(rng.random() < 0.65)
    last = axles_on_s(scene.drive, scene.truck.offsets_m)[-1]
    earliest = (last if last is not None else rest) + 0.6
    wanted = rest + (between(rng, (1.5, 6.5)) if late else between(rng, (-1.6, 0.3)))
    drive = _follow(rng, scene, max(wanted, earliest), end)
    loads = cell_loads_kg(
        mechanics := Mechanics(truck, scene.deck),
        drive,
        road,
        np.zeros((len(drive.x_m), mechanics.size)),
    )
    on = axles_on_s(drive, truck.offsets_m[:1])[0]
    touched = int(np.argmax(drive.x_m > -CONTACT_M))
    return Second(
        truck=truck,
        drive=drive,
        loads_kg=loads,
        on_s=on if on is not None else end,
        touch_s=touched * STEP_S,
        late=late,
    )


def _follow(rng: np.random.Generator, scene: Scene, on_s: float, end_s: float) -> Drive:
    """Creep up, put the front axle on at `on_s` and stop behind the first truck's last axle.

    Like the recorded followers, it may come closer than two hulls could: the weights count.
    """
    room = float(scene.drive.x_m[-1]) - scene.truck.length_m - 0.6
    reach = float(np.clip(between(rng, (0.3, 1.5)), 0.25, max(room, 0.3)))
    speed, slowing = between(rng, (0.6, 1.4)), between(rng, (0.35, 0.8))
    slowing = max(slowing, 0.55 * speed**2 / reach)
    times = np.arange(len(scene.drive.x_m)) * STEP_S
    brake_s = (reach - 0.5 * speed**2 / slowing) / speed + on_s
    v = np.clip(speed - slowing * (times - brake_s), 0.0, speed)
    x = np.cumsum(v) * STEP_S
    x -= np.interp(on_s, times, x)
    return Drive(x_m=np.maximum(x, -40.0), speed_m_s=v, stops_s=(), speed_kmh=3.6 * speed)
