"""Every reading that the facts allow, and the limit of the road under each.

A missing fact is never guessed.  Where it could change the limit, each of its values is a reading
of its own; where it could not, it is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from controller.core.book import Allowance, AxleSum, GrossRow, LicenceCap, RuleBook, Ruleset
from controller.core.verdict import KINDS, Assumed, Facts, Reading, Verdict


class _Case(Struct, frozen=True):
    """One vehicle without an unknown that could change its row; ``axles`` is never None."""

    axles: int
    kind: str
    spacing_mm: int | None
    rows: tuple[GrossRow, ...]
    assumed: tuple[Assumed, ...]

    def is_(self, rule: Allowance | LicenceCap | AxleSum) -> bool:
        return rule.kind == self.kind and rule.axles == self.axles


class _Limit(Struct, frozen=True):
    limit_g: int
    rule: str
    clauses: tuple[str, ...]

    def lowered_to(self, limit_g: int, rule: str, clause: str) -> _Limit:
        if limit_g >= self.limit_g:
            return self
        return _Limit(limit_g, rule, (clause,))


def readings(facts: Facts, book: RuleBook, gross_g: int | None) -> tuple[Reading, ...]:
    """Judge ``gross_g`` under every reading of the facts; at least one, in the table's order.

    ``gross_g`` is apart from the facts because a weight outside the scale's range is no weight.
    """
    found: list[Reading] = []
    for rules, assumed in _periods(facts.on, book):
        if rules is None:
            note = "no table in force on this date" if book.periods else "the rule book is empty"
            found.append(Reading(assumed=assumed, note=note))
            continue
        for case in _cases(facts, rules, assumed):
            found += _of_case(facts, rules, case, gross_g)
    return tuple(found)


def rate_e4(over_g: int, of_g: int | None) -> int | None:
    """A rate in parts per ten thousand, a half to the even; None with nothing to divide by."""
    if of_g is None or of_g <= 0:
        return None
    rate, rest = divmod(10_000 * over_g, of_g)
    return rate + (2 * rest > of_g or (2 * rest == of_g and rate % 2 == 1))


def _periods(
    on: int | None, book: RuleBook
) -> Iterator[tuple[Ruleset | None, tuple[Assumed, ...]]]:
    if on is not None:
        yield book.in_force(on), ()
        return
    if not book.periods:
        yield None, ()
        return
    yield None, (Assumed("on", f"before {_iso(book.periods[0].effective)}"),)
    for period in book.periods:
        yield period, (Assumed("on", f"from {_iso(period.effective)}"),)


def _iso(date: int) -> str:
    return f"{date // 10_000:04}-{date // 100 % 100:02}-{date % 100:02}"


def _cases(facts: Facts, rules: Ruleset, given: tuple[Assumed, ...]) -> Iterator[_Case]:
    for axles, of_axles in _axles(facts, rules):
        for kind, of_kind in _kinds(facts):
            rows = tuple(row for row in rules.rows if row.fits(kind, axles))
            for drive_rows, of_drive in _drives(facts, rows):
                for spacing_mm, of_spacing in _spacings(facts, rules, kind, axles):
                    assumed = (*given, *of_axles, *of_kind, *of_drive, *of_spacing)
                    yield _Case(axles, kind, spacing_mm, drive_rows, assumed)


def _axles(facts: Facts, rules: Ruleset) -> Iterator[tuple[int, tuple[Assumed, ...]]]:
    if facts.axles is not None:
        yield facts.axles, ()
        return
    first = min(row.axles_min for row in rules.rows)
    last = max(row.axles_max or row.axles_min for row in rules.rows)
    for axles in range(first, last + 1):
        yield axles, (Assumed("axles", f">={axles}" if axles == last else axles),)


def _kinds(facts: Facts) -> Iterator[tuple[str, tuple[Assumed, ...]]]:
    if facts.kind is not None:
        yield facts.kind, ()
        return
    for kind in KINDS:
        yield kind, (Assumed("kind", kind),)


def _drives(
    facts: Facts, rows: tuple[GrossRow, ...]
) -> Iterator[tuple[tuple[GrossRow, ...], tuple[Assumed, ...]]]:
    matters = any(row.single_drive_axle is not None for row in rows)
    if not matters:
        yield rows, ()
        return
    known = facts.single_drive_axle
    for single in (False, True) if known is None else (known,):
        kept = tuple(row for row in rows if row.single_drive_axle in (None, single))
        yield kept, (Assumed("single_drive_axle", single),) if known is None else ()


def _spacings(
    facts: Facts, rules: Ruleset, kind: str, axles: int
) -> Iterator[tuple[int | None, tuple[Assumed, ...]]]:
    edges = sorted(set(_spacing_edges(facts, rules, kind, axles)))
    if facts.trailer_tandem_spacing_mm is not None or not edges:
        yield facts.trailer_tandem_spacing_mm, ()
        return
    fact = "trailer_tandem_spacing_mm"
    yield 0, (Assumed(fact, f"<{edges[0]}"),)
    for edge, following in zip(edges, [*edges[1:], None], strict=True):
        band = f">={edge}" if following is None else f">={edge} and <{following}"
        yield edge, (Assumed(fact, band),)


def _spacing_edges(facts: Facts, rules: Ruleset, kind: str, axles: int) -> Iterator[int]:
    for rule in rules.allowances if facts.air_suspension_drive else ():
        if (rule.kind, rule.axles) == (kind, axles) and rule.spacing_min_mm is not None:
            yield rule.spacing_min_mm
    for cap in rules.axle_sums:
        if (cap.kind, cap.axles) == (kind, axles):
            yield from (e for e in (cap.spacing_min_mm, cap.spacing_below_mm) if e)


def _of_case(facts: Facts, rules: Ruleset, case: _Case, gross_g: int | None) -> Iterable[Reading]:
    if not case.rows:
        note = f"the table knows no {case.kind} of {case.axles} axles"
        return (Reading(assumed=case.assumed, note=note),)
    if not any(row.layout for row in case.rows):
        return _of_row(facts, rules, case, case.rows[0], gross_g)
    found: list[Reading] = []
    for row in case.rows:
        layout = Assumed("layout", row.layout or "any other")
        told = replace(case, assumed=(*case.assumed, layout))
        found += _of_row(facts, rules, told, row, gross_g)
    return found


def _of_row(
    facts: Facts, rules: Ruleset, case: _Case, row: GrossRow, gross_g: int | None
) -> Iterable[Reading]:
    limit = _summed(rules, case, _reduced(facts, rules, _allowed(facts, rules, case, row)))
    cap = next((cap for cap in rules.licence_caps if case.is_(cap)), None)
    if cap is not None and facts.licence_gvm_g is not None:
        limit = limit.lowered_to(facts.licence_gvm_g, cap.id, cap.clause)
    if rules.posted is not None and facts.posted_limit_g is not None:
        limit = limit.lowered_to(facts.posted_limit_g, rules.posted.id, rules.posted.clause)
    if cap is not None and facts.licence_gvm_g is None:
        return _either_side(limit, cap, case.assumed, gross_g)
    return (_against(limit, case.assumed, gross_g),)


def _summed(rules: Ruleset, case: _Case, limit: _Limit) -> _Limit:
    for bound in rules.axle_sums:
        if case.is_(bound) and _spans(
            bound.spacing_min_mm, bound.spacing_below_mm, case.spacing_mm
        ):
            limit = limit.lowered_to(bound.limit_g, bound.id, bound.clause)
    return limit


def _allowed(facts: Facts, rules: Ruleset, case: _Case, row: GrossRow) -> _Limit:
    for rule in rules.allowances if facts.air_suspension_drive and row.layout is None else ():
        if case.is_(rule) and (
            rule.spacing_min_mm is None or _spans(rule.spacing_min_mm, None, case.spacing_mm)
        ):
            return _Limit(rule.limit_g, rule.id, (row.clause, rule.clause))
    return _Limit(row.limit_g, row.id, (row.clause,))


def _reduced(facts: Facts, rules: Ruleset, limit: _Limit) -> _Limit:
    count = facts.single_tyre_axles or 0
    if rules.single_tyre is None or not count:
        return limit
    if facts.wide_tyres:
        return _Limit(limit.limit_g, limit.rule, (*limit.clauses, rules.single_tyre.waiver_clause))
    reduced_g = max(0, limit.limit_g - count * rules.single_tyre.reduction_g)
    return _Limit(reduced_g, limit.rule, (*limit.clauses, rules.single_tyre.clause))


def _spans(min_mm: int, below_mm: int | None, spacing_mm: int | None) -> bool:
    if spacing_mm is None or spacing_mm < min_mm:
        return False
    return below_mm is None or spacing_mm < below_mm


def _against(limit: _Limit, assumed: tuple[Assumed, ...], gross_g: int | None) -> Reading:
    over_g = None if gross_g is None else max(0, gross_g - limit.limit_g)
    return Reading(
        assumed=assumed,
        verdict=_verdict(over_g),
        limit_g=limit.limit_g,
        over_g=over_g,
        rate_e4=None if over_g is None else rate_e4(over_g, limit.limit_g),
        rule=limit.rule,
        clause="; ".join(limit.clauses),
        note="no usable weight" if gross_g is None else None,
    )


def _verdict(over_g: int | None) -> Verdict:
    if over_g is None:
        return Verdict.UNDETERMINED
    return Verdict.OVER if over_g > 0 else Verdict.WITHIN


def _either_side(
    limit: _Limit, cap: LicenceCap, assumed: tuple[Assumed, ...], gross_g: int | None
) -> tuple[Reading, Reading]:
    """The two readings of a licence mass that is not stated: at or above the limit, or below it.

    Below it the limit is unknown, but whatever reaches the higher limit exceeds the lower one.
    """
    bound_kg = kg(limit.limit_g)
    above = (*assumed, Assumed("licence_gvm_kg", f">={bound_kg}"))
    certain = gross_g is not None and gross_g >= limit.limit_g
    below = Reading(
        assumed=(*assumed, Assumed("licence_gvm_kg", f"<{bound_kg}")),
        verdict=Verdict.OVER if certain else Verdict.UNDETERMINED,
        rule=cap.id,
        clause=cap.clause,
        note=f"the limit is the licence mass, somewhere below {bound_kg} kg",
    )
    return _against(limit, above, gross_g), below


def kg(mass_g: int) -> str:
    """A mass in kilograms as text, without a trailing fraction where there is none."""
    whole, rest = divmod(abs(mass_g), 1_000)
    sign = "-" if mass_g < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03}".rstrip("0") if rest else "")
