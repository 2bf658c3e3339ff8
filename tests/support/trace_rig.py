"""Writes a passage made by the tests of the sensors as the files of a recorded trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CALIBRATION = """max_kg = 100000.0
e_kg = 20.0
fs_hz = 60.0
platform_length_m = 16.0
cell_spacing_y_m = 2.8
has_beams = true
"""


def write_trace(folder: Path, made: Any, name: str = "s") -> tuple[Path, Path]:
    """Write NAME.csv and NAME.calib.toml; return both paths."""
    names = ",".join(f"cell{i}" for i in range(len(made.scale.cells)))
    rows = [f"t_s,{names},entry_beam,exit_beam"]
    for t_us, counts, beams in zip(made.t_us, made.counts, made.beams, strict=True):
        rows.append(",".join([f"{t_us / 1e6:.4f}", *map(str, counts), *map(str, beams)]))
    trace, scale = folder / f"{name}.csv", folder / f"{name}.calib.toml"
    trace.write_text("\n".join(rows) + "\n", encoding="utf-8")
    text = CALIBRATION
    for cell in made.scale.cells:
        text += f"[[cells]]\nx_m = {cell.x_m}\ny_m = {cell.y_m}\n"
        text += "counts_per_kg = 140.0\nzero_counts = 300000\ndead_load_kg = 2000.0\n"
    scale.write_text(text, encoding="utf-8")
    return trace, scale


def write_truth(trace: Path, **changes: Any) -> None:
    """Write NAME.truth.json of a good passage of 24 t, with changes."""
    truth = {
        "cls": "ok",
        "expected_verdict": "ok",
        "true_mass_kg": 24_000.0,
        "e_kg": 20.0,
        "mpe_kg": 20.0,
        "t_stops_s": [13.6],
        "valid_intervals": [[9.0, 30.0]],
        "events": [],
    }
    path = trace.with_suffix(".truth.json")
    path.write_text(json.dumps(truth | changes), encoding="utf-8")
