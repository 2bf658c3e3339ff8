"""How a weight came about, as a record says it: name, version, integers with their unit."""

from __future__ import annotations

from protocol import parts
from sensors.weighing import Basis

LOAD_SINCE = "load_since_us"
WINDOW_FROM = "window_from_us"
UNCORRECTED = "uncorrected_g"
CREEP = "creep_g"
TEMPERATURE = "temperature_mc"
ZEROED = "zeroed_mc"
_OF_THE_WEIGHT = (LOAD_SINCE, WINDOW_FROM, UNCORRECTED, CREEP, TEMPERATURE, ZEROED)


def parameters_of(basis: Basis) -> tuple[tuple[str, int], ...]:
    """The estimator's constants, then what belongs to this weight; what is not known is left out.

    Temperatures are thousandths of a degree Celsius, at the weighing and when zero was set.
    """
    of_the_weight = (
        (LOAD_SINCE, basis.load_since_us),
        (WINDOW_FROM, basis.from_us),
        (UNCORRECTED, basis.estimate_g),
        (CREEP, basis.creep_g),
        (TEMPERATURE, basis.temperature_mc),
        (ZEROED, basis.zeroed_mc),
    )
    known = tuple((name, value) for name, value in of_the_weight if value is not None)
    return (*basis.parameters, *known)


def basis_of(weighing: parts.Weighing) -> Basis:
    """The basis that a record's weighing states.

    Raises:
        ValueError: it states none; the message says what is missing.
    """
    stated = dict(weighing.parameters)
    missing = [name for name in (LOAD_SINCE, WINDOW_FROM) if name not in stated]
    if weighing.estimator is None or weighing.stable_to_us is None or missing:
        what = missing or ["estimator" if weighing.estimator is None else "stable_to_us"]
        raise ValueError(f"the record does not say how its weight came about: no {what[0]}")
    return Basis(
        method=weighing.estimator,
        version=weighing.estimator_version or "",
        parameters=tuple(p for p in weighing.parameters if p[0] not in _OF_THE_WEIGHT),
        load_since_us=stated[LOAD_SINCE],
        stopped_us=weighing.stable_from_us,
        from_us=stated[WINDOW_FROM],
        to_us=weighing.stable_to_us,
        estimate_g=stated.get(UNCORRECTED, weighing.gross_g),
        creep_g=stated.get(CREEP, 0),
        temperature_mc=stated.get(TEMPERATURE),
        zeroed_mc=stated.get(ZEROED),
    )
