"""The plain indicators do what their rule says, no more."""

import numpy as np
import pytest

from sensors.calibration import FloatArray, Scale
from sensors.reference import REFERENCES, Indicator, Reading

RATE_HZ = 60
E_G = 20_000.0
EMPTY_S = 2.0


def feed(scale: Scale, name: str, load_kg: FloatArray, batch: int = 5) -> Reading | None:
    """Two seconds of empty deck with 400 kg of mud, then the load, spread over six cells."""
    empty = np.zeros(round(EMPTY_S * RATE_HZ))
    kilograms = np.concatenate((empty, load_kg)) + 400.0
    counts = np.rint(np.outer(kilograms, np.ones(6)) / 6 * 140.0 + 300_000).astype(np.int64)
    t_us = np.rint(np.arange(len(kilograms)) * 1e6 / RATE_HZ).astype(np.int64)
    indicator = Indicator(scale, REFERENCES[name](scale))
    for start in range(0, len(t_us), batch):
        indicator.push(t_us[start : start + batch], counts[start : start + batch])
    return indicator.reading


def steady(seconds: float, kg: float = 20_006.0) -> FloatArray:
    return np.full(round(seconds * RATE_HZ), kg)


EARLIEST_S = {
    "moving average": 2.0,
    "median + IIR": 1.0,
    "three equal seconds": 3.0,
    "block mean of 4 s": 4.0,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_steady_load_is_read_above_the_zero_of_the_start(scale: Scale, name: str) -> None:
    reading = feed(scale, name, steady(12.0))
    assert reading is not None
    off_g = abs(reading.weight_g - 20_006_000)
    assert off_g <= (6_100 if name == "three equal seconds" else E_G)
    waited_s = reading.at_us / 1e6 - EMPTY_S
    assert EARLIEST_S[name] - 0.1 <= waited_s <= EARLIEST_S[name] + 4.0


@pytest.mark.parametrize("name", REFERENCES)
def test_nothing_is_believed_before_its_time(scale: Scale, name: str) -> None:
    assert feed(scale, name, steady(EARLIEST_S[name] - 0.1)) is None


@pytest.mark.parametrize("name", REFERENCES)
def test_a_load_that_grows_by_an_interval_a_second_is_never_believed(
    scale: Scale, name: str
) -> None:
    growing = 5_000.0 + np.arange(20.0 * RATE_HZ) * (3 * E_G / 1000 / RATE_HZ)
    assert feed(scale, name, np.asarray(growing, np.float64)) is None


@pytest.mark.parametrize("name", REFERENCES)
def test_less_than_min_is_not_a_weight(scale: Scale, name: str) -> None:
    assert feed(scale, name, steady(12.0, 386.0)) is None
    assert feed(scale, name, steady(12.0, 434.0)) is not None


@pytest.mark.parametrize("name", REFERENCES)
def test_the_cut_into_batches_changes_nothing(scale: Scale, name: str) -> None:
    bounce = 300.0 * np.exp(-np.arange(900) / 120) * np.sin(np.arange(900) / 5)
    load = steady(15.0) + bounce
    reading = feed(scale, name, load, 1)
    assert reading is not None
    assert feed(scale, name, load, 7) == reading


def test_a_median_takes_a_spike_that_a_mean_does_not(scale: Scale) -> None:
    clean, spiked = steady(8.0), steady(8.0)
    spiked[80:82] += 4_000.0
    assert feed(scale, "median + IIR", spiked) == feed(scale, "median + IIR", clean)
    held, late = feed(scale, "moving average", clean), feed(scale, "moving average", spiked)
    assert held is not None
    assert late is not None
    assert late.at_us > held.at_us + 500_000


def test_seconds_that_differ_by_one_interval_are_not_equal(scale: Scale) -> None:
    flicker = np.concatenate([steady(1.0, 20_000.0 + 12.0 * (i % 2)) for i in range(12)])
    assert feed(scale, "three equal seconds", flicker) is None
    assert feed(scale, "block mean of 4 s", flicker) is not None


def test_the_first_weight_stays(scale: Scale) -> None:
    both = np.concatenate((steady(6.0), steady(6.0, 9_000.0)))
    for name in REFERENCES:
        reading = feed(scale, name, both)
        assert reading is not None
        assert abs(reading.weight_g - 20_006_000) < 2 * E_G
