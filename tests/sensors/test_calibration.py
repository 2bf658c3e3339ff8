"""A calibration is read whole or refused with place and remedy."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sensors.calibration import CalibrationError, scale_from_dict
from sensors.compensation import CreepTerm, SpanPoint, Temperature


def good() -> dict[str, Any]:
    cell = {
        "x_m": 0.15,
        "y_m": 1.4,
        "counts_per_kg": 140.0,
        "zero_counts": 300_000,
        "dead_load_kg": 2000.0,
    }
    return {
        "max_kg": 100000.0,
        "e_kg": 20.0,
        "fs_hz": 80.0,
        "platform_length_m": 16.0,
        "cell_spacing_y_m": 2.8,
        "has_beams": True,
        "cells": [dict(cell), dict(cell, y_m=-1.4, counts_per_kg=70.0)],
    }


def change(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update({key: value})


def change_cell(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["cells"][1].update({key: value})


def test_a_good_calibration_gives_integer_grams() -> None:
    scale = scale_from_dict(good())
    assert (scale.max_g, scale.e_g, scale.d_g, scale.min_g) == (
        100_000_000,
        20_000,
        20_000,
        400_000,
    )
    assert scale.platform_mm == 16_000
    assert scale.cells[1].dead_load_g == 2_000_000


def test_counts_become_grams_with_each_cells_own_line() -> None:
    grams = scale_from_dict(good()).to_grams(np.array([[300_140, 300_140]]))
    assert grams.tolist() == [[1000.0, 2000.0]]


@settings(deadline=None)
@given(
    arrays(np.int64, (4, 2), elements=st.integers(-(2**23), 2**23)),
    st.floats(0.97, 1.03),
    st.floats(1.0, 1000.0),
)
def test_grams_are_the_straight_line_of_every_cell(
    counts: npt.NDArray[np.int64], corner: float, per_kg: float
) -> None:
    data = good()
    data["cells"][1].update(corner_factor=corner, counts_per_kg=per_kg)
    grams = scale_from_dict(data).to_grams(counts)
    assert grams.shape == (4, 2)
    for row in range(4):
        for cell in range(2):
            line = data["cells"][cell]
            counted = float(counts[row, cell]) - line["zero_counts"]
            g = counted * 1000.0 / line["counts_per_kg"] * line.get("corner_factor", 1.0)
            assert grams[row, cell] == pytest.approx(g, rel=1e-12)


def test_the_lines_are_made_once_and_again_for_a_changed_scale() -> None:
    scale = scale_from_dict(good())
    counts = np.array([[300_140, 300_140]])
    scale.to_grams(counts)
    kept = scale.__dict__["_lines"]
    scale.to_grams(counts)
    assert scale.__dict__["_lines"] is kept
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0] = 0.0
    cell = msgspec.structs.replace(scale.cells[0], zero_counts=300_000.0 + 140)
    other = msgspec.structs.replace(scale, cells=(cell, scale.cells[1]))
    assert other.to_grams(counts).tolist() == [[0.0, 2000.0]]
    assert scale == scale_from_dict(good())


def test_without_points_the_gross_is_what_it_is() -> None:
    scale = scale_from_dict(good())
    assert scale.correct_gross_g(48_123_456.7) == 48_123_456.7
    assert (scale.span_points, scale.temperature, scale.creep) == ((), None, ())


def test_points_temperature_and_creep_are_read() -> None:
    data = good()
    data["span_points"] = [
        {"shown_kg": 20_000.0, "true_kg": 20_010.0},
        {"shown_kg": 60_000.0, "true_kg": 60_000.0},
    ]
    data["temperature"] = {"reference_c": 20.0, "span_ppm_per_k": 8.0}
    data["creep"] = [{"share_ppm": 150.0, "tau_s": 600.0}]
    data["cells"][0]["corner_factor"] = 1.002
    scale = scale_from_dict(data)
    assert scale.correct_gross_g(20_000_000.0) == 20_010_000.0
    assert scale.correct_gross_g(40_000_000.0) == 40_005_000.0
    assert scale.span_points[1] == SpanPoint(shown_g=60_000_000, true_g=60_000_000)
    assert scale.temperature == Temperature(reference_c=20.0, span_ppm_per_k=8.0)
    assert scale.creep == (CreepTerm(share_ppm=150.0, tau_s=600.0),)
    assert [cell.corner_factor for cell in scale.cells] == [1.002, 1.0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change("spanpoints", []), "spanpoints: unknown key; did you mean span_points"),
        (change("span_points", 3), r"span_points: expected at most 32 \[\[span_points\]\]"),
        (change("span_points", [{"shown_kg": 1.0}]), r"span_points\[0\].true_kg: missing"),
        (change("span_points", [5]), r"span_points\[0\]: expected a table with shown_kg"),
        (
            change("span_points", [{"shown_kg": 10.0, "true_kg": 20.0}]),
            "span_points: the point 10 kg -> 20 kg bends",
        ),
        (change("temperature", {"reference": 3}), "did you mean reference_c"),
        (change("temperature", {"reference_c": 99}), "temperature.reference_c: 99.0 is outside"),
        (change("creep", [{"share_ppm": 1, "tau_s": 0.0}]), r"creep\[0\].tau_s: 0.0 is outside"),
        (change_cell("corner_factor", 1.2), r"cells\[1\].corner_factor: 1.2 is outside 0.97"),
        (lambda data: data.pop("max_kg"), "max_kg: missing; add the capacity"),
        (change("maxkg", 1), "maxkg: unknown key; did you mean max_kg"),
        (change("e_kg", 30.0), "e_kg: 30 is not 1, 2 or 5"),
        (change("e_kg", 5.0), "10 000 e"),
        (change("e_kg", "20 kg"), "e_kg: '20 kg' is not a number"),
        (change("max_kg", True), "max_kg: True is not a number"),
        (change("d_kg", 50.0), "d_kg: 50 is larger than e_kg"),
        (change("fs_hz", 0.0), "fs_hz: 0.0 is outside"),
        (change("has_beams", "yes"), "has_beams: 'yes' is not true or false"),
        (change("cells", "none"), r"cells: expected \[\[cells\]\] tables"),
        (change("cells", []), "cells: 0 tables"),
        (change_cell("x_m", 17.0), r"cells\[1\].x_m: 17.0 is outside 0 to 16"),
        (change_cell("counts_per_kg", 0.0), r"cells\[1\].counts_per_kg: 0.0 is outside"),
        (change_cell("zero_count", 1), r"cells\[1\].zero_count: unknown key; did you mean zero_c"),
        (lambda data: data["cells"][0].pop("y_m"), r"cells\[0\].y_m: missing"),
        (change_cell("zero_counts", float("nan")), r"cells\[1\].zero_counts: nan is outside"),
    ],
)
def test_a_bad_calibration_names_key_and_remedy(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    data = good()
    spoil(data)
    with pytest.raises(CalibrationError, match=message):
        scale_from_dict(data)
