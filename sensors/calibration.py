"""The calibration of one scale: what turns ADC counts into grams."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from sensors.compensation import CreepTerm, SpanCurve, SpanPoint, Temperature

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CELLS_MAX: Final = 16
_E_LEADS: Final = (1, 2, 5)


class CalibrationError(ValueError):
    """A calibration that cannot be used; the message names the key path and the remedy."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One load cell: its place on the platform and its straight line.

    `zero_counts` is the reading of the empty deck, so it includes `dead_load_g`. The corner factor
    makes a load show the same wherever it stands.
    """

    x_m: float
    y_m: float
    counts_per_kg: float
    zero_counts: float
    dead_load_g: int
    corner_factor: float = 1.0


class Scale(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A class III weighbridge (R 76: Max, e, d) with its cells in the order of the ADC channels.

    Points, temperature and creep are absent until a calibration states them. What is derived from
    the fields is kept outside them, so it is neither compared nor copied.
    """

    max_g: int
    e_g: int
    d_g: int
    rate_hz: float
    platform_mm: int
    has_beams: bool
    cells: tuple[Cell, ...]
    span_points: tuple[SpanPoint, ...] = ()
    temperature: Temperature | None = None
    creep: tuple[CreepTerm, ...] = ()

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
        zero_counts, g_per_count = self._lines
        return (counts - zero_counts) * g_per_count

    def correct_gross_g(self, gross_g: float) -> float:
        """The gross with the points of the span applied, grams; unchanged without points.

        The points belong to the sum over all cells, so this is for the weight as it is stated.
        Raises ValueError where the points do not make a curve.
        """
        return self._curve.correct_g(gross_g)

    @cached_property
    def _lines(self) -> tuple[FloatArray, FloatArray]:
        """Zero counts and grams per count of every cell, read-only, shape (cells,) each."""
        zero = np.array([cell.zero_counts for cell in self.cells])
        slope = np.array([1000.0 / cell.counts_per_kg * cell.corner_factor for cell in self.cells])
        zero.setflags(write=False)
        slope.setflags(write=False)
        return zero, slope

    @cached_property
    def _curve(self) -> SpanCurve:
        return SpanCurve(self.span_points)


_SCALE_KEYS: Final[Mapping[str, str]] = {
    "max_kg": "the capacity from the data plate, kilograms",
    "e_kg": "the verification interval, kilograms",
    "fs_hz": "samples a second and cell",
    "platform_length_m": "the length of the platform, metres",
    "cell_spacing_y_m": "the distance between the cell rows, metres",
    "has_beams": "true or false",
    "cells": "one [[cells]] table per load cell",
}
_OPTIONAL_KEYS: Final[Mapping[str, str]] = {
    "d_kg": "the scale interval, kilograms (default: e)",
    "span_points": "one [[span_points]] table per test load, rising",
    "temperature": "the temperature coefficients",
    "creep": "one [[creep]] table per exponential",
    "calibration": "who calibrated, when and why; written by steelyard calibrate",
    "seal": "the hash of the file; written by steelyard calibrate",
}
_CELL_KEYS: Final[Mapping[str, str]] = {
    "x_m": "the position along the platform, metres",
    "y_m": "the position across the platform, metres",
    "counts_per_kg": "the span from the calibration sheet, counts per kilogram",
    "zero_counts": "the reading of the empty deck, counts",
    "dead_load_kg": "the part of the deck's own mass on this cell, kilograms",
}
_OPTIONAL_CELL_KEYS: Final = {"corner_factor": "the corner correction (default: 1)"}
_POINT_KEYS: Final = {
    "shown_kg": "what the straight line shows, kilograms",
    "true_kg": "the test load, kilograms",
}
_TEMPERATURE_KEYS: Final = {"reference_c": "the temperature of the calibration, Celsius"}
_OPTIONAL_TEMPERATURE_KEYS: Final = {
    "zero_g_per_k": "the drift of zero, grams per kelvin",
    "span_ppm_per_k": "the drift of the span, ppm per kelvin",
}
_CREEP_KEYS: Final = {
    "share_ppm": "how much the reading grows in the end, ppm of the load",
    "tau_s": "its time constant, seconds",
}
CORNER_SHARE_MAX: Final = 0.03
SPAN_POINTS_MAX: Final = 32
CREEP_TERMS_MAX: Final = 4

