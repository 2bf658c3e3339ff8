"""The verdicts of a record: one in large letters, all three in a table with their clauses."""

from __future__ import annotations

from collections.abc import Iterator

from controller.report import words
from controller.report.figures import NONE, kilograms, percent, tonnes
from controller.report.markup import Html, both, el, join
from controller.report.passages import is_tare, standing
from protocol.parts import Reading, Result, Verdict, Verdicts
from protocol.record import Record

READINGS_MAX = 8

_MARKS = {Result.OVER: "▲", Result.WITHIN: "●", Result.UNDETERMINED: "◆", None: "○"}


def verdict_block(record: Record) -> Html:
    """The verdict, the mass and by how much, for the first look."""
    result, word = standing(record.verdicts)
    css = result.value if result else "none"
    mark = el("span", _MARKS[result], class_="mark", aria_hidden="true")
    parts = [el("p", mark, both(word.zh, word.en), class_="word")]
    weighing = record.weighing
    if weighing is not None:
        tare = join(" ", el("small", both("皮重", "tare"))) if is_tare(record) else None
        parts.append(el("p", tonnes(weighing.gross_g), tare, class_="gross"))
        parts.append(el("p", *_excess(record.verdicts), class_="excess"))
        mpe = join(both("最大允许误差", "MPE"), f" {_plus_minus(weighing.mpe_g)}")
        parts.append(el("p", mpe, class_="excess soft"))
    else:
        parts.append(el("p", both("无称重", "no weighing"), class_="excess"))
    return el("div", *parts, class_=f"verdict {css}")


def _excess(verdicts: Verdicts | None) -> Iterator[Html | str]:
    over = verdicts.over_limit if verdicts else None
    if over is None:
        yield both("未判定", "not judged against a limit")
        return
    yield join(both("限重", "limit"), f" {tonnes(over.limit_g)}")
    if over.over_g:
        yield join(" · ", both("超出", "over"), f" {kilograms(over.over_g)}")
        yield f" ({percent(over.rate_e4)})"


def verdict_table(record: Record) -> Html:
    """Over-limit, overload and dimensions beside each other; absent ones say so."""
    verdicts = record.verdicts or Verdicts()
    rows = [
        _row("超限", "over-limit", verdicts.over_limit, _rule(verdicts.over_limit)),
        _row("超载", "overload", verdicts.overload, _basis(verdicts.overload)),
        _row("外廓", "dimensions", verdicts.dimensions, _exceeded(verdicts.dimensions)),
    ]
    heads = (("判定", "verdict"), ("结果", "result"), ("限值", "limit"), ("超出", "over"))
    head = [el("th", both(*h), scope="col") for h in (*heads, ("比率", "rate"), ("依据", "basis"))]
    caption = el("caption", both("判定", "Verdicts"))
    table = el("table", caption, el("thead", el("tr", *head)), el("tbody", *rows), class_="law")
    return join(el("div", table, class_="scroll"), *_readings(verdicts.over_limit))


def _row(zh: str, en: str, verdict: Verdict | None, basis: Html) -> Html:
    name = el("th", both(zh, en), scope="row")
    if verdict is None:
        said = el("td", both("未判定", "not judged"), colspan=5, class_="none")
        return el("tr", name, said)
    return el(
        "tr",
        name,
        el("td", both(*words.RESULTS[verdict.result]), class_=f"result {verdict.result.value}"),
        el("td", kilograms(verdict.limit_g), class_="n"),
        el("td", kilograms(verdict.over_g), _mpe_note(verdict), class_="n"),
        el("td", percent(verdict.rate_e4), class_="n"),
        el("td", basis),
    )


def _mpe_note(verdict: Verdict) -> Html | None:
    if not verdict.within_mpe:
        return None
    return el("small", both("在允许误差内", "not larger than the MPE"), class_="block")


def _clause(verdict: Verdict | Reading | None) -> Html | None:
    return el("q", verdict.clause, lang="zh") if verdict and verdict.clause else None


