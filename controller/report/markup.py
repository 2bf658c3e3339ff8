"""Markup that is safe by construction: text is escaped unless it is already ``Html``.

Plates, names and reasons come from cameras, people and files; none of them may become markup.
"""

from __future__ import annotations

import html
import unicodedata

_KEPT = "\n\t"


class Html(str):
    """Markup that may be written as it stands; only this module and constants make it."""

    __slots__ = ()


def text(value: str) -> Html:
    """Escape a text; what would hide or reorder other text is shown as a replacement character."""
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _unseen(c) else c for c in value)
    return Html(html.escape(shown))


def el(tag: str, *inside: str | None, **attributes: str | float | None) -> Html:
    """One element; None is left out, ``class_`` means class, other underscores are hyphens."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(_number(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{named}>{join(*inside)}</{tag}>")


def img(src: str, alt: str, width: int, height: int) -> Html:
    """A picture; ``src`` is a data URI, so nothing is ever fetched."""
    size = f'width="{width}" height="{height}"'
    return Html(f'<img src="{text(src)}" alt="{text(alt)}" {size}>')


def join(*inside: str | None) -> Html:
    """Put pieces beside each other, escaping those that are plain text."""
    pieces = (p if isinstance(p, Html) else text(p) for p in inside if p is not None)
    return Html("".join(pieces))


def both(chinese: str, english: str) -> Html:
    """A label in both languages, each marked as what it is."""
    return join(el("span", chinese, lang="zh"), " ", el("span", english, lang="en"))


def _number(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs") and character not in _KEPT
