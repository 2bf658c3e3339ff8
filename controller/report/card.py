"""One passage on paper: its first record whole, and beneath it every later record about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from controller.report import words
from controller.report.curve import curve_figure, zero_us
from controller.report.figures import clock, kilograms, seconds, tonnes, wall
from controller.report.markup import Html, both, el, join
from controller.report.passages import Passage, standing
from controller.report.pictures import Pictures
from controller.report.plates import chip, plate_section
from controller.report.stills import still_section
from controller.report.timeline import timeline_figure
from controller.report.verdicts import (
    facts,
    licence_masses,
    verdict_block,
    verdict_table,
    weighing_list,
)
from protocol.parts import Degraded, Servicing, Verdicts
from protocol.record import Record


class Shelf(Struct, frozen=True):
    """What a card may refer to: all passages by their first record's seq, by lane, and pictures."""

    passages: Mapping[tuple[str, str, int], Passage]
    chains: Mapping[tuple[str, str, int], tuple[Passage, ...]]
    pictures: Pictures


def anchor(record: Record) -> str:
    """The name of a record's place on the page; site and lane only where there is more than one."""
    return f"r{record.seq}" if record.seq else f"p{record.passage_id}-{record.part}"


def card(passage: Passage, shelf: Shelf) -> Html:
    """The whole card of one passage."""
    head = passage.head
    evidence = el(
        "div",
        el("section", _title("称重", "Weighing"), weighing_list(head), class_="weighing"),
        plate_section(head, shelf.pictures, zero_us(head)),
        _identity(head),
        class_="evidence",
    )
    body = [
        _header(passage),
        _chain(head, shelf),
        el("div", verdict_block(head), _decision(head), class_="ruling"),
        verdict_table(head) if head.verdicts is not None else None,
        curve_figure(head),
        timeline_figure(passage.records),
        evidence,
        still_section(head, shelf.pictures, zero_us(head)),
        _later(passage),
    ]
    label = f"h-{anchor(head)}"
    return el("article", *body, id=anchor(head), aria_labelledby=label, class_="card")


def _header(passage: Passage) -> Html:
    head = passage.head
    way = both(*words.DIRECTIONS[head.direction]) if head.direction else None
    kind = both(*words.KINDS[head.kind])
    number = el("h3", f"No. {head.seq or '—'} ", kind, id=f"h-{anchor(head)}")
    about = join(
        wall(head.times),
        f" UTC+8, {clock(head.times)}" if head.times.wall_ms is not None else None,
        join(" · ", way) if way else None,
        f" · passage {head.passage_id}",
        f" part {head.part}: part 1 is not among these records" if head.part != 1 else None,
    )
    return el("header", number, chip(head), el("p", about))


def _decision(record: Record) -> Html:
    parts = [_title("处置", "Decision"), *_outcome(record)]
    said = dict.fromkeys((*_reasons(record), *(record.verdicts or Verdicts()).reasons))
    if said:
        parts.append(el("ul", *(el("li", reason) for reason in said)))
    if record.flags:
        parts.append(el("p", both("异常", "flags"), ": ", ", ".join(record.flags), class_="bad"))
    return el("section", *parts, class_="decision")


def _reasons(record: Record) -> tuple[str, ...]:
    return record.decision.reasons if record.decision else ()


def _outcome(record: Record) -> Iterator[Html]:
    """What was decided, which boom may rise, who did it, and what was changed."""
    if record.decision is not None:
        word = words.OUTCOMES[record.decision.outcome]
        yield el(
            "p",
            el("b", both(word.zh, word.en), class_=f"outcome {record.decision.outcome.value}"),
            " · ",
            both(*words.PERMITS[record.permit]),
        )
    if record.usability is not None and not record.usability.usable:
        yield el("p", el("b", both(*words.not_usable(record.usability))), class_="bad")
    if record.degraded is not None:
        yield _without_evidence(record.degraded)
    if record.service is not None:
        word, cells = words.SERVICES[record.service.action], _cells(record.service.cells)
        yield el("p", both(word.zh, word.en), f" ({cells} named bad)" if cells else None)
        yield from _serviced(record.service)
    if record.void is not None:
        yield el("p", both("作废原因", "void because"), ": ", el("q", record.void))
    if record.move is not None:
        end, motion = words.ENDS[record.move.end], words.MOTIONS[record.move.motion]
        yield el("p", both(end.zh + "道闸" + motion.zh, f"{end.en} boom {motion.en}"))
    if record.amendment is not None:
        yield _amended(record)
    if record.person is not None:
        second = f" with {record.person.second}" if record.person.second else ""
        who = el("b", record.person.who + second)
        yield el("p", both("经办", "by"), " ", who, ": ", el("q", record.person.why))


def _serviced(found: Servicing) -> Iterator[Html]:
    """What the word was about, line by line, and where the zero was."""
    if found.zero_offset_g is not None:
        zero = both("原零点偏移", "zero offset before")
        yield el("p", zero, f" {kilograms(found.zero_offset_g)}")
    if found.detail is not None:
        yield el("ul", *(el("li", line) for line in found.detail.splitlines()))


def _without_evidence(found: Degraded) -> Html:
    """What the remaining cells said; never in the place or the size of a weight."""
    said = found.reason or "no estimate"
    if found.weight_g is not None:
        u95 = f" ± {tonnes(found.u95_g)}" if found.u95_g is not None else ""
        said = f"about {tonnes(found.weight_g)}{u95}, estimated without {_cells(found.cells)}"
    title = el("b", both("降级称重，不作证据", "No evidence."))
    by = f" {said}. Allowed by {found.allowed.who}: {found.allowed.why}"
    return el("p", title, by, class_="bad")


