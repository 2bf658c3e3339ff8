"""Contacts, booms and lamps on GPIO lines of either library, chips and wires in memory."""

from __future__ import annotations

from typing import Any

import pytest

from hal.ports import BoomContacts, Contact, Drive, PresenceSensor, SelfChecking, Signal

Box = Any
CUT = False


def test_a_beam_blocks_at_once_and_clears_when_it_lasts(box: Box) -> None:
    box.contact(4, True)
    beam = box.make("input", line=4, kind="beam")
    assert isinstance(beam, PresenceSensor)
    assert isinstance(beam, SelfChecking)
    assert beam.read() is Contact.UNKNOWN
    box.wait(0.2)
    assert beam.read() is Contact.CLEAR
    box.contact(4, CUT)
    box.wait(0.01)
    assert beam.read() is Contact.BLOCKED
    box.contact(4, True)
    assert set(box.wait(0.09, beam.read)) == {Contact.BLOCKED}
    box.wait(0.02)
    assert beam.read() is Contact.CLEAR


def test_a_loop_keeps_a_high_truck_between_its_axles(box: Box) -> None:
    box.contact(4, CUT)
    loop = box.make("input", line=4, kind="loop")
    box.wait(0.1)
    box.contact(4, True)
    assert set(box.wait(0.79, loop.read)) == {Contact.BLOCKED}
    box.wait(0.03)
    assert loop.read() is Contact.CLEAR


def test_a_pulse_between_two_rounds_is_seen(box: Box) -> None:
    box.contact(4, True)
    beam = box.make("input", line=4)
    box.wait(0.2)
    box.clock.us += 2_000
    box.contact(4, CUT)
    box.clock.us += 3_000
    box.contact(4, True)
    box.wait(0.01)
    assert beam.read() is Contact.BLOCKED


def test_a_normally_open_contact_reads_the_other_way(box: Box) -> None:
    box.contact(4, CUT)
    beam = box.make("input", line=4, contact="no")
    box.wait(0.2)
    assert beam.read() is Contact.CLEAR
    box.contact(4, True)
    box.wait(0.01)
    assert beam.read() is Contact.BLOCKED


def test_a_contact_to_supply_has_its_cut_cable_read_blocked_too(box: Box) -> None:
    box.chip.pull(4, 1)
    beam = box.make("input", line=4, closed="high")
    box.wait(0.2)
    assert beam.read() is Contact.CLEAR
    box.chip.pull(4, None)
    box.wait(0.01)
    assert beam.read() is Contact.BLOCKED


def test_a_loops_pulse_relay_counts_as_presence(box: Box) -> None:
    box.contact(4, True)
    box.contact(5, False)
    loop = box.make("input", line=4, kind="loop", pulse_line=5)
    box.wait(1)
    assert loop.read() is Contact.CLEAR
    box.contact(5, True)
    box.wait(0.01)
    assert loop.read() is Contact.BLOCKED
    box.contact(5, False)
    assert set(box.wait(0.7, loop.read)) == {Contact.BLOCKED}
    box.wait(0.2)
    assert loop.read() is Contact.CLEAR


def test_a_chip_that_goes_makes_its_contacts_unknown_and_comes_back(box: Box) -> None:
    box.contact(4, True)
    beam = box.make("input", line=4)
    box.wait(0.2)
    box.chip.gone = True
    assert box.wait(0.2, beam.read)[-1] is Contact.CLEAR
    box.wait(0.03)
    assert beam.read() is Contact.UNKNOWN
    assert [fault.name for fault in beam.faults()] == ["GPIO_TROUBLE"]
    box.chip.gone = False
    box.wait(1.2)
    assert beam.read() is Contact.CLEAR
    assert beam.faults() == ()


def test_what_was_lost_must_be_clear_anew_for_its_whole_time(box: Box) -> None:
    box.contact(4, True)
    beam = box.make("input", line=4)
    box.wait(0.2)
    box.chip.gone = True
    box.wait(0.5)
    box.chip.gone = False
    assert set(box.wait(0.09, beam.read)) == {Contact.UNKNOWN}


def test_a_thread_that_stands_still_makes_its_contacts_unknown(box: Box) -> None:
    box.contact(4, True)
    beam = box.make("input", line=4)
    box.wait(0.2)
    box.clock.us += 201_000
    assert beam.read() is Contact.UNKNOWN


@pytest.mark.parametrize("stale_us", [0, 1_000_001])
def test_a_reading_of_more_than_a_second_is_never_believed(box: Box, stale_us: int) -> None:
    with pytest.raises(ValueError, match="at most 1000 ms"):
        box.make("input", line=4, stale_us=stale_us)


def test_a_stop_needs_both_contacts_closed(box: Box) -> None:
    box.contact(4, True)
    box.contact(5, True)
    stop = box.make("stop", first_line=4, second_line=5)
    box.wait(0.5)
    assert stop.read() is Contact.CLEAR
    box.contact(4, CUT)
    box.wait(0.01)
    assert stop.read() is Contact.BLOCKED
    box.contact(5, CUT)
    box.wait(1)
    assert stop.faults() == ()
    box.contact(4, True)
    box.contact(5, True)
    box.wait(0.4)
    assert stop.read() is Contact.CLEAR


