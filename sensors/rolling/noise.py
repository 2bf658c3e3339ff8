"""How the forces of rolling axles stray from their static loads, as one covariance.

Each axle's force is its load times one plus a random process: the body's bounce, the hop of the
axle with the deck's own mode, and a slow trade between the axles (leaf springs hold by friction
what they last carried; drive and brakes pitch the body), which leaves the gross as it is. Half of
the bounce is common to all axles. After an axle has come on or gone, the deck rings.
The numbers are priors: they were chosen on recorded and simulated passages (docs/rolling.md), and a
passage that strays by more widens its own uncertainty.
"""

import msgspec
import numpy as np

from sensors.calibration import FloatArray


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """Standard deviations as shares of the axle load, frequencies, and correlation times."""

    bounce: float = 0.02
    bounce_hz: float = 2.5
    bounce_s: float = 1.5
    hop: float = 0.013
    hop_hz: float = 9.0
    hop_s: float = 0.3
    trade: float = 0.025
    trade_s: float = 6.0
    ringing: float = 0.2
    ringing_hz: float = 9.0
    ringing_s: float = 0.4
    edge_m: float = 0.03
    floor_share: float = 0.0005


# A short plate is stiff and light; a long deck rings near the hop of an axle. On a plate no bounce
# averages out, so that it counts in full, and the road before the plate makes it.
PLATE: Noise = Noise(bounce=0.03, trade=0.018, ringing=0.3, ringing_hz=25.0)
DECK: Noise = Noise()


def covariance(
    noise: Noise,
    t_s: FloatArray,
    shares: FloatArray,
    axle_g: FloatArray,
    ringing_g: FloatArray,
    edge_g_per_m: FloatArray,
    floor_g: float,
) -> FloatArray:
    """Covariance (2n, 2n) of the forces at the entry end (first n) and at the exit end.

    `shares` (2n, axles), `ringing_g` (2, n) is what has just come on or gone at either end,
    `edge_g_per_m` (2n,) how fast a load changes with place while it is on an edge.
    """
    lag = np.abs(t_s[:, None] - t_s)
    gross = float(axle_g.sum())
    loads = shares * axle_g
    each, total, linear = loads @ loads.T, loads.sum(axis=1), shares @ axle_g**2
    alike = (each + np.outer(total, total)) / 2
    cross = np.outer(linear, total) / gross
    spread = float(axle_g @ axle_g) / gross**2
    trade = each - cross - cross.T + np.outer(total, total) * spread
    shake = _wave(lag, noise.bounce, noise.bounce_hz, noise.bounce_s)
    shake += _wave(lag, noise.hop, noise.hop_hz, noise.hop_s)
    slow = _wave(lag, noise.trade, 0.0, noise.trade_s)
    out = alike * np.tile(shake, (2, 2)) + trade * np.tile(slow, (2, 2))
    ring = _wave(lag, noise.ringing, noise.ringing_hz, noise.ringing_s)
    n = len(t_s)
    out[:n, :n] += ring * np.outer(ringing_g[0], ringing_g[0])
    out[n:, n:] += ring * np.outer(ringing_g[1], ringing_g[1])
    white = floor_g**2 + (noise.floor_share * gross) ** 2 + (noise.edge_m * edge_g_per_m) ** 2
    out[np.diag_indices(2 * n)] += white
    return out


def _wave(lag_s: FloatArray, size: float, hz: float, fades_s: float) -> FloatArray:
    wave: FloatArray = size**2 * np.exp(-lag_s / fades_s) * np.cos(2 * np.pi * hz * lag_s)
    return wave
