"""How alike two folders of recorded passages are: what their traces do around the stop."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MEASURES = (
    "bounce_hz",
    "decay_per_s",
    "swing_before_e",
    "swing_at_stop_e",
    "swing_after_1s_e",
    "swing_after_2s_e",
    "swing_after_4s_e",
    "settle_s",
    "cell_noise_kg",
    "empty_sum_kg",
    "standing_sum_kg",
    "engine_amp_kg",
    "error_kg",
)


def measures(folder: Path, cls: str = "ok") -> dict[str, Array]:
    """Each of `MEASURES` over the passages of one class in `folder`, one value a passage."""
    found: dict[str, list[float]] = {name: [] for name in MEASURES}
    for path in sorted(folder.glob("*.truth.json")):
        truth = json.loads(path.read_text())
        if truth["cls"] != cls or not truth["t_stops_s"]:
            continue
        for name, value in _of_one(path, truth).items():
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def _of_one(path: Path, truth: dict[str, Any]) -> dict[str, float]:
    times, kg = read_kg(path)
    fs, rest = truth["fs_hz"], truth["t_stops_s"][-1]
    empty = times < truth["t_first_axle_on_s"] - 0.4
    kg = _unspiked(kg) - np.median(kg[empty], 0)
    total = kg.sum(1) - truth["true_mass_kg"]
    wide = max(1, int(fs / 14))
    slow = np.convolve(total, np.ones(wide) / wide, "same")
    end = float(np.mean(total[times > times[-1] - 4]))

    def swing(start: float, stop: float) -> float:
        part = (times > rest + start) & (times < rest + stop)
        return float(np.ptp(slow[part])) / 2

    beyond = times[(np.abs(slow) > truth["mpe_kg"]) & (times < times[-1] - 0.1)]
    ringing = (times > rest + 0.2) & (times < rest + 4.2)
    fast = np.diff(kg[empty], 2, axis=0)
    standing = total[times > times[-1] - 4]
    swings = {
        "swing_before_e": swing(-1, 0),
        "swing_at_stop_e": swing(0, 1),
        "swing_after_1s_e": swing(1, 2),
        "swing_after_2s_e": swing(2, 3),
        "swing_after_4s_e": swing(4, 5),
    }
    return {
        "bounce_hz": _peak_hz(slow[ringing] - end, fs),
        "decay_per_s": float(np.log(max(swing(0, 1), 1) / max(swing(2, 3), 1)) / 2),
        **{name: value / truth["e_kg"] for name, value in swings.items()},
        "settle_s": max(0.0, float(beyond[-1]) - rest) if len(beyond) else 0.0,
        "cell_noise_kg": float(np.median(fast.std(0))) / 6**0.5,
        "empty_sum_kg": float(kg[empty].sum(1).std()),
        "standing_sum_kg": float(standing.std()),
        "engine_amp_kg": truth["idle"]["amp_kg"],
        "error_kg": end,
    }


def read_kg(truth_path: Path) -> tuple[Array, Array]:
    """Times (n,) and calibrated cell readings (n, cells) in kg of one trace."""
    stem = truth_path.name.removesuffix(".truth.json")
    scale = tomllib.loads((truth_path.parent / f"{stem}.calib.toml").read_text())["cells"]
    rows = np.loadtxt(truth_path.parent / f"{stem}.csv", delimiter=",", skiprows=1)
    gain = np.array([c["counts_per_kg"] for c in scale])
    zero = np.array([c["zero_counts"] for c in scale])
    return rows[:, 0], (rows[:, 1 : 1 + len(scale)] - zero) / gain


def _unspiked(kg: Array) -> Array:
    middle = np.median(np.stack([kg[:-2], kg[1:-1], kg[2:]]), 0)
    jump = np.abs(kg[1:-1] - middle) > 100
    out = kg.copy()
    out[1:-1][jump] = middle[jump]
    return out


def _peak_hz(signal: Array, fs_hz: float) -> float:
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 8192))
    hz = np.fft.rfftfreq(8192, 1 / fs_hz)
    band = (hz > 0.8) & (hz < 6)
    return float(hz[band][np.argmax(power[band])])


def compare(first: Path, second: Path, cls: str = "ok") -> str:
    """A table of the 10, 50 and 90 % points of every measure in two folders."""
    one, two = measures(first, cls), measures(second, cls)
    counts = len(one["bounce_hz"]), len(two["bounce_hz"])
    lines = [f"{cls}: {counts[0]} and {counts[1]} passages; 10/50/90 %"]
    for name in MEASURES:
        points = [np.percentile(x[name], (10, 50, 90)) for x in (one, two)]
        texts = ["  ".join(f"{p:8.2f}" for p in row) for row in points]
        lines.append(f"{name:18s} {texts[0]}   |  {texts[1]}")
    return "\n".join(lines)
