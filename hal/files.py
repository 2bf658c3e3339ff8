"""What a site keeps in files beside its site file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from hal.bus import Bus
from hal.ports import RegisterEntry
from hal.schema import Problems, length, load_toml, mass, read_table

Mass = Annotated[int, mass("1 kg", "1000 t")]
Length = Annotated[int, length("1 mm", "100 m")]
Axles = Annotated[int, Meta(ge=0, le=99)]
Words = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[str, Meta(min_length=1, max_length=64)]


def site_path(bus: Bus, name: str) -> Path:
    """A path of the site file: absolute, or beside the site file."""
    folder: Path = bus.share("folder", Path)
    return folder / name


class _Papers(Struct, frozen=True, kw_only=True):
    plate: Annotated[str, Meta(min_length=1, max_length=16)]
    axles: Axles | None = None
    kind: Literal["truck", "train"] | None = None
    single_drive_axle: bool | None = None
    single_tyre_axles: Axles | None = None
    wide_tyres: bool | None = None
    air_suspension_drive: bool | None = None
    trailer_tandem_spacing_mm: Length | None = field(name="trailer_tandem_spacing", default=None)
    licence_gvm_g: Mass | None = field(name="licence_gvm", default=None)
    licence_payload_g: Mass | None = field(name="licence_payload", default=None)
    height_mm: Length | None = field(name="height", default=None)
    width_mm: Length | None = field(name="width", default=None)
    length_mm: Length | None = field(name="length", default=None)
    goods: Words | None = None
    load_ticket: Number | None = None
    destination: Words | None = None
    road_permit: Number | None = None
    owner: Words | None = None
    driver: Number | None = None


class _RegisterFile(Struct, frozen=True, kw_only=True):
    vehicle: tuple[_Papers, ...] = ()


class FileRegister:
    """Vehicle papers from a TOML file of ``[[vehicle]]`` tables, read once at the start.

    Raises:
        ValueError: the file cannot be read, or an entry is wrong; every problem is named.
    """

    def __init__(self, bus: Bus, file: str) -> None:
        path = site_path(bus, file)
        problems = Problems(str(path))
        stated = read_table(load_toml(path)[1], _RegisterFile, "", problems)
        self._entries: dict[str, RegisterEntry] = {}
        for number, papers in enumerate(stated.vehicle if stated else ()):
            if papers.plate in self._entries:
                problems.add(f"vehicle[{number}].plate", "stands in this file twice", papers.plate)
            self._entries[papers.plate] = _entry(papers)
        if problems.found:
            raise ValueError("\n".join(problems.found))

    def lookup(self, plate: str) -> RegisterEntry | None:
        return self._entries.get(plate)


def _entry(papers: _Papers) -> RegisterEntry:
    return RegisterEntry(**{name: getattr(papers, name) for name in papers.__struct_fields__})
