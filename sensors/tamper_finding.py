"""What the tamper watch says: kinds, limits and frozen findings in integers."""

from enum import IntEnum

import msgspec


class TamperKind(IntEnum):
    """What the curve did; PERSON is the ordinary event that looks most like a device."""

    STEP = 1  # a step of a rolling vehicle's load or of the empty deck
    PLATEAU_JUMP = 2  # a standing load went to another level
    SYMMETRIC = 3  # a standing load changed with every cell in the same proportion
    NO_RETURN = 4  # the deck did not come back to zero after the vehicle
    PERSON = 5  # up to `person_g` came or went at one place


class TamperLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What counts: loads in verification intervals e, `sigmas` in standard deviations."""

    standing_e: float = 3.0
    rolling_e: float = 30.0
    empty_e: float = 3.0
    plateau_e: float = 3.0
    return_above_e: float = 10.0
    return_below_e: float = 3.0
    person_g: int = 150_000
    sigmas: float = 7.0


class TamperFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding with what was measured.

    `value_g` is the change (or the rest on the deck) and `u95_g` its uncertainty; `ratio_ppm` the
    same against the load before, where there was one. `cells_g` says how it is shared. `x_mm` and
    `y_mm` place it on the deck, None where the change is too small to be placed.
    """

    kind: TamperKind
    at_us: int
    value_g: int
    u95_g: int
    ratio_ppm: int | None
    u95_ppm: int | None
    cells_g: tuple[int, ...]
    x_mm: int | None
    y_mm: int | None
