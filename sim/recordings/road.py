"""The road and the deck's surface: roughness, lips at the ends, joints between spans."""

import numpy as np
import numpy.typing as npt

from sim.recordings.deck import Deck
from sim.recordings.ranges import Ranges, log_between

Array = npt.NDArray[np.float64]

_GRID_M = 0.01
_BEFORE_M = 45.0
_AFTER_M = 45.0
_PATCH_M = 0.2
LIP_M = 1.8e-3
CROSS_FALL = 45.0


class Road:
    """Heights along the way in metres, averaged over a tyre's patch; x = 0 at the entry edge."""

    def __init__(self, rng: np.random.Generator, ranges: Ranges, deck: Deck) -> None:
        count = round((_BEFORE_M + deck.length_m + _AFTER_M) / _GRID_M)
        self.at = np.arange(count, dtype=np.float64) * _GRID_M - _BEFORE_M
        rough = log_between(rng, ranges.rough_m3)
        height = _roughness(rng, self.at, rough, deck.length_m) + _steps(rng, self.at, deck)
        self.height = _patch(height)
        self.slope = np.gradient(self.height, _GRID_M)
        self.tilt = _patch(_roughness(rng, self.at, CROSS_FALL * rough, deck.length_m))
        self.tilt_slope = np.gradient(self.tilt, _GRID_M)

    def under(self, x_m: Array, speed_m_s: Array) -> tuple[Array, Array]:
        """Height and its rate under every axle: (steps, axles) each."""
        height = np.interp(x_m, self.at, self.height)
        return height, np.interp(x_m, self.at, self.slope) * speed_m_s[:, None]

    def across(self, x_m: Array, speed_m_s: Array) -> tuple[Array, Array]:
        """Cross slope in radians and its rate under every axle."""
        tilt = np.interp(x_m, self.at, self.tilt)
        return tilt, np.interp(x_m, self.at, self.tilt_slope) * speed_m_s[:, None]


def _roughness(rng: np.random.Generator, at: Array, level_m3: float, length_m: float) -> Array:
    """A random profile whose spectrum falls with wave number squared (ISO 8608).

    `level_m3` is the spectrum at 0.1 cycles a metre on the deck; the yard around is rougher.
    """
    deck = (at > 0) & (at < length_m)
    level = np.where(deck, level_m3, 5.0 * level_m3)
    steps = rng.normal(0, 1, len(at)) * np.sqrt(level * 0.01 * 2 * np.pi**2 * _GRID_M)
    height = np.cumsum(steps)
    width = round(4.0 / _GRID_M)
    padded = np.pad(height, (width, width), mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    mean = (sums[2 * width :] - sums[: -2 * width])[: len(at)] / (2 * width)
    return np.asarray(height - mean)


def _steps(rng: np.random.Generator, at: Array, deck: Deck) -> Array:
    """Lips at the ends, small joints between the spans and a few bumps on the way."""
    height = np.zeros(len(at))
    for x, size in ((0.0, LIP_M), (deck.length_m, LIP_M)):
        height += rng.normal(0, size) * (at > x)
    for x in deck.rows_m[1:-1]:
        height += rng.normal(0, 0.6e-3) * (at > x)
    for _ in range(int(rng.integers(0, 4))):
        bump = rng.normal(0, 4e-3) * np.exp(-(((at - rng.uniform(-25, -1)) / 0.25) ** 2))
        height += bump
    return height


def _patch(height: Array) -> Array:
    width = round(_PATCH_M / _GRID_M) | 1
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(height, width // 2, mode="edge")
    return np.asarray(np.convolve(padded, window / window.sum(), "valid"))
