"""What a written page holds, as a reader without a browser sees it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID_TAGS = {"img", "meta"}


class Outline(HTMLParser):
    """Ids, links, pictures and text of a page; fails on tags that do not match.

    ``words`` is the text to be read, ``struck`` that under a ``del``.
    """

    def __init__(self, body: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.alts: list[str] = []
        self.words: list[str] = []
        self.struck: list[str] = []
        self.feed(body)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") for name in found)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        self.sources += [found["src"]] if "src" in found else []
        self.alts += [found["alt"]] if "alt" in found else []
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "head"} & set(self.open):
            (self.struck if "del" in self.open else self.words).append(data)

    @property
    def said(self) -> str:
        """The words with single blanks between them."""
        return " ".join("".join(self.words).split())
