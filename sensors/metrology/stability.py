"""R 76 tests of what the instrument keeps: stored weights that stand, and a zero that is zero."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sensors.indication import BLANK_OVER_E
from sensors.metrology import bands
from sensors.metrology.formulae import zero_row
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

TIMES_MIN = 5
DISTURB_MORE = "disturb the deck and repeat it {} times more"
ZEROS_SET = "zero or tare settings after a disturbance"
FOLLOW_S = 5.0
ZERO_E = 0.25
ZEROS_AFTER = ("", "zero", "tare")


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One stored weight, and what the display showed in the 5 s after it: value and how often."""

    value_g: float
    shown: tuple[tuple[float, int], ...]
    label: str = ""


def stability(
    scale: Instrument,
    conditions: Conditions,
    stored: Sequence[Stored],
    zeros: Sequence[Reading],
    *,
    passages: bool = False,
) -> Report:
    """Weights stored after a disturbance stand for 5 s (R 76-1, 4.4.2 and A.4.12; form 7).

    No indication of those 5 s lies further than 1 e from the stored value, and together with it
    they are at most two adjacent values; after zero or tare was set, |E0| <= 0.25 e.  With
    ``passages`` the stored weights are those of vehicles, at any load from Min on, and the zero
    is left to ``zero_accuracy``.

    Raises SetError for fewer than five of either, and for a load not about 50 % of Max.
    """
    bands.require_enough(len(stored), TIMES_MIN, "stored weights", DISTURB_MORE)
    band = _any_load(scale) if passages else bands.about_half(scale)
    for one in stored:
        bands.require_within(one.value_g, band)
    if not passages or zeros:
        bands.require_enough(len(zeros), TIMES_MIN, ZEROS_SET, DISTURB_MORE)
    rows = [row for number, one in enumerate(stored, 1) for row in _shown(one, number, scale)]
    return Report(
        test="stability",
        clause="R 76-1 4.4.2, A.4.12",
        scale=scale,
        conditions=conditions,
        rows=(*rows, *_zeros(zeros, scale, conditions)),
        checks=tuple(_adjacent(one, number, scale) for number, one in enumerate(stored, 1)),
        notes=(("passages", ""),) if passages else (),
    )


def zero_accuracy(scale: Instrument, conditions: Conditions, zeros: Sequence[Reading]) -> Report:
    """After zero or tare was set, |E0| <= 0.25 e (R 76-1, 4.5.2, 4.6.3, A.4.2.3, A.4.6.2).

    ``place`` says what was set, zero or tare.  Raises SetError without a reading.
    """
    if not zeros:
        raise SetError("too_few_weighings", "no zero was read", "set zero and read it")
    return Report(
        test="zero",
        clause="R 76-1 4.5.2, 4.6.3, A.4.2.3",
        scale=scale,
        conditions=conditions,
        rows=_zeros(zeros, scale, conditions),
    )


def _any_load(scale: Instrument) -> bands.Band:
    return bands.Band(what="Min to Max", low_g=scale.min_g, high_g=scale.max_g)


def _zeros(zeros: Sequence[Reading], scale: Instrument, conditions: Conditions) -> tuple[Row, ...]:
    rows = []
    for zero in zeros:
        if zero.place not in ZEROS_AFTER:
            raise SetError("unknown_place", f"'{zero.place}' is not set", "state zero or tare")
        row = zero_row(zero, scale, conditions)
        decision = Decision(value_g=row.error_g or 0.0, limit_g=ZERO_E * scale.e_g)
        rows.append(msgspec.structs.replace(row, decision=decision, note=""))
    return tuple(rows)


def _shown(one: Stored, number: int, scale: Instrument) -> list[Row]:
    """A row for every value that was shown."""
    name = one.label or str(number)
    if not one.shown:
        raise SetError(
            "no_stable_reading",
            f"stored weight {name}: nothing was read after it",
            f"state every value shown in the {FOLLOW_S:.0f} s after storing",
        )
    for value_g in (one.value_g, *(value_g for value_g, _ in one.shown)):
        _check_value(value_g, name, scale)
    return [
        Row(
            reading=Reading(load_g=one.value_g, indication_g=value_g, place=name),
            decision=Decision(value_g=value_g - one.value_g, limit_g=float(scale.e_g)),
            note=f"{times} x" if times > 1 else "",
        )
        for value_g, times in one.shown
    ]


def _check_value(value_g: float, name: str, scale: Instrument) -> None:
    """A value of the display: a multiple of d, not above Max + 9 e."""
    high_g = scale.max_g + BLANK_OVER_E * scale.e_g
    if not -high_g <= value_g <= high_g or value_g % scale.d_g:
        raise SetError(
            "not_a_multiple",
            f"stored weight {name}: {show_g(value_g)} cannot be shown",
            f"copy the display, in steps of d = {show_g(scale.d_g)} up to Max + 9 e",
        )


def _adjacent(one: Stored, number: int, scale: Instrument) -> Check:
    """At most two adjacent values, the stored one among them."""
    values = [one.value_g, *(value_g for value_g, _ in one.shown)]
    decision = Decision(value_g=max(values) - min(values), limit_g=float(scale.d_g))
    return Check(what="adjacent", of=one.label or str(number), decision=decision)
