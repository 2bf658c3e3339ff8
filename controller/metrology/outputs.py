"""A laid-out report on the terminal, as Markdown, and as one JSON object."""

from __future__ import annotations

from typing import Any

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from controller.metrology.tables import Column, Laid, Line
from controller.metrology.words import say
from controller.summary import plain
from sensors.metrology.report import Check, Decision, Instrument, Report, Row

KG_G = 1000
CELL_MAX = 200


def on_terminal(laid: Laid, language: str) -> RenderableType:
    """Title with verdict, facts, readings, decisions taken together, notes."""
    title = f"\n{laid.unit}"
    parts: list[RenderableType] = [
        _headline(laid, language),
        _facts(laid),
        _table(title, laid.columns, laid.lines, language),
    ]
    if laid.checks:
        parts.append(_table(title, check_columns(language), laid.checks, language))
    parts += [Text(plain(note, CELL_MAX), style="dim") for note in laid.notes]
    return Group(*parts)


def _headline(laid: Laid, language: str) -> Text:
    style = "bold green" if laid.passed else "bold red"
    margin = f"{say('margin', language)} {laid.margin}"
    return Text.assemble(
        (laid.title, "bold"), f"  {laid.clause}\n", (laid.verdict, style), f"  {margin}\n"
    )


def _facts(laid: Laid) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in laid.facts:
        table.add_row(name, plain(value, CELL_MAX))
    return table


def _table(
    title: str, columns: tuple[Column, ...], lines: tuple[Line, ...], language: str
) -> Table:
    table = Table(
        title=Text(title), title_justify="left", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        justify: JustifyMethod = "right" if column.is_number else "left"
        table.add_column(column.heading, justify=justify, no_wrap=column.is_number)
    table.add_column(say("result", language), no_wrap=True)
    table.add_column("", overflow="fold")
    for line in lines:
        cells = (plain(cell) for cell in line.cells)
        table.add_row(*cells, _result(line, language), plain(line.note))
    return table


def check_columns(language: str) -> tuple[Column, ...]:
    """The columns of decisions on several readings together."""
    return (
        Column(key="checks", heading=say("checks", language), is_number=False),
        Column(key="value", heading=say("value", language), is_number=True),
        Column(key="limit", heading=say("limit", language), is_number=True),
    )


def _result(line: Line, language: str) -> Text:
    if line.passed is None:
        return Text("")
    return Text(result_word(line, language), "green" if line.passed else "bold red")


def result_word(line: Line, language: str) -> str:
    """PASS, FAIL, or nothing where nothing was decided."""
    return "" if line.passed is None else say("passed" if line.passed else "failed", language)


def as_markdown(laid: Laid, language: str) -> str:
    """The report as Markdown tables."""
    head = [f"# {laid.title}", "", f"{laid.clause} — **{laid.verdict}**", ""]
    margin = f"{say('margin', language)}: {laid.margin}"
    facts = [f"- {name}: {_escaped(value)}" for name, value in laid.facts]
    readings = _markdown(laid.columns, laid.lines, language, laid.unit)
    checks = (
        _markdown(check_columns(language), laid.checks, language, laid.unit) if laid.checks else []
    )
    notes = [f"- {_escaped(note)}" for note in laid.notes]
    return "\n".join([*head, margin, "", *facts, "", *readings, *checks, *notes]).rstrip() + "\n"


def _markdown(
    columns: tuple[Column, ...], lines: tuple[Line, ...], language: str, unit: str
) -> list[str]:
    names = [f"{c.heading}, {unit}" if unit and c.is_number else c.heading for c in columns]
    rule = ["---:" if column.is_number else "---" for column in columns]
    rows = [
        [*(_escaped(c) for c in line.cells), result_word(line, language), _escaped(line.note)]
        for line in lines
    ]
    table = [[*names, say("result", language), ""], [*rule, "---", "---"], *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in table), ""]


def _escaped(value: str) -> str:
    shown = plain(value, CELL_MAX)
    return "".join(f"\\{c}" if c in "\\|*_`<>[]#" else c for c in shown)


def as_json(report: Report, made_at: str, software: str) -> dict[str, Any]:
    """The report as JSON values; masses in kilograms, times in seconds."""
    told = report.conditions
    return {
        "test": report.test,
        "clause": report.clause,
        "passed": report.passed,
        "worst_margin_kg": _kg(report.worst.margin_g),
        "worst_margin_e": round(report.worst.margin_g / report.scale.e_g, 6),
        "errors": "in-service" if told.in_service else "initial",
        "scale": _scale(report.scale),
        "at": told.at,
        "by": told.by,
        "made_at": made_at,
        "software": software,
        "source": told.source,
        "resolution_kg": _kg(told.resolution_g),
        "ambient": {name: float(value) for name, value in told.ambient},
        "remarks": told.remarks,
        "readings": [_row(row) for row in report.rows],
        "checks": [_check(check) for check in report.checks],
        "notes": [{"note": what, "figure": figure} for what, figure in report.notes],
    }


def _scale(scale: Instrument) -> dict[str, Any]:
    return {
        "serial": scale.serial or None,
        "class": scale.accuracy_class,
        "max_kg": _kg(scale.max_g),
        "min_kg": _kg(scale.min_g),
        "e_kg": _kg(scale.e_g),
        "d_kg": _kg(scale.d_g),
        "n": scale.divisions,
        "supports": scale.supports,
        "additive_tare_kg": _kg(scale.additive_tare_g),
        "certificate_no": scale.certificate_no,
        "certificate_valid_until": scale.certificate_valid_until,
        "calibration": scale.calibration,
    }


def _row(row: Row) -> dict[str, Any]:
    read = row.reading
    return {
        "place": read.place or None,
        "at_s": read.at_s,
        "load_kg": _kg(read.load_g),
        "indication_kg": _kg(read.indication_g),
        "delta_kg": None if read.delta_g is None else _kg(read.delta_g),
        "error_kg": None if row.error_g is None else _kg(row.error_g),
        **_decision(row.decision),
        "note": row.note or None,
    }


def _check(check: Check) -> dict[str, Any]:
    return {"check": check.what, "of": check.of or None, **_decision(check.decision)}


def _decision(decision: Decision | None) -> dict[str, Any]:
    if decision is None:
        return {"value_kg": None, "limit_kg": None, "at_least": None, "passed": None}
    return {
        "value_kg": _kg(decision.value_g),
        "limit_kg": _kg(decision.limit_g),
        "at_least": decision.at_least,
        "passed": decision.passed,
    }


def _kg(mass_g: float) -> float:
    return round(mass_g / KG_G, 9)
