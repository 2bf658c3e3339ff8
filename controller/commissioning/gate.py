"""The test of one boom with its limits, its lamps, and its refusal to come down on somebody."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from board.devices import BOOM_GUARDS, ENDS
from controller.commissioning.session import Session
from controller.commissioning.taps import SignalTap
from controller.core.interlock import interlock
from controller.core.kinds import BoomCommand, BoomPosition, End, Lamp, Presence
from hal.ports import Signal

RAISED_US_MAX = 10_000_000
LOWERED_US_MAX = 15_000_000
AGAIN_US = 200_000
SETTLE_US = 2_500_000
REFUSED_US = 4_000_000
ACTED_US_MAX = 120_000_000
LAMP_US = 3_000_000
_RED = (Lamp.RED, Lamp.RED)


def test_gate(session: Session, number: int) -> None:
    """Up, lamps, refusal over a blocked sensor, down; each with the time that it took."""
    end, name = End(number), f"{ENDS[number]}.gate"
    if not session.take_over():
        seen = f"the lane is in {session.lane.lane.phase.name} and does not let itself be taken"
        return session.note("gate", name, False, seen)
    position = session.inputs.ends[end].boom.position
    if position is not BoomPosition.CLOSED:
        seen = f"reads {position.name} at rest: look at the limit switches"
        return session.note("gate", name, False, seen)
    session.ask(f"See that nobody is near the {ENDS[end]} boom, then press Enter: it goes up.")
    up_us = raise_boom(session, end)
    if up_us is None:
        seen = f"did not reach its upper limit; reads {_position(session, end).name}"
        return session.note("gate", name, False, seen)
    _lamps(session, end)
    _refusal(session, end)
    session.ask(f"See that nobody is near the {ENDS[end]} boom, then press Enter: it comes down.")
    down_us = lower_boom(session, end)
    seen = f"up in {up_us / 1e6:.1f} s, "
    seen += f"down in {down_us / 1e6:.1f} s" if down_us is not None else "did not come down"
    return session.note("gate", name, down_us is not None, seen)


def _position(session: Session, end: End) -> BoomPosition:
    return session.inputs.ends[end].boom.position


def _at(session: Session, end: End, position: BoomPosition) -> Callable[[], bool]:
    return lambda: _position(session, end) is position


def raise_boom(session: Session, end: End) -> int | None:
    """Ask for the boom to rise; how long it took to its upper limit, us, None if it did not."""
    session.request("raise_boom", end=ENDS[end])
    return session.until(_at(session, end, BoomPosition.OPEN), RAISED_US_MAX)


def lower_boom(session: Session, end: End) -> int | None:
    """Ask again and again, as a held button does; how long the way down took, us, or None."""
    began_us: int | None = None
    limit_us = session.inputs.now_us + SETTLE_US + LOWERED_US_MAX
    while session.inputs.now_us < limit_us:
        session.request("lower_boom", end=ENDS[end])
        if began_us is None and session.outputs.booms[end] is BoomCommand.LOWER:
            began_us = session.inputs.now_us
        if session.until(_at(session, end, BoomPosition.CLOSED), AGAIN_US) is not None:
            return session.inputs.now_us - (began_us or session.inputs.now_us)
    return None


def _lamps(session: Session, end: End) -> None:
    """Green is shown only as far as the interlock grants it: one lamp, beside the open boom."""
    side = session.board.sides[end]
    for face, tap in (("approach", side.approach_signal), ("deck", side.deck_signal)):
        if not isinstance(tap, SignalTap):
            continue
        device = f"{ENDS[end]}.{face}_signal"
        if not _granted(session, end, face):
            session.note("signal", device, False, "the interlock does not grant green now")
            continue
        tap.lent = Signal.GREEN
        try:
            until_us = session.inputs.now_us + LAMP_US
            session.until(
                lambda: session.inputs.now_us >= until_us or not _granted(session, end, face),  # noqa: B023 - called before the next turn
                LAMP_US,
            )
        finally:
            tap.lent = None
        session.scan()
        good = session.agreed(f"Was the {ENDS[end]} {face} lamp red, then green, and red again?")
        session.note("signal", device, good, "as it should be" if good else "not as it should be")


def _granted(session: Session, end: End, face: str) -> bool:
    lamps = (Lamp.GREEN, Lamp.RED) if end is End.YARD else (Lamp.RED, Lamp.GREEN)
    wanted = replace(
        session.outputs,
        approach_lamps=lamps if face == "approach" else _RED,
        deck_lamps=lamps if face == "deck" else _RED,
    )
    granted = interlock(session.inputs, wanted, session.lane.interlock_settings)
    return Lamp.GREEN in (granted.approach_lamps[end], granted.deck_lamps[end])


def _refusal(session: Session, end: End) -> None:
    """With a guard blocked the boom stands, however long somebody asks for it to come down."""
    names = [n for n in BOOM_GUARDS if getattr(session.board.sides[end], n) is not None]
    device = f"{ENDS[end]}.gate"
    if not names:
        return None

    def blocked() -> bool:
        here = session.inputs.ends[end]
        return any(getattr(here, n).state is Presence.BLOCKED for n in names)

    session.tell(
        f"Block one of {', '.join(names)} at the {ENDS[end]} end with a pole, and stand clear of "
        "the boom: it will be asked to come down, and must stay up."
    )
    if session.until(blocked, ACTED_US_MAX) is None:
        return session.note("refusal", device, False, "no guard was seen as blocked")
    moved = False
    limit_us = session.inputs.now_us + REFUSED_US
    while session.inputs.now_us < limit_us and blocked():
        session.request("lower_boom", end=ENDS[end])
        moved = moved or _position(session, end) is not BoomPosition.OPEN
    held = not moved and session.inputs.now_us >= limit_us
    seen = "stayed up over a blocked guard" if held else "moved, or the guard came clear too soon"
    session.note("refusal", device, held, seen)
    session.tell("Take it away.")
    session.until(lambda: not blocked(), ACTED_US_MAX)
    return None
