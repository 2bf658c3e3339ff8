"""One weighing, recorded or simulated, in one form: what the cells said and what was true."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SPIKE_KG = 100.0


class Trace(Struct, frozen=True, kw_only=True):
    """A weighing from the empty deck to the standing vehicle, calibrated.

    ``kg`` is (n, cells) with the empty deck taken off; ``on_s`` are the moments at which each axle
    crosses the edge, ``stop_s`` the moment at which the vehicle has stopped for good.
    """

    name: str
    kind: str
    t_s: Floats
    kg: Floats
    rate_hz: float
    cell_x_m: Floats
    cell_y_m: Floats
    platform_m: float
    mass_kg: float
    axles_m: Floats
    on_s: Floats
    stop_s: float

    @property
    def total_kg(self) -> Floats:
        """The sum of the cells (n,)."""
        return np.asarray(self.kg.sum(1))

    def between(self, from_s: float, to_s: float) -> NDArray[np.bool_]:
        """Which samples (n,) were taken in this stretch."""
        return (self.t_s >= from_s) & (self.t_s < to_s)


def recorded(folder: Path) -> list[Trace]:
    """Read all good weighings of a folder of recorded traces, in the order of their names.

    Raises:
        OSError: a file of a trace is missing or cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*.truth.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        if truth["cls"] == "ok" and truth["t_stops_s"]:
            found.append(_read(path, truth))
    return found


def _read(path: Path, truth: dict[str, Any]) -> Trace:
    stem = path.name.removesuffix(".truth.json")
    sheet = tomllib.loads((path.parent / f"{stem}.calib.toml").read_text(encoding="utf-8"))
    cells = sheet["cells"]
    rows = np.loadtxt(path.parent / f"{stem}.csv", delimiter=",", skiprows=1)
    zero = np.array([c["zero_counts"] for c in cells])
    gain = np.array([c["counts_per_kg"] for c in cells])
    kg = unspiked((rows[:, 1 : 1 + len(cells)] - zero) / gain)
    on_s = np.array(truth["t_axle_on_s"], np.float64)
    return Trace(
        name=stem,
        kind=truth["vehicle"],
        t_s=rows[:, 0],
        kg=zeroed(rows[:, 0], kg, float(on_s[0])),
        rate_hz=truth["fs_hz"],
        cell_x_m=np.array([c["x_m"] for c in cells]),
        cell_y_m=np.array([c["y_m"] for c in cells]),
        platform_m=truth["platform_m"],
        mass_kg=truth["true_mass_kg"],
        axles_m=np.array(truth["axle_offsets_m"]),
        on_s=on_s,
        stop_s=truth["t_stops_s"][-1],
    )


def zeroed(t_s: Floats, kg: Floats, first_on_s: float) -> Floats:
    """Take off what the empty deck said before the first axle came: mud, water, zero shift."""
    return np.asarray(kg - np.median(kg[t_s < first_on_s - 0.4], 0))


def unspiked(kg: Floats) -> Floats:
    """Replace single samples that jump by the median of three."""
    middle = np.median(np.stack([kg[:-2], kg[1:-1], kg[2:]]), 0)
    jump = np.abs(kg[1:-1] - middle) > SPIKE_KG
    out = kg.copy()
    out[1:-1][jump] = middle[jump]
    return out
