"""What a file of typed readings may state, test by test; the units stand in the file."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from controller.metrology.instrument import ScaleTable, Text, fine_mass
from hal.schema import time

ROWS_MAX = 1_000

Load = Annotated[int, fine_mass("0 kg", "1000 t")]
Shown = Annotated[int, fine_mass("-100 t", "1000 t")]
Small = Annotated[int, fine_mass("0 kg", "1 t")]
Resolution = Annotated[int, fine_mass("1 mg", "1 t")]
Span = Annotated[int, time("0 s", "1 d")]
Celsius = Annotated[float, Meta(ge=-60, le=80)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Words = Annotated[str, Meta(max_length=400)]
Moment = Annotated[datetime.datetime, Meta(tz=True)]


class Read(Struct, frozen=True, kw_only=True):
    load_mg: Load = field(name="load")
    indication_mg: Shown = field(name="indication")
    delta_mg: Small | None = field(name="delta", default=None)


class ZeroRead(Read, frozen=True, kw_only=True):
    set: Literal["zero", "tare"] = "zero"


class PlacedRead(Read, frozen=True, kw_only=True):
    place: Text


class TimedRead(Read, frozen=True, kw_only=True):
    after_us: Span = field(name="after")


class AddedRead(Read, frozen=True, kw_only=True):
    extra_mg: Small = field(name="extra")
    then_mg: Shown = field(name="then")


class StoredRead(Struct, frozen=True, kw_only=True):
    value_mg: Shown = field(name="value")
    shown: Annotated[tuple[str, ...], Meta(max_length=ROWS_MAX)]


class Ambient(Struct, frozen=True, kw_only=True):
    """What the air was like; every figure is the technician's."""

    temperature_c: Celsius | None = None
    temperature_end_c: Celsius | None = None
    humidity_percent: Percent | None = None
    pressure_hpa: Annotated[float, Meta(ge=500, le=1100)] | None = None
    wind_m_per_s: Annotated[float, Meta(ge=0, le=60)] | None = None


class Sheet(Struct, frozen=True, kw_only=True):
    test: Text
    by: Text
    at: Moment
    errors: Literal["initial", "in-service"] = "initial"
    resolution_mg: Resolution | None = field(name="resolution", default=None)
    remarks: Words = ""
    scale: ScaleTable | None = None
    ambient: Ambient = Ambient()


class Substitution(Struct, frozen=True, kw_only=True):
    """Other loads in place of standard weights, and the repeatability found before (3.7.3)."""

    standard_weights_mg: Load = field(name="standard_weights")
    repeatability_mg: Small | None = field(name="repeatability", default=None)


class Weighing(Sheet, frozen=True, kw_only=True):
    zero: Read
    substitution: Substitution | None = None
    up: tuple[Read, ...]
    down: tuple[Read, ...]


class Repeatability(Sheet, frozen=True, kw_only=True):
    reading: tuple[Read, ...]


class Eccentricity(Sheet, frozen=True, kw_only=True):
    zero: Read
    reading: tuple[PlacedRead, ...]


class Discrimination(Sheet, frozen=True, kw_only=True):
    reading: tuple[AddedRead, ...]


class Creep(Sheet, frozen=True, kw_only=True):
    reading: tuple[TimedRead, ...]


class ZeroReturn(Sheet, frozen=True, kw_only=True):
    before: Read
    load_mg: Load = field(name="load")
    loaded_us: Span = field(name="loaded")
    after: Read


class Stability(Sheet, frozen=True, kw_only=True):
    stored: tuple[StoredRead, ...]
    zero: tuple[ZeroRead, ...]


class ZeroSetting(Sheet, frozen=True, kw_only=True):
    zero: tuple[ZeroRead, ...]
