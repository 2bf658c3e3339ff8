"""The deck and its cells: sprung spans with their own motion, ADC counts behind a sinc filter.

One tick is one sample of every cell (80 Hz); the physics takes two steps to a tick, and the
converter's third-order sinc filter looks at the last four of them.  Calibration, spans, noise and
hum are properties of the site, not of the run: every seed weighs on the same deck.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from sim.dynamics import exact_step, response
from sim.loads import DeckLoad, laid

TICK_US = 12_500
RATE_HZ = 80
STEP_S = TICK_US / 2 / 1_000_000
MAX_KG = 100_000.0
E_KG = 20.0
BACKLOG_TICKS_MAX = 4_000
"""Samples kept for a reader who does not come; the oldest are lost first."""

_UNLOADED: tuple[float, ...] = (0.0,) * 8
_STIFF_BAND_G = 6_000_000.0
_NOISE_ROWS = 800
_RING_TICKS = 20 * _NOISE_ROWS
_TYRES_DAMP = 0.1
"""Damping, as a fraction of critical, that tyres add to the spans that they stand on."""
_MAINS_HZ = 50.0
_RINGS_LOADED = 0.55
"""How much of the ringing of the empty spans is left with a vehicle's tyres on them."""
_STILL_G, _STILL_G_S = 100.0, 5_000.0


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
        self.noise_kg = (
            _clipped(rng, 3.4, 0.5, 1.2, 9.0) / sqrt(count) * rng.uniform(0.9, 1.1, count)
        )
        self.ring_kg = _clipped(rng, 3.8, 0.9, 0.8, 18.0)
        self.hum_kg = rng.uniform(20.0, 200.0) if rng.random() < 0.28 else 0.0

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
    """Four rows of cells, each a damped spring under the load that reaches it, and the filter.

    One product of matrices is one tick: two steps of the spans and the converter's sinc filter of
    third order, whose four last half-tick values weigh 1, 3, 3, 1 eighths.
    """

    def __init__(self, site_seed: int) -> None:
        rng = np.random.default_rng([site_seed, 2])
        self.span_hz = [float(f) for f in 10.3 * rng.normal(1.0, 0.08) * rng.normal(1, 0.04, 4)]
        self.damping = float(rng.uniform(0.015, 0.05))
        self._tables: dict[int, NDArray[np.float64]] = {}
        self._z = np.zeros(20)
        self._out = np.zeros(16)
        self.band = -1
        self._matrix = np.zeros((16, 20))
        self._same = 0

    def step(self, rows: NDArray[np.float64], load_g: float) -> list[float]:
        """Return what the filter shows of the four rows after one tick, grams.

        ``rows`` (8,) are the static loads of the rows at the half and at the end of the tick,
        ``load_g`` their sum, on which the spans' stiffness depends.
        """
        band = 1 + int(load_g // _STIFF_BAND_G) if load_g > 0 else 0
        if band != self.band:
            self._matrix, self.band = self._of_band(band), band
        z, out = self._z, self._out
        z[12:] = rows
        self._matrix.dot(z, out=out)
        z[:12] = out[:12]
        shown: list[float] = out[12:].tolist()
        return shown

    @property
    def at_rest(self) -> bool:
        """Whether the empty deck has come to rest."""
        still = np.abs(self._z[:12])
        return bool(still[:8].max() < _STILL_G and still[8:].max() < _STILL_G_S)

    def still(self) -> None:
        """Drop what is left of the motion."""
        self._z[:] = 0.0

    def gain(self, at_hz: float) -> float:
        """What the first row and the filter show of a force at ``at_hz`` under this load."""
        sag, damping = self._under(max(self.band, 0))
        return abs(response(self.span_hz[0] * sag, damping, at_hz)) * sinc_gain(at_hz)

    def _under(self, band: int) -> tuple[float, float]:
        """How much lower the spans ring in this band of load, and how damped."""
        if band == 0:
            return 1.0, self.damping
        return (1 + 0.06 * (band - 1)) ** -0.5, self.damping + _TYRES_DAMP

    def _of_band(self, band: int) -> NDArray[np.float64]:
        """States: ends of the last tick (4), its halves (4), speeds (4); then the filter's four."""
        matrix = self._tables.get(band)
        if matrix is not None:
            return matrix
        sag, damping = self._under(band)
        matrix = np.zeros((16, 20))
        for i, hz in enumerate(self.span_hz):
            a, b, c, d = exact_step(hz * sag, damping, STEP_S)
            half, speed = np.zeros(20), np.zeros(20)
            half[[i, 8 + i, 12 + i]] = a, b, 1 - a
            speed[[i, 8 + i, 12 + i]] = c, d, -c
            end = a * half + b * speed
            end[16 + i] += 1 - a
            last = c * half + d * speed
            last[16 + i] -= c
            matrix[i], matrix[4 + i], matrix[8 + i] = end, half, last
            matrix[12 + i] = (end + 3 * half) / 8
            matrix[12 + i, [i, 4 + i]] += 3 / 8, 1 / 8
        self._tables[band] = matrix
        return matrix


def sinc_gain(at_hz: float) -> float:
    """What the third-order sinc filter of the converter lets through at ``at_hz``."""
    x = pi * at_hz / RATE_HZ
    return abs(sin(x) / x) ** 3 if x else 1.0


def _clipped(
    rng: np.random.Generator, middle: float, spread: float, low: float, high: float
) -> float:
    """A draw whose logarithm is normal, kept within bounds."""
    return float(np.clip(exp(rng.normal(log(middle), spread)), low, high))


class Converter:
    """Row loads to ADC counts: side split, span, noise, ringing spans, hum, slow drift."""

    def __init__(
        self,
        cells: Cells,
        rng: np.random.Generator,
        loads: Sequence[DeckLoad] = (),
        motion: DeckMotion | None = None,
    ) -> None:
        self._cells = cells
        self._rng = rng
        self._others = loads
        self._motion = motion
        self._loads: list[tuple[float, ...]] = []
        self._idle = True
        self._next_tick = 1
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        self._noise: NDArray[np.float64] = np.empty((0, 8))
        self._empty: NDArray[np.int64] = np.empty((0, 8), np.int64)
        self._noise_at = 0
        self._drift_phase = float(rng.uniform(0, 2 * pi))
        self._ring: NDArray[np.float64] | None = None
        self._hum: NDArray[np.float64] = np.empty((0, 1))
        self._blocks = int(rng.integers(0, _RING_TICKS // _NOISE_ROWS))
        self.lost = 0

    def push(self, rows_g: Sequence[float], bias: float) -> None:
        """Add one tick: the four rows and the share that the left side carries more."""
        a, b, c, d = rows_g
        left, right = 0.0005 + bias * 0.001, 0.0005 - bias * 0.001
        self.add(
            (a * left, a * right, b * left, b * right, c * left, c * right, d * left, d * right)
        )

    def rest(self, ticks: int = 1) -> None:
        """Add ticks of the empty deck."""
        if ticks == 1:
            self._loads.append(_UNLOADED)
        else:
            self._loads += [_UNLOADED] * ticks
        if len(self._loads) > BACKLOG_TICKS_MAX:
            self._forget()

    def add(self, cells_kg: tuple[float, ...]) -> None:
        """Add one tick: what each of the cells carries, kilograms."""
        self._loads.append(cells_kg)
        self._idle = False
        if len(self._loads) > BACKLOG_TICKS_MAX:
            self._forget()

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return times (n,) in us and counts (n, 8) of all ticks since the last call."""
        n, at = len(self._loads), self._noise_at
        if at + n > len(self._noise):
            at = self._renew(n)
        self._noise_at = at + n
        times = self._times[at : at + n]
        kg = None if self._idle else np.array(self._loads)
        if self._others:
            kg = laid(self._others, times, kg, self._cells)
        self._loads = []
        self._idle = True
        if kg is None:
            return times, self._empty[at : at + n]
        kg *= self._cells.true_counts_per_kg
        kg += self._noise[at : at + n]
        return times, np.rint(kg, out=kg).astype(np.int64)

    def ahead(self, ticks: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what ``take`` will return after so many ticks of the empty deck.

        Nothing may wait to be taken, and nothing else may act on the deck until then.
        """
        if self._noise_at + ticks > len(self._noise):
            self._noise_at = self._renew(ticks)
        part = slice(self._noise_at, self._noise_at + ticks)
        return self._times[part], self._empty[part]

    def _forget(self) -> None:
        drop = BACKLOG_TICKS_MAX // 4
        while len(self._loads) > BACKLOG_TICKS_MAX:
            self._loads = self._loads[drop:]
            self._times = self._times + drop * TICK_US
            self._next_tick += drop
            self.lost += drop

    def _renew(self, n: int) -> int:
        """Make the next blocks of times and of the empty deck, however time is cut; return 0."""
        left = slice(self._noise_at, None)
        times, noise, empty = [self._times[left]], [self._noise[left]], [self._empty[left]]
        while sum(map(len, times)) < n:
            tick = self._next_tick
            self._next_tick += _NOISE_ROWS
            times.append(np.arange(tick, self._next_tick, dtype=np.int64) * TICK_US)
            quiet, ringing = self._empty_deck(tick)
            noise.append(quiet + _RINGS_LOADED * ringing)
            empty.append(np.rint(quiet + ringing).astype(np.int64))
        self._times, self._noise = np.concatenate(times), np.concatenate(noise)
        self._empty = np.concatenate(empty)
        return 0

    def _empty_deck(self, tick: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A block of the empty deck in counts, and its ringing; zero drifts from block to block."""
        cells = self._cells
        minutes = tick / (RATE_HZ * 60)
        drift_kg = 0.12 * (sin(minutes * 0.15 + self._drift_phase) - sin(self._drift_phase))
        kg = self._rng.standard_normal((_NOISE_ROWS, 8)) * cells.noise_kg + drift_kg
        if self._ring is None:
            self._ring, self._hum = self._ringing()
        at = self._blocks % (_RING_TICKS // _NOISE_ROWS) * _NOISE_ROWS
        self._blocks += 1
        kg += self._hum[at : at + _NOISE_ROWS]
        quiet = cells.zero_counts + kg * cells.true_counts_per_kg
        return quiet, self._ring[at : at + _NOISE_ROWS] * cells.true_counts_per_kg

    def _ringing(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What traffic and pumps around the pit put into the cells, kg (ticks, 8), and the mains.

        Spans ring in their own modes under noise that is even above 5 Hz, each by halves on the
        rows that it rests on; the mains reach all cells alike, through the filter and its alias.
        """
        cells, motion = self._cells, self._motion
        if motion is None:
            return np.zeros((_RING_TICKS, 8)), np.zeros((_RING_TICKS, 1))
        hz = np.fft.rfftfreq(_RING_TICKS, 1 / RATE_HZ)
        let_through = np.sinc(hz / RATE_HZ) ** 3 * hz / np.sqrt(hz**2 + 25.0)
        rows = np.zeros((_RING_TICKS, 4))
        for i in (0, 1, 2):
            r = hz / motion.span_hz[i]
            size = let_through / np.abs(1 - r * r + 2j * motion.damping * r)
            turns = self._rng.standard_normal(len(hz)) + 1j * self._rng.standard_normal(len(hz))
            rows[:, [i, i + 1]] += np.fft.irfft(size * turns, _RING_TICKS)[:, None] / 2
        rows *= cells.ring_kg / rows.sum(1).std()
        cycles = round(_RING_TICKS * (1 - _MAINS_HZ / RATE_HZ))
        hum = cells.hum_kg * sinc_gain(_MAINS_HZ) / 8
        wave = hum * np.sin(2 * pi * cycles / _RING_TICKS * np.arange(_RING_TICKS))
        return np.asarray(np.repeat(rows / 2, 2, 1)), wave[:, None]
