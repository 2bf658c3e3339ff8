"""What a class III instrument may show, and how far it may err (R 76; JJG 539)."""

from typing import Protocol

BLANK_OVER_E = 9
BLANK_UNDER_D = 20


class Capacity(Protocol):
    """Range and divisions of an instrument, grams."""

    @property
    def max_g(self) -> int: ...
    @property
    def e_g(self) -> int: ...
    @property
    def d_g(self) -> int: ...


def mpe_initial_g(load_g: int, e_g: int) -> int:
    """Maximum permissible error at initial verification, grams (R 76 table 6, class III).

    Raises ValueError beyond 10 000 e: no class III scale has such a load.
    """
    load_g = abs(load_g)
    if load_g <= 500 * e_g:
        return e_g // 2
    if load_g <= 2000 * e_g:
        return e_g
    if load_g <= 10_000 * e_g:
        return e_g * 3 // 2
    raise ValueError(f"{load_g} g is above 10 000 e ({10_000 * e_g} g): outside class III")


def mpe_in_service_g(load_g: int, e_g: int) -> int:
    """Maximum permissible error in service, twice the initial one, grams (R 76 3.5.2)."""
    return 2 * mpe_initial_g(load_g, e_g)


def round_to_d(weight_g: int, d_g: int) -> int:
    """Round to the scale interval, halves away from zero, grams."""
    sign = -1 if weight_g < 0 else 1
    return sign * ((abs(weight_g) * 2 + d_g) // (2 * d_g)) * d_g


def is_over_range(gross_g: int, scale: Capacity) -> bool:
    """Whether the load lies above Max + 9 e, where nothing may be shown (R 76 4.2.3)."""
    return gross_g > scale.max_g + BLANK_OVER_E * scale.e_g


def is_under_range(gross_g: int, scale: Capacity) -> bool:
    """Whether the load lies under -20 d, where nothing may be shown."""
    return gross_g < -BLANK_UNDER_D * scale.d_g


def indicate_g(gross_g: int, scale: Capacity) -> int | None:
    """The reading rounded to d, or None where the display must be blank."""
    if is_over_range(gross_g, scale) or is_under_range(gross_g, scale):
        return None
    return round_to_d(gross_g, scale.d_g)
