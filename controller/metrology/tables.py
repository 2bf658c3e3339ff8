"""A report laid out: headings, facts and tables of text, the same on every output."""

from __future__ import annotations

import datetime
import math

from msgspec import Struct

from controller.metrology.words import say
from sensors.metrology.report import Decision, Instrument, Report, Row

KG_G = 1000

# What a decision's value is called; where it is the error itself, E has no column of its own.
_VALUES = {
    "weighing": "corrected",
    "repeatability": "error",
    "eccentricity": "corrected",
    "discrimination": "change",
    "creep": "moved",
    "zero-return": "moved",
    "stability": "deviation",
    "zero": "error",
}
# What is stored stands in place of what was put on.
_STORED = {"place": "place_stored", "load": "load_stored"}
_COLUMNS = ("number", "place", "time", "load", "indication", "delta", "error", "value", "limit")
_NUMBERS = frozenset({"load", "indication", "delta", "error", "value", "limit"})


class Column(Struct, frozen=True, kw_only=True):
    """One column: its key, its heading, and whether it holds numbers."""

    key: str
    heading: str
    is_number: bool


class Line(Struct, frozen=True, kw_only=True):
    """One line of a table; ``passed`` is None where nothing was decided."""

    cells: tuple[str, ...]
    passed: bool | None
    note: str = ""


class Laid(Struct, frozen=True, kw_only=True):
    """A report as text, in one language."""

    title: str
    clause: str
    verdict: str
    passed: bool
    margin: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    checks: tuple[Line, ...]
    notes: tuple[str, ...]


class _Unit:
    """Kilograms, or grams on a scale of e below 1 kg; errors to a thousandth of e."""

    def __init__(self, e_g: int) -> None:
        self.name = "kg" if e_g >= KG_G else "g"
        self.per_g = 1 / KG_G if e_g >= KG_G else 1.0
        self.places = max(0, math.ceil(-math.log10(e_g * self.per_g / 1000)))

    def plain(self, mass_g: float) -> str:
        text = f"{mass_g * self.per_g:,.{self.places}f}".replace(",", "\N{NO-BREAK SPACE}")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text.replace("-", "−")

    def signed(self, mass_g: float) -> str:
        text = self.plain(abs(mass_g))
        sign = "" if text == "0" else "−" if mass_g < 0 else "+"
        return sign + text


def lay_out(report: Report, made_at: str, software: str, language: str) -> Laid:
    """The report in a language; ``made_at`` and ``software`` are the report's own."""
    unit = _Unit(report.scale.e_g)
    worst = report.worst
    e = worst.margin_g / report.scale.e_g
    columns, lines = _table(report, unit, language)
    return Laid(
        title=say(report.test, language),
        clause=report.clause,
        verdict=say("passed" if report.passed else "failed", language),
        passed=report.passed,
        margin=f"{unit.signed(worst.margin_g)} {unit.name} ({e:+.3g} e)".replace("-", "−"),
        unit=unit.name,
        facts=_facts(report, unit, made_at, software, language),
        columns=columns,
        lines=lines,
        checks=tuple(
            Line(
                cells=(
                    f"{say(check.what, language)} {check.of}".strip(),
                    unit.signed(check.decision.value_g),
                    _limit(check.decision, unit),
                ),
                passed=check.decision.passed,
            )
            for check in report.checks
        ),
        notes=tuple(
            say(what, language) + (f": {figure}" if figure else "") for what, figure in report.notes
        ),
    )


def _facts(
    report: Report, unit: _Unit, made_at: str, software: str, language: str
) -> tuple[tuple[str, str], ...]:
    told = report.conditions
    resolution = (
        f"{unit.plain(told.resolution_g)} {unit.name}" if told.resolution_g else "unrounded"
    )
    stated = (
        *_identity(report.scale, unit),
        ("errors", say("in_service" if told.in_service else "initial", language)),
        ("resolution", say(resolution, language)),
        ("at", None if told.at is None else _moment(told.at)),
        ("by", told.by),
        *told.ambient,
        ("source", told.source),
        ("remarks", told.remarks or None),
        ("made_at", _moment(made_at)),
        ("software", software),
    )
    needed = {"at", "by", "serial"}
    return tuple(
        (say(key, language), say("not_stated", language) if value is None else value)
        for key, value in stated
        if value is not None or key in needed
    )


def _identity(scale: Instrument, unit: _Unit) -> tuple[tuple[str, str | None], ...]:
    return (
        ("serial", scale.serial or None),
        ("class", scale.accuracy_class),
        ("max", f"{unit.plain(scale.max_g)} {unit.name}"),
        ("min", f"{unit.plain(scale.min_g)} {unit.name}"),
        ("e", f"{unit.plain(scale.e_g)} {unit.name}"),
        ("d", f"{unit.plain(scale.d_g)} {unit.name}"),
        ("n", f"{scale.divisions:g}"),
        ("supports", str(scale.supports)),
        ("certificate", scale.certificate_no),
        ("valid_until", scale.certificate_valid_until),
        ("calibration", scale.calibration),
    )


def _table(
    report: Report, unit: _Unit, language: str
) -> tuple[tuple[Column, ...], tuple[Line, ...]]:
    """Columns that hold nothing in this test are left out."""
    value = _VALUES[report.test]
    rows = [_cells(n, row, unit, value, language) for n, row in enumerate(report.rows, 1)]
    keys = [key for key in _COLUMNS if any(row[key] for row in rows)]
    names = {"value": value, **(_STORED if report.test == "stability" else {})}
    columns = tuple(
        Column(key=key, heading=say(names.get(key, key), language), is_number=key in _NUMBERS)
        for key in keys
    )
    lines = tuple(
        Line(
            cells=tuple(cells[key] for key in keys),
            passed=None if row.decision is None else row.decision.passed,
            note=row.note,
        )
        for cells, row in zip(rows, report.rows, strict=True)
    )
    return columns, lines


def _cells(number: int, row: Row, unit: _Unit, value: str, language: str) -> dict[str, str]:
    read, decision = row.reading, row.decision
    is_error = value == "error"
    place = "zero_place" if read.place == "zero" else read.place
    return {
        "number": str(number),
        "place": say(place, language) if place else "",
        "time": "" if read.at_s is None else _time(read.at_s),
        "load": unit.plain(read.load_g),
        "indication": unit.plain(read.indication_g),
        "delta": "" if read.delta_g is None else unit.plain(read.delta_g),
        "error": "" if row.error_g is None or is_error else unit.signed(row.error_g),
        "value": "" if decision is None else unit.signed(decision.value_g),
        "limit": "" if decision is None else _limit(decision, unit),
    }


def _time(at_s: float) -> str:
    return f"{at_s / 60:g} min" if at_s >= 60 or not at_s else f"{at_s:.1f} s"


def _moment(iso: str) -> str:
    """A time as people write it, with its offset from UTC where it is known."""
    moment = datetime.datetime.fromisoformat(iso)
    return moment.strftime("%Y-%m-%d %H:%M") + (f" {iso[-6:]}" if moment.tzinfo else "")


def _limit(decision: Decision, unit: _Unit) -> str:
    return f"{'≥ ' if decision.at_least else '±'}{unit.plain(decision.limit_g)}"
