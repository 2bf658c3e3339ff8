"""How soon after the stop a weight could be known at all: the Cramér–Rao bound of one trace.

The derivation and what the bound does not say stand in docs/weighing-bound.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from controller.commands.bench_modes import Floats, Modes, fit_modes
from controller.commands.weigh_truth import Truth
from hal.recording import Recording
from sensors.calibration import Scale
from sensors.damped import gross_error, middles_s, sensitivities
from sensors.despike import Despike

BLOCK_HZ: Final = 20.0
FIT_S: Final = 6.0
LOOK_S: Final = 5.0
U95_SHARE: Final = 0.5
"""A weight is worth accepting when its u95 is at most this share of the initial MPE."""

DISTURBING: Final = ("person", "lift_axle", "second_vehicle", "rocking", "park_brake")
STAND_S_MIN: Final = 2.0


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from the last stop until the gross can be known to u95 = half the MPE.

    ``rows_s`` takes the cells by row and knows how large the modes are, not their frequencies,
    dampings and phases; ``sum_s`` the same from the sum alone; ``known_s`` knows frequencies and
    dampings too; ``classic_s`` knows nothing but the number of modes. None: not within 5 s.
    """

    modes: int
    rows_s: float | None
    sum_s: float | None
    known_s: float | None
    classic_s: float | None


def bound_of(recording: Recording, scale: Scale, truth: Truth) -> Bound | None:
    """The bound of a good trace; None where it never stands long enough to fit its modes."""
    if not truth.t_stops_s or truth.mpe_kg is None:
        return None
    start = max(truth.t_stops_s)
    rows_kg, step_s = _stand(recording, scale, start, disturbed_s(truth))
    rows = fit_modes(rows_kg, step_s)
    alone = fit_modes(rows_kg.sum(axis=1, keepdims=True), step_s)
    if rows is None or alone is None:
        return None
    limit_kg = U95_SHARE * truth.mpe_kg
    return Bound(
        modes=len(rows.poles),
        rows_s=reached_s(rows, limit_kg, sizes_known=True),
        sum_s=reached_s(alone, limit_kg, sizes_known=True),
        known_s=reached_s(rows, limit_kg, sizes_known=True, poles_known=True),
        classic_s=reached_s(rows, limit_kg, sizes_known=False),
    )


class AtWeight(msgspec.Struct, frozen=True, kw_only=True):
    """The bound beside one accepted weight, from the samples since the stop.

    ``error_kg`` is the least standard error at the accepted instant, None where that is not after
    the stop; ``rows_s`` as in `Bound`.
    """

    error_kg: float | None
    rows_s: float | None


def at_weight(
    recording: Recording,
    scale: Scale,
    stand: tuple[float, float, Sequence[float]],
    mpe_kg: float,
) -> AtWeight | None:
    """The bound of one weight; None where the vehicle stands too briefly to fit its modes.

    stand: times of the stop, of the acceptance, and of what disturbed it later, seconds.
    """
    stop_s, at_s, disturbed = stand
    rows_kg, step_s = _stand(recording, scale, stop_s, disturbed)
    modes = fit_modes(rows_kg, step_s)
    if modes is None:
        return None
    blocks = int((at_s - stop_s) / step_s + 0.5)
    return AtWeight(
        error_kg=error_kg(modes, blocks, sizes_known=True) if blocks > 0 else None,
        rows_s=reached_s(modes, U95_SHARE * mpe_kg, sizes_known=True),
    )


def _stand(
    recording: Recording, scale: Scale, start: float, disturbed: Sequence[float]
) -> tuple[Floats, float]:
    """Kilograms by row of cells in even blocks from the stop to the first disturbance."""
    per = max(1, round(scale.rate_hz / BLOCK_HZ))
    step_s = per / scale.rate_hz
    late = (at for at in disturbed if at > start + STAND_S_MIN)
    end = min([start + FIT_S, float(recording.t_s[-1]), *late])
    spikes = Despike(len(scale.cells))
    t_us, grams = spikes.push(recording.t_us, scale.to_grams(recording.counts))
    t_s, kilograms = t_us / 1e6, grams / 1000
    x_m = scale.x_m()
    rows = np.stack([kilograms[:, x_m == x].sum(axis=1) for x in sorted(set(x_m))], axis=1)
    rows -= np.median(rows[: round(scale.rate_hz)], axis=0)
    edges = np.arange(start, end, step_s)
    # Samples may be missing: the running sum is read at the edges, so every block has its mean.
    within = np.stack([np.interp(edges, t_s, _area(t_s, row)) for row in rows.T])
    return np.asarray(np.diff(within).T / step_s), step_s


def _area(t_s: Floats, values: Floats) -> Floats:
    slices = (values[1:] + values[:-1]) / 2 * np.diff(t_s)
    return np.concatenate(([0.0], np.cumsum(slices)))


def disturbed_s(truth: Truth) -> list[float]:
    """What excites the truck anew or changes its mass; a stand cut too short is fitted whole."""
    return [float(e.get("t0", 0.0)) for e in truth.events if e["type"] in DISTURBING]


def reached_s(
    modes: Modes, limit_kg: float, *, sizes_known: bool, poles_known: bool = False
) -> float | None:
    """The first instant at which twice the bound on the gross's standard error is at the limit."""
    rows = round(LOOK_S / modes.step_s)
    told = _all_information(modes, rows, sizes_known, poles_known)
    low, high = 0, rows
    while low < high:
        middle = (low + high) // 2
        if 2 * _error_kg(modes, told[middle]) <= limit_kg:
            high = middle
        else:
            low = middle + 1
    return round((low + 1) * modes.step_s, 3) if low < rows else None


def error_kg(
    modes: Modes, rows: int, *, sizes_known: bool = False, poles_known: bool = False
) -> float:
    """The bound on the standard error of the gross from the first `rows` samples, kilograms."""
    return _error_kg(modes, _all_information(modes, rows, sizes_known, poles_known)[-1])


def _all_information(modes: Modes, rows: int, sizes_known: bool, poles_known: bool) -> Floats:
    t_s = middles_s(rows, modes.step_s)
    white = sensitivities(t_s, modes.poles, modes.levels, modes.noise, poles_known)
    told = np.cumsum(np.einsum("tqp,tqr->tpr", white, white), axis=0)
    return told + np.diag(_sizes(modes, told.shape[1])) if sizes_known else told


def _sizes(modes: Modes, parameters: int) -> Floats:
    """What knowing each mode's size on each row adds (van Trees): one over its variance."""
    width, channels = modes.levels.shape
    known = np.zeros(parameters)
    for i in range(channels):
        for k in range(len(modes.poles)):
            at = i * width + 1 + 2 * k
            a, b = modes.levels[1 + 2 * k : 3 + 2 * k, i]
            known[at : at + 2] = 1 / max(float(a * a + b * b) / 2, 1e-6)
    return known


def _error_kg(modes: Modes, told: Floats) -> float:
    width, channels = modes.levels.shape
    return gross_error(told, width, channels)
