"""The calibration of one scale: what turns ADC counts into grams."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CELLS_MAX: Final = 16
_E_LEADS: Final = (1, 2, 5)


class CalibrationError(ValueError):
    """A calibration that cannot be used; the message names the key path and the remedy."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One load cell: its place on the platform and its straight line.

    `zero_counts` is the reading of the empty deck, so it includes `dead_load_g`.
    """

    x_m: float
    y_m: float
    counts_per_kg: float
    zero_counts: float
    dead_load_g: int


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """A class III weighbridge (R 76: Max, e, d) with its cells in the order of the ADC channels."""

    max_g: int
    e_g: int
    d_g: int
    rate_hz: float
    platform_mm: int
    has_beams: bool
    cells: tuple[Cell, ...]

    @property
    def min_g(self) -> int:
        """The smallest load of class III, 20 e (R 76 table 3)."""
        return 20 * self.e_g

    def x_m(self) -> FloatArray:
        """Positions of the cells along the deck from the entry end, metres."""
        return np.array([cell.x_m for cell in self.cells])

    def y_m(self) -> FloatArray:
        """Positions of the cells across the deck, metres."""
        return np.array([cell.y_m for cell in self.cells])

    def to_grams(self, counts: npt.NDArray[Any]) -> FloatArray:
        """Turn counts (n, cells) into grams per cell above the calibrated zero."""
        zero = np.array([cell.zero_counts for cell in self.cells])
        per_kg = np.array([cell.counts_per_kg for cell in self.cells])
        return cast(FloatArray, (counts - zero) * (1000.0 / per_kg))


_SCALE_KEYS: Final[Mapping[str, str]] = {
    "max_kg": "the capacity from the data plate, kilograms",
    "e_kg": "the verification interval, kilograms",
    "fs_hz": "samples a second and cell",
    "platform_length_m": "the length of the platform, metres",
    "cell_spacing_y_m": "the distance between the cell rows, metres",
    "has_beams": "true or false",
    "cells": "one [[cells]] table per load cell",
}
_OPTIONAL_KEYS: Final[Mapping[str, str]] = {"d_kg": "the scale interval, kilograms (default: e)"}
_CELL_KEYS: Final[Mapping[str, str]] = {
    "x_m": "the position along the platform, metres",
    "y_m": "the position across the platform, metres",
    "counts_per_kg": "the span from the calibration sheet, counts per kilogram",
    "zero_counts": "the reading of the empty deck, counts",
    "dead_load_kg": "the part of the deck's own mass on this cell, kilograms",
}


def scale_from_dict(data: Mapping[str, Any]) -> Scale:
    """Read a scale from the parsed TOML of a recorded trace (`sNNNN.calib.toml`).

    Raises CalibrationError naming the key path, the value, the bound and the remedy.
    """
    _check_keys(data, _SCALE_KEYS, _OPTIONAL_KEYS, "")
    max_g = _grams(data, "max_kg", "")
    e_g = _grams(data, "e_kg", "")
    d_g = _grams(data, "d_kg", "") if "d_kg" in data else e_g
    _check_intervals(max_g, e_g, d_g)
    length_m = _number(data, "platform_length_m", "", 1.0, 60.0)
    _number(data, "cell_spacing_y_m", "", 0.1, 10.0)
    if not isinstance(data["has_beams"], bool):
        raise CalibrationError(f"has_beams: {data['has_beams']!r} is not true or false")
    return Scale(
        max_g=max_g,
        e_g=e_g,
        d_g=d_g,
        rate_hz=_number(data, "fs_hz", "", 5.0, 2000.0),
        platform_mm=round(length_m * 1000),
        has_beams=data["has_beams"],
        cells=_cells(data["cells"], length_m),
    )


def _cells(tables: Any, length_m: float) -> tuple[Cell, ...]:
    if not isinstance(tables, Sequence) or isinstance(tables, str):
        raise CalibrationError("cells: expected [[cells]] tables, one per load cell")
    if not 2 <= len(tables) <= CELLS_MAX:
        raise CalibrationError(
            f"cells: {len(tables)} tables; a scale has 2 to {CELLS_MAX}: write one per load cell"
        )
    return tuple(_cell(table, f"cells[{i}].", length_m) for i, table in enumerate(tables))


def _cell(table: Any, path: str, length_m: float) -> Cell:
    if not isinstance(table, Mapping):
        raise CalibrationError(f"{path[:-1]}: expected a table with {', '.join(_CELL_KEYS)}")
    _check_keys(table, _CELL_KEYS, {}, path)
    return Cell(
        x_m=_number(table, "x_m", path, 0.0, length_m),
        y_m=_number(table, "y_m", path, -10.0, 10.0),
        counts_per_kg=_number(table, "counts_per_kg", path, 1e-3, 1e6),
        zero_counts=_number(table, "zero_counts", path, -(2.0**31), 2.0**31),
        dead_load_g=round(1000 * _number(table, "dead_load_kg", path, 0.0, 1e5)),
    )


def _check_keys(
    table: Mapping[str, Any], known: Mapping[str, str], extra: Mapping[str, str], path: str
) -> None:
    for key in table:
        if key not in known and key not in extra:
            near = difflib.get_close_matches(key, [*known, *extra], n=1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join([*known, *extra])
            raise CalibrationError(
                f"{path}{key}: unknown key; {hint} Units stand in the key's name."
            )
    for key, meaning in known.items():
        if key not in table:
            raise CalibrationError(f"{path}{key}: missing; add {meaning}")


def _number(table: Mapping[str, Any], key: str, path: str, low: float, high: float) -> float:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CalibrationError(f"{path}{key}: {value!r} is not a number; write it without a unit")
    if not low <= value <= high:
        raise CalibrationError(f"{path}{key}: {value!r} is outside {low:g} to {high:g}; correct it")
    return float(value)


def _grams(table: Mapping[str, Any], key: str, path: str) -> int:
    return round(1000 * _number(table, key, path, 0.001, 1e6))


def _check_intervals(max_g: int, e_g: int, d_g: int) -> None:
    lead = int(str(e_g).rstrip("0"))
    if lead not in _E_LEADS:
        raise CalibrationError(f"e_kg: {e_g / 1000:g} is not 1, 2 or 5 x 10^k kilograms (R 76 3.2)")
    if d_g > e_g:
        raise CalibrationError(f"d_kg: {d_g / 1000:g} is larger than e_kg {e_g / 1000:g}")
    if not 500 <= max_g / e_g <= 10_000:
        raise CalibrationError(
            f"max_kg: {max_g / 1000:g} is {max_g / e_g:g} e; class III has 500 to 10 000 e "
            "(R 76 table 3): correct max_kg or e_kg"
        )
