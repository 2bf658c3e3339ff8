"""What a scale is: range, division, certificate and cells, from a site or a calibration file."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from board.calibration_file import CalibrationFileError, standing_of
from hal.quantity import LENGTH, MASS
from hal.schema import Problems, length, load_toml, mass, read_table
from sensors.calibration import CELLS_MAX, CalibrationError, Cell, Scale, scale_from_dict

CELLS_MIN = 2
DIVISIONS_MIN = 500
DIVISIONS_MAX = 10_000
E_G_MIN = 5
ADC_24_BIT_MAX = 8_388_607

Text = Annotated[str, Meta(min_length=1, max_length=80)]
Rate = Annotated[float, Meta(ge=5, le=2_000)]
CountsPerKg = Annotated[float, Meta(ge=1e-3, le=1e6)]
Counts = Annotated[int, Meta(ge=-(2**31), le=2**31)]
CountsMax = Annotated[int, Meta(ge=1, le=2**31)]
Deck = Annotated[int, length("1 m", "60 m")]
Along = Annotated[int, length("0 m", "60 m")]
Across = Annotated[int, length("-10 m", "10 m")]
Range = Annotated[int, mass("1 kg", "1000 t")]
Division = Annotated[int, mass("1 g", "1 t")]
DeadLoad = Annotated[int, mass("0 kg", "100 t")]


class ScaleSite(Struct, frozen=True, kw_only=True):
    """One scale as it stands at the site; ``max_counts`` is where its converter saturates.

    ``calibration_version`` is 0 for a sheet that ``steelyard calibrate`` has not written yet;
    ``calibration_hash`` is the seal of the calibration file, else the SHA-256 of the sheet, or of
    the values where they stand in the site file itself.
    """

    serial: str
    accuracy_class: str
    certificate_no: str | None
    certificate_valid_until: datetime.date | None
    max_counts: int
    scale: Scale
    calibration_version: int = 0
    calibration_hash: str = ""

    @property
    def by_indicator(self) -> bool:
        """Whether a verified indicator weighs: then there are no cells, rate or places here."""
        return not self.scale.cells

    @property
    def divisions(self) -> int:
        """n = Max / e."""
        return self.scale.max_g // self.scale.e_g


class _Identity(Struct, frozen=True, kw_only=True):
    serial: Text
    accuracy_class: Literal["III"] = field(name="class", default="III")
    certificate_no: Text | None = None
    certificate_valid_until: datetime.date | None = None
    max_counts: CountsMax = ADC_24_BIT_MAX


class _CellTable(Struct, frozen=True, kw_only=True):
    x_mm: Along = field(name="x")
    y_mm: Across = field(name="y")
    counts_per_kg: CountsPerKg
    zero_counts: Counts
    dead_load_g: DeadLoad = field(name="dead_load", default=0)


class _Measured(Struct, frozen=True, kw_only=True):
    max_g: Range = field(name="max")
    e_g: Division = field(name="e")
    d_g: Division | None = field(name="d", default=None)
    platform_mm: Deck = field(name="platform_length")
    rate_hz: Rate
    has_beams: bool = False
    cells: tuple[_CellTable, ...]


class _Indicated(Struct, frozen=True, kw_only=True):
    serial: Text
    accuracy_class: Literal["III"] = field(name="class", default="III")
    certificate_no: Text | None = None
    certificate_valid_until: datetime.date | None = None
    max_g: Range = field(name="max")
    e_g: Division = field(name="e")
    d_g: Division | None = field(name="d", default=None)


class _OtherFile(Struct, frozen=True, kw_only=True):
    file: Annotated[str, Meta(min_length=1, max_length=4_096)]


_IDENTITY = ("serial", "class", "certificate_no", "certificate_valid_until", "max_counts")


def read_scale(
    table: dict[str, Any], folder: Path, problems: Problems, *, indicator: bool = False
) -> tuple[ScaleSite | None, bytes]:
    """Return the scale of a site file's ``[scale]`` and the bytes of the file it refers to.

    With an ``indicator`` the scale has no cells here: the calibration is the indicator's own.
    """
    if indicator:
        return _of_indicator(table, problems), b""
    own = {k: v for k, v in table.items() if k in _IDENTITY}
    rest = {k: v for k, v in table.items() if k not in _IDENTITY}
    identity = read_table(own, _Identity, "scale", problems)
    found = _from_file(rest, folder, problems) if "file" in rest else _in_site(rest, problems)
    if identity is None or found.scale is None:
        return None, found.data
    _check(found.scale, identity.max_counts, problems)
    values = {name: getattr(identity, name) for name in identity.__struct_fields__}
    site = ScaleSite(
        scale=found.scale,
        calibration_version=found.version,
        calibration_hash=found.sha256,
        **values,
    )
    return site, found.data


_OF_CELLS = ("file", "cells", "rate_hz", "platform_length", "has_beams", "max_counts")


def _of_indicator(table: dict[str, Any], problems: Problems) -> ScaleSite | None:
    """Range, division and certificate alone; whatever belongs to cells is told as out of place."""
    for name in _OF_CELLS:
        if name in table:
            text = "devices.indicator weighs, and has its calibration itself; leave this out"
            problems.add(f"scale.{name}", text, table[name])
    own = {k: v for k, v in table.items() if k not in _OF_CELLS}
    stated = read_table(own, _Indicated, "scale", problems)
    if stated is None:
        return None
    scale = Scale(
        max_g=stated.max_g,
        e_g=stated.e_g,
        d_g=stated.e_g if stated.d_g is None else stated.d_g,
        rate_hz=0.0,
        platform_mm=0,
        has_beams=False,
        cells=(),
    )
    _check_class(scale, problems)
    return ScaleSite(
        serial=stated.serial,
        accuracy_class=stated.accuracy_class,
        certificate_no=stated.certificate_no,
        certificate_valid_until=stated.certificate_valid_until,
        max_counts=0,
        scale=scale,
        calibration_hash=hashlib.sha256(msgspec.json.encode(scale)).hexdigest(),
    )


class _Found(Struct, frozen=True, kw_only=True):
    scale: Scale | None = None
    data: bytes = b""
    version: int = 0
    sha256: str = ""


def _from_file(table: dict[str, Any], folder: Path, problems: Problems) -> _Found:
    """The calibration file of the site, or a sheet of a workshop or a recording."""
    stated = read_table(table, _OtherFile, "scale", problems)
    if stated is None:
        return _Found()
    path = folder / stated.file
    try:
        data, sheet = load_toml(path)
    except ValueError as error:
        problems.add("scale.file", f"{error}; put the calibration there", stated.file)
        return _Found()
    try:
        standing = standing_of(path, data, sheet)
        scale = scale_from_dict(sheet)
    except CalibrationFileError as error:
        problems.found.append(str(error))
        return _Found(data=data)
    except CalibrationError as error:
        problems.found.append(f"{path}: {error}")
        return _Found(data=data)
    return _Found(scale=scale, data=data, version=standing.version, sha256=standing.sha256)


def _in_site(table: dict[str, Any], problems: Problems) -> _Found:
    scale = _stated(table, problems)
    if scale is None:
        return _Found()
    return _Found(scale=scale, sha256=hashlib.sha256(msgspec.json.encode(scale)).hexdigest())


def _stated(table: dict[str, Any], problems: Problems) -> Scale | None:
    stated = read_table(table, _Measured, "scale", problems)
    if stated is None:
        return None
    return Scale(
        max_g=stated.max_g,
        e_g=stated.e_g,
        d_g=stated.e_g if stated.d_g is None else stated.d_g,
        rate_hz=stated.rate_hz,
        platform_mm=stated.platform_mm,
        has_beams=stated.has_beams,
        cells=tuple(_cell(cell) for cell in stated.cells),
    )


def _cell(cell: _CellTable) -> Cell:
    return Cell(
        x_m=cell.x_mm / 1_000,
        y_m=cell.y_mm / 1_000,
        counts_per_kg=cell.counts_per_kg,
        zero_counts=cell.zero_counts,
        dead_load_g=cell.dead_load_g,
    )


def _check(scale: Scale, max_counts: int, problems: Problems) -> None:
    _check_class(scale, problems)
    _check_cells(scale, max_counts, problems)


def _check_class(scale: Scale, problems: Problems) -> None:
    """Class III: e = 1, 2 or 5 x 10^k and at least 5 g, n from 500 to 10 000 (R 76-1, 3.2)."""
    e, top = MASS.show(scale.e_g), MASS.show(scale.max_g)
    if str(scale.e_g).rstrip("0") not in {"1", "2", "5"}:
        problems.add("scale.e", "e must be 1, 2 or 5 x 10^k (R 76-1, 3.1.1)", e)
    if scale.e_g < E_G_MIN:
        problems.add("scale.e", f"class III begins at e = {E_G_MIN} g", e)
    n = scale.max_g / scale.e_g
    if not DIVISIONS_MIN <= n <= DIVISIONS_MAX:
        allowed = f"{DIVISIONS_MIN} to {DIVISIONS_MAX} (R 76-1, table 3)"
        problems.add("scale.max", f"{n:g} divisions of e = {e}; class III has {allowed}", top)
    elif scale.max_g % scale.e_g:
        problems.add("scale.max", f"no multiple of e = {e}", top)
    if scale.d_g > scale.e_g:
        problems.add("scale.d", f"larger than e = {e}", MASS.show(scale.d_g))


def _check_cells(scale: Scale, max_counts: int, problems: Problems) -> None:
    if not CELLS_MIN <= len(scale.cells) <= CELLS_MAX:
        text = f"{len(scale.cells)} cells; a scale has {CELLS_MIN} to {CELLS_MAX}: write one each"
        problems.add("scale.cells", text)
    seen: dict[tuple[float, float], int] = {}
    for number, cell in enumerate(scale.cells):
        key = f"scale.cells[{number}]"
        if not 0 <= cell.x_m <= scale.platform_mm / 1_000:
            deck = LENGTH.show(scale.platform_mm)
            problems.add(f"{key}.x", f"off the deck of {deck}", f"{cell.x_m:g} m")
        if abs(cell.zero_counts) >= max_counts:
            problems.add(f"{key}.zero_counts", "at saturation already", cell.zero_counts)
        other = seen.setdefault((cell.x_m, cell.y_m), number)
        if other != number:
            problems.add(key, f"stands in the same place as scale.cells[{other}]")