def _rule(verdict: Verdict | None) -> Html:
    rule = verdict.rule if verdict else None
    return join(_clause(verdict), el("code", rule, class_="block") if rule else None)


def _basis(verdict: Verdict | None) -> Html:
    basis = verdict.basis if verdict else None
    if basis is None:
        return join(_clause(verdict))
    word = words.BASES.get(basis, words.Word("", basis))
    return join(_clause(verdict), el("small", both(word.zh, word.en), class_="block"))


def _exceeded(verdict: Verdict | None) -> Html:
    names = verdict.exceeded if verdict else ()
    known = [words.DIMENSIONS.get(name, words.Word("", name)) for name in names]
    said = [el("small", both(w.zh, w.en), class_="block") for w in known]
    return join(_clause(verdict), *said)


def _readings(verdict: Verdict | None) -> Iterator[Html]:
    """What each reading of the missing facts would give, where they do not agree on one line."""
    found = verdict.readings if verdict else ()
    if verdict is None or (len(found) < 2 and verdict.result is not Result.UNDETERMINED):
        return
    items = [_reading(reading) for reading in found[:READINGS_MAX]]
    if len(found) > READINGS_MAX:
        items.append(el("li", f"and {len(found) - READINGS_MAX} more readings in the record"))
    if items:
        title = el("h5", both("缺失事实的各种解释", "Readings that the missing facts allow"))
        yield el("div", title, el("ul", *items), class_="readings")


def _reading(reading: Reading) -> Html:
    assumed = ", ".join(f"{a.fact} = {str(a.value).lower()}" for a in reading.assumed)
    return el(
        "li",
        el("code", assumed or "as stated"),
        " → ",
        el("b", both(*words.RESULTS[reading.result]), class_=reading.result.value),
        f", limit {kilograms(reading.limit_g)}" if reading.limit_g is not None else None,
        join("; ", reading.note) if reading.note else None,
        join(" ", _clause(reading)),
    )


def weighing_list(record: Record) -> Html:
    """The weighing's own numbers, the scale's error beside them and never mixed in."""
    weighing = record.weighing
    if weighing is None:
        return el("p", both("无称重", "This record has no weighing."), class_="absent")
    rows: list[tuple[str, str, str]] = [("总重", "gross", kilograms(weighing.gross_g))]
    if weighing.indicated_g != weighing.gross_g:
        shown = kilograms(weighing.indicated_g) if weighing.indicated_g is not None else "blank"
        rows.append(("示值", "indicated", shown))
    rows.append(("最大允许误差", "MPE in service", _plus_minus(weighing.mpe_g)))
    rows.append(("扩展不确定度", "u95", _plus_minus(weighing.u95_g)))
    if weighing.tare is not None:
        tare = f"{kilograms(weighing.tare.tare_g)} (record {weighing.tare.seq})"
        rows.append(("皮重", "tare", tare))
    if weighing.net_g is not None:
        rows.append(("净重", "net", kilograms(weighing.net_g)))
    return facts(rows)


def facts(rows: list[tuple[str, str, str]]) -> Html:
    """A list of named facts."""
    items = [el("div", el("dt", both(zh, en)), el("dd", said)) for zh, en, said in rows]
    return el("dl", *items, class_="facts")


def _plus_minus(mass_g: int | None) -> str:
    return NONE if mass_g is None else f"± {kilograms(mass_g)}"


def licence_masses(record: Record) -> Iterator[tuple[str, str, str]]:
    """What papers and road allow the vehicle, as far as stated: zh, en, mass."""
    vehicle = record.vehicle
    if vehicle is None:
        return
    masses = (
        ("行驶证总质量", "licence total mass", vehicle.licence_gvm_g),
        ("核定载质量", "approved load", vehicle.licence_payload_g),
        ("限重标志", "posted limit", vehicle.posted_limit_g),
    )
    yield from ((zh, en, kilograms(g)) for zh, en, g in masses if g is not None)
