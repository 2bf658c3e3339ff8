"""The drivers on the real firmware: what breaks, what is said of it, and how it recovers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from coprocessor_rig import (
    DOUTS,
    LAMPS,
    PINS,
    RELAYS,
    CoprocessorYard,
    coprocessor_board,
    coprocessor_site,
)

from board.build import Board, build
from board.profile import read_profile
from hal.coprocessor.link import CoprocessorLink
from hal.player import player_of
from hal.ports import BoomContacts, CellSamples, Contact, DeviceFault, Drive, Signal
from sim.hil import board as bench

pytestmark = pytest.mark.skipif(bench.interpreter() is None, reason="needs micropython")
PATIENCE_S = 10.0
UNKNOWN = BoomContacts(Contact.UNKNOWN, Contact.UNKNOWN)


class Lane:
    """The lane's devices and the hand that moves time and says levels, as a scan would."""

    def __init__(self, board: Board, advance: Callable[[int], None]) -> None:
        self.board = board
        self.advance = advance
        self.yard: CoprocessorYard = board.bus.share("coprocessor yard", lambda: None)
        gate: Any = board.sides[0].gate
        self.gate = gate
        self.link: CoprocessorLink = gate._link
        self.chip = self.yard.board
        assert board.cells is not None
        self.cells = board.cells

    def scan(self, level: Drive = Drive.HOLD, steps: int = 1, green: bool = False) -> None:
        side = self.board.sides[0]
        assert side.approach_signal is not None
        assert side.deck_signal is not None
        for _ in range(steps):
            self.gate.drive(level)
            side.approach_signal.show(Signal.RED)
            side.deck_signal.show(Signal.GREEN if green else Signal.RED)
            self.advance(20_000)

    def scan_until(self, done: Callable[[], bool], level: Drive = Drive.HOLD) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < until_s, [self.told, self.link.ready, self.link.state]
            self.scan(level)

    def seen(self, name: str) -> str:
        return next((f.seen for f in self.link.faults() if f.name == name), "")

    @property
    def told(self) -> set[str]:
        return {fault.name for fault in self.link.faults()}

    @property
    def relays(self) -> list[int | None]:
        return [self.chip.level(RELAYS[name]) for name in ("raise", "lower")]


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    board, advance = coprocessor_board(tmp_path)
    yield Lane(board, advance)
    board.bus.close()


def test_levels_move_the_boom_and_lamps_only_while_a_scan_says_them(lane: Lane) -> None:
    green = LAMPS["deck"][1]
    lane.scan(Drive.RAISE, 10, green=True)
    assert lane.relays == [1, 0]
    assert lane.chip.level(green) == 1
    for _ in range(60):
        lane.advance(20_000)
        lane.gate.read()
    assert lane.relays == [0, 0]
    assert lane.chip.level(green) == 0
    assert lane.seen("COPROCESSOR_LEASE")
    lane.scan(Drive.RAISE, 10)
    assert lane.relays == [1, 0]


def test_what_a_scan_does_not_say_is_not_held(lane: Lane) -> None:
    lane.scan(Drive.RAISE, 10, green=True)
    for _ in range(10):
        lane.gate.drive(Drive.RAISE)
        lane.advance(20_000)
    assert lane.relays == [1, 0]
    assert lane.chip.level(LAMPS["deck"][1]) == 0


def test_levels_go_out_at_most_once_in_a_scan(lane: Lane) -> None:
    before = lane.link._seq
    for _ in range(50):
        for _ in range(5):
            lane.gate.drive(Drive.HOLD)
        lane.advance(20_000)
    assert lane.link._seq - before <= 51