_T = TypeVar("_T")


def scale_from_dict(data: Mapping[str, Any]) -> Scale:
    """Read a scale from the parsed TOML of a recorded trace (`sNNNN.calib.toml`).

    Raises CalibrationError naming the key path, the value, the bound and the remedy.
    """
    _check_keys(data, _SCALE_KEYS, _OPTIONAL_KEYS, "")
    max_g = _grams(data, "max_kg", "")
    e_g = _grams(data, "e_kg", "")
    d_g = _grams(data, "d_kg", "") if "d_kg" in data else e_g
    _check_intervals(max_g, e_g, d_g)
    length_m = _number(data, "platform_length_m", "", 0.5, 60.0)
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
        span_points=_span_points(data),
        temperature=_temperature(data),
        creep=_several(data, "creep", CREEP_TERMS_MAX, _creep_term),
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
    table = _table(table, _CELL_KEYS, _OPTIONAL_CELL_KEYS, path)
    low, high = 1 - CORNER_SHARE_MAX, 1 + CORNER_SHARE_MAX
    corner = _number(table, "corner_factor", path, low, high) if "corner_factor" in table else 1.0
    return Cell(
        x_m=_number(table, "x_m", path, 0.0, length_m),
        y_m=_number(table, "y_m", path, -10.0, 10.0),
        counts_per_kg=_number(table, "counts_per_kg", path, 1e-3, 1e6),
        zero_counts=_number(table, "zero_counts", path, -(2.0**31), 2.0**31),
        dead_load_g=round(1000 * _number(table, "dead_load_kg", path, 0.0, 1e5)),
        corner_factor=corner,
    )


def _several(
    data: Mapping[str, Any], key: str, most: int, read: Callable[[Any, str], _T]
) -> tuple[_T, ...]:
    """The tables of one optional list; raises CalibrationError beyond `most`."""
    tables = data.get(key, ())
    if not isinstance(tables, Sequence) or isinstance(tables, str) or len(tables) > most:
        raise CalibrationError(f"{key}: expected at most {most} [[{key}]] tables")
    return tuple(read(table, f"{key}[{i}].") for i, table in enumerate(tables))


def _span_points(data: Mapping[str, Any]) -> tuple[SpanPoint, ...]:
    points = _several(data, "span_points", SPAN_POINTS_MAX, _span_point)
    try:
        SpanCurve(points)
    except ValueError as error:
        raise CalibrationError(f"span_points: {error}") from None
    return points


def _span_point(table: Any, path: str) -> SpanPoint:
    table = _table(table, _POINT_KEYS, {}, path)
    return SpanPoint(
        shown_g=_grams(table, "shown_kg", path),
        true_g=_grams(table, "true_kg", path),
    )


def _temperature(data: Mapping[str, Any]) -> Temperature | None:
    if "temperature" not in data:
        return None
    path = "temperature."
    table = _table(data["temperature"], _TEMPERATURE_KEYS, _OPTIONAL_TEMPERATURE_KEYS, path)
    values = {key: _number(table, key, path, -1e9, 1e9) for key in table}
    return _built(Temperature, values, path)


def _creep_term(table: Any, path: str) -> CreepTerm:
    table = _table(table, _CREEP_KEYS, {}, path)
    return _built(CreepTerm, {key: _number(table, key, path, -1e9, 1e9) for key in table}, path)


def _built(kind: Callable[..., _T], values: Mapping[str, float], path: str) -> _T:
    try:
        return kind(**values)
    except ValueError as error:
        raise CalibrationError(f"{path}{error}") from None


def _table(
    table: Any, known: Mapping[str, str], extra: Mapping[str, str], path: str
) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise CalibrationError(f"{path[:-1]}: expected a table with {', '.join(known)}")
    _check_keys(table, known, extra, path)
    return table


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
