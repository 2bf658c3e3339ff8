"""`steelyard judge FACTS.json`: the rules on stated facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controller.core.readings import kg
from controller.core.rules import Facts, Judgement, Reading, judge, unusable_weight
from controller.factsfile import FactsError, parse_facts
from controller.rulebook import load_rulebook

FACTS_BYTES_MAX = 65_536


def judge_file(path: Path, rules: Sequence[Path] = ()) -> dict[str, object]:
    """Judge the facts in a JSON file; ``rules`` are further rule tables beside the shipped ones.

    Returns the judgement as JSON values: kilograms, and rates rounded to four places.  Raises
    FactsError (a ValueError) that names file, key, value and remedy for facts that cannot be
    judged, a weight outside the scale's range among them, and RulesError for a bad rule table.
    """
    facts = parse_facts(_text(path), str(path))
    _refuse_contradiction(facts, path)
    return as_json(judge(facts, load_rulebook(rules)))


def as_json(found: Judgement) -> dict[str, object]:
    """A judgement in the words and units of the command's JSON: kg, and dates as written."""
    over_limit, overload, dimensions = found.over_limit, found.overload, found.dimensions
    return {
        "over_limit": {
            "verdict": over_limit.verdict.value,
            "limit_kg": _kg(over_limit.limit_g),
            "over_kg": _kg(over_limit.over_g),
            "rate": _rate(over_limit.rate_e4),
            "rule": over_limit.rule,
            "clause": over_limit.clause,
            "within_mpe": over_limit.within_mpe,
            "readings": [_reading(reading) for reading in over_limit.readings],
        },
        "overload": {
            "verdict": overload.verdict.value,
            "limit_kg": _kg(overload.limit_g),
            "over_kg": _kg(overload.over_g),
            "rate": _rate(overload.rate_e4),
            "basis": overload.basis,
            "rate_of": overload.rate_of,
            "clause": overload.clause,
        },
        "dimensions": {
            "verdict": dimensions.verdict.value,
            "over": list(dimensions.over),
            "clause": dimensions.clause,
        },
        "mpe_kg": _kg(found.mpe_g),
        "release": found.release,
        "reasons": list(found.reasons),
        "rules": list(found.rules),
    }


def _reading(reading: Reading) -> dict[str, object]:
    return {
        "reading": {assumed.fact: assumed.value for assumed in reading.assumed},
        "verdict": reading.verdict.value,
        "limit_kg": _kg(reading.limit_g),
        "over_kg": _kg(reading.over_g),
        "rate": _rate(reading.rate_e4),
        "rule": reading.rule,
        "clause": reading.clause,
        "note": reading.note,
    }


def _kg(mass_g: int | None) -> int | float | None:
    if mass_g is None:
        return None
    return mass_g // 1_000 if mass_g % 1_000 == 0 else mass_g / 1_000


def _rate(rate_e4: int | None) -> float | None:
    return None if rate_e4 is None else rate_e4 / 10_000


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FACTS_BYTES_MAX + 1)
    except OSError as error:
        raise FactsError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > FACTS_BYTES_MAX:
        raise FactsError(f"{path}: longer than {FACTS_BYTES_MAX} bytes; this is no facts file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FactsError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _refuse_contradiction(facts: Facts, path: Path) -> None:
    fault = unusable_weight(facts)
    if fault:
        raise FactsError(
            f"{path}: gross_kg: {fault}; this weight cannot be judged: weigh within the scale's "
            "range, or correct gross_kg or scale"
        )
    if facts.tare_g is not None and facts.gross_g is not None and facts.tare_g > facts.gross_g:
        raise FactsError(
            f"{path}: tare_kg: {kg(facts.tare_g)} exceeds gross_kg = {kg(facts.gross_g)}; "
            "correct either, or leave tare_kg out"
        )
    if facts.axles is not None and (facts.single_tyre_axles or 0) > facts.axles:
        raise FactsError(
            f"{path}: single_tyre_axles: {facts.single_tyre_axles} exceeds axles = "
            f"{facts.axles}; count only single-tyred axles that are neither steered nor driven"
        )