def test_a_coprocessor_that_dies_is_unknown_and_comes_back_with_its_boom_untouched(
    lane: Lane,
) -> None:
    lane.scan(Drive.RAISE, 30)
    raised_us = lane.yard.gate.raised_us
    assert raised_us > 0
    lane.chip.kill()
    lane.scan(Drive.HOLD, 40)
    assert lane.gate.read() == UNKNOWN
    assert lane.board.sides[0].arm is not None
    assert lane.board.sides[0].arm.read() is Contact.UNKNOWN
    assert isinstance(lane.cells.read(), DeviceFault)
    assert "COPROCESSOR_SILENT" in lane.told
    at_us = lane.yard.gate.raised_us
    lane.chip.start()
    lane.scan_until(lambda: lane.link.ready and lane.gate.read() != UNKNOWN)
    lane.scan(Drive.HOLD, 10)
    assert lane.yard.gate.raised_us == at_us
    assert lane.relays == [0, 0]
    assert "COPROCESSOR_SILENT" not in lane.told
    assert "started for the 2. time" in lane.seen("COPROCESSOR_RESET")
    lane.scan(Drive.RAISE, 10)
    assert lane.relays == [1, 0]


def test_a_line_that_is_pulled_out_is_named_and_mends_itself(lane: Lane) -> None:
    lane.scan(Drive.RAISE, 10)
    lane.chip.unplug()
    lane.scan_until(lambda: "LINE_DOWN" in lane.told and lane.gate.read() == UNKNOWN)
    lane.scan(Drive.RAISE, 60)
    assert lane.relays == [0, 0], "the lease has run out"
    lane.chip.plug()
    lane.scan_until(lambda: lane.link.ready and lane.gate.read() != UNKNOWN)
    assert lane.relays == [0, 0]
    assert "LINE_DOWN" not in lane.told
    lane.scan(Drive.HOLD, 5)
    assert lane.gate.read().closed is Contact.CLEAR


def test_what_its_interlock_refuses_is_told_with_the_reason(lane: Lane) -> None:
    lane.scan(Drive.RAISE, 120)
    lane.chip.set_level(PINS["arm"], 1)
    lane.scan(Drive.LOWER, 30)
    assert lane.relays == [0, 0]
    assert lane.seen("COPROCESSOR_REFUSED") == "boom 0: LOWER asked, something is under the boom"
    lane.chip.set_level(PINS["arm"], 0)
    lane.scan(Drive.LOWER, 20)
    assert lane.relays == [0, 1]
    assert "COPROCESSOR_REFUSED" not in lane.told
    lane.chip.set_level(PINS["arm"], 1)
    lane.scan(Drive.LOWER, 10)
    assert lane.relays == [1, 0]
    assert "reversed" in lane.seen("COPROCESSOR_REFUSED")


def test_the_first_cause_is_told_and_then_forgotten_there(lane: Lane) -> None:
    lane.chip.restart("watchdog")
    lane.scan_until(lambda: "the watchdog bit" in lane.seen("COPROCESSOR_RESET"))
    lane.scan(steps=20)
    assert '"cause": 0' in (lane.chip.flash / "memory.json").read_text()


def test_spoilt_frames_are_counted_and_told_and_the_lane_goes_on(lane: Lane) -> None:
    random = Random(3)

    def spoil(data: bytes) -> bytes:
        return bytes(b ^ 1 if random.random() < 0.002 else b for b in data)

    lane.chip.corrupt = spoil
    lane.scan(Drive.RAISE, 150)
    lane.chip.corrupt = bytes
    assert "frames were spoilt" in lane.seen("COPROCESSOR_FRAMES")
    assert lane.link.decoder.corrupt > 0
    assert lane.link.gaps > 0
    assert lane.gate.read().open is Contact.BLOCKED
    lane.scan(Drive.HOLD, 600)
    assert "COPROCESSOR_FRAMES" not in lane.told


def samples(lane: Lane, steps: int) -> CellSamples:
    lane.cells.read()
    lane.scan(steps=steps)
    got = lane.cells.read()
    assert isinstance(got, CellSamples)
    return got


def test_a_sample_with_a_missed_cell_is_left_out(lane: Lane) -> None:
    lane.cells.read()
    lane.scan(steps=5)
    lane.chip.set_counts(DOUTS[0], 402_118, bench.SILENT)
    lane.scan(steps=3)
    lane.chip.set_counts(DOUTS[0], 402_118)
    lane.scan(steps=20)
    got = lane.cells.read()
    assert isinstance(got, CellSamples)
    assert len(got.t_us) >= 15
    assert set(got.counts[:, 0]) == {402_118}
    assert np.diff(got.t_us).max() >= 40_000
    assert "COPROCESSOR_CELL" not in lane.told


