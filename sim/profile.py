"""The side view of a vehicle, as beams and loops meet it.

Intervals are distances back from the front bumper in metres.  A beam at axle height sees wheels,
tanks and guards; one at body height sees cab and load; a loop sees metal near the ground, so that
a high-bed trailer drops out between its axle groups (facts/field-io.md 4.2).
"""

from __future__ import annotations

from math import inf

from msgspec import Struct

from sim.layout import LOW_BEAM_HEIGHT_M, WHEEL_HALF_CHORD_M

Interval = tuple[float, float]


class Profile(Struct, frozen=True, kw_only=True):
    """Merged intervals, sorted, for the two beam heights and for loops."""

    low: tuple[Interval, ...]
    high: tuple[Interval, ...]
    loop: tuple[Interval, ...]


def covers(intervals: tuple[Interval, ...], at_m: float) -> bool:
    """Tell whether a point lies in one of the intervals."""
    return at_m >= 0.0 and any(a <= at_m <= b for a, b in intervals)


def room(intervals: tuple[Interval, ...], from_m: float, to_m: float) -> tuple[bool, float, float]:
    """Tell ``overlaps``, and how far the stretch may shift down and up until that changes."""
    met, down, up = False, inf, inf
    for a, b in intervals:
        ahead, behind = max(a, 0.0) - to_m, from_m - b
        if ahead <= 0.0 and behind <= 0.0:
            if not met:
                met, down, up = True, 0.0, 0.0
            down, up = max(down, -ahead), max(up, -behind)
        elif not met and ahead > 0.0:
            up = min(up, ahead)
        elif not met:
            down = min(down, behind)
    return met, down, up


def overlaps(intervals: tuple[Interval, ...], from_m: float, to_m: float) -> bool:
    """Tell whether a stretch meets one of the intervals."""
    return to_m >= 0.0 and any(a <= to_m and from_m <= b for a, b in intervals)


def merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Return the union of the intervals, sorted."""
    result: list[Interval] = []
    for a, b in sorted(intervals):
        if result and a <= result[-1][1]:
            result[-1] = (result[-1][0], max(b, result[-1][1]))
        else:
            result.append((a, b))
    return tuple(result)


def side_view(
    *,
    axles_m: tuple[float, ...],
    length_m: float,
    cab_m: float,
    bodies: tuple[Interval, ...],
    drawbar_height_m: float | None,
) -> Profile:
    """Draw the profile of a vehicle: cab, bodies behind it, wheels, guards, a drawbar if any."""
    wheels = [(a - WHEEL_HALF_CHORD_M, a + WHEEL_HALF_CHORD_M) for a in axles_m]
    bumper = (0.0, min(cab_m, axles_m[0]))
    guards = [(end - 0.12, end) for _, end in bodies]
    low = [bumper, *wheels, *guards]
    if drawbar_height_m is not None and drawbar_height_m <= LOW_BEAM_HEIGHT_M:
        low.append((bodies[0][1], bodies[1][0]))
    near_ground = [(a - 0.9, a + 0.9) for a in axles_m]
    loop = [(0.0, cab_m + 1.5), *near_ground, *guards]
    return Profile(
        low=merged(low),
        high=merged([(0.0, cab_m), *bodies]),
        loop=merged([(max(a, 0.0), min(b, length_m)) for a, b in loop]),
    )
