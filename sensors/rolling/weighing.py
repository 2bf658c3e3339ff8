"""What the weighing of a rolling vehicle says, and the limits within which it says a weight."""

from enum import StrEnum
from typing import Final

import msgspec

KMH_MAX: Final = 15.0
# 0.06 g: moves about two per cent of the gross from the rear axles to the front or back.
ACCELERATION_MPS2_MAX: Final = 0.6
ACCELERATION_S: Final = 1.0
STANDING_MPS: Final = 0.08
STANDING_US: Final = 500_000
AXLES_MAX: Final = 9
# No road vehicle has two axles further apart, nor is one longer.
SPACING_MM_MAX: Final = 10_500
WHEELBASE_MM_MAX: Final = 22_000
# A drawbar leaves the beam clear for about 2.3 m.
BEAM_GAP_MM_MAX: Final = 3_000
MISFIT_MAX: Final = 25.0


class RollingVerdict(StrEnum):
    """`ok`, or why there is no weight; the first cause that holds."""

    OK = "ok"
    NO_VEHICLE = "no_vehicle"
    INCOMPLETE = "incomplete"
    NOT_ROLLING = "not_rolling"
    CELL_FAULT = "cell_fault"
    SECOND_VEHICLE = "second_vehicle"
    OVER_CAPACITY = "over_capacity"
    SPEED = "speed"
    ACCELERATION = "acceleration"
    UNEXPLAINED = "unexplained"


class RollingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at a time; `value` in the unit that the kind's name ends in."""

    at_us: int
    kind: str
    value: float = 0.0


class RollingWeighing(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle that rolled over; weights are None unless the verdict is `ok`.

    Grams, millimetres; uncertainties are expanded (95 %). Never a static weighing and never
    rounded to its scale interval.
    """

    verdict: RollingVerdict
    began_us: int
    ended_us: int
    gross_g: int | None = None
    gross_u95_g: int | None = None
    axle_g: tuple[int, ...] = ()
    axle_u95_g: tuple[int, ...] = ()
    spacing_mm: tuple[int, ...] = ()
    speed_kmh: float | None = None
    speed_change_kmh: float | None = None
    events: tuple[RollingEvent, ...] = ()
