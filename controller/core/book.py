"""The law as frozen data: what each dated table says, in grams and millimetres.

`controller.rulebook` reads these from the files in ``rules/``; the core never opens a file.
"""

from __future__ import annotations

from msgspec import Struct


class GrossRow(Struct, frozen=True, kw_only=True):
    """One row of the gross table; ``axles_max`` None is open-ended, a None condition is any.

    A row with a ``layout`` depends on something that facts never state, so it stands beside the
    plain row as one more reading.
    """

    id: str
    clause: str
    kind: str
    axles_min: int
    axles_max: int | None
    limit_g: int
    single_drive_axle: bool | None = None
    layout: str | None = None

    def fits(self, kind: str, axles: int) -> bool:
        """Whether a vehicle of this kind and axle count stands in this row."""
        return (
            self.kind == kind
            and self.axles_min <= axles
            and (self.axles_max is None or axles <= self.axles_max)
        )


class Allowance(Struct, frozen=True, kw_only=True):
    """A higher limit in place of the row's for air suspension on dual-tyred drive axles."""

    id: str
    clause: str
    kind: str
    axles: int
    limit_g: int
    spacing_min_mm: int | None = None


class LicenceCap(Struct, frozen=True, kw_only=True):
    """Where it is lower, the licence's total mass (行驶证标明的总质量) is the limit."""

    id: str
    clause: str
    kind: str
    axles: int


class AxleSum(Struct, frozen=True, kw_only=True):
    """The sum of axle and axle-group limits for one trailer tandem spacing, counting rule (3)."""

    id: str
    clause: str
    kind: str
    axles: int
    spacing_min_mm: int
    spacing_below_mm: int | None
    limit_g: int


class SingleTyre(Struct, frozen=True, kw_only=True):
    """What each single-tyred axle takes off the limit, and the clause that waives it."""

    clause: str
    waiver_clause: str
    reduction_g: int


class Posted(Struct, frozen=True, kw_only=True):
    """The clause by which a posted limit (限载标志) replaces a higher one."""

    id: str
    clause: str


class SizeLimit(Struct, frozen=True, kw_only=True):
    """One dimension and the value it may reach but not exceed."""

    dimension: str
    limit_mm: int
    clause: str


class Ruleset(Struct, frozen=True, kw_only=True):
    """Everything in force from ``effective`` (yyyymmdd) until the next ruleset takes over."""

    effective: int
    versions: tuple[str, ...]
    rows: tuple[GrossRow, ...]
    allowances: tuple[Allowance, ...] = ()
    licence_caps: tuple[LicenceCap, ...] = ()
    axle_sums: tuple[AxleSum, ...] = ()
    single_tyre: SingleTyre | None = None
    posted: Posted | None = None
    sizes: tuple[SizeLimit, ...] = ()


class RuleBook(Struct, frozen=True, kw_only=True):
    """All rulesets, oldest first, and the clause of the overload verdict."""

    periods: tuple[Ruleset, ...]
    overload_clause: str

    def in_force(self, on: int) -> Ruleset | None:
        """The ruleset of a date, or None before the first."""
        found = None
        for period in self.periods:
            if period.effective <= on:
                found = period
        return found
