"""How well axle loads, spacings and the count of axles are known from the climb.

The numbers here are those at which u95 covers 95 % of generated passages (`python -m
sim.recordings`, usual and wide) in every range of speed and of time between two axles.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

# A body between two axle steps swings by this share of its load; the prior counts as so many ticks.
SWING: Final = 0.016
SWING_TICKS: Final = 1.3
SWING_WEIGHT: Final = 1.75
SWING_LASTS_TICKS: Final = 1.5
# A front axle alone keeps what its leaf springs' friction holds back; later axles share it out.
FRICTION_FIRST: Final = 0.012
FRICTION: Final = 0.001
FRICTION_LASTS_TICKS: Final = 10.0
# Braking at 1 m/s2 moves this share of the load to the front axle.
TRANSFER_S2PM: Final = 0.048
# Axles that follow so soon that no tick lies between them.
BLIND: Final = 0.08
BLIND_M: Final = 0.09
EDGE_M: Final = 0.026
MOMENT_WEIGHT: Final = 0.81
# The jump at the edge is taken before the whole footprint is on, so it reads low by a fifth.
JUMP_SHARE: Final = 0.8
JUMP_U95: Final = 0.4
RATIO_SD: Final = 0.08
# Rare beforehand, and then anywhere in a range of ratios this wide.
GHOST: Final = 0.02
GHOST_RATIO_MAX: Final = 0.7
MERGED: Final = 0.01
MERGED_RATIO_MIN: Final = 1.1
RATIOS_WIDE: Final = 1.2
UNMEASURED: Final = 1 - GHOST - MERGED


class Between(NamedTuple):
    """The deck between two axle steps: mean load, ticks, swing as a share of it, acceleration."""

    load_g: float
    ticks: int
    swing: float
    accel_mps2: float

    def body_swing(self) -> float:
        """The swing as a share of the load, steadied where there are few ticks."""
        known = self.ticks * self.swing**2 + SWING_TICKS * SWING**2
        return float(np.sqrt(known / (self.ticks + SWING_TICKS)))

    def share_sigma(self, axles: int) -> float:
        """Standard uncertainty of the load as a share of it, with so many axles on the deck."""
        swing = SWING_WEIGHT * self.body_swing()
        settled = FRICTION_LASTS_TICKS / (FRICTION_LASTS_TICKS + self.ticks)
        friction = FRICTION_FIRST if axles == 1 else FRICTION
        return float(
            np.sqrt(
                swing**2 * SWING_LASTS_TICKS / (self.ticks + SWING_LASTS_TICKS)
                + friction**2 * settled
                + (TRANSFER_S2PM * self.accel_mps2 / axles) ** 2
                + (0.0 if self.ticks else BLIND**2)
            )
        )


class Climb(NamedTuple):
    """One axle step with what was measured about it.

    `jump_g` is the step at the edge; `before_sigma_g` the standard uncertainty of the load before
    it and `way_sigma_m` that of the way since the last step.
    """

    jump_g: float
    before_sigma_g: float
    way_sigma_m: float


def between(rows: Sequence[tuple[float, float]], lasted_s: float, else_g: float) -> Between:
    """What (load g, speed m/s) ticks say; `else_g` is the load where there is none."""
    if not rows:
        return Between(else_g, 0, 0.0, 0.0)
    loads = np.array([load_g for load_g, _ in rows])
    load_g = float(loads.mean())
    swing = float(loads.std()) / max(load_g, 1.0) if len(rows) > 1 else 0.0
    return Between(load_g, len(rows), swing, (rows[-1][1] - rows[0][1]) / lasted_s)


def climb(
    jump_g: float, deck: Between, axles: int, way_m: float, levers_m: tuple[float, float]
) -> Climb:
    """One step after `axles` others; the levers are those of the load at both ends of the way."""
    share = deck.share_sigma(max(axles, 1))
    moment_m = MOMENT_WEIGHT * deck.body_swing() * float(np.hypot(levers_m[0], levers_m[1]))
    blind_m = 0.0 if deck.ticks else BLIND_M
    way_sigma_m = float(np.linalg.norm((share * way_m, moment_m, EDGE_M, blind_m)))
    return Climb(jump_g, share * deck.load_g, way_sigma_m)


def one_axle(load_g: float | None, jump_g: float) -> float:
    """Probability that a step of this jump, after which the load rose by `load_g`, is one axle.

    A bouncing body jumps and leaves no load behind (a ghost); an axle that climbs on close behind
    another leaves more load than the jump explains (merged). Both are rare beforehand, and with a
    load of None that is all that is known.
    """
    if load_g is None:
        return UNMEASURED
    ratio = load_g * JUMP_SHARE / jump_g
    z = (ratio - 1.0) / RATIO_SD
    # Student's density with four degrees of freedom: now and then a body is far off.
    single = UNMEASURED * 0.375 * (1 + z * z / 4) ** -2.5 / RATIO_SD
    ghost = GHOST / RATIOS_WIDE if ratio < GHOST_RATIO_MAX else 0.0
    merged = MERGED / RATIOS_WIDE if ratio > MERGED_RATIO_MIN else 0.0
    return float(single / (single + ghost + merged))
