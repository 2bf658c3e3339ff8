"""A calibration is read whole or refused with place and remedy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sensors.calibration import CalibrationError, scale_from_dict


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


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
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
