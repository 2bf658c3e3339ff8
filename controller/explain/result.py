"""What was measured and what came of it: the number, the limit beside it, the decision."""

from __future__ import annotations

from collections.abc import Iterator

from controller.explain.layout import facts, say, section
from controller.report import words
from controller.report.figures import clock, kilograms, percent, tonnes, wall
from controller.report.markup import Html, both, el, join
from controller.report.passages import Passage, standing
from controller.report.plot import Axis, box, label, line
from controller.report.words import Word
from protocol.parts import Degraded, Kind, Outcome, Purpose, Result, Verdict, Weighing
from protocol.record import Record

_BAR_PX, _HIGH_PX = 380, 74

_NEXT = {
    Outcome.RELEASE: ("准予驶离。", "The vehicle may drive on."),
    Outcome.RETURN: (
        "不予放行：请退回卸载，卸载后复磅。",
        "Not let out: back out, unload, and be weighed again.",
    ),
    Outcome.HOLD: (
        "等待人工处理：系统不自行放行，也不自行处罚。",
        "Waits for a person: the lane neither lets out nor punishes by itself.",
    ),
}


def weighed(passage: Passage) -> Record | None:
    """The record that holds the weighing: the first of the passage that has one."""
    return next((r for r in passage.records if r.weighing is not None), None)


def voided(passage: Passage) -> Record | None:
    """The record that made the passage void, if one did."""
    return next((r for r in reversed(passage.records) if r.kind is Kind.VOID), None)


def result_section(passage: Passage) -> Html:
    """The first thing a driver looks for."""
    record = weighed(passage)
    parts: list[Html | None] = [_number(passage, record), _outcome(passage)]
    if record is not None and record.weighing is not None:
        parts.insert(1, _bar(record.weighing, _limit(passage)))
        parts.append(say(*_measured(record, record.weighing)))
        parts.append(_beside(record.weighing))
    degraded = next((r.degraded for r in passage.records if r.degraded), None)
    if degraded is not None:
        parts.append(_without_evidence(degraded))
    struck = record is not None and voided(passage) is not None
    css = "voided" if struck else None
    inside = el("div", *parts, class_=css)
    return section("result", Word("称重结果", "What was measured"), inside)


def _number(passage: Passage, record: Record | None) -> Html:
    result, word = standing(passage.verdicts)
    css = result.value if result else "none"
    verdict = el("p", both(word.zh, word.en), class_="word")
    if record is None or record.weighing is None:
        nothing = el("p", both("没有称重结果", "No weight was accepted."), class_="gross none")
        return el("div", nothing, verdict, class_=f"number {css}")
    tare = record.weighing.purpose is Purpose.TARE
    name = both("皮重称重", "tare weighing") if tare else both("总重", "gross weight")
    mass = el("p", tonnes(record.weighing.gross_g), class_="gross")
    exact = el("p", name, f" {kilograms(record.weighing.gross_g)}", class_="exact")
    return el("div", verdict, mass, exact, class_=f"number {css}")


def _limit(passage: Passage) -> Verdict | None:
    verdicts = passage.verdicts
    return verdicts.over_limit if verdicts else None


def _bar(weighing: Weighing, over: Verdict | None) -> Html | None:
    """Weight and limit on one scale; left out where there is no limit to compare with."""
    if over is None or not over.limit_g or weighing.gross_g <= 0:
        return None
    top = max(weighing.gross_g, over.limit_g) * 1.12
    x = Axis(0.0, top / 1e6, 0, _BAR_PX)
    gross_px, limit_px = x.at(weighing.gross_g / 1e6), x.at(over.limit_g / 1e6)
    parts = [
        box(0, 30, _BAR_PX, 50, "track"),
        box(0, 30, min(gross_px, limit_px), 50, "load"),
        box(limit_px, 30, gross_px, 50, "excess") if gross_px > limit_px else None,
        line(limit_px, 22, limit_px, 56, "limit"),
        label(min(limit_px, _BAR_PX - 4), 15, f"限重 limit {tonnes(over.limit_g)}", "limit", "end"),
        label(min(gross_px, _BAR_PX - 4), 70, f"总重 {tonnes(weighing.gross_g)}", "load", "end"),
    ]
    about = f"Gross {kilograms(weighing.gross_g)}, limit {kilograms(over.limit_g)}"
    box_px = f"0 0 {_BAR_PX} {_HIGH_PX}"
    return el("svg", el("title", about), *parts, viewBox=box_px, role="img", class_="bar")


