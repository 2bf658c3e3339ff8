"""The deck and its cells: sprung spans with their own motion, ADC counts behind a sinc filter.

One tick is one sample of every cell (80 Hz); the physics takes two steps to a tick, and the
converter's third-order sinc filter looks at the last four of them.  The calibration is a property
of the site, not of the run: every seed weighs on the same deck.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from sim.dynamics import Step, exact_step
from sim.loads import DeckLoad, laid

TICK_US = 12_500
RATE_HZ = 80
STEP_S = TICK_US / 2 / 1_000_000
MAX_KG = 100_000.0
E_KG = 20.0
BACKLOG_TICKS_MAX = 4_000
"""Samples kept for a reader who does not come; the oldest are lost first."""

_REST: tuple[float, ...] = (0.0,) * 5
_UNLOADED: tuple[float, ...] = (0.0,) * 8
_STIFF_BAND_G = 6_000_000.0
_NOISE_ROWS = 800


class Cells:
    """Calibration of the cells as built: positions, counts, dead load, and their small errors."""

    def __init__(self, platform_m: float, site_seed: int) -> None:
        rng = np.random.default_rng([site_seed, 1])
        count = 8
        self.platform_m = platform_m
        self.spacing_y_m = 2.9
        self.row_x_m = tuple(float(x) for x in np.linspace(0.15, platform_m - 0.15, 4).round(3))
        self.counts_per_kg = rng.uniform(138.0, 146.0, count).round(6)
        self.dead_load_kg = rng.uniform(2200.0, 3200.0, count).round(1)
        offset = rng.uniform(-25_000, 25_000, count)
        self.zero_counts = (
            (self.dead_load_kg * self.counts_per_kg + offset).round().astype(np.int64)
        )
        self.true_counts_per_kg = self.counts_per_kg * (1 + rng.normal(0.0, 4e-5, count))
        self.noise_kg = rng.uniform(0.5, 1.1, count)

    def calibration(self) -> dict[str, object]:
        """Return the calibration sheet, in the fields of the recorded traces' ``calib.toml``."""
        return {
            "max_kg": MAX_KG,
            "e_kg": E_KG,
            "fs_hz": float(RATE_HZ),
            "platform_length_m": self.platform_m,
            "cell_spacing_y_m": self.spacing_y_m,
            "has_beams": False,
            "cells": [self._sheet(i) for i in range(len(self.counts_per_kg))],
        }

    def counts_under(self, load_g: float, x_m: float, y_m: float) -> NDArray[np.int64]:
        """Return the counts (8,) that a load at rest adds: spans between rows, stiff across."""
        along = [np.interp(x_m, self.row_x_m, row) for row in np.eye(4)]
        left = 0.5 + y_m / self.spacing_y_m
        share = np.repeat(along, 2) * np.tile([left, 1.0 - left], 4)
        counts = np.rint(load_g / 1000 * share * self.true_counts_per_kg)
        return np.asarray(counts, np.int64)

    def shares(self, x_m: NDArray[np.float64], y_m: float) -> NDArray[np.float64]:
        """Return the share (n, 8) that each cell carries of a load at rest at ``x_m`` (n,)."""
        along = np.stack([np.interp(x_m, self.row_x_m, row) for row in np.eye(4)], 1)
        left = 0.5 + y_m / self.spacing_y_m
        return np.asarray(np.repeat(along, 2, 1) * np.tile([left, 1.0 - left], 4))

    def nearest(self, x_m: float, y_m: float) -> int:
        """Return the number of the cell that stands nearest to this place."""
        row = min(range(4), key=lambda i: abs(self.row_x_m[i] - x_m))
        return 2 * row + (0 if y_m >= 0 else 1)

    def _sheet(self, i: int) -> dict[str, float | int]:
        side = 0.5 if i % 2 == 0 else -0.5
        return {
            "x_m": self.row_x_m[i // 2],
            "y_m": side * self.spacing_y_m,
            "counts_per_kg": float(self.counts_per_kg[i]),
            "zero_counts": int(self.zero_counts[i]),
            "dead_load_kg": float(self.dead_load_kg[i]),
        }


class DeckMotion:
    """Four rows of cells, each a damped spring under the load that reaches it."""

    def __init__(self, site_seed: int) -> None:
        rng = np.random.default_rng([site_seed, 2])
        self._free_hz = [float(f) for f in rng.uniform(10.0, 13.0, 4)]
        self._damping = float(rng.uniform(0.035, 0.06))
        self._tables: dict[int, list[Step]] = {}
        self._y = [0.0] * 4
        self._v = [0.0] * 4

    def step(self, rest: list[float]) -> tuple[float, float, float, float]:
        """Return what the four rows carry after one step under these static loads, grams."""
        y, v = self._y, self._v
        tables = self._steps(rest[0] + rest[1] + rest[2] + rest[3])
        for i in (0, 1, 2, 3):
            a, b, c, d = tables[i]
            z = y[i] - rest[i]
            w = v[i]
            y[i] = rest[i] + a * z + b * w
            v[i] = c * z + d * w
        return (y[0], y[1], y[2], y[3])

    @property
    def at_rest(self) -> bool:
        """Whether the empty deck has come to rest."""
        return max(map(abs, self._y)) < 100 and max(map(abs, self._v)) < 5000

    def still(self) -> None:
        """Drop what is left of the motion."""
        self._y = [0.0] * 4
        self._v = [0.0] * 4

    def _steps(self, load_g: float) -> list[Step]:
        band = int(load_g // _STIFF_BAND_G) if load_g > 0 else 0
        tables = self._tables.get(band)
        if tables is None:
            sag = (1 + 0.06 * band) ** -0.5
            tables = [exact_step(f * sag, self._damping, STEP_S) for f in self._free_hz]
            self._tables[band] = tables
        return tables


class Converter:
    """Row loads to ADC counts: filter, side split, span, noise, slow drift."""

    def __init__(
        self, cells: Cells, rng: np.random.Generator, loads: Sequence[DeckLoad] = ()
    ) -> None:
        self._cells = cells
        self._rng = rng
        self._others = loads
        self._before = (_REST, _REST)
        self._loads: list[tuple[float, ...]] = []
        self._idle = True
        self._first_tick = 1
        self._noise: NDArray[np.float64] = np.empty((0, 8))
        self._noise_at = 0
        self._drift_phase = float(rng.uniform(0, 2 * pi))
        self.lost = 0

    def push(self, one: tuple[float, ...], two: tuple[float, ...]) -> None:
        """Add one tick: the rows (grams) and the share that the left side carries more, twice."""
        p, q = self._before
        a, b, c, d, bias = [
            (p[i] + two[i] + 3.0 * (q[i] + one[i])) * 0.000125 for i in (0, 1, 2, 3, 4)
        ]
        self._before = (one, two)
        left, right = 0.5 + bias * 1000.0, 0.5 - bias * 1000.0
        self._loads.append(
            (a * left, a * right, b * left, b * right, c * left, c * right, d * left, d * right)
        )
        self._idle = False
        self._bound()

    def rest(self) -> None:
        """Add one tick of the empty deck."""
        if self._before[0] is _REST and self._before[1] is _REST:
            self._loads.append(_UNLOADED)
            self._bound()
        else:
            self.push(_REST, _REST)

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return times (n,) in us and counts (n, 8) of all ticks since the last call."""
        n = len(self._loads)
        times = np.arange(self._first_tick, self._first_tick + n, dtype=np.int64) * TICK_US
        counts = self._take_noise(n)
        kg = None if self._idle else np.array(self._loads)
        if self._others:
            kg = laid(self._others, times, kg, self._cells)
        if kg is not None:
            counts = counts + kg * self._cells.true_counts_per_kg
        self._loads = []
        self._idle = True
        self._first_tick += n
        return times, np.rint(counts).astype(np.int64)

    def _bound(self) -> None:
        if len(self._loads) > BACKLOG_TICKS_MAX:
            drop = BACKLOG_TICKS_MAX // 4
            self._loads = self._loads[drop:]
            self._first_tick += drop
            self.lost += drop

    def _take_noise(self, n: int) -> NDArray[np.float64]:
        """The next samples of the empty deck, in counts; zero drifts from block to block."""
        if self._noise_at + n > len(self._noise):
            cells = self._cells
            minutes = self._first_tick / (RATE_HZ * 60)
            drift_kg = 0.12 * (sin(minutes * 0.15 + self._drift_phase) - sin(self._drift_phase))
            noise_kg = self._rng.standard_normal((max(_NOISE_ROWS, n), 8)) * cells.noise_kg
            self._noise = cells.zero_counts + (noise_kg + drift_kg) * cells.true_counts_per_kg
            self._noise_at = 0
        taken = self._noise[self._noise_at : self._noise_at + n]
        self._noise_at += n
        return taken
