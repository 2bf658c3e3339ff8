"""Readings for the tests over time, taken from what a weigher said tick by tick.

They are the weigher's own unrounded values, so that no small weights are needed, except for
stability, whose subject is what was shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from sensors.indication import round_to_d
from sensors.metrology.bands import close_to_max
from sensors.metrology.look import Look, Run, is_still
from sensors.metrology.report import Conditions, Instrument, Reading, Report, SetError, show_g
from sensors.metrology.stability import FOLLOW_S, Stored, stability, zero_accuracy
from sensors.metrology.times import creep, zero_return
from sensors.weighing import Status

US_PER_S = 1_000_000
READ_US = 2 * US_PER_S
FOLLOW_US = int(FOLLOW_S * US_PER_S)
MISSING_SHARE_MAX = 0.1
CREEP_MINUTES = (5, 15, 30, 60, 120, 180, 240)


def stability_of(
    runs: Sequence[Run], scale: Instrument, conditions: Conditions, *, live: bool = False
) -> Report:
    """Every stored weight against what was shown in the 5 s after it (R 76-1, A.4.12).

    Shown is the running estimate rounded to d, or with ``live`` the live reading, which follows a
    deck that still swings.  Raises SetError for a weight withdrawn or not seen for 5 s.
    """
    stored = [one for run in runs for one in _stored(run, live)]
    rounded = msgspec.structs.replace(conditions, resolution_g=float(scale.d_g))
    report = stability(scale, rounded, stored, (), passages=True)
    shown = "display_indication" if live else "display_estimate"
    return msgspec.structs.replace(report, notes=(*report.notes, (shown, "")))


def creep_of(runs: Sequence[Run], scale: Instrument, conditions: Conditions) -> Report:
    """One run with a load close to Max left on the deck for half an hour or four hours."""
    loaded = _loaded(_only(runs).looks, scale)
    began_us = loaded[0].t_us
    first_g = _mean(loaded, began_us, _gross)
    load_g = _put_on(first_g, scale)
    readings = [Reading(load_g=load_g, indication_g=first_g, at_s=0.0)]
    for minutes in CREEP_MINUTES:
        at_us = began_us + minutes * 60 * US_PER_S
        if at_us <= loaded[-1].t_us:
            value_g = _mean(loaded, at_us - READ_US, _gross)
            readings.append(Reading(load_g=load_g, indication_g=value_g, at_s=minutes * 60.0))
    return creep(scale, conditions, readings)


def zero_return_of(runs: Sequence[Run], scale: Instrument, conditions: Conditions) -> Report:
    """One run of zero, half an hour of load, and zero again, whatever the tracking did."""
    looks = _only(runs).looks
    loaded = _loaded(looks, scale)
    came = next(i for i, look in enumerate(looks) if look.gross_g >= scale.min_g)
    gone = looks.index(loaded[-1]) + 1
    before = _empty(looks[:came], scale, "before")
    after = _empty(looks[gone:], scale, "after")
    # The last second before the load may already hold its touch.
    zero_g = _mean(before, before[-1].t_us - READ_US - US_PER_S, _absolute)
    back_g = _mean(after, after[0].t_us, _absolute)
    loaded_s = (loaded[-1].t_us - loaded[0].t_us) / US_PER_S
    load_g = _put_on(_mean(loaded, loaded[0].t_us, _gross), scale)
    first, last = (
        Reading(load_g=0.0, indication_g=value_g - zero_g) for value_g in (zero_g, back_g)
    )
    return zero_return(scale, conditions, first, load_g, loaded_s, last)


def zero_of(runs: Sequence[Run], scale: Instrument, conditions: Conditions) -> Report:
    """Every zero that was set, read over the two seconds after it."""
    zeros = [zero for run in runs for zero in _zeros(run.looks, scale)]
    return zero_accuracy(scale, conditions, zeros)


def _zeros(looks: Sequence[Look], scale: Instrument) -> Iterator[Reading]:
    """A zero that was soon driven over cannot be read."""
    for set_us in sorted({look.zero_set_us for look in looks if look.zero_set_us is not None}):
        rest = [look for look in looks if set_us < look.t_us <= set_us + READ_US]
        if all(look.gross_g < scale.min_g for look in rest) and is_still(rest, scale.e_g):
            value_g = _mean(rest, set_us, _gross)
            yield Reading(load_g=0.0, indication_g=value_g, place="zero", at_s=set_us / US_PER_S)


def _stored(run: Run, live: bool) -> Iterator[Stored]:
    seen: set[int] = set()
    for number, look in enumerate(run.looks):
        if look.status != Status.ACCEPTED or look.accepted_us in seen or look.stored_g is None:
            continue
        if look.accepted_us is not None:
            seen.add(look.accepted_us)
            label = f"{run.name} {look.t_us / US_PER_S:.1f} s"
            yield _followed(look, look.stored_g, run.looks[number + 1 :], label, live)


def _followed(at: Look, stored_g: int, later: Sequence[Look], label: str, live: bool) -> Stored:
    """What was shown until 5 s after storing; the weight has to stay on the deck so long."""
    until_us = at.t_us + FOLLOW_US
    if not later or later[-1].t_us < until_us:
        raise SetError(
            "too_short",
            f"{label}: nothing is known of the end of the {FOLLOW_S:.0f} s after storing",
            "record longer, or leave this recording out",
        )
    followed = [look for look in later if look.t_us <= until_us]
    for look in followed:
        if look.status != Status.ACCEPTED:
            raise SetError(
                "withdrawn",
                f"{label}: {(look.t_us - at.t_us) / US_PER_S:.1f} s after storing the weighing was "
                f"{look.status.name.lower()}",
                "leave the load alone for 5 s; a withdrawn weight is not stored",
            )
    values = [look.indicated_g if live else look.estimated_g for look in followed]
    shown = Counter(float(value_g) for value_g in values if value_g is not None)
    # A tick without an estimate shows what stood there before; a display that is blank does not.
    if shown.total() < len(followed) * (1 - (0.0 if live else MISSING_SHARE_MAX)):
        raise SetError(
            "no_stable_reading",
            f"{label}: {len(followed) - shown.total()} of {len(followed)} readings show nothing",
            "find out why the display is blank, and repeat it",
        )
    return Stored(value_g=float(stored_g), shown=tuple(sorted(shown.items())), label=label)


def _stretches(looks: Sequence[Look], scale: Instrument) -> Iterator[tuple[int, int]]:
    """First and last place of every two seconds that stand still, in order."""
    start = 0
    for end, look in enumerate(looks):
        while looks[start].t_us < look.t_us - READ_US:
            start += 1
        whole = start > 0 or looks[0].t_us == look.t_us - READ_US
        if whole and is_still(looks[start : end + 1], scale.e_g):
            yield start, end


def _loaded(looks: Sequence[Look], scale: Instrument) -> list[Look]:
    """From the first stable reading close to Max to the last moment the load was on."""
    close_g = close_to_max(scale).low_g
    first = None
    highest_g = 0
    for start, end in _stretches(looks, scale):
        least_g = min(look.gross_g for look in looks[start : end + 1])
        highest_g = max(highest_g, least_g)
        if least_g >= close_g:
            first = start
            break
    if first is None:
        raise SetError(
            "no_stable_reading",
            f"the highest stable reading is {show_g(highest_g)}; close to Max begins at "
            f"{show_g(close_g)}",
            "do this test with a load close to Max",
        )
    end = next((i for i, k in enumerate(looks) if i > first and k.gross_g < close_g), len(looks))
    return list(looks[first:end])


def _put_on(gross_g: float, scale: Instrument) -> float:
    """What was put on is not in a recording; to a division it is what the scale says."""
    return float(min(round_to_d(round(gross_g), scale.d_g), scale.max_g))


def _empty(looks: Sequence[Look], scale: Instrument, when: str) -> list[Look]:
    """From the first to the last two seconds in which the deck is still and empty."""
    still = [
        (start, end)
        for start, end in _stretches(looks, scale)
        if all(look.gross_g < scale.min_g for look in looks[start : end + 1])
    ]
    if not still:
        raise SetError(
            "no_stable_reading",
            f"the deck does not stand still and empty {when} the load",
            "record at least 5 s of empty deck before and after",
        )
    return list(looks[still[0][0] : still[-1][1] + 1])


def _only(runs: Sequence[Run]) -> Run:
    if len(runs) != 1:
        raise ValueError(f"{len(runs)} recordings; this test is done on one: give one --trace")
    return runs[0]


def _mean(looks: Sequence[Look], from_us: int, value: Callable[[Look], int]) -> float:
    """The mean over a reading's two seconds."""
    values = [value(look) for look in looks if from_us <= look.t_us <= from_us + READ_US]
    if not values:
        raise SetError("no_stable_reading", "no samples where one must be read", "record it anew")
    return sum(values) / len(values)


def _gross(look: Look) -> int:
    return look.gross_g


def _absolute(look: Look) -> int:
    return look.absolute_g
