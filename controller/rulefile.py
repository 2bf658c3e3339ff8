"""The shape of a rule table in TOML, and reading one with errors that name file and key.

Masses are kilograms and lengths millimetres, as the law writes them; an unread key is an error.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

_Kind = Literal["truck", "train"]
_Tag = Literal["V", "V2", "C", "O"]
_Text = Annotated[str, Meta(min_length=1, max_length=400)]
_Axles = Annotated[int, Meta(ge=1, le=99)]
_Kg = Annotated[int, Meta(ge=1, le=1_000_000)]
_Mm = Annotated[int, Meta(ge=0, le=100_000)]


class RulesError(ValueError):
    """A rule table that cannot be used; the message names file, key path and remedy."""


class TaggedIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything stated with how far its source was seen: V, V2, C or O."""

    tag: _Tag


class RuleIn(TaggedIn, frozen=True, kw_only=True):
    """A rule with an identity that records quote; a disabled one is only kept in mind."""

    id: _Text
    clause: _Text
    enabled: bool = True


class GrossIn(RuleIn, frozen=True, kw_only=True):
    """``[[gross]]``: exactly ``axles``, or ``axles_from`` and more."""

    kind: _Kind
    limit_kg: _Kg
    axles: _Axles | None = None
    axles_from: _Axles | None = None
    single_drive_axle: bool | None = None
    layout: _Text | None = None


class AllowanceIn(RuleIn, frozen=True, kw_only=True):
    """``[[allowance]]``: the limit with air suspension on dual-tyred drive axles."""

    kind: _Kind
    axles: _Axles
    limit_kg: _Kg
    spacing_min_mm: _Mm | None = None


class LicenceCapIn(RuleIn, frozen=True, kw_only=True):
    """``[[licence_cap]]``: vehicles whose limit the licence's total mass may lower."""

    kind: _Kind
    axles: _Axles


class AxleSumIn(RuleIn, frozen=True, kw_only=True):
    """``[[axle_sum]]``: the sum of axle limits where the tandem spacing decides it."""

    kind: _Kind
    axles: _Axles
    limit_kg: _Kg
    spacing_min_mm: _Mm
    spacing_below_mm: _Mm | None = None


class SingleTyreIn(TaggedIn, frozen=True, kw_only=True):
    """``[single_tyre]``: what one single-tyred axle takes off."""

    clause: _Text
    waiver_clause: _Text
    reduction_kg: _Kg


class SizeIn(TaggedIn, frozen=True, kw_only=True):
    """``[[size]]``: what a dimension may not exceed."""

    dimension: Literal["height_mm", "width_mm", "length_mm"]
    limit_mm: Annotated[int, Meta(ge=1, le=100_000)]
    clause: _Text


class OverloadIn(TaggedIn, frozen=True, kw_only=True):
    """``[overload]``: the clause of the overload verdict."""

    clause: _Text


class RuleFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dated, versioned table."""

    series: Literal["gross-table", "gross-notes", "overload"]
    id: _Text
    version: Annotated[int, Meta(ge=1, le=9_999)]
    effective: datetime.date
    title: _Text
    gross: list[GrossIn] = field(default_factory=list)
    allowance: list[AllowanceIn] = field(default_factory=list)
    licence_cap: list[LicenceCapIn] = field(default_factory=list)
    axle_sum: list[AxleSumIn] = field(default_factory=list)
    single_tyre: SingleTyreIn | None = None
    posted: RuleIn | None = None
    size: list[SizeIn] = field(default_factory=list)
    overload: OverloadIn | None = None

    @property
    def name(self) -> str:
        """What records call it: id@version."""
        return f"{self.id}@{self.version}"

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """What a verdict may quote of this table."""
        posted = () if self.posted is None else (self.posted,)
        stated = (*self.gross, *self.allowance, *self.licence_cap, *self.axle_sum, *posted)
        return tuple(rule.id for rule in stated)

    @property
    def effective_int(self) -> int:
        """The first day of effect as yyyymmdd."""
        day = self.effective
        return day.year * 10_000 + day.month * 100 + day.day


def read_rule_file(path: Path) -> RuleFile:
    """Read and check one table; raises RulesError."""
    return read_rule_bytes(path)[0]


def read_rule_bytes(path: Path) -> tuple[RuleFile, bytes]:
    """Read and check one table, with the bytes it was read from; raises RulesError."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_rules(text, path), text


def parse_rules(text: bytes, path: Path) -> RuleFile:
    """One table from its bytes; ``path`` names it in errors.  Raises RulesError."""
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{path}: not valid TOML: {error}") from error
    try:
        file = msgspec.convert(data, RuleFile)
    except msgspec.ValidationError as error:
        raise RulesError(f"{path}: {_explained(str(error))}") from error
    _check(path, file)
    return file


def _explained(text: str) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", text)
    if unknown is None:
        return text
    near = difflib.get_close_matches(unknown[1], sorted(_KEYS), n=1)
    return text + (f"; did you mean `{near[0]}`?" if near else "")


_KEYS = {
    name
    for kind in (RuleFile, GrossIn, AllowanceIn, LicenceCapIn, AxleSumIn, SingleTyreIn, SizeIn)
    for name in kind.__struct_fields__
}


def _check(path: Path, file: RuleFile) -> None:
    if file.series == "gross-table" and not any(row.enabled for row in file.gross):
        raise RulesError(f"{path}: gross: a gross-table needs at least one enabled row")
    seen: set[str] = set()
    for rule in (*file.gross, *file.allowance, *file.licence_cap, *file.axle_sum):
        if rule.id in seen:
            raise RulesError(f"{path}: the id {rule.id!r} stands twice; every rule needs its own")
        seen.add(rule.id)
    for number, row in enumerate(file.gross):
        if (row.axles is None) == (row.axles_from is None):
            raise RulesError(f"{path}: gross[{number}]: give either `axles` or `axles_from`")
