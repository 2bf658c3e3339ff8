"""The scale and whether its word may be used: identity, certificate, objections."""

from __future__ import annotations

from collections.abc import Iterator

from controller.explain.layout import facts, say, section
from controller.explain.words import objection
from controller.report.figures import kilograms
from controller.report.markup import Html, both, el
from controller.report.passages import Passage
from controller.report.words import Word
from protocol.custody import Usability


def scale_section(passage: Passage) -> Html:
    """Identity and certificate as they stood in the record, and the usability beside them."""
    rows = list(_identity(passage))
    return section(
        "scale",
        Word("衡器与证据效力", "The scale, and use as evidence"),
        facts(rows) if rows else say("记录中没有衡器信息。", "The record names no scale."),
        usability(passage),
    )


def _identity(passage: Passage) -> Iterator[tuple[str, str, str | Html]]:
    scale = next((r.scale for r in passage.records if r.scale is not None), None)
    if scale is None:
        return
    yield "衡器编号", "scale", scale.serial
    yield "准确度等级", "accuracy class", scale.accuracy_class
    yield "最大秤量", "Max", kilograms(scale.max_g)
    yield "检定分度值", "verification interval e", kilograms(scale.e_g)
    yield "检定证书号", "certificate", scale.certificate or both("未登记", "none on record")
    until = scale.valid_until or both("未登记", "no date on record")
    yield "有效期至", "valid until", until


def usability(passage: Passage) -> Html:
    """Whether the records may be used as evidence: one objection to any of them is one to all."""
    found = [record.usability for record in passage.records if record.usability is not None]
    reasons = dict.fromkeys(code for one in found for code in one.objections)
    if reasons:
        return _objections(tuple(reasons))
    if not _stated(passage, found):
        return say(
            "记录没有说明能否作为证据。", "The record does not state whether it may be evidence."
        )
    return say(
        "记录称：可作为证据，没有异议事项。",
        "The record states: usable as evidence, without objection.",
        "say strong within",
    )


def _stated(passage: Passage, found: list[Usability]) -> bool:
    return passage.head.usability is not None and all(one.usable for one in found)


def _objections(codes: tuple[str, ...]) -> Html:
    items = []
    for code in codes:
        word = objection(code)
        items.append(el("li", both(word.zh, word.en) if word.zh else word.en))
    return el(
        "div",
        say("不得作为证据", "Not usable as evidence", "say strong bad"),
        el("ul", *items),
        class_="unusable",
    )


def unusable(passage: Passage) -> bool:
    """Whether any record of the passage says that it is not usable as evidence."""
    return any(r.usability is not None and not r.usability.usable for r in passage.records)
