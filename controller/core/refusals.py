"""Why the interlock refuses what is wanted: for whoever asks at a console.

``refusals`` says nothing exactly where ``interlock`` changes nothing.  It moves nothing and nothing
depends on it; ``docs/interlock.md`` numbers the guarantees meant here.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from controller.core.images import EndInputs, InputImage, OutputImage, Sensor
from controller.core.kinds import (
    BETWEEN,
    CLEAR,
    CLOSED,
    EMPTY,
    GREEN,
    LOWER,
    NOT_FITTED,
    OPEN,
    RAISE,
    Deck,
    End,
    Presence,
)
from controller.core.settings import InterlockSettings

_GUARDS = ("arm", "beam_low", "beam_high")
_SENSORS = ("approach", *_GUARDS)


class Wanted(IntEnum):
    """What somebody wants of the lane."""

    RAISE = 0
    LOWER = 1
    GREEN_APPROACH = 2
    GREEN_DECK = 3
    ZERO = 4


class Reason(IntEnum):
    """Why it does not happen; ``state`` and ``since_us`` of a refusal say what was seen instead."""

    EMERGENCY_STOP = 0
    NO_PERMIT = 1
    OTHER_BOOM_NOT_CLOSED = 2
    DECK_NOT_EMPTY = 3
    NOT_UP = 4
    NOT_OPEN = 5
    POSITION_UNKNOWN = 6
    REVERSED_TOO_SOON = 7
    NO_SENSOR_FITTED = 8
    NOT_CLEAR = 9
    NOT_CLEAR_LONG = 10
    TOO_MANY_GREENS = 11
    MOTION = 12
    ZERO_OUT_OF_RANGE = 13


class Refusal(Struct, frozen=True, kw_only=True):
    """One reason, and the device concerned as the site file names it (``yard.beam_low``).

    ``state`` is what that device says, by name, since ``since_us``; ``lacks_us`` is what is still
    to come of a time that must pass; ``zero_g`` is the zero that is too far off.
    """

    wanted: Wanted
    reason: Reason
    end: End | None = None
    device: str = ""
    state: str = ""
    since_us: int | None = None
    lacks_us: int | None = None
    zero_g: int | None = None


def refusals(
    inputs: InputImage, wanted: OutputImage, settings: InterlockSettings
) -> tuple[Refusal, ...]:
    """Every reason for which the interlock takes something out of ``wanted``; none, it does not."""
    found: list[Refusal] = []
    for end in End:
        if wanted.booms[end] == RAISE:
            found += raise_refusals(inputs, wanted, end)
        elif wanted.booms[end] == LOWER:
            found += lower_refusals(inputs, end, settings)
    greens = (*wanted.approach_lamps, *wanted.deck_lamps).count(GREEN)
    for end in End:
        for approach, lamps in ((True, wanted.approach_lamps), (False, wanted.deck_lamps)):
            if lamps[end] == GREEN:
                found += green_refusals(inputs, end, approach=approach, greens=greens)
    if wanted.zero:
        found += zero_refusals(inputs, settings)
    return tuple(found)


def raise_refusals(inputs: InputImage, wanted: OutputImage, end: End) -> tuple[Refusal, ...]:
    """Why this boom may not be driven up for the passage that is wanted (G3 to G6)."""
    what = Wanted.RAISE
    if inputs.estop != CLEAR:
        return (_stopped(inputs, what, end),)
    permit, position = inputs.ledger.permit, inputs.ends[end].boom.position
    other, deck = _not_closed(inputs, what, end), _deck(inputs, what, end)
    if permit is not None and permit.end == end and permit.passage_id == wanted.passage_id:
        return () if permit.by_person else other
    if wanted.entry != end:
        return (Refusal(wanted=what, reason=Reason.NO_PERMIT, end=end),)
    if position in (BETWEEN, OPEN):
        return ()
    if position != CLOSED:
        return (_boom(inputs, what, end, Reason.POSITION_UNKNOWN), *other, *deck)
    return (*other, *deck)


def lower_refusals(
    inputs: InputImage, end: End, settings: InterlockSettings
) -> tuple[Refusal, ...]:
    """Why this boom may not be driven down (G1, G2, G6)."""
    what, here, now_us = Wanted.LOWER, inputs.ends[end], inputs.now_us
    if inputs.estop != CLEAR:
        return (_stopped(inputs, what, end),)
    found: list[Refusal] = []
    if here.boom.position not in (OPEN, BETWEEN):
        closed = here.boom.position == CLOSED
        found.append(_boom(inputs, what, end, Reason.NOT_UP if closed else Reason.POSITION_UNKNOWN))
    lacks_us = here.boom.raised_us + settings.reverse_dwell_us - now_us
    if lacks_us > 0:
        found.append(
            Refusal(
                wanted=what,
                reason=Reason.REVERSED_TOO_SOON,
                end=end,
                device=f"{end.name.lower()}.boom",
                lacks_us=lacks_us,
            )
        )
    return (*found, *_guarded(here, end, now_us, settings.clear_settle_us))


def green_refusals(
    inputs: InputImage, end: End, approach: bool, greens: int = 1
) -> tuple[Refusal, ...]:
    """Why this lamp may not be green while so many are wanted green (G6, G7)."""
    what = Wanted.GREEN_APPROACH if approach else Wanted.GREEN_DECK
    if inputs.estop != CLEAR:
        return (_stopped(inputs, what, end),)
    found: list[Refusal] = []
    if greens > 1:
        found.append(Refusal(wanted=what, reason=Reason.TOO_MANY_GREENS, end=end))
    if inputs.ends[end].boom.position != OPEN:
        found.append(_boom(inputs, what, end, Reason.NOT_OPEN))
    return (*found, *(_deck(inputs, what, end) if approach else ()))


def zero_refusals(inputs: InputImage, settings: InterlockSettings) -> tuple[Refusal, ...]:
    """Why the scale may not be asked for its zero (G6, G8)."""
    what, weight = Wanted.ZERO, inputs.weight
    if inputs.estop != CLEAR:
        return (_stopped(inputs, what, None),)
    found = list(_deck(inputs, what, None))
    if weight.motion:
        found.append(Refusal(wanted=what, reason=Reason.MOTION, device="scale"))
    if abs(weight.zero_offset_g) > settings.zero_range_g:
        reason, zero_g = Reason.ZERO_OUT_OF_RANGE, weight.zero_offset_g
        found.append(Refusal(wanted=what, reason=reason, device="scale", zero_g=zero_g))
    for end, here in zip(End, inputs.ends, strict=True):
        for name, sensor in zip(_SENSORS, here.sensors, strict=True):
            if sensor.state not in (CLEAR, NOT_FITTED):
                found.append(_sensor(what, Reason.NOT_CLEAR, end, name, sensor))
    return tuple(found)


def _guarded(here: EndInputs, end: End, now_us: int, settle_us: int) -> Iterator[Refusal]:
    """What stands under the boom, or stood there a moment ago."""
    fitted = 0
    for name, sensor in zip(_GUARDS, (here.arm, here.beam_low, here.beam_high), strict=True):
        if sensor.state == NOT_FITTED:
            continue
        fitted += 1
        lacks_us = sensor.since_us + settle_us - now_us
        if sensor.state != CLEAR:
            yield _sensor(Wanted.LOWER, Reason.NOT_CLEAR, end, name, sensor)
        elif lacks_us > 0:
            yield _sensor(Wanted.LOWER, Reason.NOT_CLEAR_LONG, end, name, sensor, lacks_us)
    if not fitted:
        yield Refusal(wanted=Wanted.LOWER, reason=Reason.NO_SENSOR_FITTED, end=end)


def _stopped(inputs: InputImage, wanted: Wanted, end: End | None) -> Refusal:
    state = Presence(inputs.estop).name
    return Refusal(
        wanted=wanted, reason=Reason.EMERGENCY_STOP, end=end, device="estop", state=state
    )


def _boom(
    inputs: InputImage, wanted: Wanted, end: End, reason: Reason, of: End | None = None
) -> Refusal:
    """A reason that lies in the boom of this end, or ``of`` the other one."""
    place = end if of is None else of
    boom = inputs.ends[place].boom
    return Refusal(
        wanted=wanted,
        reason=reason,
        end=end,
        device=f"{place.name.lower()}.boom",
        state=boom.position.name,
        since_us=boom.since_us,
    )


def _not_closed(inputs: InputImage, wanted: Wanted, end: End) -> tuple[Refusal, ...]:
    if inputs.ends[end.other].boom.position == CLOSED:
        return ()
    return (_boom(inputs, wanted, end, Reason.OTHER_BOOM_NOT_CLOSED, end.other),)


def _deck(inputs: InputImage, wanted: Wanted, end: End | None) -> tuple[Refusal, ...]:
    weight = inputs.weight
    if weight.deck == EMPTY:
        return ()
    return (
        Refusal(
            wanted=wanted,
            reason=Reason.DECK_NOT_EMPTY,
            end=end,
            device="scale",
            state=Deck(weight.deck).name,
            since_us=weight.since_us,
        ),
    )


def _sensor(
    wanted: Wanted, reason: Reason, end: End, name: str, sensor: Sensor, lacks_us: int | None = None
) -> Refusal:
    return Refusal(
        wanted=wanted,
        reason=reason,
        end=end,
        device=f"{end.name.lower()}.{name}",
        state=Presence(sensor.state).name,
        since_us=sensor.since_us,
        lacks_us=lacks_us,
    )
