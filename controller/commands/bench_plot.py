"""`steelyard bench weigh --plot`: how soon, how wrong, and whether the uncertainty is honest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from controller.commands.bench_reports import PRODUCT, WINDOW, Trace, bounds, ecdf
from controller.commands.picture import AMBER, BLUE, DPI, INK, RED, SOFT, new_figure, plain
from controller.commands.weigh import TraceError
from controller.commands.weigh_truth import GOOD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (BLUE, "#4f9fbf", AMBER, RED, "#7a5aa6", "#7d8a3c")
INCHES = (12.0, 7.6)
SHOWN_S = 12.0
RATIO_MAX = 4.0


def check_target(target: Path) -> None:
    """Raise TraceError where the picture cannot be drawn, before anything is measured."""
    if target.suffix != ".png":
        raise TraceError(f"--plot {target}: the benchmark draws a PNG; end the name with .png")
    new_figure(target, INCHES)


def draw(result: dict[str, Any], traces: Sequence[Trace], target: Path) -> None:
    """Write the picture; OSError from the disk is the caller's."""
    figure = new_figure(target, INCHES)
    _fill(figure, result, traces)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=DPI)


def _fill(figure: Figure, result: dict[str, Any], traces: Sequence[Trace]) -> None:
    grid = figure.add_gridspec(2, 2, width_ratios=(1.75, 1.0))
    times, wrong, honest = (
        figure.add_subplot(place) for place in (grid[:, 0], grid[0, 1], grid[1, 1])
    )
    for axes in (times, wrong, honest):
        plain(axes)
    _times(times, traces, {rule.rule: rule.over_bound_p50 for rule in result["rules"]})
    _wrong(wrong, result)
    _honest(honest, result)


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, loc="left", fontsize=11, color=INK, weight="bold")


def _times(axes: Axes, traces: Sequence[Trace], over: dict[str, float | None]) -> None:
    """Good traces only; a share that never reaches 1 was never accepted."""
    good = [trace for trace in traces if trace.cls == GOOD]
    for colour, run in zip(COLOURS, good[0].runs if good else [], strict=False):
        rows = [next(r for r in trace.runs if r.rule == run.rule).judged for trace in good]
        waits = [row.after_stop_s for row in rows if row.after_stop_s is not None]
        if not waits:
            continue
        at, share = ecdf(waits)
        scaled = [value * len(waits) / len(good) for value in share]
        wide = 2.4 if run.rule == PRODUCT else 1.2
        words = run.rule if over[run.rule] is None else f"{run.rule}, {over[run.rule]:.1f} × bound"
        axes.step(
            [at[0], *at], [0.0, *scaled], where="post", color=colour, linewidth=wide, label=words
        )
    known = [t.bound.rows_s for t in good if t.bound is not None and t.bound.rows_s is not None]
    if known:
        at, share = ecdf(known)
        axes.step(
            [at[0], *at],
            [0.0, *share],
            where="post",
            color=INK,
            linewidth=1.4,
            linestyle=(0, (2, 2)),
            label="Cramér–Rao bound, cells by row, samples since the stop",
        )
        axes.axvline(
            bounds(good)["rows_s"]["p50"],
            color=SOFT,
            linewidth=0.8,
            zorder=0,
            linestyle=(0, (2, 2)),
        )
    axes.set_xlim(-1.0, SHOWN_S)
    axes.set_ylim(0.0, 1.02)
    axes.axvline(0.0, color=SOFT, linewidth=0.8)
    axes.set_xlabel("seconds from the last stop to the weight", color=SOFT)
    axes.set_ylabel("share of good traces", color=SOFT)
    axes.legend(fontsize=9, framealpha=0.92, edgecolor="none", loc="lower right")
    _title(axes, "How soon")


def _wrong(axes: Axes, result: dict[str, Any]) -> None:
    rules = list(reversed(result["rules"]))
    classes = sorted({name for rule in rules for name in rule.wrong_bad})
    left = [0.0] * len(rules)
    names = [rule.rule for rule in rules]
    parts = [("good", [float(rule.early + rule.outside_mpe) for rule in rules])]
    parts += [(name, [float(rule.wrong_bad.get(name, 0)) for rule in rules]) for name in classes]
    for shade, (name, counts) in zip(COLOURS, parts, strict=False):
        axes.barh(names, counts, left=left, color=shade, height=0.62, label=name.replace("_", " "))
        left = [before + count for before, count in zip(left, counts, strict=True)]
    for place, total in enumerate(left):
        axes.text(
            total + 0.015 * max(left), place, f"{total:.0f}", va="center", fontsize=9, color=INK
        )
    axes.set_xlim(0.0, max(1.0, 1.12 * max(left, default=1.0)))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("wrong weights, by class of trace", color=SOFT)
    axes.legend(fontsize=7.5, frameon=False, ncols=2, loc="upper right")
    _title(axes, "How often wrong")


def _honest(axes: Axes, result: dict[str, Any]) -> None:
    half = NormalDist()
    axes.plot([0.0, RATIO_MAX], [0.0, RATIO_MAX], color=SOFT, linewidth=0.9)
    colours = {PRODUCT: COLOURS[0], WINDOW: COLOURS[1]}
    for rule in result["calibration"]:
        count = len(rule.ratios)
        due = [half.inv_cdf(0.5 + (i + 0.5) / (2 * count)) for i in range(count)]
        covered = "" if rule.covered is None else f": u95 covers {100 * rule.covered:.0f} %"
        axes.plot(
            due,
            rule.ratios,
            marker="o",
            markersize=3,
            linestyle="none",
            color=colours[rule.rule],
            label=f"{rule.rule}{covered}",
        )
    axes.set_xlim(0.0, 3.0)
    axes.set_ylim(0.0, RATIO_MAX)
    axes.set_xlabel("half-normal quantile", color=SOFT)
    axes.set_ylabel("|error| / u  (below the line: cautious)", color=SOFT)
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    _title(axes, "Whether u is honest")
