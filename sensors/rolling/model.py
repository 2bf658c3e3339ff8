"""What a row of axles at a given place does to load and moment, and how that changes with place."""

from typing import Final

import msgspec
import numpy as np

from sensors.calibration import FloatArray

# The length over which a tyre's footprint, and the softness of the edge, hand over a load.
FOOTPRINT_M: Final = 0.26


class Levers(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of each axle that act at the entry end and at the exit end, shapes (n, axles).

    `*_per_m` are their derivatives by the axle's place.
    """

    entry: FloatArray
    exit: FloatArray
    entry_per_m: FloatArray
    exit_per_m: FloatArray


def levers(place_m: FloatArray, length_m: float) -> Levers:
    """Shares of axles at `place_m` (n, axles): even pressure under a footprint, simple statics."""
    half = FOOTPRINT_M / 2
    front, rear = place_m + half, place_m - half
    front_on = ((front > 0) & (front < length_m)).astype(float)
    rear_on = ((rear > 0) & (rear < length_m)).astype(float)
    front, rear = np.clip(front, 0.0, length_m), np.clip(rear, 0.0, length_m)
    on = (front - rear) / FOOTPRINT_M
    at_exit = (front * front - rear * rear) / (2 * FOOTPRINT_M * length_m)
    on_per_m = (front_on - rear_on) / FOOTPRINT_M
    exit_per_m = (front * front_on - rear * rear_on) / (FOOTPRINT_M * length_m)
    return Levers(
        entry=on - at_exit,
        exit=at_exit,
        entry_per_m=on_per_m - exit_per_m,
        exit_per_m=exit_per_m,
    )


def cubic_splines(t_s: FloatArray, knot_s: float) -> tuple[FloatArray, float]:
    """Uniform cubic B-splines over the times; returns (n, splines) and the true knot distance."""
    count = max(1, int(np.ceil((t_s[-1] - t_s[0]) / knot_s)))
    step_s = float(t_s[-1] - t_s[0]) / count
    u = (t_s - t_s[0]) / step_s
    k = np.minimum(u.astype(int), count - 1)
    f = u - k
    parts = (
        (1 - f) ** 3 / 6,
        (3 * f**3 - 6 * f**2 + 4) / 6,
        (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6,
        f**3 / 6,
    )
    out = np.zeros((len(t_s), count + 3))
    for j, part in enumerate(parts):
        out[np.arange(len(t_s)), k + j] = part
    return out, step_s
