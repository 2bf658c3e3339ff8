"""R 76 tests by loads put on: weighing, repeatability, eccentricity, discrimination."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from sensors.metrology import bands
from sensors.metrology.formulae import error_g, unrounded_g, within_mpe, zero_row
from sensors.metrology.report import (
    ROUNDING_G,
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

UP_LOADS_MIN = 5
DOWN_LOADS_MIN = 4
WEIGHINGS_MIN_LIGHT = 10
WEIGHINGS_MIN = 3
LIGHT_MAX_G = 1_000_000
ROLLING_PLACES = ("begin", "middle", "end")
ROLLING_BACK = tuple(f"{place} back" for place in ROLLING_PLACES)
EXTRA_D_MAX = 1.4
EXTRA_D_MIN = 1.35
WEIGH_MORE = "weigh {} more and state them"


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """One look at discrimination: what the display showed before and after an extra load."""

    before: Reading
    extra_g: float
    after_g: float


def weighing(
    scale: Instrument,
    conditions: Conditions,
    zero: Reading,
    up: Sequence[Reading],
    down: Sequence[Reading],
) -> Report:
    """Errors with rising and falling load: |Ec| <= mpe at each (R 76-1, 3.5 and A.4.4.1; form 1).

    Raises SetError for loads that are too few, out of order, over Max, or that leave out Min, Max
    or a load at which the mpe changes.
    """
    first = zero_row(zero, scale, conditions)
    _check_series(up, "up", UP_LOADS_MIN, rising=True)
    _check_series(down, "down", DOWN_LOADS_MIN, rising=False)
    rows = [
        _corrected(msgspec.structs.replace(reading, place=place), first, scale, conditions)
        for place, series in (("up", up), ("down", down))
        for reading in series
    ]
    between = (bands.at_min(scale), *bands.at_breaks(scale))
    bands.require_load_in([r.load_g for r in up], (*between, bands.at_max(scale)))
    bands.require_load_in([r.load_g for r in down], between)
    return Report(
        test="weighing",
        clause="R 76-1 3.5, A.4.4.1",
        scale=scale,
        conditions=conditions,
        rows=(first, *rows),
    )


def repeatability(scale: Instrument, conditions: Conditions, readings: Sequence[Reading]) -> Report:
    """Two loads weighed again and again: Emax - Emin <= |mpe|, each |E| <= mpe (3.6.1, A.4.10).

    Readings of one load are one series.  Raises SetError for too few weighings of a load, and
    unless one load is about 50 % of Max and one close to Max.
    """
    series: dict[float, list[Reading]] = {}
    for reading in readings:
        series.setdefault(reading.load_g, []).append(reading)
    bands.require_load_in(list(series), (bands.about_half(scale), bands.close_to_max(scale)))
    needed = WEIGHINGS_MIN if scale.max_g > LIGHT_MAX_G else WEIGHINGS_MIN_LIGHT
    rows: list[Row] = []
    checks: list[Check] = []
    for load_g, weighed in series.items():
        bands.require_enough(len(weighed), needed, f"weighings of {show_g(load_g)}", WEIGH_MORE)
        own = [_corrected(reading, None, scale, conditions) for reading in weighed]
        errors = [row.error_g for row in own if row.error_g is not None]
        limit = within_mpe(weighed[0], max(errors) - min(errors), scale, conditions.in_service)
        rows += own
        checks.append(Check(what="range", of=show_g(load_g), decision=limit))
    return Report(
        test="repeatability",
        clause="R 76-1 3.6.1, A.4.10",
        scale=scale,
        conditions=conditions,
        rows=tuple(rows),
        checks=tuple(checks),
    )


def eccentricity(
    scale: Instrument, conditions: Conditions, zero: Reading, readings: Sequence[Reading]
) -> Report:
    """A load on each support, ``place`` "1" to "n": |Ec| <= mpe (3.6.2, A.4.7).

    With places of ``ROLLING_PLACES`` it is the test with a rolling load, one vehicle at each of
    them and, where it can be driven the other way, of ``ROLLING_BACK``.

    Raises SetError for a support left out, an unknown place, and a load outside its band.
    """
    first = zero_row(zero, scale, conditions)
    is_rolling = any(reading.place in (*ROLLING_PLACES, *ROLLING_BACK) for reading in readings)
    _check_places([reading.place for reading in readings], _places(scale, readings, is_rolling))
    band = bands.rolling(scale) if is_rolling else bands.on_one_support(scale)
    for reading in readings:
        bands.require_within(reading.load_g, band)
    if is_rolling and len({reading.load_g for reading in readings}) > 1:
        raise SetError(
            "different_loads",
            "the rolling load changed between places",
            "drive one vehicle over all of them",
        )
    return Report(
        test="eccentricity",
        clause="R 76-1 3.6.2, A.4.7",
        scale=scale,
        conditions=conditions,
        rows=(first, *(_corrected(reading, first, scale, conditions) for reading in readings)),
        notes=(("rolling_load" if is_rolling else "eccentric_load", band.what),),
    )


def discrimination(scale: Instrument, conditions: Conditions, looks: Sequence[Added]) -> Report:
    """An extra load of 1.4 d at Min, half of Max and Max changes the display by d (3.8, A.4.8).

    Raises SetError for an extra load above or well below 1.4 d, and for a load left out.
    """
    d_g = scale.d_g
    loads = [look.before.load_g for look in looks]
    wanted = (bands.at_min(scale), bands.about_half(scale), bands.close_to_max(scale))
    bands.require_load_in(loads, wanted)
    rows = []
    for look in looks:
        if not EXTRA_D_MIN * d_g <= look.extra_g <= EXTRA_D_MAX * d_g + ROUNDING_G:
            raise SetError(
                "bad_extra",
                f"extra load {show_g(look.extra_g)} at {show_g(look.before.load_g)}",
                f"it must be 1.4 d, {show_g(EXTRA_D_MAX * d_g)}, and not more: repeat it",
            )
        rows.append(_step(look, scale, conditions))
    return Report(
        test="discrimination",
        clause="R 76-1 3.8, A.4.8",
        scale=scale,
        conditions=conditions,
        rows=tuple(rows),
    )


def _step(look: Added, scale: Instrument, conditions: Conditions) -> Row:
    """Both indications must be of the display that rounds to d, whatever shows more."""
    rounded = msgspec.structs.replace(conditions, resolution_g=float(scale.d_g))
    before = msgspec.structs.replace(look.before, delta_g=look.before.delta_g or 0.0)
    after = msgspec.structs.replace(before, indication_g=look.after_g)
    error_g(before, scale, rounded)
    unrounded_g(after, scale, rounded)
    change_g = look.after_g - look.before.indication_g
    decision = Decision(value_g=change_g, limit_g=float(scale.d_g), at_least=True)
    note = f"+ {show_g(look.extra_g)}: {show_g(look.after_g)}"
    return Row(reading=look.before, decision=decision, note=note)


def _corrected(
    reading: Reading, zero: Row | None, scale: Instrument, conditions: Conditions
) -> Row:
    """Ec = E - E0 against the mpe of the load; E itself where the test takes no zero."""
    error = error_g(reading, scale, conditions)
    corrected_g = error - ((zero.error_g or 0.0) if zero is not None else 0.0)
    decision = within_mpe(reading, corrected_g, scale, conditions.in_service)
    return Row(reading=reading, error_g=error, decision=decision)


def _check_series(series: Sequence[Reading], name: str, needed: int, *, rising: bool) -> None:
    bands.require_enough(len(series), needed, f"different loads {name}", WEIGH_MORE)
    for before, after in pairwise(series):
        if (after.load_g > before.load_g) is not rising or after.load_g == before.load_g:
            raise SetError(
                "wrong_order",
                f"{show_g(after.load_g)} follows {show_g(before.load_g)} going {name}",
                "state the readings in the order in which they were taken, one for each load",
            )


def _places(scale: Instrument, readings: Sequence[Reading], is_rolling: bool) -> tuple[str, ...]:
    if not is_rolling:
        return tuple(str(number + 1) for number in range(scale.supports))
    back = any(reading.place in ROLLING_BACK for reading in readings)
    return (*ROLLING_PLACES, *ROLLING_BACK) if back else ROLLING_PLACES


def _check_places(found: Sequence[str], wanted: tuple[str, ...]) -> None:
    for place in found:
        if place not in wanted:
            raise SetError(
                "unknown_place",
                f"'{place}' is no place of this test",
                f"the places are {', '.join(wanted)}",
            )
    missing = [place for place in wanted if place not in found]
    if missing:
        raise SetError(
            "missing_place",
            f"nothing was weighed at {', '.join(missing)}",
            "weigh there too, and state it",
        )
