"""Against which limit, by which clause: over-limit and overload apart, in whole sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.explain.layout import facts, say, section
from controller.explain.words import law
from controller.report import words
from controller.report.figures import kilograms, percent
from controller.report.markup import Html, both, el, join
from controller.report.passages import Passage
from controller.report.verdicts import licence_masses
from controller.report.words import Word
from protocol.parts import Reading, Result, Verdict, Verdicts
from protocol.record import Record

READINGS_MAX = 8


def law_section(passage: Passage, titles: Mapping[str, str]) -> Html:
    """Two verdicts side by side, then the outer dimensions, the rules, and what was judged."""
    verdicts = passage.verdicts
    word = Word("依据哪条限值", "Against which limit")
    if verdicts is None:
        nothing = say("本次过车没有判定。", "This passage was not judged.")
        return section("law", word, nothing, _judged_as(passage))
    earlier = passage.head.verdicts not in (None, verdicts)
    parts = [
        el("div", _over_limit(verdicts.over_limit), _overload(verdicts.overload), class_="two"),
        _dimensions(verdicts.dimensions),
        _judged_as(passage),
        _rules(verdicts, titles),
        say(
            "判定在更正事实后重作；首次判定仍在首条记录中。",
            "The verdict was made anew after a fact was corrected; the first one stands in the "
            "first record.",
            "say small",
        )
        if earlier
        else None,
    ]
    return section("law", word, *parts)


def _over_limit(verdict: Verdict | None) -> Html:
    zh = "车货总质量是否超过该轴型的限值（公路管理）"
    en = "Is the gross weight above the limit of the axle configuration? (highway law)"
    return _card("超限", "Over-limit", zh, en, verdict, _limit_said(verdict))


def _overload(verdict: Verdict | None) -> Html:
    zh = "载货是否超过行驶证核定（交通安全）"
    en = "Is the load above what the vehicle licence allows? (traffic law)"
    return _card("超载", "Overload", zh, en, verdict, _load_said(verdict))


def _card(
    zh: str, en: str, ask_zh: str, ask_en: str, verdict: Verdict | None, said: tuple[str, str]
) -> Html:
    """One verdict: the question, the word, the figures, the clause, and what MPE means here."""
    result = words.RESULTS[verdict.result] if verdict else words.Word("未判定", "not judged")
    css = verdict.result.value if verdict else "none"
    rows = list(_figures(verdict)) if verdict else []
    mpe = (
        say(
            "超出量不大于衡器的最大允许误差。法规条文未规定称量允差，判定未因此改变；可据此提出异议。",
            "The excess is no larger than the scale's maximum permissible error. The article "
            "states no tolerance, so the verdict did not change; you may raise it.",
            "say small",
        )
        if verdict and verdict.within_mpe and verdict.result is Result.OVER
        else None
    )
    return el(
        "article",
        el("h3", both(zh, en)),
        say(ask_zh, ask_en, "say small ask"),
        el("p", both(_answer(zh, result.zh), result.en), class_="word"),
        say(*said, "say small"),
        facts(rows) if rows else None,
        *_source(verdict),
        mpe,
        *_readings(verdict),
        class_=f"verdict {css}",
    )


def _source(verdict: Verdict | None) -> Iterator[Html]:
    """The clause, and the row and version of the table that it was taken from."""
    if verdict is not None and verdict.clause:
        yield el("p", el("q", verdict.clause, lang="zh-CN"), class_="clause")
    names = [verdict.rule, verdict.version] if verdict is not None else []
    known = [el("code", name) for name in names if name]
    if known:
        label = both("规则与版本", "rule and version")
        yield el("p", label, " ", *(join(name, " ") for name in known), class_="note")


def _answer(subject: str, result: str) -> str:
    """超限 and 未超限 rather than 超 and 未超; 未定 and 未判定 stand as they are."""
    return {"超": subject, "未超": f"未{subject}"}.get(result, result)


def _figures(verdict: Verdict) -> Iterator[tuple[str, str, str | Html]]:
    if verdict.limit_g is not None:
        yield "限值", "limit", kilograms(verdict.limit_g)
    if verdict.over_g is not None:
        yield "超出", "over by", kilograms(verdict.over_g)
    if verdict.rate_e4 is not None:
        of = f" ({_rate_of(verdict)})" if verdict.rate_of else ""
        yield "超出率", "rate", percent(verdict.rate_e4) + of


def _rate_of(verdict: Verdict) -> str:
    word = words.BASES.get(verdict.rate_of or "", words.Word("", verdict.rate_of or ""))
    return f"÷ {word.zh or word.en}"


def _limit_said(verdict: Verdict | None) -> tuple[str, str]:
    if verdict is None:
        return "未作判定。", "Not judged."
    if verdict.result is Result.UNDETERMINED:
        return (
            "判定所需的事实不全，不能判定；“未定”不等于“未超限”。",
            "A fact that is needed is not known. Undetermined does not mean within the limit.",
        )
    limit, over = kilograms(verdict.limit_g), kilograms(verdict.over_g)
    if verdict.result is Result.OVER:
        return f"总重超过限重 {limit}，超出 {over}。", f"The gross exceeds {limit} by {over}."
    return f"总重没有超过限重 {limit}。", f"The gross does not exceed the limit of {limit}."


def _load_said(verdict: Verdict | None) -> tuple[str, str]:
    if verdict is None:
        return "未作判定。", "Not judged."
    if verdict.result is Result.UNDETERMINED:
        return (
            "没有行驶证数据，不能判定；“未定”不等于“未超载”。",
            "Licence data are missing. Undetermined does not mean not overloaded.",
        )
    basis = words.BASES.get(verdict.basis or "", words.Word("行驶证数值", "licence figure"))
    limit, over = kilograms(verdict.limit_g), kilograms(verdict.over_g)
    if verdict.result is Result.OVER:
        return (
            f"与{basis.zh} {limit} 相比，超出 {over}。",
            f"Against the {basis.en} of {limit} there is {over} too much.",
        )
    return f"没有超过{basis.zh} {limit}。", f"The {basis.en} of {limit} is not exceeded."


def _readings(verdict: Verdict | None) -> Iterator[Html]:
    """What each value of a missing fact would give, where they do not agree on one line."""
    found = verdict.readings if verdict else ()
    if verdict is None or (len(found) < 2 and verdict.result is not Result.UNDETERMINED):
        return
    items = [_reading(reading) for reading in found[:READINGS_MAX]]
    if len(found) > READINGS_MAX:
        items.append(el("li", f"… {len(found) - READINGS_MAX} more in the record"))
    if items:
        yield el(
            "p", both("缺失事实的各种可能", "what each missing fact would give"), class_="note"
        )
        yield el("ul", *items, class_="readings")


def _reading(reading: Reading) -> Html:
    assumed = ", ".join(f"{a.fact} = {str(a.value).lower()}" for a in reading.assumed)
    result = el("b", both(*words.RESULTS[reading.result]), class_=reading.result.value)
    limit = f", {kilograms(reading.limit_g)}" if reading.limit_g is not None else None
    note = f"; {reading.note}" if reading.note else None
    return el("li", el("code", assumed or "as stated"), " → ", result, limit, note)


def _dimensions(verdict: Verdict | None) -> Html:
    result = words.RESULTS[verdict.result] if verdict else words.Word("未判定", "not judged")
    names = verdict.exceeded if verdict else ()
    known = [words.DIMENSIONS.get(name, words.Word("", name)) for name in names]
    return el(
        "p",
        el("b", both("外廓尺寸", "Outer dimensions")),
        "：",
        both(result.zh, result.en),
        *(join("；", both(w.zh, w.en)) for w in known),
        el("q", verdict.clause, lang="zh-CN") if verdict and verdict.clause else None,
        class_=f"dimensions {verdict.result.value if verdict else 'none'}",
    )


def _judged_as(passage: Passage) -> Html:
    """The facts that chose the limit: a driver can dispute each of them."""
    known = next((r for r in reversed(passage.records) if r.axles is not None), passage.head)
    papers = next((r for r in reversed(passage.records) if r.cargo is not None), passage.head)
    rows = [*_axles(known), *licence_masses(known), *_cargo(papers)]
    title = el("h3", both("判定所用的车辆事实", "The vehicle as it was judged"))
    if not rows:
        return el("div", title, el("p", both("没有记录", "none on record"), class_="note"))
    return el("div", title, facts(rows), class_="judged")


def _axles(record: Record) -> Iterator[tuple[str, str, str | Html]]:
    axles = record.axles
    if axles is None:
        return
    source = join("（", both(*words.SOURCES[axles.source]), "）") if axles.source else None
    count = "未知 not known" if axles.count is None else str(axles.count)
    yield "轴数", "axles", join(count, source)
    if axles.vehicle_kind is not None:
        word = words.VEHICLES.get(axles.vehicle_kind, words.Word("", axles.vehicle_kind))
        yield "车辆类型", "kind", both(word.zh, word.en)
    if axles.axle_type is not None:
        yield "轴型", "axle type", axles.axle_type
    flags = (
        ("驱动轴为单轴", "single drive axle", axles.single_drive_axle),
        ("加宽轮胎", "wide tyres", axles.wide_tyres),
        ("驱动轴空气悬架", "air suspension", axles.air_suspension_drive),
    )
    for zh, en, flag in flags:
        if flag is not None:
            yield zh, en, "是 yes" if flag else "否 no"
    if axles.single_tyre_axles is not None:
        yield "单轮胎轴数", "single-tyre axles", str(axles.single_tyre_axles)


def _cargo(record: Record) -> Iterator[tuple[str, str, str | Html]]:
    """What the papers say; the driver stands in the record by a hash only."""
    cargo = record.cargo
    if cargo is None:
        return
    papers = (
        ("货物名称", "goods", cargo.goods),
        ("货物装载单号", "loading ticket", cargo.load_ticket),
        ("目的地", "destination", cargo.destination),
        ("道路运输证号", "road transport permit", cargo.road_permit),
        ("车主", "owner", cargo.owner),
    )
    yield from ((zh, en, said) for zh, en, said in papers if said is not None)


def _rules(verdicts: Verdicts, titles: Mapping[str, str]) -> Html:
    """The tables in words, with their version and the day that was judged for."""
    items = []
    versions = [v.version for v in (verdicts.over_limit, verdicts.overload) if v and v.version]
    for table in dict.fromkeys((*verdicts.rules, *versions)):
        name, _, version = table.partition("@")
        word = law(table)
        title = titles.get(table) or word.zh
        said = both(title, word.en) if word.en else el("span", title)
        shown = f"，第 {version or '—'} 版 version {version or '—'} · "
        items.append(el("li", said, shown, el("code", table if version else name)))
    day = f"{verdicts.on:08d}" if verdicts.on is not None else ""
    on = f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else "—"
    zh, en = f"适用日期 {on}", f"judged for {on}"
    if verdicts.tolerance:
        zh, en = f"{zh}；允差设置 {verdicts.tolerance}", f"{en}; tolerance {verdicts.tolerance}"
    title_ = el("h3", both("所用规则表", "Rule tables used"))
    return el("div", title_, el("ul", *items), el("p", both(zh, en), class_="note"), class_="rules")
