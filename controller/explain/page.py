"""One passage explained to its driver: one page, in Chinese with English beside, of its records.

Nothing is fetched and no script is needed.  A record whose check failed is never laid out like one
that holds: its figures are withheld, and what its bytes say is struck out.
"""

from __future__ import annotations

from importlib.resources import files

from board.appeal import Appeal
from controller.explain.dossier import Check, Dossier, State
from controller.explain.law import law_section
from controller.explain.layout import facts, say, section
from controller.explain.people import chain_section, people_section
from controller.explain.proof import annex, band, findings_list, proof_section
from controller.explain.result import about, result_section
from controller.explain.scale import scale_section, unusable, usability
from controller.explain.seen import camera_section, curve_section
from controller.report import words
from controller.report.figures import NONE, kilograms, wall
from controller.report.markup import Html, both, el, join, text
from controller.report.plates import chip
from controller.report.words import Word
from protocol.record import Record


def explain_page(dossier: Dossier) -> str:
    """The page as text; equal dossiers give equal pages."""
    failed = dossier.check.state is State.FAILED
    title = f"第 {dossier.asked} 号记录 过车称重说明 · record {dossier.asked} explained"
    if failed:
        return _document(f"未通过验证 NOT VERIFIED · {title}", _withheld(dossier), "refused")
    return _document(title, _whole(dossier), str(dossier.check.state))


def broken_page(asked: int, check: Check, appeal: Appeal) -> str:
    """The page of a record that cannot even be read: its findings and nothing else."""
    title = f"未通过验证 NOT VERIFIED · 第 {asked} 号记录 record {asked}"
    main = el(
        "main",
        band(check),
        el("h1", both("无法说明的记录", "A record that cannot be explained")),
        _refusal(),
        _unread(check),
        proof_section(check),
        _appeal(appeal),
        band(check),
    )
    return _document(title, main, "refused")


def _document(title: str, main: Html, css: str) -> str:
    style = (files("controller.explain") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body class="{text(css)}">\n{main}\n</body>\n</html>\n'
    )


def _whole(dossier: Dossier) -> Html:
    passage = dossier.passage
    chain = chain_section(dossier.chain, passage.head.seq)
    return el(
        "main",
        band(dossier.check),
        findings_list(
            dossier.check.elsewhere, "来源中其他处的问题", "Findings elsewhere in the source"
        ),
        _header(dossier, linked=chain is not None),
        usability(passage) if unusable(passage) else None,
        result_section(passage),
        law_section(passage, dossier.titles),
        curve_section(passage),
        camera_section(passage, dossier.pictures),
        chain,
        _tare(dossier),
        people_section(passage),
        scale_section(passage),
        _appeal(dossier.appeal),
        proof_section(dossier.check),
        annex(dossier),
    )


def _header(dossier: Dossier, *, linked: bool) -> Html:
    head = dossier.passage.head
    code = el("span", both("检测单号", "No."), f" {head.code}") if head.code else None
    number = el("span", f"第 {head.seq} 号记录 record {head.seq}")
    asked = (
        el("span", f"查询的是其第 {dossier.asked} 号记录 asked for record {dossier.asked} of it")
        if dossier.asked != head.seq
        else None
    )
    named = next((r for r in reversed(dossier.passage.records) if r.plate is not None), head)
    kind = words.KINDS.get(head.kind, Word("", head.kind.name.lower()))
    return el(
        "header",
        el("h1", both("过车称重说明", "What was weighed, and what came of it")),
        el(
            "p",
            chip(named),
            number,
            both(kind.zh, kind.en),
            code,
            asked,
            _link(head, linked=linked),
            class_="name",
        ),
        about(dossier.passage),
    )


def _link(head: Record, *, linked: bool) -> Html | None:
    """Where the passage stands in its re-weigh chain, and where that is on the page."""
    link = head.reweigh
    if linked:
        said = (
            "复磅链 re-weigh chain"
            if link is None
            else f"第 {link.cycle} 次复磅 re-weigh {link.cycle}"
        )
        return el("a", said, href="#h-chain")
    if link is None:
        return None
    zh = f"第 {link.cycle} 次复磅（首次称重为第 {link.first_seq} 号记录，不在本文件中）"
    return el(
        "span", both(zh, f"re-weigh {link.cycle} of record {link.first_seq}, not in this file")
    )


def _tare(dossier: Dossier) -> Html | None:
    """The weighing of the empty vehicle that the net weight rests on."""
    record = dossier.tare
    if record is None or record.weighing is None:
        return None
    mass = kilograms(record.weighing.gross_g)
    when = wall(record.times)
    return section(
        "tare",
        Word("皮重的来源", "Where the tare comes from"),
        say(
            f"皮重 {mass} 取自第 {record.seq} 号记录，称于 {when}（北京时间）。",
            f"The tare of {mass} is that of record {record.seq}, weighed at {when} (UTC+8).",
        ),
    )


def _appeal(appeal: Appeal) -> Html:
    pairs = [
        say(
            appeal.zh[n] if n < len(appeal.zh) else None,
            appeal.en[n] if n < len(appeal.en) else None,
        )
        for n in range(max(len(appeal.zh), len(appeal.en)))
    ]
    return section("appeal", Word("如有异议", "If you object"), *pairs)


def _withheld(dossier: Dossier) -> Html:
    """A page nobody can take for a valid one, with or without its colours."""
    passage, check = dossier.passage, dossier.check
    head = passage.head
    said: list[tuple[str, str, str | Html]] = [
        ("车牌", "plate", _unproven(head.plate or NONE)),
        ("时间", "time", _unproven(wall(head.times))),
        ("重量、限重、判定", "weight, limit, verdict", both("不予展示", "withheld")),
    ]
    title = both("文件所写，未经证实，不得采用", "What the bytes say; unproven, not to be used")
    return el(
        "main",
        band(check),
        el(
            "header",
            el("h1", both("未通过验证的记录", "A record that did not pass its check")),
            el(
                "p", f"第 {head.seq} 号记录 record {head.seq} · ", join(head.site, " · ", head.lane)
            ),
        ),
        _refusal(),
        el("section", el("h2", title), facts(said), class_="struck"),
        proof_section(check),
        _appeal(dossier.appeal),
        annex(dossier),
        band(check),
    )


def _unproven(said: str) -> Html:
    """A fact to find the record again by; it stays marked where styles and strokes are lost."""
    return join(both("未经证实", "unproven"), " ", el("del", said))


def _refusal() -> Html:
    return say(
        "本记录未通过验证，本页不展示其重量、判定和图片，不得作为证据使用。请保留原文件原样，"
        "向站点或主管机关索取完好的账本或证据包。",
        "This record did not pass its check, so its weight, verdict and pictures are not shown, "
        "and it must not be used as evidence. Keep the files as they are, and ask the site or the "
        "authority for a whole ledger or bundle.",
        "say strong bad",
    )


def _unread(check: Check) -> Html | None:
    if check.concerning:
        return None
    return say("记录无法读取。", "The record cannot be read.", "say bad")
