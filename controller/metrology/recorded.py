"""Tests on recorded counts: what the weigher said, read off at the times that a test prescribes.

The readings are the weigher's own unrounded values, so that no small weights are needed, except
for `stability`, whose subject is what was shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from hal.recording import Recording
from sensors.calibration import Scale
from sensors.estimator import TICK_S
from sensors.indication import indicate_g
from sensors.metrology.report import Conditions, Instrument, Reading, Report, SetError, show_g
from sensors.metrology.stability import FOLLOW_S, Stored, stability, zero_accuracy
from sensors.metrology.times import creep, zero_return
from sensors.weigher import Weigher
from sensors.weighing import DeckState, EventKind, Status, Weighing

US_PER_S = 1_000_000
READ_US = 2 * US_PER_S
FOLLOW_US = int(FOLLOW_S * US_PER_S)
CLOSE_SHARE = 0.9
CREEP_MIN = (5, 15, 30, 60, 120, 180, 240)
DISPLAYS = ("estimate", "indication")


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One tick of a recording; ``absolute_g`` is above the calibrated zero, whatever was tracked.

    ``estimated_g`` is the running estimate rounded to d, where there is one.
    """

    t_us: int
    gross_g: int
    absolute_g: int
    indicated_g: int | None
    estimated_g: int | None
    deck: DeckState
    still: bool
    status: Status
    stored_g: int | None
    accepted_us: int | None
    zero_set_us: int | None


def looks_at(trace: Recording, scale: Scale) -> Iterator[Look]:
    """What the weigher says of a recording, ten times a second of its own clock."""
    weigher = Weigher(scale)
    rows = max(1, round(TICK_S * scale.rate_hz))
    for start in range(0, len(trace.t_us), rows):
        part = slice(start, start + rows)
        if trace.entry_beam is None or trace.exit_beam is None:
            weigher.push(trace.t_us[part], trace.counts[part])
        else:
            beams = trace.entry_beam[part], trace.exit_beam[part]
            weigher.push(trace.t_us[part], trace.counts[part], *beams)
        yield _look(weigher.snapshot(), scale)


def _look(seen: Weighing, scale: Scale) -> Look:
    zero_set = [event.t_us for event in seen.events if event.kind == EventKind.ZERO_SET]
    estimate_g, weight_g = seen.estimate_g, seen.weight_g
    return Look(
        t_us=seen.t_us,
        gross_g=seen.gross_g,
        absolute_g=seen.gross_g + seen.zero_offset_g,
        indicated_g=seen.indicated_g,
        estimated_g=None if estimate_g is None else indicate_g(estimate_g, scale),
        deck=seen.deck,
        still=not seen.motion and seen.deck != DeckState.UNKNOWN,
        status=seen.status,
        stored_g=None if weight_g is None else indicate_g(weight_g, scale),
        accepted_us=seen.accepted_us,
        zero_set_us=zero_set[-1] if zero_set else None,
    )


def stability_on(
    traces: Sequence[Recording],
    scale: Scale,
    instrument: Instrument,
    conditions: Conditions,
    display: str = DISPLAYS[0],
) -> Report:
    """Every stored weight of the recordings against what was shown in the 5 s after it.

    ``display`` says what counts as shown: the weigher's running estimate rounded to d, or with
    ``"indication"`` the live reading, which follows a deck that still swings.
    """
    stored = [
        one for trace in traces for one in _stored(trace, list(looks_at(trace, scale)), display)
    ]
    rounded = msgspec.structs.replace(conditions, resolution_g=float(scale.d_g))
    return stability(instrument, rounded, stored, (), passages=True)


def _stored(trace: Recording, looks: list[Look], display: str) -> Iterator[Stored]:
    seen: set[int] = set()
    for number, look in enumerate(looks):
        new = look.status == Status.ACCEPTED and look.accepted_us not in seen
        if not new or look.accepted_us is None or look.stored_g is None:
            continue
        seen.add(look.accepted_us)
        label = f"{trace.path.rpartition('/')[2]} {look.t_us / US_PER_S:.1f} s"
        yield _followed(look, looks[number + 1 :], label, display)


def _followed(at: Look, later: Sequence[Look], label: str, display: str) -> Stored:
    """What was shown until 5 s after storing; the weight has to stay on the deck so long."""
    until_us = at.t_us + FOLLOW_US
    if not later or later[-1].t_us < until_us:
        raise SetError(
            "too_short",
            f"{label}: the recording ends before {FOLLOW_S:.0f} s after storing are over",
            "record longer, or leave this recording out",
        )
    shown: Counter[float] = Counter()
    for look in (one for one in later if one.t_us <= until_us):
        value_g = look.estimated_g if display == DISPLAYS[0] else None
        value_g = look.indicated_g if value_g is None else value_g
        if look.status != Status.ACCEPTED or value_g is None:
            raise SetError(
                "withdrawn",
                f"{label}: {(look.t_us - at.t_us) / US_PER_S:.1f} s after storing the weight was "
                f"{look.status.name.lower()}",
                "leave the load alone for 5 s; a withdrawn weight is not stored",
            )
        shown[float(value_g)] += 1
    assert at.stored_g is not None
    return Stored(value_g=float(at.stored_g), shown=tuple(sorted(shown.items())), label=label)


