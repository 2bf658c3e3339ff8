"""Pictures of the comparison: distributions as steps, spectra as bands, stops as curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.fidelity.compare import Row, Values
from sim.fidelity.measures import E_KG, smooth, spectrum, standing
from sim.fidelity.trace import Floats, Trace

INK, COLOUR, FAINT = "#222222", "#c2451e", "#999999"
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "figure.dpi": 110,
}
_LOG_ABOVE = 12.0
"""Measures whose greatest is so many times their middle are drawn over a logarithm."""


def draw(
    folder: Path,
    rows: list[Row],
    values: tuple[Values, Values],
    traces: tuple[list[Trace], list[Trace]],
) -> list[Path]:
    """Draw all pictures into a folder; recorded first in every pair.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (the extra ``plot``).
    """
    import matplotlib as mpl  # noqa: PLC0415 - an extra: measuring goes without it

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(_STYLE):
        return [
            _saved(plt, _distributions(plt, rows, values), folder / "physics-distributions.png"),
            _saved(plt, _spectra(plt, traces), folder / "physics-spectra.png"),
            _saved(plt, _stops(plt, traces), folder / "physics-stops.png"),
        ]


def _saved(plt: Any, figure: Any, path: Path) -> Path:
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
    return path


def _distributions(plt: Any, rows: list[Row], values: tuple[Values, Values]) -> Any:
    across = 5
    down = -(-len(rows) // across)
    figure, axes = plt.subplots(down, across, figsize=(10, 1.65 * down), layout="constrained")
    for axis, row in zip(axes.flat, rows, strict=False):
        pair = values[0][row.name], values[1][row.name]
        for x, colour in zip(pair, (INK, COLOUR), strict=True):
            axis.step(
                np.sort(x), (np.arange(len(x)) + 1) / len(x), color=colour, lw=1, where="post"
            )
        both = np.concatenate(pair)
        middle = float(np.median(both))
        if both.min() > 0 and both.max() > _LOG_ABOVE * middle:
            axis.set_xscale("log")
        else:
            low, high = np.percentile(both, (1, 99))
            axis.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        axis.set_title(f"{row.name}, {row.unit}", fontsize=7, loc="left")
        axis.set_yticks([0, 0.5, 1])
    for axis in list(axes.flat)[len(rows) :]:
        axis.axis("off")
    figure.suptitle(_legend("shares of the passages below a value"), x=0.01, ha="left", fontsize=8)
    return figure


def _legend(what: str) -> str:
    return f"{what}; black: recorded, red: the yard"


def _spectra(plt: Any, traces: tuple[list[Trace], list[Trace]]) -> Any:
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained", sharey=True)
    grid = np.arange(1.0, 24.5, 0.4)
    for axis, title, empty in zip(
        axes, ("the vehicle stands, last 5 s", "the empty deck"), (False, True), strict=True
    ):
        for side, colour in zip(traces, (INK, COLOUR), strict=True):
            curves = np.array([_on_grid(trace, grid, empty) for trace in side])
            low, middle, high = np.percentile(curves, (25, 50, 75), axis=0)
            axis.fill_between(grid, low, high, color=colour, alpha=0.18, lw=0)
            axis.plot(grid, middle, color=colour, lw=1.1)
        axis.set_yscale("log")
        axis.set_title(title, fontsize=7, loc="left")
        axis.set_xlabel("Hz")
    axes[0].set_ylabel("sum of the cells, kg²/Hz")
    figure.suptitle(_legend("median and quartiles of the spectra"), x=0.01, ha="left", fontsize=8)
    return figure


def _on_grid(trace: Trace, grid: Floats, empty: bool) -> Floats:
    part = trace.total_kg[trace.t_s < trace.on_s[0] - 0.4] if empty else standing(trace)
    hz, power = spectrum(part, trace.rate_hz)
    width = max(1, round(0.8 / hz[1]))
    return np.interp(grid, hz, np.convolve(power, np.ones(width) / width, "same"))


def _stops(plt: Any, traces: tuple[list[Trace], list[Trace]]) -> Any:
    """Eight stops of either side, at equal ranks of their swing."""
    ranked = [_by_swing(side) for side in traces]
    figure, axes = plt.subplots(2, 8, figsize=(10, 3.4), layout="constrained", sharex=True)
    for column, (one, other) in enumerate(zip(*ranked, strict=True)):
        reach = 1.0
        for line, (trace, colour) in enumerate(((one, INK), (other, COLOUR))):
            axis = axes[line, column]
            part = trace.between(trace.stop_s - 3.0, trace.stop_s + 8.0)
            axis.plot(
                trace.t_s[part] - trace.stop_s, smooth(trace)[part] / E_KG, color=colour, lw=0.7
            )
            axis.axvline(0.0, color=FAINT, lw=0.4)
            swings = smooth(trace)[trace.between(trace.stop_s - 1.0, trace.stop_s + 8.0)]
            reach = max(reach, 1.3 * float(np.abs(swings).max()) / E_KG)
            axis.set_title(f"{trace.kind}, {trace.mass_kg / 1000:.0f} t", fontsize=7, loc="left")
        for line in (0, 1):
            axes[line, column].set_ylim(-reach, reach)
    axes[0, 0].set_ylabel("e, from where it settles")
    axes[1, 0].set_ylabel("e")
    axes[1, 0].set_xlabel("s from the stop")
    title = "stops at equal ranks of their swing, least to greatest; black: recorded, red: the yard"
    figure.suptitle(title, x=0.01, ha="left", fontsize=8)
    return figure


def _by_swing(traces: list[Trace]) -> list[Trace]:
    def swing(trace: Trace) -> float:
        return float(np.ptp(smooth(trace)[trace.between(trace.stop_s, trace.stop_s + 1.0)]))

    ranks = np.linspace(0.08, 0.95, 8) * (len(traces) - 1)
    ordered = sorted(traces, key=swing)
    return [ordered[round(float(rank))] for rank in ranks]
