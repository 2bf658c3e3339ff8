"""The damped modes of a vehicle at rest, found with hindsight: ESPRIT, then least squares.

Offline and non-causal on purpose: the benchmark asks what could have been known, not what was.
The model is that of `sensors.damped`.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.damped import DECAY_MAX, design, esprit, left_over, middles_s, slopes

Floats = NDArray[np.float64]

MODES_MAX: Final = 6
STEPS_MAX: Final = 15
SAMPLES_MIN: Final = 36


class Modes(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole stand says: K modes on C channels sampled every ``step_s`` seconds.

    ``poles`` (K, 2) are frequency in Hz and decay in 1/s; ``levels`` (1 + 2 K, C) the constant and
    the cosine and sine amplitudes at the stop; ``noise`` (C, C) the covariance of what is left.
    """

    poles: Floats
    levels: Floats
    noise: Floats
    step_s: float


def fit_modes(rows_kg: Floats, step_s: float) -> Modes | None:
    """Fit evenly spaced samples (n, C) from the stop on; the number of modes is chosen by BIC.

    None where the stand is too short to tell anything.
    """
    if len(rows_kg) < SAMPLES_MIN:
        return None
    t_s = middles_s(len(rows_kg), step_s)
    best: tuple[float, Modes] | None = None
    for poles in _starts(rows_kg, step_s):
        modes = _refine(t_s, rows_kg, poles, step_s)
        score = _bic(modes, len(rows_kg))
        if best is None or score < best[0]:
            best = score, modes
    return best[1] if best is not None else None


def _starts(rows_kg: Floats, step_s: float) -> list[Floats]:
    """For each number of modes the ESPRIT poles that leave the least."""
    t_s = middles_s(len(rows_kg), step_s)
    found: dict[int, tuple[float, Floats]] = {}
    for poles in esprit(rows_kg - rows_kg[-len(rows_kg) // 4 :].mean(axis=0), step_s, MODES_MAX):
        if not 1 <= len(poles) <= MODES_MAX:
            continue
        basis = design(t_s, poles)
        rest = rows_kg - basis @ np.linalg.lstsq(basis, rows_kg, rcond=None)[0]
        left = float((rest * rest).sum())
        if len(poles) not in found or left < found[len(poles)][0]:
            found[len(poles)] = left, poles
    return [poles for _, poles in found.values()]


def _refine(t_s: Floats, rows_kg: Floats, poles: Floats, step_s: float) -> Modes:
    """Twice: the covariance of what is left, then the poles under that covariance."""
    for _ in range(2):
        levels, noise = left_over(t_s, rows_kg, poles)
        whiten = np.linalg.cholesky(np.linalg.inv(noise))
        poles = _descend(t_s, rows_kg @ whiten, poles)
    levels, noise = left_over(t_s, rows_kg, poles)
    return Modes(poles=poles, levels=levels, noise=noise, step_s=step_s)


def _descend(t_s: Floats, white: Floats, poles: Floats) -> Floats:
    """Variable projection by Levenberg-Marquardt steps (Golub and Pereyra 1973)."""
    cost, basis, levels = _project(t_s, white, poles)
    damping = 1e-3
    for _ in range(STEPS_MAX):
        sides = np.stack([_off(basis, side).ravel() for side in slopes(t_s, poles, levels)], axis=1)
        rest = (white - basis @ (basis.T @ white)).ravel()
        normal, pull = sides.T @ sides, sides.T @ rest
        while damping < 1e6:
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), pull)
            tried = poles + step.reshape(-1, 2)
            tried[:, 1] = np.clip(tried[:, 1], 0.0, DECAY_MAX)
            new_cost, new_basis, new_levels = _project(t_s, white, tried)
            if new_cost < cost:
                break
            damping *= 5
        else:
            return poles
        gained = cost - new_cost
        poles, cost, basis, levels = tried, new_cost, new_basis, new_levels
        damping = max(damping / 5, 1e-9)
        if gained < 1e-7 * cost:
            break
    return poles


def _project(t_s: Floats, white: Floats, poles: Floats) -> tuple[float, Floats, Floats]:
    basis, upper = np.linalg.qr(design(t_s, poles))
    inside = basis.T @ white
    rest = white - basis @ inside
    levels = np.linalg.lstsq(upper, inside, rcond=None)[0]
    return float((rest * rest).sum()), np.asarray(basis), np.asarray(levels)


def _off(basis: Floats, side: Floats) -> Floats:
    return np.asarray(side - basis @ (basis.T @ side))


def _bic(modes: Modes, samples: int) -> float:
    """Schwarz's criterion: the likelihood paid for with every parameter."""
    channels = modes.noise.shape[0]
    parameters = channels * len(modes.levels) + modes.poles.size
    log_size = float(np.linalg.slogdet(modes.noise)[1])
    return float(samples * log_size + parameters * math.log(samples * channels))
