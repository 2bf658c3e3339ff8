"""The rules: over-limit (超限) and overload (超载) as two verdicts, and the size of the vehicle.

A missing fact gives every reading that it allows; when all agree that is the verdict, otherwise
it is undetermined.  Sources: 交通运输部令2016年第62号 Art. 3 and 27, 交办公路〔2016〕109号 notes
1-4, 道路交通安全法 Art. 92; the numbers stand in ``rules/*.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.core import mpe
from controller.core.book import RuleBook, Ruleset
from controller.core.readings import kg, rate_e4, readings
from controller.core.verdict import (
    Assumed,
    DimensionCheck,
    Facts,
    Judgement,
    OverLimit,
    Overload,
    Reading,
    Scale,
    Verdict,
)

__all__ = [
    "Assumed",
    "DimensionCheck",
    "Facts",
    "Judgement",
    "OverLimit",
    "Overload",
    "Reading",
    "RuleBook",
    "Scale",
    "Verdict",
    "judge",
    "unusable_weight",
]


def judge(facts: Facts, book: RuleBook) -> Judgement:
    """Judge one vehicle by the rules in force on its date; pure, and raises for no facts.

    A weight that `unusable_weight` names counts as unknown, so both verdicts on mass are then
    undetermined.  ``release`` needs over-limit within, and neither size nor overload over.
    """
    gross_g = None if unusable_weight(facts) else facts.gross_g
    mpe_g = _mpe_g(facts.scale, gross_g)
    over_limit = _over_limit(readings(facts, book, gross_g), mpe_g)
    overload = _overload(facts, book, gross_g)
    dimensions = _dimensions(facts, book)
    return Judgement(
        over_limit=over_limit,
        overload=overload,
        dimensions=dimensions,
        mpe_g=mpe_g,
        release=over_limit.verdict is Verdict.WITHIN
        and dimensions.verdict is not Verdict.OVER
        and overload.verdict is not Verdict.OVER,
        reasons=tuple(_reasons(facts, over_limit, overload, dimensions)),
        rules=_versions(facts.on, book),
    )


def unusable_weight(facts: Facts) -> str | None:
    """Why the scale may not vouch for this gross, or None where nothing speaks against it.

    Class III indicates nothing above Max + 9 e, and nothing is weighed below Min = 20 e
    (R 76-1, 3.2 and 4.2.3).
    """
    if facts.gross_g is None or facts.scale is None:
        return None
    scale = facts.scale
    ceiling_g = scale.max_g + mpe.BLANK_ABOVE_MAX_E * scale.e_g
    floor_g = mpe.MIN_CAPACITY_E * scale.e_g
    if facts.gross_g > ceiling_g:
        return (
            f"{kg(facts.gross_g)} kg is over capacity (超出最大称量): the scale shows nothing "
            f"above Max + {mpe.BLANK_ABOVE_MAX_E} e = {kg(ceiling_g)} kg"
        )
    if facts.gross_g < floor_g:
        return (
            f"{kg(facts.gross_g)} kg is below the minimum capacity (最小称量) "
            f"Min = {mpe.MIN_CAPACITY_E} e = {kg(floor_g)} kg"
        )
    return None


def _mpe_g(scale: Scale | None, gross_g: int | None) -> int | None:
    if scale is None or gross_g is None or scale.e_g < 1:
        return None
    if not 0 <= gross_g <= mpe.LOAD_E_MAX * scale.e_g:
        return None
    return mpe.mpe_in_service_g(gross_g, scale.e_g)


def _over_limit(found: tuple[Reading, ...], mpe_g: int | None) -> OverLimit:
    verdicts = {reading.verdict for reading in found}
    known = [reading for reading in found if reading.limit_g is not None]
    best = max(known, key=lambda reading: reading.limit_g or 0, default=found[0])
    return OverLimit(
        verdict=found[0].verdict if len(verdicts) == 1 else Verdict.UNDETERMINED,
        limit_g=best.limit_g,
        over_g=best.over_g,
        rate_e4=best.rate_e4,
        rule=best.rule,
        clause=best.clause,
        within_mpe=_within_mpe(best.over_g, mpe_g),
        readings=found,
    )


def _within_mpe(over_g: int | None, mpe_g: int | None) -> bool | None:
    if over_g == 0:
        return False
    if over_g is None or mpe_g is None:
        return None
    return over_g <= mpe_g


def _overload(facts: Facts, book: RuleBook, gross_g: int | None) -> Overload:
    """Compare with each licence figure that can be compared, and keep the worse result.

    Gross against the total mass, or net against the approved load; either alone suffices.
    A load that the whole gross would not exceed is within for every tare.
    """
    payload_g, tare_g = facts.licence_payload_g, facts.tare_g
    compared: list[tuple[int, int, str]] = []
    if gross_g is not None and facts.licence_gvm_g is not None:
        compared.append((gross_g - facts.licence_gvm_g, facts.licence_gvm_g, "licence_gvm_kg"))
    if gross_g is not None and payload_g is not None:
        if tare_g is not None and tare_g <= gross_g:
            compared.append((gross_g - tare_g - payload_g, payload_g, "licence_payload_kg"))
        elif tare_g is None and gross_g <= payload_g:
            compared.append((gross_g - payload_g, payload_g, "licence_payload_kg"))
    if not compared:
        return Overload(verdict=Verdict.UNDETERMINED, clause=book.overload_clause)
    excess_g, limit_g, basis = max(compared)
    over_g = max(0, excess_g)
    rate_of = "licence_payload_kg" if payload_g else "licence_gvm_kg"
    return Overload(
        verdict=Verdict.OVER if over_g else Verdict.WITHIN,
        limit_g=limit_g,
        over_g=over_g,
        rate_e4=rate_e4(over_g, payload_g or facts.licence_gvm_g),
        basis=basis,
        rate_of=rate_of,
        clause=book.overload_clause,
    )


def _dimensions(facts: Facts, book: RuleBook) -> DimensionCheck:
    if facts.on is None:
        return DimensionCheck(verdict=Verdict.UNDETERMINED)
    rules = book.in_force(facts.on)
    if rules is None or not rules.sizes:
        return DimensionCheck(verdict=Verdict.UNDETERMINED)
    stated = {
        "height_mm": facts.height_mm,
        "width_mm": facts.width_mm,
        "length_mm": facts.length_mm,
    }
    over = tuple(s for s in rules.sizes if (stated[s.dimension] or 0) > s.limit_mm)
    if over:
        clause = "; ".join(size.clause for size in over)
        return DimensionCheck(
            verdict=Verdict.OVER, over=tuple(s.dimension for s in over), clause=clause
        )
    unknown = any(stated[size.dimension] is None for size in rules.sizes)
    return DimensionCheck(verdict=Verdict.UNDETERMINED if unknown else Verdict.WITHIN)


def _versions(on: int | None, book: RuleBook) -> tuple[str, ...]:
    in_force: tuple[Ruleset | None, ...]
    in_force = book.periods if on is None else (book.in_force(on),)
    return tuple(dict.fromkeys(v for rules in in_force if rules for v in rules.versions))


def _reasons(
    facts: Facts, over_limit: OverLimit, overload: Overload, dimensions: DimensionCheck
) -> Iterator[str]:
    yield _over_limit_reason(facts, over_limit)
    weight_fault = unusable_weight(facts)
    if weight_fault:
        yield f"weight-unusable: {weight_fault}"
    if (
        over_limit.verdict is Verdict.UNDETERMINED
        and None not in (facts.gross_g, facts.posted_limit_g)
        and (facts.gross_g or 0) > (facts.posted_limit_g or 0)
    ):
        yield f"above-posted-limit: the gross exceeds the posted {kg(facts.posted_limit_g or 0)} kg"
    yield _overload_reason(overload)
    which = ", ".join(dimensions.over) or "height, width, length"
    yield f"dimensions-{dimensions.verdict}: {which}"
    if facts.scale is None:
        yield "scale-unknown: Max and e are not stated, so the range and the MPE were not checked"


def _over_limit_reason(facts: Facts, found: OverLimit) -> str:
    if found.verdict is Verdict.UNDETERMINED:
        return f"over-limit-undetermined 超限未定: {_why_undetermined(facts, found)}"
    limit = "every limit possible" if found.limit_g is None else f"{kg(found.limit_g)} kg"
    gross = kg(facts.gross_g or 0)
    if found.verdict is Verdict.WITHIN:
        return f"over-limit-within 未超限: gross {gross} kg does not exceed {limit}"
    return f"over-limit 超限: gross {gross} kg exceeds {limit} by {kg(found.over_g or 0)} kg"


def _why_undetermined(facts: Facts, found: OverLimit) -> str:
    if facts.gross_g is None:
        return "the gross is not known"
    notes = dict.fromkeys(reading.note for reading in found.readings if reading.note)
    missing = dict.fromkeys(a.fact for reading in found.readings for a in reading.assumed)
    parts = ["not known: " + ", ".join(missing)] if missing else []
    return "; ".join([*parts, *notes])


def _overload_reason(found: Overload) -> str:
    if found.verdict is Verdict.UNDETERMINED or found.limit_g is None or found.over_g is None:
        return "overload-undetermined 超载未定: no licence figure to hold the weight against"
    what = f"{found.basis} = {kg(found.limit_g)} kg"
    if found.verdict is Verdict.WITHIN:
        return f"overload-within 未超载: {what} is not exceeded"
    return f"overload 超载: {what} is exceeded by {kg(found.over_g)} kg"
