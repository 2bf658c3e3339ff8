"""The last word on every output: pure, short, and dependent on nothing that the lane believes.

Whatever ``step`` asks for, what leaves here obeys:

1. A boom is driven down only when every presence sensor fitted at its end says CLEAR, has said so
   for the settling time, at least one is fitted, and the boom is known to stand up.
2. A boom is driven up only with cause: a durable record that permits this boom for this passage
   (with the other boom known closed, unless a person asked), or the passage's own entry boom
   while the deck is empty and the other boom closed, or the entry boom again once it has left
   its lower limit, to spare whoever stepped under it.
3. An emergency stop that is pressed or unknown stops every boom and turns every lamp red.
4. At most one lamp is green, only where the boom beside it stands open; towards a coming driver
   only while the deck is empty.
5. Zero is asked only with the deck empty by the scale and by every fitted sensor, in range.

Sources: facts of passage I1-I3, I8, I10; GB/T 24973-2010 (an open command during lowering raises
at once; OPEN and CLOSE never within 500 ms).
"""

from __future__ import annotations

from msgspec.structs import replace

from controller.core.images import EndInputs, InputImage, OutputImage
from controller.core.kinds import (
    BETWEEN,
    CLEAR,
    CLOSED,
    EMPTY,
    GREEN,
    HOLD,
    LOWER,
    NOT_FITTED,
    OPEN,
    RAISE,
    RED,
    BoomCommand,
    End,
    Lamp,
)
from controller.core.settings import InterlockSettings

_BOTH_RED = (RED, RED)
_BOTH_HOLD = (HOLD, HOLD)


def interlock(inputs: InputImage, wanted: OutputImage, settings: InterlockSettings) -> OutputImage:
    """Return ``wanted`` with everything taken out that must not happen."""
    if inputs.estop != CLEAR:
        return replace(
            wanted, booms=_BOTH_HOLD, approach_lamps=_BOTH_RED, deck_lamps=_BOTH_RED, zero=False
        )
    booms = (
        _boom(inputs, wanted, End.YARD, settings),
        _boom(inputs, wanted, End.ROAD, settings),
    )
    approach, deck = _lamps(inputs, wanted)
    zero = wanted.zero and _may_zero(inputs, settings)
    if (booms, approach, deck, zero) == (
        wanted.booms,
        wanted.approach_lamps,
        wanted.deck_lamps,
        wanted.zero,
    ):
        return wanted
    return replace(wanted, booms=booms, approach_lamps=approach, deck_lamps=deck, zero=zero)


def _boom(
    inputs: InputImage, wanted: OutputImage, end: End, settings: InterlockSettings
) -> BoomCommand:
    command = wanted.booms[end]
    if command == LOWER and _may_lower(inputs, end, settings):
        return command
    if command == RAISE and _may_raise(inputs, wanted, end):
        return command
    return HOLD


def _may_lower(inputs: InputImage, end: End, settings: InterlockSettings) -> bool:
    here = inputs.ends[end]
    boom = here.boom
    return (
        boom.position in (OPEN, BETWEEN)
        and inputs.now_us - boom.raised_us >= settings.reverse_dwell_us
        and under_boom_clear(here, inputs.now_us, settings.clear_settle_us)
    )


def under_boom_clear(here: EndInputs, now_us: int, settle_us: int) -> bool:
    """Whether every fitted sensor at a boom has been CLEAR for the settling time.

    The approach loop is not asked: a queue waits on it, outside the sweep of the boom.
    """
    fitted = 0
    for sensor in (here.arm, here.beam_low, here.beam_high):
        if sensor.state == NOT_FITTED:
            continue
        if sensor.state != CLEAR or now_us - sensor.since_us < settle_us:
            return False
        fitted += 1
    return fitted > 0


def _may_raise(inputs: InputImage, wanted: OutputImage, end: End) -> bool:
    position = inputs.ends[end].boom.position
    other_closed = inputs.ends[end.other].boom.position == CLOSED
    permit = inputs.ledger.permit
    if permit is not None and permit.end == end and permit.passage_id == wanted.passage_id:
        return other_closed or permit.by_person
    if wanted.entry != end:
        return False
    if position in (BETWEEN, OPEN):
        return True
    return position == CLOSED and other_closed and inputs.weight.deck == EMPTY


def _lamps(inputs: InputImage, wanted: OutputImage) -> tuple[tuple[Lamp, Lamp], tuple[Lamp, Lamp]]:
    greens = (*wanted.approach_lamps, *wanted.deck_lamps).count(GREEN)
    if greens == 0:
        return wanted.approach_lamps, wanted.deck_lamps
    if greens > 1:
        return _BOTH_RED, _BOTH_RED
    return (
        _lamps_of(inputs, wanted.approach_lamps, inputs.weight.deck == EMPTY),
        _lamps_of(inputs, wanted.deck_lamps, True),
    )


def _lamps_of(inputs: InputImage, lamps: tuple[Lamp, Lamp], allowed: bool) -> tuple[Lamp, Lamp]:
    yard, road = (
        lamp if allowed and here.boom.position == OPEN else RED
        for lamp, here in zip(lamps, inputs.ends, strict=True)
    )
    return yard, road


def _may_zero(inputs: InputImage, settings: InterlockSettings) -> bool:
    weight = inputs.weight
    return (
        weight.deck == EMPTY
        and not weight.motion
        and abs(weight.zero_offset_g) <= settings.zero_range_g
        and all(
            sensor.state in (CLEAR, NOT_FITTED) for here in inputs.ends for sensor in here.sensors
        )
    )