def test_a_stop_whose_contacts_disagree_stays_pressed_until_both_have_opened(box: Box) -> None:
    box.contact(4, True)
    box.contact(5, True)
    stop = box.make("stop", first_line=4, second_line=5)
    box.wait(0.5)
    box.contact(4, CUT)
    box.wait(0.6)
    assert [fault.name for fault in stop.faults()] == ["ESTOP_CHANNELS"]
    assert "second" in stop.faults()[0].seen
    box.contact(4, True)
    box.wait(2)
    assert stop.read() is Contact.BLOCKED
    box.contact(4, CUT)
    box.contact(5, CUT)
    box.wait(0.1)
    box.contact(4, True)
    box.contact(5, True)
    box.wait(0.5)
    assert stop.read() is Contact.CLEAR
    assert stop.faults() == ()


def test_a_stop_on_a_contact_that_a_cut_cable_silences_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match='wire it "nc"'):
        box.make("input", line=4, kind="stop", contact="no")


def gate(box: Box, **more: Any) -> Any:
    lines = {"open_line": 10, "close_line": 11, "stop_line": 12}
    limits = {"open_limit_line": 14, "closed_limit_line": 13}
    return box.make("gate", **lines, **limits, **more)


def test_no_output_of_a_gate_moves_at_power_up_or_at_its_end(box: Box) -> None:
    made = gate(box)
    box.wait(5)
    box.bus.close()
    for line in (10, 11, 12):
        assert set(box.chip.wire(line).history) == {0}
    assert made is not None


def test_relays_that_are_active_low_stand_high_at_rest(box: Box) -> None:
    made = gate(box, active="low")
    assert [box.out(line) for line in (10, 11, 12)] == [1, 1, 1]
    box.wait(0.6, lambda: made.drive(Drive.RAISE))
    assert [box.out(line) for line in (10, 11, 12)] == [0, 1, 1]


def test_a_gate_says_its_limits(box: Box) -> None:
    made = gate(box)
    box.contact(13, True)
    box.contact(14, False)
    box.wait(0.1)
    assert made.read() == BoomContacts(Contact.BLOCKED, Contact.CLEAR)
    box.clock.us += 300_000
    assert made.read() == BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)


def test_a_scan_that_hangs_lets_the_boom_hold_within_the_lease(box: Box) -> None:
    made = gate(box, mode="level")
    box.contact(13, False)
    box.wait(1, lambda: made.drive(Drive.LOWER))
    assert box.out(11) == 1
    box.wait(1.02)
    assert [box.out(line) for line in (10, 11)] == [0, 0]


def test_a_gate_that_takes_too_long_says_so(box: Box) -> None:
    made = gate(box, travel_class="F")
    box.contact(13, True)
    box.wait(0.6, lambda: made.drive(Drive.RAISE))
    assert made.faults() == ()
    box.wait(3.5, lambda: made.drive(Drive.RAISE))
    assert [fault.name for fault in made.faults()] == ["GATE_SLOW"]


def lamps(box: Box, **more: Any) -> Any:
    return box.make("signal", red_line=20, green_line=21, **more)


def test_a_signal_is_red_from_the_first_and_never_both_or_none(box: Box) -> None:
    signal = lamps(box)
    assert (box.out(20), box.out(21)) == (1, 0)
    shown = []
    for aspect in (Signal.RED, Signal.GREEN, Signal.GREEN, Signal.RED, Signal.GREEN):
        shown += box.wait(0.3, lambda a=aspect: (signal.show(a), box.out(20), box.out(21))[1:])
    assert set(shown) == {(1, 0), (0, 1)}


def test_green_lasts_only_while_it_is_said(box: Box) -> None:
    signal = lamps(box)
    box.wait(0.1, lambda: signal.show(Signal.GREEN))
    box.wait(1)
    assert box.out(21) == 1
    box.wait(0.02)
    assert (box.out(20), box.out(21)) == (1, 0)


def test_a_signal_that_is_given_up_is_red(box: Box) -> None:
    signal = lamps(box)
    box.wait(0.1, lambda: signal.show(Signal.GREEN))
    box.bus.close()
    assert (box.out(20), box.out(21)) == (1, 0)


def test_a_dark_lamp_and_a_welded_one_are_told(box: Box) -> None:
    signal = lamps(box, red_monitor_line=22, green_monitor_line=23)
    box.contact(22, True)
    box.contact(23, False)
    box.wait(2)
    assert signal.faults() == ()
    box.contact(22, False)
    box.wait(0.6)
    assert [fault.name for fault in signal.faults()] == ["LAMP_OUT"]
    box.contact(22, True)
    box.contact(23, True)
    box.wait(0.6)
    assert [fault.name for fault in signal.faults()] == ["LAMP_STUCK"]
    assert signal.faults()[0].device == "green lamp"


def test_a_programming_error_on_the_thread_is_told_in_the_scan(box: Box) -> None:
    beam = box.make("input", line=4)
    box.rounds._error = KeyError("a slip")
    with pytest.raises(KeyError):
        beam.read()
