"""Makes the frozen book that the core judges by out of the dated rule tables (TOML).

Of each series, the newest file that has taken effect counts; of two with one date, the higher
version.  A local table is therefore one more file with a later date or a higher version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

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
from controller.rulefile import (
    AllowanceIn,
    AxleSumIn,
    GrossIn,
    RuleFile,
    RuleIn,
    RulesError,
    SingleTyreIn,
    read_rule_bytes,
)

RULES_DIR = Path(__file__).parent / "core" / "rules"
FILES_MAX = 100
LAST_DAY = 99991231


class Rules(Struct, frozen=True, kw_only=True):
    """The book, and the very bytes of every table that it was made of by id@version.

    ``owners`` says for every rule which tables state it; ``overload`` names the table that the
    overload clause comes from.
    """

    book: RuleBook
    tables: dict[str, bytes]
    owners: dict[str, tuple[str, ...]]
    overload: str


def load_rulebook(extra: Sequence[Path] = ()) -> RuleBook:
    """The book alone; see ``read_rules``."""
    return read_rules(extra).book


def read_rules(extra: Sequence[Path] = ()) -> Rules:
    """The shipped tables and the ``extra`` files, which follow the same rules.

    Raises RulesError for a file that is missing, malformed, contradictory or out of bounds.
    """
    paths = [*sorted(RULES_DIR.glob("*.toml")), *extra]
    if len(paths) > FILES_MAX:
        raise RulesError(f"{len(paths)} rule files, at most {FILES_MAX} are read")
    read = [read_rule_bytes(path) for path in paths]
    files = [file for file, _ in read]
    _refuse_rivals(paths, files)
    overload = _newest([f for f in files if f.overload is not None], LAST_DAY)
    periods = tuple(_periods(files))
    if overload is None or overload.overload is None or not periods:
        raise RulesError(f"{RULES_DIR}: the shipped tables are missing; install the package anew")
    return Rules(
        book=RuleBook(periods=periods, overload_clause=overload.overload.clause),
        tables={file.name: data for file, data in read},
        owners=_owners(files),
        overload=overload.name,
    )


def _owners(files: Sequence[RuleFile]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for file in files:
        for rule in file.rule_ids:
            found[rule] = (*found.get(rule, ()), file.name)
    return found


def _refuse_rivals(paths: Sequence[Path], files: Sequence[RuleFile]) -> None:
    seen: dict[tuple[str, int, int], Path] = {}
    for path, file in zip(paths, files, strict=True):
        rival = seen.setdefault((file.series, file.effective_int, file.version), path)
        if rival is not path:
            raise RulesError(
                f"{path}: version: {file.version} of series {file.series!r} from "
                f"{file.effective} stands in {rival} too; give a higher version or a later date"
            )


def _periods(files: Sequence[RuleFile]) -> Iterable[Ruleset]:
    tables = [f for f in files if f.series == "gross-table"]
    notes = [f for f in files if f.series == "gross-notes"]
    for date in sorted({f.effective_int for f in (*tables, *notes)}):
        table = _newest(tables, date)
        if table is not None:
            note = _newest(notes, date)
            yield ruleset(date, [table] if note is None else [table, note])


def _newest(files: Sequence[RuleFile], date: int) -> RuleFile | None:
    begun = [f for f in files if f.effective_int <= date]
    return max(begun, key=lambda f: (f.effective_int, f.version)) if begun else None


_R = TypeVar("_R", bound=RuleIn)


def _enabled(rules: Iterable[_R]) -> list[_R]:
    return [rule for rule in rules if rule.enabled]


def ruleset(date: int, files: Sequence[RuleFile]) -> Ruleset:
    """What these tables state together, in force from ``date`` (yyyymmdd) on."""
    rows = tuple(_gross(row) for f in files for row in _enabled(f.gross))
    _refuse_overlap(rows, files)
    single_tyre = next((f.single_tyre for f in files if f.single_tyre), None)
    posted = next((f.posted for f in files if f.posted and f.posted.enabled), None)
    return Ruleset(
        effective=date,
        versions=tuple(f.name for f in files),
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


def _gross(row: GrossIn) -> GrossRow:
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


def _allowance(rule: AllowanceIn) -> Allowance:
    return Allowance(
        id=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        axles=rule.axles,
        limit_g=rule.limit_kg * 1_000,
        spacing_min_mm=rule.spacing_min_mm,
    )


def _axle_sum(rule: AxleSumIn) -> AxleSum:
    return AxleSum(
        id=rule.id,
        clause=rule.clause,
        kind=rule.kind,
        axles=rule.axles,
        spacing_min_mm=rule.spacing_min_mm,
        spacing_below_mm=rule.spacing_below_mm,
        limit_g=rule.limit_kg * 1_000,
    )


def _single_tyre(rule: SingleTyreIn) -> SingleTyre:
    return SingleTyre(
        clause=rule.clause,
        waiver_clause=rule.waiver_clause,
        reduction_g=rule.reduction_kg * 1_000,
    )


def _refuse_overlap(rows: Sequence[GrossRow], files: Sequence[RuleFile]) -> None:
    plain = [row for row in rows if row.layout is None]
    for index, row in enumerate(plain):
        for other in plain[index + 1 :]:
            low, high = sorted((row, other), key=lambda r: r.axles_min)
            meet = low.axles_max is None or high.axles_min <= low.axles_max
            drives = {row.single_drive_axle, other.single_drive_axle}
            if row.kind == other.kind and meet and drives != {True, False}:
                raise RulesError(
                    f"{' with '.join(f.id for f in files)}: gross: {row.id!r} and "
                    f"{other.id!r} fit one vehicle; "
                    "tell them apart by axles, kind, single_drive_axle or layout"
                )
