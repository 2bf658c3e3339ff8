"""Which scale is tested: from a site file, a calibration sheet, or the readings' own table."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from board.profile import read_profile
from controller.commands.weigh import read_scale
from hal.quantity import Measure
from hal.schema import Bound, mass
from sensors.calibration import Scale
from sensors.metrology.report import Instrument, instrument_of

# Small weights and scales of e = 5 g go below the gram that is the smallest mass elsewhere.
FINE_MASS = Measure(
    name="mass",
    base="mg",
    usual="kg",
    units=(("mg", 1), ("g", 1_000), ("kg", 1_000_000), ("t", 1_000_000_000)),
)
MG_PER_G = 1000
E_G_MIN = 5
DIVISIONS = (500, 10_000)
NOT_STATED = ""


def fine_mass(low: str, high: str) -> Bound:
    """A mass between two bounds, in milligrams."""
    return Bound(measure=FINE_MASS, low=FINE_MASS.parse(low), high=FINE_MASS.parse(high))


Text = Annotated[str, Meta(min_length=1, max_length=80)]
Range = Annotated[int, mass("1 kg", "1000 t")]
Interval = Annotated[int, mass("1 g", "1 t")]
Extra = Annotated[int, mass("0 kg", "1000 t")]
Supports = Annotated[int, Meta(ge=1, le=64)]


class ScaleTable(Struct, frozen=True, kw_only=True):
    """The ``[scale]`` of a file of readings: what the data plate says."""

    serial: Text
    max_g: Range = field(name="max")
    e_g: Interval = field(name="e")
    d_g: Interval | None = field(name="d", default=None)
    supports: Supports
    additive_tare_g: Extra = field(name="additive_tare", default=0)
    certificate_no: Text | None = None
    certificate_valid_until: datetime.date | None = None


class Tested(Struct, frozen=True, kw_only=True):
    """A scale with its cells, and its identity in the report."""

    scale: Scale
    instrument: Instrument


def stated_instrument(table: ScaleTable) -> Instrument:
    """The instrument of a ``[scale]`` table; raises ValueError for one that is not class III."""
    e_g, max_g = table.e_g, table.max_g
    d_g = e_g if table.d_g is None else table.d_g
    if e_g < E_G_MIN:
        raise ValueError(f"scale.e: class III begins at e = {E_G_MIN} g; correct it")
    if str(e_g).rstrip("0") not in {"1", "2", "5"}:
        raise ValueError("scale.e: e is 1, 2 or 5 x 10^k (R 76-1, 3.1.1); correct it")
    if not DIVISIONS[0] <= max_g / e_g <= DIVISIONS[1]:
        raise ValueError(
            f"scale.max: {max_g / e_g:g} divisions; class III has {DIVISIONS[0]} to "
            f"{DIVISIONS[1]} (R 76-1, table 3); correct max or e"
        )
    if d_g > e_g:
        raise ValueError("scale.d: larger than e; correct it")
    until = table.certificate_valid_until
    return Instrument(
        serial=table.serial,
        max_g=max_g,
        e_g=e_g,
        d_g=d_g,
        supports=table.supports,
        additive_tare_g=table.additive_tare_g,
        certificate_no=table.certificate_no,
        certificate_valid_until=None if until is None else until.isoformat(),
    )


def of_calibration(path: Path) -> Tested:
    """The scale of a calibration sheet, which names no serial; raises ValueError."""
    scale = read_scale(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    calibration = f"{path.name}, sha256 {digest}"
    return Tested(scale=scale, instrument=instrument_of(scale, NOT_STATED, calibration))


def of_site(path: Path) -> Tested:
    """The scale of a site file, with its certificate; raises ProfileError."""
    profile = read_profile(path)
    site = profile.scale
    until = site.certificate_valid_until
    instrument = Instrument(
        serial=site.serial,
        max_g=site.scale.max_g,
        e_g=site.scale.e_g,
        d_g=site.scale.d_g,
        supports=len(site.scale.cells),
        accuracy_class=site.accuracy_class,
        certificate_no=site.certificate_no,
        certificate_valid_until=None if until is None else until.isoformat(),
        calibration=f"version {site.calibration_version}, sha256 {site.calibration_hash[:16]}",
    )
    return Tested(scale=site.scale, instrument=instrument)
