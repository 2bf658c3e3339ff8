from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plates import PlateType, classify
from vision.recognise import PlateRead, Settings
from vision.training.scores import Scored, calibrated, confusions, fit, interval, threshold, wrong
from vision.training.sets import Sample

TRUTH = "皖A12345"


def scored(text: str, confidence: float, truth: str = TRUTH) -> Scored:
    chances = (0.9999,) * (len(text) - 1) + (confidence,) * bool(text)
    sample = Sample(
        group="g", truth=truth, ptype=PlateType.BLUE1, picture=np.zeros((1, 1, 3), np.uint8)
    )
    read = PlateRead(
        text=text,
        probabilities=chances,
        confidence=confidence,
        ptype=PlateType.BLUE1,
        valid=classify(text) is not None,
    )
    return Scored(sample=sample, read=read)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.9989)), min_size=1, max_size=60))
def test_the_threshold_keeps_its_promise(reads: list[tuple[bool, float]]) -> None:
    group = [scored(TRUTH if right else "皖A12346", p) for right, p in reads]
    p_min = threshold([group], [])
    assert wrong(group, p_min) <= 0.005 * len(group)


def test_the_threshold_is_no_higher_than_needed() -> None:
    group = [scored(TRUTH, 0.99) for _ in range(50)] + [scored("皖A12346", 0.7)]
    assert threshold([group], []) == 0.71


def test_an_unreadable_province_is_never_accepted() -> None:
    assert wrong([scored("?A12345", 0.99, "皖A12345")], 0.5) == 0
    assert wrong([scored("皖A12346", 0.99)], 0.5) == 1


def test_what_has_no_type_is_not_accepted() -> None:
    one = scored("皖A12346", 0.99)
    untyped = replace(one, read=msgspec.structs.replace(one.read, ptype=None))
    assert wrong([untyped], 0.5) == 0


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, -0.5), (1.5, 0.8)])
def test_the_fit_finds_how_often_a_confidence_is_right(slope: float, shift: float) -> None:
    rng = np.random.default_rng(1)
    settings = Settings(accept_p_min=1.0, slope=slope, shift=shift)
    group = []
    for raw in rng.uniform(0.05, 0.995, 4000):
        right = rng.random() < settings.calibrated(float(raw))
        group.append(scored(TRUTH if right else "皖A12346", float(raw)))
    assert fit([group]) == pytest.approx((slope, shift), abs=0.2)


def test_a_set_without_a_wrong_read_gives_a_finite_fit() -> None:
    slope, shift = fit([[scored(TRUTH, p / 100) for p in range(50, 100)]])
    assert 0 < slope < 100
    assert -100 < shift < 100


@given(st.floats(0, 1), st.floats(0, 1))
def test_calibration_keeps_the_order_and_the_range(one: float, other: float) -> None:
    settings = Settings(accept_p_min=1.0, slope=0.7, shift=0.3)
    low, high = sorted((one, other))
    assert 0 <= settings.calibrated(low) <= settings.calibrated(high) <= 1


def test_calibrated_reads_keep_their_weakest_character() -> None:
    settings = Settings(accept_p_min=1.0, slope=0.5, shift=0.0)
    read = calibrated([scored(TRUTH, 0.8)], settings)[0].read
    assert read.confidence == min(read.probabilities) == settings.calibrated(0.8)


def test_confused_characters_are_counted_by_place() -> None:
    pairs = confusions([scored("皖A1234S", 0.9), scored("?A12345", 0.9), scored("皖A1234", 0.9)])
    assert pairs == {("5", "S"): 1}


def test_the_interval_holds_the_share() -> None:
    low, high = interval(4, 4)
    assert 0.5 < low < 0.52
    assert high == pytest.approx(1.0)
    assert interval(0, 0) == (0.0, 1.0)
