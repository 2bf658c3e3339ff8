"""A small yard for the tests: axles on a deck of simple spans, with bounce and noise."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from sensors.calibration import Cell, Scale
from sensors.weigher import Weigher
from sensors.weighing import Weighing

Floats = npt.NDArray[np.float64]

LENGTH_M = 16.0
COUNTS_PER_KG = 140.0
DEAD_KG = 2000
FRONT_M, REAR_M = 1.2, 0.9


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """Samples as a weigher takes them; `way_m` is the position of the first axle."""

    t_us: npt.NDArray[np.int64]
    kg: Floats
    beams: npt.NDArray[np.int64]
    way_m: Floats
    scale: Scale

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        return np.round(self.kg * COUNTS_PER_KG + 300_000).astype(np.int64)

    def run(
        self,
        batch: int = 3,
        beams: bool = True,
        until_us: int | None = None,
        loops: bool = False,
    ) -> Weigher:
        weigher = Weigher(self.scale)
        weigher.see_loops(loops, loops)
        last = len(self.t_us) if until_us is None else int((self.t_us <= until_us).sum())
        counts = self.counts
        for start in range(0, last, batch):
            rows = slice(start, min(start + batch, last))
            pair = (self.beams[rows, 0], self.beams[rows, 1]) if beams else (None, None)
            weigher.push(self.t_us[rows], counts[rows], *pair)
        return weigher


def make_scale(has_beams: bool = True, rate_hz: float = 60.0) -> Scale:
    places = [(x, y) for x in (0.15, 8.0, 15.85) for y in (1.4, -1.4)]
    cells = tuple(
        Cell(
            x_m=x,
            y_m=y,
            counts_per_kg=COUNTS_PER_KG,
            zero_counts=300_000.0,
            dead_load_g=DEAD_KG * 1000,
        )
        for x, y in places
    )
    return Scale(
        max_g=100_000_000,
        e_g=20_000,
        d_g=20_000,
        rate_hz=rate_hz,
        platform_mm=16_000,
        has_beams=has_beams,
        cells=cells,
    )


def drive(t_s: Floats, legs: list[tuple[float, float]]) -> Floats:
    """Way along the deck: legs of (duration, speed), speed changing over 0.5 s."""
    speed = np.zeros_like(t_s)
    start = 0.0
    for duration, mps in legs:
        speed[(t_s >= start) & (t_s < start + duration)] = mps
        start += duration
    dt = float(t_s[1] - t_s[0])
    width = round(0.5 / dt)
    speed = np.convolve(np.pad(speed, width, mode="edge"), np.ones(width) / width, "same")
    return np.asarray(np.cumsum(speed[width:-width]) * dt)


def spread(kg: Floats, load_kg: Floats, at_m: Floats, x_m: Floats) -> None:
    """Put a rolling load on the spans between neighbouring cell rows, both sides alike."""
    rows = np.unique(x_m)
    place = np.clip(at_m, rows[0], rows[-1])
    for i, row in enumerate(rows):
        share = np.interp(place, rows, np.eye(len(rows))[i])
        for cell in np.flatnonzero(x_m == row):
            kg[:, cell] += load_kg * share / 2


def make_passage(
    legs: list[tuple[float, float]],
    axles: tuple[tuple[float, float], ...] = ((0.0, 6000.0), (3.5, 9000.0), (4.9, 9000.0)),
    bounce: float = 0.03,
    rock: tuple[float, float] | None = None,
    seconds: float = 26.0,
    start_m: float = -4.0,
    has_beams: bool = True,
    reverse: bool = False,
    rate_hz: float = 60.0,
) -> Passage:
    """A vehicle with axles (offset m, kg) drives the legs; rock = (from_s, share of the load)."""
    scale = make_scale(has_beams, rate_hz)
    t_s = np.arange(0, seconds, 1 / rate_hz)
    rng = np.random.default_rng(5)
    way = start_m + drive(t_s, legs)
    kg = rng.normal(0.0, 1.5, (len(t_s), len(scale.cells)))
    swing = np.zeros_like(t_s)
    for offset, _ in axles:
        on = way - offset > 0
        since = t_s - t_s[np.argmax(on)] if on.any() else -t_s - 1
        decay = np.where(since > 0, np.exp(-0.9 * np.clip(since, 0, None)), 0.0)
        swing += bounce * decay * np.sin(2 * np.pi * 1.7 * since)
    if rock is not None:
        swing += rock[1] * np.sin(2 * np.pi * 1.3 * t_s) * np.clip(t_s - rock[0], 0, 1)
    x_m = scale.x_m()
    for offset, mass in axles:
        place = way - offset
        mask = np.clip(place / 0.3, 0, 1) - np.clip((place - LENGTH_M) / 0.3, 0, 1)
        spread(kg, mass * mask * (1 + swing), place, x_m)
    tail = way - axles[-1][0] - REAR_M
    head = way + FRONT_M
    beams = np.stack(((head > 0) & (tail < 0), (head > LENGTH_M) & (tail < LENGTH_M)), axis=1)
    if reverse:
        kg, beams = kg[:, [4, 5, 2, 3, 0, 1]], beams[:, ::-1]
    return Passage(
        t_us=np.round(t_s * 1e6).astype(np.int64) + 1_000_000,
        kg=kg,
        beams=beams.astype(np.int64),
        way_m=way,
        scale=scale,
    )


@pytest.fixture
def passage() -> Callable[..., Passage]:
    return make_passage


@pytest.fixture
def scale() -> Scale:
    return make_scale()


@pytest.fixture
def add_load() -> Callable[..., None]:
    """Adds a load (kg over time) at a place to a passage's cells, in place."""

    def add(passage: Any, load_kg: Floats, at_m: float | Floats) -> None:
        at = np.broadcast_to(np.asarray(at_m, np.float64), load_kg.shape)
        spread(passage.kg, load_kg, at, passage.scale.x_m())

    return add


@pytest.fixture
def watch() -> Callable[..., list[Weighing]]:
    """Pushes a passage and keeps a snapshot a tick."""

    def look(passage: Any, every: int = 6) -> list[Weighing]:
        weigher = Weigher(passage.scale)
        counts, out = passage.counts, []
        for start in range(0, len(passage.t_us), every):
            rows = slice(start, start + every)
            weigher.push(passage.t_us[rows], counts[rows], *passage.beams[rows].T)
            out.append(weigher.snapshot())
        return out

    return look


@pytest.fixture
def stop_legs() -> list[tuple[float, float]]:
    """Three seconds of empty deck, then a drive of 17 m at 1.8 m/s and a stop."""
    return [(3.0, 0.0), (9.5, 1.8), (60.0, 0.0)]