def creep_on(
    traces: Sequence[Recording], scale: Scale, instrument: Instrument, conditions: Conditions
) -> Report:
    """A recording of a load close to Max left on the deck for half an hour or four hours."""
    looks = list(looks_at(_only(traces), scale))
    loaded = _loaded(looks, scale)
    began_us = loaded[0].t_us
    first_g = _mean(loaded, began_us, _gross)
    load_g = min(float(indicate_g(round(first_g), scale) or 0), float(scale.max_g))
    readings = [Reading(load_g=load_g, indication_g=first_g, at_s=0.0)]
    for minutes in CREEP_MIN:
        at_us = began_us + minutes * 60 * US_PER_S
        if at_us <= loaded[-1].t_us:
            value_g = _mean(loaded, at_us - READ_US, _gross)
            readings.append(Reading(load_g=load_g, indication_g=value_g, at_s=minutes * 60.0))
    return creep(instrument, conditions, readings)


def zero_return_on(
    traces: Sequence[Recording], scale: Scale, instrument: Instrument, conditions: Conditions
) -> Report:
    """A recording of zero, half an hour of load, and zero again, whatever the tracking did."""
    looks = list(looks_at(_only(traces), scale))
    loaded = _loaded(looks, scale)
    came = next(i for i, look in enumerate(looks) if look.gross_g >= instrument.min_g)
    gone = looks.index(loaded[-1]) + 1
    empty = (DeckState.EMPTY, DeckState.UNDER_RANGE)
    before = [look for look in looks[:came] if look.still and look.deck in empty]
    after = [look for look in looks[gone:] if look.still and look.deck in empty]
    for what, rest in (("before", before), ("after", after)):
        if not rest or rest[-1].t_us - rest[0].t_us < READ_US:
            raise SetError(
                "no_stable_reading",
                f"the deck does not stand still and empty {what} the load",
                "record 5 s of empty deck before and after",
            )
    # The last second before the load may already hold its touch.
    zero_g = _mean(before, before[-1].t_us - READ_US - US_PER_S, _absolute)
    back_g = _mean(after, after[0].t_us, _absolute)
    loaded_s = (loaded[-1].t_us - loaded[0].t_us) / US_PER_S
    load_g = min(_mean(loaded, loaded[0].t_us, _gross), float(scale.max_g))
    readings = [Reading(load_g=0.0, indication_g=value_g - zero_g) for value_g in (zero_g, back_g)]
    return zero_return(instrument, conditions, readings[0], load_g, loaded_s, readings[1])


def zero_on(
    traces: Sequence[Recording], scale: Scale, instrument: Instrument, conditions: Conditions
) -> Report:
    """Every zero that the weigher set in the recordings, read over the two seconds after it."""
    zeros = [zero for trace in traces for zero in _zeros(list(looks_at(trace, scale)))]
    return zero_accuracy(instrument, conditions, zeros)


def _zeros(looks: list[Look]) -> Iterator[Reading]:
    for set_us in sorted({look.zero_set_us for look in looks if look.zero_set_us is not None}):
        rest = [look for look in looks if set_us < look.t_us <= set_us + READ_US]
        if rest and all(look.still and look.deck == DeckState.EMPTY for look in rest):
            value_g = _mean(rest, set_us, _gross)
            yield Reading(load_g=0.0, indication_g=value_g, place="zero", at_s=set_us / US_PER_S)


def _loaded(looks: Sequence[Look], scale: Scale) -> list[Look]:
    """From the first stable reading close to Max to the last moment the load was on."""
    close_g = CLOSE_SHARE * scale.max_g
    first = next((i for i, k in enumerate(looks) if k.still and k.gross_g >= close_g), None)
    if first is None:
        highest_g = max((look.gross_g for look in looks if look.still), default=0)
        raise SetError(
            "no_stable_reading",
            f"the highest stable reading is {show_g(highest_g)}; close to Max begins at "
            f"{show_g(close_g)}",
            "record this test with a load close to Max",
        )
    end = next((i for i, k in enumerate(looks) if i > first and k.gross_g < close_g), len(looks))
    return list(looks[first:end])


def _only(traces: Sequence[Recording]) -> Recording:
    if len(traces) != 1:
        raise ValueError(f"{len(traces)} recordings; this test is done on one: give one --trace")
    return traces[0]


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


ON_TRACES: dict[str, Callable[[Sequence[Recording], Scale, Instrument, Conditions], Report]] = {
    "creep": creep_on,
    "zero-return": zero_return_on,
    "stability": stability_on,
    "zero": zero_on,
}
