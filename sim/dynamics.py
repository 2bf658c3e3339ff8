"""Linear motion stepped exactly: what suspensions, tyres and deck spans are made of here.

Under a force that is held over one step a linear system has a closed solution, so that the step may
be as long as the sampling asks and the amplitude neither grows nor decays by the integrator's own
doing.
"""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

Step = tuple[float, float, float, float]
Matrix = NDArray[np.float64]
_HALVINGS = 5
_TERMS = 9


def exact_step(frequency_hz: float, damping: float, dt_s: float) -> Step:
    """Return (a, b, c, d) with y' = a y + b v, v' = c y + d v for one step without force.

    ``damping`` is the fraction of critical, below 1; y is measured from the static rest.
    """
    w = 2 * pi * frequency_hz
    wd = w * sqrt(1 - damping * damping)
    decay = exp(-damping * w * dt_s)
    c, s = cos(wd * dt_s), sin(wd * dt_s)
    k = damping * w / wd
    return (decay * (c + k * s), decay * s / wd, -decay * s * w * w / wd, decay * (c - k * s))


def transition(a: Matrix, b: Matrix, dt_s: float) -> tuple[Matrix, Matrix]:
    """Return (F, G) with x' = F x + G u for one step of dx/dt = a x + b u, u held.

    The exponential of the joint matrix, by its series on a thirty-second of the step, squared up.
    """
    n, m = b.shape
    joint = np.zeros((n + m, n + m))
    joint[:n, :n], joint[:n, n:] = a, b
    joint *= dt_s / 2**_HALVINGS
    whole = term = np.eye(n + m)
    for k in range(1, _TERMS):
        term = term @ joint / k
        whole = whole + term
    for _ in range(_HALVINGS):
        whole = whole @ whole
    return whole[:n, :n], whole[:n, n:]


def response(frequency_hz: float, damping: float, at_hz: float) -> complex:
    """What a damped span hands on of a force at ``at_hz``: 1 far below its own frequency."""
    r = at_hz / frequency_hz
    return 1 / complex(1 - r * r, 2 * damping * r)
