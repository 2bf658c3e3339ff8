"""Load cells and converter: sinc filter, noise, hum, counts and time stamps."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.ranges import STEP_S

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FULL_SCALE = 2**23 - 1


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The converter's own rate and how unsteadily the host stamps its samples."""

    rate_hz: float
    jitter_s: float


def draw_clock(rng: np.random.Generator, deck: Deck) -> Clock:
    """A converter within a few per mille of its rate, stamped to within half a millisecond."""
    return Clock(
        rate_hz=deck.fs_hz / (1 + float(np.clip(rng.normal(0, 2e-3), -5e-3, 5e-3))),
        jitter_s=float(rng.uniform(3e-5, 6e-4)),
    )


def sample_times(clock: Clock, end_s: float) -> Array:
    """The instants at which samples are finished."""
    return np.arange(int(end_s * clock.rate_hz) + 1) / clock.rate_hz


def stamp(rng: np.random.Generator, clock: Clock, times_s: Array) -> Array:
    """What the host writes down as the time of each sample."""
    return np.asarray(times_s + rng.normal(0, clock.jitter_s, len(times_s)))


def sinc_sampled(signal: Array, clock: Clock, times_s: Array) -> Array:
    """Third-order sinc filter ending at each instant: (steps, n) to (samples, n).

    The kernel is the smooth hump of three boxes of one sample period each, notched at the rate.
    """
    period = 1 / clock.rate_hz
    width = int(np.ceil(3 * period / STEP_S)) + 1
    last = np.floor(times_s / STEP_S + 1e-9).astype(np.int64)
    steps = last[:, None] - np.arange(width)
    age = (times_s[:, None] - steps * STEP_S) / period
    weight = _hump(age)
    weight /= weight.sum(1, keepdims=True)
    padded = np.vstack([np.repeat(signal[:1], width, 0), signal])
    index = np.minimum(steps + width, len(padded) - 1)
    out = np.zeros((len(times_s), signal.shape[1]))
    for k in range(width):
        out += weight[:, k, None] * padded[index[:, k]]
    return out


def _hump(age: Array) -> Array:
    middle = 0.5 * (-2 * age**2 + 6 * age - 3)
    rising, falling = 0.5 * age**2, 0.5 * (3 - age) ** 2
    shape = np.where(age < 1, rising, np.where(age < 2, middle, falling))
    return np.asarray(np.where((age < 0) | (age > 3), 0.0, shape))


def hum_kg(rng: np.random.Generator, times_s: Array, amp_kg: float, cells: int) -> Array:
    """Mains picked up alike by all cells, `amp_kg` in their sum before the filter."""
    mains = 50.0 * (1 + float(rng.normal(0, 3e-4)))
    share = rng.uniform(0.8, 1.2, cells)
    wave = np.cos(2 * np.pi * mains * times_s + rng.uniform(0, 2 * np.pi))
    return np.asarray(amp_kg * wave[:, None] * share / share.sum())


def to_counts(deck: Deck, kg: Array) -> Counts:
    """Readings in kg above the calibrated zero, to counts inside the converter's rails."""
    raw = np.rint(deck.zero_counts + deck.counts_per_kg * kg)
    return np.clip(raw, -FULL_SCALE - 1, FULL_SCALE).astype(np.int64)
