"""The ground under the wheels: rough yard, lips at the ends of the deck, joints between its spans.

Heights in metres along the lane, averaged over a tyre's patch, as deviations from a running mean of
eight metres.  They belong to the site: every seed drives over the same ground.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_GRID_M = 0.02
_BEYOND_M = 40.0
_PATCH_M = 0.2
_LIP_M, _JOINT_M, _BUMP_M = 1.0e-3, 0.5e-3, 2.5e-3
_ROUGH_M3 = (1.5e-6, 85e-6)
_YARD_ROUGHER = 2.5


class Ground:
    """Heights and slopes along the lane; x = 0 at the yard end of the platform."""

    def __init__(self, platform_m: float, joints_m: tuple[float, ...], site_seed: int) -> None:
        rng = np.random.default_rng([site_seed, 3])
        x = np.arange(-_BEYOND_M, platform_m + _BEYOND_M, _GRID_M)
        level = float(np.exp(rng.uniform(*np.log(_ROUGH_M3))))
        height = _rough(rng, np.where((x > 0) & (x < platform_m), level, _YARD_ROUGHER * level))
        for edge in (0.0, platform_m):
            height += rng.normal(0.0, _LIP_M) * (x > edge)
        for joint in joints_m:
            height += rng.normal(0.0, _JOINT_M) * (x > joint)
        for near in (0.0, platform_m):
            for _ in range(int(rng.integers(0, 4))):
                at = near + rng.uniform(1.0, 25.0) * (1 if near else -1)
                height += rng.normal(0.0, _BUMP_M) * np.exp(-(((x - at) / 0.25) ** 2))
        self._height = _patched(height)
        self._slope = np.gradient(self._height, _GRID_M)

    def under(self, x_m: Floats) -> tuple[Floats, Floats]:
        """Heights and slopes under wheels at ``x_m``, none beyond the ground that is known."""
        at = ((x_m + _BEYOND_M) * (1 / _GRID_M)).astype(np.intp)
        at = np.minimum(np.maximum(at, 0), len(self._height) - 1)
        return self._height[at], self._slope[at]


def _rough(rng: np.random.Generator, level_m3: Floats) -> Floats:
    """A profile whose spectrum falls with wave number squared (ISO 8608:2016, at 0.1 1/m)."""
    steps = rng.normal(0, 1, len(level_m3)) * np.sqrt(level_m3 * 0.01 * 2 * np.pi**2 * _GRID_M)
    height = np.cumsum(steps)
    width = round(4.0 / _GRID_M)
    sums = np.concatenate([[0.0], np.cumsum(np.pad(height, (width, width), mode="edge"))])
    mean = (sums[2 * width :] - sums[: -2 * width])[: len(height)] / (2 * width)
    return np.asarray(height - mean)


def _patched(height: Floats) -> Floats:
    width = round(_PATCH_M / _GRID_M) | 1
    window = np.hanning(width + 2)[1:-1]
    return np.convolve(np.pad(height, width // 2, mode="edge"), window / window.sum(), "valid")
