"""Reads the dated rule tables (TOML) into the frozen book that the core judges by.

Of each series, the newest file that has taken effect counts; of two with one date, the higher
version.  A local table is therefore one more file with a later date or a higher version.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from controller.core.book import (
    Allowance,
    AxleSum,
    GrossRow,
    LicenceCap,
    Posted,
    RuleBook,
    Ruleset,
    SingleTyre,
    SizeLimit,
)

RULES_DIR = Path(__file__).parent / "core" / "rules"
FILES_MAX = 100

_Kind = Literal["truck", "train"]
_Tag = Literal["V", "V2", "C", "O"]
_Text = Annotated[str, Meta(min_length=1, max_length=400)]
_Axles = Annotated[int, Meta(ge=1, le=99)]
_Kg = Annotated[int, Meta(ge=1, le=1_000_000)]
_Mm = Annotated[int, Meta(ge=0, le=100_000)]


class RulesError(ValueError):
    """A rule table that cannot be used; the message names file, key path and remedy."""


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tag: _Tag


class _Rule(_Strict, frozen=True, kw_only=True):
    id: _Text
    clause: _Text
    enabled: bool = True


class _Gross(_Rule, frozen=True, kw_only=True):
    kind: _Kind
    limit_kg: _Kg
    axles: _Axles | None = None
    axles_from: _Axles | None = None
    single_drive_axle: bool | None = None
    layout: _Text | None = None


class _Allowance(_Rule, frozen=True, kw_only=True):
    kind: _Kind
    axles: _Axles
    limit_kg: _Kg
    spacing_min_mm: _Mm | None = None


class _LicenceCap(_Rule, frozen=True, kw_only=True):
    kind: _Kind
    axles: _Axles


class _AxleSum(_Rule, frozen=True, kw_only=True):
    kind: _Kind
    axles: _Axles
    limit_kg: _Kg
    spacing_min_mm: _Mm
    spacing_below_mm: _Mm | None = None


class _SingleTyre(_Strict, frozen=True, kw_only=True):
    clause: _Text
    waiver_clause: _Text
    reduction_kg: _Kg


class _Size(_Strict, frozen=True, kw_only=True):
    dimension: Literal["height_mm", "width_mm", "length_mm"]
    limit_mm: Annotated[int, Meta(ge=1, le=100_000)]
    clause: _Text


class _Overload(_Strict, frozen=True, kw_only=True):
    clause: _Text


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    series: Literal["gross-table", "gross-notes", "overload"]
    id: _Text
    version: Annotated[int, Meta(ge=1, le=9_999)]
    effective: datetime.date
    title: _Text
    gross: list[_Gross] = field(default_factory=list)
    allowance: list[_Allowance] = field(default_factory=list)
    licence_cap: list[_LicenceCap] = field(default_factory=list)
    axle_sum: list[_AxleSum] = field(default_factory=list)
    single_tyre: _SingleTyre | None = None
    posted: _Rule | None = None
    size: list[_Size] = field(default_factory=list)
    overload: _Overload | None = None

    @property
    def effective_int(self) -> int:
        day = self.effective
        return day.year * 10_000 + day.month * 100 + day.day


def load_rulebook(extra: Sequence[Path] = ()) -> RuleBook:
    """The book of the shipped tables and of ``extra`` files, which follow the same rules.

    Raises RulesError for a file that is missing, malformed, contradictory or out of bounds.
    """
    paths = [*sorted(RULES_DIR.glob("*.toml")), *extra]
    if len(paths) > FILES_MAX:
        raise RulesError(f"{len(paths)} rule files, at most {FILES_MAX} are read")
    files = [_read(path) for path in paths]
    overload = [f for f in files if f.overload is not None]
    if not overload:
        raise RulesError(f"{RULES_DIR}: no file with an [overload] clause")
    newest = max(overload, key=lambda f: (f.effective, f.version)).overload
    assert newest is not None
    return RuleBook(periods=tuple(_periods(files)), overload_clause=newest.clause)


def _read(path: Path) -> _File:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{path}: not valid TOML: {error}") from error
    try:
        file = msgspec.convert(data, _File)
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
    for kind in (_File, _Gross, _Allowance, _LicenceCap, _AxleSum, _SingleTyre, _Size)
    for name in kind.__struct_fields__
}


def _check(path: Path, file: _File) -> None:
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


def _periods(files: Sequence[_File]) -> Iterable[Ruleset]:
    tables = [f for f in files if f.series == "gross-table"]
    notes = [f for f in files if f.series == "gross-notes"]
    for date in sorted({f.effective_int for f in (*tables, *notes)}):
        table = _newest(tables, date)
        if table is not None:
            note = _newest(notes, date)
            yield _ruleset(date, [table] if note is None else [table, note])


def _newest(files: Sequence[_File], date: int) -> _File | None:
    begun = [f for f in files if f.effective_int <= date]
    return max(begun, key=lambda f: (f.effective_int, f.version)) if begun else None


_R = TypeVar("_R", bound=_Rule)


def _enabled(rules: Iterable[_R]) -> list[_R]:
    return [rule for rule in rules if rule.enabled]


def _ruleset(date: int, files: Sequence[_File]) -> Ruleset:
    rows = tuple(_gross(row) for f in files for row in _enabled(f.gross))
    _refuse_overlap(rows)
    single_tyre = next((f.single_tyre for f in files if f.single_tyre), None)
    posted = next((f.posted for f in files if f.posted and f.posted.enabled), None)
    return Ruleset(
        effective=date,
        versions=tuple(f"{f.id}@{f.version}" for f in files),
        rows=rows,
        allowances=tuple(_allowance(rule) for f in files for rule in _enabled(f.allowance)),
        licence_caps=tuple(
            LicenceCap(id=rule.id, clause=rule.clause, kind=rule.kind, axles=rule.axles)
            for f in files
            for rule in _enabled(f.licence_cap)
        ),
        axle_sums=tuple(_axle_sum(rule) for f in files for rule in _enabled(f.axle_sum)),
        single_tyre=None if single_tyre is None else _single_tyre(single_tyre),
        posted=None if posted is None else Posted(id=posted.id, clause=posted.clause),
        sizes=tuple(
            SizeLimit(dimension=size.dimension, limit_mm=size.limit_mm, clause=size.clause)
            for f in files
            for size in f.size
        ),
    )


def _gross(row: _Gross) -> GrossRow:
    first = row.axles if row.axles is not None else row.axles_from
    assert first is not None
    return GrossRow(
        id=row.id,
        clause=row.clause,
        kind=row.kind,
        axles_min=first,
        axles_max=row.axles,
        limit_g=row.limit_kg * 1_000,
        single_drive_axle=row.single_drive_axle,
        layout=row.layout,
    )


def _allowance(rule: _Allowance) -> Allowance:
    return Allowance(
        id=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        axles=rule.axles,
        limit_g=rule.limit_kg * 1_000,
        spacing_min_mm=rule.spacing_min_mm,
    )


def _axle_sum(rule: _AxleSum) -> AxleSum:
    return AxleSum(
        id=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        axles=rule.axles,
        spacing_min_mm=rule.spacing_min_mm,
        spacing_below_mm=rule.spacing_below_mm,
        limit_g=rule.limit_kg * 1_000,
    )


def _single_tyre(rule: _SingleTyre) -> SingleTyre:
    return SingleTyre(
        clause=rule.clause,
        waiver_clause=rule.waiver_clause,
        reduction_g=rule.reduction_kg * 1_000,
    )


def _refuse_overlap(rows: Sequence[GrossRow]) -> None:
    plain = [row for row in rows if row.layout is None]
    for index, row in enumerate(plain):
        for other in plain[index + 1 :]:
            low, high = sorted((row, other), key=lambda r: r.axles_min)
            meet = low.axles_max is None or high.axles_min <= low.axles_max
            drives = {row.single_drive_axle, other.single_drive_axle}
            if row.kind == other.kind and meet and drives != {True, False}:
                raise RulesError(
                    f"the rules {row.id!r} and {other.id!r} fit one vehicle; "
                    "tell them apart by axles, kind, single_drive_axle or layout"
                )
