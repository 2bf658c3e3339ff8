"""The errors of a weighing test inside the mpe, and creep over time, drawn."""

from __future__ import annotations

from collections.abc import Sequence

from controller.metrology.words import say
from controller.report.markup import Html, el, join
from controller.report.plot import Axis, Points, label, line, path
from sensors.metrology.bands import MPE_BREAKS_E
from sensors.metrology.formulae import mpe_g
from sensors.metrology.report import Report, Row

_WIDTH, _HEIGHT = 880, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 850, 30, 222
_ROOM = 1.2


def chart(report: Report, language: str) -> Html | None:
    """A drawing for the tests that have one: weighing against load, creep against time."""
    if report.test == "weighing":
        return _weighing(report, language)
    return _creep(report, language) if report.test == "creep" else None


def _weighing(report: Report, language: str) -> Html:
    """Ec over the load, rising and falling, between the steps of the mpe."""
    kg = 1 / 1000
    decided = [row for row in report.rows if row.decision is not None]
    envelope = [(load * kg, limit * kg) for load, limit in _steps(report)]
    x = Axis(0.0, report.scale.max_g * kg, _LEFT, _RIGHT)
    y = _upright([*_values(decided), *(limit for _, limit in envelope)])
    below = [(load, -limit) for load, limit in envelope]
    sides = [
        (css, [row for row in decided if row.reading.place == place])
        for place, css in (("up", "trace"), ("down", "trace back"))
    ]
    lines = [
        path([_point(row, x=row.reading.load_g) for row in rows], x, y, css) for css, rows in sides
    ]
    return _svg(
        x,
        y,
        f"{say('corrected', language)} / {say('load', language)}, kg",
        [path(envelope, x, y, "mpe"), path(below, x, y, "mpe"), *lines],
        _dots(decided, x, y, [row.reading.load_g * kg for row in decided]),
    )


def _creep(report: Report, language: str) -> Html:
    decided = [row for row in report.rows if row.decision is not None]
    minutes = [(row.reading.at_s or 0.0) / 60 for row in decided]
    limits = [row.decision.limit_g / 1000 for row in decided if row.decision is not None]
    x = Axis(0.0, max(minutes), _LEFT, _RIGHT)
    y = _upright([*_values(decided), *limits])
    moved = [(0.0, 0.0), *zip(minutes, _values(decided), strict=True)]
    bounds = [
        path(
            [(0.0, sign * limits[0]), *((m, sign * v) for m, v in _held(minutes, limits))],
            x,
            y,
            "mpe",
        )
        for sign in (1, -1)
    ]
    return _svg(
        x,
        y,
        f"{say('moved', language)}, kg / {say('time', language)}, min",
        [*bounds, path(moved, x, y, "trace")],
        _dots(decided, x, y, minutes),
    )


def _steps(report: Report) -> Points:
    """The mpe as it rises with the load: twice at each of its steps."""
    scale, in_service = report.scale, report.conditions.in_service
    ends = [n * scale.e_g for n in MPE_BREAKS_E if n * scale.e_g < scale.max_g]
    points: list[tuple[float, float]] = []
    begin = 0.0
    for end in (*ends, scale.max_g):
        limit = mpe_g(end, scale.e_g, in_service)
        points += [(begin, limit), (float(end), limit)]
        begin = float(end)
    return points


def _held(minutes: Sequence[float], limits: Sequence[float]) -> Points:
    """Each limit holds from the reading before it."""
    points: list[tuple[float, float]] = []
    for n, (minute, limit) in enumerate(zip(minutes, limits, strict=True)):
        points += [(minutes[n - 1] if n else 0.0, limit), (minute, limit)]
    return points


def _upright(values: Sequence[float]) -> Axis:
    reach = _ROOM * max(abs(value) for value in values)
    return Axis(-reach, reach, _BOTTOM, _TOP)


def _values(rows: Sequence[Row]) -> list[float]:
    return [row.decision.value_g / 1000 for row in rows if row.decision is not None]


def _point(row: Row, x: float) -> tuple[float, float]:
    return x / 1000, row.decision.value_g / 1000 if row.decision is not None else 0.0


def _dots(rows: Sequence[Row], x: Axis, y: Axis, at: Sequence[float]) -> list[Html]:
    return [
        el(
            "circle",
            cx=x.at(place),
            cy=y.at(value),
            r="3.5",
            class_="dot" if row.decision is not None and row.decision.passed else "dot out",
        )
        for row, place, value in zip(rows, at, _values(rows), strict=True)
    ]


def _svg(x: Axis, y: Axis, title: str, lines: Sequence[Html], dots: Sequence[Html]) -> Html:
    grid = [line(_LEFT, y.at(tick), _RIGHT, y.at(tick), "grid") for tick in y.ticks(5)]
    marks = [label(_LEFT - 8, y.at(tick) + 4, _signed(tick), anchor="end") for tick in y.ticks(5)]
    below = [
        label(x.at(tick), _BOTTOM + 18, f"{tick:,g}".replace(",", " "), anchor="middle")
        for tick in x.ticks(8)
    ]
    axis = line(_LEFT, y.at(0.0), _RIGHT, y.at(0.0), "axis")
    name = label(_LEFT, 14, title)
    inside = join(*grid, axis, *lines, *dots, *marks, *below, name)
    return el("svg", inside, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=title)


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"
