"""Write a passage as the three files of a recorded trace."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.recordings.converter import stamp, to_counts
from sim.recordings.drive import axles_on_s, fully_on
from sim.recordings.faults import fail, glitches, missing_rows
from sim.recordings.passage import Passage
from sim.recordings.ranges import STEP_S
from sim.recordings.scene import VERDICTS

Array = npt.NDArray[np.float64]
Intervals = list[tuple[float, float]]

SETTLE_MEAN_S = 0.1


def write_passage(passage: Passage, folder: Path) -> str:
    """Write `sNNNN.csv`, `.calib.toml` and `.truth.json` into `folder`; return the name."""
    name = f"s{passage.seed:04d}"
    rng = np.random.default_rng([7, passage.seed, round(passage.deck.fs_hz)])
    lines, events = _rows(rng, passage)
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.calib.toml").write_text(_calibration(passage))
    truth = _truth(passage, name, passage.events + events)
    (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    return name


def _rows(rng: np.random.Generator, passage: Passage) -> tuple[list[str], list[dict[str, Any]]]:
    deck, times = passage.deck, passage.times_s
    kg = passage.loads_kg * (1 + deck.span_error) + deck.zero_shift_kg
    kg = kg + rng.normal(0, deck.cell_noise_kg, kg.shape)
    if passage.fault is not None:
        kg = fail(passage.fault, kg, deck, times)
    counts, events = glitches(rng, to_counts(deck, kg), deck)
    kept, gaps = missing_rows(rng, len(times), deck.fs_hz)
    stamps = stamp(rng, passage.clock, times)
    beams = _beams(passage)
    header = ["t_s", *(f"cell{k}" for k in range(deck.cells)), *beams]
    lines = [",".join(header)]
    columns = np.column_stack([counts, *beams.values()])[kept].tolist()
    for t, row in zip(stamps[kept].tolist(), columns, strict=True):
        lines.append(f"{t:.4f}," + ",".join(map(str, row)))
    return lines, events + gaps


def _beams(passage: Passage) -> dict[str, npt.NDArray[np.int64]]:
    """Which beams a hull blocks at each sample; a site without beams has no columns."""
    deck, scene = passage.deck, passage.scene
    found = {}
    for name, present, at in (
        ("entry_beam", deck.entry_beam, 0.0),
        ("exit_beam", deck.exit_beam, deck.length_m),
    ):
        if not present:
            continue
        blocked = np.zeros(len(passage.times_s), dtype=bool)
        movers = [(scene.drive.x_m, scene.truck.hulls_m)]
        if passage.second is not None:
            movers.append((passage.second.drive.x_m, passage.second.truck.hulls_m))
        for track, hulls in movers:
            x = np.interp(passage.times_s, np.arange(len(track)) * STEP_S, track)
            for front, rear in hulls:
                blocked |= (x - front >= at) & (x - rear <= at)
        found[name] = blocked.astype(np.int64)
    return found


def _calibration(passage: Passage) -> str:
    deck = passage.deck
    lines = [
        "# weighbridge calibration",
        f"max_kg = {deck.max_kg}",
        f"e_kg = {deck.e_kg}",
        f"fs_hz = {deck.fs_hz}",
        f"platform_length_m = {deck.length_m}",
        f"cell_spacing_y_m = {deck.across_m}",
        f"has_beams = {str(deck.entry_beam or deck.exit_beam).lower()}",
    ]
    for k in range(deck.cells):
        side = deck.across_m / 2 * (1 if k % 2 == 0 else -1)
        lines += [
            "",
            "[[cells]]",
            f"x_m = {round(float(deck.rows_m[k // 2]), 3)}",
            f"y_m = {round(side, 4)}",
            f"counts_per_kg = {float(deck.counts_per_kg[k])}",
            f"zero_counts = {int(deck.zero_counts[k])}",
            f"dead_load_kg = {float(deck.dead_kg[k])}",
        ]
    return "\n".join(lines) + "\n"


def mpe_kg(mass_kg: float, e_kg: float) -> float:
    """Initial maximum permissible error of a class III scale (R 76-1, 3.5.1)."""
    parts = mass_kg / e_kg
    return (0.5 if parts <= 500 else 1.0 if parts <= 2000 else 1.5) * e_kg


def valid_intervals(passage: Passage) -> Intervals:
    """When the deck carries this truck, all of it and nothing else, and all cells are sound."""
    scene = passage.scene
    whole = fully_on(scene.drive, scene.truck, passage.deck)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], whole.astype(int), [0]])))
    spans = [(a * STEP_S, (b - 1) * STEP_S) for a, b in edges.reshape(-1, 2).tolist()]
    for start, stop in passage.occupied_s:
        spans = _without(spans, start, stop)
    if passage.second is not None:
        spans = _without(spans, passage.second.touch_s, np.inf)
    if passage.fault is not None:
        spans = _without(spans, passage.fault.t0_s, np.inf)
    return spans


def _without(spans: Intervals, start: float, stop: float) -> Intervals:
    parts: Intervals = []
    for a, b in spans:
        parts += [(a, min(b, start))] if a < start else []
        parts += [(max(a, stop), b)] if b > stop else []
    return parts


def _settle_s(passage: Passage) -> float | None:
    """Seconds after the last stop until the deck's own sum stays inside the MPE."""
    scene = passage.scene
    if scene.cls in ("rocking", "roll_through", "not_fully_on"):
        return None
    rest = scene.drive.stops_s[-1]
    limit = mpe_kg(scene.truck.mass_kg, passage.deck.e_kg)
    wide = round(SETTLE_MEAN_S * passage.deck.fs_hz)
    mean = np.convolve(passage.settling_kg, np.ones(wide) / wide, "same")
    off = np.abs(mean - scene.truck.mass_kg)[: -wide or None] > limit
    times = passage.times_s[: len(off)]
    outside = times[off & (times >= rest)]
    return float(outside[-1] - rest) if len(outside) else 0.0


