"""R 76's arithmetic on one reading, and what makes a reading or a load unusable."""

from __future__ import annotations

import math

from sensors.indication import BLANK_OVER_E, mpe_initial_g
from sensors.metrology.report import (
    ROUNDING_G,
    Conditions,
    Decision,
    Instrument,
    Reading,
    Row,
    SetError,
    show_g,
)

ZERO_LOAD_E = 10
_NEVER_FINER_THAN_E = 5


def mpe_g(load_g: float, e_g: int, in_service: bool) -> float:
    """Maximum permissible error at a load, initial or in service (R 76-1, 3.5.1 and 3.5.2).

    Raises ValueError beyond 10 000 e.
    """
    # Doubled loads on doubled intervals keep the half gram that whole grams would drop (e = 5 g).
    initial = mpe_initial_g(math.ceil(2 * load_g), 2 * e_g) / 2
    return 2 * initial if in_service else initial


def needs_delta(resolution_g: float, e_g: int) -> bool:
    """Whether the display is too coarse to be read without small weights: d > 0.2 e (A.4.4.3)."""
    return resolution_g * _NEVER_FINER_THAN_E > e_g


def unrounded_g(reading: Reading, scale: Instrument, conditions: Conditions) -> float:
    """The indication prior to rounding, P = I + d/2 - dL (R 76-1, A.4.4.3).

    Raises SetError for a reading that cannot be one of this display.
    """
    _check_indication(reading, scale, conditions)
    step_g, delta_g = conditions.resolution_g, reading.delta_g
    if delta_g is None:
        if needs_delta(step_g, scale.e_g):
            raise SetError(
                "no_delta",
                f"{_where(reading)}: no dL, and a display of {show_g(step_g)} hides its half",
                f"add weights of {show_g(scale.e_g / 10)} until the display steps, and state them",
            )
        return reading.indication_g
    if not 0 <= delta_g <= step_g + ROUNDING_G:
        raise SetError(
            "bad_delta",
            f"{_where(reading)}: dL = {show_g(delta_g)} is not within 0 and {show_g(step_g)}",
            "the display steps within one interval: repeat the reading",
        )
    return reading.indication_g + step_g / 2 - delta_g


def error_g(reading: Reading, scale: Instrument, conditions: Conditions) -> float:
    """E = P - L; raises SetError for a load over Max and for an impossible reading."""
    if not math.isfinite(reading.load_g) or reading.load_g < 0:
        raise SetError("not_a_number", f"{_where(reading)}: no load", "state the load as weighed")
    if reading.load_g > scale.max_g + ROUNDING_G:
        raise SetError(
            "over_max",
            f"{_where(reading)}: more than Max = {show_g(scale.max_g)}",
            "no test of R 76 goes over Max: take load off",
        )
    return unrounded_g(reading, scale, conditions) - reading.load_g


def within_mpe(
    reading: Reading, compared_g: float, scale: Instrument, in_service: bool
) -> Decision:
    """The decision that an error keeps the mpe of its load."""
    return Decision(value_g=compared_g, limit_g=mpe_g(reading.load_g, scale.e_g, in_service))


def zero_row(zero: Reading, scale: Instrument, conditions: Conditions) -> Row:
    """The reading that gives E0, at zero or on a load of up to 10 e (R 76-1, A.4.2.3.2)."""
    if zero.load_g > ZERO_LOAD_E * scale.e_g:
        raise SetError(
            "load_outside_band",
            f"zero: {show_g(zero.load_g)} is no load close to zero",
            f"read zero at 0, or on {show_g(ZERO_LOAD_E * scale.e_g)} where zero is tracked",
        )
    return Row(reading=zero, error_g=error_g(zero, scale, conditions), note="E0")


def _check_indication(reading: Reading, scale: Instrument, conditions: Conditions) -> None:
    shown_g, step_g = reading.indication_g, conditions.resolution_g
    if not math.isfinite(shown_g) or not math.isfinite(reading.delta_g or 0.0):
        raise SetError("not_a_number", f"{_where(reading)}: no indication", "repeat the reading")
    if shown_g > scale.max_g + BLANK_OVER_E * scale.e_g:
        raise SetError(
            "blank_indication",
            f"{_where(reading)}: {show_g(shown_g)} cannot be shown above Max + 9 e",
            "copy the display as it stood; if it did show that, R 76-1 4.2.3 is broken",
        )
    if step_g and abs(math.remainder(shown_g, step_g)) > ROUNDING_G:
        raise SetError(
            "not_a_multiple",
            f"{_where(reading)}: {show_g(shown_g)} is no multiple of {show_g(step_g)}",
            "copy the display, or state the resolution of the display that was read",
        )


def _where(reading: Reading) -> str:
    place = f", {reading.place}" if reading.place else ""
    return f"load {show_g(reading.load_g)}{place}"
