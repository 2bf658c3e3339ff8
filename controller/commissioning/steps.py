"""The tests of a commissioning, in the order in which they are made.

Each looks at one device, tells the technician what to do, and notes what was seen.  A boom moves
only in MANUAL, by requests in the technician's name: the lane's own interlock stays in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from board.devices import ENDS
from controller.commissioning.gate import test_gate
from controller.commissioning.result import Outcome
from controller.commissioning.scale import test_known_truck, test_weight_source, test_zero
from controller.commissioning.session import Session, SkippedError
from controller.commissioning.shown import test_camera, test_sign
from controller.core.images import EndInputs, Sensor
from controller.core.kinds import ClockQuality, Presence
from hal.ports import Clock

ACTED_US_MAX = 120_000_000
GUARDS = ("approach", "arm", "beam_low", "beam_high")
CAMERAS = ("camera", "rear_camera", "overview_camera", "side_camera")
SOURCE_US = 10_000_000
DRIFT_PERMILLE_MAX = 10
_WHAT = {
    "approach": "something of metal over the approach loop",
    "arm": "something of metal over the loop under the arm",
    "beam_low": "your hand into the lower beam",
    "beam_high": "your hand into the upper beam",
}
Test = Callable[[], None]


def tests_of(session: Session) -> Iterator[tuple[str, str, Test]]:
    """Name, device and action of every test that this board asks for."""
    board = session.board
    yield "clock", "clock", lambda: _clock(session, board.clock)
    source = "cells" if board.cells is not None else "indicator"
    yield "weight source", source, lambda: test_weight_source(session, source)
    yield "zero", "scale", lambda: test_zero(session)
    for number, end in enumerate(ENDS):
        for name in GUARDS:
            if getattr(board.sides[number], name) is not None:
                yield "presence", f"{end}.{name}", _presence(session, number, name)
    if board.estop is not None:
        yield "emergency stop", "estop", lambda: _estop(session)
    for name in ("sign", "voice"):
        if getattr(board, name) is not None:
            yield name, name, _sign(session, name)
    for number, end in enumerate(ENDS):
        for name in CAMERAS:
            if getattr(board.sides[number], name) is not None:
                yield "camera", f"{end}.{name}", _camera(session, number, name)
    for number, end in enumerate(ENDS):
        if board.sides[number].gate is not None:
            yield "gate", f"{end}.gate", _gate(session, number)
    yield "other devices", "self-checks", lambda: _self_checks(session)
    yield "known truck", "scale", lambda: test_known_truck(session)


def make(session: Session) -> None:
    """Make every test; one that is skipped says why, and the next one follows."""
    for name, device, test in tests_of(session):
        session.tell(f"{name}: {device}")
        try:
            test()
        except SkippedError as skipped:
            session.keep(name, device, Outcome.SKIPPED, str(skipped))


def _presence(session: Session, end: int, name: str) -> Test:
    return lambda: test_presence(session, end, name)


def _sign(session: Session, name: str) -> Test:
    return lambda: test_sign(session, name)


def _camera(session: Session, end: int, name: str) -> Test:
    return lambda: test_camera(session, end, name)


def _gate(session: Session, end: int) -> Test:
    return lambda: test_gate(session, end)


def _clock(session: Session, clock: Clock) -> None:
    """The monotonic clock runs forward; wall time is backed by a time source."""
    before, wall_before = clock.now_us(), clock.wall()
    session.pause(2_000_000)
    ran_us, ran_ms = clock.now_us() - before, clock.wall().ms - wall_before.ms
    wall = session.inputs.wall
    seen = f"{ran_us / 1e6:.2f} s passed, the wall clock says {ran_ms / 1e3:.2f} s"
    sound = ran_us > 0 and abs(ran_ms * 1000 - ran_us) * 1000 <= DRIFT_PERMILLE_MAX * ran_us
    backed = wall.quality is ClockQuality.SYNCHRONISED
    seen += "" if backed else "; no time source backs it: set up NTP or a GPS clock"
    session.note("clock", "clock", sound and backed, seen)


def sensor_of(here: EndInputs, name: str) -> Sensor:
    """One presence sensor of an end by its role."""
    found: Sensor = getattr(here, name)
    return found


def test_presence(session: Session, end: int, name: str) -> None:
    """One sensor: clear with nothing there, blocked by what is put there, and clear again."""
    device = f"{ENDS[end]}.{name}"

    def is_now(state: Presence) -> Callable[[], bool]:
        return lambda: sensor_of(session.inputs.ends[end], name).state is state

    if session.until(is_now(Presence.CLEAR), 5_000_000) is None:
        state = sensor_of(session.inputs.ends[end], name).state.name
        seen = f"reads {state} with nothing there: look at cable, supply, polarity and dirt"
        return session.note("presence", device, False, seen)
    session.tell(f"Put {_WHAT[name]} at the {ENDS[end]} end.")
    if session.until(is_now(Presence.BLOCKED), ACTED_US_MAX) is None:
        return session.note("presence", device, False, "never read BLOCKED")
    session.tell("Take it away.")
    took_us = session.until(is_now(Presence.CLEAR), ACTED_US_MAX)
    seen = "clear, blocked, clear again" if took_us is not None else "stayed BLOCKED"
    return session.note("presence", device, took_us is not None, seen)


def _estop(session: Session) -> None:
    """Pressed it stops the lane, and let go it does not start it again by itself."""
    session.tell("Press the emergency stop.")

    def reads(state: Presence) -> Callable[[], bool]:
        return lambda: session.inputs.estop is state

    if session.until(reads(Presence.BLOCKED), ACTED_US_MAX) is None:
        return session.note("emergency stop", "estop", False, "never read as pressed")
    session.scan()
    stopped = session.lane.lane.phase.name == "EMERGENCY"
    session.tell("Pull it out again.")
    released = session.until(reads(Presence.CLEAR), ACTED_US_MAX) is not None
    session.pause(1_000_000)
    held = session.lane.lane.phase.name == "EMERGENCY"
    seen = (
        f"pressed: {'the lane stopped' if stopped else 'the lane did not stop'}; let go: "
        f"{'stopped until it is reset' if released and held else 'not as it should be'}"
    )
    return session.note("emergency stop", "estop", stopped and released and held, seen)


def _self_checks(session: Session) -> None:
    """What drivers say of their own devices at the end of it all."""
    session.pause(1_000_000)
    told = [f"{fault.name} {fault.device}: {fault.seen}" for fault in session.lane.troubles]
    session.note("other devices", "self-checks", not told, "; ".join(told) or "nothing is wrong")
