"""Vehicle papers from a file: units demanded, every wrong entry named."""

import hashlib
from pathlib import Path

import pytest

from controller.cargo import cargo_of
from hal.bus import Bus
from hal.files import FileRegister

GOOD = """
[[vehicle]]
plate = "皖A12345"
axles = 6
kind = "train"
licence_gvm = "49 t"
height = "3.9 m"
"""


def register(folder: Path, text: str) -> FileRegister:
    (folder / "vehicles.toml").write_text(text, encoding="utf-8")
    bus = Bus()
    bus.share("folder", lambda: folder)
    return FileRegister(bus, file="vehicles.toml")


def test_papers_are_read_and_what_is_not_stated_stays_unknown(tmp_path: Path) -> None:
    entry = register(tmp_path, GOOD).lookup("皖A12345")
    assert entry is not None
    assert (entry.axles, entry.kind, entry.licence_gvm_g) == (6, "train", 49_000_000)
    assert entry.height_mm == 3_900
    assert entry.single_drive_axle is None
    assert register(tmp_path, GOOD).lookup("皖A00000") is None


def test_every_wrong_entry_is_named(tmp_path: Path) -> None:
    text = GOOD + GOOD.replace('"49 t"', "49").replace("axles", "axels").replace("皖A12345", "皖B1")
    with pytest.raises(ValueError, match="vehicle") as caught:
        register(tmp_path, text)
    assert 'vehicle[1].licence_gvm = 49: a mass needs its unit: write "49 kg"' in str(caught.value)
    assert "vehicle[1].axels = 6: nothing reads this key; did you mean 'axles'?" in str(
        caught.value
    )


def test_a_plate_that_stands_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stands in this file twice"):
        register(tmp_path, GOOD + GOOD)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    bus = Bus()
    bus.share("folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"none\.toml: cannot be read"):
        FileRegister(bus, file="none.toml")


def test_cargo_papers_are_read_and_of_the_driver_only_a_hash_goes_on(tmp_path: Path) -> None:
    papers = """
goods = "煤"
load_ticket = "ZZ-2026-0117"
destination = "太原"
road_permit = "140900123456"
owner = "原平运输有限公司"
driver = "14220119800101"
"""
    entry = register(tmp_path, GOOD + papers).lookup("皖A12345")
    assert entry is not None
    cargo = cargo_of(entry)
    assert cargo is not None
    assert (cargo.goods, cargo.load_ticket, cargo.destination) == ("煤", "ZZ-2026-0117", "太原")
    assert (cargo.road_permit, cargo.owner) == ("140900123456", "原平运输有限公司")
    assert cargo.driver_sha256 == hashlib.sha256(b"14220119800101").hexdigest()
    assert "14220119800101" not in repr(cargo)


def test_a_vehicle_without_cargo_papers_has_no_cargo(tmp_path: Path) -> None:
    entry = register(tmp_path, GOOD).lookup("皖A12345")
    assert entry is not None
    assert cargo_of(entry) is None
