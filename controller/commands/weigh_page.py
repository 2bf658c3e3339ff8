"""A passage as one HTML file: nothing is fetched, light and dark, values under the pointer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from controller.commands.weigh_plot import CLIP_MPE, Drawing, Floats, first_of_each
from controller.report.markup import Html, el, join
from controller.report.plot import Axis, Points, box, frame, label, line, path, thinned

WIDTH, LEFT, RIGHT = 1040, 62, 14
POINTS = 900
HOVER_POINTS = 1500


def draw(drawing: Drawing, target: Path) -> None:
    """Write the page; OSError from the disk is the caller's."""
    target.write_text(page(drawing), encoding="utf-8")


def page(drawing: Drawing) -> str:
    """The whole page as text."""
    folder = files("controller.commands")
    style, script = ((folder / f"weigh_page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    whole = Axis(float(drawing.t_s[0]), float(drawing.t_s[-1]), LEFT, WIDTH - RIGHT)
    close = Axis(*drawing.close_s, LEFT, WIDTH - RIGHT)
    body = join(
        _head(drawing),
        _figure("Cells", whole, 190, _cells(drawing, whole), _cell_key(drawing)),
        _figure("Load on the deck", whole, 230, _load(drawing, whole), None),
        _figure("The estimate, close up", close, 340, _close(drawing, close), _close_key(drawing)),
        el("p", "", id="tip", hidden=""),
        Html(f'<script type="application/json" id="data">{_data(drawing)}</script>'),
        Html(f"<script>{script}</script>"),
    )
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'),
        el("title", f"{drawing.name}: {drawing.answer['verdict']}"),
        Html(f"<style>{style}</style>"),
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _head(drawing: Drawing) -> Html:
    answer = drawing.answer
    facts = [("verdict", answer["verdict"].replace("_", " "))]
    if answer["weight_kg"] is not None:
        facts.append(("weight", f"{_kg(answer['weight_kg'])} ± {answer['u95_kg']:.1f} kg"))
        facts.append(("accepted", f"{answer['accepted_at_s']:.2f} s"))
        if drawing.stop_s is not None:
            facts.append(("after the stop", f"{answer['accepted_at_s'] - drawing.stop_s:.2f} s"))
        if drawing.truth is not None:
            error = (answer["weight_kg"] - drawing.truth.true_mass_kg) / drawing.truth.e_kg
            facts.append(("error", f"{error:+.2f} e".replace("-", "\N{MINUS SIGN}")))
    facts += drawing.bound_facts
    if answer["withdrawn"]:
        facts.append(("withdrawn later", answer["withdrawn"].replace("_", " ")))
    if answer["axles"]:
        facts.append(("axles", str(answer["axles"])))
    bad = [f"{i} {health}" for i, health in enumerate(answer["cells"]) if health != "ok"]
    facts.append(("cells", ", ".join(bad) or f"all {len(answer['cells'])} ok"))
    rows = (el("div", el("dt", name), el("dd", value)) for name, value in facts)
    return el("header", el("h1", drawing.name), el("dl", *rows))


def _figure(title: str, x: Axis, high: int, parts: Iterator[Html], key: Html | None) -> Html:
    hover = el("line", x1=0.0, y1=18.0, x2=0.0, y2=float(high - 34), class_="hover")
    svg = el(
        "svg",
        *parts,
        hover,
        viewBox=f"0 0 {WIDTH} {high}",
        role="img",
        aria_label=title,
        data_low=f"{x.low:.4f}",
        data_high=f"{x.high:.4f}",
        data_start=float(x.start),
        data_end=float(x.end),
    )
    return el("figure", el("figcaption", title, key), svg)


def _cells(drawing: Drawing, x: Axis) -> Iterator[Html]:
    tonnes = drawing.cells_kg / 1000
    y = Axis(min(0.0, float(tonnes.min())), max(0.1, float(tonnes.max())) * 1.05, 156, 18)
    yield from frame(x, y, "t / s", "t")
    for i in range(tonnes.shape[1]):
        yield path(_points(drawing.t_s, tonnes[:, i]), x, y, _cell_class(drawing, i))


def _cell_class(drawing: Drawing, cell: int) -> str:
    cells = drawing.scale.cells
    rows = sorted({each.x_m for each in cells})
    shade = round(5 * rows.index(cells[cell].x_m) / max(1, len(rows) - 1))
    side = "" if cells[cell].y_m >= 0 else " far"
    bad = " bad" if drawing.answer["cells"][cell] != "ok" else ""
    return f"cell row{shade}{side}{bad}"


def _cell_key(drawing: Drawing) -> Html:
    health = drawing.answer["cells"]
    items = (
        el(
            "span",
            Html(f'<svg viewBox="0 0 22 6">{line(0, 3, 22, 3, _cell_class(drawing, i))}</svg>'),
            f"{i}" if health[i] == "ok" else f"{i} {health[i]}",
        )
        for i in range(len(health))
    )
    return el("span", *items, class_="key")


def _load(drawing: Drawing, x: Axis) -> Iterator[Html]:
    tonnes = drawing.sum_kg / 1000
    high = max(0.1, float(tonnes.max()))
    y = Axis(min(-0.14 * high, float(tonnes.min())), high * 1.2, 196, 18)
    yield box(x.at(drawing.close_s[0]), y.start, x.at(drawing.close_s[1]), y.end, "close")
    yield from frame(x, y, "t / s", "t")
    named = first_of_each(drawing.beams)
    for i, (name, start, end) in enumerate(drawing.beams):
        level = y.at(0) + (8 if name == "entry" else 15)
        yield line(x.at(start), level, x.at(end), level, "beam")
        if i in named:
            yield label(x.at(start) - 5, level + 4, f"{name} beam", "num", "end")
    yield path(_points(drawing.t_s, tonnes), x, y, "load")
    for at_s, kilograms in drawing.axles:
        yield label(x.at(at_s), y.end + 11, "▾" if kilograms > 0 else "▴", "num", "middle")
        words = f"{kilograms / 1000:+.1f}".replace("-", "\N{MINUS SIGN}")
        yield label(x.at(at_s), y.end + 1, words, "num", "middle")
    yield from _moments(drawing, x, y, named=False)


def _moments(drawing: Drawing, x: Axis, y: Axis, named: bool) -> Iterator[Html]:
    at_s = drawing.answer["accepted_at_s"]
    for when, css, words, low in (
        (drawing.stop_s, "stop", "stop", 12),
        (at_s, "accepted", f"accepted {at_s:.2f} s" if at_s is not None else "", 28),
    ):
        if when is not None and x.holds(when):
            yield line(x.at(when), y.start, x.at(when), y.end, css)
            if named:
                yield label(x.at(when) + 6, y.end + low, words, f"{css}-label")


def _close(drawing: Drawing, x: Axis) -> Iterator[Html]:
    level = drawing.level_kg
    if level is None:
        yield label(LEFT, 60, "There was nothing to estimate.", "num")
        return
    mpe = drawing.clip_mpe_kg
    y = Axis(-CLIP_MPE * mpe, CLIP_MPE * mpe, 306, 18)
    yield el("clipPath", box(x.start, y.start, x.end, y.end, "clip"), id="close")
    yield box(x.start, y.at(-mpe), x.end, y.at(mpe), "mpe")
    yield from frame(x, y, "t / s", "kg", signed=True)
    yield el("g", *_curves(drawing, level, x, y), clip_path="url(#close)")
    yield label(x.start + 6, y.at(mpe) - 5, f"initial MPE ±{mpe:g} kg", "mpe-label")
    yield label(x.end, y.end - 5, f"about {_kg(level)} kg", "num", "end")
    yield from _bound(drawing, x, y)
    yield from _moments(drawing, x, y, named=True)


def _bound(drawing: Drawing, x: Axis, y: Axis) -> Iterator[Html]:
    """When physics allowed the weight, and how well it could be known when it was taken."""
    when, at_s = drawing.bound_s, drawing.answer["accepted_at_s"]
    if when is not None and x.holds(when):
        yield line(x.at(when), y.start, x.at(when), y.end, "bound")
        yield label(x.at(when) + 6, y.start - 8, f"bound {when:.2f} s", "bound-label")
    if drawing.bound is not None and drawing.bound.error_kg is not None:
        low, high = (y.at(side * 2 * drawing.bound.error_kg) for side in (-1, 1))
        for level in (low, high):
            yield line(x.at(at_s) - 4, level, x.at(at_s) + 4, level, "least")
        yield line(x.at(at_s), low, x.at(at_s), high, "least")


def _curves(drawing: Drawing, level: float, x: Axis, y: Axis) -> Iterator[Html]:
    inside = (drawing.t_s >= x.low) & (drawing.t_s <= x.high)
    yield path(_points(drawing.t_s[inside], drawing.sum_kg[inside] - level), x, y, "load faint")
    at, value, u95 = drawing.estimate_s, drawing.estimate_kg - level, drawing.estimate_u95_kg
    near = (at >= x.low - 1) & (at <= x.high)
    if near.any():
        upper = _stairs(at[near], (value + u95)[near])
        lower = _stairs(at[near], (value - u95)[near])
        band = " ".join(
            f"{x.at(px):.1f},{_held(y, py):.1f}" for px, py in [*upper, *reversed(lower)]
        )
        yield el("polygon", points=band, class_="u95")
        yield path(_stairs(at[near], value[near]), x, y, "estimate")
    if drawing.truth is not None:
        at_true = y.at(drawing.truth.true_mass_kg - level)
        yield line(x.start, at_true, x.end, at_true, "truth")


def _held(y: Axis, value: float) -> float:
    """A pixel not far outside the drawing, where renderers lose their precision."""
    return min(max(y.at(value), -2000.0), 2000.0)


def _close_key(drawing: Drawing) -> Html:
    names = [("load faint", "load"), ("estimate", "estimate"), ("band", "± u95")]
    names += [("truth", drawing.truth_words)] if drawing.truth is not None else []
    names += [("least", "± 2 × Cramér–Rao bound")] if drawing.bound is not None else []
    items = (
        el("span", Html(f'<svg viewBox="0 0 22 6">{line(0, 3, 22, 3, css)}</svg>'), words)
        for css, words in names
    )
    return el("span", *items, class_="key")


def _stairs(at: Floats, value: Floats) -> list[tuple[float, float]]:
    """A value holds until the next one is there."""
    points = []
    for i in range(len(at)):
        points.append((float(at[i]), float(value[i])))
        points.append((float(at[min(i + 1, len(at) - 1)]), float(value[i])))
    return points


def _points(t_s: Floats, values: Floats) -> Points:
    return thinned(list(zip(t_s.tolist(), values.tolist(), strict=True)), POINTS)


def _data(drawing: Drawing) -> str:
    """What the pointer reads: numbers only, so nothing in it can become markup."""
    step = max(1, len(drawing.t_s) // HOVER_POINTS)
    rows: dict[str, Any] = {
        "t": np.round(drawing.t_s[::step], 3).tolist(),
        "cells": np.round(drawing.cells_kg[::step].T, 1).tolist(),
        "sum": np.round(drawing.sum_kg[::step], 1).tolist(),
        "et": np.round(drawing.estimate_s, 3).tolist(),
        "e": np.round(drawing.estimate_kg, 1).tolist(),
        "u": np.round(drawing.estimate_u95_kg, 1).tolist(),
    }
    return json.dumps(rows, separators=(",", ":"))


def _kg(kilograms: float) -> str:
    return f"{kilograms:,.1f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
