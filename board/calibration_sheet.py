"""Between a scale and the keys of its sheet: what a calibration sets, and what it changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sensors.calibration import Cell, Scale


def with_values(sheet: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    """The sheet with the calibrated values of this scale in place of its own.

    Everything else stays as it was written, so that a calibration changes what it measured alone.
    """
    cells = [
        {**table, **_calibrated(cell, "corner_factor" in table)}
        for table, cell in zip(sheet["cells"], scale.cells, strict=True)
    ]
    points = [
        {"shown_kg": point.shown_g / 1000, "true_kg": point.true_g / 1000}
        for point in scale.span_points
    ]
    creep = [{"share_ppm": term.share_ppm, "tau_s": term.tau_s} for term in scale.creep]
    values = {"cells": cells, "span_points": points, "creep": creep}
    merged = {**sheet, **values, "temperature": _temperature(scale)}
    return {key: value for key, value in merged.items() if value not in (None, [])}


def _calibrated(cell: Cell, corner_stated: bool) -> dict[str, float]:
    values = {"counts_per_kg": cell.counts_per_kg, "zero_counts": cell.zero_counts}
    if corner_stated or cell.corner_factor != 1.0:
        values["corner_factor"] = cell.corner_factor
    return values


def _temperature(scale: Scale) -> dict[str, float] | None:
    model = scale.temperature
    if model is None:
        return None
    return {
        "reference_c": model.reference_c,
        "zero_g_per_k": model.zero_g_per_k,
        "span_ppm_per_k": model.span_ppm_per_k,
    }


def stated_sheet(scale: Scale) -> dict[str, Any]:
    """The whole sheet of a scale that stood in a site file."""
    across_m = [cell.y_m for cell in scale.cells]
    bare = {
        "max_kg": scale.max_g / 1000,
        "e_kg": scale.e_g / 1000,
        "d_kg": scale.d_g / 1000,
        "fs_hz": scale.rate_hz,
        "platform_length_m": scale.platform_mm / 1000,
        # Nothing reads the spacing beside the cells' own places, but a sheet states it.
        "cell_spacing_y_m": max(max(across_m) - min(across_m), 0.1),
        "has_beams": scale.has_beams,
        "cells": [
            {"x_m": cell.x_m, "y_m": cell.y_m, "dead_load_kg": cell.dead_load_g / 1000}
            for cell in scale.cells
        ],
    }
    return with_values(bare, scale)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every value that differs between two sheets: key, and before and after where there is one."""
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    rows = []
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) != new.get(key):
            pair = (("before", old.get(key)), ("after", new.get(key)))
            rows.append({"key": key, **{name: value for name, value in pair if value is not None}})
    return rows


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _flat(inner, f"{key}[{i}]")
    else:
        yield key, value
