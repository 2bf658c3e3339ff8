"""The report as one HTML page that needs nothing else: no script, nothing fetched."""

from __future__ import annotations

from importlib.resources import files

from controller.metrology.chart import chart
from controller.metrology.outputs import check_columns, result_word
from controller.metrology.tables import Column, Laid, Line
from controller.metrology.words import say
from controller.report.markup import Html, el, text
from sensors.metrology.report import Report


def page(report: Report, laid: Laid, language: str) -> str:
    """The page as text; every figure in it stands in the tables too."""
    style = (files("controller.metrology") / "page.css").read_text(encoding="utf-8")
    body = el(
        "body",
        _header(laid),
        el("p", f"{say('margin', language)}: {laid.margin}", class_="margin"),
        el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in laid.facts)),
        _table(laid.columns, laid.lines, language, laid.unit),
        chart(report, language),
        _table(check_columns(language), laid.checks, language, laid.unit) if laid.checks else None,
        el("ul", *(el("li", note) for note in laid.notes)) if laid.notes else None,
        _signatures(language),
    )
    name = f"{say('report', language)}: {laid.title}"
    head = el(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        el("title", name),
        el("style", Html(style)),
    )
    return (
        f"<!doctype html>\n{el('html', head, body, lang='zh-CN' if language == 'zh' else 'en')}\n"
    )


def _header(laid: Laid) -> Html:
    mark = "pass" if laid.passed else "fail"
    return el(
        "header",
        el("h1", laid.title),
        el("p", laid.clause),
        el("p", laid.verdict, class_=f"verdict {mark}"),
    )


def _table(columns: tuple[Column, ...], lines: tuple[Line, ...], language: str, unit: str) -> Html:
    names = [el("th", c.heading, scope="col", class_=_css(c)) for c in columns]
    names += [el("th", say("result", language), scope="col"), el("th", "")]
    rows = [
        el(
            "tr",
            *(el("td", cell, class_=_css(c)) for c, cell in zip(columns, line.cells, strict=True)),
            el("td", result_word(line, language), class_=_mark(line)),
            el("td", line.note),
        )
        for line in lines
    ]
    head = el("thead", el("tr", *names))
    return el("table", el("caption", text(unit)), head, el("tbody", *rows))


def _css(column: Column) -> str | None:
    return "n" if column.is_number else None


def _mark(line: Line) -> str | None:
    return None if line.passed is None else "pass" if line.passed else "fail"


def _signatures(language: str) -> Html:
    names = (say("by", language), say("signature", language))
    return el("div", *(el("p", name) for name in names), class_="sign")
