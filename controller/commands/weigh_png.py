"""A passage as a PNG: cells, load, and a close view of the estimate with its uncertainty."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from controller.commands.picture import AMBER, BLUE, DPI, GREEN, INK, RED, SOFT, new_figure, plain
from controller.commands.weigh_plot import CLIP_MPE, Drawing, first_of_each

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(drawing: Drawing, target: Path) -> None:
    """Write the picture; raises TraceError where matplotlib is missing, OSError from the disk."""
    otherwise = ", or draw .html, which needs nothing"
    figure = new_figure(target, (11.0, 8.2), otherwise)
    _fill(figure, drawing)
    figure.savefig(target, dpi=DPI)


def _fill(figure: Figure, drawing: Drawing) -> None:
    grid = figure.add_gridspec(3, 1, height_ratios=(1.0, 1.15, 1.7))
    cells, load, close = (figure.add_subplot(grid[i]) for i in range(3))
    figure.suptitle(_title(drawing), x=0.012, ha="left", fontsize=13, color=INK, weight="bold")
    for axes in (cells, load, close):
        plain(axes)
    _cells(cells, drawing)
    _load(load, drawing)
    _close(close, drawing)
    for axes in (cells, load):
        axes.set_xlim(float(drawing.t_s[0]), float(drawing.t_s[-1]))
    cells.tick_params(labelbottom=False)
    close.set_xlabel("time / s", color=SOFT)


def _title(drawing: Drawing) -> str:
    answer = drawing.answer
    words = f"{drawing.name}   {answer['verdict'].replace('_', ' ')}"
    if answer["weight_kg"] is not None:
        words += f"   {answer['weight_kg']:,.1f} kg ± {answer['u95_kg']:.1f} kg".replace(",", " ")
        if drawing.stop_s is not None:
            words += f"   {answer['accepted_at_s'] - drawing.stop_s:.2f} s after the stop"
    if drawing.truth is not None and answer["weight_kg"] is not None:
        error = answer["weight_kg"] - drawing.truth.true_mass_kg
        words += f"   error {error / drawing.truth.e_kg:+.2f} e"
    return words.replace("-", "\N{MINUS SIGN}") if "error" in words else words


def _cells(axes: Axes, drawing: Drawing) -> None:
    """Rows of cells from entry to exit in a ramp; the two sides of a row differ in their line."""
    from matplotlib import colormaps  # noqa: PLC0415

    places = [cell.x_m for cell in drawing.scale.cells]
    ramp = colormaps["viridis"](np.linspace(0.05, 0.82, len(set(places))))
    rows = {x: ramp[i] for i, x in enumerate(sorted(set(places)))}
    bad = drawing.answer["cells"]
    for i, cell in enumerate(drawing.scale.cells):
        faulty = bad[i] != "ok"
        axes.plot(
            drawing.t_s,
            drawing.cells_kg[:, i] / 1000,
            color=RED if faulty else rows[cell.x_m],
            linewidth=1.3 if faulty else 0.8,
            linestyle="-" if cell.y_m >= 0 else (0, (4, 1.4)),
            label=f"{i} {bad[i]}" if faulty else f"{i}",
        )
    axes.set_ylabel("cells / t", color=SOFT)
    axes.legend(
        ncols=len(places),
        fontsize=8,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.97),
        borderaxespad=0.0,
    )


def _load(axes: Axes, drawing: Drawing) -> None:
    axes.plot(drawing.t_s, drawing.sum_kg / 1000, color=INK, linewidth=0.9)
    axes.set_ylabel("load / t", color=SOFT)
    high = float(drawing.sum_kg.max()) / 1000
    axes.set_ylim(-0.16 * high, 1.22 * high)
    for at_s, kilograms in drawing.axles:
        _axle(axes, at_s, kilograms, high)
    named = first_of_each(drawing.beams)
    for i, (name, start, end) in enumerate(drawing.beams):
        level = -0.06 * high if name == "entry" else -0.12 * high
        axes.plot([start, end], [level, level], color=SOFT, linewidth=4, solid_capstyle="butt")
        if i in named:
            axes.annotate(
                f"{name} beam",
                (start, level),
                (-4, 0),
                textcoords="offset points",
                fontsize=7.5,
                color=SOFT,
                va="center",
                ha="right",
            )
    axes.axvspan(*drawing.close_s, color=BLUE, alpha=0.06, linewidth=0)
    _moments(axes, drawing)


def _axle(axes: Axes, at_s: float, kilograms: float, high: float) -> None:
    axes.plot([at_s], [1.06 * high], marker="v" if kilograms > 0 else "^", color=SOFT, markersize=5)
    axes.annotate(
        f"{kilograms / 1000:+.1f}".replace("-", "\N{MINUS SIGN}"),
        (at_s, 1.10 * high),
        fontsize=7.5,
        color=SOFT,
        ha="center",
    )


def _moments(axes: Axes, drawing: Drawing) -> None:
    if drawing.stop_s is not None:
        axes.axvline(drawing.stop_s, color=AMBER, linewidth=1.1, linestyle=(0, (5, 2)))
    if drawing.answer["accepted_at_s"] is not None:
        axes.axvline(drawing.answer["accepted_at_s"], color=GREEN, linewidth=1.3)


def _close(axes: Axes, drawing: Drawing) -> None:
    """Kilograms about the weight: the load clipped, the estimate with its band, MPE, truth."""
    level = drawing.level_kg
    axes.set_xlim(*drawing.close_s)
    if level is None:
        axes.set_ylabel("no estimate", color=SOFT)
        return
    mpe = drawing.clip_mpe_kg
    axes.set_ylim(-CLIP_MPE * mpe, CLIP_MPE * mpe)
    axes.axhspan(-mpe, mpe, color=GREEN, alpha=0.06, linewidth=0)
    axes.plot(drawing.t_s, drawing.sum_kg - level, color="#b9c0c4", linewidth=0.7, label="load")
    at, value, u95 = drawing.estimate_s, drawing.estimate_kg - level, drawing.estimate_u95_kg
    axes.fill_between(
        at,
        value - u95,
        value + u95,
        color=BLUE,
        alpha=0.18,
        linewidth=0,
        step="post",
        label="± u95",
    )
    axes.step(at, value, color=BLUE, linewidth=1.4, where="post", label="estimate")
    if drawing.truth is not None:
        true_kg = drawing.truth.true_mass_kg - level
        axes.axhline(true_kg, color=RED, linewidth=1.1, linestyle=":", label=drawing.truth_words)
    _bound(axes, drawing, mpe)
    _moments(axes, drawing)
    _name_moments(axes, drawing, mpe)
    axes.set_ylabel(f"kg about {level:,.0f} kg".replace(",", " "), color=SOFT)
    axes.legend(ncols=5, fontsize=8, frameon=False, loc="lower right")


def _bound(axes: Axes, drawing: Drawing, mpe: float) -> None:
    """What physics allowed: when, and how well at the accepted instant."""
    if drawing.bound is None:
        return
    words = ";   ".join(f"{name}: {value}" for name, value in drawing.bound_facts)
    axes.set_title(f"by samples since the stop: {words}", loc="left", fontsize=9, color=SOFT)
    if drawing.bound_s is not None:
        axes.axvline(drawing.bound_s, color=INK, linewidth=1.0, linestyle=(0, (1, 2)))
        axes.annotate(
            f"bound {drawing.bound_s:.2f} s",
            (drawing.bound_s, -1.9 * mpe),
            (5, 0),
            textcoords="offset points",
            fontsize=9,
            color=INK,
            va="center",
        )
    if drawing.bound.error_kg is not None:
        axes.errorbar(
            [drawing.answer["accepted_at_s"]],
            [0.0],
            yerr=2 * drawing.bound.error_kg,
            color=INK,
            capsize=4,
            linewidth=1.4,
            zorder=5,
            label="± 2 × bound",
        )


def _name_moments(axes: Axes, drawing: Drawing, mpe: float) -> None:
    first, _ = drawing.close_s
    axes.annotate(
        f"initial MPE ±{mpe:g} kg",
        (first, mpe),
        (4, 3),
        textcoords="offset points",
        fontsize=8,
        color=GREEN,
    )
    named = [
        (drawing.stop_s, "stop", AMBER, 2.4),
        (drawing.answer["accepted_at_s"], None, GREEN, 2.1),
    ]
    for at_s, words, colour, level in named:
        if at_s is not None:
            axes.annotate(
                words or f"accepted {at_s:.2f} s",
                (at_s, level * mpe),
                (5, 0),
                textcoords="offset points",
                fontsize=9,
                color=colour,
                va="center",
            )