def _truth(passage: Passage, name: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    scene, deck = passage.scene, passage.deck
    truck, drive = scene.truck, scene.drive
    on = axles_on_s(drive, truck.offsets_m)
    return {
        "id": name,
        "salt": 0,
        "seed": passage.seed,
        "cls": scene.cls,
        "mode": "roll_through" if scene.cls == "roll_through" else "static",
        "expected_verdict": VERDICTS.get(scene.cls, scene.cls),
        "vehicle": truck.name,
        "suspension": truck.suspension,
        "true_mass_kg": round(truck.mass_kg, 3),
        "axle_count": len(on),
        "axle_masses_kg": truck.axle_kg.tolist(),
        "axle_offsets_m": truck.offsets_m.round(3).tolist(),
        "e_kg": deck.e_kg,
        "max_kg": deck.max_kg,
        "mpe_kg": mpe_kg(truck.mass_kg, deck.e_kg),
        "platform_m": deck.length_m,
        "cells": deck.cells,
        "fs_hz": deck.fs_hz,
        "speed_kmh": drive.speed_kmh,
        "t_axle_on_s": on,
        "t_first_axle_on_s": on[0],
        "t_last_axle_on_s": on[-1],
        "t_stopped_s": drive.stops_s[-1] if drive.stops_s else None,
        "t_stops_s": list(drive.stops_s),
        "t_end_s": drive.end_s,
        "valid_intervals": [[round(a, 3), round(b, 3)] for a, b in valid_intervals(passage)],
        "natural_settle_s": _settle_s(passage),
        "noise_sum_kg": round(deck.cell_noise_kg * deck.cells**0.5, 2),
        "wind_rms_kg": round(passage.wind_rms_kg, 2),
        "deck_hz": deck.span_hz.round(2).tolist(),
        "idle": {
            "fire_hz": round(truck.engine.fire_hz, 2),
            "amp_kg": round(truck.engine.amp_kg, 1),
        },
        "pause_trap": scene.pause_trap,
        "has_beams": deck.entry_beam or deck.exit_beam,
        "events": events,
    }
