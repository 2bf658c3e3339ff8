"""Quantities with their units, as a scenario file states them, and the errors that name a place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

_QUANTITY = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z/%]+)\s*$")
_CELSIUS = re.compile(r"^\s*(-?[0-9]+(?:\.[0-9]+)?)\s*C\s*$")
_MASS_G = {"t": 1_000_000.0, "kg": 1_000.0}
_TIME_US = {"min": 60_000_000.0, "s": 1_000_000.0, "ms": 1_000.0}
_LENGTH_M = {"m": 1.0, "cm": 0.01}
_RAIN_MM_H = {"mm/h": 1.0}
_SHARE = {"%": 0.01}


class ScenarioError(ValueError):
    """A scenario that cannot be run: the message says where, what is wrong and what to write."""


def mass_g(value: object, where: str) -> int:
    """Return grams of ``"48.3 t"`` or ``"850 kg"``."""
    return round(_parse(value, _MASS_G, where, '"48.3 t"'))


def time_us(value: object, where: str) -> int:
    """Return microseconds of ``"90 s"``, ``"2 min"`` or ``"500 ms"``."""
    return round(_parse(value, _TIME_US, where, '"90 s"'))


def length_m(value: object, where: str) -> float:
    """Return metres of ``"1.2 m"`` or ``"80 cm"``."""
    return _parse(value, _LENGTH_M, where, '"1.2 m"')


def rain_mm_h(value: object, where: str) -> float:
    """Return millimetres an hour of ``"10 mm/h"``."""
    return _parse(value, _RAIN_MM_H, where, '"10 mm/h"')


def celsius(value: object, where: str) -> float:
    """Return degrees of ``"-5 C"``."""
    match = _CELSIUS.match(value) if isinstance(value, str) else None
    if match is None or not -40.0 <= float(match[1]) <= 70.0:
        raise ScenarioError(
            f'{where}: {value!r} is not a temperature from -40 C to 70 C; write for example "-5 C"'
        )
    return float(match[1])


def share(value: object, where: str) -> float:
    """Return the part of one that ``"30 %"`` is."""
    return _parse(value, _SHARE, where, '"30 %"')


def word(value: object, allowed: Iterable[str], where: str) -> str:
    """Return the value if it is one of the allowed words."""
    words = tuple(allowed)
    if isinstance(value, str) and value in words:
        return value
    raise ScenarioError(f"{where}: {value!r} is not known{_hint(value, words)}")


def known_keys(table: Mapping[str, object], allowed: Iterable[str], where: str) -> None:
    """Refuse a key that nothing would read."""
    words = tuple(allowed)
    for key in table:
        if key not in words:
            raise ScenarioError(f"{where}: the key '{key}' is not known{_hint(key, words)}")


def _hint(value: object, words: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(str(value), words, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(words)}"


def _parse(value: object, units: Mapping[str, float], where: str, example: str) -> float:
    match = _QUANTITY.match(value) if isinstance(value, str) else None
    if match is None or match[2] not in units:
        raise ScenarioError(
            f"{where}: {value!r} is not a number with a unit of "
            f"{', '.join(units)}; write for example {example}"
        )
    return float(match[1]) * units[match[2]]
