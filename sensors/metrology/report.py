"""The report of one R 76 test: every reading, what was decided on it, and whether it passed.

Masses in grams as floats: scales of e = 5 g are read to half a gram.  Nothing here can be made to
pass: pass and margin are computed from the readings' decisions each time they are asked for.
"""

from __future__ import annotations

import msgspec

from sensors.calibration import Scale

# Decimal masses are no binary fractions; a micrograms' slip must not turn an exact limit over.
ROUNDING_G = 1e-6


class SetError(ValueError):
    """A set of readings on which nothing can be decided; ``name`` says why, the text what to do.

    Of loads: ``over_max``, ``load_outside_band``, ``different_loads``, ``too_few_weighings``,
    ``too_few_weights``, ``wrong_order``, ``unknown_place``, ``missing_place``, ``bad_extra``.
    Of readings: ``no_delta``, ``bad_delta``, ``not_a_multiple``, ``not_a_number``,
    ``blank_indication``, ``no_stable_reading``, ``withdrawn``.  Of times: ``missing_time``,
    ``too_short``.  At the scale: ``not_empty``, ``no_samples``, ``cancelled``.
    """

    def __init__(self, name: str, what: str, remedy: str) -> None:
        super().__init__(name, what, remedy)
        self.name = name

    def __str__(self) -> str:
        name, what, remedy = self.args
        return f"{name}: {what}; {remedy}"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Who was tested: data plate, certificate, and the calibration that was in force.

    ``supports`` is the number of points of support of the load receptor; ``additive_tare_g`` is
    T+ of R 76, 0 without an additive tare device.
    """

    serial: str
    max_g: int
    e_g: int
    d_g: int
    supports: int
    additive_tare_g: int = 0
    accuracy_class: str = "III"
    certificate_no: str | None = None
    certificate_valid_until: str | None = None
    calibration: str | None = None

    @property
    def min_g(self) -> int:
        """Min of class III, 20 e (R 76-1, table 3)."""
        return 20 * self.e_g

    @property
    def divisions(self) -> float:
        """n = Max / e."""
        return self.max_g / self.e_g


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """When, by whom and how the readings were taken.

    ``resolution_g`` is the interval of the display that was read: d as a rule, less with a display
    of higher resolution (R 76-1, A.4.1.6), 0 for unrounded values.  ``at`` is ISO 8601.
    """

    resolution_g: float
    source: str
    in_service: bool = False
    at: str | None = None
    by: str | None = None
    ambient: tuple[tuple[str, str], ...] = ()
    remarks: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One reading: load L, indication I, and the small weights dL that made it step up by one d.

    ``place`` is the direction, the point of support, or what was set; ``at_s`` is the time since
    the test began where time matters.
    """

    load_g: float
    indication_g: float
    delta_g: float | None = None
    place: str = ""
    at_s: float | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity against its limit: at most in amount, or with ``at_least`` not less than it."""

    value_g: float
    limit_g: float
    at_least: bool = False

    @property
    def margin_g(self) -> float:
        """What was left before the limit; negative where it was broken."""
        value = self.value_g if self.at_least else abs(self.value_g)
        return value - self.limit_g if self.at_least else self.limit_g - value

    @property
    def passed(self) -> bool:
        """Whether the limit was kept; exactly at the limit is kept, no number never is."""
        return self.margin_g >= -ROUNDING_G


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One reading as reported: E, what it was compared by, its limit.

    ``decision`` is None for a reading that only serves the others, such as the zero.
    """

    reading: Reading
    error_g: float | None = None
    decision: Decision | None = None
    note: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on several readings together; ``what`` is its name in the words table."""

    what: str
    of: str
    decision: Decision


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one scale; a note is a name in the words table and its figure."""

    test: str
    clause: str
    scale: Instrument
    conditions: Conditions
    rows: tuple[Row, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision of the test."""
        rows = tuple(row.decision for row in self.rows if row.decision is not None)
        return rows + tuple(check.decision for check in self.checks)

    @property
    def passed(self) -> bool:
        """Whether every decision passed, and there was one."""
        return bool(self.decisions) and all(decision.passed for decision in self.decisions)

    @property
    def worst(self) -> Decision:
        """The decision with the least margin."""
        return min(self.decisions, key=lambda decision: decision.margin_g)


def instrument_of(scale: Scale, serial: str, calibration: str | None = None) -> Instrument:
    """The instrument that a calibration describes; one point of support for each cell."""
    return Instrument(
        serial=serial,
        max_g=scale.max_g,
        e_g=scale.e_g,
        d_g=scale.d_g,
        supports=len(scale.cells),
        calibration=calibration,
    )


def show_g(mass_g: float) -> str:
    """A mass for a message: kilograms, or grams below one kilogram."""
    if abs(mass_g) < 1000:
        return f"{mass_g:.6g} g"
    return f"{mass_g / 1000:,.10g} kg".replace(",", " ")