def test_a_dead_cell_stands_at_the_rail_and_is_named(lane: Lane) -> None:
    lane.chip.set_counts(DOUTS[1], 0, bench.ONES)
    lane.scan(steps=20)
    got = samples(lane, 20)
    assert set(got.counts[:, 0]) == {402_118}
    assert set(got.counts[:, 1]) == {0x7FFFFF}
    assert lane.seen("COPROCESSOR_CELL") == "cell1 gives none"
    lane.chip.set_counts(DOUTS[0], 0, bench.SILENT)
    lane.scan(steps=20)
    fault = lane.cells.read()
    assert isinstance(fault, DeviceFault)
    assert fault.name == "CELLS_SILENT"
    lane.chip.set_counts(DOUTS[0], 5)
    lane.chip.set_counts(DOUTS[1], 0x7FFFFF)
    lane.scan(steps=20)
    got = samples(lane, 10)
    assert np.unique(got.counts, axis=0).tolist() == [[5, 0x7FFFFF]]
    assert lane.seen("COPROCESSOR_CELL") == "cell1 at its rail"


def test_samples_stand_in_the_order_of_their_numbers_a_period_apart(lane: Lane) -> None:
    lane.scan(steps=100)
    times: list[int] = []
    until_s = time.monotonic() + PATIENCE_S
    while len(times) < 100 and time.monotonic() < until_s:
        got = lane.cells.read()
        assert isinstance(got, CellSamples)
        times += got.t_us.tolist()
        lane.scan()
    steps = np.diff(times)
    assert len(times) >= 100
    assert (steps > 0).all()
    assert np.median(steps) == 20_000
    assert lane.link.gaps == 0


def other_lane(folder: Path, site: str, yard: CoprocessorYard) -> Lane:
    """Another lane at the same chip."""
    (folder / "other.toml").write_text(site, encoding="utf-8")
    board = build(read_profile(folder / "other.toml"))
    board.bus.share("coprocessor yard", lambda: yard)

    def advance(us: int) -> None:
        player_of(board.bus).advance(us)
        yard.step(us)

    return Lane(board, advance)


def test_wiring_that_the_chip_refuses_is_told_in_its_words(lane: Lane, tmp_path: Path) -> None:
    lane.board.bus.close()
    lane.yard.reset()
    site = coprocessor_site(lane.chip.port).replace("rate_hz = 50", "rate_hz = 100")
    other = other_lane(tmp_path, site, lane.yard)
    try:
        other.scan_until(lambda: "COPROCESSOR_WIRING" in other.told, Drive.RAISE)
        assert "rate_hz 100 is more than a hx711 gives" in other.seen("COPROCESSOR_WIRING")
        assert other.relays == [None, None]
    finally:
        other.board.bus.close()


def test_firmware_of_another_protocol_moves_nothing_and_is_named(
    lane: Lane, tmp_path: Path
) -> None:
    lane.board.bus.close()
    lane.chip.kill()
    newer = tmp_path / "firmware"
    shutil.copytree(bench.FIRMWARE, newer, ignore=shutil.ignore_patterns("__pycache__"))
    words = (newer / "words.py").read_text().replace("PROTOCOL = 1", "PROTOCOL = 2")
    (newer / "words.py").write_text(words)
    before, lane.chip._firmware = lane.chip._firmware, newer
    try:
        lane.yard.reset()
        other = other_lane(tmp_path, coprocessor_site(lane.chip.port), lane.yard)
        other.scan_until(lambda: "COPROCESSOR_VERSION" in other.told, Drive.RAISE)
        seen = other.seen("COPROCESSOR_VERSION")
        assert seen == "firmware 1.0.0 speaks protocol 2, this program 1"
        other.scan(Drive.RAISE, 40)
        assert other.relays == [None, None]
        other.board.bus.close()
    finally:
        lane.chip._firmware = before
