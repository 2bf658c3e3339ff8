"""Reads stated facts (JSON, kilograms and millimetres) into the integers that the core judges."""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn

from controller.core.mpe import LOAD_E_MAX
from controller.core.rules import Facts, Scale
from controller.core.verdict import KINDS

MASS_KG_MAX = 1_000_000
SCALE_N_MIN = 500
SCALE_E_G_MIN = 5

_FLAGS = ("single_drive_axle", "wide_tyres", "air_suspension_drive")
_WHOLE = {
    "axles": (1, 999, "a number of axles"),
    "single_tyre_axles": (0, 999, "a number of axles"),
    "trailer_tandem_spacing_mm": (0, 100_000, "whole millimetres"),
    "height_mm": (1, 1_000_000, "whole millimetres"),
    "width_mm": (1, 1_000_000, "whole millimetres"),
    "length_mm": (1, 1_000_000, "whole millimetres"),
}
_MASSES_G_MIN = {
    "gross_kg": 0,
    "tare_kg": 0,
    "licence_gvm_kg": 1,
    "licence_payload_kg": 0,
    "posted_limit_kg": 1,
}
_KEYS = (*_WHOLE, *_MASSES_G_MIN, *_FLAGS, "kind", "on", "scale")
_SCALE_KEYS = ("max_kg", "e_kg")


class FactsError(ValueError):
    """Facts that cannot be judged; the message names file, key, value and remedy."""


def parse_facts(text: str, where: str) -> Facts:
    """The facts in a JSON object; an absent key is null, and null is unknown or none.

    ``where`` names the source in messages.  Raises FactsError.
    """
    stated = _object(_decoded(text, where), where, "", _KEYS)
    values: dict[str, object] = {}
    for key, (low, high, unit) in _WHOLE.items():
        values[key] = _whole(stated.get(key), low, high, f"{where}: {key}", unit)
    for key, low_g in _MASSES_G_MIN.items():
        values[f"{key[:-2]}g"] = _grams(stated.get(key), low_g, f"{where}: {key}")
    for key in _FLAGS:
        values[key] = _flag(stated.get(key), f"{where}: {key}")
    values["kind"] = _kind(stated.get("kind"), f"{where}: kind")
    values["on"] = _date(stated.get("on"), f"{where}: on")
    values["scale"] = _scale(stated.get("scale"), where)
    return Facts(**values)  # type: ignore[arg-type]


def _decoded(text: str, where: str) -> object:
    def constant(name: str) -> NoReturn:
        raise FactsError(f"{where}: {name} is no number; write null for what is not known")

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in items:
            if key in found:
                raise FactsError(f"{where}: {_cut(key)}: stands twice; keep one")
            found[key] = value
        return found

    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=constant, object_pairs_hook=pairs
        )
    except FactsError:
        raise
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FactsError(f"{where}: {place}: not valid JSON: {error.msg}") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise FactsError(
            f"{where}: not usable JSON: a number too long or lists too deep"
        ) from error


def _object(value: object, where: str, prefix: str, keys: Iterable[str]) -> dict[str, object]:
    place = f"{where}: {prefix[:-1]}" if prefix else where
    if not isinstance(value, dict):
        raise FactsError(f"{place}: must be an object like {{...}}, not {_shown(value)}")
    for key in value:
        if key not in keys:
            near = difflib.get_close_matches(key, sorted(keys), n=1, cutoff=0.5) or [
                known for known in keys if known.startswith(f"{key}_")
            ]
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known keys: {', '.join(keys)}"
            raise FactsError(f"{where}: {prefix}{_cut(key)}: unknown key; {hint}")
    return value


def _number(value: object, place: str, unit: str) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FactsError(f"{place}: must be a number ({unit}) or null, not {_shown(value)}")
    return Decimal(value)


def _whole(value: object, low: int, high: int, place: str, unit: str) -> int | None:
    number = _number(value, place, unit)
    if number is None:
        return None
    if not low <= number <= high:
        raise FactsError(f"{place}: {_shown(value)} lies outside {low}..{high} ({unit})")
    if number != int(number):
        raise FactsError(f"{place}: {_shown(value)} is not whole; give {unit}")
    return int(number)


def _grams(value: object, low_g: int, place: str) -> int | None:
    number = _number(value, place, "kilograms")
    if number is None:
        return None
    if number < 0 or number > MASS_KG_MAX or (number == 0 and low_g > 0):
        bound = "above 0" if low_g else "0"
        raise FactsError(
            f"{place}: {_shown(value)} lies outside {bound}..{MASS_KG_MAX} kg; "
            "write null for what is not known"
        )
    grams = int(number.scaleb(3))
    # Decimal arithmetic rounds, its comparison does not.
    if Decimal(grams).scaleb(-3) != number:
        raise FactsError(f"{place}: {_shown(value)} kg is finer than a gram; give whole grams")
    return grams


def _flag(value: object, place: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise FactsError(f"{place}: must be true, false or null, not {_shown(value)}")


def _kind(value: object, place: str) -> str | None:
    if value is None or (isinstance(value, str) and value in KINDS):
        return value
    near = difflib.get_close_matches(str(value).lower(), KINDS, n=1)
    hint = f'; did you mean "{near[0]}"?' if near and isinstance(value, str) else ""
    raise FactsError(f'{place}: must be "truck", "train" or null, not {_shown(value)}{hint}')


def _date(value: object, place: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise FactsError(f'{place}: must be a date like "2026-11-22" or null, not {_shown(value)}')
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError as error:
        raise FactsError(f"{place}: {value} is not in the calendar ({error})") from error
    return day.year * 10_000 + day.month * 100 + day.day


def _scale(value: object, where: str) -> Scale | None:
    if value is None:
        return None
    stated = _object(value, where, "scale.", _SCALE_KEYS)
    max_g = _grams(stated.get("max_kg"), 1, f"{where}: scale.max_kg")
    e_g = _grams(stated.get("e_kg"), 1, f"{where}: scale.e_kg")
    for key, mass_g in (("max_kg", max_g), ("e_kg", e_g)):
        if mass_g is None:
            raise FactsError(f"{where}: scale.{key}: missing; a scale needs both max_kg and e_kg")
    assert max_g is not None
    assert e_g is not None
    shown = f"{where}: scale.e_kg: {_shown(stated['e_kg'])}"
    if str(e_g).rstrip("0") not in {"1", "2", "5"} or e_g < SCALE_E_G_MIN:
        raise FactsError(f"{shown} is not 1, 2 or 5 x 10^k of at least 5 g (R 76-1, 4.2.2)")
    if not SCALE_N_MIN * e_g <= max_g <= LOAD_E_MAX * e_g:
        raise FactsError(
            f"{shown} with scale.max_kg = {_shown(stated['max_kg'])} gives n = Max / e = "
            f"{Decimal(max_g) / e_g:.6g}; class III needs {SCALE_N_MIN}..{LOAD_E_MAX}"
        )
    return Scale(max_g=max_g, e_g=e_g)


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return _cut(str(value))
    try:
        return _cut(json.dumps(value, ensure_ascii=False, default=str))
    except ValueError:
        return "that"


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
