"""The few parts that every drawing needs: a scale, round ticks, a curve with few points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from controller.report.markup import Html, el

POINTS_MAX = 400

Points = Sequence[tuple[float, float]]


class Axis(Struct, frozen=True):
    """Values from ``low`` to ``high`` laid on pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value, also outside the axis."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def ticks(self, wanted: int) -> list[float]:
        """About ``wanted`` round values on the axis, steps of 1, 2 or 5."""
        raw = (self.high - self.low) / wanted
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(n * step, 9) for n in range(first, last + 1)]


def thinned(points: Points, limit: int = POINTS_MAX) -> Points:
    """At most ``limit`` points, the lowest and highest of each stretch among them."""
    if len(points) <= limit:
        return points
    stretches = limit // 2 - 1
    inner = points[1:-1]
    kept = [points[0]]
    for n in range(stretches):
        part = inner[n * len(inner) // stretches : (n + 1) * len(inner) // stretches]
        low, high = min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])
        kept += [low] if low == high else sorted((low, high))
    return [*kept, points[-1]]


def path(points: Points, x: Axis, y: Axis, css: str) -> Html:
    """A line through the points."""
    pixels = " ".join(f"{x.at(px):.1f},{y.at(py):.1f}" for px, py in points)
    return el("polyline", points=pixels, class_=css)


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> Html:
    """A straight line in pixels."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=css)


def box(x1: float, y1: float, x2: float, y2: float, css: str) -> Html:
    """A rectangle in pixels; the two corners may come in any order."""
    return el(
        "rect",
        x=float(min(x1, x2)),
        y=float(min(y1, y2)),
        width=float(abs(x2 - x1)),
        height=float(abs(y2 - y1)),
        class_=css,
    )


def label(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> Html:
    """A text in pixels."""
    return el("text", words, x=float(x), y=float(y), class_=css or None, text_anchor=anchor)


def frame(x: Axis, y: Axis, x_unit: str, y_unit: str, signed: bool = False) -> Iterator[Html]:
    """Grid, ticks with numbers, and the unit at the end of each axis."""
    for value in y.ticks(5):
        yield line(x.start, y.at(value), x.end, y.at(value), "grid")
        yield label(x.start - 6, y.at(value) + 4, _tick(value, signed), "num", "end")
    for value in x.ticks(6 if x.end - x.start > 300 else 4):
        yield line(x.at(value), y.start, x.at(value), y.start + 4, "axis")
        yield label(x.at(value), y.start + 17, _tick(value, False), "num", "middle")
    yield line(x.start, y.start, x.end, y.start, "axis")
    yield line(x.start, y.start, x.start, y.end, "axis")
    yield label(x.end, y.start + 32, x_unit, "unit", "end")
    yield label(x.start - 6, y.end - 9, y_unit, "unit", "end")


def _tick(value: float, signed: bool) -> str:
    words = f"{value:+g}" if signed and value else f"{value:g}"
    return words.replace("-", "\N{MINUS SIGN}")
