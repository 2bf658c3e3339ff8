"""Contract of ``LoadCells``: integers in order, each sample once, and a fault for silence."""

import numpy as np
import pytest
from contract_rig import FAULTY, Rig

from hal.ports import CellSamples, DeviceFault, LoadCells


def cells_of(rig: Rig) -> LoadCells:
    if rig.board.cells is None:
        pytest.skip("an indicator weighs on this board")
    return rig.board.cells


def test_samples_are_integers_of_the_stated_shape_or_a_fault(rig: Rig, board_name: str) -> None:
    cells = cells_of(rig)
    assert isinstance(cells, LoadCells)
    number = len(rig.board.profile.scale.scale.cells)
    for _ in range(50):
        rig.advance(20_000)
        got = cells.read()
        if board_name in FAULTY:
            assert isinstance(got, DeviceFault)
            assert got.name
            assert got.device
            assert got.seen
            continue
        assert isinstance(got, CellSamples)
        assert got.t_us.dtype == np.int64
        assert got.counts.dtype == np.int64
        assert got.counts.shape == (len(got.t_us), number)
        for beam in (got.entry_beam, got.exit_beam):
            assert beam is None or beam.shape == got.t_us.shape
            assert beam is None or set(beam.tolist()) <= {0, 1}


def test_each_sample_comes_once_in_order_and_not_before_its_time(rig: Rig, board_name: str) -> None:
    if board_name in FAULTY:
        return
    times: list[int] = []
    for step_us in [20_000, 1, 0, 500_000, 20_000] * 10:
        rig.advance(step_us)
        got = cells_of(rig).read()
        assert isinstance(got, CellSamples)
        times += got.t_us.tolist()
    assert len(times) > 100
    assert times == sorted(set(times))
    if board_name != "bench":
        assert times[-1] <= rig.board.clock.now_us()


def test_a_second_read_in_the_same_scan_is_empty(rig: Rig, board_name: str) -> None:
    if board_name in FAULTY:
        return
    rig.advance(100_000)
    cells_of(rig).read()
    again = cells_of(rig).read()
    assert isinstance(again, CellSamples)
    assert len(again.t_us) == 0
    assert again.counts.shape[0] == 0


def test_a_reader_who_does_not_come_costs_bounded_memory(rig: Rig, board_name: str) -> None:
    rig.advance(300_000_000)
    got = cells_of(rig).read()
    assert isinstance(got, CellSamples | DeviceFault)
    if isinstance(got, CellSamples):
        assert len(got.t_us) <= 10_000
