"""The few shapes of the driver's page: a sentence in both languages, a section, a list of facts."""

from __future__ import annotations

from collections.abc import Iterable

from controller.report.markup import Html, both, el
from controller.report.words import Word


def say(zh: str | None, en: str | None, css: str = "say") -> Html:
    """A sentence in Chinese with the English beside it, beneath it on a phone."""
    return el(
        "div",
        el("p", zh, lang="zh-CN") if zh else None,
        el("p", en, lang="en") if en else None,
        class_=css,
    )


def section(name: str, word: Word, *inside: Html | None) -> Html:
    """A section with its heading; the heading names it for readers that cannot see."""
    head = el("h2", both(word.zh, word.en), id=f"h-{name}")
    return el("section", head, *inside, class_=name, aria_labelledby=f"h-{name}")


def facts(rows: Iterable[tuple[str, str, str | Html]]) -> Html:
    """Named facts, one a line; a long one breaks."""
    items = [el("div", el("dt", both(zh, en)), el("dd", said)) for zh, en, said in rows]
    return el("dl", *items, class_="facts")
