"""Contract of ``Gate``: a boom moves only while it is driven, and never at the start."""

import time

from contract_rig import FIELD, Rig

from hal.ports import BoomContacts, Contact, Drive, Gate

WORKING = ("sim", "trace", "trace-damaged", *FIELD, "coprocessor")
CLOSED = BoomContacts(Contact.BLOCKED, Contact.CLEAR)
OPEN = BoomContacts(Contact.CLEAR, Contact.BLOCKED)
BETWEEN = BoomContacts(Contact.CLEAR, Contact.CLEAR)


def run(rig: Rig, gate: Gate, level: Drive | None, seconds: float) -> list[BoomContacts]:
    """Read every 20 ms, holding a level or saying nothing at all."""
    seen = []
    for _ in range(round(seconds * 50)):
        if level is not None:
            gate.drive(level)
        rig.advance(20_000)
        seen.append(gate.read())
    return seen


def test_the_limit_switches_are_contacts(rig: Rig, board_name: str) -> None:
    gates = rig.drivers("gate")
    assert gates
    for gate in gates:
        assert isinstance(gate, Gate)
        for level in (Drive.RAISE, Drive.HOLD, Drive.LOWER):
            for contacts in run(rig, gate, level, 1):
                assert isinstance(contacts, BoomContacts)
                assert contacts not in (BoomContacts(Contact.BLOCKED, Contact.BLOCKED),)
                assert isinstance(contacts.closed, Contact)
                assert isinstance(contacts.open, Contact)


def test_a_boom_does_not_move_at_construction(rig: Rig, board_name: str) -> None:
    for gate in rig.drivers("gate"):
        first = gate.read()
        assert set(run(rig, gate, None, 10)) == {first}
        assert board_name not in WORKING or first == CLOSED


def test_hold_holds_at_the_limits_and_between(rig: Rig, board_name: str) -> None:
    if board_name not in WORKING:
        return
    for gate in rig.drivers("gate"):
        assert set(run(rig, gate, Drive.HOLD, 10)) == {CLOSED}
        assert run(rig, gate, Drive.RAISE, 0.5)[-1] == BETWEEN
        run(rig, gate, Drive.HOLD, 1)
        assert set(run(rig, gate, Drive.HOLD, 10)) == {BETWEEN}
        assert run(rig, gate, Drive.RAISE, 10)[-1] == OPEN
        assert set(run(rig, gate, Drive.HOLD, 10)) == {OPEN}


def test_raise_pre_empts_lower_at_once(rig: Rig, board_name: str) -> None:
    if board_name not in WORKING:
        return
    for gate in rig.drivers("gate"):
        assert run(rig, gate, Drive.RAISE, 10)[-1] == OPEN
        assert run(rig, gate, Drive.LOWER, 1)[-1] == BETWEEN
        seen = run(rig, gate, Drive.RAISE, 10)
        assert seen[-1] == OPEN
        assert CLOSED not in seen


def test_a_level_said_again_changes_nothing(rig: Rig, board_name: str) -> None:
    if board_name not in WORKING:
        return
    for gate in rig.drivers("gate"):
        for level, there in ((Drive.RAISE, OPEN), (Drive.LOWER, CLOSED)):
            for _ in range(20):
                gate.drive(level)
            assert run(rig, gate, level, 10)[-1] == there


def test_a_gate_on_the_hosts_clock_does_not_move_under_hold(rig: Rig, board_name: str) -> None:
    if board_name != "bench":
        return
    for gate in rig.drivers("gate"):
        gate.drive(Drive.HOLD)
        time.sleep(0.01)
        assert gate.read() == CLOSED
