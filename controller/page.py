"""One self-contained HTML page of a ledger's records, for whoever was not there.

The records are its only source: what is neither in a record nor in the media folder is not shown,
and what a record names but the folder lacks is said in its place.  No scripts, nothing fetched.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from controller.report import words
from controller.report.card import Shelf, anchor, card
from controller.report.chain import LaneChain, chains
from controller.report.figures import NONE, kilograms, seconds, wall
from controller.report.markup import Html, both, el, text
from controller.report.passages import Passage, duration_us, gather, standing
from controller.report.pictures import Pictures
from protocol.parts import Verdict
from protocol.record import Record
from protocol.rows import Hashes

CARDS_MAX = 400


class PageError(OSError):
    """A page that cannot be written: the message says where, why, and what to do."""


def write_page(
    records: Sequence[Record], media: Path, out: Path, *, title: str, hashes: Hashes | None = None
) -> Path:
    """Write the page to ``out`` and return its path; equal records give an equal file.

    ``media`` holds the pictures as ``<sha256 hex>.png``, ``hashes`` are the ledger's.
    Beyond `CARDS_MAX` passages only the latest have cards, and the page says so.

    Raises:
        PageError: the file cannot be written; an older page is left as it was.
    """
    body = page(records, media, title=title, hashes=hashes)
    beside = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(body, encoding="utf-8", errors="replace")
        os.replace(beside, out)
    except OSError as error:
        raise PageError(
            f"{out}: the page cannot be written: {error.strerror or error}; "
            "give a folder that can be written to and has space"
        ) from error
    return out


def page(
    records: Sequence[Record], media: Path, *, title: str, hashes: Hashes | None = None
) -> str:
    """The page as text."""
    passages = gather(records)
    shown = passages[-CARDS_MAX:]
    shelf = _shelf(passages, media)
    style = (files("controller.report") / "page.css").read_text(encoding="utf-8")
    main = el(
        "main",
        _top(chains(records, hashes or {}), passages, title),
        *_index(shown, len(passages)),
        el("h2", both("逐次过车", "Each passage")) if shown else None,
        *(card(passage, shelf) for passage in shown),
        el("footer", "▲ over · ● within · ◆ undetermined · ○ not judged. ", _legend()),
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{main}\n</body>\n</html>\n"
    )


def _legend() -> str:
    return (
        "Shaded: the stable window. MPE: maximum permissible error in service, beside the weight "
        "and never mixed into it. u95: expanded uncertainty of the weighing."
    )


def _shelf(passages: Sequence[Passage], media: Path) -> Shelf:
    linked: dict[tuple[str, str, int], tuple[Passage, ...]] = {}
    for passage in passages:
        head = passage.head
        if head.reweigh is not None:
            key = head.site, head.lane, head.reweigh.first_seq
            linked[key] = (*linked.get(key, ()), passage)
    by_seq = {(p.head.site, p.head.lane, r.seq): p for p in passages for r in p.records if r.seq}
    return Shelf(by_seq, linked, Pictures(media))


def _top(found: Sequence[LaneChain], passages: Sequence[Passage], title: str) -> Html:
    lead = el(
        "p",
        el("span", "每张卡片是一次过车，内容全部取自账本中的记录。", lang="zh"),
        " Each card is one vehicle on the scale, drawn from its records in the ledger and from "
        "nothing else. No person can change a weight or a limit; what a person did stands in a "
        "record of its own.",
        class_="lead",
    )
    rows = [entry for chain in found for entry in _chain_rows(chain)] or [
        ("账本", "ledger", "empty")
    ]
    cells = [el("div", el("dt", both(zh, en)), el("dd", said)) for zh, en, said in rows]
    block = el("div", el("div", el("h1", title), lead), el("dl", *cells), class_="block-title")
    state = [_chain_state(chain) for chain in found]
    return el("header", block, *state, el("div", *_tallies(passages), class_="tallies"))


def _chain_rows(chain: LaneChain) -> list[tuple[str, str, str]]:
    digest = chain.last_hash.hex()[:16] + "…" if chain.last_hash else NONE
    return [
        ("站点", "site", chain.site),
        ("车道", "lane", chain.lane),
        ("记录", "records", str(chain.count)),
        ("序号", "seq", f"{chain.first}–{chain.last}"),
        ("末条哈希", "last hash", digest),
    ]


def _chain_state(chain: LaneChain) -> Html:
    where = f"{chain.site} lane {chain.lane}"
    if not chain.faults:
        said = f"seq {chain.first}–{chain.last}, none missing, each holds the hash before it."
        whole = el("b", both("记录链完整", "Chain whole."), class_="within")
        return el("p", whole, f" {where}: {said}", class_="chain-state")
    listed = "; ".join(chain.faults[:10])
    more = f"; and {len(chain.faults) - 10} more" if len(chain.faults) > 10 else ""
    broken = el("b", both("记录链不完整", "Chain broken."), class_="bad")
    return el("p", broken, f" {where}: {listed}{more}.", class_="chain-state")


def _tallies(passages: Sequence[Passage]) -> Iterable[Html]:
    """How many passages got which verdict and which end."""
    limits = Counter(_result(p.verdicts.over_limit if p.verdicts else None) for p in passages)
    loads = Counter(_result(p.verdicts.overload if p.verdicts else None) for p in passages)
    ends = Counter(_end(p) for p in passages)
    yield _tally("超限", "Over-limit", limits)
    yield _tally("超载", "Overload", loads)
    yield _tally("处置", "Decision", ends)


def _tally(zh: str, en: str, counts: Counter[words.Word]) -> Html:
    rows = [
        el("tr", el("th", both(*word), scope="row"), el("td", str(count), class_="n"))
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return el("table", el("caption", both(zh, en)), el("tbody", *rows))


def _result(verdict: Verdict | None) -> words.Word:
    return words.RESULTS[verdict.result] if verdict else words.Word("未判定", "not judged")


def _end(passage: Passage) -> words.Word:
    if passage.by_person is not None:
        return words.Word("人工放行", "released by a person")
    if passage.outcomes:
        return words.OUTCOMES[passage.outcomes[-1]]
    return words.KINDS[passage.head.kind]


def _index(shown: Sequence[Passage], count: int) -> Iterable[Html]:
    yield el("h2", both("一览", "Overview"))
    if not shown:
        yield el("p", both("无记录", "There are no records."), class_="absent")
        return
    if len(shown) < count:
        yield el("p", f"The latest {len(shown)} of {count} passages.", class_="absent")
    names = (
        ("序号", "No.", "n"), ("时间", "time, UTC+8", ""), ("方向", "way", ""),
        ("车牌", "plate", ""), ("轴数", "axles", "n"), ("总重", "gross", "n"),
        ("限重", "limit", "n"), ("判定", "verdict", ""), ("处置", "decision", ""),
        ("用时", "took", "n"),
    )  # fmt: skip
    head = [el("th", both(zh, en), scope="col", class_=css or None) for zh, en, css in names]
    rows = [_row(passage) for passage in shown]
    table = el("table", el("thead", el("tr", *head)), el("tbody", *rows), class_="index")
    yield el("div", table, class_="scroll")


def _row(passage: Passage) -> Html:
    head = passage.head
    result, word = standing(passage.verdicts)
    limit = passage.verdicts.over_limit if passage.verdicts else None
    axles = str(head.axles.count) if head.axles and head.axles.count is not None else NONE
    ends = [words.OUTCOMES[o].en for o in passage.outcomes]
    way = both(*words.DIRECTIONS[head.direction]) if head.direction else NONE
    return el(
        "tr",
        el("td", el("a", str(head.seq or NONE), href=f"#{anchor(head)}"), class_="n"),
        el("td", wall(head.times)),
        el("td", way),
        el("td", _plate(passage), lang="zh"),
        el("td", axles, class_="n"),
        el("td", kilograms(head.weighing.gross_g if head.weighing else None), class_="n"),
        el("td", kilograms(limit.limit_g if limit else None), class_="n"),
        el("td", both(*word), class_=result.value if result else None),
        el("td", " → ".join(ends) or words.KINDS[head.kind].en),
        el("td", seconds(duration_us(head), 1), class_="n"),
    )


def _plate(passage: Passage) -> str:
    return next((r.plate for r in reversed(passage.records) if r.plate is not None), NONE)
