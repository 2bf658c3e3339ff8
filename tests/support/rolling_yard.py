"""A small yard for rolling vehicles: axles that bounce, on a deck of simple spans or on a plate."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from sensors.calibration import Cell, Scale

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]

COUNTS_PER_KG = 150.0
FOOT_M = 0.24
FRONT_M, REAR_M = 1.2, 0.9


class Rolled(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of a deck over which vehicles rolled."""

    scale: Scale
    t_us: Ints
    counts: Ints
    entry_beam: Bytes
    exit_beam: Bytes

    def cut(self, until_s: float, from_s: float = 0.0) -> "Rolled":
        """The samples in between, as if recorded so."""
        rows = (self.t_us < until_s * 1e6) & (self.t_us >= from_s * 1e6)
        return msgspec.structs.replace(
            self,
            t_us=self.t_us[rows],
            counts=self.counts[rows],
            entry_beam=self.entry_beam[rows],
            exit_beam=self.exit_beam[rows],
        )


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """Axles behind the first, metres, and their loads, kilograms; the way of the first axle."""

    offset_m: Sequence[float]
    axle_kg: Sequence[float]
    way_m: Callable[[Floats], Floats]
    bounce: float = 0.03
    bounce_hz: float = 2.3
    gaps_m: Sequence[tuple[float, float]] = ()

    @property
    def gross_kg(self) -> float:
        return float(sum(self.axle_kg))


def steady(kmh: float, arrives_s: float = 4.0) -> Callable[[Floats], Floats]:
    """The way of a first axle that comes onto the deck at `arrives_s` and keeps its speed."""
    return lambda t_s: kmh / 3.6 * (t_s - arrives_s)


def make_scale(length_m: float = 18.0, rows: int = 4, rate_hz: float = 75.0) -> Scale:
    rim = min(0.15, 0.1 * length_m)
    places = [(x, y) for x in np.linspace(rim, length_m - rim, rows) for y in (1.3, -1.3)]
    cells = tuple(
        Cell(
            x_m=float(x),
            y_m=y,
            counts_per_kg=COUNTS_PER_KG,
            zero_counts=300_000.0,
            dead_load_g=1_000_000,
        )
        for x, y in places
    )
    return Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=rate_hz,
        platform_mm=round(1000 * length_m),
        has_beams=True,
        cells=cells,
    )


def roll(scale: Scale, vehicles: Sequence[Vehicle], seconds: float, seed: int = 0) -> Rolled:
    """Let the vehicles roll; reverse the places of the cells for the other direction."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(0.0, seconds, 1 / scale.rate_hz)
    length_m = scale.platform_mm / 1000
    rows_m = np.unique(scale.x_m())
    cells = rng.normal(0.0, 1.0, (len(t_s), len(scale.cells)))
    beams = np.zeros((2, len(t_s)), np.int8)
    for vehicle in vehicles:
        way = vehicle.way_m(t_s)
        cells += np.repeat(_rows_kg(vehicle, way, t_s, rows_m, length_m, rng) / 2, 2, axis=1)
        for k, at_m in enumerate((0.0, length_m)):
            behind = way + FRONT_M - at_m
            body = FRONT_M + vehicle.offset_m[-1] + REAR_M
            there = (behind > 0) & (behind < body)
            for begin, end in vehicle.gaps_m:
                there &= ~((behind > begin + FRONT_M) & (behind < end + FRONT_M))
            beams[k] |= there
    counts = np.round(cells * COUNTS_PER_KG + 300_000).astype(np.int64)
    t_us = np.round(1e6 * t_s).astype(np.int64)
    return Rolled(scale=scale, t_us=t_us, counts=counts, entry_beam=beams[0], exit_beam=beams[1])


def _rows_kg(
    vehicle: Vehicle,
    way_m: Floats,
    t_s: Floats,
    rows_m: Floats,
    length_m: float,
    rng: np.random.Generator,
) -> Floats:
    out = np.zeros((len(t_s), len(rows_m)))
    for offset, load in zip(vehicle.offset_m, vehicle.axle_kg, strict=True):
        phase, hop = rng.uniform(0, 2 * np.pi, 2)
        shake = vehicle.bounce * np.sin(2 * np.pi * vehicle.bounce_hz * t_s + phase)
        shake += vehicle.bounce / 4 * np.sin(2 * np.pi * 10.7 * t_s + hop)
        front = np.clip(way_m - offset + FOOT_M / 2, 0, length_m)
        rear = np.clip(way_m - offset - FOOT_M / 2, 0, length_m)
        force = load * (1 + shake) * (front - rear) / FOOT_M
        place = (front + rear) / 2
        span = np.clip(np.searchsorted(rows_m, place) - 1, 0, len(rows_m) - 2)
        along = (place - rows_m[span]) / (rows_m[span + 1] - rows_m[span])
        out[np.arange(len(t_s)), span] += force * (1 - along)
        out[np.arange(len(t_s)), span + 1] += force * along
    return out
