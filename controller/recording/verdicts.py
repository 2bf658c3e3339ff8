"""The three verdicts as the core judged them."""

from __future__ import annotations

from controller.core import verdict as judged
from controller.core.images import RecordIntent
from controller.core.mpe import TOLERANCE
from controller.recording.identity import Identity
from controller.recording.words import bounded
from protocol import parts


def verdicts_of(intent: RecordIntent, identity: Identity) -> parts.Verdicts | None:
    """Over-limit, overload and dimensions side by side, with the tables and the tolerance."""
    judgement = intent.judgement
    if judgement is None:
        return None
    return parts.Verdicts(
        over_limit=_over_limit(judgement.over_limit, judgement.rules, identity),
        overload=_overload(judgement.overload, identity),
        dimensions=parts.Verdict(
            result=parts.Result(judgement.dimensions.verdict.value),
            clause=judgement.dimensions.clause,
            exceeded=judgement.dimensions.over,
        ),
        rules=judgement.rules,
        reasons=tuple(bounded(reason) for reason in judgement.reasons),
        on=intent.facts.on if intent.facts is not None else None,
        tolerance=TOLERANCE,
    )


def _over_limit(
    over: judged.OverLimit, names: tuple[str, ...], identity: Identity
) -> parts.Verdict:
    return parts.Verdict(
        result=parts.Result(over.verdict.value),
        limit_g=over.limit_g,
        over_g=over.over_g,
        rate_e4=over.rate_e4,
        rule=over.rule,
        clause=over.clause,
        version=identity.version_of(over.rule, names),
        within_mpe=over.within_mpe,
        readings=tuple(_reading(reading) for reading in over.readings),
    )


def _reading(reading: judged.Reading) -> parts.Reading:
    return parts.Reading(
        result=parts.Result(reading.verdict.value),
        limit_g=reading.limit_g,
        over_g=reading.over_g,
        rate_e4=reading.rate_e4,
        rule=reading.rule,
        clause=reading.clause,
        note=reading.note,
        assumed=tuple(parts.Assumed(fact=a.fact, value=a.value) for a in reading.assumed),
    )


def _overload(load: judged.Overload, identity: Identity) -> parts.Verdict:
    return parts.Verdict(
        result=parts.Result(load.verdict.value),
        limit_g=load.limit_g,
        over_g=load.over_g,
        rate_e4=load.rate_e4,
        clause=load.clause,
        version=(identity.overload_table or None) if load.clause else None,
        basis=load.basis,
        rate_of=load.rate_of,
    )