def _cells(cells: tuple[int, ...]) -> str:
    return ", ".join(f"cell {cell}" for cell in cells)


def _amended(record: Record) -> Html:
    change = record.amendment
    assert change is not None
    was, now = (el("b", v) if v is not None else "none" for v in (change.was, change.now))
    return el(
        "p", both("更正", "corrected"), " ", el("code", str(change.field)), ": ", was, " → ", now
    )


def _chain(head: Record, shelf: Shelf) -> Html | None:
    """The re-weigh chain (复磅) that this passage belongs to, every link with its result."""
    first = head.reweigh.first_seq if head.reweigh else head.seq
    linked = shelf.chains.get((head.site, head.lane, first), ())
    if not linked:
        return None
    start = shelf.passages.get((head.site, head.lane, first))
    links = [_link(p.head, head) for p in ((start,) if start else ()) + linked]
    if start is None:
        links.insert(0, el("li", f"record {first} is not among these records"))
    cycle = f" {head.reweigh.cycle}" if head.reweigh else None
    title = el("b", both("复磅链", "Re-weigh chain"), f" of record {first}", class_="chain-title")
    here = el("span", both("本次为复磅", "this is re-weigh"), cycle) if cycle else None
    return el("nav", title, el("ol", *links), here, class_="chain", aria_label="Re-weigh chain")


def _link(record: Record, here: Record) -> Html:
    result, word = standing(record.verdicts)
    gross = tonnes(record.weighing.gross_g) if record.weighing else "no weight"
    said = join(f"No. {record.seq} · {gross} · ", el("span", word.zh, lang="zh"))
    css = result.value if result else "none"
    if record.seq == here.seq:
        return el("li", said, class_=f"here {css}", aria_current="true")
    return el("li", el("a", said, href=f"#{anchor(record)}"), class_=css)


def _identity(record: Record) -> Html:
    """What was judged, and by which scale, program and settings."""
    rows = [*_axles(record), *licence_masses(record), *_scale(record)]
    if record.verdicts is not None and record.verdicts.rules:
        rows.append(("规则表", "rule tables", ", ".join(record.verdicts.rules)))
    if record.software is not None:
        rows.append(("软件", "software", record.software))
    if record.config_hash is not None:
        rows.append(("配置哈希", "configuration", record.config_hash.hex()[:16] + "…"))
    return el("section", _title("车辆与衡器", "Vehicle and scale"), facts(rows), class_="identity")


def _axles(record: Record) -> Iterator[tuple[str, str, str]]:
    axles = record.axles
    if axles is None:
        yield "轴数", "axles", "not recorded"
        return
    source = f" ({words.SOURCES[axles.source].en})" if axles.source else ""
    yield "轴数", "axles", "not known" if axles.count is None else f"{axles.count}{source}"
    if axles.vehicle_kind is not None:
        word = words.VEHICLES.get(axles.vehicle_kind, words.Word("", axles.vehicle_kind))
        yield "车辆类型", "kind", f"{word.zh} {word.en}".strip()
    if axles.single_drive_axle is not None:
        yield "驱动轴为单轴", "single drive axle", "yes" if axles.single_drive_axle else "no"
    if axles.single_tyre_axles:
        yield "单轮胎轴数", "single-tyre axles", str(axles.single_tyre_axles)


def _scale(record: Record) -> Iterator[tuple[str, str, str]]:
    scale = record.scale
    if scale is None:
        yield "衡器", "scale", "not recorded"
        return
    yield "衡器", "scale", f"{scale.serial}, class {scale.accuracy_class}"
    yield "最大秤量", "Max", f"{kilograms(scale.max_g)}, e = {kilograms(scale.e_g)}"
    until = f", valid until {scale.valid_until}" if scale.valid_until else ", no date of validity"
    yield "检定证书", "certificate", (scale.certificate or "none recorded") + until


def _later(passage: Passage) -> Html | None:
    if not passage.later:
        return None
    title = _title("后续记录", "Later records of this passage")
    note = el("p", "They refer to the record above and never alter it.", class_="note")
    entries = [_entry(record, passage.head) for record in passage.later]
    return el("section", title, note, el("ol", *entries), class_="later")


def _entry(record: Record, head: Record) -> Html:
    """One later record; its verdict is repeated only where it is another one."""
    since = seconds(record.times.at_us - zero_us(head))
    kind = el("b", f"No. {record.seq or '—'} ", both(*words.KINDS[record.kind]))
    about = el("small", f" {wall(record.times)}, {since}", _refers(record, head))
    reasons = [el("li", reason) for reason in _new_reasons(record, head)]
    return el(
        "li",
        el("p", kind, about),
        *_outcome(record),
        el("ul", *reasons) if reasons else None,
        verdict_table(record) if record.verdicts not in (None, head.verdicts) else None,
        id=anchor(record),
    )


def _new_reasons(record: Record, head: Record) -> list[str]:
    return [reason for reason in _reasons(record) if reason not in _reasons(head)]


def _refers(record: Record, head: Record) -> str | None:
    if record.refers_to is None or record.refers_to == head.seq:
        return None
    return f", refers to record {record.refers_to}"


def _title(zh: str, en: str) -> Html:
    return el("h4", both(zh, en))
