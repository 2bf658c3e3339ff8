"""The lane in real time: the first seconds of a vehicle, through real firmware and real frames.

How far it comes depends on how busy this machine is; that nothing is broken on the way does not.
`make hil` runs fifty vehicles with troubles.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from random import Random

import pytest

from hal.bus import Bus
from hal.ports import Clock
from sim.hil.board import Board, interpreter
from sim.hil.clock import HilClock
from sim.hil.command import SEAMS, _sheet, summary
from sim.hil.loop import Loop, yard_of_trucks
from sim.hil.spoiler import SPOILT_SHARE, Spoiler
from sim.reader import StochasticReader

SECONDS_MAX = 120.0


@pytest.mark.parametrize("mode", sorted(SEAMS))
def test_a_lane_in_the_loop_comes_up_and_sees_its_first_vehicle(tmp_path: Path, mode: str) -> None:
    if mode == "coprocessor" and interpreter() is None:
        pytest.skip("no micropython here: pip install 'steelyard[dev]'")
    yard = yard_of_trucks(1, 1)
    yard.paint = False
    seam = SEAMS[mode](tmp_path / "bench", 1)
    told: list[str] = []
    sheet: dict[str, object] = {"scale.file": str(_sheet(tmp_path, seam.rate_hz))}
    loop = Loop(
        seam, yard, tmp_path / "data", StochasticReader(yard), sheet=sheet, watch=told.append
    )
    outcome = loop.run(SECONDS_MAX, lambda: any("APPROACH" in line for line in told))
    phases = {line.split()[2] for line in told if len(line.split()) > 2}
    assert {"STARTING", "IDLE", "APPROACH"} <= phases, told
    assert outcome.findings == ()
    assert not outcome.finished
    about = summary(outcome)
    assert about["vehicles"] == 1
    assert about["scan_late_ms"]["p50"] >= 0


def test_a_trouble_is_dealt_to_each_passage_and_healed(tmp_path: Path) -> None:
    yard = yard_of_trucks(1, 1)
    yard.paint = False
    seam = SEAMS["indicator"](tmp_path / "bench", 1)
    told: list[str] = []
    loop = Loop(
        seam, yard, tmp_path / "data", StochasticReader(yard), sheet={},
        hurts=["unplug io"], watch=told.append,
    )  # fmt: skip
    loop._rng = Random(3)
    outcome = loop.run(SECONDS_MAX, lambda: any("healed" in line for line in told))
    assert [hurt.name for hurt in outcome.hurts] == ["unplug io"]
    assert any("LINE_DOWN" in line or "IO_SILENT" in line for line in told), told
    assert any("healed: unplug io" in line for line in told), told
    assert outcome.findings == ()


def test_a_spoiler_spoils_one_piece_in_a_hundred_and_only_while_it_is_on() -> None:
    spoiler = Spoiler(Random(1))
    assert all(spoiler(b"frame") == b"frame" for _ in range(1000))
    spoiler.on = True
    spoilt = sum(spoiler(b"frame") != b"frame" for _ in range(10_000))
    assert 0.5 * SPOILT_SHARE < spoilt / 10_000 < 2 * SPOILT_SHARE


def test_the_clock_of_the_loop_runs_by_itself_from_the_yard_s_beginning() -> None:
    bus = Bus()
    yard = yard_of_trucks(1, 1)
    bus.share("yard", lambda: yard)
    clock = HilClock(bus)
    assert isinstance(clock, Clock)
    first, wall = clock.now_us(), clock.wall()
    assert 0 <= first < 5_000_000
    assert clock.now_us() >= first
    assert 0 <= wall.ms - yard.options.wall_start_ms < 5_000
    assert yard.now_us == 0


def test_a_chip_that_stands_still_holds_nobody_up(tmp_path: Path) -> None:
    if interpreter() is None:
        pytest.skip("no micropython here: pip install 'steelyard[dev]'")
    board = Board(tmp_path)
    board.wire_cells(2, [3])
    board.start()
    process = board._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)

    def tell() -> None:
        for counts in range(20_000):
            board.set_counts(3, counts)

    told = threading.Thread(target=tell)
    told.start()
    told.join(30.0)
    stuck = told.is_alive()
    process.send_signal(signal.SIGCONT)
    told.join()
    board.close()
    assert not stuck