def _measured(record: Record, weighing: Weighing) -> tuple[str, str]:
    serial = record.scale.serial if record.scale else "—"
    when, mass = wall(record.times), kilograms(weighing.gross_g)
    net_zh = net_en = ""
    if weighing.net_g is not None and weighing.tare is not None:
        tare, net = kilograms(weighing.tare.tare_g), kilograms(weighing.net_g)
        seq = weighing.tare.seq
        net_zh = f"减去第 {seq} 号记录的皮重 {tare}，净重 {net}。"
        net_en = f" Less the tare of {tare} from record {seq} that is {net} net."
    at_zh = f"北京时间 {when}，" if record.times.wall_ms is not None else "（时间不详）"
    at_en = f"At {when} (UTC+8)" if record.times.wall_ms is not None else "At a time not known"
    return (
        f"{at_zh}{serial} 号衡器称得本车 {mass}。{net_zh}",
        f"{at_en} scale {serial} weighed this vehicle at {mass}.{net_en}",
    )


def _beside(weighing: Weighing) -> Html:
    """Uncertainty and MPE: stated, never added or taken away."""
    rows: list[tuple[str, str, str | Html]] = []
    if weighing.u95_g is not None:
        rows.append(
            ("测量不确定度（约 95 %）", "uncertainty, about 95 %", f"± {kilograms(weighing.u95_g)}")
        )
    if weighing.mpe_g is not None:
        rows.append(
            (
                "衡器在该载荷下的最大允许误差",
                "maximum permissible error at this load",
                f"± {kilograms(weighing.mpe_g)}",
            )
        )
    if not rows:
        rows.append(("测量不确定度", "uncertainty", "未记录 not recorded"))
    note = say(
        "以上两项只与重量并列说明，没有加入或扣除重量，也没有改变限值和判定。",
        "Both stand beside the weight; neither was added to it or taken from it, and neither "
        "changed the limit or the verdict.",
        "say small",
    )
    return el("div", facts(rows), note, class_="beside")


def _outcome(passage: Passage) -> Html:
    """What was decided last; a void says first that nothing of it stands."""
    parts: list[Html] = []
    gone = voided(passage)
    if gone is not None:
        why = gone.void or ""
        zh, en = "本次没有形成称重", "No weighing came of this passage"
        if weighed(passage) is not None:
            zh, en = "本次过车已作废", "This passage is void"
        parts.append(say(f"{zh}：{why}", f"{en}: {why}", "say strong bad"))
    if passage.outcomes:
        outcome = passage.outcomes[-1]
        word = words.OUTCOMES[outcome]
        zh, en = _NEXT[outcome]
        said = say(f"处置：{word.zh}。{zh}", f"Decision: {word.en}. {en}", f"say strong {outcome}")
        parts.append(said)
    return el("div", *parts, class_="outcome")


def _without_evidence(found: Degraded) -> Html:
    """An estimate without evidence, never in the place or the size of a weight."""
    cells = "、".join(str(cell) for cell in found.cells)
    said = found.reason or ""
    if found.weight_g is not None:
        u95 = f" ± {tonnes(found.u95_g)}" if found.u95_g is not None else ""
        said = f"{tonnes(found.weight_g)}{u95}"
    by = f"{found.allowed.who}：{found.allowed.why}"
    return say(
        f"降级称重，不作证据。剔除传感器 {cells} 后的估计：{said}。批准：{by}",
        f"No evidence: with cell {cells} left out the estimate is {said}. Allowed by {by}",
        "say bad",
    )


def about(passage: Passage) -> Html:
    """When, where, which way, in one line."""
    head = passage.head
    way = both(*words.DIRECTIONS[head.direction]) if head.direction else None
    when = (
        f"{wall(head.times)} UTC+8" if head.times.wall_ms is not None else "时间不详 time unknown"
    )
    return el(
        "p",
        join(when, f" ({clock(head.times)})"),
        join(
            " · ", both("站点", "site"), f" {head.site} · ", both("车道", "lane"), f" {head.lane}"
        ),
        join(" · ", way) if way else None,
        class_="about",
    )


def excess(verdict: Verdict) -> Iterator[str]:
    """By how much, and of what."""
    if verdict.over_g:
        yield f"{kilograms(verdict.over_g)}"
        if verdict.rate_e4 is not None:
            yield f" ({percent(verdict.rate_e4)})"


def is_over(verdict: Verdict | None) -> bool:
    """Whether a verdict is computed and says over."""
    return verdict is not None and verdict.result is Result.OVER
