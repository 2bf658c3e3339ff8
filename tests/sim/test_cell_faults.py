"""Samples that are lost, doubled, out of order, wrong, or stamped wrong, as the table says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hal.bus import Bus
from hal.ports import CellSamples
from sim.devices import SimCells
from sim.faults import BOOT_US, Amounts
from sim.scale import TICK_US
from sim.world import Options, Yard

Ints = NDArray[np.int64]
READS = 400
STEP_US = 20_000


def stream(device: str, kind: str, amounts: Amounts | None = None) -> tuple[Ints, Ints, Ints]:
    """Times and counts of eight seconds of an empty deck in trouble, and the true counts."""
    told, true = _read(device, kind, amounts), _read("", "", None)
    return told[0], told[1], true[1]


def _read(device: str, kind: str, amounts: Amounts | None) -> tuple[Ints, Ints]:
    yard, bus = Yard(1, (), Options()), Bus()
    bus.share("yard", lambda: yard)
    cells = SimCells(bus)
    if device:
        yard.fault(device, kind, amounts)
    times, counts = [], []
    for _ in range(READS):
        yard.advance(STEP_US)
        got = cells.read()
        assert isinstance(got, CellSamples)
        times.append(got.t_us)
        counts.append(got.counts)
    return np.concatenate(times), np.concatenate(counts)


NUMBER = READS * STEP_US // TICK_US


def test_without_a_trouble_the_stream_is_whole() -> None:
    t_us, counts = _read("", "", None)
    assert (np.diff(t_us) == TICK_US).all()
    assert len(t_us) == len(counts) == NUMBER


def test_lost_samples_are_gone_singly_and_in_bursts() -> None:
    t_us, _, _ = stream("cells", "loses samples", Amounts(rate=0.05))
    gaps = np.diff(t_us) // TICK_US - 1
    assert (gaps >= 0).all()
    assert (gaps == 1).any()
    assert 2 < gaps.max() <= 48
    assert 0.7 * NUMBER < len(t_us) < 0.98 * NUMBER


def test_repeated_samples_come_twice_with_one_time() -> None:
    t_us, counts, _ = stream("cells", "repeats samples", Amounts(rate=0.1))
    twice = np.flatnonzero(np.diff(t_us) == 0)
    assert 0.05 * NUMBER < len(twice) < 0.15 * NUMBER
    assert (counts[twice] == counts[twice + 1]).all()


def test_stuttering_gives_old_counts_with_new_times() -> None:
    t_us, counts, true = stream("cells", "stutters", Amounts(rate=0.1))
    assert (np.diff(t_us) == TICK_US).all()
    old = np.flatnonzero((counts[1:] == counts[:-1]).all(axis=1))
    assert 0.05 * NUMBER < len(old) < 0.15 * NUMBER
    assert (counts[1:] == true[1:]).all(axis=1).sum() == NUMBER - 1 - len(old)


def test_shuffled_samples_come_late_and_none_is_lost() -> None:
    t_us, counts, true = stream("cells", "shuffles samples", Amounts(rate=0.1))
    assert (np.diff(t_us) < 0).sum() > 0.03 * NUMBER
    order = np.argsort(t_us)
    assert len(t_us) >= NUMBER - 1
    assert (counts[order] == true[: len(t_us)]).all()


@pytest.mark.parametrize("kind", ["wild samples", "flips bits"])
def test_a_spoilt_sample_is_wrong_in_one_cell(kind: str) -> None:
    _, counts, true = stream("cells", kind, Amounts(rate=0.1))
    wrong = counts != true
    assert 0.05 * NUMBER < wrong.any(axis=1).sum() < 0.15 * NUMBER
    assert wrong.sum(axis=1).max() == 1
    assert wrong.any(axis=0).all()
    assert np.abs(counts).max() <= 1 << 23
    if kind == "flips bits":
        changed = np.abs((counts ^ true)[wrong] & 0xFFFFFF)
        assert all(int(bits).bit_count() == 1 for bits in changed)


def test_swapped_channels_have_all_moved_on_by_one() -> None:
    _, counts, true = stream("cells", "swaps channels", Amounts(rate=0.1))
    wrong = (counts != true).any(axis=1)
    assert 0.05 * NUMBER < wrong.sum() < 0.15 * NUMBER
    assert (counts[wrong] == np.roll(true[wrong], 1, axis=1)).all()


@pytest.mark.parametrize(
    ("kind", "amounts", "low_us", "high_us"),
    [
        ("jitters", Amounts(by=6_000.0), -6_000, 6_000),
        ("same time twice", Amounts(rate=0.1), -TICK_US, 0),
        ("stamps behind", Amounts(by=1e6), -1_000_000, -1_000_000),
        ("stamps ahead", Amounts(by=1e6), 1_000_000, 1_000_000),
        ("wild stamps", Amounts(rate=0.1), -3_600_000_000, 3_600_000_000),
        ("drifts", Amounts(by=0.01), 0, 80_000),
    ],
)
def test_times_are_off_by_as_much_as_stated(
    kind: str, amounts: Amounts, low_us: int, high_us: int
) -> None:
    t_us, counts, true = stream("cells", kind, amounts)
    assert (counts == true).all()
    off_us = t_us - np.arange(1, NUMBER + 1) * TICK_US
    assert low_us <= off_us.min() <= low_us + 200
    assert high_us - 200 <= off_us.max() <= high_us


def test_half_the_rate_is_every_second_sample() -> None:
    t_us, counts, true = stream("cells", "half rate")
    assert (np.diff(t_us) == 2 * TICK_US).all()
    assert (counts == true[1::2]).all()


@pytest.mark.parametrize(("device", "cells"), [("cells", range(8)), ("cell3", (3,))])
def test_noise_is_ten_times_what_it_was(device: str, cells: range | tuple[int, ...]) -> None:
    _, counts, true = stream(device, "noisy")
    white = Yard(1).cells.noise_kg * Yard(1).cells.true_counts_per_kg
    ratio = (counts - true).std(axis=0) / white
    for cell in range(8):
        low, high = (8, 12) if cell in cells else (0, 0)
        assert low <= ratio[cell] <= high


@pytest.mark.parametrize(("device", "cells"), [("cells", 8), ("cell3", 1)])
def test_a_gain_that_is_off_takes_the_dead_load_along(device: str, cells: int) -> None:
    _, counts, true = stream(device, "reads too much", Amounts(by=0.05))
    more = (counts - true).mean(axis=0)
    # 2.2 to 3.2 t of the deck rest on each cell, 138 to 146 counts to the kilogram.
    assert ((more > 0.05 * 2200 * 137) & (more < 0.05 * 3200 * 147)).sum() == cells
    assert (more == 0).sum() == 8 - cells


def test_a_jump_is_a_jump_and_a_creep_grows() -> None:
    _, counts, true = stream("cell5", "jumps", Amounts(by=500.0))
    more = counts - true
    assert 500 * 137 < more[0, 5] == more[-1, 5] < 500 * 147
    _, counts, true = stream("cell5", "creeps", Amounts(by=60.0))
    more = (counts - true)[:, 5]
    assert 0 <= more[0] < 100
    assert 8 * 137 - 2 < more[-1] < 8 * 147


def test_a_converter_that_starts_gives_nothing_then_settles() -> None:
    t_us, counts, true = stream("cells", "restarts")
    assert t_us[0] == BOOT_US
    kept = true[t_us // TICK_US - 1]
    assert (counts[0] == 0).all()
    assert (np.abs(counts[12]) < np.abs(kept[12])).all()
    assert (counts[30:] == kept[30:]).all()


def test_the_chances_of_a_trouble_go_on_while_the_controller_starts_anew() -> None:
    yard, bus = Yard(1, (), Options()), Bus()
    bus.share("yard", lambda: yard)
    yard.fault("cells", "loses samples", Amounts(rate=0.5))
    patterns = []
    for _ in range(2):
        cells, kept = SimCells(bus), []
        for _ in range(50):
            yard.advance(TICK_US)
            got = cells.read()
            assert isinstance(got, CellSamples)
            kept.append(len(got.t_us))
        patterns.append(kept)
    assert patterns[0] != patterns[1]
