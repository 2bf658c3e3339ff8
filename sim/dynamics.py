"""Damped oscillators, stepped exactly: what suspensions, tyres and deck spans are made of here.

A spring, a mass and a damper under a force that is constant over one step have a closed solution,
so that the step may be as long as the sampling asks and the amplitude neither grows nor decays by
the integrator's own doing.
"""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt

Step = tuple[float, float, float, float]


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


class Suspension:
    """Heave and pitch of one sprung unit, given as forces in grams on its axles.

    Heave adds to every axle in proportion to its mass; it swings about nothing, because no
    braking changes what a vehicle weighs.  Pitch moves load from the rear axle to the front one,
    rests where the deceleration holds it, and leaves the sum alone; each jerk of it stirs the
    heave a little.  A leaf spring sticks: below its friction only the tyres move, fast and hardly
    damped; above it the leaves slide and damp, as in the recorded traces, steel against air.
    """

    __slots__ = (
        "_big",
        "_coupling",
        "_rest_g",
        "_small",
        "_stick_g",
        "heave_g",
        "heave_v",
        "pitch_g",
        "pitch_v",
    )

    def __init__(
        self, *, mass_g: float, air: bool, frequency_hz: float, coupling: float, dt_s: float
    ) -> None:
        if air:
            self._big = self._small = exact_step(frequency_hz * 0.62, 0.17, dt_s)
            self._stick_g = 0.0
        else:
            self._big = exact_step(frequency_hz * 0.75, 0.11, dt_s)
            self._small = exact_step(frequency_hz, 0.035, dt_s)
            self._stick_g = mass_g * 0.012
        self._coupling = coupling * 2 * pi * frequency_hz
        self._rest_g = 0.0
        self.heave_g = self.heave_v = self.pitch_g = self.pitch_v = 0.0

    def step(self, pitch_rest_g: float) -> None:
        """Move on by one step towards the pitch that the present deceleration asks for."""
        y, v = self.heave_g, self.heave_v + self._coupling * (pitch_rest_g - self._rest_g)
        p, q = self.pitch_g - pitch_rest_g, self.pitch_v
        a, b, c, d = self._big if abs(y) + abs(p) > self._stick_g else self._small
        self.heave_g, self.heave_v = a * y + b * v, c * y + d * v
        self.pitch_g, self.pitch_v = pitch_rest_g + a * p + b * q, c * p + d * q
        self._rest_g = pitch_rest_g

    @property
    def at_rest(self) -> bool:
        """Whether what is left of the motion is below a tenth of a kilogram."""
        return (
            abs(self.heave_g) + abs(self.pitch_g) < 100
            and abs(self.heave_v) + abs(self.pitch_v) < 2000
        )
