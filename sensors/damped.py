"""A constant under damped sinusoids: its columns, its derivatives, its poles, what it can tell.

The model of every channel is a constant and K damped sinusoids whose frequencies and decays
all channels share: y_c(t) = W_c + sum_k exp(-d_k t) (a_ck cos w_k t + b_ck sin w_k t) + noise.
Poles (K, 2) are frequency in hertz and decay in 1/s. Amplitudes have the unit of the samples.
"""

from typing import Final

import numpy as np

from sensors.calibration import FloatArray

HZ_MIN: Final = 0.3
DECAY_MAX: Final = 20.0


def design(t_s: FloatArray, poles: FloatArray) -> FloatArray:
    """The columns (n, 1 + 2 K) of the linear part of the model."""
    columns = [np.ones_like(t_s)]
    for cosine, sine in _waves(t_s, poles):
        columns += [cosine, sine]
    return np.stack(columns, axis=1)


def slopes(t_s: FloatArray, poles: FloatArray, levels: FloatArray) -> list[FloatArray]:
    """Derivatives (n, C) of the model by each frequency (Hz) and each decay (1/s) in turn."""
    out: list[FloatArray] = []
    for k, (cosine, sine) in enumerate(_waves(t_s, poles)):
        a, b = levels[1 + 2 * k], levels[2 + 2 * k]
        turn = np.outer(cosine, b) - np.outer(sine, a)
        fall = np.outer(cosine, a) + np.outer(sine, b)
        out += [2 * np.pi * t_s[:, None] * turn, -t_s[:, None] * fall]
    return out


def _waves(t_s: FloatArray, poles: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    waves = []
    for hz, decay in poles:
        fall = np.exp(-decay * t_s)
        waves.append((fall * np.cos(2 * np.pi * hz * t_s), fall * np.sin(2 * np.pi * hz * t_s)))
    return waves


def middles_s(rows: int, step_s: float) -> FloatArray:
    """The middles of even blocks from the stop on, seconds."""
    return np.asarray(step_s * (np.arange(rows) + 0.5), np.float64)


def esprit(rows: FloatArray, step_s: float, most: int) -> list[FloatArray]:
    """Poles (K, 2) of every order, enough for `most` modes, of even samples (n, C).

    From the stacked Hankel matrices of the channels (Roy and Kailath 1989).
    """
    length = len(rows) // 3
    channels = rows.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(rows, len(rows) - length + 1, axis=0)
    stacked = windows.transpose(1, 0, 2).reshape(channels * length, -1)
    left = np.linalg.svd(stacked, full_matrices=False)[0]
    out = []
    for order in range(2, min(2 * most + 4, length - 1, left.shape[1])):
        space = left[:, :order].reshape(channels, length, order)
        before, after = (part.reshape(-1, order) for part in (space[:, :-1], space[:, 1:]))
        turns = np.linalg.eigvals(np.linalg.lstsq(before, after, rcond=None)[0])
        logs = np.log(turns[np.abs(turns) > 1e-6]) / step_s
        hz, decay = logs.imag / (2 * np.pi), -logs.real
        keep = (hz > HZ_MIN) & (hz < 0.45 / step_s) & (decay > -0.3) & (decay < DECAY_MAX)
        out.append(np.stack((hz[keep], np.clip(decay[keep], 0.0, None)), axis=1))
    return out


def left_over(
    t_s: FloatArray, rows: FloatArray, poles: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Levels (1 + 2 K, C) by least squares, and the covariance (C, C) of what they leave."""
    basis = design(t_s, poles)
    levels = np.linalg.lstsq(basis, rows, rcond=None)[0]
    rest = rows - basis @ levels
    freedom = max(1, len(t_s) - basis.shape[1])
    # Two channels that say the same would leave a matrix without an inverse.
    floor = 1e-6 * np.eye(rows.shape[1])
    return np.asarray(levels), np.asarray(rest.T @ rest / freedom + floor)


def sensitivities(
    t_s: FloatArray,
    poles: FloatArray,
    levels: FloatArray,
    noise: FloatArray,
    poles_known: bool = False,
) -> FloatArray:
    """What samples (n, C) say of each parameter (n, C, P), in units of their noise (C, C).

    The parameters are the levels (1 + 2 K) of every channel in turn, then every mode's frequency
    and decay unless they are known. Summed over samples and channels, the products of two of them
    are the Fisher information.
    """
    basis = design(t_s, poles)
    shared = [] if poles_known else slopes(t_s, poles, levels)
    channels, width = noise.shape[0], basis.shape[1]
    jacobian = np.zeros((len(t_s), channels, channels * width + len(shared)))
    for i in range(channels):
        jacobian[:, i, i * width : (i + 1) * width] = basis
    for j, side in enumerate(shared):
        jacobian[:, :, channels * width + j] = side
    whiten = np.linalg.cholesky(np.linalg.inv(noise))
    return np.asarray(np.einsum("tcp,cq->tqp", jacobian, whiten))


def gross_error(information: FloatArray, width: int, channels: int) -> float:
    """The bound on the standard error of the gross, the sum of all channels' constants."""
    gross = np.zeros(len(information))
    gross[[i * width for i in range(channels)]] = 1.0
    scale = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / scale[:, None] / scale)
    along = vectors.T @ (gross / scale)
    return float(np.sqrt(np.sum(along * along / np.maximum(values, 1e-13))))
