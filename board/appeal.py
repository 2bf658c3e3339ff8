"""The words of a site to a driver who objects; they lie in the configuration of every record."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Lines = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=500)], ...], Meta(max_length=20)
]


class Appeal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paragraphs in Chinese and in English; without any, a page says what is true anywhere."""

    zh: Lines = ()
    en: Lines = ()

    @property
    def said(self) -> bool:
        """Whether it says anything."""
        return bool(self.zh or self.en)
