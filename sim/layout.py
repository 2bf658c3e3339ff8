"""Where things stand along the lane: metres from the yard end of the platform, x = 0.

Everything outside the platform is given as a distance outwards from the nearer deck end, so that
one set of numbers describes both ends.  The order follows facts/passage.md 9.1: approach loop,
boom with its arm loop, two beams, deck.
"""

from __future__ import annotations

from msgspec import Struct

LOW_BEAM_HEIGHT_M = 0.5
HIGH_BEAM_HEIGHT_M = 1.2
WHEEL_HALF_CHORD_M = 0.48
"""Half the length over which a wheel of one metre cuts a beam at axle height."""


class Layout(Struct, frozen=True, kw_only=True):
    """Distances in metres; all but ``platform_m`` count outwards from a deck end."""

    platform_m: float = 20.0
    beam_m: float = 0.3
    boom_m: float = 0.8
    arm_loop_m: tuple[float, float] = (0.3, 2.3)
    approach_loop_m: tuple[float, float] = (4.2, 7.2)
    stop_line_m: float = 3.0
    wait_m: float = 24.0
    gone_m: float = 14.0
    person_reach_m: float = 0.6
