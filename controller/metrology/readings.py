"""Readings typed in by a technician: one TOML file for each test (docs/metrology.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from controller.metrology import sheets
from controller.metrology.instrument import FINE_MASS, MG_PER_G, stated_instrument
from hal.schema import Problems, load_toml, read_table
from sensors.metrology.bands import require_standard_weights
from sensors.metrology.loads import Added, discrimination, eccentricity, repeatability, weighing
from sensors.metrology.report import Conditions, Instrument, Reading, Report, SetError, show_g
from sensors.metrology.stability import Stored, stability, zero_accuracy
from sensors.metrology.times import creep, zero_return

US_PER_S = 1e6

_Make = Callable[[Instrument, Conditions, Any], Report]
_T = TypeVar("_T", bound=sheets.Sheet)


def report_of(path: Path, test: str, other: Instrument | None) -> Report:
    """Read the readings of one test and decide it; ``other`` is the scale where it is known.

    Raises:
        ValueError: the file cannot be read, a key is wrong or missing, the scale is stated twice
            or not at all, or the readings decide nothing; file, key and remedy are named.
    """
    kind, make = _TESTS[test]
    sheet = _read(path, test, kind)
    scale = _instrument(path, sheet, other)
    try:
        return make(scale, _conditions(path, sheet, scale), sheet)
    except SetError as error:
        raise ValueError(f"{path}: {error}") from error


def _read(path: Path, test: str, kind: type[_T]) -> _T:
    _, table = load_toml(path)
    if table.get("test", test) != test:
        raise ValueError(
            f"{path}: test = {table['test']!r}: these are no readings of '{test}'; "
            "give the file of this test, or ask for the other test"
        )
    problems = Problems(str(path))
    sheet = read_table(table, kind, "", problems)
    if sheet is None:
        raise ValueError("\n".join(problems.found))
    return sheet


def _instrument(path: Path, sheet: sheets.Sheet, other: Instrument | None) -> Instrument:
    if (sheet.scale is None) == (other is None):
        twice = "is there, and --site or --scale names a scale too: leave one out"
        never = "is missing; add it, or name the scale by --site or --scale"
        raise ValueError(f"{path}: [scale] {twice if other else never}")
    if sheet.scale is None:
        assert other is not None
        return other
    try:
        return stated_instrument(sheet.scale)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _conditions(path: Path, sheet: sheets.Sheet, scale: Instrument) -> Conditions:
    stated = sheet.resolution_mg
    resolution_g = float(scale.d_g) if stated is None else stated / MG_PER_G
    if resolution_g > scale.d_g:
        raise ValueError(f"{path}: resolution: coarser than d = {show_g(scale.d_g)}; correct it")
    return Conditions(
        resolution_g=resolution_g,
        source=f"typed readings, {path.name}",
        in_service=sheet.errors == "in-service",
        at=sheet.at.isoformat(),
        by=sheet.by,
        ambient=ambient_of(sheet.ambient),
        remarks=sheet.remarks,
    )


def ambient_of(ambient: sheets.Ambient) -> tuple[tuple[str, str], ...]:
    """The stated figures by name."""
    stated = ((name, getattr(ambient, name)) for name in ambient.__struct_fields__)
    return tuple((name, f"{value:g}") for name, value in stated if value is not None)


def _reading(read: sheets.Read, place: str = "", at_us: int | None = None) -> Reading:
    return Reading(
        load_g=read.load_mg / MG_PER_G,
        indication_g=read.indication_mg / MG_PER_G,
        delta_g=None if read.delta_mg is None else read.delta_mg / MG_PER_G,
        place=place,
        at_s=None if at_us is None else at_us / US_PER_S,
    )


def _make_weighing(scale: Instrument, conditions: Conditions, sheet: sheets.Weighing) -> Report:
    up, down = ([_reading(read) for read in side] for side in (sheet.up, sheet.down))
    report = weighing(scale, conditions, _reading(sheet.zero), up, down)
    other = sheet.substitution
    if other is None:
        return report
    repeatability_g = None if other.repeatability_mg is None else other.repeatability_mg / MG_PER_G
    standard_g = other.standard_weights_mg / MG_PER_G
    require_standard_weights(scale, standard_g, repeatability_g)
    return msgspec.structs.replace(report, notes=(("substitution", show_g(standard_g)),))


def _make_repeatability(
    scale: Instrument, conditions: Conditions, sheet: sheets.Repeatability
) -> Report:
    return repeatability(scale, conditions, [_reading(read) for read in sheet.reading])


def _make_eccentricity(
    scale: Instrument, conditions: Conditions, sheet: sheets.Eccentricity
) -> Report:
    placed = [_reading(read, read.place) for read in sheet.reading]
    return eccentricity(scale, conditions, _reading(sheet.zero), placed)


def _make_discrimination(
    scale: Instrument, conditions: Conditions, sheet: sheets.Discrimination
) -> Report:
    looks = [
        Added(
            before=_reading(read),
            extra_g=read.extra_mg / MG_PER_G,
            after_g=read.then_mg / MG_PER_G,
        )
        for read in sheet.reading
    ]
    return discrimination(scale, conditions, looks)


def _make_creep(scale: Instrument, conditions: Conditions, sheet: sheets.Creep) -> Report:
    return creep(scale, conditions, [_reading(r, at_us=r.after_us) for r in sheet.reading])


def _make_zero_return(
    scale: Instrument, conditions: Conditions, sheet: sheets.ZeroReturn
) -> Report:
    return zero_return(
        scale,
        conditions,
        _reading(sheet.before),
        sheet.load_mg / MG_PER_G,
        sheet.loaded_us / US_PER_S,
        _reading(sheet.after),
    )


def _make_stability(scale: Instrument, conditions: Conditions, sheet: sheets.Stability) -> Report:
    stored = [_stored(one, f"stored[{i}]") for i, one in enumerate(sheet.stored)]
    return stability(scale, conditions, stored, _zeros(sheet.zero))


def _make_zero(scale: Instrument, conditions: Conditions, sheet: sheets.ZeroSetting) -> Report:
    return zero_accuracy(scale, conditions, _zeros(sheet.zero))


def _zeros(zeros: tuple[sheets.ZeroRead, ...]) -> list[Reading]:
    return [_reading(read, read.set) for read in zeros]


def _stored(one: sheets.StoredRead, key: str) -> Stored:
    shown = []
    for number, text in enumerate(one.shown):
        try:
            shown.append((FINE_MASS.parse(text) / MG_PER_G, 1))
        except ValueError as error:
            raise SetError(
                "not_a_number", f"{key}.shown[{number}] = {text!r}", str(error)
            ) from None
    return Stored(value_g=one.value_mg / MG_PER_G, shown=tuple(shown))


_TESTS: dict[str, tuple[type[sheets.Sheet], _Make]] = {
    "weighing": (sheets.Weighing, _make_weighing),
    "repeatability": (sheets.Repeatability, _make_repeatability),
    "eccentricity": (sheets.Eccentricity, _make_eccentricity),
    "discrimination": (sheets.Discrimination, _make_discrimination),
    "creep": (sheets.Creep, _make_creep),
    "zero-return": (sheets.ZeroReturn, _make_zero_return),
    "stability": (sheets.Stability, _make_stability),
    "zero": (sheets.ZeroSetting, _make_zero),
}
TESTS = tuple(_TESTS)
