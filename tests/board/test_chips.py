"""What a coprocessor would refuse of its wiring is told at the desk, device by device."""

from __future__ import annotations

import datetime
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from board.chips import chip_rules
from board.profile import ProfileError
from controller.commands.check import check_site, text_of
from controller.commands.site import begin
from hal import registry

TODAY = datetime.date(2026, 11, 23)
PROFILES = ("rpi-coprocessor", "rpi-direct", "ipc-indicator", "sim", "sim-indicator")


def refused(folder: Path, *changes: tuple[str, str]) -> str:
    begin("rpi-coprocessor", folder)
    site = folder / "site.toml"
    text = site.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    site.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        check_site(site, TODAY)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[3, 4, 5, 6, 7, 8, 9, 10]",
            "[3, 4, 5, 6, 7, 8, 9, 0]",
            "devices.cells: the coprocessor at /dev/serial/by-id/CHIP-A refuses this: "
            "cells.dout[7]: GP0 is not free on this chip",
        ),
        ("[3, 4, 5, 6, 7, 8, 9, 10]", "[3, 4]", "devices.cells: 2 data pins for the scale's 8"),
        ("gain = 128", "gain = 1", "devices.cells: the coprocessor at /dev/serial/by-id/CHIP-A"),
        ("rate_hz = 50", "rate_hz = 60", "rate_hz 60 does not divide a second into whole"),
        ("raise_pin = 17", "raise_pin = 23", "yard.raise: GP23 is not free on this chip"),
        ('pulse = "0 s"', 'pulse = "500 ms"', "devices.yard.gate: the coprocessor at"),
        ('settle = "100 ms"', 'settle = "6 s"', "devices.yard.beam_low: the coprocessor at"),
        ("open_pin = 16\n", "", "devices.yard.gate: closed_pin and open_pin go together"),
        ("pin = 11\n", "pin = 11\nbaud = 9600\n", "devices.yard.approach: /dev/serial/by-id/CHIP"),
    ],
)
def test_what_the_chip_refuses_is_told_with_the_device(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in refused(tmp_path, (old, new))


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, ("raise_pin = 17", "raise_pin = 23"), ("gain = 128", "gain = 3"))
    assert "GP23 is not free" in said
    assert "cells.gain 3 is none of hx711" in said


@pytest.mark.parametrize("profile", PROFILES)
def test_each_packaged_profile_is_right_and_nothing_is_opened(profile: str) -> None:
    before = threading.active_count()
    assert check_site(profile, TODAY)["ok"]
    assert threading.active_count() == before


def test_the_chip_s_modules_are_not_left_in_the_way() -> None:
    chip_rules.cache_clear()
    mine = object()
    sys.modules["config"] = mine  # type: ignore[assignment]
    try:
        assert chip_rules()(None) == ["the configuration is no table"]
        assert sys.modules["config"] is mine
        assert not any(place.endswith("firmware") for place in sys.path)
    finally:
        del sys.modules["config"]


@pytest.mark.parametrize(
    ("profile", "gone", "roles", "remedy"),
    [
        ("rpi-coprocessor", "picamera2", "yard.camera", "apt install python3-picamera2"),
        ("rpi-direct", "picamera2", "yard.camera", "apt install python3-picamera2"),
        ("rpi-direct", "RPi", "yard.gate", "pip install 'steelyard[rpi]'"),
        ("rpi-coprocessor", "cv2", "yard.camera", "pip install 'steelyard[vision]'"),
        ("ipc-indicator", "ai_edge_litert", "yard.camera", "pip install 'steelyard[vision]'"),
        ("sim", "ai_edge_litert", "road.camera", "pip install 'steelyard[vision]'"),
    ],
)
def test_a_library_that_is_wanted_only_at_the_start_is_missed_at_the_desk(
    monkeypatch: pytest.MonkeyPatch, profile: str, gone: str, roles: str, remedy: str
) -> None:
    def finder(name: str) -> object | None:
        return None if name in (gone, "tflite_runtime") else object()

    monkeypatch.setattr(registry, "find_spec", finder)
    monkeypatch.setattr("controller.commands.check_opens.find_spec", finder)
    found = check_site(profile, TODAY)
    missing = [one for one in found["not_installed"] if one["device"] == roles]
    assert [one["library"] for one in missing] == [gone]
    assert remedy in missing[0]["remedy"]
    assert f"not installed here: {gone} (" in text_of(found)
    assert {one["library"] for one in found["not_installed"]} == {gone}


@pytest.mark.parametrize(
    ("profile", "gone", "driver", "extra"),
    [
        ("rpi-direct", "smbus2", "nau7802.cells", "rpi"),
        ("ipc-indicator", "pymodbus", "modbus.gate", "ipc"),
        ("rpi-coprocessor", "cv2", "rtsp.camera", "vision"),
    ],
)
def test_a_driver_whose_library_is_missing_is_an_error_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, profile: str, gone: str, driver: str, extra: str
) -> None:
    real = import_module
    target = registry.DRIVERS[driver].partition(":")[0]

    def importer(name: str) -> object:
        if name == target:
            raise ModuleNotFoundError(f"No module named '{gone}'", name=gone)
        return real(name)

    monkeypatch.setattr(registry, "import_module", importer)
    with pytest.raises(ProfileError, match=f"'{driver}' needs the library '{gone}'") as caught:
        check_site(profile, TODAY)
    assert f"pip install 'steelyard[{extra}]'" in str(caught.value)
