"""Who did what and when, and the re-weigh chain that a passage belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from controller.explain.layout import say, section
from controller.report import words
from controller.report.curve import zero_us
from controller.report.figures import NONE, kilograms, seconds, wall
from controller.report.markup import Html, both, el, join
from controller.report.passages import Passage, standing
from controller.report.words import Word
from protocol.parts import Stand
from protocol.record import Record

_BY_ITSELF = Word("系统自动", "the lane itself")


class Event(Struct, frozen=True):
    """One line: µs on the box's clock, what happened, who did it, and what else is to be said."""

    at_us: int
    what: Word
    who: str = ""
    more: tuple[Html, ...] = ()
    when: str = ""


def people_section(passage: Passage) -> Html:
    """Every step in order; a person is named wherever one acted."""
    head = passage.head
    zero = zero_us(head)
    events = sorted([*_arrival(head), *_records(passage)], key=lambda event: event.at_us)
    rows = [_row(event, zero) for event in events]
    heads = (("时刻", "time"), ("发生了什么", "what happened"), ("何人", "by whom"))
    head_row = el("tr", *(el("th", both(zh, en), scope="col") for zh, en in heads))
    note = say(
        "任何人都不能修改重量或限值；人的每一次处理都另成一条签名记录，写明姓名和理由。",
        "Nobody can change a weight or a limit. Whatever a person did is a sealed record of its "
        "own, with name and reason.",
        "say small",
    )
    table = el("table", el("thead", head_row), el("tbody", *rows), class_="events")
    return section("people", Word("何时、何人、做了什么", "Who did what, and when"), table, note)


def _row(event: Event, zero: int) -> Html:
    who = event.who or both(_BY_ITSELF.zh, _BY_ITSELF.en)
    when = el("td", seconds(event.at_us - zero, 1), el("small", event.when), class_="when")
    return el("tr", when, el("td", both(*event.what), *event.more), el("td", who))


def _arrival(record: Record) -> Iterator[Event]:
    times = record.times
    steps = (
        (times.started_us, Word("车辆驶近", "approach")),
        (times.entered_us, Word("车辆上秤", "on the deck")),
        (times.at_us if record.weighing else None, Word("采信重量", "weight accepted")),
        (times.left_us, Word("车辆离秤", "off the deck")),
    )
    yield from (Event(at_us, what) for at_us, what in steps if at_us is not None)


def _records(passage: Passage) -> Iterator[Event]:
    for record in passage.records:
        times = record.times
        at_us = times.decided_us if times.decided_us is not None else times.at_us
        kind = words.KINDS.get(record.kind, Word("", record.kind.name.lower()))
        what = Word(f"第 {record.seq} 号记录：{kind.zh}", f"record {record.seq}: {kind.en}")
        when = f" {wall(times)}" if times.wall_ms is not None else ""
        yield Event(at_us, what, _who(record), tuple(_more(record)), when)


def _who(record: Record) -> str:
    person = record.person
    if person is None:
        return ""
    return f"{person.who}、{person.second}" if person.second else person.who


def _more(record: Record) -> Iterator[Html]:
    """What the record says was decided, changed and why, each on its own line."""
    if record.decision is not None:
        yield el("p", both(*words.OUTCOMES[record.decision.outcome]), class_="outcome")
    if record.person is not None:
        yield el("p", both("理由", "reason"), "：", el("q", record.person.why))
    if record.amendment is not None:
        change = record.amendment
        was, now = change.was or "无 none", change.now or "无 none"
        said = el("p", both("更正", "corrected"), f"：{change.field}：", el("del", was), " → ", now)
        yield said
    if record.void is not None:
        yield el("p", both("作废原因", "void because"), "：", el("q", record.void))
    if record.move is not None:
        end, motion = words.ENDS[record.move.end], words.MOTIONS[record.move.motion]
        yield el("p", both(f"{end.zh}道闸{motion.zh}", f"{end.en} boom {motion.en}"))
    found = record.identification
    if found is not None and found.stand is not Stand.HELD:
        read = join("，", both("识别为", "read as"), f" {found.read}") if found.read else None
        yield el("p", both("车牌", "plate"), "：", both(*words.STANDS[found.stand]), read)
    if record.flags:
        yield el("p", both("异常", "flags"), "：" + ", ".join(record.flags), class_="bad")
    reasons = record.decision.reasons if record.decision else ()
    if reasons:
        yield el("ul", *(el("li", reason) for reason in reasons), class_="reasons")


def chain_section(chain: tuple[Passage, ...], here: int) -> Html | None:
    """The re-weigh chain (复磅), every link with its result; None where there is none."""
    if len(chain) < 2:
        return None
    heads = (
        ("记录", "record"), ("时间", "time"), ("总重", "gross"), ("限重", "limit"),
        ("判定", "verdict"), ("处置", "decision"),
    )  # fmt: skip
    head_row = el("tr", *(el("th", both(zh, en), scope="col") for zh, en in heads))
    rows = [_link(passage, here) for passage in chain]
    note = say(
        "同一车辆卸载后复磅；各次称重各成记录，互不改动。",
        "The same vehicle, unloaded and weighed again. No weighing alters another.",
        "say small",
    )
    table = el("table", el("thead", head_row), el("tbody", *rows), class_="links")
    word = Word("复磅链", "The re-weigh chain")
    return section("chain", word, note, el("div", table, class_="scroll"))


def _link(passage: Passage, here: int) -> Html:
    head = passage.head
    result, word = standing(passage.verdicts)
    over = passage.verdicts.over_limit if passage.verdicts else None
    ends = " → ".join(words.OUTCOMES[o].zh for o in passage.outcomes) or NONE
    number = str(head.seq)
    if head.seq == here:
        number = el("b", number, " ", both("本次", "this one"))
    return el(
        "tr",
        el("td", number),
        el("td", wall(head.times)),
        el("td", kilograms(head.weighing.gross_g if head.weighing else None), class_="n"),
        el("td", kilograms(over.limit_g if over else None), class_="n"),
        el("td", both(word.zh, word.en), class_=result.value if result else None),
        el("td", ends),
        id=f"r{head.seq}",
        class_="here" if head.seq == here else None,
    )
