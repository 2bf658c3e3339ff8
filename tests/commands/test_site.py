"""A site of one's own begins from a profile, and every profile is one that check understands."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from board.profile import ProfileError
from controller.commands.check import check_site, text_of
from controller.commands.site import PROFILES, begin

TODAY = datetime.date(2026, 11, 22)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_site_begun_from_a_profile_is_one_that_check_takes(tmp_path: Path, profile: str) -> None:
    if profile == "trace":
        begin(profile, tmp_path / "mine")
        with pytest.raises(ProfileError, match=r"passage\.calib\.toml"):
            check_site(tmp_path / "mine" / "site.toml", TODAY)
        return
    written = begin(profile, tmp_path / "mine")
    found = check_site(written[0], TODAY)
    assert found["ok"]
    assert not [w for w in found["warnings"] if "no such file" in w]
    assert found["scale"] in text_of(found)


@pytest.mark.parametrize("profile", ["rpi-coprocessor", "rpi-direct", "ipc-indicator"])
def test_check_names_every_port_and_pin_of_a_board(tmp_path: Path, profile: str) -> None:
    found = check_site(begin(profile, tmp_path)[0], TODAY)
    bare = {"clock", "register", "requests"}
    nothing = {one["device"] for one in found["devices"] if not one["opens"]}
    assert nothing <= bare | {"yard.camera", "road.camera"}
    assert "/dev/watchdog" in text_of(found)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("mine")
    with pytest.raises(ValueError, match="is there already"):
        begin("rpi-direct", tmp_path)
    assert (tmp_path / "site.toml").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


def test_a_typo_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'rpi-direct'"):
        begin("rpi-dircet", tmp_path)


@pytest.mark.parametrize(
    ("profile", "old", "new", "said"),
    [
        ("rpi-direct", "first_pin = 4", "first_pin = 6", "already wired to"),
        ("rpi-direct", "open_limit_pin", "open_limmit_pin", "did you mean 'open_limit_pin'"),
        ("ipc-indicator", "yaohua.indicator", "yaohau.indicator", "did you mean 'yaohua.indi"),
        ("ipc-indicator", 'format = "0"', "format = 0", "devices.indicator.format"),
        ("ipc-indicator", "input = 0", "input = 1", "already wired to"),
        ("rpi-coprocessor", 'settle = "100 ms"', "settle = 100", "needs its unit"),
        ("rpi-coprocessor", "open_pin = 16", "open_pin = 15", "already wired to"),
        ("ipc-indicator", 'e = "20 kg"', 'e = "20 kg"\nrate_hz = 10.0', "leave this out"),
    ],
)
def test_what_is_wrong_in_a_site_is_named_with_its_key(
    tmp_path: Path, profile: str, old: str, new: str, said: str
) -> None:
    site = begin(profile, tmp_path)[0]
    text = site.read_text(encoding="utf-8")
    assert old in text
    site.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProfileError) as error:
        check_site(site, TODAY)
    assert said in str(error.value)
    assert str(site) in str(error.value)
