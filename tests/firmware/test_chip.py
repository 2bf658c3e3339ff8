"""The firmware in the real MicroPython interpreter, from its UART to its pins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chip_rig import ARM, CLOSED, CONFIG, ESTOP, GREENS, LOWER, OPEN, RAISE, REDS, Host, host_at

from protocol import coprocessor as wire
from sim.hil.board import CUT, LOW, ONES, SILENT, interpreter

pytestmark = pytest.mark.skipif(interpreter() is None, reason="needs micropython")
UP, DOWN, STAY = 1, 2, 0


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Host]:
    with host_at(tmp_path) as host:
        yield host


@pytest.fixture
def host(bare: Host) -> Host:
    assert bare.configure().answer == wire.TAKEN
    bare.step(20)
    return bare


def test_it_says_who_it_is_and_what_it_speaks(bare: Host) -> None:
    about = bare.ask(wire.HELLO, wire.About, b"\x01")
    assert about.protocol == wire.PROTOCOL
    assert (about.configured, about.starts, about.cause) == (False, 1, 0)
    lines: dict[int, str] = {}
    total = 1
    while len(lines) < total:
        line = bare.ask(wire.DESCRIBE, wire.Line, bytes((len(lines),)))
        lines[line.line], total = line.text, line.lines
    kinds = {int(text[:2], 16) for text in lines.values()}
    assert kinds == {*range(wire.HELLO, wire.FORGET + 1), *range(wire.ABOUT, wire.STATE + 1)}


def test_the_dictionary_names_what_is_wired_where(host: Host) -> None:
    texts = [host.ask(wire.DESCRIBE, wire.Line, bytes((line,))).text for line in range(11, 21)]
    assert texts[0] == "rate 50 Hz, lease 1000 ms"
    assert "input 1 yard.arm GP6" in texts
    assert "boom 0 yard GP16 GP17" in texts
    assert "cell 1 hx711 GP4 counts:s24" in texts


def test_without_wiring_no_pin_is_touched(bare: Host) -> None:
    bare.step(5)
    bare.hold(UP, greens=1, steps=20)
    assert bare.levels(*range(30)) == [None] * 30


def test_at_power_up_all_relays_are_off_and_lamps_red(host: Host) -> None:
    assert host.levels(RAISE, LOWER) == [0, 0]
    assert host.levels(*REDS) == [1, 0]
    assert host.levels(*GREENS) == [0, 1]
    host.board.changes.clear()
    host.board.restart()
    host.step(20)
    assert host.levels(RAISE, LOWER, *REDS, *GREENS) == [0, 0, 1, 0, 0, 1]
    made = {(c.pin, c.level) for c in host.board.changes}
    assert made.isdisjoint({(RAISE, 1), (LOWER, 1), (GREENS[0], 1), (GREENS[1], 0)})


def test_a_boom_moves_while_levels_come_and_holds_a_second_after_they_stop(host: Host) -> None:
    host.hold(UP, greens=1, steps=10)
    assert host.levels(RAISE, LOWER) == [1, 0]
    assert host.levels(*REDS, *GREENS) == [0, 0, 1, 1]
    host.step(48)
    assert host.levels(RAISE) == [1]
    host.step(4)
    assert host.levels(RAISE, LOWER, *REDS, *GREENS) == [0, 0, 1, 0, 0, 1]
    host.step(6)
    assert (host.state.leased, host.state.losses) == (False, 1)
    assert host.state.wanted == (STAY, STAY), "what was wanted before is forgotten"


def test_levels_of_an_epoch_before_move_nothing(host: Host) -> None:
    old = host.state.epoch
    host.hold(UP, steps=3)
    host.step(60)
    host.hold(UP, steps=20, epoch=old)
    assert host.levels(RAISE) == [0]
    host.hold(UP, steps=3)
    assert host.levels(RAISE) == [1]
    host.board.restart()
    host.step(20)
    host.hold(UP, steps=20, epoch=old)
    assert host.levels(RAISE) == [0]


def open_boom(host: Host) -> None:
    host.board.set_level(CLOSED, 1)
    host.board.set_level(OPEN, 0)
    host.step(3)


@pytest.mark.parametrize("blocked", [True, False])
def test_a_boom_is_lowered_over_a_clear_guard_only(host: Host, blocked: bool) -> None:
    open_boom(host)
    host.board.set_level(ARM, 1 if blocked else 0)
    host.hold(DOWN, steps=20)
    assert host.levels(LOWER) == [0 if blocked else 1]
    assert host.state.booms[0] == ((STAY, 4) if blocked else (DOWN, 0))


def test_a_falling_boom_is_reversed_whatever_the_host_says(host: Host) -> None:
    open_boom(host)
    host.hold(DOWN, steps=10)
    host.board.set_level(OPEN, 1)
    host.hold(DOWN, steps=3)
    assert host.levels(RAISE, LOWER) == [0, 1]
    host.board.set_level(ARM, 1)
    host.hold(DOWN, steps=5)
    assert host.levels(RAISE, LOWER) == [1, 0]
    assert host.state.booms[0] == (UP, wire.REVERSED)
    host.hold(STAY, steps=5)
    assert host.levels(RAISE, LOWER) == [1, 0]
    host.board.set_level(OPEN, 0)
    host.hold(DOWN, steps=5)
    assert host.levels(RAISE, LOWER) == [0, 0]


def test_the_emergency_stop_stops_without_the_host(host: Host) -> None:
    host.hold(UP, greens=2, steps=5)
    host.board.set_level(ESTOP, 1)
    host.hold(UP, greens=2, steps=2)
    assert host.levels(RAISE, LOWER, *REDS, *GREENS) == [0, 0, 1, 0, 0, 1]


def test_more_than_one_green_is_none(host: Host) -> None:
    host.hold(STAY, greens=3, steps=5)
    assert host.levels(*REDS, *GREENS) == [1, 0, 0, 1]


def samples_of(host: Host) -> list[wire.Sample]:
    return [m for m in host.heard if isinstance(m, wire.Sample)]


def test_cells_and_contacts_are_sampled_together_at_a_fixed_rate(host: Host) -> None:
    host.heard.clear()
    host.step(100)
    samples = samples_of(host)
    assert [s.number for s in samples] == [*range(samples[0].number, samples[0].number + 100)]
    assert {s.counts for s in samples} == {(402_118, -77)}
    steps = {b.ticks_us - a.ticks_us for a, b in pairwise(samples)}
    assert steps <= {18_000, 20_000, 22_000}
    assert [wire.contact(samples[-1].contacts, i) for i in range(4)] == [1, 1, 2, 1]


@pytest.mark.parametrize(
    ("state", "flag"), [(SILENT, wire.MISSED), (ONES, wire.BROKEN), (LOW, wire.BROKEN)]
)
def test_a_converter_that_fails_is_flagged_and_the_other_goes_on(
    host: Host, state: int, flag: int
) -> None:
    host.board.set_counts(3, 402_118, state)
    host.step(3)
    host.heard.clear()
    host.step(20)
    assert {s.flags for s in samples_of(host)} == {(flag, 0)}
    assert {s.counts for s in samples_of(host)} == {(wire.NO_VALUE, -77)}
    assert len(samples_of(host)) == 20


def test_the_end_of_the_range_is_flagged(host: Host) -> None:
    host.board.set_counts(3, 0x7FFFFF)
    host.board.set_counts(4, -0x800000)
    host.step(3)
    assert samples_of(host)[-1].flags == (wire.SATURATED, wire.SATURATED)


def test_an_edge_tells_when_the_pin_changed(host: Host) -> None:
    host.heard.clear()
    host.board.set_level(ARM, 1)
    host.step(2)
    host.board.set_level(ARM, 0)
    host.step(4)
    edges = [m for m in host.heard if isinstance(m, wire.Edge)]
    assert [(e.input, e.contact) for e in edges] == [(1, 2), (1, 1)]
    assert 38_000 <= edges[1].ticks_us - edges[0].ticks_us <= 42_000


def test_wiring_that_conflicts_is_refused_and_nothing_is_wired(bare: Host) -> None:
    config: Any = json.loads(json.dumps(CONFIG))
    config["booms"][0]["raise"] = ESTOP
    config["rate_hz"] = 90
    answer = bare.configure(config)
    assert answer.answer == wire.REFUSED
    assert "GP5 is both estop.pin and yard.raise" in answer.reasons
    assert "rate_hz 90" in answer.reasons
    assert bare.levels(*range(30)) == [None] * 30


def test_wiring_is_kept_over_a_restart_and_other_wiring_restarts(host: Host) -> None:
    host.board.restart()
    about = host.ask(wire.HELLO, wire.About, b"\x01")
    assert (about.configured, about.starts) == (True, 2)
    assert host.configure().answer == wire.TAKEN
    config: Any = json.loads(json.dumps(CONFIG))
    config["rate_hz"] = 10
    host.step(10)
    host.hold(UP, steps=5)
    assert host.configure(config).answer == wire.RESTARTING
    about = host.ask(wire.HELLO, wire.About, b"\x01")
    assert (about.configured, about.starts) == (True, 3)
    assert host.levels(RAISE, LOWER) == [0, 0]
    host.heard.clear()
    host.step(50)
    assert 9 <= len(samples_of(host)) <= 11


def test_the_watchdogs_bite_is_kept_as_the_first_cause(host: Host) -> None:
    host.board.restart("watchdog")
    host.step(3)
    host.board.restart("watchdog")
    about = host.ask(wire.HELLO, wire.About, b"\x01")
    assert (about.cause, about.more) == (2, 1)
    assert about.cause_text == "the main loop stood still"
    assert host.ask(wire.FORGET, wire.About).cause == 0
    host.board.restart()
    assert host.ask(wire.HELLO, wire.About, b"\x01").cause == 0


def test_wiring_spoilt_on_the_flash_is_not_used(host: Host) -> None:
    (host.board.flash / "wiring.json").write_text('"{}"')
    host.board.restart()
    about = host.ask(wire.HELLO, wire.About, b"\x01")
    assert (about.configured, about.cause) == (False, 3)


def test_garbage_and_half_frames_move_nothing_and_are_counted(host: Host) -> None:
    for piece in (b"\xff" * 900, b"\x00\x01\x00\x05\x04\x00", bytes(range(1, 256)) * 3 + b"\x00"):
        host.raw(piece)
        host.step(3)
    host.send(wire.LEVELS, b"\x01\x02")
    host.send(wire.CONFIG, b"")
    host.send(wire.DESCRIBE, b"")
    host.send(0x77, b"abc")
    host.step(8)
    assert host.levels(RAISE, LOWER) == [0, 0]
    assert host.state.corrupt >= 2
    host.hold(UP, steps=3)
    assert host.levels(RAISE) == [1]


def test_a_cut_wire_reads_blocked_and_a_limit_switch_not_made(host: Host) -> None:
    for pin in (ARM, ESTOP, CLOSED, OPEN):
        host.board.set_level(pin, CUT)
    host.step(5)
    assert [wire.contact(samples_of(host)[-1].contacts, i) for i in range(4)] == [2, 2, 1, 1]


def test_a_configuration_that_broke_off_does_not_spoil_the_next(bare: Host) -> None:
    bare.send(wire.CONFIG, wire.config_parts(json.dumps(CONFIG))[0])
    assert bare.configure().answer == wire.TAKEN
    bare.send(wire.CONFIG, b"\x05\x09abc")
    assert bare.configure().answer == wire.TAKEN


def test_samples_that_were_not_taken_leave_a_gap_in_the_numbers(host: Host) -> None:
    host.heard.clear()
    host.board._quantum_ms = 100
    host.board.advance(500_000)
    host.step(10)
    numbers = [sample.number for sample in samples_of(host)]
    gaps = [b - a for a, b in pairwise(numbers)]
    assert max(gaps) == 5
    assert host.state.late >= 4
