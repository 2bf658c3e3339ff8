"""R 76 tests over time: creep under load, and the return to zero after it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from sensors.metrology import bands
from sensors.metrology.formulae import mpe_g, unrounded_g, zero_row
from sensors.metrology.report import (
    Check,
    Conditions,
    Decision,
    Instrument,
    Reading,
    Report,
    Row,
    SetError,
    show_g,
)

MINUTE_S = 60.0
HALF_HOUR_S = 30 * MINUTE_S
QUARTER_S = 15 * MINUTE_S
HOURS_S = tuple(hour * 60 * MINUTE_S for hour in (1, 2, 3, 4))
EARLY_SLACK_S = MINUTE_S
HOURLY_SLACK_S = 5 * MINUTE_S
HALF_HOUR_E = 0.5
QUARTER_E = 0.2
ZERO_RETURN_E = 0.5


def creep(scale: Instrument, conditions: Conditions, readings: Sequence[Reading]) -> Report:
    """A load close to Max left on the deck (R 76-1, 3.9.4.1 and A.4.11.1).

    The first reading is P0, ``at_s`` counts from it.  Passed after 30 min when no reading has
    moved from P0 by more than 0.5 e and that at 30 min not by more than 0.2 e from that at
    15 min; otherwise no reading of 4 h may move by more than the mpe.

    Raises SetError for times left out, another load, or a half hour that does not suffice with
    no four hours behind it.
    """
    times = _check_times(readings)
    for reading in readings:
        bands.require_within(reading.load_g, bands.close_to_max(scale))
    if len({reading.load_g for reading in readings}) > 1:
        raise SetError("different_loads", "the load changed", "leave one load on and repeat it")
    moved = _moved(scale, conditions, readings)
    p15, p30 = _at(times, QUARTER_S, EARLY_SLACK_S), _at(times, HALF_HOUR_S, EARLY_SLACK_S)
    early = [t_s <= times[p30] for t_s in times]
    half_e = Decision(
        value_g=max((m for m, e in zip(moved, early, strict=True) if e), key=abs),
        limit_g=HALF_HOUR_E * scale.e_g,
    )
    quarter = Decision(value_g=moved[p30] - moved[p15], limit_g=QUARTER_E * scale.e_g)
    short = half_e.passed and quarter.passed
    mpe = mpe_g(readings[0].load_g, scale.e_g, conditions.in_service)
    limits = [half_e.limit_g if short and e else mpe for e in early]
    rows = _rows(readings, moved, limits)
    if not short and all(row.decision is None or row.decision.passed for row in rows):
        _require_four_hours(times, half_e, quarter)
    return Report(
        test="creep",
        clause="R 76-1 3.9.4.1, A.4.11.1",
        scale=scale,
        conditions=conditions,
        rows=rows,
        checks=(Check(what="p30_p15", of="", decision=quarter),) if short else (),
        notes=(("half_hour_creep" if short else "four_hours_creep", ""),),
    )


def zero_return(
    scale: Instrument,
    conditions: Conditions,
    before: Reading,
    load_g: float,
    loaded_s: float,
    after: Reading,
) -> Report:
    """Zero before and after half an hour of load: |P30 - P0| <= 0.5 e (3.9.4.2, A.4.11.2).

    Raises SetError for a load not close to Max or taken off before half an hour.
    """
    bands.require_within(load_g, bands.close_to_max(scale))
    if not loaded_s >= HALF_HOUR_S - EARLY_SLACK_S:
        raise SetError(
            "too_short",
            f"the load was on for {loaded_s / MINUTE_S:.0f} min",
            "leave it on for 30 min and repeat the test",
        )
    if before.load_g != after.load_g:
        raise SetError(
            "different_loads",
            f"zero was read on {show_g(before.load_g)} before and {show_g(after.load_g)} after",
            "read both on the same load close to zero",
        )
    first, last = zero_row(before, scale, conditions), zero_row(after, scale, conditions)
    moved_g = (last.error_g or 0.0) - (first.error_g or 0.0)
    decision = Decision(value_g=moved_g, limit_g=ZERO_RETURN_E * scale.e_g)
    return Report(
        test="zero-return",
        clause="R 76-1 3.9.4.2, A.4.11.2",
        scale=scale,
        conditions=conditions,
        rows=(
            msgspec.structs.replace(first, note="P0"),
            msgspec.structs.replace(last, decision=decision, note="P30"),
        ),
        notes=(("loaded", f"{show_g(load_g)}, {loaded_s / MINUTE_S:.1f} min"),),
    )


def _check_times(readings: Sequence[Reading]) -> list[float]:
    times = [reading.at_s for reading in readings]
    stated = [t_s for t_s in times if t_s is not None]
    if not stated or len(stated) < len(times) or stated[0] != 0:
        raise SetError("missing_time", "creep is read over time", "state 0 min for the first")
    if any(not later > t_s for t_s, later in pairwise(stated)):
        raise SetError("wrong_order", "the times do not rise", "state the readings in order")
    return stated


def _moved(scale: Instrument, conditions: Conditions, readings: Sequence[Reading]) -> list[float]:
    """dP of every reading against the first."""
    indicated = [unrounded_g(reading, scale, conditions) for reading in readings]
    return [p_g - indicated[0] for p_g in indicated]


def _at(times: Sequence[float], wanted_s: float, slack_s: float) -> int:
    near = min(range(len(times)), key=lambda i: abs(times[i] - wanted_s))
    if abs(times[near] - wanted_s) > slack_s:
        raise SetError(
            "missing_time",
            f"no reading at {wanted_s / MINUTE_S:.0f} min",
            "leave the load on and read it then; without it the test is not complete",
        )
    return near


def _require_four_hours(times: Sequence[float], half_e: Decision, quarter: Decision) -> None:
    """Half an hour did not suffice, which is no failure yet."""
    for hour_s in HOURS_S:
        try:
            _at(times, hour_s, HOURLY_SLACK_S)
        except SetError:
            half, quarter_g = show_g(half_e.limit_g), show_g(quarter.limit_g)
            raise SetError(
                "too_short",
                f"{show_g(half_e.value_g)} in 30 min (0.5 e is {half}), {show_g(quarter.value_g)} "
                f"from 15 to 30 min (0.2 e is {quarter_g}): this is decided by 4 h, and the "
                f"reading at {hour_s / 3600:.0f} h is missing",
                "leave the load on and read it at 1, 2, 3 and 4 h",
            ) from None


def _rows(
    readings: Sequence[Reading], moved: Sequence[float], limits: Sequence[float]
) -> tuple[Row, ...]:
    """The first reading is the reference and decides nothing."""
    later = [
        Row(reading=reading, decision=Decision(value_g=moved_g, limit_g=limit_g))
        for reading, moved_g, limit_g in zip(readings, moved, limits, strict=True)
    ]
    return (Row(reading=readings[0], note="P0"), *later[1:])
