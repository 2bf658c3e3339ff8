"""The weighbridge: cells in pairs under sprung spans, its calibration and its beams."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.recordings.ranges import CONTACT_M, Ranges, between

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A deck of spans hinged over rows of two cells; cell arrays run row by row, left first."""

    length_m: float
    rows_m: Array
    across_m: float
    span_hz: Array
    span_kg: Array
    span_damping: Array
    span_ring_n: Array
    counts_per_kg: Array
    zero_counts: Array
    dead_kg: Array
    zero_shift_kg: Array
    span_error: Array
    cell_noise_kg: float
    fs_hz: float
    e_kg: float
    max_kg: float
    entry_beam: bool
    exit_beam: bool

    @property
    def cells(self) -> int:
        """Number of load cells."""
        return len(self.counts_per_kg)

    def on(self, x_m: Array) -> Array:
        """Share of a wheel's load that the deck carries at `x_m`, over the length of contact."""
        rise = (x_m + CONTACT_M) / (2 * CONTACT_M)
        fall = (self.length_m + CONTACT_M - x_m) / (2 * CONTACT_M)
        return np.clip(np.minimum(rise, fall), 0.0, 1.0)

    def lever(self, x_m: Array) -> Array:
        """Share of a load at `x_m` that each row carries: (…, rows), sums to 1 everywhere."""
        share = np.zeros((*x_m.shape, len(self.rows_m)))
        span, along = self._place(x_m)
        np.put_along_axis(share, span[..., None], (1.0 - along)[..., None], -1)
        np.put_along_axis(share, span[..., None] + 1, along[..., None], -1)
        return share

    def bend(self, x_m: Array) -> Array:
        """How much a load at `x_m` bends each span: (…, spans), 1 in the middle of a span."""
        shape = np.zeros((*x_m.shape, len(self.span_hz)))
        span, along = self._place(x_m)
        np.put_along_axis(
            shape, span[..., None], np.sin(np.pi * np.clip(along, 0, 1))[..., None], -1
        )
        return shape

    def _place(self, x_m: Array) -> tuple[npt.NDArray[np.intp], Array]:
        span = np.clip(np.searchsorted(self.rows_m, x_m, side="right") - 1, 0, len(self.rows_m) - 2)
        return span, (x_m - self.rows_m[span]) / np.diff(self.rows_m)[span]


def draw_deck(
    rng: np.random.Generator, ranges: Ranges, at_least_m: float, with_beams: bool = False
) -> Deck:
    """Draw a deck of `at_least_m`, the length over which a truck stands, if there is one."""
    fitting = [d for d in ranges.decks if d[0] >= at_least_m] or [max(ranges.decks)]
    weights = np.array(
        [np.exp(-0.2 * k) * (0.22 if d[0] >= 20 else 1.0) for k, d in enumerate(fitting)]
    )
    length, counts = fitting[rng.choice(len(fitting), p=weights / weights.sum())]
    cells = int(rng.choice(counts))
    rows = np.linspace(0.15, length - 0.15, cells // 2)
    spans = cells // 2 - 1
    base_hz = _span_hz(rng, float(np.diff(rows)[0]))
    dead = between(rng, (1000.0, 3000.0)) * rng.uniform(0.84, 1.16, cells)
    counts_per_kg = between(rng, (98.0, 175.0)) * rng.uniform(0.985, 1.015, cells)
    empty = np.round(dead * counts_per_kg + rng.normal(0, 22000, cells))
    beams = rng.random() < ranges.beams or with_beams
    one = beams and rng.random() < ranges.one_beam
    first = rng.random() < 0.5
    e_kg = float(rng.choice(ranges.divisions_kg))
    noise = np.clip(np.exp(rng.normal(np.log(2.8), 0.55)), 1.0, 9.0)
    return Deck(
        length_m=length,
        rows_m=rows,
        across_m=round(between(rng, (2.5, 2.9)), 3),
        span_hz=base_hz * rng.normal(1, 0.04, spans),
        span_kg=between(rng, (2200.0, 4500.0)) * np.ones(spans),
        span_damping=rng.uniform(0.015, 0.05, spans),
        span_ring_n=np.clip(np.exp(rng.normal(np.log(24.0), 0.75, spans)), 6.0, 65.0),
        counts_per_kg=np.round(counts_per_kg, 6),
        zero_counts=empty,
        dead_kg=np.round(dead, 1),
        zero_shift_kg=rng.normal(0, 6.5, cells),
        span_error=rng.normal(0, ranges.span_error * min(e_kg / 20, 1), cells),
        cell_noise_kg=float(noise * between(rng, ranges.noise) / cells**0.5),
        fs_hz=float(rng.choice(ranges.rates_hz)),
        e_kg=e_kg,
        max_kg=60000.0 if length <= 12 else 100000.0,
        entry_beam=beams and (not one or first),
        exit_beam=beams and (not one or not first),
    )


def _span_hz(rng: np.random.Generator, span_m: float) -> float:
    """Longer spans ring lower, as the recorded decks do: about 11 Hz at 5.5 m, 7 Hz at 12 m."""
    return float(11.0 * (5.8 / span_m) ** 0.55 * rng.normal(1, 0.08))
